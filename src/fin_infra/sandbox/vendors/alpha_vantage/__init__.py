"""Alpha Vantage's one endpoint, with its quotas and notes.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` the functions of /query.

Facts of the wire in this folder, where nothing else is said, are from https://www.alphavantage.co/documentation/, the
columns in https://github.com/portfoliotree/alphavantage and recorded replies.
"""

MOUNT = "alpha-vantage"
API_KEY = "SANDBOXDEMOKEY000"
ENVIRONMENT = {"ALPHA_VANTAGE_BASE_URL": "{url}", "ALPHA_VANTAGE_API_KEY": API_KEY}
