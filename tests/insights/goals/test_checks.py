"""Months, interest and the search for the least amount that goals share."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.insights.goals.checks import after, cents, least, monthly_interest, months_between
from fin_infra.model import Money


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (dt.date(2026, 1, 31), 1, dt.date(2026, 2, 28)),
        (dt.date(2028, 1, 31), 1, dt.date(2028, 2, 29)),
        (dt.date(2026, 1, 31), 2, dt.date(2026, 3, 31)),
        (dt.date(2026, 12, 15), 13, dt.date(2028, 1, 15)),
        (dt.date(2026, 5, 5), 0, dt.date(2026, 5, 5)),
    ],
)
def test_after_when_a_month_is_short_then_its_last_day_counts(start: dt.date, months: int, end: dt.date) -> None:
    assert after(start, months) == end
    assert months_between(start, end) == months


def test_months_between_when_a_day_is_missing_then_the_month_is_not_whole() -> None:
    assert months_between(dt.date(2026, 1, 15), dt.date(2026, 3, 14)) == 1


def test_after_when_the_calendar_ends_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="beyond the end of the calendar"):
        after(dt.date(9999, 12, 1), 1)


def test_monthly_interest_when_it_ends_in_half_a_cent_then_it_is_rounded_up() -> None:
    assert monthly_interest(Money.of("100.00", "USD"), Decimal("0.006")) == Money.of("0.05", "USD")
    assert monthly_interest(Money.of("1000", "JPY"), Decimal("0.006")) == Money.of("1", "JPY")  # 0.5 yen


def test_least_when_the_currency_has_no_cents_then_whole_units_are_searched() -> None:
    assert least(Money.of("0", "JPY"), Money.of("900", "JPY"), lambda each: each.amount >= 417) == Money.of(
        "417", "JPY"
    )


def test_cents_when_the_currency_has_no_minor_unit_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="whole minor units of XAU"):
        cents("target", Money.of("1", "XAU"))
