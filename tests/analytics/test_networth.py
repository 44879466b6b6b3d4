"""Net worth: sums checked by hand, gaps said out loud, nothing counted that has no value."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.analytics import account_item, merge_holdings, net_worth, portfolio_items
from fin_infra.errors import InvalidInput
from fin_infra.model import (
    Account,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Balance,
    CashBalance,
    HoldingAccount,
    Holdings,
    Institution,
    InstrumentKey,
    Money,
    RateTable,
)
from fin_infra.model.networth import SourceError, WorthItem, WorthKind

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
RATES = RateTable(
    source="fx:ecb",
    as_of=NOW,
    base="EUR",
    date=date(2026, 11, 19),
    rates={"USD": Decimal("1.25"), "GBP": Decimal("0.80"), "JPY": Decimal("160")},
)


def item(amount: str | None, currency: str = "USD", name: str = "a") -> WorthItem:
    money = Money.of(amount, currency) if amount is not None else None
    return WorthItem(kind=WorthKind.ACCOUNT, id=name, source="banking:teller", amount=money)


def test_net_worth_when_currencies_differ_then_each_is_converted_at_the_published_rate() -> None:
    # 100 EUR = 125 USD; 80 GBP = 100 EUR = 125 USD; -1600 JPY = -10 EUR = -12.50 USD
    worth = net_worth([item("100", "EUR"), item("80", "GBP"), item("-1600", "JPY")], "USD", RATES, as_of=NOW)
    assert worth.total == Money.of("237.50", "USD")
    assert worth.assets == Money.of("250.00", "USD")
    assert worth.liabilities == Money.of("-12.50", "USD")
    assert worth.complete
    assert [line.rate_date for line in worth.lines] == [date(2026, 11, 19)] * 3


def test_net_worth_when_yen_and_dollars_meet_then_they_are_never_simply_added() -> None:
    worth = net_worth([item("1000", "JPY"), item("1", "USD")], "USD", RATES, as_of=NOW)
    assert worth.total == Money.of("8.81", "USD")  # 1000 / 160 * 1.25 = 7.8125, rounded 7.81


def test_net_worth_when_an_item_has_no_amount_then_total_says_what_it_lacks() -> None:
    worth = net_worth([item("10"), item(None, name="acc_2")], "USD", RATES, as_of=NOW)
    assert worth.total == Money.of("10.00", "USD")
    assert not worth.complete
    assert worth.missing == ("banking:teller acc_2: the source gives no amount",)


def test_net_worth_when_a_currency_has_no_rate_then_its_line_has_no_value() -> None:
    worth = net_worth([item("10"), item("5", "CHF")], "USD", RATES, as_of=NOW)
    assert worth.lines[1].value is None
    assert "CHF" in (worth.lines[1].missing or "")
    assert not worth.complete


def test_net_worth_when_rates_are_a_month_old_then_they_are_not_used() -> None:
    later = datetime(2026, 12, 20, tzinfo=UTC)
    worth = net_worth([item("10", "EUR")], "USD", RATES, as_of=later)
    assert worth.total is None
    assert not worth.complete


def test_net_worth_when_no_rates_at_all_then_own_currency_still_counts() -> None:
    worth = net_worth([item("10"), item("5", "EUR")], "USD", None, as_of=NOW)
    assert worth.total == Money.of("10.00", "USD")
    assert "no exchange rate for EUR/USD" in worth.missing[0]


def test_net_worth_when_nothing_answered_then_total_is_none_and_not_zero() -> None:
    down = SourceError(provider="banking:teller", operation="accounts", code="fin.provider_unavailable", message="down")
    worth = net_worth([], "USD", RATES, as_of=NOW, errors=[down])
    assert worth.total is None
    assert worth.assets is None
    assert worth.liabilities is None


def test_net_worth_when_there_is_nothing_to_count_then_total_is_zero() -> None:
    worth = net_worth([], "USD", RATES, as_of=NOW)
    assert worth.total == Money.zero("USD")
    assert worth.complete


def test_net_worth_when_currency_has_no_cents_rule_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput):
        net_worth([item("1", "XAU")], "XAU", RATES, as_of=NOW)


@given(st.lists(st.tuples(st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["USD", "EUR", "GBP", "JPY"]))))
def test_net_worth_when_all_have_rates_then_lines_add_up_to_the_total(rows: list[tuple[Decimal, str]]) -> None:
    worth = net_worth([item(str(amount), currency) for amount, currency in rows], "USD", RATES, as_of=NOW)
    assert worth.total is not None
    assert worth.assets is not None
    assert worth.liabilities is not None
    assert sum((line.value.amount for line in worth.lines if line.value), Decimal(0)) == worth.total.amount
    assert worth.assets + worth.liabilities == worth.total


def quoted(key: str, day: date) -> WorthItem:
    return WorthItem(
        kind=WorthKind.HOLDING,
        id=key,
        source="market:finnhub",
        amount=Money.of("100", "USD"),
        at=day,
        instrument=InstrumentKey.parse(key),
    )


@pytest.mark.parametrize(
    ("key", "day", "complete"),
    [
        ("US:IBM", date(2019, 6, 10), False),
        ("CRYPTO:bitcoin", date(2017, 7, 14), False),
        ("US:IBM", date(2026, 11, 16), True),  # 17, 18 and 19 November are three sessions before the 20th
        ("US:IBM", date(2026, 11, 13), False),  # Friday: the 16th is a fourth
        ("XXXX:IBM", date(2026, 11, 16), True),  # no calendar: three days
        ("XXXX:IBM", date(2026, 11, 15), False),
    ],
)
def test_net_worth_when_a_price_is_old_by_sessions_then_it_is_missing_with_its_day(
    key: str, day: date, complete: bool
) -> None:
    worth = net_worth([item("5"), quoted(key, day)], "USD", RATES, as_of=NOW)
    assert worth.complete is complete
    assert worth.total == Money.of("105.00" if complete else "5.00", "USD")
    assert complete or day.isoformat() in worth.missing[0]
    assert worth.lines[1].at == day


@pytest.mark.parametrize(
    ("institution", "ending", "asked"),
    [
        ("Chase", "8236", True),
        ("CHASE", "8236", True),
        (None, "8236", True),
        ("Citi", "8236", False),
        ("Chase", "1", False),
    ],
)
def test_net_worth_when_a_statement_may_be_a_live_account_then_it_asks(
    institution: str | None, ending: str, asked: bool
) -> None:
    live = replace(item("100"), institution="Chase", ending="8236")
    file = replace(item("70"), kind=WorthKind.STATEMENT, institution=institution, ending=ending)
    worth = net_worth([file, live], "USD", RATES, as_of=NOW)
    assert worth.complete is not asked
    assert worth.total == Money.of("100.00" if asked else "170.00", "USD")
    assert ("possible duplicate" in " ".join(worth.missing)) is asked


@pytest.mark.parametrize(
    ("hours", "complete"), [(0, True), (24, True), (25, False), (30, False), (24 * 365, False), (-1, True)]
)
def test_net_worth_when_a_coin_was_priced_hours_ago_then_after_a_day_it_is_missing(hours: int, complete: bool) -> None:
    instant = NOW - timedelta(hours=hours)
    worth = net_worth(
        [item("5"), replace(quoted("CRYPTO:bitcoin", instant.date()), priced_at=instant)], "USD", RATES, as_of=NOW
    )
    assert worth.complete is complete
    assert worth.total == Money.of("105.00" if complete else "5.00", "USD")
    assert complete or f"old: of {instant.isoformat()}, more than 24 hours before" in worth.missing[0]


def test_net_worth_when_a_share_was_priced_on_friday_then_a_weekend_does_not_age_it() -> None:
    share = replace(quoted("US:IBM", date(2026, 11, 13)), priced_at=datetime(2026, 11, 13, 21, tzinfo=UTC))
    assert net_worth([share], "USD", RATES, as_of=datetime(2026, 11, 16, 15, tzinfo=UTC)).complete


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("66803.7263304349008", "USD", "66803.73"),
        ("0", "USD", "0.00"),
        ("12.5", "JPY", "12"),
        ("1.23456", "KWD", "1.235"),
        ("1.23456789", "XAU", "1.23456789"),
        ("2.5000001", "XDR", "2.5000001"),
    ],
)
def test_net_worth_when_an_amount_is_a_product_then_its_line_shows_minor_units(
    amount: str, currency: str, shown: str
) -> None:
    (line,) = net_worth([item(amount, currency)], "USD", RATES, as_of=NOW).lines
    assert str(line.amount) == f"{shown} {currency}"


def test_portfolio_items_when_the_account_was_synced_last_week_then_its_cash_has_that_day() -> None:
    who = HoldingAccount(
        source="brokerage:snaptrade",
        as_of=NOW,
        id="acc",
        connection_id="login",
        institution="Fidelity",
        name=None,
        number="Z00112233",
        status=None,
        category=None,
        is_paper=False,
        total=None,
        holdings_synced_at=datetime(2026, 9, 12, 18, tzinfo=UTC),
    )
    later = replace(who, id="bcc", holdings_synced_at=None, number="Z44556677")
    cash = [
        CashBalance(
            source=who.source, as_of=NOW, account_id=each, currency="USD", cash=Money.of("5", "USD"), buying_power=None
        )
        for each in ("bcc", "acc")
    ]
    portfolio = merge_holdings(Holdings(accounts=(later, who), positions=(), balances=tuple(cash)))
    old, new = portfolio_items(portfolio)
    assert (old.at, new.at) == (date(2026, 9, 12), NOW.date())
    assert (old.account, old.connection, old.ending) == ("brokerage:snaptrade acc", "brokerage:snaptrade login", "2233")
    worth = net_worth([old, new], "USD", RATES, as_of=NOW)
    assert worth.total == Money.of("5.00", "USD")
    assert worth.missing == (
        "brokerage:snaptrade USD cash at Fidelity 2233: old: of 2026-09-12, more than 45 days before 2026-11-20",
    )


def test_account_item_when_a_balance_is_given_then_the_account_counts_on_its_day() -> None:
    account = Account(
        source="banking:teller",
        as_of=NOW,
        id="acc_1",
        name="Everyday",
        type=AccountType.CREDIT,
        subtype=AccountSubtype.CREDIT_CARD,
        subtype_text="credit_card",
        currency="USD",
        status=AccountStatus.OPEN,
        institution=Institution(id="chase", name="Chase"),
        last_four="8236",
        enrollment_id="enr_1",
    )
    balance = Balance(
        source="banking:teller",
        as_of=datetime(2026, 11, 18, tzinfo=UTC),
        account_id="acc_1",
        current=Money.of("-12.34", "USD"),
        available=Money.of("900", "USD"),
    )
    known, unknown = account_item(account, balance), account_item(account, None, "no answer")
    assert (known.amount, known.at, known.ending) == (Money.of("-12.34", "USD"), date(2026, 11, 18), "8236")
    assert known.connection == "banking:teller enr_1"
    assert account_item(replace(account, enrollment_id=None), balance).connection is None
    assert net_worth([known], "USD", None, as_of=NOW).total == Money.of("-12.34", "USD")
    assert net_worth([unknown], "USD", None, as_of=NOW).missing == ("banking:teller acc_1: no answer",)


READINGS = st.builds(
    lambda key, amount, days, kind: WorthItem(
        kind=kind,
        id=key or "unkeyed",
        source="bank",
        amount=None if amount is None else Money(amount, "USD"),
        at=NOW.date() - timedelta(days=days),
        reading_of=key,
        ending=key and f"111{key}",
    ),
    st.sampled_from([None, "1", "2", "3"]),
    st.none() | st.decimals(-1000, 1000, places=2),
    st.integers(0, 60),
    st.sampled_from(WorthKind),
)


@given(st.lists(READINGS, max_size=8), st.randoms())
def test_net_worth_when_order_changes_or_readings_repeat_then_nothing_else_does(
    items: list[WorthItem], random: Random
) -> None:
    worth = net_worth(items, "USD", RATES, as_of=NOW)
    shuffled = random.sample(items, len(items)) + [each for each in items if each.reading_of]
    other = net_worth(shuffled, "USD", RATES, as_of=NOW)
    assert (worth.total, worth.complete) == (other.total, other.complete)
    assert sorted(worth.missing) == sorted(other.missing)
    assert worth.complete is all(line.value is not None for line in worth.lines)


@given(st.lists(READINGS, max_size=8), st.decimals(-1000, 1000, places=2))
def test_net_worth_when_an_account_is_added_then_the_total_changes_by_its_value(
    items: list[WorthItem], amount: Decimal
) -> None:
    before = net_worth(items, "USD", RATES, as_of=NOW)
    after = net_worth([*items, item(str(amount), name="new")], "USD", RATES, as_of=NOW)
    assert after.total == (before.total or Money.zero("USD")) + Money(amount, "USD")
    assert after.missing == before.missing
