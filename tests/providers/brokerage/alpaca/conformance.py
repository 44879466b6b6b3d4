"""Alpaca in the suite of brokers."""

from __future__ import annotations

from collections.abc import Callable

from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from tests.support.rows import Broker, Updates
from tests.support.sandbox import Sandbox


def orders(sandbox: Sandbox) -> list[str]:
    accounts = sandbox.control("GET", "/alpaca")["accounts"]
    return [row["client_order_id"] for row in next(iter(accounts.values()))["orders"]]


def fund(sandbox: Sandbox, dollars: int) -> None:
    sandbox.control("POST", "/alpaca", cash=f"{dollars}.00")


def drop(sandbox: Sandbox) -> None:
    sandbox.control("POST", "/alpaca", drop_streams=True)


def listening(sandbox: Sandbox) -> bool:
    """The adapter asks for the list of open orders once it listens."""
    return any(row["path"] == "/v2/orders" for row in sandbox.requests())


def framed(frames: str) -> Callable[[Sandbox], None]:
    return lambda sandbox: sandbox.control("POST", "/alpaca", frames=frames)


ROW = Broker(
    cls=Alpaca,
    orders=orders,
    fund=fund,
    order_route=("POST", "/v2/orders"),
    updates=Updates(drop=drop, listening=listening, frames={form: framed(form) for form in ("binary", "text")}),
)
