"""Months as text: what is one, and counting them across years."""

from __future__ import annotations

import datetime as dt

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.insights.budgets.months import month_after, month_before, month_from, month_of, months_until


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "november", "", "0000-01", "2026-11-01", "２０２６-11"]
)
def test_month_when_it_is_not_one_then_says_how_to_write_it(text: str) -> None:
    with pytest.raises(InvalidInput, match="is not a month; write it like 2026-11"):
        month_from(text)


def test_month_when_a_year_ends_then_the_next_one_follows() -> None:
    assert month_from(" 2026-12 ") == month_of(dt.date(2026, 12, 31)) == "2026-12"
    assert (month_after("2026-12"), month_before("2027-01")) == ("2027-01", "2026-12")


@pytest.mark.parametrize(
    ("first", "last", "count"), [("2026-11", "2026-11", 1), ("2026-11", "2027-02", 4), ("2027-01", "2026-12", 0)]
)
def test_months_when_counted_then_both_ends_are_in(first: str, last: str, count: int) -> None:
    assert months_until(first, last) == count
