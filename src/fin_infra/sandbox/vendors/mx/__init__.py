"""MX's Platform API, the reading side and the widget in which a person links a bank.
Floor 8: facts that need no server; `vendor` is what the kernel mounts, `routes` answers the paths.

Facts of the wire in this folder, where nothing else is said, are from v20250224.yml and v20111101.yml of
https://github.com/mxenabled/openapi.
"""

MOUNT = "mx"
CLIENT_ID, API_KEY = "sandbox-mx-client", "sandbox-mx-api-key"
USER = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001"
"""The household; its members are its logins at the banks of the sandbox's world."""
MEMBERS = {
    "ada-harbor": "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000101",
    "ben-north": "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000102",
    "kiln-lantern": "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000103",
}
"""By enrollment of the world."""
INVESTING = "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000104"
"""The household's login at a broker."""
STATUSES = (
    "CREATED", "PREVENTED", "DENIED", "CHALLENGED", "REJECTED", "LOCKED", "CONNECTED", "IMPEDED", "RECONNECTED",
    "DEGRADED", "DISCONNECTED", "DISCONTINUED", "CLOSED", "DELAYED", "FAILED", "UPDATED", "DISABLED", "IMPORTED",
    "RESUMED", "EXPIRED", "IMPAIRED", "PENDING",
)  # fmt: skip
"""`connection_status` of a member."""
STATES_USER = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000002"
"""Somebody with a member in every state there is, for clients that want to see each."""
STATE_MEMBERS = {status: f"MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f000002{n:02d}" for n, status in enumerate(STATUSES)}
ENVIRONMENT = {
    "MX_BASE_URL": "{url}",
    "MX_CLIENT_ID": CLIENT_ID,
    "MX_API_KEY": API_KEY,
    "MX_USER_GUID": USER,
    "MX_MEMBER_GUID": MEMBERS["ada-harbor"],
}
