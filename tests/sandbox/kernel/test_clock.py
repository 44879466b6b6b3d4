"""The clock stands still, moves when told, and refuses what the world does not cover."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from fin_infra.sandbox.kernel.clock import DEFAULT_START, Clock


def test_now_when_nobody_moves_the_clock_then_it_is_the_fixed_friday() -> None:
    assert Clock().now == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert DEFAULT_START.strftime("%A") == "Friday"


def test_advance_when_told_then_by_exactly_that_much() -> None:
    clock = Clock()
    clock.advance(3661)
    assert clock.now == datetime(2026, 11, 20, 16, 1, 1, tzinfo=UTC)
    assert clock.elapsed == timedelta(seconds=3661)


def test_set_when_given_another_zone_then_kept_in_utc() -> None:
    clock = Clock()
    clock.set(datetime(2026, 11, 21, 9, 0, tzinfo=timezone(timedelta(hours=5))))
    assert (clock.now, clock.now.tzinfo) == (datetime(2026, 11, 21, 4, 0, tzinfo=UTC), UTC)


def test_reset_when_moved_then_back_at_its_own_start() -> None:
    start = datetime(2025, 6, 2, tzinfo=UTC)
    clock = Clock(start)
    clock.advance(10)
    clock.reset()
    assert clock.now == start


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf"), 1e12])
def test_advance_when_backwards_endless_or_out_of_range_then_value_error(seconds: float) -> None:
    clock = Clock()
    with pytest.raises(ValueError, match=r"clock advances|world runs"):
        clock.advance(seconds)
    assert clock.now == DEFAULT_START


@pytest.mark.parametrize("instant", [datetime(1999, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)])  # noqa: DTZ001  # naive on purpose
def test_set_when_naive_or_outside_the_world_then_value_error(instant: datetime) -> None:
    with pytest.raises(ValueError, match=r"time zone|world runs"):
        Clock().set(instant)
