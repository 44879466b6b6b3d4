"""Hold the sandbox's time, which stands still until somebody moves it.
Floor 8: a run sees the same instant from start to end, so that the same calls give the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

DEFAULT_START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
EARLIEST = datetime(2021, 1, 1, tzinfo=UTC)
LATEST = datetime(2035, 12, 31, tzinfo=UTC)


class Clock:
    """An aware UTC instant between EARLIEST and LATEST that only moves when told to."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = self._checked(start or DEFAULT_START)
        self._now = self._start

    @property
    def now(self) -> datetime:
        """Return the current sandbox instant in UTC."""
        return self._now

    @property
    def elapsed(self) -> timedelta:
        """Return how far the clock is from where it started."""
        return self._now - self._start

    def set(self, instant: datetime) -> None:
        """Move to an aware instant, forwards or backwards; ValueError outside the world's years."""
        self._now = self._checked(instant)

    def advance(self, seconds: float) -> None:
        """Move forward; ValueError when `seconds` is negative."""
        if not seconds >= 0:
            raise ValueError("The clock advances by zero or more seconds; use `set` to go back.")
        try:
            moved = self._now + timedelta(seconds=seconds)
        except OverflowError:
            raise ValueError(_range_text()) from None
        self._now = self._checked(moved)

    def reset(self) -> None:
        """Return to the instant the sandbox started with."""
        self._now = self._start

    @staticmethod
    def _checked(instant: datetime) -> datetime:
        if instant.tzinfo is None:
            raise ValueError("The clock needs an instant with a time zone, for example 2026-11-20T15:00:00Z.")
        if not EARLIEST <= instant <= LATEST:
            raise ValueError(_range_text())
        return instant.astimezone(UTC)


def _range_text() -> str:
    return f"The sandbox world runs from {EARLIEST.date()} to {LATEST.date()}; choose an instant inside it."
