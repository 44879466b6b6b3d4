"""Alerts together: stale connections, order, dismissal, and a year in which nothing happens."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput
from fin_infra.insights import Entry, Label
from fin_infra.insights.alerts import AlertKind, AlertSettings, ConnectionHealth, Facts, find_alerts
from fin_infra.insights.forecast import OpeningBalance
from fin_infra.insights.recurring import find_streams
from tests.insights.alerts.facts import TODAY, label, monthly, spent, usd
from tests.support.effort import effort


def health(state: str, synced_on: dt.date | None, since: dt.date = TODAY) -> ConnectionHealth:
    return ConnectionHealth(id="c1", provider="banking:plaid", state=state, since=since, synced_on=synced_on)


DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("connection", "count"),
    [
        (health("healthy", TODAY), 0),
        (health("healthy", TODAY - 3 * DAY), 0),
        (health("healthy", TODAY - 4 * DAY), 1),
        (health("stale", TODAY - 3 * DAY), 0),
        (health("stale", TODAY - 4 * DAY), 1),
        (health("stale", None, TODAY - 4 * DAY), 1),
        (health("person_must_act", TODAY), 1),
        (health("paused", TODAY - 90 * DAY), 0),
        (health("revoked", TODAY - 90 * DAY), 0),
        (health("linking", None, TODAY - 90 * DAY), 0),
    ],
)
def test_stale_connection_when_days_pass_or_it_needs_the_person_then_it_is_told(
    connection: ConnectionHealth, count: int
) -> None:
    assert len(find_alerts(Facts(connections=[connection]), today=TODAY)) == count


def test_stale_connection_when_it_is_told_then_it_says_why_and_since_when() -> None:
    [alert] = find_alerts(Facts(connections=[health("person_must_act", dt.date(2026, 11, 20))]), today=TODAY)
    assert (alert.kind, alert.connection_id) == (AlertKind.STALE_CONNECTION, "c1")
    assert alert.text == (
        "What banking:plaid tells is old: it needs you to sign in or agree again, "
        "and the last whole sync was on 2026-11-20."
    )


def household() -> tuple[list[Entry], dict[str, Label]]:
    """Return two quiet years: salary, rent, a streaming service, groceries of every week."""
    random = Random(16)
    entries: list[Entry] = []
    labels: dict[str, Label] = {}
    for at in range(24):
        year, month = 2025 + at // 12, at % 12 + 1
        entries.append(spent(f"pay{at}", dt.date(year, month, 1), "3000.00", "ACME PAYROLL"))
        entries.append(spent(f"rent{at}", dt.date(year, month, 3), "-1200.00", "HILL STREET HOMES"))
        entries.append(spent(f"film{at}", dt.date(year, month, 12), "-9.99", "STREAMFLIX"))
    for week in range(104):
        day = dt.date(2025, 1, 4) + 7 * week * DAY + random.choice((0, 1)) * DAY
        entries.append(spent(f"food{week}", day, f"-{random.randint(6000, 9900) / 100:.2f}", "CORNER MARKET"))
        labels[f"food{week}"] = label("FOOD_AND_DRINK_GROCERIES")
    return entries, labels


def test_alerts_when_a_household_is_quiet_for_a_year_then_only_bills_are_told_by_the_calendar() -> None:
    entries, labels = household()
    for week in range(52):
        today = dt.date(2026, 1, 1) + 7 * week * DAY
        known = [each for each in entries if each.date <= today]
        facts = Facts(
            entries=known,
            labels=labels,
            streams=[each for each in find_streams(known, today=today, labels=labels) if "MARKET" not in each.merchant],
            balances=[OpeningBalance(account_id="1", balance=usd("4000.00"))],
            connections=[replace(health("healthy", today), since=dt.date(2025, 1, 1))],
        )
        assert not find_alerts(facts, today=today, settings=AlertSettings(bill_days=None))
        due = {each.date for each in find_alerts(facts, today=today)}
        paid = {each.date for each in known}
        ahead = {today + add * DAY for add in range(4)} - paid
        assert due == {day for day in ahead if day.day in (3, 12)}


def test_alerts_when_one_thing_goes_wrong_in_a_quiet_year_then_that_is_told() -> None:
    entries, labels = household()
    today = dt.date(2026, 11, 28)
    known = [each for each in entries if each.date <= today]
    wrong = [
        spent("twice", "2026-11-12", "-9.99", "STREAMFLIX"),
        spent("fee", "2026-11-25", "-35.00", "OVERDRAFT FEE"),
        spent("much", "2026-11-26", "-480.00", "CORNER MARKET"),
    ]
    labels["much"] = label("FOOD_AND_DRINK_GROCERIES")
    streams = find_streams(known, today=today, labels=labels)
    alerts = find_alerts(Facts(entries=[*known, *wrong], labels=labels, streams=streams), today=today)
    assert [(each.kind, each.entry_ids[0]) for each in alerts if each.kind is not AlertKind.BILL_DUE] == [
        (AlertKind.DUPLICATE_CHARGE, "film22"),
        (AlertKind.FEE, "fee"),
        (AlertKind.UNUSUAL_AMOUNT, "much"),
    ]


FACTS = Facts(
    entries=[
        *(spent(f"u{at}", f"2026-0{at}-10", f"-{20 + at}.00", "GREEN GROCER") for at in range(1, 8)),
        spent("big", "2026-11-02", "-400.00", "GREEN GROCER"),
        spent("d1", "2026-11-20", "-5.00"),
        spent("d2", "2026-11-20", "-5.00"),
        spent("fee", "2026-11-21", "-3.00", "ATM FEE"),
        *(
            spent(f"gym-{at}", f"2026-{8 + at:02}-05", f"-{amount}", "GYM")
            for at, amount in ((1, 30), (2, 30), (3, 35))
        ),
    ],
    streams=[
        monthly("gym", "-35.00", "2026-11-30", last="2026-11-05"),
        monthly("rent", "-900.00", "2026-12-01"),
    ],
    balances=[OpeningBalance(account_id="1", balance=usd("100.00"))],
    connections=[health("stale", TODAY - 9 * DAY)],
)


def test_alerts_when_everything_happens_at_once_then_each_kind_is_told_the_urgent_first() -> None:
    alerts = find_alerts(FACTS, today=TODAY)
    assert {each.kind for each in alerts} == set(AlertKind)
    assert alerts[0].kind is AlertKind.LOW_BALANCE
    assert [each.kind for each in alerts[-2:]] == [AlertKind.BILL_DUE] * 2
    assert len({each.id for each in alerts}) == len(alerts) == 8


@given(st.randoms(use_true_random=False), st.data())
@settings(max_examples=effort(60))
def test_alerts_when_facts_come_in_any_order_then_they_are_the_same(random: Random, data: st.DataObject) -> None:
    mixed = replace(
        FACTS,
        entries=random.sample(list(FACTS.entries), len(FACTS.entries)),
        streams=random.sample(list(FACTS.streams), len(FACTS.streams)),
    )
    expected = find_alerts(FACTS, today=TODAY)
    assert find_alerts(mixed, today=TODAY) == expected
    dismissed = data.draw(st.sets(st.sampled_from([each.id for each in expected])))
    left = [each for each in expected if each.id not in dismissed]
    assert find_alerts(mixed, today=TODAY, dismissed=dismissed) == left


def test_alerts_when_every_kind_is_turned_off_then_there_is_none() -> None:
    off = AlertSettings(
        ahead_days=None, unusual_least=None, duplicate_days=None, fees=False, rise_share=None, bill_days=None,
        stale_days=None,
    )  # fmt: skip
    assert not find_alerts(FACTS, today=TODAY, settings=off)


def test_alerts_when_a_transaction_is_given_twice_or_a_threshold_is_negative_then_it_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Two transactions have the same id"):
        find_alerts(Facts(entries=[FACTS.entries[0]] * 2), today=TODAY)
    with pytest.raises(InvalidInput, match="`bill_days` is -1; a threshold must not be negative"):
        find_alerts(FACTS, today=TODAY, settings=AlertSettings(bill_days=-1))
