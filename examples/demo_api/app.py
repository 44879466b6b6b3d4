"""fin-infra's routes on a svc-infra app of your own: `uvicorn app:app --app-dir examples/demo_api`.

For trying out, on loopback: the app has svc-infra's own defaults, and ADR-0006 lists what they leave open. What
is meant for a network is `asset_aggregator`, see docs/deployment.md.

Start `fin-infra sandbox serve` beside it, or set your keys; DEMO_API_TOKEN is the token callers have to send.
"""

from __future__ import annotations

import hmac
import os
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from svc_infra.api.fastapi import easy_service_app

from fin_infra.api import add_banking, add_crypto, add_market_data

TOKEN = os.environ.get("DEMO_API_TOKEN", "")
if len(TOKEN) < 24:
    raise SystemExit("Set DEMO_API_TOKEN to 24 or more random characters: openssl rand -hex 24")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


async def signed_in(bearer: Bearer) -> None:
    """Let in who sends the token; replace it with your own users."""
    if bearer is None or not hmac.compare_digest(bearer.credentials.encode(), TOKEN.encode()):
        raise HTTPException(
            401, "Send the header Authorization: Bearer <DEMO_API_TOKEN>.", {"WWW-Authenticate": "Bearer"}
        )


app = easy_service_app(name="demo-api", release="0.1.0", enable_logging=False)
auth = [Depends(signed_in)]
add_banking(app, auth=auth)
add_market_data(app, auth=auth)
add_crypto(app, auth=auth)
