"""A client in one process: the flow of a request that is stepped until it ends or is killed, and what it talks to."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any

from fin_infra.errors import FinInfraError, NotFound, OrderRejected, RejectReason
from fin_infra.model import AssetClass, NewOrder, OrderChange, Side
from fin_infra.providers.brokerage.alpaca.rules import RULES as ALPACA
from fin_infra.trading import Closing, Context, Journal, Replacement, Submission, Time, reconcile
from fin_infra.trading.cancel import cancel_all
from fin_infra.transport import Page
from tests.trading.schedules.effects import (
    Ask,
    Cancel,
    Change,
    Close,
    Drop,
    Find,
    Post,
    Submit,
    Wanted,
    is_definite,
)
from tests.trading.support import AAPL, account, asset, market, quote

if TYPE_CHECKING:
    from tests.trading.schedules.world import World

DEADLINE_S = 30.0
ASSET, QUOTE = asset(), quote()
Asked = Generator[Any, Any, Any]


class Desk:
    """What the requests talk to; every question becomes an effect that the world answers."""

    rules: Mapping[AssetClass, Any] = ALPACA

    def __init__(self, world: World) -> None:
        self.world = world

    def account_now(self) -> Asked:
        return (yield Ask(lambda: account(self.world.account_id)))

    def send_order(self, order: NewOrder, client_order_id: str) -> Asked:
        return (yield Post(order, client_order_id))

    def send_change(self, order_id: str, change: OrderChange, client_order_id: str) -> Asked:
        return (yield Post(Change(order_id, change), client_order_id))

    def find_order(self, client_order_id: str) -> Asked:
        return (yield Find(client_order_id))

    def order_now(self, order_id: str) -> Asked:
        return (yield Ask(lambda: self.world.venue.order(order_id)))

    def position_now(self, key: Any) -> Asked:
        return (yield Ask(self.world.venue.position))

    def cancel(self, order_id: str) -> Asked:
        yield Drop(order_id)
        return "canceled"

    def open_orders(self) -> Asked:
        found = yield Ask(self.world.venue.open_orders)
        yield Page(found[:1])
        yield Page(found[1:])

    def context(self, order: NewOrder, account_: Any, queue: bool) -> Asked:
        return (yield Ask(lambda: self._context(order)))

    def _context(self, order: NewOrder) -> Context:
        venue = self.world.venue
        broke = venue.is_poor() and self.world.random.random() < 0.5
        return Context(
            limits=self.world.limits,
            rules=ALPACA[AssetClass.EQUITY],
            account=account(self.world.account_id, buying_power="1" if broke else "1000000"),
            clock=market(self.world.wall()),
            asset=ASSET,
            quote=QUOTE,
            position=venue.position() if order.side is Side.SELL and venue.held else None,
            queue=True,
        )


class Client:
    """One call in one process. `outcome` stays None where it was killed."""

    def __init__(self, world: World, journal: Journal, key: str | None, wanted: Wanted, patient: bool = True) -> None:
        self.world = world
        self.journal = journal
        self.key = key
        self.wanted = wanted
        self.began_at = world.now
        self.until = world.now + DEADLINE_S
        self.outcome: Any = None
        self.ended_at = 0.0
        self.posts = 0
        self.drops: list[str] = []
        self.doubt = self.exists = False
        self.flow = self._flow(patient)

    def _flow(self, patient: bool) -> Asked:
        desk, wanted = Desk(self.world), self.wanted
        if isinstance(wanted, Cancel):
            if wanted.order_id is not None:
                return desk.cancel(wanted.order_id)
            return cancel_all(desk.open_orders(), desk.cancel)
        way: dict[str, Any] = {
            "desk": desk,
            "journal": self.journal,
            "limits": self.world.limits,
            "queue": True,
            "time": Time(self.until, lambda: self.world.now, self.world.wall),
            "wait": patient,
        }
        match wanted:
            case Submit(order):
                return Submission(order=order, **way).run(self.key)
            case Change(order_id, change):
                return Replacement(order_id=order_id, change=change, **way).run(self.key)
            case Close(quantity, percent):
                return Closing(key=AAPL, quantity=quantity, percent=percent, **way).run(self.key)

    def start(self) -> None:
        self.advance(None)

    def advance(self, answer: Any) -> None:
        try:
            effect = self.flow.throw(answer) if isinstance(answer, Exception) else self.flow.send(answer)
        except StopIteration as stop:
            self.outcome, self.ended_at = stop.value, self.world.now
        except FinInfraError as exc:
            self.outcome, self.ended_at = exc, self.world.now
        else:
            self.world.carry_out(self, effect)

    def kill(self) -> None:
        """End the process where it stands."""
        self.flow.close()
        self.world.killed(self)

    def hear(self, effect: Post | Find | Drop, answer: Any) -> None:
        """Take an answer, and remember whether it leaves room for an order that nobody has seen."""
        if isinstance(effect, Find):
            self.doubt = self.doubt and not isinstance(answer, NotFound)
        elif isinstance(effect, Post):
            if isinstance(answer, OrderRejected):
                duplicate = answer.reason is RejectReason.DUPLICATE_CLIENT_ORDER_ID
                self.doubt, self.exists = self.doubt or duplicate, self.exists or duplicate
            elif isinstance(answer, Exception) and not is_definite(answer):
                self.doubt = True
        self.advance(answer)


class Reconciler(Client):
    """A process that looks after orders whose end nobody saw."""

    def __init__(self, world: World, journal: Journal) -> None:
        super().__init__(world, journal, None, Cancel("nothing"))

    def _flow(self, patient: bool) -> Asked:
        return reconcile(Desk(self.world), self.journal, self.world.wall)
