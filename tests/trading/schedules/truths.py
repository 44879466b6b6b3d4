"""What must be true of every schedule, said without the code under test: by what the broker has, and hand calculation.

Requests without a key and those of journals that are not shared are held to less: see each check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any

from fin_infra.errors import (
    FinInfraError,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    OrderChecksFailed,
    OrderRejected,
    OrderStateUnknown,
)
from fin_infra.model import NewOrder, Order, OrderChange, OrderStatus, OrderType, Side
from fin_infra.trading import Journal, JournalEntry, State, client_order_id
from fin_infra.trading.change import latest
from fin_infra.trading.journal import combined
from tests.trading.schedules.client import Client, Desk, Reconciler
from tests.trading.schedules.effects import Ask, Cancel, Change, Close, Post, Submit, Wanted
from tests.trading.schedules.venue import Booked
from tests.trading.support import OPEN, new_order

if TYPE_CHECKING:
    from tests.trading.schedules.world import World

BID, MARKET_BUY = Decimal("99.99"), Decimal("100.01") * Decimal("1.04")
"""What a share to sell and a share to buy at the market count for: the quote, with four percent on the offer."""
DAY_S = 86_400.0
DAYS = [OPEN.replace(hour=4) + timedelta(days=number) for number in range(5)]
"""Midnights of New York, on summer time."""


# While it plays.


def may_post(world: World, client: Client, post: Post) -> None:
    """Nothing is sent that is not written down, while an earlier send is in doubt, or under another request's key."""
    assert not client.doubt, "sent again without asking"
    assert not client.exists, "sent again although the broker has an order under that id"
    assert client.key is None or post.client_order_id == client_order_id(world.account_id, client.key), "another id"
    entry = combined(client.journal.find(world.account_id, post.client_order_id))
    assert entry is not None, "sent before it was written down"
    assert entry.state.counts, "sent although the journal says that it is over"
    flying = [other.what for other in world.flying if other.client_order_id == post.client_order_id]
    shared = world.sharing == "shared"
    assert not shared or all(what == post.what for what in flying), "sent while another order under its id may arrive"
    meant = world.meanings.setdefault(entry.fingerprint.partition("/")[0], client.wanted)
    assert meant == client.wanted, "sent under the key of another request"
    match client.wanted:
        case Submit(order):
            assert post.what == order, "not the order that was asked for"
        case Change():
            assert post.what == client.wanted, "not the change that was asked for"
        case Close():
            _is_a_part(world, client, client.wanted, post)
        case Cancel():
            raise AssertionError("a cancellation that sends an order")
    client.posts += 1


def _is_a_part(world: World, client: Client, close: Close, post: Post) -> None:
    """What a closing sends is its part of a position that there was since it began."""
    order = post.what
    assert isinstance(order, NewOrder)
    assert (order.side, order.type) == (Side.SELL, OrderType.MARKET), "no shares are ever short here"
    assert order.quantity in {_part(close, held) for held in _held_since(world, client.began_at)}, "not that part"


def _held_since(world: World, began_at: float) -> list[Decimal]:
    positions = world.venue.positions
    before = [held for at, held in positions if at < began_at]
    return [*before[-1:], *(held for at, held in positions if at >= began_at)]


def _part(close: Close, held: Decimal) -> Decimal:
    if close.quantity is not None:
        return close.quantity
    if close.percent is not None:
        return (held * close.percent / 100).quantize(Decimal("1e-9"), rounding=ROUND_DOWN)
    return held


# After it was played.


def check(world: World) -> None:
    _check_count(world)
    for client in world.clients:
        if client.outcome is None:
            continue
        if isinstance(client.wanted, Cancel):
            _check_cancel(world, client, client.wanted)
        else:
            _check_outcome(world, client)
    _check_journals(world)
    _check_sums(world)
    _check_replays(world)
    _check_chains(world)
    _check_shares(world)


def _booked(world: World) -> list[Booked]:
    """Return what clients have made, without the orders of the broker's own site."""
    return [booked for booked in world.venue.orders.values() if booked.call is not None]


def _of(world: World, key: str) -> list[Booked]:
    found = world.venue.orders.get(client_order_id(world.account_id, key))
    return [] if found is None else [found]


def _check_count(world: World) -> None:
    """One order for each key, and for each call without one."""
    names = [booked.call and (booked.call.key or booked.call) for booked in _booked(world)]
    assert len(names) == len(set(names)), "one request, two orders"


