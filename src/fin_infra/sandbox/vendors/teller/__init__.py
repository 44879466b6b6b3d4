"""Teller's API.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` answers the paths.

Facts of the wire in this folder, where nothing else is said, are from https://teller.io/docs, and
https://github.com/monetr/monetr for what production has sent.
"""

from fin_infra.sandbox.world.household import MAIN_TOKEN

MOUNT = "teller"
ENVIRONMENT = {"TELLER_BASE_URL": "{url}", "TELLER_ACCESS_TOKEN": MAIN_TOKEN}
