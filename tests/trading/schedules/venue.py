"""A broker with Alpaca's rules: an id is unique for good, orders fill in parts, end once, and follow one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fin_infra.errors import NotFound, OrderRejected, ProviderError, RejectReason
from fin_infra.model import NewOrder, Order, OrderStatus, OrderType, Position, Side, TimeInForce
from tests.trading.schedules.effects import Change, Post
from tests.trading.support import new_order, placed, position

if TYPE_CHECKING:
    from tests.trading.schedules.client import Client
    from tests.trading.schedules.world import World

LONGEST_LAG_S = 44.0
"""How late an order may be found."""
MANUAL = new_order("10", type=OrderType.LIMIT, limit_price="95", time_in_force=TimeInForce.GTC)
"""What somebody placed at the broker's own site."""


@dataclass
class Booked:
    order: Order
    wanted: NewOrder | Change
    call: Client | None
    """None of an order of the broker's own site."""
    posted_at: float
    visible_at: float


class Venue:
    """Orders by their client order id. What is refused uses no id up; what ended keeps its id and its fills."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.orders: dict[str, Booked] = {}
        self.fills: list[tuple[str, Decimal]] = []
        """Order id and quantity, the truth that nobody edits."""
        self.start = self.held = world.random.choice([Decimal(0), Decimal(40), Decimal(40)])
        self.positions: list[tuple[float, Decimal]] = [(0.0, self.held)]
        self.dropped: list[tuple[Client, str, bool]] = []
        """Who canceled which order, and whether it was taken."""
        self.funds_first = world.random.random() < 0.5
        self.poor: list[tuple[float, float]] = []
        for _ in range(world.random.choice([0, 0, 1, 2, 3])):
            start = world.random.uniform(0, 40)
            self.poor.append((start, start + world.random.choice([2, 20, 200])))
        for number in range(2):
            self._book(placed(MANUAL, f"manual-{number}", f"order-{number}"), MANUAL, None, 0.0)

    def is_poor(self) -> bool:
        return any(start <= self.world.now < end for start, end in self.poor)

    # What arrives.

    def arrive(self, post: Post, call: Client, posted_at: float) -> Order | ProviderError:
        checks = [self._funds, self._unique]
        for check in checks if self.funds_first else reversed(checks):
            refused = check(post)
            if refused is not None:
                return refused
        if isinstance(post.what, Change):
            return self._change(post.what, post.client_order_id, call, posted_at)
        order = placed(post.what, post.client_order_id, f"order-{len(self.orders)}")
        if order.side is Side.SELL and (order.quantity or Decimal(0)) > self.available():
            return _refusal(RejectReason.INSUFFICIENT_QUANTITY, "40310000", 403)
        return self._book(order, post.what, call, posted_at)

    def _change(self, change: Change, client_order_id: str, call: Client, posted_at: float) -> Order | ProviderError:
        old = self.by_id(change.order_id)
        if old is None:
            return NotFound("order not found", http_status=404)
        if old.order.status.is_final or old.order.status is OrderStatus.PENDING_REPLACE:
            return _refusal(RejectReason.NOT_REPLACEABLE, "42210000", 422)
        terms = change.change
        new = replace(
            old.order,
            id=f"order-{len(self.orders)}",
            client_order_id=client_order_id,
            replaces=old.order.id,
            status=OrderStatus.ACCEPTED,
            quantity=terms.quantity or old.order.quantity,
            limit_price=terms.limit_price or old.order.limit_price,
            filled_quantity=Decimal(0),
        )
        old.order = replace(old.order, status=OrderStatus.PENDING_REPLACE)
        booked = self._book(new, change, call, posted_at)
        self._or_later(lambda: self._replaced(change.order_id, client_order_id))
        return booked

    def _replaced(self, order_id: str, client_order_id: str) -> None:
        """The old order may have filled while it was to be replaced: then there is nothing to replace any more."""
        old, new = self.by_id(order_id), self.orders[client_order_id]
        assert old is not None
        if old.order.status.is_final:
            new.order = replace(new.order, status=OrderStatus.REJECTED)
        else:
            old.order = replace(old.order, status=OrderStatus.REPLACED, replaced_by=new.order.id)

    def drop(self, order_id: str, call: Client) -> ProviderError | None:
        """Cancel, now or a little later; until then it may fill."""
        found = self.by_id(order_id)
        if found is None:
            return NotFound("order not found", http_status=404)
        taken = not found.order.status.is_final and found.order.status is not OrderStatus.PENDING_REPLACE
        self.dropped.append((call, order_id, taken))
        if not taken:
            return _refusal(RejectReason.NOT_CANCELABLE, "42210000", 422)
        found.order = replace(found.order, status=OrderStatus.PENDING_CANCEL)
        self._or_later(lambda: self._canceled(order_id))
        return None

    def _canceled(self, order_id: str) -> None:
        found = self.by_id(order_id)
        assert found is not None
        if not found.order.status.is_final:
            found.order = replace(found.order, status=OrderStatus.CANCELED)

    def _or_later(self, act: Any) -> None:
        if self.world.random.random() < 0.6:
            act()
        else:
            self.world.later(self.world.random.uniform(0, 5), act)

    # What is there.

    def by_id(self, order_id: str) -> Booked | None:
        return next((booked for booked in self.orders.values() if booked.order.id == order_id), None)

    def order(self, order_id: str) -> Order:
        found = self.by_id(order_id)
        if found is None:
            raise NotFound("order not found", http_status=404)
        return found.order

    def open_orders(self) -> Sequence[Order]:
        return [booked.order for booked in self.orders.values() if not booked.order.status.is_final]

    def find(self, client_order_id: str) -> Order | ProviderError:
        found = self.orders.get(client_order_id)
        if found is None or self.world.now < found.visible_at:
            return NotFound("order not found", http_status=404)
        return found.order

    def position(self) -> Position:
        if not self.held:
            raise NotFound("position does not exist", http_status=404)
        return position(str(self.held), str(self.available()))

    def available(self) -> Decimal:
        sales = [order for order in self.open_orders() if order.side is Side.SELL]
        return self.held - sum(((order.quantity or Decimal(0)) - order.filled_quantity for order in sales), Decimal(0))

    def filled(self, order_id: str) -> Decimal:
        return sum((quantity for filled, quantity in self.fills if filled == order_id), Decimal(0))

    # What happens there.

    def _book(self, order: Order, wanted: NewOrder | Change, call: Client | None, posted_at: float) -> Order:
        random, now = self.world.random, self.world.now
        lag = random.uniform(0, LONGEST_LAG_S) if random.random() < self.world.trouble else 0.0
        self.orders[order.client_order_id] = Booked(order, wanted, call, posted_at, now + lag)
        likely, late = (0.8, 30.0) if order.type is OrderType.MARKET else (0.4, 200.0)
        if random.random() < likely:
            for _ in range(random.choice([1, 2])):
                self.world.later(random.uniform(0.05, late), lambda: self._fill(order.client_order_id))
        return order

    def _fill(self, client_order_id: str) -> None:
        order = self.orders[client_order_id].order
        old = None if order.replaces is None else self.by_id(order.replaces)
        if order.status.is_final or (old is not None and old.order.status is OrderStatus.PENDING_REPLACE):
            return
        left = (order.quantity or Decimal(0)) - order.filled_quantity
        part = left if self.world.random.random() < 0.5 else (left / 2).quantize(Decimal(1))
        if not part:
            return
        filled = order.filled_quantity + part
        status = order.status
        if part == left:
            status = OrderStatus.FILLED
        elif status is OrderStatus.ACCEPTED:
            status = OrderStatus.PARTIALLY_FILLED
        self.orders[client_order_id].order = replace(order, filled_quantity=filled, status=status)
        self.fills.append((order.id, part))
        self.held += part if order.side is Side.BUY else -part
        self.positions.append((self.world.now, self.held))

    def _funds(self, post: Post) -> ProviderError | None:
        return _refusal(RejectReason.INSUFFICIENT_BUYING_POWER, "40310000", 403) if self.is_poor() else None

    def _unique(self, post: Post) -> ProviderError | None:
        code = self.world.random.choice(["40010001", "42210000"])
        return (
            _refusal(RejectReason.DUPLICATE_CLIENT_ORDER_ID, code, 422) if post.client_order_id in self.orders else None
        )


def _refusal(reason: RejectReason, code: str, status: int) -> OrderRejected:
    return OrderRejected("refused", reason=reason, vendor_code=code, http_status=status)
