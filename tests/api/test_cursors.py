"""Cursors of the API: what is written reads back, and what a client made up is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.api.cursors import read_day_cursor, read_instant_cursor, write_cursor
from fin_infra.errors import InvalidInput

IDS = st.text(min_size=1)


@given(st.dates(max_value=date.max - timedelta(days=1)), IDS)
def test_day_cursor_when_written_then_reads_back_as_the_end_of_a_window(day: date, row_id: str) -> None:
    assert read_day_cursor(write_cursor(day, row_id)) == (day + timedelta(days=1), row_id)


@given(st.datetimes(timezones=st.just(UTC)), IDS)
def test_instant_cursor_when_written_then_reads_back(at: datetime, row_id: str) -> None:
    assert read_instant_cursor(write_cursor(at, row_id)) == (at, row_id)


def test_instant_cursor_when_the_plus_became_a_blank_on_its_way_then_is_read() -> None:
    at = datetime(2026, 3, 1, 9, 30, 0, 5, timezone(timedelta(hours=2)))
    assert read_instant_cursor(write_cursor(at, "o~1").replace("+", " ")) == (at, "o~1")


MADE_UP = [
    "",
    "~",
    "x",
    "x~y",
    "2026-03-01",
    "2026-03-01~",
    "2026-02-30~a",
    "20260301~a",
    "2026-W09-7~a",
    "1772323200~a",
]
SENTENCE = r"Unknown cursor; use the `next` of a page, or leave it out\."


@pytest.mark.parametrize("cursor", [*MADE_UP, "9999-12-31~a"])
def test_day_cursor_when_made_up_then_one_sentence(cursor: str) -> None:
    with pytest.raises(InvalidInput, match=SENTENCE):
        read_day_cursor(cursor)


@pytest.mark.parametrize(
    "cursor", [*MADE_UP, "2026-03-01~a", "2026-03-01T09:30:00~a", "20260301T093000Z~a", "2026-03-01T09Z~a"]
)
def test_instant_cursor_when_made_up_or_without_a_zone_then_one_sentence(cursor: str) -> None:
    with pytest.raises(InvalidInput, match=SENTENCE):
        read_instant_cursor(cursor)
