"""The book's arithmetic by hand and under random fills: it balances to the cent, always."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.sandbox.broker.assets import Asset, tradable_assets
from fin_infra.sandbox.broker.book import Fill, PositionBook, booked
from tests.support.effort import effort

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ASSETS = tradable_assets()


def fill(side: str, qty: str | Decimal, price: str | Decimal, asset: Asset = ASSETS["AAPL"]) -> Fill:
    q, p = Decimal(qty), Decimal(price)
    return Fill(
        number=1, id="f", at=AT, order_id="o", asset=asset, side=side, price=p, qty=q, amount=booked(side, p, q),
        cum_qty=q, leaves_qty=Decimal(0), order_status="filled",
    )  # fmt: skip


def test_long_when_sold_in_parts_then_cost_leaves_in_proportion() -> None:
    book = PositionBook()
    book.deposit(Decimal("10000.00"), AT)
    book.book(fill("buy", "10", "100.00"))
    book.book(fill("buy", "5", "106.00"))  # cost 1,530
    book.book(fill("sell", "6", "110.00"))  # cost 612 leaves
    held = book.positions["AAPL"]
    assert (held.qty, held.cost) == (9, 918)
    assert book.realized == Decimal("48")
    assert book.cash == Decimal("9130")
    assert held.average_price == 102


def test_short_when_bought_back_cheaper_then_the_difference_is_won() -> None:
    book = PositionBook()
    book.deposit(Decimal("1000"), AT)
    book.book(fill("sell", "10", "50.00"))
    assert (book.cash, book.positions["AAPL"].cost) == (1500, -500)
    book.book(fill("buy", "4", "45.50"))
    assert (book.positions["AAPL"].qty, book.positions["AAPL"].cost, book.realized) == (-6, -300, 18)


def test_long_when_more_is_sold_than_held_then_it_turns_short_at_the_sale() -> None:
    book = PositionBook()
    book.book(fill("buy", "5", "10.00"))
    book.book(fill("sell", "8", "12.00"))
    held = book.positions["AAPL"]
    assert (held.qty, held.cost, book.realized, book.cash) == (-3, -36, 10, 46)


def test_position_when_closed_then_it_is_gone() -> None:
    book = PositionBook()
    book.book(fill("buy", "3", "10.01"))
    book.book(fill("sell", "3", "10.00"))
    assert not book.positions
    assert book.realized == Decimal("-0.03")


def test_amount_when_finer_than_a_cent_then_half_goes_to_even() -> None:
    assert booked("buy", Decimal("0.1250"), Decimal(1)) == Decimal("0.12")
    assert booked("sell", Decimal("0.3350"), Decimal(1)) == Decimal("-0.34")


trades = st.tuples(
    st.sampled_from(["AAPL", "KO", "BTC/USD"]),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 10**13).map(lambda n: Decimal(n).scaleb(-9)),
    st.integers(1, 10**8).map(lambda n: Decimal(n).scaleb(-4)),
)


@settings(max_examples=effort(200), deadline=None)
@given(st.lists(trades, max_size=60), st.lists(st.integers(-(10**9), 10**9), max_size=5))
def test_book_when_filled_at_random_then_it_balances_to_the_last_digit(
    rows: list[tuple[str, str, Decimal, Decimal]], deposits: list[int]
) -> None:
    book = PositionBook()
    for cents in deposits:
        book.deposit(Decimal(cents).scaleb(-2), AT)
    qty: dict[str, Fraction] = {}
    cash = sum((Fraction(cents, 100) for cents in deposits), Fraction(0))
    for symbol, side, size, price in rows:
        entry = fill(side, size, price, ASSETS[symbol])
        book.book(entry)
        sign = 1 if side == "buy" else -1
        exact = Fraction(size) * Fraction(price) * sign
        assert abs(Fraction(entry.amount) - exact) <= Fraction(1, 200)
        cash -= Fraction(entry.amount)
        qty[symbol] = qty.get(symbol, Fraction(0)) + Fraction(size) * sign
        cost = sum((Fraction(held.cost) for held in book.positions.values()), Fraction(0))
        assert Fraction(book.cash) == cash
        assert Fraction(book.cash) + cost == Fraction(book.deposits) + Fraction(book.realized)
        assert {s: Fraction(held.qty) for s, held in book.positions.items()} == {s: q for s, q in qty.items() if q}
        assert all(held.cost == 0 or (held.cost > 0) is (held.qty > 0) for held in book.positions.values())


def test_book_when_filled_ten_thousand_times_then_it_balances() -> None:
    book, cash = PositionBook(), Fraction(0)
    for n in range(10_000):
        size, price = Decimal(n * 7919 % 10_007 + 1).scaleb(-3), Decimal(n * 104_729 % 50_021 + 1).scaleb(-2)
        entry = fill("buy" if n * 31 % 7 < 4 else "sell", size, price)
        book.book(entry)
        cash -= Fraction(entry.amount)
    cost = sum(Fraction(held.cost) for held in book.positions.values())
    assert Fraction(book.cash) == cash
    assert cash + cost == Fraction(book.realized)


@pytest.mark.parametrize("value", ["1E-10", "0.0000000001"])
def test_share_of_nothing_when_tiny_then_no_cents_are_invented(value: str) -> None:
    book = PositionBook()
    book.book(fill("buy", value, "1.00"))
    assert book.cash == 0
