"""The way of an order: look it up, check it, write it down, place it, write down what became of it.
Floor 2: a flow over any `Desk`; whatever interrupts it, the same key finds the same order again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Protocol
from uuid import uuid4

from fin_infra.errors import (
    ConfigurationError,
    IdempotencyConflict,
    NotFound,
    OrderChecksFailed,
    OrderInFlight,
    OrderRejected,
    OrderStateUnknown,
    ProviderError,
)
from fin_infra.model import BrokerAccount, NewOrder, Order
from fin_infra.trading.checks import Context, check, estimate, raise_failures
from fin_infra.trading.history import history_since, judge_history
from fin_infra.trading.ids import client_order_id, fingerprint, same_order
from fin_infra.trading.journal import Journal, JournalEntry, State, whole
from fin_infra.trading.limits import TradingLimits
from fin_infra.trading.place import Clock, Venue, ask, place, unknown
from fin_infra.transport import Blocking, Flow

GRACE_S = 120.0
"""How long after the last moment to send it an order that the broker does not know may still be on its way."""


class Desk(Venue, Protocol):
    """A venue with what the checks need to know."""

    def account_now(self) -> Flow[BrokerAccount]:
        """Return the account as it is now; its id is the scope of idempotency keys."""
        ...

    def context(self, order: NewOrder, account: BrokerAccount, queue: bool) -> Flow[Context]:
        """Return what the checks look at, the broker's clock among it."""
        ...


def submit(
    desk: Desk,
    order: NewOrder,
    journal: Journal,
    limits: TradingLimits,
    *,
    idempotency_key: str | None,
    queue: bool,
    until: float,
    clock: Clock,
    now: Callable[[], datetime],
    wait: bool = True,
) -> Flow[Order]:
    """Submit `order` once for its key, for good: the same key again gives the same order, with `replayed` set.

    An order that was refused, or did not pass the checks, does not use its key up. `OrderRejected` and
    `OrderChecksFailed` say that no order exists under the key, as far as the journal's clients go: while another of
    them may have one on its way, the answer is `OrderStateUnknown`. Without `wait` only one call at a time places the
    order of a key.

    Raises:
        OrderChecksFailed: rules fail; nothing was sent.
        IdempotencyConflict: the key belongs to another order.
        OrderInFlight: without `wait`, where another call is placing the order at this moment.
        OrderRejected: the broker refused.
        OrderStateUnknown: it may or may not have been placed; the same key finds out.
        ProviderError: this call surely placed nothing.
    """
    account = yield from desk.account_now()
    ident = client_order_id(account.id, idempotency_key)
    mark = fingerprint(order)
    if idempotency_key is not None:
        attempts: Sequence[JournalEntry] = yield Blocking(lambda: journal.find(account.id, ident))
        if not wait:
            _refuse_in_flight(mark, whole(attempts), now())
        found = yield from _earlier(desk, order, mark, ident, attempts, journal, until, clock, now)
        if found is not None:
            return found
    context = yield from desk.context(order, account, queue)
    entry = JournalEntry(
        account=account.id,
        client_order_id=ident,
        attempt=uuid4().hex,
        fingerprint=mark,
        summary=summary(order),
        estimate=estimate(order, context.quote) or Decimal(0),
        at=context.now,
        lands_by=now() + timedelta(seconds=max(until - clock(), 0.0) + GRACE_S),
    )
    failures = check(order, context)

    def judge(known: JournalEntry | None, others: Sequence[JournalEntry]) -> None:
        if known is not None and known.state.counts:
            _same_mark(mark, known)
        if known is not None and known.state is State.PLACED:
            return
        if not wait:
            _refuse_in_flight(mark, known, now())
        try:
            raise_failures(failures + judge_history(mark, entry.estimate, limits, entry.at, others))
        except OrderChecksFailed as exc:
            if known is not None and known.state.is_open:
                raise unknown(ident) from exc  # nothing more is sent, and what was sent may be there
            raise

    other: JournalEntry | None = yield Blocking(lambda: journal.open(entry, history_since(entry.at, limits), judge))
    if other is not None:
        return (yield from _shown(desk, order, other, until, clock))
    return (yield from _placed(desk, order, entry, journal, until, clock, now))


def _earlier(
    desk: Desk,
    order: NewOrder,
    mark: str,
    ident: str,
    attempts: Sequence[JournalEntry],
    journal: Journal,
    until: float,
    clock: Clock,
    now: Callable[[], datetime],
) -> Flow[Order | None]:
    """Return the order of an earlier submit with the key; of a key new to the journal the broker may know more."""
    known = whole(attempts)
    if known is not None and known.state.counts:
        _same_mark(mark, known)
        if known.state is State.PLACED:
            return (yield from _shown(desk, order, known, until, clock))
    try:
        found = yield from _look(desk, ident, attempts, journal, now)
    except ProviderError as exc:
        if known is not None and known.state.is_open:
            raise unknown(ident) from exc
        raise
    return None if found is None else _replay(order, found)