def _check_outcome(world: World, client: Client) -> None:
    outcome = client.outcome
    mine = [booked for booked in _booked(world) if booked.call is client]
    of_key = mine if client.key is None else _of(world, client.key)
    if isinstance(outcome, Order):
        assert [booked.order.id for booked in of_key] == [outcome.id]
        made = of_key[0].call
        assert made is not None
        if world.sharing == "shared" or not isinstance(client.wanted, Close):  # a closing may look like another
            assert made.wanted == client.wanted, "somebody else's order"
        assert not (outcome.replayed and mine), "called a replay of what it did itself"
        known = combined(client.journal.find(world.account_id, outcome.client_order_id))
        if mine or world.sharing == "shared":  # another journal's order need not be in this one
            assert known is not None, "not written down"
            assert known.state is State.PLACED, "not written down"
        return
    assert isinstance(outcome, FinInfraError), f"not one of ours: {outcome!r}"
    if isinstance(outcome, OrderStateUnknown):
        assert client.key is None or outcome.client_order_id == client_order_id(world.account_id, client.key)
        return
    assert not mine, f"answered that there is no order: {outcome!r}"
    if isinstance(outcome, IdempotencyConflict):
        others = [other for other in world.clients if other.key == client.key and other.wanted != client.wanted]
        alone = isinstance(client.wanted, Close) and world.sharing != "shared"  # others may have moved the position
        assert others or alone, "a conflict with nobody"
    elif isinstance(outcome, (OrderRejected, OrderChecksFailed, NotFound, InvalidInput)) and world.sharing == "shared":
        early = [booked for booked in of_key if booked.posted_at <= client.ended_at]
        assert not early, f"answered that there is no order, and there was one under way: {outcome!r}"


def _check_cancel(world: World, client: Client, cancel: Cancel) -> None:
    """What is said of a cancellation is what the broker did; each open order is asked for, whatever befell others."""
    taken = {order_id: was for call, order_id, was in world.venue.dropped if call is client}
    if cancel.order_id is not None:
        assert client.outcome != "canceled" or taken[cancel.order_id], "canceled, and it was not taken"
        assert not isinstance(client.outcome, OrderRejected) or not taken[cancel.order_id], "refused, and it was taken"
        return
    assert len(client.drops) == len(set(client.drops)), "asked twice to cancel one order"
    if isinstance(client.outcome, list):
        assert [(row.order_id, row.accepted) for row in client.outcome] == [
            (order_id, taken.get(order_id, False)) for order_id in client.drops
        ]
    else:
        assert isinstance(client.outcome, FinInfraError), f"not one of ours: {client.outcome!r}"
    if client.drops or isinstance(client.outcome, list):  # the orders could be listed
        open_all_the_time = {
            booked.order.id
            for booked in world.venue.orders.values()
            if not booked.order.status.is_final and booked.visible_at < client.began_at
        }
        assert open_all_the_time <= set(client.drops), "an open order was passed over"


def _check_journals(world: World) -> None:
    """After a reconciliation nothing is open, and an order is there exactly where the journal says so."""
    world.now += 600
    for journal in world.journals[:1] if world.sharing == "shared" else world.journals:
        assert world.calmly(Reconciler(world, journal)).outcome == [], "still open after all has landed"
        assert journal.unresolved(world.account_id) == []
    for booked in _booked(world):
        assert booked.call is not None
        entry = combined(booked.call.journal.find(world.account_id, booked.order.client_order_id))
        assert entry is not None, "an order left out"
        assert (entry.state, entry.order_id) == (State.PLACED, booked.order.id), "an order left out"
    for client in world.clients:
        if client.key is not None:
            entry = combined(client.journal.find(world.account_id, client_order_id(world.account_id, client.key)))
            if entry is not None and entry.state is State.PLACED:
                assert [booked.order.id for booked in _of(world, client.key)] == [entry.order_id], "there is none"


def _check_sums(world: World) -> None:
    """The orders of each day, at what they were worth when asked for, are the journal's sum, and below the cap.

    Journals that are not shared know of their own orders only, and may count one that another made.
    """
    if world.sharing != "shared":
        return
    for begins in DAYS:
        booked = [one for one in _booked(world) if OPEN + timedelta(seconds=one.posted_at) >= begins]
        worth = sum((_worth(world, one) for one in booked), Decimal(0))
        assert _counted(world, world.journals[0], begins) == worth, "the day's sum is wrong"
        until = begins + timedelta(days=1)
        of_day = [_worth(world, one) for one in booked if OPEN + timedelta(seconds=one.posted_at) < until]
        assert world.cap is None or sum(of_day, Decimal(0)) <= world.cap, "above the cap"


def _worth(world: World, booked: Booked) -> Decimal:
    """A change counts for what it makes the order worth more."""
    worth = _alone(booked.order)
    if not isinstance(booked.wanted, Change):
        return worth
    old = world.venue.by_id(booked.wanted.order_id)
    assert old is not None
    return max(worth - _alone(old.order), Decimal(0))


