"""Finastra's FusionFabric.cloud: login, gateway and two products.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `login` issues tokens.

Facts of the wire in this folder, where nothing else is said, are from
https://developer.fusionfabric.cloud/docs/platform-deep-dive, libs/ffdc-apis/corporate-accounts of
https://github.com/Finastra/finastra-nodejs-libs and https://github.com/fusionfabric/ffdc-sample-python.
"""

MOUNT = "finastra"
SECRETS = {  # nosec B105: published sandbox clients
    "sandbox-b2b-client": "sandbox-b2b-secret",
    "sandbox-b2c-client": "sandbox-b2c-secret",
}
ENVIRONMENT = {
    "FINASTRA_B2B_CLIENT_ID": "sandbox-b2b-client",
    "FINASTRA_B2B_CLIENT_SECRET": SECRETS["sandbox-b2b-client"],
    "FINASTRA_B2B_BASE_URL_COLLATERALS": "{url}",
    "TEST_COLLATERAL_ID_PRIMARY": "col_8on53cvjmcsdbwizmwiwh",  # the first of the tenant `sandbox` with seed 7
    "FINASTRA_B2C_CLIENT_ID": "sandbox-b2c-client",
    "FINASTRA_B2C_CLIENT_SECRET": SECRETS["sandbox-b2c-client"],
    "FINASTRA_B2C_BASE_URL": "{url}",
}
