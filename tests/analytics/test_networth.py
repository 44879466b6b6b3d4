"""Net worth: sums checked by hand, gaps said out loud, nothing counted that has no value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.analytics import net_worth
from fin_infra.errors import InvalidInput
from fin_infra.model import Money, RateTable
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
