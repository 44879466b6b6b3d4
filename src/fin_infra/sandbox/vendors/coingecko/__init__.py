"""CoinGecko's API, demo and pro.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` the paths, `charts` the series.
"""

MOUNT = "coingecko"
DEMO_KEY = "CG-sandboxdemokey"
ENVIRONMENT = {"COINGECKO_BASE_URL": "{url}", "COINGECKO_API_KEY": DEMO_KEY}
