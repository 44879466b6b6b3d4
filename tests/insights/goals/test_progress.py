"""How far a goal is, by balances done by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import CurrencyMismatch, InvalidInput
from fin_infra.insights.goals import Goal, GoalKind, progress, sound_goal
from fin_infra.model import Money

TODAY = dt.date(2026, 1, 31)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


TRIP = Goal(id="1", kind=GoalKind.SAVINGS, name="Trip", target=usd("1200.00"), monthly=usd("100.00"))
CARD = Goal(
    id="2",
    kind=GoalKind.PAYOFF,
    name="Card",
    target=usd("10000.00"),
    monthly=usd("500.00"),
    annual_rate=Decimal("0.18"),
    by=dt.date(2028, 1, 31),
)


def test_progress_when_part_is_saved_then_percent_and_day_are_said() -> None:
    found = progress(TRIP, usd("400.00"), today=TODAY)
    assert (found.reached, found.remaining, found.percent) == (usd("400.00"), usd("800.00"), Decimal("33.33"))
    assert found.reached_on == dt.date(2026, 9, 30)
    assert found.on_track is None  # there is no day


@pytest.mark.parametrize(("by", "on_track"), [(dt.date(2026, 9, 30), True), (dt.date(2026, 9, 29), False)])
def test_progress_when_there_is_a_day_then_the_day_itself_is_in_time(by: dt.date, on_track: bool) -> None:
    found = progress(replace(TRIP, by=by), usd("400.00"), today=TODAY)
    assert found.on_track is on_track
    assert found.needed == usd("100.00" if on_track else "114.29")  # 800.00 in 8 months, or in 7


def test_progress_when_a_debt_is_half_paid_then_its_balance_is_negative() -> None:
    found = progress(CARD, usd("-10000.00"), today=TODAY)
    assert (found.reached, found.percent, found.reached_on) == (usd("0.00"), Decimal(0), dt.date(2028, 1, 31))
    assert found.on_track
    half = progress(CARD, usd("-5000.00"), today=TODAY)
    assert (half.reached, half.percent) == (usd("5000.00"), Decimal(50))
    assert half.on_track


@pytest.mark.parametrize(("goal", "balance"), [(TRIP, "1200.00"), (TRIP, "5000.00"), (CARD, "0.00"), (CARD, "3.00")])
def test_progress_when_it_is_reached_then_it_is_100_percent_today(goal: Goal, balance: str) -> None:
    found = progress(goal, usd(balance), today=TODAY)
    assert (found.percent, found.remaining, found.reached_on) == (Decimal(100), usd("0.00"), TODAY)
    assert found.note is None


def test_progress_when_the_balance_is_unknown_then_nothing_is_made_up() -> None:
    found = progress(CARD, None, today=TODAY)
    assert (found.reached, found.remaining, found.percent, found.reached_on, found.on_track) == (None,) * 5


def test_progress_when_the_account_is_overdrawn_then_nothing_is_saved() -> None:
    found = progress(TRIP, usd("-50.00"), today=TODAY)
    assert (found.reached, found.remaining, found.percent) == (usd("0.00"), usd("1200.00"), Decimal(0))


def test_progress_when_the_debt_has_grown_beyond_the_payment_then_the_note_says_what_would_work() -> None:
    found = progress(CARD, usd("-40000.00"), today=TODAY)
    assert found.reached_on is None
    assert found.on_track is False
    assert found.note == (
        "500.00 USD a month never pays off debt 2: on 40000.00 USD the interest alone is 600.00 USD a month; "
        "pay at least 600.01 USD."
    )


def test_progress_when_the_day_has_passed_then_it_is_late_and_nothing_is_needed_by_it() -> None:
    found = progress(replace(TRIP, by=dt.date(2026, 1, 1)), usd("400.00"), today=TODAY)
    assert (found.on_track, found.needed) == (False, None)


def test_progress_when_the_balance_is_in_another_currency_then_it_is_refused() -> None:
    with pytest.raises(CurrencyMismatch, match="Goal and balance in EUR and USD"):
        progress(TRIP, Money.of("1.00", "EUR"), today=TODAY)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": " "}, "needs a name"),
        ({"target": usd("-5.00")}, "`target` is -5.00 USD"),
        ({"target": usd("0.00")}, "`target` is zero"),
        ({"monthly": None}, "needs a day, `by`, or an amount"),
        ({"by": TODAY}, "`by`, 2026-01-31, is not after today"),
        ({"monthly": Money.of("5.00", "EUR")}, "EUR and USD"),
        ({"monthly": usd("0.00")}, "never reached; it takes at least 1.00 USD"),
        ({"annual_rate": Decimal(4)}, None),
        ({"annual_rate": Decimal(40)}, "such as 0.18 for 18 %"),
    ],
)
def test_sound_goal_when_it_cannot_be_meant_then_one_sentence_says_why(
    change: dict[str, Any], says: str | None
) -> None:
    goal = replace(TRIP, **change)
    if says is None:
        assert sound_goal(goal, today=TODAY) == goal
        return
    with pytest.raises(InvalidInput, match=says):
        sound_goal(goal, today=TODAY)


def test_sound_goal_when_a_payment_does_not_cover_the_interest_then_the_least_that_works_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"pay at least 150\.01 USD"):
        sound_goal(replace(CARD, monthly=usd("120.00")), today=TODAY)
