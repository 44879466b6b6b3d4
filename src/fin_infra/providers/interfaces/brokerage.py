"""The interface of brokers who trade.
Floor 3: an adapter says how to send one order and how to find it; the checks, the journal and the asking are here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, Decimal
from threading import Lock
from typing import ClassVar, Literal, TypeVar

from fin_infra.errors import (
    AuthenticationFailed,
    CircuitOpen,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    OrderRejected,
    ProviderError,
    RateLimited,
    RejectReason,
)
from fin_infra.flow import operation, paged
from fin_infra.model import (
    Adjustment,
    Asset,
    AssetClass,
    BidAsk,
    BrokerAccount,
    BrokerActivity,
    Cancellation,
    CandleSeries,
    InstrumentKey,
    Interval,
    Listing,
    MarketClock,
    MarketDay,
    Money,
    NewOrder,
    Order,
    OrderChange,
    OrderClass,
    OrderType,
    PortfolioHistory,
    Position,
    Side,
    Trade,
    Watchlist,
)
from fin_infra.providers.provider import Endpoint, Provider
from fin_infra.settings import load
from fin_infra.trading import (
    Context,
    Journal,
    JournalEntry,
    SqliteJournal,
    TradingLimits,
    check,
    client_order_id,
    reconcile,
    submit,
)
from fin_infra.trading.checks import estimate, raise_failures
from fin_infra.trading.matrix import VenueRules
from fin_infra.trading.place import ask
from fin_infra.transport import Blocking, Flow, M, Pages, Transport
from fin_infra.transport.effects import UNREACHABLE

T = TypeVar("T")
OrderFilter = Literal["open", "closed", "all"]


class BrokerageProvider(Provider[M]):
    """A broker. Every order is checked, written down and placed once, see `docs/brokerage.md`.

    `limits` and `journal` come from FIN_INFRA_TRADING_*; both may be replaced before the first order, the journal by
    one that several machines share.
    """

    rules: ClassVar[Mapping[AssetClass, VenueRules]]
    """Which orders the broker takes, by kind of instrument."""
    is_live: bool = True
    """False where orders cost no real money; an adapter that can tell says so."""

    def __init__(self, transport: Transport[M], endpoint: Endpoint) -> None:
        self.limits = load(TradingLimits)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._journal: Journal | None = None
        self._opening = Lock()
        super().__init__(transport, endpoint)

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

    # What an adapter must say about orders.

    @abstractmethod
    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        """Send once, never repeated; raise OrderRejected where the broker says that it refuses."""
        ...

    @abstractmethod
    def send_change(self, order_id: str, change: OrderChange, client_order_id: str) -> Flow[Order]:
        """Send a replacement once, never repeated; return the new order."""
        ...

    @abstractmethod
    def find_order(self, client_order_id: str) -> Flow[Order]:
        """Return the order with that client order id, in whatever state; raise NotFound."""
        ...

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
            IdempotencyConflict: the key belongs to another order.
            OrderInFlight: only with `wait=False`.
            OrderRejected: the broker refused; there is no order.
            OrderStateUnknown: it may or may not have been placed; the same key finds out.
            ProviderError: this call surely placed nothing.
        """
        journal: Journal = yield Blocking(lambda: self.journal)
        return (
            yield from submit(
                self,
                order,
                journal,
                self.limits,
                idempotency_key=idempotency_key,
                queue=queue,
                until=self.until(),
                clock=self.policy.clock,
                now=self.now,
                wait=wait,
            )
        )

    @operation
    def check_order(self, order: NewOrder, *, queue: bool = False) -> Flow[list[tuple[str, str]]]:
        """Return what would stop an order, rule by rule, and send nothing; the journal's rules are not among it."""
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
            OrderStateUnknown: the answer was lost; look at the order before you ask again.
        """
        if change == OrderChange():
            raise InvalidInput("The change changes nothing; say what the order shall have instead.")
        account = yield from self.account_now()
        ident = client_order_id(account.id, idempotency_key)
        if idempotency_key is not None:
            earlier: Order | None = yield from _or_none(self.find_order(ident))
            if earlier is not None:
                return replace(_replacement(earlier, order_id, change), replayed=True)
        current: Order = yield from type(self).order.flow(self, order_id)
        context = yield from self.context(wanted := _changed(current, change), account, queue)
        raise_failures(check(wanted, _released(context, current)))
        try:
            return (yield from self.send_change(order_id, change, ident))
        except ProviderError as exc:
            if _is_answer(exc):
                raise
        found: Order = yield from ask(self, ident, self.until(), self.policy.clock, may_send=False)
        return _replacement(found, order_id, change)

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

        It is placed like every order: the broker's own call for this could not be repeated safely.
        """
        if idempotency_key is not None:  # the position may be gone because an earlier call with the key closed it
            account = yield from self.account_now()
            earlier = yield from _or_none(self.find_order(client_order_id(account.id, idempotency_key)))
            if earlier is not None:
                if (earlier.key.symbol, earlier.type) != (key.symbol, OrderType.MARKET):
                    raise IdempotencyConflict("This idempotency key belongs to another order; use a new key.")
                return replace(earlier, replayed=True)
        held: Position = yield from type(self).position.flow(self, key)
        size = _part(held.quantity.copy_abs(), quantity, percent)
        rules = self.rules.get(held.asset_class)
        times = sorted(rules.fractional_times) if rules and rules.always_open else []
        order = NewOrder(key=key, side=Side.SELL if held.quantity > 0 else Side.BUY, quantity=size)
        if times:
            order = replace(order, time_in_force=times[0])
        return (yield from type(self).submit_order.flow(self, order, idempotency_key=idempotency_key, queue=queue))

    @operation
    def reconcile_orders(self) -> Flow[list[JournalEntry]]:
        """Find out what became of orders whose end nobody saw, as after a crash; return those that stay open."""
        journal: Journal = yield Blocking(lambda: self.journal)
        return (yield from reconcile(self, journal, self.now))

    def account_now(self) -> Flow[BrokerAccount]:
        return type(self).account.flow(self)

    def context(self, order: NewOrder, account: BrokerAccount, queue: bool) -> Flow[Context]:
        """Fetch what the checks look at. Where there is no quote it is None, and the rules say what that means."""
        clock: MarketClock = yield from type(self).clock.flow(self)
        asset: Asset | None = yield from _or_none(type(self).asset.flow(self, order.key))
        quote: BidAsk | None = None
        if asset is not None:
            try:
                quote = yield from type(self).bid_ask.flow(self, order.key)
            except ProviderError as exc:
                if exc.outage:
                    raise
        position: Position | None = None
        if order.side is Side.SELL or account.short_market_value is None or account.short_market_value.amount:
            position = yield from _or_none(type(self).position.flow(self, order.key))
        kind = asset.asset_class if asset is not None else AssetClass.EQUITY
        return Context(
            limits=self.limits,
            rules=self.rules.get(kind, VenueRules(times={})),
            account=account,
            clock=clock,
            asset=asset,
            quote=quote,
            position=position,
            queue=queue,
        )

    # What every broker is asked.

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
    def calendar(self, *, start: date, end: date) -> Flow[Listing[MarketDay]]:
        """Return the trading days from `start` to before `end`, oldest first."""
        ...

    @operation
    @abstractmethod
    def assets(self, *, asset_class: AssetClass = AssetClass.EQUITY) -> Flow[Listing[Asset]]:
        """Return what can be traded; thousands of rows."""
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

    @operation
    def order_by_client_id(self, client_order_id: str) -> Flow[Order]:
        """Return the order with the id that was given when it was sent; raise NotFound."""
        return (yield from self.find_order(client_order_id))

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
    def cancel_orders(self) -> Flow[list[Cancellation]]:
        """Ask to cancel every open order."""
        ...

    @operation
    @abstractmethod
    def positions(self) -> Flow[Listing[Position]]:
        """Return all open positions."""
        ...

    @operation
    @abstractmethod
    def position(self, key: InstrumentKey) -> Flow[Position]:
        """Return one position; raise NotFound where there is none."""
        ...

    @operation
    @abstractmethod
    def portfolio_history(
        self, *, period: str = "1M", timeframe: str = "1D", start: datetime | None = None, end: datetime | None = None
    ) -> Flow[PortfolioHistory]:
        """Return what the account was worth over time, in the broker's words for `period` and `timeframe`."""
        ...

    @paged
    @abstractmethod
    def activities(
        self, *, types: Sequence[str] = (), start: datetime | None = None, end: datetime | None = None
    ) -> Pages[BrokerActivity]:
        """Yield what happened in the account, newest first, each once; `types` are the broker's words, such as FILL."""
        ...

    @operation
    @abstractmethod
    def watchlists(self) -> Flow[Listing[Watchlist]]:
        """Return the watchlists; their instruments may come only with `watchlist`."""
        ...

    @operation
    @abstractmethod
    def watchlist(self, watchlist_id: str) -> Flow[Watchlist]:
        """Return one watchlist with its instruments; raise NotFound."""
        ...

    @operation
    @abstractmethod
    def create_watchlist(self, name: str, keys: Sequence[InstrumentKey]) -> Flow[Watchlist]:
        """Make a watchlist. Never repeated by retry."""
        ...

    @operation
    @abstractmethod
    def update_watchlist(self, watchlist_id: str, *, name: str, keys: Sequence[InstrumentKey]) -> Flow[Watchlist]:
        """Give a watchlist this name and these instruments."""
        ...

    @operation
    @abstractmethod
    def delete_watchlist(self, watchlist_id: str) -> Flow[None]:
        """Delete a watchlist. Never repeated by retry."""
        ...

    @operation
    @abstractmethod
    def bid_ask(self, key: InstrumentKey) -> Flow[BidAsk]:
        """Return the best bid and offer; raise UnknownSymbol."""
        ...

    @operation
    @abstractmethod
    def last_trade(self, key: InstrumentKey) -> Flow[Trade]:
        """Return the last trade; raise UnknownSymbol."""
        ...

    @operation
    @abstractmethod
    def candles(
        self,
        key: InstrumentKey,
        *,
        interval: Interval = Interval.DAY_1,
        adjustment: Adjustment = Adjustment.RAW,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Flow[CandleSeries]:
        """Return candles oldest first that open from `start` to before `end`; both aware."""
        ...


def _is_answer(exc: ProviderError) -> bool:
    """Say whether the error proves that a change was not made; a duplicate id may be an earlier one of our own."""
    if isinstance(exc, OrderRejected):
        return exc.reason is not RejectReason.DUPLICATE_CLIENT_ORDER_ID
    proofs = (NotFound, AuthenticationFailed, RateLimited, CircuitOpen)
    return isinstance(exc, proofs) or exc.vendor_code == UNREACHABLE


def _or_none(flow: Flow[T]) -> Flow[T | None]:
    try:
        return (yield from flow)
    except NotFound:
        return None


def _changed(current: Order, change: OrderChange) -> NewOrder:
    """Return the order as it would be after the change, for the checks; legs are the broker's to look after."""
    trail = change.trail
    return NewOrder(
        key=current.key,
        side=current.side,
        type=current.type,
        quantity=_or(change.quantity, current.quantity),
        notional=current.notional if change.quantity is None else None,
        time_in_force=change.time_in_force or current.time_in_force,
        limit_price=_or(change.limit_price, current.limit_price),
        stop_price=_or(change.stop_price, None if current.type is OrderType.TRAILING_STOP else current.stop_price),
        trail_price=None if current.trail_percent else _or(trail, current.trail_price),
        trail_percent=_or(trail, current.trail_percent) if current.trail_percent else None,
        extended_hours=current.extended_hours,
        order_class=OrderClass.SIMPLE,
        currency=current.currency,
    )


def _or(changed: Decimal | None, present: Decimal | None) -> Decimal | None:
    return present if changed is None else changed


def _released(context: Context, current: Order) -> Context:
    """Return the context as if `current` were not there: what it holds is free for the order that replaces it."""
    account, position = context.account, context.position
    if current.side is Side.BUY:
        worth = estimate(_changed(current, OrderChange()), context.quote) or Decimal(0)
        power, cash = account.buying_power, account.non_marginable_buying_power
        account = replace(
            account,
            buying_power=Money(power.amount + worth, power.currency),
            non_marginable_buying_power=cash and Money(cash.amount + worth, cash.currency),
        )
    elif position is not None and position.available_quantity is not None:
        held = current.quantity or Decimal(0)
        position = replace(position, available_quantity=position.available_quantity + held)
    return replace(context, account=account, position=position)


def _replacement(found: Order, order_id: str, change: OrderChange) -> Order:
    """Return `found` where it is the order that `change` made of `order_id`."""
    wanted = (change.quantity, change.time_in_force, change.limit_price, change.trail)
    has = (found.quantity, found.time_in_force, found.limit_price, found.trail_price or found.trail_percent)
    same = all(term is None or term == there for term, there in zip(wanted, has, strict=True))
    moves = found.type is OrderType.TRAILING_STOP
    if found.replaces != order_id or not same or not (moves or change.stop_price in (None, found.stop_price)):
        raise IdempotencyConflict("This idempotency key belongs to another order or change; use a new key.")
    return found


def _part(whole: Decimal, quantity: Decimal | None, percent: Decimal | None) -> Decimal:
    for part in (quantity, percent):
        if part is not None and not (isinstance(part, Decimal) and part.is_finite()):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped users
            raise InvalidInput('The part of a position to close is a Decimal such as Decimal("1.5").')
    if quantity is not None and percent is not None:
        raise InvalidInput("Give a quantity or a percent of the position to close, not both.")
    if percent is not None:
        if not 0 < percent <= 100:
            raise InvalidInput("The percent of a position to close is above 0 and at most 100.")
        return (whole * percent / 100).quantize(Decimal("1e-9"), rounding=ROUND_DOWN).normalize()
    if quantity is not None and not 0 < quantity <= whole:
        raise InvalidInput(f"The position is {whole}; close that much or less.")
    return whole if quantity is None else quantity
