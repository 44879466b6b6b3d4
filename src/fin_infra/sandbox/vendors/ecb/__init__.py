"""The European Central Bank's euro reference rate files.
Floor 8: facts that need no server; `vendor` is what the kernel mounts.

Facts of the wire in this folder, where nothing else is said, are from
https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml and its two sisters.
"""

MOUNT = "ecb"
ENVIRONMENT = {"ECB_BASE_URL": "{url}"}
