"""SnapTrade's API, the read side.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `access` checks signatures.

Facts of the wire in this folder, where nothing else is said, are from api.yaml and docs/ of
https://github.com/passiv/snaptrade-sdks, and what its Python SDK sends.
"""

from fin_infra.sandbox.world.portfolio import USER, USER_SECRET

MOUNT = "snaptrade"
CLIENT_ID, CONSUMER_KEY = "SANDBOX-CLIENT", "sandbox-snaptrade-consumer-key"
ENVIRONMENT = {
    "SNAPTRADE_BASE_URL": "{url}",
    "SNAPTRADE_CLIENT_ID": CLIENT_ID,
    "SNAPTRADE_CONSUMER_KEY": CONSUMER_KEY,
    "SNAPTRADE_USER_ID": USER,
    "SNAPTRADE_USER_SECRET": USER_SECRET,
}
