"""The interface of brokers who trade.
Floor 3: an adapter says how to send one order and how to find it; `fin_infra.trading` does the rest for all of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import Any, ClassVar, Literal

from fin_infra.errors import OrderChecksFailed, OrderRejected, UnexpectedPayload
from fin_infra.features import enabled
from fin_infra.flow import operation, paged
from fin_infra.model import (
    Asset,
    AssetClass,
    BidAsk,
    BrokerAccount,
    Cancellation,
    InstrumentKey,
    Listing,
    MarketClock,
    NewOrder,
    Order,
    OrderChange,
    Position,
)
from fin_infra.providers.interfaces.brokerage_extras import BrokerageExtras
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.trading import (
    Closing,
    Context,
    Journal,
    JournalEntry,
    Replacement,
    SqliteJournal,
    Submission,
    Time,
    TradingLimits,
    check,
    gather,
    reconcile,
)
from fin_infra.trading.cancel import cancel_all
from fin_infra.trading.change import latest
from fin_infra.trading.gather import position_of
from fin_infra.trading.known import KnownAssets
from fin_infra.trading.matrix import VenueRules
from fin_infra.trading.request import OrderRequest
from fin_infra.transport import Flow, M, Pages, Transport, blocking
from fin_infra.transport.forks import starts_again

_NOT_LIVE = (
    "Orders with real money are switched off here; set FEATURE_TRADING_LIVE=1, or ask whoever keeps the switches."
)
OrderFilter = Literal["open", "closed", "all"]


class BrokerageProvider(BrokerageExtras[M]):
    """A broker. Every order is checked, written down and placed once.

    What is abstract here is what the order path needs of every broker. The rest is made of the core, or refused with
    `FeatureDisabled` (`BrokerageExtras`), until an adapter offers it.

    `limits` and `journal` come from FIN_INFRA_TRADING_*; both may be replaced before the first order, the journal by
    one that several machines share.
    """

    urgent = frozenset({"cancel_order", "cancel_orders"})
    rules: ClassVar[Mapping[AssetClass, VenueRules]]
    """Which orders the broker takes, by kind of instrument."""
    is_live: bool = True
    """False where orders cost no real money; an adapter that can tell says so."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not any("send_change" in vars(base) for base in cls.__mro__ if base is not BrokerageProvider):
            cls.can -= {"replace_order"}

    def __init__(self, transport: Transport[M], endpoint: Endpoint) -> None:
        self.limits = load(TradingLimits)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.known = KnownAssets()
        self._journal: Journal | None = None
        self._opening = Lock()
        super().__init__(transport, endpoint)
        starts_again(self)

    def after_fork(self) -> None:
        """Take a new lock; the journal opens a connection of its own."""
        self._opening = Lock()

    @property
    def journal(self) -> Journal:
        """Where orders are written down; opened when first needed, which blocks.

        Without a path of its own a sandbox's is in memory: the sandbox forgets its orders when it ends, and a file
        would go on saying that they are placed.
        """
        with self._opening:
            if self._journal is None:
                forgets = self.environment == "sandbox" and self.limits.journal is None
                self._journal = SqliteJournal(":memory:" if forgets else self.limits.journal_file())
            return self._journal

    @journal.setter
    def journal(self, journal: Journal) -> None:
        self._journal = journal

    # What an adapter says about orders.

    @abstractmethod
    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        """Send once, never repeated; raise OrderRejected where the broker says that it refuses."""
        ...

    @abstractmethod
    def find_order(self, client_order_id: str) -> Flow[Order]:
        """Return the order with that client order id, in whatever state; raise NotFound."""
        ...

    def send_change(self, order_id: str, change: OrderChange, client_order_id: str) -> Flow[Order]:
        """Send a replacement once, never repeated; return the new order. `replace_order` needs it."""
        return (yield from self.not_offered("replace_order"))

    # Orders, the same for every broker.

    @operation
    def submit_order(
        self, order: NewOrder, *, idempotency_key: str | None = None, queue: bool = False, wait: bool = True
    ) -> Flow[Order]:
        """Place an order, once.

        With an `idempotency_key` the same call may be made again after any failure, also by another process or on
        another day: the same order comes back, with `replayed` set. Without one a repetition is a new order. `queue`
        lets an order wait for the market to open; without it a closed market refuses. Calls with one key at the same
        time all get the order; with `wait=False` those that come second raise OrderInFlight instead.

        Raises:
            OrderChecksFailed: one or more rules fail; nothing was sent.
            IdempotencyConflict: the key belongs to another request.
            OrderInFlight: only with `wait=False`.
            OrderRejected: the broker rejected the order; none was placed.
            OrderStateUnknown: it may or may not have been placed; the same key finds out.
            ProviderError: this call surely placed nothing.
        """
        journal = yield from blocking(lambda: self.journal)
        submission = Submission(
            desk=self, journal=journal, limits=self.limits, order=order, time=self._time(), queue=queue, wait=wait
        )
        return (yield from self._run(submission, idempotency_key))

    @operation
    def check_order(self, order: NewOrder, *, queue: bool = False) -> Flow[list[tuple[str, str]]]:
        """Return what would stop an order, rule by rule, and send nothing; rules over the journal are left out."""
        self.known.forget()
        account = yield from self.account_now()
        return check(order, (yield from self.context(order, account, queue)))

    @operation
    def replace_order(
        self, order_id: str, change: OrderChange, *, idempotency_key: str | None = None, queue: bool = False
    ) -> Flow[Order]:
        """Ask for other terms of an open order; the changed order is checked like a new one.

        The result has a new id; until the venue has taken it, the old order may still be filled.

        Raises:
            OrderChecksFailed: rules fail; nothing was sent.
            OrderRejected: the broker refuses, for instance because the order is no longer open.
            IdempotencyConflict: the key belongs to another request.
            OrderStateUnknown: the answer was lost; the same key finds out.
        """
        if "replace_order" not in self.can:
            return (yield from self.not_offered("replace_order"))
        journal = yield from blocking(lambda: self.journal)
        replacement = Replacement(
            desk=self,
            journal=journal,
            limits=self.limits,
            order_id=order_id,
            change=change,
            time=self._time(),
            queue=queue,
        )
        return (yield from self._run(replacement, idempotency_key))

    @operation
    def latest_order(self, order_id: str) -> Flow[Order]:
        """Return the order that stands in the end where `order_id` was replaced, or the order itself.

        Raises:
            NotFound: the broker has no such order.
            UnexpectedPayload: the broker's orders replace each other in a circle.
        """
        return (yield from latest(self.order.flow, order_id))

    @operation
    def close_position(
        self,
        key: InstrumentKey,
        *,
        quantity: Decimal | None = None,
        percent: Decimal | None = None,
        idempotency_key: str | None = None,
        queue: bool = False,
    ) -> Flow[Order]:
        """Close a position, or part of it, with a market order; raise NotFound where there is none.

        It is placed like every order: a broker's own call for this could not be repeated safely.
        """
        journal = yield from blocking(lambda: self.journal)
        closing = Closing(
            desk=self,
            journal=journal,
            limits=self.limits,
            key=key,
            quantity=quantity,
            percent=percent,
            time=self._time(),
            queue=queue,
        )
        return (yield from self._run(closing, idempotency_key))

    @operation
    def reconcile_orders(self) -> Flow[list[JournalEntry]]:
        """Find out what became of orders whose end nobody saw, as after a crash; return those that stay open."""
        journal = yield from blocking(lambda: self.journal)
        return (yield from reconcile(self, journal, self.now))

    def _run(self, request: OrderRequest, idempotency_key: str | None) -> Flow[Order]:
        """Carry a request out; a refusal may rest on what has changed since it was looked up."""
        if self.is_live and not enabled("trading_live"):
            raise OrderChecksFailed([("live_trading", _NOT_LIVE)])
        try:
            return (yield from request.run(idempotency_key))
        except (OrderChecksFailed, OrderRejected):
            self.known.forget()
            raise

    # How `trading` asks.

    def context(self, order: NewOrder, account: BrokerAccount, queue: bool) -> Flow[Context]:
        """Fetch what the checks look at. Where there is no quote it is None, and the rules say what that means."""
        return gather(self, order, account, queue)

    def account_now(self) -> Flow[BrokerAccount]:
        return self.account.flow()

    def clock_now(self) -> Flow[MarketClock]:
        return self.clock.flow()

    def asset_now(self, key: InstrumentKey) -> Flow[Asset]:
        return self.asset.flow(key)

    def quote_now(self, key: InstrumentKey) -> Flow[BidAsk]:
        return self.bid_ask.flow(key)

    def position_now(self, key: InstrumentKey) -> Flow[Position]:
        return self.position.flow(key)

    def order_now(self, order_id: str) -> Flow[Order]:
        return self.order.flow(order_id)

    def _time(self) -> Time:
        return Time(self.until(), self.policy.clock, self.now)

    # The core: what every broker is asked.

    @operation
    @abstractmethod
    def account(self) -> Flow[BrokerAccount]:
        """Return the account with its cash, equity and buying power."""
        ...

    @operation
    @abstractmethod
    def clock(self) -> Flow[MarketClock]:
        """Return the broker's time and when the market opens and closes next."""
        ...

    @operation
    @abstractmethod
    def asset(self, key: InstrumentKey) -> Flow[Asset]:
        """Return how one instrument can be traded; raise UnknownSymbol."""
        ...

    @operation
    @abstractmethod
    def order(self, order_id: str) -> Flow[Order]:
        """Return one order with its legs; raise NotFound."""
        ...

    @paged
    @abstractmethod
    def orders(
        self,
        *,
        status: OrderFilter = "open",
        keys: Sequence[InstrumentKey] = (),
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Pages[Order]:
        """Yield orders newest first, each once, submitted from `start` to before `end`; both aware."""
        ...

    @operation
    @abstractmethod
    def cancel_order(self, order_id: str) -> Flow[None]:
        """Ask to cancel an order; it may be filled until its status says so. Raise OrderRejected if it is final."""
        ...

    @operation
    @abstractmethod
    def positions(self) -> Flow[Listing[Position]]:
        """Return all open positions."""
        ...

    # Made of the core; an adapter whose broker has a call for it overrides it.

    @operation
    def order_by_client_id(self, client_order_id: str) -> Flow[Order]:
        """Return the order with the id that was given when it was sent; raise NotFound."""
        return (yield from self.find_order(client_order_id))

    @operation
    def position(self, key: InstrumentKey) -> Flow[Position]:
        """Return one position; raise NotFound where there is none."""
        held = yield from self.positions.flow()
        unread = getattr(held, "errors", ())  # a broker of one's own may return a plain list
        if unread and not any(position.key == key for position in held):
            raise UnexpectedPayload(f"a position cannot be read, so nobody knows whether it is this one: {unread[0]}")
        return position_of(held, key)

    @operation
    def cancel_orders(self) -> Flow[list[Cancellation]]:
        """Ask to cancel every open order."""
        return (yield from cancel_all(self.orders.flow(status="open"), self.cancel_order.flow))
