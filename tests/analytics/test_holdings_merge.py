"""Merging holdings: one line per instrument, exact sums, and everything that is not known named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.analytics import merge_holdings
from fin_infra.model import AssetClass, Holdings, InstrumentKey, Money, PositionSide, RateTable
from tests.analytics.support import NOW, account, cash, failed, position, ref, sync

RATES = RateTable(
    source="fx:test",
    as_of=NOW,
    base="EUR",
    date=date(2026, 11, 20),
    rates={"USD": Decimal("1.25"), "CAD": Decimal("1.5")},
)


def test_lines_when_brokers_name_other_venues_then_one_line_with_both_parts() -> None:
    portfolio = merge_holdings(
        sync(
            position("a", "XNYS:BRK.B", "25", "500", "400"),
            position("b", "US:BRK.B", "0.5", "500", "430"),
            position("c", "ARCX:BRK.B", "10.25", "500", "380"),
        )
    )
    [line] = portfolio.lines
    assert (str(line.key), line.quantity) == ("US:BRK.B", Decimal("35.75"))
    assert [(part.account.id, part.quantity) for part in line.parts] == [
        ("a", Decimal(25)),
        ("b", Decimal("0.5")),
        ("c", Decimal("10.25")),
    ]
    assert line.market_values == (Money.of("17875", "USD"),)
    # (25 * 400 + 0.5 * 430 + 10.25 * 380) / 35.75 = 14110 / 35.75, by hand
    assert line.average_price is not None
    assert str(line.average_price.amount) == "394.685314685"


def test_lines_when_side_or_kind_differ_then_kept_apart() -> None:
    portfolio = merge_holdings(
        sync(
            position("a", "XNAS:AAPL", "10", "200"),
            position("b", "XNAS:AAPL", "-4", "200"),
            position("a", "OCC:AAPL261218C00200000", "1", "5", asset_class=AssetClass.OPTION),
            position("a", "CRYPTO:bitcoin", "0.1", "90000", asset_class=AssetClass.CRYPTO),
            position("a", "XTSE:AAPL", "3", "30", currency="CAD"),
        )
    )
    assert [(str(line.key), line.side, line.quantity, line.asset_class) for line in portfolio.lines] == [
        ("CRYPTO:bitcoin", PositionSide.LONG, Decimal("0.1"), AssetClass.CRYPTO),
        ("OCC:AAPL261218C00200000", PositionSide.LONG, 1, AssetClass.OPTION),
        ("US:AAPL", PositionSide.LONG, 10, AssetClass.EQUITY),
        ("US:AAPL", PositionSide.SHORT, -4, AssetClass.EQUITY),
        ("XTSE:AAPL", PositionSide.LONG, 3, AssetClass.EQUITY),
    ]


def test_lines_when_no_key_then_never_dropped_and_never_taken_for_one_another() -> None:
    portfolio = merge_holdings(
        sync(
            position("a", None, "3", symbol_text="UNI"),
            position("b", None, "4", symbol_text="UNI"),
            position("b", None, "5", symbol_text="912828YK0"),
        )
    )
    assert sorted((line.symbol_text, line.quantity) for line in portfolio.lines) == [
        ("912828YK0", Decimal(5)),
        ("UNI", Decimal(3)),
        ("UNI", Decimal(4)),
    ]
    assert not portfolio.complete
    assert len(portfolio.missing) == 3


@pytest.mark.parametrize(
    "rows",
    [
        [position("a", "US:X", "1", cost="10"), position("b", "US:X", "1")],
        [position("a", "US:X", "1", cost="10"), position("b", "US:X", "1", cost="8", currency="EUR")],
        [position("a", "US:X", "1", cost="10", currency="XXX")],
    ],
)
def test_average_price_when_a_part_has_none_or_currencies_differ_then_none(rows: list[object]) -> None:
    [line] = merge_holdings(sync(*rows)).lines  # type: ignore[arg-type]  # rows of one kind
    assert line.average_price is None


def test_average_price_when_short_then_what_was_received() -> None:
    [line] = merge_holdings(
        sync(position("a", "US:X", "-10", cost="20"), position("b", "US:X", "-30", cost="24"))
    ).lines
    assert (line.quantity, line.average_price) == (-40, Money.of("23", "USD"))


def test_values_when_many_currencies_then_one_each_and_never_added_up() -> None:
    portfolio = merge_holdings(
        sync(
            position("a", "CRYPTO:bitcoin", "0.5", "80000", currency="EUR"),
            position("b", "CRYPTO:bitcoin", "0.25", "90000"),
            cash("a", "100.10", "EUR"),
            cash("b", "-50.05"),
            cash("b", "7", "CAD"),
        )
    )
    assert portfolio.lines[0].market_values == (Money.of(40000, "EUR"), Money.of(22500, "USD"))
    assert portfolio.values == (Money.of(7, "CAD"), Money.of("40100.10", "EUR"), Money.of("22449.95", "USD"))
    assert (portfolio.total, portfolio.complete) == (None, True)


def test_values_when_a_fund_counts_as_cash_then_not_twice() -> None:
    portfolio = merge_holdings(
        sync(position("a", "US:SWVXX", "1500", "1", in_cash=True), position("a", "US:KO", "2", "70"), cash("a", "1600"))
    )
    assert portfolio.values == (Money.of(1740, "USD"),)
    assert {str(line.key): line.in_cash for line in portfolio.lines} == {"US:KO": False, "US:SWVXX": True}


def test_total_when_rates_are_given_then_in_one_currency_and_it_says_what_it_lacks() -> None:
    holdings = sync(
        position("a", "US:KO", "2", "70"), cash("a", "30", "CAD"), cash("a", "10", "EUR"), cash("a", "5", "SEK")
    )
    portfolio = merge_holdings(holdings, currency="EUR", rates=RATES)
    assert portfolio.total == Money.of("142", "EUR")  # 140 / 1.25 + 30 / 1.5 + 10
    assert not portfolio.complete
    assert any("SEK" in text for text in portfolio.missing)
    without = merge_holdings(holdings, currency="EUR")
    assert without.total == Money.of("10", "EUR")
    assert len(without.missing) == 3
    stale = merge_holdings(holdings, currency="EUR", rates=RATES, on=date(2026, 12, 20))
    assert stale.total == Money.of("10", "EUR")
    assert merge_holdings(sync(), currency="EUR").total == Money.zero("EUR")
    assert merge_holdings(sync(cash("a", "5", "SEK")), currency="EUR").total is None


def test_missing_when_something_is_unknown_then_each_is_named() -> None:
    portfolio = merge_holdings(
        sync(
            position("a", "US:KO", "2"),
            position("a", "US:GONE", "0"),
            cash("a", None, "USDT"),
            cash("a", "0"),
            account("b"),
            account("s"),
            failed("positions", "b"),
            ref("s"),
        )
    )
    assert portfolio.missing == (
        "US:KO, brokerage:test a: no market value",
        "USDT cash, brokerage:test a: no amount",
        "brokerage:test positions b: down",
        "brokerage:test s: not asked",
    )
    assert portfolio.read == {ref("a")}
    assert [error.account_id for error in portfolio.errors] == ["b"]
    assert [account.id for account in portfolio.accounts] == ["a", "b", "s"]


def twice(**facts: object) -> Holdings:
    direct = {"source": "brokerage:direct", "connection_id": "brokerage:direct", "number": "PA3000000001"}
    one = account("x", number="PA3000000001", institution="broker")
    two = account("y", **{**direct, **facts})  # type: ignore[arg-type]  # facts of an account
    return sync(
        one,
        two,
        position("x", "US:KO", "2", "70"),
        position("y", "US:KO", "2", "70", source=two.source),
        cash("x", "10"),
        cash("y", "10", source=two.source),
    )


def test_accounts_when_connected_twice_then_counted_once_at_the_broker_itself() -> None:
    portfolio = merge_holdings(twice())
    assert portfolio.duplicates == ((ref("x"), ref("y", "brokerage:direct")),)
    assert portfolio.lines[0].quantity == 2
    assert portfolio.values == (Money.of(150, "USD"),)
    assert portfolio.read == {ref("y", "brokerage:direct")}


@pytest.mark.parametrize(
    "facts",
    [
        {"number": "****0001"},
        {"number": "0001"},
        {"number": None},
        {"institution": "Another"},
        {"number": "PA3000000002"},
    ],
)
def test_accounts_when_not_surely_the_same_then_both_count(facts: dict[str, object]) -> None:
    portfolio = merge_holdings(twice(**facts))
    assert (portfolio.duplicates, portfolio.lines[0].quantity) == ((), 4)


def test_accounts_when_one_of_two_cannot_be_read_then_the_other_counts() -> None:
    holdings = twice()
    broken = replace(holdings, errors=(failed("positions", "y", "brokerage:direct"),), positions=holdings.positions[:1])
    portfolio = merge_holdings(broken)
    assert portfolio.duplicates == ((ref("y", "brokerage:direct"), ref("x")),)
    assert portfolio.lines[0].quantity == 2


def test_accounts_when_connected_twice_at_one_aggregator_then_the_fresher_counts() -> None:
    rows = [
        account("x", institution_account_id="77", holdings_synced_at=NOW - timedelta(days=2)),
        account("y", institution_account_id="77", connection_id="c-2"),
        account("z", institution_account_id="78"),
    ]
    portfolio = merge_holdings(sync(*rows))
    assert portfolio.duplicates == ((ref("x"), ref("y")),)


KEYS = ("XNAS:AAPL", "US:AAPL", "XNYS:BRK.B", "CRYPTO:bitcoin", None)
rows = st.builds(
    position,
    st.sampled_from("abc"),
    st.sampled_from(KEYS),
    st.decimals(-(10**6), 10**6, places=9, allow_nan=False).map(str),
    st.none() | st.decimals(0, 10**6, places=8, allow_nan=False).map(str),
    st.none() | st.decimals(0, 10**6, places=8, allow_nan=False).map(str),
    st.sampled_from(["USD", "EUR"]),
)


@given(st.lists(rows, max_size=12), st.integers())
def test_portfolio_when_read_in_another_order_then_the_same(positions: list[object], seed: int) -> None:
    shuffled = Random(seed).sample(positions, len(positions))
    one, other = (merge_holdings(sync(*each)) for each in (positions, shuffled))  # type: ignore[arg-type]  # positions
    assert replace(one, missing=tuple(sorted(one.missing))) == replace(other, missing=tuple(sorted(other.missing)))


@given(st.lists(rows, max_size=12))
def test_portfolio_when_merged_then_not_a_unit_and_not_a_cent_is_lost(positions: list[object]) -> None:
    holdings = sync(*positions)  # type: ignore[arg-type]  # positions
    portfolio = merge_holdings(holdings)
    assert sum(len(line.parts) for line in portfolio.lines) == len(holdings.positions)
    for name in {(key and InstrumentKey.parse(key).symbol) for key in KEYS}:
        there = [line.quantity for line in portfolio.lines if (line.key and line.key.symbol) == name]
        here = [row.quantity for row in holdings.positions if (row.key and row.key.symbol) == name]
        assert sum(there) == sum(here)
    for currency in ("USD", "EUR"):
        worth = [row.market_value for row in holdings.positions if row.market_value and row.currency == currency]
        total = Money.total(worth, currency)
        assert next((value for value in portfolio.values if value.currency == currency), Money.zero(currency)) == total


def test_portfolio_when_ten_thousand_positions_at_random_then_summed_to_the_last_digit() -> None:
    random, units, worth = Random(7), 0, 0
    positions = []
    for number in range(10_000):
        nanos, millionths = random.randrange(1, 10**15), random.randrange(1, 10**12)
        units, worth = units + nanos, worth + nanos * millionths
        quantity, price = Decimal(nanos).scaleb(-9), Decimal(millionths).scaleb(-6)
        positions.append(position(f"a{number}", "US:X", f"{quantity:f}", f"{price:f}"))
    [line] = merge_holdings(sync(*positions)).lines
    assert line.quantity == Decimal(units).scaleb(-9)
    [value] = line.market_values
    assert Fraction(value.amount) == Fraction(worth, 10**15)


def test_as_of_when_merged_then_each_part_keeps_its_own() -> None:
    old = datetime(2026, 11, 12, tzinfo=UTC)
    [line] = merge_holdings(sync(position("a", "US:KO", "1", as_of=old), position("b", "US:KO", "1"))).lines
    assert [part.as_of for part in line.parts] == [old, NOW]