def _alone(order: Order) -> Decimal:
    assert order.quantity is not None
    if order.type is OrderType.MARKET:
        return order.quantity * (BID if order.side is Side.SELL else MARKET_BUY)
    assert order.limit_price is not None
    return order.quantity * order.limit_price


class _Shown(Exception):
    """Ends the opening of an entry, so that nothing is written."""


def _counted(world: World, journal: Journal, since: datetime) -> Decimal:
    """Return the sum that the journal shows to the next order."""
    seen: list[JournalEntry] = []

    def look(known: JournalEntry | None, others: Sequence[JournalEntry]) -> None:
        seen.extend(others)
        raise _Shown

    probe = JournalEntry(
        account=world.account_id,
        client_order_id="fin-probe",
        attempt="probe",
        fingerprint="probe",
        summary="probe",
        estimate=Decimal(0),
        at=world.wall(),
        lands_by=world.wall(),
    )
    try:
        journal.open(probe, since, look)
    except _Shown:
        return sum((entry.estimate for entry in seen), Decimal(0))
    raise AssertionError("nobody was asked")


def _check_replays(world: World) -> None:
    """A key finds its order as it is now, and nothing else gets under it, however much later."""
    world.now += DAY_S
    world.venue.poor = []
    world.limits = world.limits.model_copy(update={"max_notional_per_day": None})
    for key in sorted({client.key for client in world.clients if client.key}):
        before = _of(world, key)
        if not before:
            outcome = world.calmly(Client(world, world.journals[0], key, Submit(new_order("55")))).outcome
            assert isinstance(outcome, Order), f"the key of an order that never was is not free: {outcome!r}"
            continue
        made = before[0].call
        assert made is not None
        again = world.calmly(Client(world, made.journal, key, made.wanted))
        assert isinstance(again.outcome, Order), f"no replay: {again.outcome!r}"
        assert again.outcome == replace(before[0].order, replayed=True)
        assert again.outcome.filled_quantity == world.venue.filled(again.outcome.id), "a fill was lost"
        assert again.posts == 0, "a replay sent something"
        for other in _others(before[0], made.wanted):
            conflict = world.calmly(Client(world, made.journal, key, other)).outcome
            assert isinstance(conflict, IdempotencyConflict), f"{other} under the key of {made.wanted}: {conflict!r}"
        assert _of(world, key) == before


def _others(booked: Booked, wanted: Wanted) -> list[Wanted]:
    """Return requests of each kind that are not this one, some of which would come to the very same order."""
    size, order = Decimal(777), booked.order
    change = OrderChange(quantity=size)
    if isinstance(wanted, Close):
        same = Submit(new_order(str(order.quantity), side=Side.SELL))
        return [same, Submit(new_order("777", side=Side.SELL)), Change("order-0", change), Close(percent=size / 10)]
    if isinstance(wanted, Change):
        another = "order-1" if wanted.order_id == "order-0" else "order-0"
        same_change = Change(another, wanted.change)
        return [same_change, Change(wanted.order_id, change), Submit(new_order("777")), Close()]
    assert isinstance(wanted, Submit)
    other = Submit(replace(wanted.order, quantity=size))
    return [other, Change("order-0", change), Close(wanted.order.quantity), Close()]


def _check_chains(world: World) -> None:
    """Each order has one successor at most, and whoever follows comes to the one without any."""
    orders = {booked.order.id: booked.order for booked in world.venue.orders.values()}
    for order_id, order in orders.items():
        if isinstance(order.replaced_by, str):
            assert orders[order.replaced_by].replaces == order_id
            assert order.status is OrderStatus.REPLACED
        flow: Any = latest(Desk(world).order_now, order_id)
        found, answer = None, None
        while found is None:
            try:
                effect = flow.send(answer)
            except StopIteration as stop:
                found = stop.value
            else:
                assert isinstance(effect, Ask)
                answer = effect.answer()
        last = order
        while last.replaced_by is not None:
            last = orders[last.replaced_by]
        assert found == last, "the chain does not end there"


def _check_shares(world: World) -> None:
    """After everything was canceled, closing all sells what was held at first and every fill since."""
    world.calmly(Client(world, world.journals[0], None, Cancel()))
    assert not [order for order in world.venue.open_orders() if order.status is not OrderStatus.PENDING_CANCEL]
    sides = {booked.order.id: booked.order.side for booked in world.venue.orders.values()}
    moved = [part if sides[order_id] is Side.BUY else -part for order_id, part in world.venue.fills]
    held = sum(moved, world.venue.start)
    outcome = world.calmly(Client(world, world.journals[0], "the last", Close())).outcome
    if held:
        assert isinstance(outcome, Order), f"cannot close {held}: {outcome!r}"
        assert outcome.quantity == held, "a fill was lost"
    else:
        assert isinstance(outcome, NotFound)
