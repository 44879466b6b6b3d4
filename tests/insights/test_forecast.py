"""Forecasts worked out by hand, and beside what the generator's future brings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput
from fin_infra.insights.forecast import Forecast, OpeningBalance, forecast
from fin_infra.insights.recurring import find_streams
from fin_infra.model import Money
from tests.insights.households import TODAY as HOUSEHOLD_TODAY
from tests.insights.households import household
from tests.insights.recurring.payments import TODAY, months, paid
from tests.insights.recurring.test_detect import is_found
from tests.support.effort import effort, share

D = dt.date
RENT = paid("GREENFIELD RENT", "-1200.00", *months(1, "2026-01", 11))
POWER = paid("EDISON ELECTRIC", ["-60.00", "-64.00", "-90.00", "-110.00", "-76.00", "-80.00"],
             *months(12, "2026-06", 6))  # fmt: skip
PAY = paid("ACME PAYROLL", "1500.00", *months(20, "2026-01", 11))
EURO = paid("MIETE BERLIN", "-700.00", *months(5, "2026-01", 11), currency="EUR", account_id="giro")


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def ahead(opening: str | None = "1300.00") -> Forecast:
    streams = find_streams([*RENT, *POWER, *PAY, *EURO], today=TODAY)
    balances = [OpeningBalance(account_id="checking", balance=usd(opening))] if opening else []
    return forecast(streams, balances, today=TODAY, until=D(2027, 1, 31))


def test_forecast_when_streams_are_known_then_days_are_as_worked_out_by_hand() -> None:
    line = next(each for each in ahead().accounts if each.account_id == "checking")
    assert [(day.date, day.balance, day.worst_balance, day.best_balance) for day in line.days] == [
        (D(2026, 12, 1), usd("100.00"), usd("100.00"), usd("100.00")),
        (D(2026, 12, 12), usd("20.00"), usd("-10.00"), usd("40.00")),
        (D(2026, 12, 20), usd("1520.00"), usd("1490.00"), usd("1540.00")),
        (D(2027, 1, 1), usd("320.00"), usd("290.00"), usd("340.00")),
        (D(2027, 1, 12), usd("240.00"), usd("180.00"), usd("280.00")),
        (D(2027, 1, 20), usd("1740.00"), usd("1680.00"), usd("1780.00")),
    ]
    assert (line.low_point, line.low_date) == (usd("20.00"), D(2026, 12, 12))
    assert (line.worst_point, line.worst_date) == (usd("-10.00"), D(2026, 12, 12))
    assert line.closing == usd("1740.00")


def test_forecast_when_months_are_asked_then_flows_and_streams_of_each_are_there() -> None:
    line = next(each for each in ahead().accounts if each.account_id == "checking")
    november, december, january = line.months
    assert (november.first_date, november.last_date, november.net, november.closing) == (
        TODAY, D(2026, 11, 30), usd("0"), usd("1300.00"),
    )  # fmt: skip
    assert (december.money_in, december.money_out, december.net) == (usd("1500"), usd("-1280"), usd("220"))
    assert (january.last_date, january.closing) == (D(2027, 1, 31), usd("1740.00"))
    assert december.stream_ids == (RENT[0].id, POWER[0].id, PAY[0].id)


def test_forecast_when_currencies_differ_then_totals_stand_apart_and_unknown_balances_stay_unknown() -> None:
    euro, dollar = ahead().totals
    assert (dollar.currency, dollar.closing) == ("USD", usd("1740.00"))
    assert (euro.currency, euro.opening, euro.closing, euro.low_point, euro.low_date) == ("EUR", None, None, None, None)
    assert [day.money_out for day in euro.days] == [Money.of("-700.00", "EUR")] * 2
    assert [month.closing for month in euro.months] == [None] * 3


def test_forecast_when_nothing_comes_then_the_balance_is_the_lowest_point_today() -> None:
    (line,) = forecast([], [OpeningBalance(account_id="a", balance=usd("5.00"))], today=TODAY, until=TODAY).accounts
    assert (line.days, line.low_point, line.low_date, line.closing) == ((), usd("5.00"), TODAY, usd("5.00"))


def test_forecast_when_a_payment_is_late_then_it_is_expected_today() -> None:
    streams = find_streams(RENT[:10], today=D(2026, 11, 4))
    line = forecast(streams, [], today=D(2026, 11, 4), until=D(2026, 12, 31)).accounts[0]
    assert [(one.date, one.late_since) for one in line.expected] == [
        (D(2026, 11, 4), D(2026, 11, 1)), (D(2026, 12, 1), None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("until", "words"), [(D(2026, 11, 27), "is before today, 2026-11-28"), (D(2099, 1, 1), "At most 10 years ahead")]
)
def test_forecast_when_the_days_cannot_be_meant_then_one_sentence(until: dt.date, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        forecast([], [], today=TODAY, until=until)


def test_forecast_when_an_account_has_two_balances_then_one_sentence() -> None:
    twice = [OpeningBalance(account_id="a", balance=usd("5.00"))] * 2
    with pytest.raises(InvalidInput, match="two balances in USD of one account; give one"):
        forecast([], twice, today=TODAY, until=TODAY)


def test_forecast_when_the_future_of_a_household_comes_then_it_was_said() -> None:
    until = D(2027, 5, 14)
    right = total = 0
    said_sum = true_sum = Decimal(0)
    for seed in range(share(100, test=25, quick=6)):
        home = household(seed)
        streams = find_streams(home.entries, today=HOUSEHOLD_TODAY)
        lines = forecast(streams, [], today=HOUSEHOLD_TODAY, until=until).accounts
        said = {(one.stream_id, one.date): one.amount.amount for line in lines for one in line.expected}
        for truth in home.truths:
            match = next((each for each in streams if is_found(truth, each)), None)
            if match is None or truth.ended:
                continue
            future = [(day, amount) for day, amount in truth.future if day <= until]
            if truth.fixed:
                total += len(future)
                right += sum((match.id, day) in said for day, _ in future)
            said_sum += sum((a for (one, _), a in said.items() if one == match.id), Decimal(0)).copy_abs()
            true_sum += sum((amount for _, amount in future), Decimal(0)).copy_abs()
    assert total > 100
    assert right >= 0.93 * total  # the rest are holidays, and days that weekends have not shown yet
    assert abs(said_sum - true_sum) <= true_sum * Decimal("0.03")  # raises of the year ahead are not known


@settings(max_examples=effort(100))
@given(st.integers(0, 2_000), st.integers(0, 400), st.integers(-500_000, 500_000))
@example(111, 47, 0)  # the average of a stream whose amounts have changed lay outside the last year's
def test_forecast_when_it_is_added_up_then_flows_explain_every_balance(seed: int, days: int, cents: int) -> None:
    entries = household(seed).entries[:600]
    opening = Money(Decimal(cents) / 100, "USD")
    made = forecast(
        find_streams(entries, today=HOUSEHOLD_TODAY),
        [OpeningBalance(account_id=account, balance=opening) for account in ("checking", "card")],
        today=HOUSEHOLD_TODAY,
        until=HOUSEHOLD_TODAY + dt.timedelta(days=days),
    )
    for line in (*made.accounts, *made.totals):
        flows = Money.total([one.amount for one in line.expected], "USD")
        assert line.opening is not None
        assert line.closing == line.opening + flows == (line.months[-1].closing if line.months else line.opening)
        assert flows == Money.total([month.net for month in line.months], "USD")
        assert line.low_point == min([line.opening, *(day.balance for day in line.days if day.balance is not None)])
        for day in line.days:
            assert day.worst_balance is not None
            assert day.balance is not None
            assert day.best_balance is not None
            assert day.worst_balance <= day.balance <= day.best_balance
