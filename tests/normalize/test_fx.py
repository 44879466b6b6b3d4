"""Conversion and cross rates, worked by hand from the bank's published figures."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput, RateUnavailable, StaleRate, UnknownCurrency
from fin_infra.model import Money, RateTable
from fin_infra.normalize import convert, cross_rate

DAY = date(2015, 1, 7)


def table(**rates: str) -> RateTable:
    figures = {code: Decimal(text) for code, text in rates.items()}
    return RateTable(source="fx:ecb", as_of=datetime(2015, 1, 7, tzinfo=UTC), base="EUR", date=DAY, rates=figures)


ECB = table(USD="1.1831", JPY="141.17", GBP="0.78230", CHF="1.2011", KRW="1304.28")


def test_published_rate_is_returned_as_published() -> None:
    rate = cross_rate("EUR", "GBP", ECB)
    assert (str(rate.rate), rate.via, rate.date, rate.source) == ("0.78230", None, DAY, "fx:ecb")


def test_table_printed_in_the_other_direction_keeps_its_rates_exactly() -> None:
    zloty = RateTable(
        source="fx:nbp",
        as_of=datetime(2026, 11, 20, tzinfo=UTC),
        base="PLN",
        date=date(2026, 11, 20),
        rates={"USD": Decimal("3.6412"), "HUF": Decimal("0.011029")},
        base_per_unit=True,
    )
    assert str(cross_rate("USD", "PLN", zloty).rate) == "3.6412"
    assert convert(Money.of("250", "USD"), "PLN", zloty) == Money.of("910.30", "PLN")
    assert convert(Money.of("910.30", "PLN"), "USD", zloty) == Money.of("250", "USD")
    assert convert(Money.of("11.029", "USD"), "HUF", zloty) == Money.of("3641.2", "HUF")
    rate = cross_rate("HUF", "USD", zloty)
    assert (str(rate.rate)[:14], rate.via) == ("0.003028946501", "PLN")  # 11029 / 3641200


def test_inverse_rate_has_thirty_four_digits_and_no_via() -> None:
    rate = cross_rate("USD", "EUR", ECB)
    assert str(rate.rate) == "0.8452370890034654720649142084354661"  # 10**38 // 11831, in integers
    assert rate.via is None


def test_cross_rate_goes_through_the_banks_base() -> None:
    rate = cross_rate("USD", "JPY", ECB)
    assert str(rate.rate)[:18] == "119.32211985461922"  # 1411700 * 10**15 // 11831
    assert rate.via == "EUR"
    assert rate.as_of == ECB.as_of


def test_conversion_worked_by_hand() -> None:
    # 100 USD / 1.1831 * 0.78230 = 66.12289747...
    assert str(convert(Money.of("100.00", "USD"), "GBP", ECB).quantize()) == "66.12 GBP"
    assert convert(Money.of("100.00", "EUR"), "USD", ECB) == Money.of("118.31", "USD")
    assert convert(Money.of("118.31", "USD"), "EUR", ECB) == Money.of("100", "EUR")
    assert convert(Money.of("-1000000000000.01", "EUR"), "KRW", ECB) == Money.of("-1304280000000013.0428", "KRW")


def test_conversion_rounds_once_at_the_end() -> None:
    # Through a rounded euro amount, 0.333..., this would give 1.999...98.
    thirds = table(USD="3", GBP="6")
    assert convert(Money.of("1", "USD"), "GBP", thirds) == Money.of("2", "GBP")


def test_same_currency_is_returned_as_it_is_even_when_the_table_lacks_it() -> None:
    gold = Money.of("1.123456789012345678901234567890123456789", "XAU")
    assert convert(gold, "XAU", ECB) is gold
    assert cross_rate("XAU", "XAU", ECB).rate == 1


@given(st.decimals("-1e12", "1e12", places=2), st.sampled_from(["EUR", "USD", "JPY", "GBP", "CHF", "KRW"]))
def test_there_and_back_differs_by_less_than_a_billionth(amount: Decimal, to: str) -> None:
    money = Money(amount, "USD")
    back = convert(convert(money, to, ECB), "USD", ECB)
    assert abs((back - money).amount) < Decimal("1e-9")


@pytest.mark.parametrize(("base", "quote", "lacking"), [("XAU", "USD", "XAU"), ("USD", "RUB", "RUB")])
def test_missing_rate_raises_and_names_pair_date_and_next_step(base: str, quote: str, lacking: str) -> None:
    says = f"fx:ecb has no {lacking} rate for 2015-01-07, so {base}/{quote} is unknown; take another date"
    with pytest.raises(RateUnavailable, match=says):
        cross_rate(base, quote, ECB)
    with pytest.raises(RateUnavailable, match=says):
        convert(Money.of("1", base), quote, ECB)


@pytest.mark.parametrize("rate", ["0", "-1", "NaN", "Infinity"])
def test_rate_that_is_no_rate_raises(rate: str) -> None:
    with pytest.raises(RateUnavailable, match="not an exchange rate"):
        convert(Money.of("1", "USD"), "EUR", table(USD=rate))


@pytest.mark.parametrize("code", ["GBX", "usd", "BTC"])
def test_unknown_currency_raises(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="not an ISO 4217"):
        cross_rate("EUR", code, ECB)


def test_age_of_the_rate_is_checked_against_the_day_asked_for() -> None:
    money = Money.of("1", "EUR")
    assert convert(money, "USD", ECB, on=date(2015, 1, 14)).amount == Decimal("1.1831")
    with pytest.raises(
        StaleRate, match="EUR/USD rate of 2015-01-07 is 8 days older than 2015-01-15, and 7 are allowed"
    ):
        convert(money, "USD", ECB, on=date(2015, 1, 15))
    with pytest.raises(StaleRate):
        convert(money, "USD", ECB, on=date(2015, 1, 8), max_age_days=0)
    with pytest.raises(RateUnavailable, match="requested for 2015-01-06, but these rates are for 2015-01-07") as caught:
        convert(money, "USD", ECB, on=date(2015, 1, 6))
    assert not isinstance(caught.value, StaleRate)
    with pytest.raises(InvalidInput, match="max_age_days"):
        convert(money, "USD", ECB, on=DAY, max_age_days=-1)


def test_figures_used_here_are_those_the_bank_published(samples: Path) -> None:
    text = (samples / "ecb" / "ex_success.xml").read_text(encoding="utf-8")
    assert "time='2015-01-07'" in text
    published = dict(re.findall(r"currency='(\w+)' rate='([\d.]+)'", text))
    assert {code: str(rate) for code, rate in ECB.rates.items()}.items() <= published.items()


def test_cross_rate_when_both_are_one_currency_then_nothing_lies_between() -> None:
    table = RateTable(source="x", as_of=datetime(2026, 1, 2, tzinfo=UTC), base="EUR", date=date(2026, 1, 2), rates={})
    assert cross_rate("CHF", "CHF", table).via is None


def test_convert_when_on_is_an_instant_then_invalid_input() -> None:
    table = RateTable(source="x", as_of=datetime(2026, 1, 2, tzinfo=UTC), base="EUR", date=date(2026, 1, 2), rates={})
    with pytest.raises(InvalidInput, match=r"must be a datetime\.date or ISO text"):
        convert(Money.of("1", "EUR"), "EUR", table, on=datetime(2026, 1, 2, tzinfo=UTC))
