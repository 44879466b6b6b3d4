"""Alpaca's trading and market data APIs over the sandbox's broker.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` the paths.

Facts of the wire in this folder, where nothing else is said, are from trading-api.json and market-data-api.json of
https://github.com/alpacahq/alpaca-mcp-server, the prose of https://github.com/alpacahq/alpaca-docs and paper accounts
recorded from August to October 2026.
"""

MOUNT = "alpaca"
KEYS = {  # nosec B105: published sandbox keys
    "PKSANDBOX0000000000": "sandbox-alpaca-secret",
    "PKSANDBOX0000000001": "sandbox-alpaca-secret-1",
}
ENVIRONMENT = {
    "ALPACA_BASE_URL": "{url}",
    "ALPACA_API_KEY_ID": next(iter(KEYS)),
    "ALPACA_API_SECRET_KEY": next(iter(KEYS.values())),
}
