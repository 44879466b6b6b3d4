"""MX: bank accounts in the United States, Canada and Mexico, read through one API; read-only.
Floor 3: `adapter` asks, `linking` signs people in, `payloads` reads what comes back, `states` says how a login stands.

The wire is that of v20250224.yml of https://github.com/mxenabled/openapi, where nothing else is said.
"""

from fin_infra.providers.banking.mx.adapter import VERSION, Mx, Settings

__all__ = ["VERSION", "Mx", "Settings"]
