"""CoinGecko's API, demo and pro.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` the paths, `charts` the series.

Facts of the wire in this folder, where nothing else is said, are from https://docs.coingecko.com, the types of the
package coingecko-sdk 4.3.0 and recorded replies.
"""

MOUNT = "coingecko"
DEMO_KEY = "CG-sandboxdemokey"
ENVIRONMENT = {"COINGECKO_BASE_URL": "{url}", "COINGECKO_API_KEY": DEMO_KEY}
