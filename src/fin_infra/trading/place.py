"""Placing one order exactly once: send, and whenever the answer is lost, ask before sending again.
Floor 2: the one place that sends orders. It rests on the broker's duty to refuse a client order id it has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from fin_infra.errors import (
    AuthenticationFailed,
    CircuitOpen,
    DeadlineExceeded,
    IdempotencyConflict,
    NotFound,
    OrderRejected,
    OrderStateUnknown,
    ProviderError,
    RateLimited,
    RejectReason,
)
from fin_infra.model import NewOrder, Order
from fin_infra.trading.ids import same_order
from fin_infra.transport import Flow, Pause
from fin_infra.transport.effects import UNREACHABLE

MAX_SENDS = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 4.0
Clock = Callable[[], float]


class Venue(Protocol):
    """What a broker has to offer for orders to be safe there."""

    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        """Send once, never repeated by retry.

        Raises:
            OrderRejected: the broker says that it refuses; DUPLICATE_CLIENT_ORDER_ID where it has seen that id.
            ProviderError: anything else; whether there is an order now may be open.
        """
        ...

    def find_order(self, client_order_id: str) -> Flow[Order]:
        """Return the order with that id, in whatever state; raise NotFound."""
        ...


def place(venue: Venue, order: NewOrder, client_order_id: str, until: float, clock: Clock) -> Flow[Order]:
    """Place `order` under `client_order_id` before `until`, in the time of `clock`.

    However often this runs with one id, in however many processes and with whatever failures in between, the broker has
    at most one order for it: whoever comes second is refused by the broker and finds the first one's order.

    Raises:
        OrderRejected: the broker refused; there is no order.
        IdempotencyConflict: the broker has another order under that id.
        OrderStateUnknown: an answer was lost, and asking did not help in time.
        ProviderError: the order surely did not reach the broker.
    """
    if clock() >= until:
        raise DeadlineExceeded("the time allowed was over before the order was sent", retryable=True)
    wait = FIRST_PAUSE_S
    lost = replayed = False
    for sends in range(1, MAX_SENDS + 1):
        may_send = sends < MAX_SENDS
        try:
            return (yield from venue.send_order(order, client_order_id))
        except ProviderError as exc:
            if _is_duplicate(exc):
                replayed, may_send = not lost, False
            elif not lost and is_answer(exc):
                if not (exc.retryable and may_send and clock() + _pause(exc, wait) < until):
                    raise
                yield Pause(_pause(exc, wait))
                continue  # it never got there: nothing to ask for
            lost = True
        try:
            found = yield from ask(venue, client_order_id, until, clock, may_send)
        except NotFound:
            continue
        if not same_order(order, found):
            raise IdempotencyConflict(
                f"The broker has an order with other terms under the id {client_order_id}; look at it before you use "
                "a new idempotency key."
            )
        return replace(found, replayed=replayed)
    raise unknown(client_order_id)


def ask(venue: Venue, client_order_id: str, until: float, clock: Clock, may_send: bool) -> Flow[Order]:
    """Ask until the order is found.

    Raises:
        NotFound: the broker has none, and `may_send` allows to send it again.
        OrderStateUnknown: `until` came first.
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
        if clock() + wait >= until:
            raise unknown(client_order_id)
        yield Pause(wait)
        wait = min(2 * wait, LONGEST_PAUSE_S)
        if absent is not None and may_send:
            raise absent


def _is_duplicate(exc: ProviderError) -> bool:
    return isinstance(exc, OrderRejected) and exc.reason is RejectReason.DUPLICATE_CLIENT_ORDER_ID


def is_answer(exc: ProviderError) -> bool:
    """Say whether the error proves that the send had no effect; a doubt is a no."""
    if isinstance(exc, (OrderRejected, AuthenticationFailed, CircuitOpen, RateLimited)):
        return not _is_duplicate(exc)
    return exc.vendor_code == UNREACHABLE


def _pause(exc: ProviderError, wait: float) -> float:
    return max(wait, exc.retry_after or 0.0)


def unknown(client_order_id: str) -> OrderStateUnknown:
    """Return the error for an order that may or may not be there."""
    return OrderStateUnknown(
        "nobody can say yet whether the order was placed; ask for it by its client order id, or submit it again with "
        "its idempotency key, if it had one",
        client_order_id=client_order_id,
    )
