"""Teller's API.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` answers the paths.
"""

from fin_infra.sandbox.world.household import MAIN_TOKEN

MOUNT = "teller"
ENVIRONMENT = {"TELLER_BASE_URL": "{url}", "TELLER_ACCESS_TOKEN": MAIN_TOKEN}
