"""Money and times in people's own spelling: expected texts are CLDR's, written by hand."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput, MissingExtra, NaiveTime
from fin_infra.i18n import format_date, format_money, format_time
from fin_infra.model import Money
from tests.support.effort import effort

SPACE = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        ("1234.5", "EUR", "de_DE", f"1.234,50{SPACE}€"),
        ("1234.5", "EUR", "en_US", "€1,234.50"),
        ("1234.5", "EUR", "en-US", "€1,234.50"),
        ("1234567.89", "INR", "en_IN", "₹12,34,567.89"),
        ("-12", "USD", "en_US", "-$12.00"),
        ("1234", "JPY", "en_US", "¥1,234"),
        ("1234", "JPY", "de_DE", f"1.234{SPACE}¥"),
        ("1.5", "KWD", "en_US", f"KWD{SPACE}1.500"),
        ("-1.5", "KWD", "en_US", f"-KWD{SPACE}1.500"),
        ("1.5", "KWD", "fr_FR", f"1,500{SPACE}KWD"),
        ("12", "CHF", "de_CH", f"CHF{SPACE}12.00"),
        ("1.5", "XAU", "en_US", f"XAU{SPACE}1.5"),
        ("2", "IQD", "en_US", f"IQD{SPACE}2.000"),
        ("1E+3", "USD", "en_US", "$1,000.00"),
        ("0", "USD", "en_US", "$0.00"),
    ],
)
def test_money_when_written_then_is_as_people_there_do(amount: str, currency: str, locale: str, text: str) -> None:
    assert format_money(Money(Decimal(amount), currency), locale) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("33.333", "$33.333"),
        ("0.00000001", "$0.00000001"),
        (
            "1234567890123456789012345678901234567890.12",
            "$1,234,567,890,123,456,789,012,345,678,901,234,567,890.12",
        ),
        ("0.1234567890123456789012345678901234567890", "$0.123456789012345678901234567890123456789"),
    ],
)
def test_money_when_it_has_many_digits_then_all_are_written(amount: str, text: str) -> None:
    with localcontext(Context(prec=5)):
        assert format_money(Money.of(amount, "USD"), "en_US") == text


@settings(max_examples=effort(200), deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**30), max_value=10**30))
def test_money_when_read_back_then_is_the_same_amount(amount: Decimal) -> None:
    text = format_money(Money(amount, "KWD"), "en_US")
    assert Decimal(text.replace("KWD", "").replace(SPACE, "").replace(",", "")) == amount


@pytest.mark.parametrize(
    ("locale", "style", "text"),
    [
        ("en_US", "short", f"11/27/26, 1:00{NARROW}PM"),
        ("en_US", "medium", f"Nov 27, 2026, 1:00:00{NARROW}PM"),
        ("en_US", "long", f"November 27, 2026, 1:00:00{NARROW}PM EST"),
        ("de_DE", "short", "27.11.26, 13:00"),
        ("de_DE", "long", "27. November 2026, 13:00:00 -0500"),
        ("ja_JP", "medium", "2026/11/27 13:00:00"),
    ],
)
def test_time_when_written_then_is_in_the_zone_asked_for(locale: str, style: Any, text: str) -> None:
    at = datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert format_time(at, locale, zone="America/New_York", style=style) == text


def test_time_when_no_zone_is_asked_for_then_stays_in_its_own_and_says_so() -> None:
    assert format_time(datetime(2026, 7, 1, 18, tzinfo=UTC), "en_GB") == "1 July 2026, 18:00:00 UTC"
    summer = format_time(datetime(2026, 7, 1, 18, tzinfo=UTC), "en_US", zone="US/Eastern")
    assert summer == f"July 1, 2026, 2:00:00{NARROW}PM EDT"


def test_date_when_written_then_is_as_people_there_do() -> None:
    assert format_date(date(2026, 11, 27), "de_DE") == "27.11.2026"
    assert format_date(date(2026, 11, 27), "en_US", style="full") == "Friday, November 27, 2026"
    with pytest.raises(InvalidInput, match=r"must be a datetime\.date or ISO text"):
        format_date(datetime(2026, 11, 27, tzinfo=UTC), "de_DE")


def test_time_when_naive_then_is_refused() -> None:
    with pytest.raises(NaiveTime):
        format_time(datetime(2026, 11, 27, 18), "en_US")  # noqa: DTZ001  # naive on purpose


@pytest.mark.parametrize("locale", ["xx_YY", "zz", "", "english please", None, 5])
def test_locale_when_unknown_then_is_refused_with_an_example(locale: Any) -> None:
    for ask in (
        lambda: format_money(Money.of("1", "USD"), locale),
        lambda: format_time(datetime(2026, 1, 1, tzinfo=UTC), locale),
        lambda: format_date(date(2026, 1, 1), locale),
    ):
        with pytest.raises(InvalidInput, match=r"is not a locale that is known; write one such as en_US|must be a str"):
            ask()


def test_style_or_zone_when_unknown_then_is_refused() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="`style` must be one of 'short', 'medium', 'long', 'full', not 'tiny'"):
        format_time(at, "en_US", style="tiny")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="not a time zone"):
        format_time(at, "en_US", zone="Mars/Olympus")


def test_babel_when_missing_then_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(MissingExtra, match=r"pip install 'fin-infra-kit\[calendars\]'"):
        format_money(Money.of("1", "USD"), "en_US")
