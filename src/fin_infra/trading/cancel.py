"""Canceling every open order, one by one, at a broker that has no call for it.
Floor 2: each order is asked for, whatever became of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fin_infra.errors import NotFound, OrderRejected, ProviderError, UnexpectedPayload
from fin_infra.model import Cancellation, Order, RowError
from fin_infra.transport import Effect, Flow, Page, Pages

T = TypeVar("T")


def cancel_all(orders: Pages[Order], cancel: Callable[[str], Flow[None]]) -> Flow[list[Cancellation]]:
    """Ask to cancel each of the orders.

    Raises:
        ProviderError: of some orders nobody knows whether they will be canceled; the others were asked for all the
            same. The first such error.
    """
    found: list[Cancellation] = []
    first: ProviderError | None = None
    listed, unread = yield from _items(orders)
    idents = [order.id for order in listed] + [error.id for error in unread if error.id is not None]
    if any(error.id is None for error in unread):
        first = UnexpectedPayload("an open order cannot be read and has no id, so it was not canceled")
    for ident in idents:
        try:
            yield from cancel(ident)
        except (OrderRejected, NotFound):
            found.append(Cancellation(order_id=ident, accepted=False))
        except ProviderError as exc:
            first = first or exc
        else:
            found.append(Cancellation(order_id=ident, accepted=True))
    if first is not None:
        raise first
    return found


def _items(pages: Pages[T]) -> Flow[tuple[list[T], list[RowError]]]:
    """Return what all the pages hold, and what of it cannot be read.

    A list that is changed while it is read is read to its end first.
    """
    found: list[T] = []
    errors: list[RowError] = []
    advance: Callable[[Any], Any] = pages.send
    value: Any = None
    try:
        while True:
            try:
                effect: Effect | Page[Any] = advance(value)
            except StopIteration:
                return found, errors
            advance, value = pages.send, None
            if isinstance(effect, Page):
                found.extend(effect.items)
                errors.extend(effect.errors)
                continue
            try:
                value = yield effect
            except Exception as exc:
                advance, value = pages.throw, exc
    finally:
        pages.close()
