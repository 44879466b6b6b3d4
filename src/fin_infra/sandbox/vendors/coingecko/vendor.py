"""CoinGecko, as the kernel sees it.
Floor 8: nothing here remembers anything; every answer follows from the world and the clock.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.kernel.vendor import TITLES, Vendor
from fin_infra.sandbox.vendors.coingecko import MOUNT, routes

_LIMIT = (
    "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing to subscribe to our API "
    "plans for higher rate limits."
)


class CoinGecko(Vendor):
    mount = MOUNT
    secret_headers = frozenset({"x-cg-demo-api-key", "x-cg-pro-api-key"})

    def router(self) -> Router:
        return routes.router(self)

    def outage(self, status: int, retry_after: str) -> Response:
        return json_reply(routes.status_body(status, _LIMIT if status == 429 else TITLES[status]), status)

    def expired(self) -> Response:
        return json_reply(routes.status_body(10002, routes.KEY_MESSAGES[10002]), 401)
