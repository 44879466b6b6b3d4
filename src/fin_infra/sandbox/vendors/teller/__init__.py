"""Teller's API.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` answers the paths.

Facts of the wire in this folder, where nothing else is said, are from https://teller.io/docs, and
https://github.com/monetr/monetr for what production has sent.
"""

from fin_infra.sandbox.world.household import MAIN_TOKEN

MOUNT = "teller"
WEBHOOK_SECRET = "sandbox-teller-webhook-secret"  # noqa: S105  # nosec B105: printed everywhere, worth nothing elsewhere
ENVIRONMENT = {
    "TELLER_BASE_URL": "{url}",
    "TELLER_ACCESS_TOKEN": MAIN_TOKEN,
    "TELLER_WEBHOOK_SECRET": WEBHOOK_SECRET,
}
