"""The way of every request that makes an order: look it up, check it, write it down, send it, write down its end.
Floor 2: `submit`, `change` and `close` say what is asked for; whatever interrupts it, the same key finds it again."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import ClassVar, Literal
from uuid import uuid4

from fin_infra.errors import (
    ConfigurationError,
    IdempotencyConflict,
    InvalidInput,
    JournalUnavailable,
    NotFound,
    OrderChecksFailed,
    OrderInFlight,
    OrderRejected,
    OrderStateUnknown,
    ProviderError,
)
from fin_infra.model import BrokerAccount, NewOrder, Order
from fin_infra.security import mask
from fin_infra.trading import ids
from fin_infra.trading.checks import failures_of, raise_failures
from fin_infra.trading.desk import Desk
from fin_infra.trading.history import history_since, judge_history
from fin_infra.trading.journal import Journal, JournalEntry, State, combined
from fin_infra.trading.limits import TradingLimits
from fin_infra.trading.place import Time, ask, place, unknown
from fin_infra.trading.proposal import Proposal
from fin_infra.trading.reconcile import look_up
from fin_infra.transport import Flow, blocking

log = logging.getLogger("fin_infra")
GRACE_S = 120.0
"""For how long after its last moment to be sent an order may still be on its way; an assumption of ADR-0011."""
LONGEST_CALL_S = 600.0
"""How long a call may go on at most to be taken for one that is placing an order at this moment."""

Failures = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The order that a request comes to, at the broker's time `now`, and what speaks against it.

    `estimate` is what it adds to the day's sum, in the account's currency.
    """

    order: NewOrder
    failures: Failures
    estimate: Decimal
    now: datetime


def prepared(proposal: Proposal) -> Prepared:
    """Check an order, and count all that it is worth."""
    worth = proposal.worth or Decimal(0)
    return Prepared(order=proposal.order, failures=failures_of(proposal), estimate=worth, now=proposal.context.now)


