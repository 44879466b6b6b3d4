"""Closing a position, or part of it, with an order like any other.
Floor 2: a broker's own call for this takes no client order id as a rule, so it could not be repeated safely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from fin_infra.errors import InvalidInput
from fin_infra.model import AssetClass, BrokerAccount, InstrumentKey, NewOrder, Order, Side
from fin_infra.trading import ids
from fin_infra.trading.desk import CloseDesk, or_none
from fin_infra.trading.journal import JournalEntry
from fin_infra.trading.proposal import Proposal
from fin_infra.trading.request import OrderRequest, Prepared, prepared
from fin_infra.transport import Flow

_STEP = Decimal("1e-9")
"""A percentage is rounded down to this: Alpaca takes nine decimals of a quantity (recorded of its paper API)."""


@dataclass(frozen=True, kw_only=True)
class Closing(OrderRequest):
    """A position to close: all of it, a `quantity`, or a `percent`.

    `run` raises NotFound where the account has no position in it, InvalidInput where there is no such part of it.
    """

    desk: CloseDesk
    key: InstrumentKey
    quantity: Decimal | None = None
    percent: Decimal | None = None

    @property
    def fingerprint(self) -> str:
        return ids.request_fingerprint("close", str(self.key), self.quantity, self.percent)

    def belongs(self, known: JournalEntry) -> bool:
        """What an earlier release wrote says nothing of closing; the broker's order decides then."""
        return super().belongs(known) or ids.is_first_version(known.fingerprint)

    def prepare(self, account: BrokerAccount) -> Flow[Prepared]:
        held = yield from self.desk.position_now(self.key)
        order = self._order(held.quantity, held.asset_class)
        return prepared(Proposal(order, (yield from self.desk.context(order, account, self.queue))))

    def recognize(self, found: Order, attempts: Sequence[JournalEntry]) -> Flow[bool]:
        came_to = yield from self._came_to(found, attempts)
        return came_to is not None and ids.same_order(came_to, found)

    def _came_to(self, found: Order, attempts: Sequence[JournalEntry]) -> Flow[NewOrder | None]:
        """Return the order that the journal knows for this request, else the one it comes to before `found` filled."""
        if found.side is None or found.quantity is None:
            return None
        made = NewOrder(key=self.key, side=found.side, quantity=found.quantity, time_in_force=found.time_in_force)
        if any(attempt.fingerprint == ids.with_order(self.fingerprint, made) for attempt in attempts):
            return made
        held = yield from or_none(self.desk.position_now(self.key))
        left = Decimal(0) if held is None else held.quantity
        before = left + found.filled_quantity if found.side is Side.SELL else left - found.filled_quantity
        try:
            return self._order(before, found.asset_class) if before else None
        except InvalidInput:
            return None

    def _order(self, held: Decimal, kind: AssetClass) -> NewOrder:
        """Return a market order for the other side; where coins are traded around the clock, `day` is not taken."""
        rules = self.desk.rules.get(kind)
        order = NewOrder(
            key=self.key, side=Side.SELL if held > 0 else Side.BUY, quantity=self._part_of(held.copy_abs())
        )
        times = sorted(rules.fractional_times) if rules and rules.always_open else []
        return replace(order, time_in_force=times[0]) if times else order

    def _part_of(self, held: Decimal) -> Decimal:
        quantity, percent = self.quantity, self.percent
        for part in (quantity, percent):
            if part is not None and not (isinstance(part, Decimal) and part.is_finite()):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped users
                raise InvalidInput('The part of a position to close must be a finite Decimal, such as Decimal("1.5").')
        if quantity is not None and percent is not None:
            raise InvalidInput("Give a quantity or a percent of the position to close, not both.")
        if percent is not None:
            if not 0 < percent <= 100:
                raise InvalidInput("The percent of a position to close must be above 0 and at most 100.")
            return (held * percent / 100).quantize(_STEP, rounding=ROUND_DOWN).normalize()
        if quantity is not None and not 0 < quantity <= held:
            raise InvalidInput(f"The position is {held}; close that much or less.")
        return held if quantity is None else quantity
