"""The rows by which vendors stand in the suites of their domains: one `ROW` in each vendor's `conformance.py`.

A row says what only the vendor's own documentation and sandbox can tell: who its people are, what is true of them, and
how its control plane is spoken to. What a vendor can do is not said here: the suites read it from the adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from fin_infra.errors import ProviderError
from fin_infra.model import AssetClass, InstrumentKey, Interval, Money, NewOrder
from fin_infra.providers.interfaces.aggregator import BrokerageAggregatorProvider
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.identity import IdentityProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.provider import Provider
from tests.support.sandbox import Sandbox
from tests.support.vendors import modules

World = dict[str, Any]
Settings = Mapping[str, Any]
Broken = tuple[tuple[type[ProviderError], Settings], ...]
"""Settings that reach nobody, each with the error that says so."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One adapter in the suite of its domain."""

    cls: type[Provider[Any]]

    @property
    def provider_key(self) -> str:
        return self.cls.info.provider_key

    @property
    def mount(self) -> str:
        """The sandbox's name of the vendor."""
        return self.cls.info.sandbox_path.strip("/")

    def can(self, *operations: str) -> bool:
        return self.cls.can.issuperset(operations)


@dataclass(frozen=True, kw_only=True)
class Identity(Row):
    """Somebody who checks identities.

    `finish` ends a try of a verification, by its id, with an outcome of ours: the value of a state or of a reason.
    `removed` lets the vendor end what it has begun to remove.
    """

    cls: type[IdentityProvider[Any]]
    finish: Callable[[Sandbox, str, str], None]
    removed: Callable[[Sandbox], None]
    person: Callable[[Sandbox], Mapping[str, str]]
    """First and last name of whoever shows a document, as `first_name` and `last_name`."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the sandbox knows of one account, in our signs; `name` is None where the vendor has no names."""

    current: Money
    available: Money
    closed: bool
    name: str | None = None
    opening: Money | None = None
    """None where the vendor shows less than the whole history, so that the sum of it says nothing."""
    counts: tuple[int, int] = (0, 0)
    """Posted and pending transactions."""


@dataclass(frozen=True, kw_only=True)
class Bank(Row):
    """A bank: the settings that reach its household, and what is true of its accounts by id."""

    cls: type[BankingProvider[Any]]
    household: Mapping[str, str]
    truths: Callable[[World], dict[str, Truth]]
    broken: Broken
    next_page: Mapping[str, str] | None = None
    """A query that only requests for further pages have; None where the vendor has no pages."""
    digits: tuple[int, int] = (12, 9)
    """Of an account number and of a routing number."""
    small_page: int = 3
    """The smallest `page_size`, or about that."""


@dataclass(frozen=True, kw_only=True)
class Broker(Row):
    """A broker: how its sandbox is looked into and changed, without its adapter."""

    cls: type[BrokerageProvider[Any]]
    orders: Callable[[Sandbox], Sequence[str]]
    """Our ids of the orders that the broker really has, however the vendor carries them."""
    fund: Callable[[Sandbox, int], None]
    """Leave that much cash, in dollars, and nothing else to buy with."""
    order_route: tuple[str, str]
    """Method and path, below the mount, of the request that places an order."""
    updates: Updates | None = None
    """None where nobody can listen."""

    def takes(self, order: NewOrder) -> bool:
        """Return whether the broker's own rules have room for an order of this kind."""
        rules = self.cls.rules.get(AssetClass.CRYPTO if order.key.namespace == "CRYPTO" else AssetClass.EQUITY)
        if rules is None or order.time_in_force not in rules.times.get(order.type, ()):
            return False
        if order.extended_hours and (order.type, order.time_in_force) not in rules.extended:
            return False
        whole = order.quantity is not None and order.quantity == order.quantity.to_integral_value()
        fractional = order.type in rules.fractional_types and order.time_in_force in rules.fractional_times
        return order.order_class in rules.classes and (whole or fractional)


@dataclass(frozen=True, kw_only=True)
class Updates:
    """How a broker's stream of trade updates is handled from outside."""

    drop: Callable[[Sandbox], None]
    """Hang up on everybody who listens."""
    listening: Callable[[Sandbox], bool]
    """Whether a listener is told of every event from now on."""
    frames: Mapping[str, Callable[[Sandbox], None]]
    """The forms in which updates travel, and how to ask for each."""


@dataclass(frozen=True, kw_only=True)
class Aggregator(Row):
    """An aggregator of brokers, and how its sandbox is looked into and changed, without its adapter."""

    cls: type[BrokerageAggregatorProvider[Any]]
    accounts: Callable[[Sandbox], dict[str, dict[str, Any]]]
    """The accounts of the world at this moment as the aggregator keeps them, by their slug."""
    broken: tuple[tuple[type[ProviderError], str, Settings], ...]
    """Settings that reach nobody, each with the error and the next step that it names."""
    start_sync: Callable[[Sandbox, str], None]
    """Let the first sync of a broker's connection begin again."""
    forbid_refresh: Callable[[Sandbox], None]
    """Take the right to refresh away."""


@dataclass(frozen=True, kw_only=True)
class Market(Row):
    """A source of stock prices."""

    cls: type[MarketDataProvider[Any]]
    not_covered: InstrumentKey
    """An instrument of a venue that the vendor does not have."""


@dataclass(frozen=True, kw_only=True)
class Crypto(Row):
    """A source of prices of coins."""

    cls: type[CryptoDataProvider[Any]]
    candles: Sequence[tuple[int, Interval, timedelta]]
    """Days asked for, and the candles that come."""
    chart: Sequence[tuple[timedelta, int]]
    """Spans of a chart, and the seconds between its points."""
    days_not_offered: int
    """A span of candles that the vendor refuses; it has 365 days."""
    history: timedelta
    """How far back the plan of the sandbox's key goes."""


@dataclass(frozen=True, kw_only=True)
class Fx(Row):
    """A source of exchange rates."""

    cls: type[FxProvider[Any]]
    base: str
    """The currency that all its rates are of; not the dollar and not the pound."""
    not_published: Sequence[tuple[str, str, date | None]]
    """Pairs without a rate on a day, or today."""
    last_published: tuple[str, str, date]
    """A pair that ended, and its last day."""


def rows(kind: type[Any]) -> list[Any]:
    """Return the rows of one kind, in the order of their keys."""
    return [module.ROW for module in modules("conformance").values() if isinstance(module.ROW, kind)]


def offering(kind: type[Any], *operations: str) -> pytest.MarkDecorator:
    """Ask only those rows of a kind whose adapters have all these operations."""
    able = [row for row in rows(kind) if row.can(*operations)]
    return pytest.mark.parametrize("row", able, ids=lambda row: row.provider_key)
