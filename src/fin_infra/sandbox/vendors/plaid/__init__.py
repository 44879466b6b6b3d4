"""Plaid's API: Link, Items and the data behind them.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` answers the paths.

Facts of the wire in this folder, where nothing else is said, are from https://github.com/plaid/plaid-openapi
(2020-09-14.yml) and https://plaid.com/docs. `schema.json` holds the requests of the version of that file which it
names, as the official Python client 46.0.0 (MIT) carries them.
"""

MOUNT = "plaid"
CLIENT_ID, SECRET = "sandbox-plaid-client", "sandbox-plaid-secret"  # nosec B105: published sandbox keys, no secret
_LINKED = "access-sandbox-00000000-0000-4000-8000-00000000000"
HOUSEHOLD_TOKEN = f"{_LINKED}1"
LINKED: dict[str, str] = {
    HOUSEHOLD_TOKEN: "ins_900101",
    f"{_LINKED}2": "ins_900102",
    f"{_LINKED}3": "ins_900103",
    f"{_LINKED}4": "ins_900201",
    f"{_LINKED}5": "ins_109508",
}
"""Access tokens of Items that are there from the start, and the institution of each."""
ENVIRONMENT = {
    "PLAID_BASE_URL": "{url}",
    "PLAID_CLIENT_ID": CLIENT_ID,
    "PLAID_SECRET": SECRET,
    "PLAID_ACCESS_TOKEN": HOUSEHOLD_TOKEN,
}
