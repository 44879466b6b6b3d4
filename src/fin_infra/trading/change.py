"""Changing an open order: check the order as it would be, send the change once, find it again if the answer is lost.
Floor 2: what is asked for; `request` carries it out. A change is never sent twice in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, Literal, TypeVar

from fin_infra.errors import IdempotencyConflict, InvalidInput, ProviderError, UnexpectedPayload
from fin_infra.model import BrokerAccount, Money, NewOrder, Order, OrderChange, OrderClass, OrderType, Side
from fin_infra.trading import ids
from fin_infra.trading.checks import check
from fin_infra.trading.context import Context
from fin_infra.trading.desk import ChangeDesk
from fin_infra.trading.journal import JournalEntry
from fin_infra.trading.place import ask
from fin_infra.trading.proof import no_effect
from fin_infra.trading.proposal import Proposal, estimate
from fin_infra.trading.request import OrderRequest, Prepared
from fin_infra.transport import Flow

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Replacement(OrderRequest):
    """A change on its way to an open order."""

    desk: ChangeDesk
    order_id: str
    change: OrderChange
    kind: ClassVar[Literal["order", "change"]] = "change"

    def __post_init__(self) -> None:
        if self.change == OrderChange():
            raise InvalidInput("The change changes nothing; give at least one new term.")

    @property
    def fingerprint(self) -> str:
        change = self.change
        terms = (change.quantity, change.time_in_force, change.limit_price, change.stop_price, change.trail)
        return ids.request_fingerprint("change", self.order_id, *terms)

    def written(self, prepared: Prepared) -> str:
        """Without the order, which no new one is to be taken for."""
        return self.fingerprint

    def prepare(self, account: BrokerAccount) -> Flow[Prepared]:
        """Check the order as it would be; the day's sum grows by what it is worth more than before."""
        current = yield from self.desk.order_now(self.order_id)
        changed = _changed(current, self.change)
        context = yield from self.desk.context(changed, account, self.queue)
        worth = Proposal(changed, context).worth or Decimal(0)
        before = estimate(_changed(current, OrderChange()), context.quote) or Decimal(0)
        failures = check(changed, _released(context, current))
        more = max(worth - before, Decimal(0))
        return Prepared(order=changed, failures=failures, estimate=more, now=context.now)

    def summary(self, prepared: Prepared) -> str:
        return f"change {self.order_id} to {super().summary(prepared)}"

    def send(self, prepared: Prepared, client_order_id: str) -> Flow[Order]:
        try:
            return (yield from self.desk.send_change(self.order_id, self.change, client_order_id))
        except ProviderError as exc:
            if no_effect(exc, of="change"):
                raise
        found = yield from ask(self.desk, client_order_id, self.time, may_send=False, of="change")
        if not self._would_change_nothing(found):
            raise IdempotencyConflict("This idempotency key belongs to another request; use a new key for a new one.")
        return found

    def recognize(self, found: Order, attempts: Sequence[JournalEntry]) -> Flow[bool]:
        yield from ()
        return self._would_change_nothing(found)

    def _would_change_nothing(self, found: Order) -> bool:
        """Say whether `found` replaced the order and has what the change asks for already; legs are not its terms."""
        if found.replaces != self.order_id or found.key is None or found.side is None:
            return False
        return ids.same_order(_changed(found, self.change), replace(found, order_class=OrderClass.SIMPLE, legs=()))


def latest(order_now: Callable[[str], Flow[Order]], order_id: str) -> Flow[Order]:
    """Return the order that stands in the end where `order_id` was replaced, or the order itself.

    Raises:
        UnexpectedPayload: the broker's orders replace each other in a circle.
    """
    found = yield from order_now(order_id)
    seen = {found.id}
    while found.replaced_by is not None:
        if found.replaced_by in seen:
            raise UnexpectedPayload(f"the orders that replace {order_id} replace each other in a circle")
        found = yield from order_now(found.replaced_by)
        seen.add(found.id)
    return found


def _changed(current: Order, change: OrderChange) -> NewOrder:
    """Return the order as it would be after the change, for the checks; legs are the broker's to look after."""
    trail = change.trail
    if current.key is None or current.side is None:
        raise InvalidInput(
            "An order with several legs, or for something no key can name, is changed only at the broker's own site."
        )
    return NewOrder(
        key=current.key,
        side=current.side,
        type=current.type,
        quantity=_or(change.quantity, current.quantity),
        notional=current.notional if change.quantity is None else None,
        time_in_force=_or(change.time_in_force, current.time_in_force),
        limit_price=_or(change.limit_price, current.limit_price),
        stop_price=_or(change.stop_price, None if current.type is OrderType.TRAILING_STOP else current.stop_price),
        trail_price=None if current.trail_percent else _or(trail, current.trail_price),
        trail_percent=_or(trail, current.trail_percent) if current.trail_percent else None,
        extended_hours=current.extended_hours,
        order_class=OrderClass.SIMPLE,
        currency=current.currency,
    )


def _or(changed: T | None, present: T) -> T:
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
