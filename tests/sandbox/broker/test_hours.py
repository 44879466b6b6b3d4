"""New York's sessions against the exchange's published table and an independent library."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from fin_infra.sandbox.broker import hours

# NYSE's page "Holidays & Trading Hours": all early closes it announced for 2021 to 2028
EARLY = [
    "2021-11-26", "2022-11-25", "2023-07-03", "2023-11-24", "2024-07-03", "2024-11-29", "2024-12-24", "2025-07-03",
    "2025-11-28", "2025-12-24", "2026-11-27", "2026-12-24", "2027-11-26", "2028-07-03", "2028-11-24",
]  # fmt: skip


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_early_closes_when_listed_then_the_published_ones() -> None:
    found = [
        s.day.isoformat() for s in hours.sessions(date(2021, 1, 1), date(2028, 12, 31)) if s.closes.hour in (17, 18)
    ]
    assert found == EARLY


@pytest.mark.parametrize("day", ["2021-12-24", "2022-06-20", "2025-01-09", "2026-04-03", "2026-07-03", "2027-12-24"])
def test_session_when_the_exchange_is_closed_then_there_is_none(day: str) -> None:
    assert hours.session(date.fromisoformat(day)) is None


def test_sessions_when_compared_with_exchange_calendars_then_opens_and_closes_are_equal() -> None:
    calendars = pytest.importorskip("exchange_calendars")
    theirs = calendars.get_calendar("XNYS", start="2021-01-01", end="2027-10-29")
    ours = {s.day: (s.opens, s.closes) for s in hours.sessions(date(2021, 1, 1), date(2027, 10, 29))}
    rows = theirs.schedule
    assert ours == {
        day.date(): (opens.to_pydatetime(), closes.to_pydatetime())
        for day, opens, closes in zip(rows.index, rows["open"], rows["close"], strict=True)
    }


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T08:59", "closed"),
        ("2026-11-20T09:00", "pre"),
        ("2026-11-20T14:29", "pre"),
        ("2026-11-20T14:30", "regular"),
        ("2026-11-20T20:59", "regular"),
        ("2026-11-20T21:00", "after"),
        ("2026-11-21T01:00", "closed"),
        ("2026-11-27T18:00", "after"),
        ("2026-11-27T22:00", "closed"),
        ("2026-11-26T15:00", "closed"),
        ("2026-07-02T13:30", "regular"),
        ("2026-11-21T15:00", "closed"),
    ],
)
def test_phase_when_asked_at_an_instant_then_by_new_york_time(moment: str, expected: str) -> None:
    assert hours.phase(at(moment)) == expected


def test_settlement_when_the_rule_changed_then_two_days_before_and_one_since() -> None:
    assert hours.settlement(date(2024, 5, 24)) == date(2024, 5, 29)  # Memorial Day lies between
    assert hours.settlement(date(2024, 5, 28)) == date(2024, 5, 29)
    assert hours.settlement(date(2026, 11, 25)) == date(2026, 11, 27)


def test_ticks_when_a_night_lies_between_then_only_trading_minutes() -> None:
    found = list(hours.ticks(at("2026-11-20T20:58"), at("2026-11-23T14:31"), extended=False, crypto=False))
    assert found == [at(f"2026-11-{m}") for m in ("20T20:59", "20T21:00", "23T14:30", "23T14:31")]


def test_gtc_expiry_when_ninety_days_on_is_a_holiday_then_the_close_before() -> None:
    assert hours.gtc_expiry(at("2026-11-17T15:00")) == at("2027-02-12T21:00")  # 2027-02-15 is Presidents' Day
