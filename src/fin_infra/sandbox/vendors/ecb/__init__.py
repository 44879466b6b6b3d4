"""The European Central Bank's euro reference rate files.
Floor 8: facts that need no server; `vendor` is what the kernel mounts.
"""

MOUNT = "ecb"
ENVIRONMENT = {"ECB_BASE_URL": "{url}"}
