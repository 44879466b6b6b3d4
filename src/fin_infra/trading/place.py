"""Placing one order exactly once: send, and whenever the answer is lost, ask before sending again.
Floor 2: the one place that sends orders. It rests on the broker's duty to refuse a client order id it has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from fin_infra.arguments import checked
from fin_infra.errors import DeadlineExceeded, IdempotencyConflict, NotFound, OrderStateUnknown, ProviderError
from fin_infra.model import NewOrder, Order
from fin_infra.trading.desk import Finder, Venue
from fin_infra.trading.ids import same_order
from fin_infra.trading.proof import is_duplicate, no_effect
from fin_infra.transport import Flow, Pause

MAX_SENDS = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 4.0
Clock = Callable[[], float]
Kind = Literal["order", "change"]


@dataclass(frozen=True, slots=True)
class Time:
    """How long an order may take: up to `until`, in the time of `clock`. `now` is the time of day, aware."""

    until: float
    clock: Clock
    now: Callable[[], datetime]

    def left_s(self) -> float:
        return max(self.until - self.clock(), 0.0)

    def is_over(self, in_s: float = 0.0) -> bool:
        """Say whether no time is left, `in_s` seconds from now."""
        return self.clock() + in_s >= self.until


@checked
def place(venue: Venue, order: NewOrder, client_order_id: str, time: Time) -> Flow[Order]:
    """Place `order` under `client_order_id` in the time allowed.

    However often this runs with one id, in however many processes and with whatever failures in between, the broker has
    at most one order for it: whoever comes second is refused by the broker and finds the first one's order.

    Raises:
        OrderRejected: the broker rejected the order; none was placed.
        IdempotencyConflict: the broker has another order under that id.
        OrderStateUnknown: an answer was lost, and asking did not help in time.
        ProviderError: the order surely did not reach the broker.
    """
    if time.is_over():
        raise DeadlineExceeded("the time allowed was over before the order was sent", retryable=True)
    wait = FIRST_PAUSE_S
    lost = replayed = False
    for sends in range(1, MAX_SENDS + 1):
        may_send = sends < MAX_SENDS
        try:
            return (yield from venue.send_order(order, client_order_id))
        except ProviderError as exc:
            if is_duplicate(exc):
                replayed, may_send = not lost, False
            elif not lost and no_effect(exc, of="order"):
                if not (exc.retryable and may_send) or time.is_over(_pause(exc, wait)):
                    raise
                yield Pause(_pause(exc, wait))
                continue  # it never got there: nothing to ask for
            lost = True
        try:
            found = yield from ask(venue, client_order_id, time, may_send)
        except NotFound:
            continue
        if not same_order(order, found):
            raise IdempotencyConflict(
                f"The broker has an order with other terms under the id {client_order_id}; look at it before you use "
                "a new idempotency key."
            )
        return replace(found, replayed=replayed)
    raise unknown(client_order_id)


def ask(venue: Finder, client_order_id: str, time: Time, may_send: bool, of: Kind = "order") -> Flow[Order]:
    """Ask until the order is found.

    Raises:
        NotFound: the broker has none, and `may_send` allows to send it again.
        OrderStateUnknown: the time was over first.
    """
    wait = FIRST_PAUSE_S
    while True:
        absent: NotFound | None = None
        try:
            return (yield from venue.find_order(client_order_id))
        except NotFound as exc:
            absent = exc
        except ProviderError:  # not an answer: ask again
            pass
        if time.is_over(wait):
            raise unknown(client_order_id, of)
        yield Pause(wait)
        wait = min(2 * wait, LONGEST_PAUSE_S)
        if absent is not None and may_send:
            raise absent


def _pause(exc: ProviderError, wait: float) -> float:
    return max(wait, exc.retry_after or 0.0)


def unknown(client_order_id: str, of: Kind = "order") -> OrderStateUnknown:
    """Return the error for an order, or a change of one, that may or may not be there."""
    done, again = ("placed", "submit it") if of == "order" else ("changed", "ask for the same change")
    return OrderStateUnknown(
        f"it is not known yet whether the order was {done}; look it up by its client order id, or {again} again with "
        "its idempotency key, if it had one",
        client_order_id=client_order_id,
    )