@dataclass(frozen=True, kw_only=True)
class OrderRequest(ABC):
    """One request on its way to the broker: to place an order, to change one, or to close a position.

    What a key belongs to is the request as it was made, not the order that it became. `queue` lets the order wait for
    the market to open. Without `wait` only one call at a time carries out the request of a key.
    """

    desk: Desk
    journal: Journal
    limits: TradingLimits
    time: Time
    queue: bool = False
    wait: bool = True
    kind: ClassVar[Literal["order", "change"]] = "order"

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Equal for equal requests, also for those of an earlier release; the journal keeps it."""

    @abstractmethod
    def prepare(self, account: BrokerAccount) -> Flow[Prepared]:
        """Find out which order the request comes to, and what speaks against it."""

    @abstractmethod
    def recognize(self, found: Order, attempts: Sequence[JournalEntry]) -> Flow[bool]:
        """Say whether the broker's order is what this request made; `attempts` are the journal's under its id.

        Always asked: a key is also used by who has another journal or none, and `ids.same_order` alone compares.
        """

    def send(self, prepared: Prepared, client_order_id: str) -> Flow[Order]:
        """Have it at the broker once, and return it."""
        return place(self.desk, prepared.order, client_order_id, self.time)

    def summary(self, prepared: Prepared) -> str:
        """Return the request in words, for people."""
        return summary(prepared.order)

    def written(self, prepared: Prepared) -> str:
        """Return the fingerprint as the journal keeps it: with the order's, since one request may come to several."""
        return ids.with_order(self.fingerprint, prepared.order)

    def belongs(self, known: JournalEntry) -> bool:
        """Say whether the request that the journal knows under the key may be this one."""
        return ids.request_part(known.fingerprint) == self.fingerprint

    def run(self, idempotency_key: str | None) -> Flow[Order]:
        """Carry the request out once for its key, for good: the same key again gives its order, with `replayed` set.

        An order that was refused, or did not pass the checks, does not use its key up. `OrderRejected` and
        `OrderChecksFailed` say that no order exists under the key, as far as the journal's clients go: while another
        of them may have one on its way, the answer is `OrderStateUnknown`.

        Raises:
            OrderChecksFailed: rules fail; nothing was sent.
            IdempotencyConflict: the key belongs to another request.
            OrderInFlight: without `wait`, where another call is placing the order at this moment.
            OrderRejected: the broker refused.
            OrderStateUnknown: it may or may not have been placed; the same key finds out.
            ProviderError: this call surely placed nothing.
        """
        account = yield from self.desk.account_now()
        client_order_id = ids.client_order_id(account.id, idempotency_key)
        if idempotency_key is not None:
            earlier = yield from self._earlier(account.id, client_order_id)
            if earlier is not None:
                return earlier
        try:
            prepared = yield from self.prepare(account)
        except (NotFound, InvalidInput):
            meanwhile = yield from self._meanwhile(account.id, client_order_id)
            if meanwhile is None:
                raise
            return meanwhile
        entry = self._intent(account, client_order_id, prepared)
        placed = yield from self._open(entry, prepared.failures)
        if placed is not None:
            return (yield from self._shown(placed))
        return (yield from self._send(entry, prepared))

    def _earlier(self, account_id: str, client_order_id: str) -> Flow[Order | None]:
        """Return the order of an earlier submit with the key; of a key new to the journal the broker may know more."""
        attempts = yield from blocking(self.journal.find, account_id, client_order_id)
        known = combined(attempts)
        if not self.wait:
            self._refuse_in_flight(known)
        if known is not None and known.state.counts:
            self._require_same(known)
            if known.state is State.PLACED:
                return (yield from self._shown(known))
        try:
            found = yield from look_up(self.desk, client_order_id, attempts, self.journal, self.time.now)
        except ProviderError as exc:
            if known is not None and known.state.is_open:
                raise unknown(client_order_id, self.kind) from exc
            raise
        return None if found is None else (yield from self._replay(found, attempts))

    def _meanwhile(self, account_id: str, client_order_id: str) -> Flow[Order | None]:
        """Return the order of another call, where this one can no longer be prepared; there may be nothing left."""
        known = combined((yield from blocking(self.journal.find, account_id, client_order_id)))
        if known is None or not known.state.counts:
            return None
        self._require_same(known)
        if known.state is State.PLACED:
            return (yield from self._shown(known))
        raise unknown(client_order_id, self.kind)

    def _intent(self, account: BrokerAccount, client_order_id: str, prepared: Prepared) -> JournalEntry:
        """Return the first entry of an attempt; from the end of its time on, only its grace is left."""
        return JournalEntry(
            account=account.id,
            client_order_id=client_order_id,
            attempt=uuid4().hex,
            fingerprint=self.written(prepared),
            summary=self.summary(prepared),
            estimate=prepared.estimate,
            at=prepared.now,
            lands_by=self.time.now() + timedelta(seconds=self.time.left_s() + GRACE_S),
        )

    def _open(self, entry: JournalEntry, failures: Failures) -> Flow[JournalEntry | None]:
        """Write the attempt down where nothing speaks against it; return the order's entry where it is placed."""
        since, judge = history_since(entry.at, self.limits), partial(self._judge, entry, failures)
        return (yield from blocking(self.journal.open, entry, since, judge))

    def _judge(
        self, entry: JournalEntry, failures: Failures, known: JournalEntry | None, others: Sequence[JournalEntry]
    ) -> None:
        """Raise where the attempt must not be sent, in view of what the journal knows in that moment."""
        if known is not None and known.state.counts:
            self._require_same(known)
        if known is not None and known.state is State.PLACED:
            return
        if not self.wait:
            self._refuse_in_flight(known)
        if known is not None and known.state.is_open and not _same_terms(known, entry):
            raise unknown(entry.client_order_id, self.kind)  # of two orders under one id either could be there
        past = judge_history(entry.fingerprint, entry.estimate, self.limits, entry.at, others)
        try:
            raise_failures([*failures, *past])
        except OrderChecksFailed as exc:
            if known is not None and known.state.is_open:
                raise unknown(
                    entry.client_order_id, self.kind
                ) from exc  # nothing more is sent, and what was sent may be there
            raise

    def _send(self, entry: JournalEntry, prepared: Prepared) -> Flow[Order]:
        """Send the request and write down how that ended."""
        try:
            found = yield from self.send(prepared, entry.client_order_id)
        except OrderStateUnknown:
            yield from self._write(entry, State.UNKNOWN)
            raise
        except IdempotencyConflict:
            yield from self._write(entry, State.ABSENT)
            earlier = yield from self._earlier(entry.account, entry.client_order_id)
            if earlier is None:
                raise
            return earlier
        except ProviderError as exc:
            known = yield from self._write(entry, State.REFUSED if isinstance(exc, OrderRejected) else State.ABSENT)
            if known is not None and known.state is State.PLACED:
                return (yield from self._shown(known))
            if known is not None and known.state.is_open:
                raise unknown(entry.client_order_id, self.kind) from exc  # another client with this key is not done
            raise
        yield from self._write(entry, State.PLACED, found.id)
        return found

    def _write(self, entry: JournalEntry, state: State, order_id: str | None = None) -> Flow[JournalEntry | None]:
        """A journal that fails now hides no outcome: the intent is written, and reconciling will find the rest."""
        known: JournalEntry | None = None
        try:
            known = yield from blocking(self.journal.record, entry, state, self.time.now(), order_id)
        except (JournalUnavailable, ConfigurationError) as exc:  # the latter from journals of one's own
            log.warning(
                "order %s is %s, and the journal could not write that down; it stays open until it is reconciled: %s",
                entry.client_order_id,
                state,
                mask(str(exc)),
            )
        return known

    def _shown(self, entry: JournalEntry) -> Flow[Order]:
        """Return an order that the journal knows to be placed. It is never sent again, even if the broker forgot it."""
        try:
            found = yield from ask(self.desk, entry.client_order_id, self.time, may_send=False)
        except OrderStateUnknown as exc:
            raise OrderStateUnknown(
                f"the order was placed as {entry.order_id}, but the broker does not show it now",
                client_order_id=entry.client_order_id,
            ) from exc
        attempts = yield from blocking(self.journal.find, entry.account, entry.client_order_id)
        return (yield from self._replay(found, attempts))

    def _replay(self, found: Order, attempts: Sequence[JournalEntry]) -> Flow[Order]:
        if not (yield from self.recognize(found, attempts)):
            raise IdempotencyConflict(
                f"The order {found.id} under this idempotency key is not what is asked for now; look at it before "
                "you use a new key."
            )
        return replace(found, replayed=True)

    def _refuse_in_flight(self, known: JournalEntry | None) -> None:
        """Stop where another call still has time left to place the order; a process that died has none in the end."""
        if known is None or known.state is not State.INTENT:
            return
        # by the clock of the machine that wrote it: what would go on for longer than any call is a clock ahead of ours
        left = known.lands_by - timedelta(seconds=GRACE_S) - self.time.now()
        if timedelta(0) < left <= timedelta(seconds=LONGEST_CALL_S):
            self._require_same(known)
            raise OrderInFlight("An order with this idempotency key is being placed at this moment; ask again shortly.")

    def _require_same(self, entry: JournalEntry) -> None:
        if not self.belongs(entry):
            raise IdempotencyConflict("This idempotency key belongs to another request; use a new key for a new one.")


def _same_terms(one: JournalEntry, other: JournalEntry) -> bool:
    return ids.order_part(one.fingerprint) == ids.order_part(other.fingerprint)


def summary(order: NewOrder) -> str:
    """Return the order in words: `buy 10 US:AAPL limit 187.5 day`."""
    size = f"{order.quantity}" if order.quantity is not None else f"{order.notional} {order.currency} of"
    prices = (order.limit_price, order.stop_price, order.trail_price, order.trail_percent)
    words = [order.side, size, order.key, order.type, *(price for price in prices if price is not None)]
    return " ".join(map(str, (*words, order.time_in_force)))  # of an order that no check has seen yet
