"""SnapTrade in the suite of aggregators."""

from __future__ import annotations

from typing import Any

from fin_infra.errors import AuthenticationFailed
from fin_infra.providers.brokerage.snaptrade.adapter import SnapTrade
from tests.support.rows import Aggregator
from tests.support.sandbox import Sandbox


def accounts(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    return {row["slug"]: row for row in sandbox.control("GET", "/snaptrade")["accounts"]}


def start_sync(sandbox: Sandbox, broker: str) -> None:
    sandbox.control("POST", "/snaptrade", start_sync=broker)


def forbid_refresh(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/snaptrade", refresh_enabled=False)


ROW = Aggregator(
    cls=SnapTrade,
    accounts=accounts,
    broken=(
        (AuthenticationFailed, "CONSUMER_KEY", {"consumer_key": "no"}),
        (AuthenticationFailed, "CLIENT_ID", {"client_id": "no"}),
        (AuthenticationFailed, "USER_ID", {"user_secret": "no"}),
    ),
    start_sync=start_sync,
    forbid_refresh=forbid_refresh,
)
