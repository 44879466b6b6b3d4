"""One key is one request: what the journal and the broker make of it when another kind or amount comes with the key."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import IdempotencyConflict, OrderChecksFailed, OrderStateUnknown, UnexpectedPayload
from fin_infra.model import Order, OrderChange, OrderStatus, OrderType, Side
from fin_infra.trading import SqliteJournal, State, TradingLimits, client_order_id
from tests.trading.make_old_journal import ORDERS
from tests.trading.support import AAPL, OPEN, d, market, new_order, placed, position
from tests.trading.test_brokers import LIMIT, LOST, Book, Driver

OLD = (Path(__file__).parent / "journal_b2dae12.sql").read_text(encoding="utf-8")


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Iterator[Driver]:
    driver = Driver(request.param, Book)
    yield driver
    driver.broker.journal.close()


def fill(run: Driver, key: str, left: str | None) -> Order:
    """Fill the order of a key at the broker, and leave that position."""
    ident = client_order_id("account-1", key)
    order = run.broker.book[ident]
    run.broker.book[ident] = replace(order, status=OrderStatus.FILLED, filled_quantity=order.quantity)
    run.broker.held = None if left is None else position(left)
    found: Order = run.broker.book[ident]
    return found


def lose_journal(run: Driver) -> None:
    run.broker.journal.close()
    run.broker.journal = SqliteJournal(":memory:")


PARTS: list[dict[str, Any]] = [
    {},
    {"quantity": d("2")},
    {"quantity": d("5")},
    {"percent": d("20")},
    {"percent": d("50")},
    {"percent": d("100")},
]


@pytest.mark.parametrize("first", range(len(PARTS)))
def test_close_when_the_key_closed_another_amount_then_is_a_conflict(run: Driver, first: int) -> None:
    run.broker.held = position("10")
    made = run("close_position", AAPL, idempotency_key="close", **PARTS[first])
    for number, part in enumerate(PARTS):
        if number == first:
            assert run("close_position", AAPL, idempotency_key="close", **part).id == made.id
        else:
            with pytest.raises(IdempotencyConflict):
                run("close_position", AAPL, idempotency_key="close", **part)
    assert len(run.broker.sent) == 1


@pytest.mark.parametrize("journal", ["kept", "lost"])
def test_close_when_the_key_bought_then_is_a_conflict(run: Driver, journal: str) -> None:
    """The order under the key is at the market for the same shares, and yet no closing."""
    run.broker.held = None
    run.submit(new_order("10"), key="key")
    fill(run, "key", "10")
    if journal == "lost":
        lose_journal(run)
    with pytest.raises(IdempotencyConflict):
        run("close_position", AAPL, idempotency_key="key")
    assert len(run.broker.sent) == 1


@pytest.mark.parametrize(
    ("part", "left", "agrees"),
    [
        ({"quantity": d("2")}, "8", True),
        ({"percent": d("20")}, "8", True),
        ({"quantity": d("5")}, "8", False),
        ({"percent": d("100")}, "8", False),
        ({}, "8", False),
        ({}, None, True),  # the two were all there was, as far as the broker can say
    ],
)
def test_close_when_the_journal_is_lost_then_the_brokers_order_must_be_what_was_asked(
    run: Driver, part: dict[str, Any], left: str | None, agrees: bool
) -> None:
    run.broker.held = position("10")
    run("close_position", AAPL, quantity=d("2"), idempotency_key="close")
    fill(run, "close", left)
    lose_journal(run)
    if agrees:
        assert run("close_position", AAPL, idempotency_key="close", **part).replayed
    else:
        with pytest.raises(IdempotencyConflict):
            run("close_position", AAPL, idempotency_key="close", **part)
    assert len(run.broker.sent) == 1


def test_close_when_the_journal_is_lost_and_a_purchase_is_half_filled_then_it_is_no_closing_of_the_rest(
    run: Driver,
) -> None:
    """Seven were held and seven bought, three of which came: a closing of seven would look like it but for its side."""
    run.broker.held = position("7")
    run.submit(new_order("7"), key="key")
    ident = client_order_id("account-1", "key")
    run.broker.book[ident] = replace(run.broker.book[ident], filled_quantity=d("3"))
    run.broker.held = position("10")
    lose_journal(run)
    with pytest.raises(IdempotencyConflict):
        run("close_position", AAPL, idempotency_key="key")
    assert len(run.broker.sent) == 1


@pytest.mark.parametrize("first", ["close", "submit"])
@pytest.mark.parametrize(("size", "seconds", "stopped"), [("10", 9, True), ("10", 11, False), ("9", 9, False)])
def test_close_and_submit_when_they_come_to_the_same_order_then_the_second_is_a_duplicate(
    run: Driver, first: str, size: str, seconds: int, stopped: bool
) -> None:
    """Ten are held, so closing them all is selling ten at the market; the window is ten seconds by default."""
    run.broker.limits = TradingLimits()
    run.broker.held = position("10")

    def close() -> None:
        run("close_position", AAPL, idempotency_key="close")

    def submit() -> None:
        run.submit(new_order(size, side=Side.SELL), key="sell")

    one, other = (close, submit) if first == "close" else (submit, close)
    one()
    run.broker.hours = market(OPEN + timedelta(seconds=seconds))
    if stopped:
        with pytest.raises(OrderChecksFailed, match="The same order was sent less than 10 s ago under another key"):
            other()
    else:
        other()
    assert len(run.broker.sent) == (1 if stopped else 2)


def test_close_when_the_same_part_is_closed_again_at_once_then_is_a_duplicate(run: Driver) -> None:
    """A fifth of ten is two, and a fifth of the eight left another number, but one request all the same."""
    run.broker.limits = TradingLimits()
    run.broker.held = position("10")
    run("close_position", AAPL, percent=d("20"), idempotency_key="one")
    run.broker.held = position("8")
    with pytest.raises(OrderChecksFailed, match="The same order was sent less than 10 s ago"):
        run("close_position", AAPL, percent=d("20"), idempotency_key="two")


def test_close_when_the_position_moved_while_the_first_is_in_doubt_then_no_other_size_is_sent(run: Driver) -> None:
    """A fifth of ten may be there as two; a fifth of five would be one, under the same id."""
    run.broker.held = position("10")
    run.broker.faults = [(False, LOST)] * 3
    with pytest.raises(OrderStateUnknown):
        run("close_position", AAPL, percent=d("20"), idempotency_key="close")
    sent = len(run.broker.sent)
    run.broker.held = position("5")
    with pytest.raises(OrderStateUnknown):
        run("close_position", AAPL, percent=d("20"), idempotency_key="close")
    assert len(run.broker.sent) == sent
    run.broker.now = lambda: OPEN + timedelta(seconds=600)  # by now it would have landed
    assert run("close_position", AAPL, percent=d("20"), idempotency_key="close").quantity == d("1")


def test_close_when_another_order_moved_the_position_then_the_key_still_finds_its_order(run: Driver) -> None:
    """What the broker shows of the position says nothing any more; the journal knows which order the request became."""
    run.broker.held = position("10")
    made = run("close_position", AAPL, percent=d("20"), idempotency_key="close")
    fill(run, "close", "500")
    again = run("close_position", AAPL, percent=d("20"), idempotency_key="close")
    assert (again.id, again.replayed) == (made.id, True)


def test_submit_when_the_key_closed_a_position_then_is_a_conflict(run: Driver) -> None:
    run.broker.held = position("10")
    run("close_position", AAPL, idempotency_key="close")
    with pytest.raises(IdempotencyConflict):
        run.submit(new_order("10", side=Side.SELL), key="close")


def test_replace_when_other_terms_come_to_the_same_order_then_is_a_conflict(run: Driver) -> None:
    """Ten is the quantity already; the key changed the price."""
    run.submit()
    run("replace_order", "order-1", OrderChange(limit_price=d("101")), idempotency_key="change")
    with pytest.raises(IdempotencyConflict):
        run("replace_order", "order-1", OrderChange(quantity=d("10")), idempotency_key="change")


def test_replace_when_sent_then_is_written_down_before_and_after(run: Driver) -> None:
    run.submit()
    run("replace_order", "order-1", OrderChange(limit_price=d("101")), idempotency_key="change")
    assert run.state(client_order_id("account-1", "change")) is State.PLACED


def test_replace_when_the_process_dies_after_the_send_then_reconciling_finds_the_change(run: Driver) -> None:
    run.submit()
    run.broker.faults = [(True, KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        run("replace_order", "order-1", OrderChange(limit_price=d("101")), idempotency_key="change")
    ident = client_order_id("account-1", "change")
    assert run.state(ident) is State.INTENT
    assert run("reconcile_orders") == []
    assert run.state(ident) is State.PLACED


def test_replace_when_its_answer_is_lost_then_the_words_are_of_a_change(run: Driver) -> None:
    run.submit()
    run.broker.faults = [(False, LOST)]
    with pytest.raises(OrderStateUnknown, match=r"whether the order was changed; .* ask for the same change again"):
        run("replace_order", "order-1", OrderChange(limit_price=d("101")), idempotency_key="change")


def test_replace_when_the_order_grows_then_only_the_growth_counts_to_the_days_limit(run: Driver) -> None:
    """10 at 100 are 1000 of the 1500; 14 make it 1400, 16 would be 1600."""
    run.broker.limits = TradingLimits(max_notional_per_day=d("1500"), duplicate_window_s=None)
    run.submit()
    with pytest.raises(OrderChecksFailed, match=r"come to about 1000\.00; with this one of about 600\.00"):
        run("replace_order", "order-1", OrderChange(quantity=d("16")))
    grown = run("replace_order", "order-1", OrderChange(quantity=d("14")))
    smaller = run("replace_order", grown.id, OrderChange(quantity=d("1")))
    assert smaller.quantity == d("1")
    with pytest.raises(OrderChecksFailed, match=r"come to about 1400\.00"):
        run.submit(new_order("2", type=OrderType.LIMIT, limit_price="100"), key="another")


def test_latest_order_when_replaced_twice_then_is_the_last(run: Driver) -> None:
    for number in (1, 2, 3):
        order = placed(LIMIT, f"fin-{number}", f"order-{number}")
        follows = f"order-{number + 1}" if number < 3 else None
        run.broker.book[order.client_order_id] = replace(order, replaced_by=follows)
    assert [run("latest_order", f"order-{number}").id for number in (1, 2, 3)] == ["order-3"] * 3
    last = run.broker.book["fin-3"]
    run.broker.book["fin-3"] = replace(last, replaced_by="order-1")
    with pytest.raises(UnexpectedPayload, match="in a circle"):
        run("latest_order", "order-1")


# A journal of commit b2dae12.


@pytest.fixture
def upgraded(run: Driver, tmp_path: Path) -> Driver:
    file = tmp_path / "orders.sqlite3"
    with sqlite3.connect(file) as made:
        made.executescript(OLD)
    made.close()
    run.broker.journal.close()
    run.broker.journal = SqliteJournal(file)
    run.broker.now = lambda: OPEN + timedelta(seconds=10)
    for number, (key, order, _) in enumerate(ORDERS, 1):
        ident = client_order_id("account-1", key)
        run.broker.book[ident] = placed(order, ident, f"order-{number}")
    return run


@pytest.mark.parametrize("number", range(len(ORDERS)))
def test_submit_when_the_key_was_used_before_the_upgrade_then_finds_its_order(upgraded: Driver, number: int) -> None:
    key, order, _ = ORDERS[number]
    again = upgraded.submit(order, key=key)
    assert (again.id, again.replayed) == (f"order-{number + 1}", True)
    with pytest.raises(IdempotencyConflict):
        upgraded.submit(replace(order, quantity=d("99")), key=key)
    assert upgraded.broker.sent == []


def test_close_when_the_key_closed_before_the_upgrade_then_finds_its_order(upgraded: Driver) -> None:
    fill(upgraded, "closed", None)
    again = upgraded("close_position", AAPL, idempotency_key="closed")
    assert (again.id, again.replayed) == ("order-3", True)
    with pytest.raises(IdempotencyConflict):
        upgraded("close_position", AAPL, quantity=d("3"), idempotency_key="closed")
    with pytest.raises(IdempotencyConflict):
        upgraded("close_position", AAPL, idempotency_key="placed")
    with pytest.raises(IdempotencyConflict):
        upgraded("replace_order", "order-1", OrderChange(quantity=d("3")), idempotency_key="closed")
    assert upgraded.broker.sent == []


def test_close_when_the_key_sold_as_many_then_is_a_conflict(run: Driver) -> None:
    """Selling two and closing two come to one order, and are two requests."""
    run.broker.held = position("10")
    run.submit(new_order("2", side=Side.SELL), key="sell")
    fill(run, "sell", "8")
    with pytest.raises(IdempotencyConflict):
        run("close_position", AAPL, quantity=d("2"), idempotency_key="sell")
    assert len(run.broker.sent) == 1


def test_close_when_the_position_is_gone_and_an_attempt_is_in_doubt_then_says_that_nobody_knows(run: Driver) -> None:
    run.broker.held = position("10")
    run.broker.faults = [(False, LOST)] * 3
    with pytest.raises(OrderStateUnknown):
        run("close_position", AAPL, idempotency_key="close")
    run.broker.held = None
    with pytest.raises(OrderStateUnknown):
        run("close_position", AAPL, idempotency_key="close")
