"""The interface of aggregators of brokers.
Floor 3: they read accounts at many brokers for one person, and never trade."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date

from fin_infra.flow import operation, paged
from fin_infra.model import (
    BrokerActivity,
    BrokerConnection,
    CashBalance,
    HoldingAccount,
    HoldingOrder,
    Listing,
    Position,
)
from fin_infra.providers.interfaces.brokerage import OrderFilter
from fin_infra.providers.provider import Provider, optional
from fin_infra.transport import Flow, M, Pages


class BrokerageAggregatorProvider(Provider[M]):
    """Reads accounts at many brokers for one person; it never trades."""

    @property
    def sync_every_s(self) -> float:
        """How old holdings may be, in seconds, before `fin_infra.analytics.accounts_to_sync` names their account."""
        return 3600.0

    @operation
    @optional
    def users(self) -> Flow[list[str]]:
        """Return the ids of the people registered under these keys."""
        return (yield from self.not_offered("users"))

    @operation
    @optional
    def connections(self) -> Flow[Listing[BrokerConnection]]:
        """Return the links to brokers, disabled ones included."""
        return (yield from self.not_offered("connections"))

    @operation
    @abstractmethod
    def accounts(self) -> Flow[Listing[HoldingAccount]]:
        """Return the accounts of all connections."""
        ...

    @operation
    @abstractmethod
    def balances(self, account_id: str) -> Flow[Listing[CashBalance]]:
        """Return an account's cash, by currency."""
        ...

    @operation
    @abstractmethod
    def positions(self, account_id: str) -> Flow[Listing[Position]]:
        """Return an account's positions: shares, options and coins."""
        ...

    @paged
    @optional
    def activities(
        self, account_id: str, *, start: date | None = None, end: date | None = None
    ) -> Pages[BrokerActivity]:
        """Yield an account's activities newest first, each once, dated from `start` to before `end`."""
        yield from self.not_offered("activities")

    @operation
    @optional
    def orders(self, account_id: str, *, status: OrderFilter = "all") -> Flow[Listing[HoldingOrder]]:
        """Return an account's recent orders, newest first."""
        return (yield from self.not_offered("orders"))