def _shown(desk: Desk, order: NewOrder, entry: JournalEntry, until: float, clock: Clock) -> Flow[Order]:
    """Return the order that the journal knows to be placed. It is never sent again, even if the broker forgot it."""
    try:
        found = yield from ask(desk, entry.client_order_id, until, clock, may_send=False)
    except OrderStateUnknown as exc:
        raise OrderStateUnknown(
            f"the order was placed as {entry.order_id}, but the broker does not show it now",
            client_order_id=entry.client_order_id,
        ) from exc
    return _replay(order, found)


def _look(
    desk: Venue, ident: str, attempts: Sequence[JournalEntry], journal: Journal, now: Callable[[], datetime]
) -> Flow[Order | None]:
    """Ask the broker for an order, and write down what the answer says of attempts whose end nobody saw."""
    asked_at = now()
    found: Order | None = None
    with suppress(NotFound):
        found = yield from desk.find_order(ident)
    for entry in attempts:
        if found is not None and entry.state.is_open:
            yield Blocking(partial(journal.record, entry, State.PLACED, now(), found.id))
        elif entry.state.is_open and asked_at > entry.lands_by:
            yield Blocking(partial(journal.record, entry, State.ABSENT, now(), None))
    return found


def _placed(
    desk: Desk,
    order: NewOrder,
    entry: JournalEntry,
    journal: Journal,
    until: float,
    clock: Clock,
    now: Callable[[], datetime],
) -> Flow[Order]:
    """Place the order and write down how that ended."""

    def write(state: State, order_id: str | None = None) -> Flow[JournalEntry | None]:
        """A journal that fails now hides no outcome: the intent is written, and reconciling will find the rest."""
        known: JournalEntry | None = None
        with suppress(ConfigurationError):
            known = yield Blocking(lambda: journal.record(entry, state, now(), order_id))
        return known

    try:
        found = yield from place(desk, order, entry.client_order_id, until, clock)
    except OrderStateUnknown:
        yield from write(State.UNKNOWN)
        raise
    except IdempotencyConflict:
        yield from write(State.ABSENT)
        raise
    except ProviderError as exc:
        known = yield from write(State.REFUSED if isinstance(exc, OrderRejected) else State.ABSENT)
        if known is not None and known.state is State.PLACED:
            return (yield from _shown(desk, order, known, until, clock))
        if known is not None and known.state.is_open:
            raise unknown(entry.client_order_id) from exc  # another client with this key is not done
        raise
    yield from write(State.PLACED, found.id)
    return found


def reconcile(desk: Desk, journal: Journal, now: Callable[[], datetime]) -> Flow[list[JournalEntry]]:
    """Find out what became of orders that nobody saw the end of; return those that stay open.

    An order that the broker does not know counts as never arrived two minutes after it could last have been sent.
    """
    account = yield from desk.account_now()
    waiting: Sequence[JournalEntry] = yield Blocking(lambda: journal.unresolved(account.id))
    for entry in waiting:
        with suppress(ProviderError):
            yield from _look(desk, entry.client_order_id, [entry], journal, now)
    still_open: Sequence[JournalEntry] = yield Blocking(lambda: journal.unresolved(account.id))
    return list(still_open)


def summary(order: NewOrder) -> str:
    """Return the order in words: `buy 10 US:AAPL limit 187.5 day`."""
    size = f"{order.quantity}" if order.quantity is not None else f"{order.notional} {order.currency} of"
    prices = (order.limit_price, order.stop_price, order.trail_price, order.trail_percent)
    words = [order.side, size, str(order.key), order.type, *(str(price) for price in prices if price is not None)]
    return " ".join([*words, order.time_in_force])


def _replay(order: NewOrder, found: Order) -> Order:
    if not same_order(order, found):
        raise IdempotencyConflict(
            f"The order {found.id} under this idempotency key has other terms; look at it before you use a new key."
        )
    return replace(found, replayed=True)


def _refuse_in_flight(mark: str, known: JournalEntry | None, at: datetime) -> None:
    """Stop where another call still has time left to place the order; a process that died has none in the end."""
    if known is not None and known.state is State.INTENT and at < known.lands_by - timedelta(seconds=GRACE_S):
        _same_mark(mark, known)
        raise OrderInFlight("An order with this idempotency key is being placed at this moment; ask again shortly.")


def _same_mark(mark: str, entry: JournalEntry) -> None:
    if entry.fingerprint != mark:
        raise _conflict()


def _conflict() -> IdempotencyConflict:
    return IdempotencyConflict("This idempotency key belongs to another order; use a new key for a new order.")
