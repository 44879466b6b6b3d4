"""Low balances, bills and price rises by hand, with the near misses that are silent."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from fin_infra.insights import Entry, Stream, StreamStatus
from fin_infra.insights.alerts import Alert, AlertKind, AlertSettings, Facts, Severity, find_alerts
from fin_infra.insights.forecast import OpeningBalance
from fin_infra.model import Money
from tests.insights.alerts.facts import TODAY, monthly, spent, usd

RENT = monthly("rent", "-1000.00", "2026-12-05", last="2026-11-05")
PAY = monthly("pay", "1500.00", "2026-12-01")
GYM = monthly("gym", "-30.00", "2026-12-05", last="2026-11-05")


def low(balance: str, *streams: Stream, floors: tuple[Money, ...] = ()) -> list[Alert]:
    balances = [OpeningBalance(account_id="1", balance=usd(balance))]
    return find_alerts(Facts(streams=streams, balances=balances), today=TODAY, settings=AlertSettings(floors=floors))


def test_low_balance_when_bills_take_more_than_there_is_then_the_day_is_named() -> None:
    [alert] = low("1029.99", RENT, GYM)
    assert (alert.kind, alert.severity, alert.date) == (AlertKind.LOW_BALANCE, Severity.URGENT, dt.date(2026, 12, 5))
    assert alert.text == "Account 1 is expected to be at -0.01 USD on 2026-12-05, below zero."
    assert alert.entry_ids == ("gym-3", "rent-3")


@pytest.mark.parametrize(
    ("balance", "streams"),
    [("1030.00", (RENT, GYM)), ("0.00", (PAY, RENT, GYM)), ("5.00", ()), ("1.00", (replace(RENT, account_id="2"),))],
)
def test_low_balance_when_there_is_just_enough_then_it_is_silent(balance: str, streams: tuple[Stream, ...]) -> None:
    assert not low(balance, *streams)


def test_low_balance_when_it_is_beyond_the_days_looked_at_then_it_is_silent() -> None:
    far = monthly("tax", "-1000.00", "2026-12-29", last="2026-11-29")
    assert not low("5.00", far)
    assert len(low("5.00", replace(far, next_date=dt.date(2026, 12, 28)))) == 1


def test_low_balance_when_it_is_low_today_then_it_is_said_so() -> None:
    [alert] = low("-12.00")
    assert (alert.text, alert.date) == ("Account 1 is at -12.00 USD, below zero.", TODAY)


def test_low_balance_when_there_is_a_floor_then_only_its_currency_has_it() -> None:
    floors = (usd("500.00"), Money.of("900.00", "EUR"))
    [alert] = low("499.99", floors=floors)
    assert alert.text == "Account 1 is at 499.99 USD, below 500.00 USD."
    assert not low("500.00", floors=floors)


def test_low_balance_when_it_is_asked_for_again_days_later_then_its_id_is_the_same() -> None:
    facts = Facts(streams=[RENT], balances=[OpeningBalance(account_id="1", balance=usd("10.00"))])
    first, second = (
        [each for each in find_alerts(facts, today=day) if each.kind is AlertKind.LOW_BALANCE]
        for day in (TODAY, dt.date(2026, 12, 1))
    )
    assert [each.id for each in first] == [each.id for each in second]


def test_low_balance_when_nobody_knows_the_balance_then_it_is_silent() -> None:
    assert not find_alerts(Facts(streams=[RENT]), today=TODAY)


@pytest.mark.parametrize(
    ("today", "count"), [("2026-12-01", 0), ("2026-12-02", 1), ("2026-12-05", 1), ("2026-12-06", 0)]
)
def test_bill_due_when_it_is_within_three_days_then_it_is_told(today: str, count: int) -> None:
    assert len(find_alerts(Facts(streams=[RENT]), today=dt.date.fromisoformat(today))) == count


def test_bill_due_when_its_amount_varies_then_about_the_average_is_said() -> None:
    power = replace(RENT, average_amount=usd("-81.50"), low_amount=usd("-95.00"), high_amount=usd("-60.00"))
    [alert] = find_alerts(Facts(streams=[power]), today=dt.date(2026, 12, 4))
    assert alert.text == "RENT is due on 2026-12-05: about 81.50 USD."
    assert (alert.kind, alert.entry_ids) == (AlertKind.BILL_DUE, ("rent-3",))


@pytest.mark.parametrize(
    "stream",
    [PAY, replace(RENT, status=StreamStatus.TOMBSTONED), replace(RENT, next_date=None)],
)
def test_bill_due_when_money_comes_in_or_the_stream_has_ended_then_it_is_silent(stream: Stream) -> None:
    assert not find_alerts(Facts(streams=[stream]), today=dt.date(2026, 12, 1))


def rise(*amounts: str, last: str = "2026-11-05") -> list[Alert]:
    entries: list[Entry] = [
        spent(f"e{at}", f"2026-{12 - len(amounts) + at:02}-05", amount, "STREAMFLIX")
        for at, amount in enumerate(amounts)
    ]
    stream = replace(RENT, entry_ids=tuple(each.id for each in entries), last_date=dt.date.fromisoformat(last))
    return find_alerts(Facts(entries=entries, streams=[stream]), today=TODAY)


def test_price_rise_when_the_last_one_is_more_then_both_prices_are_said() -> None:
    [alert] = rise("-9.99", "-9.99", "-11.99")
    assert alert.kind is AlertKind.PRICE_RISE
    assert alert.text == "RENT rose from 9.99 USD to 11.99 USD on 2026-11-05."
    assert alert.entry_ids == ("e0", "e1", "e2")


@pytest.mark.parametrize(
    "amounts",
    [
        ("-9.99", "-9.99", "-9.99"),
        ("-9.99", "-9.99", "-8.99"),
        ("-9.99", "-10.49", "-11.99"),  # it was never one price
        ("-9.99", "-11.99"),  # too few
        ("-9.99", "-9.99", "-11.99", "-11.99"),  # it has been told a month ago
        ("-100.00", "-100.00", "-100.99"),  # less than 1 %
        ("9.99", "9.99", "11.99"),
    ],
)
def test_price_rise_when_there_is_none_then_it_is_silent(amounts: tuple[str, ...]) -> None:
    assert not rise(*amounts)


def test_price_rise_when_it_is_exactly_one_percent_then_it_is_told_and_when_it_is_old_then_not() -> None:
    assert len(rise("-100.00", "-100.00", "-101.00")) == 1
    assert not rise("-100.00", "-100.00", "-101.00", last="2026-10-28")
