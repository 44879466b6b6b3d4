"""Portfolios in the net worth: an account counts once, at the age of its last sync."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from fin_infra.analytics import WorthRecord, merge_holdings, net_worth
from fin_infra.model import (
    AccountError,
    AccountRef,
    CashBalance,
    HoldingAccount,
    Holdings,
    Money,
    NetWorth,
    Portfolio,
    Position,
)
from tests.analytics.support import NOW, SOURCE, account, cash, position


def worth(*records: WorthRecord, on: datetime = NOW) -> NetWorth:
    return net_worth(records, {}, None, on=on, currency="USD")


def portfolio(
    *rows: Position | CashBalance, errors: tuple[AccountError, ...] = (), accounts: tuple[HoldingAccount, ...] = ()
) -> Portfolio:
    return merge_holdings(
        Holdings(
            accounts=accounts or (ONE,),
            positions=tuple(row for row in rows if isinstance(row, Position)),
            balances=tuple(row for row in rows if isinstance(row, CashBalance)),
            errors=errors,
        )
    )


ONE = account("a", institution="Fidelity", number="Z00112233")
TWO = account("b", institution="Schwab", number="Z44556677")


def test_portfolio_when_read_then_each_position_and_cash_is_a_line_of_its_account() -> None:
    rows = (position("a", "US:IBM", "2", "10"), position("a", "US:KO", "-1", "3"), cash("a", "5"))
    found = worth(portfolio(*rows))
    assert (found.total, found.complete) == (Money.of("22.00", "USD"), True)
    assert [(line.id, str(line.value), line.source) for line in found.lines] == [
        ("US:IBM at Fidelity 2233", "20.00 USD", SOURCE),
        ("US:KO at Fidelity 2233", "-3.00 USD", SOURCE),
        ("USD cash at Fidelity 2233", "5.00 USD", SOURCE),
    ]


def test_portfolio_when_one_share_is_held_long_and_short_then_each_side_is_a_line() -> None:
    found = worth(portfolio(position("a", "US:IBM", "2", "10"), position("a", "US:IBM", "-1", "10")))
    assert sorted(str(line.value) for line in found.lines) == ["-10.00 USD", "20.00 USD"]


def test_portfolio_when_given_twice_then_it_counts_once() -> None:
    held = portfolio(position("a", "US:IBM", "2", "10"), position("a", "US:IBM", "2", "10"), cash("a", "5"))
    for records in ((held,), (held, held), (held, replace(held, values=()))):
        assert (worth(*records).total, worth(*records).complete) == (Money.of("45.00", "USD"), True)


def test_portfolio_when_an_account_was_synced_again_then_its_newer_list_replaces_the_older() -> None:
    earlier = replace(ONE, as_of=NOW - timedelta(hours=1))
    before = portfolio(position("a", "US:IBM", "2", "10"), cash("a", "5"), accounts=(earlier, TWO))
    after = portfolio(cash("a", "26"))
    for records in permutations([before, after]):
        assert (worth(*records).total, worth(*records).complete) == (Money.of("26.00", "USD"), True)


def test_portfolio_when_the_newer_sync_could_not_read_an_account_then_its_last_list_counts_and_is_incomplete() -> None:
    earlier = replace(ONE, as_of=NOW - timedelta(hours=1))
    before = portfolio(position("a", "US:IBM", "2", "10"), accounts=(earlier,))
    down = AccountError(
        provider=SOURCE, operation="positions", code="fin.provider_unavailable", message="down", account_id="a"
    )
    after = portfolio(errors=(down,))
    found = worth(before, after)
    assert found.total == Money.of("20.00", "USD")
    assert found.missing == (
        f"{SOURCE} everything at Fidelity 2233: the account was not read",
        f"{SOURCE} positions: down",
    )
    assert found.errors == (down,)
    assert net_worth([after], {}, None, on=NOW, currency="USD", errors=[down]).errors == (down,)


def test_portfolio_when_two_lists_of_an_instant_differ_then_what_only_one_has_is_missing() -> None:
    one = portfolio(position("a", "US:IBM", "2", "10"), cash("a", "5"))
    two = portfolio(position("a", "US:KO", "1", "3"), cash("a", "5"))
    found = worth(one, two)
    assert found.total == Money.of("5.00", "USD")
    assert len(found.missing) == 2
    assert "US:KO at Fidelity 2233: only in 1 of 2 lists of holdings of 2026-11-20" in " ".join(found.missing)


@pytest.mark.parametrize(
    ("key", "as_of", "counts"),
    [
        ("US:IBM", NOW - timedelta(days=4), True),  # Monday; 17, 18 and 19 November are three sessions
        ("US:IBM", NOW - timedelta(days=7), False),  # Friday the 13th: the 16th is a fourth
        ("CRYPTO:bitcoin", NOW - timedelta(hours=24), True),
        ("CRYPTO:bitcoin", NOW - timedelta(hours=25), False),
        (None, NOW - timedelta(days=4), True),  # nothing names it: three days between
        (None, NOW - timedelta(days=5), False),
    ],
)
def test_portfolio_when_a_price_is_old_then_it_is_missing_with_its_day(
    key: str | None, as_of: datetime, counts: bool
) -> None:
    found = worth(portfolio(position("a", key, "2", "10", as_of=as_of), cash("a", "5")))
    assert found.total == Money.of("25.00" if counts else "5.00", "USD")
    assert found.complete is counts
    assert found.lines[0].at == as_of.date()
    assert counts or "old: of 2026-11-1" in found.missing[0]


def test_portfolio_when_an_account_was_synced_weeks_ago_then_its_cash_has_that_day() -> None:
    stale = replace(ONE, holdings_synced_at=datetime(2026, 9, 12, 18, tzinfo=UTC))
    found = worth(portfolio(cash("a", "5"), cash("b", "6"), accounts=(stale, TWO)))
    assert [line.at for line in found.lines] == [date(2026, 9, 12), NOW.date()]
    assert found.total == Money.of("6.00", "USD")
    assert found.missing == (
        f"{SOURCE} USD cash at Fidelity 2233: old: of 2026-09-12, more than 45 days before 2026-11-20",
    )


def test_portfolio_when_something_has_no_value_then_it_is_named() -> None:
    rows = (position("a", "US:IBM", "2"), position("a", "US:KO", "0"), cash("a", None), cash("a", "5", "CHF"))
    assert worth(portfolio(*rows)).missing == (
        f"{SOURCE} US:IBM at Fidelity 2233: the broker gives no market value",
        f"{SOURCE} CHF cash at Fidelity 2233: no exchange rate for CHF/USD",
        f"{SOURCE} USD cash at Fidelity 2233: the broker gives no amount",
    )


def test_portfolio_when_a_fund_counts_as_cash_then_it_is_not_counted_again() -> None:
    held = portfolio(position("a", "US:SPAXX", "5", "1", in_cash=True), cash("a", "5"))
    assert worth(held).total == Money.of("5.00", "USD")


def test_portfolio_when_an_account_is_connected_twice_then_it_counts_once_and_nothing_is_missing() -> None:
    direct = account(
        "x", source="brokerage:own", connection_id="brokerage:own", institution="Fidelity", number="Z00112233"
    )
    held = portfolio(
        position("a", "US:IBM", "2", "10"),
        position("x", "US:IBM", "2", "10", source="brokerage:own"),
        accounts=(ONE, direct),
    )
    assert held.duplicates == ((AccountRef(SOURCE, "a"), AccountRef("brokerage:own", "x")),)
    assert (worth(held).total, worth(held).complete) == (Money.of("20.00", "USD"), True)


@pytest.mark.parametrize(("number", "place"), [("Z0011", "Fidelity 11"), ("7", "a"), (None, "a")])
def test_portfolio_when_a_number_is_short_then_it_is_never_shown_whole(number: str | None, place: str) -> None:
    (line,) = worth(portfolio(cash("a", "5"), accounts=(replace(ONE, number=number),))).lines
    assert line.id == f"USD cash at {place}"


def test_oldest_when_prices_and_cash_are_of_several_days_then_the_oldest_of_the_sum_is_told() -> None:
    days = [NOW - timedelta(days=ago) for ago in (1, 300, 9, 400)]
    held = portfolio(
        position("a", "US:IBM", "2", "10", as_of=days[0]),
        position("a", "US:KO", "2", as_of=days[1]),  # has no value
        position("a", "US:SPAXX", "5", "1", in_cash=True, as_of=days[3]),
        cash("a", "5"),
        accounts=(replace(ONE, holdings_synced_at=days[2]),),
    )
    assert held.oldest == days[2]
    assert portfolio(position("a", "US:IBM", "2", "10", as_of=days[0])).oldest == days[0]
    assert portfolio(cash("a", None)).oldest is None
