"""What clients ask for and what the network carries: requests as values, and the effects of their flows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fin_infra.errors import AuthenticationFailed, CircuitOpen, ProviderError, RateLimited
from fin_infra.model import NewOrder, OrderChange


@dataclass(frozen=True)
class Submit:
    order: NewOrder


@dataclass(frozen=True)
class Change:
    order_id: str
    change: OrderChange


@dataclass(frozen=True)
class Close:
    """Of AAPL: all of it, a quantity or a percent."""

    quantity: Decimal | None = None
    percent: Decimal | None = None


@dataclass(frozen=True)
class Cancel:
    """One order, or every open one."""

    order_id: str | None = None


Wanted = Submit | Change | Close | Cancel


@dataclass(frozen=True)
class Post:
    """What is sent: a new order, or a change of one under a new id."""

    what: NewOrder | Change
    client_order_id: str


@dataclass(frozen=True)
class Drop:
    """An order that shall be canceled."""

    order_id: str


@dataclass(frozen=True)
class Find:
    client_order_id: str


@dataclass(frozen=True)
class Ask:
    """What may fail and changes nothing: the account, the market, an order, a position."""

    answer: Callable[[], Any]


def is_definite(exc: Exception) -> bool:
    """Say whether an error proves that nothing arrived."""
    return isinstance(exc, (AuthenticationFailed, CircuitOpen, RateLimited)) or (
        isinstance(exc, ProviderError) and exc.vendor_code == "unreachable"
    )
