"""Loans of the world: the first months by hand, what the bank account pays, and a loan that runs out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fin_infra.sandbox.world.loans import LOANS, following, standing

STUDENT, MORTGAGE = LOANS


def test_standing_when_two_payments_are_made_then_interest_first_as_by_hand() -> None:
    # 28,600 at 5.5 %: 131.08 interest in October 2021, 178.92 principal; then 28,421.08: 130.26 and 179.74
    assert standing(STUDENT, date(2021, 9, 30)).balance == Decimal("28600.00")
    after = standing(STUDENT, date(2021, 11, 20))
    assert after.balance == Decimal("28241.34")
    assert after.interest_this_year == Decimal("261.34")
    assert after.principal_this_year == Decimal("358.66")
    assert (after.last_paid, after.next_due) == (date(2021, 11, 20), date(2021, 12, 20))


def test_standing_when_a_payment_is_due_tomorrow_then_it_is_not_made() -> None:
    assert standing(STUDENT, date(2021, 10, 19)).last_paid is None
    assert standing(STUDENT, date(2021, 10, 19)).next_due == date(2021, 10, 20)


def test_standing_when_the_year_turns_then_the_sums_begin_again() -> None:
    assert standing(STUDENT, date(2022, 1, 19)).interest_this_year == 0
    assert standing(STUDENT, date(2022, 1, 20)).interest_this_year > 0


def test_standing_when_the_last_payment_is_smaller_then_nothing_is_owed_afterwards() -> None:
    short = replace(STUDENT, principal=Decimal("400.00"))
    # 1.83 interest, 308.17 principal; 91.83 left: 0.42 interest and the rest
    over = standing(short, date(2030, 1, 1))
    assert over.balance == 0
    assert over.last_paid == date(2021, 11, 20)


def test_mortgage_when_it_ends_then_at_most_one_payment_is_left() -> None:
    assert standing(MORTGAGE, MORTGAGE.ends).balance < MORTGAGE.payment


@pytest.mark.parametrize(
    ("day", "next_day"), [(date(2026, 1, 20), date(2026, 2, 20)), (date(2026, 12, 1), date(2027, 1, 1))]
)
def test_following_when_asked_then_the_same_day_of_the_next_month(day: date, next_day: date) -> None:
    assert following(day) == next_day
