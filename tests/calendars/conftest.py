"""The witness: exchange_calendars, built once per calendar."""

from __future__ import annotations

import tomllib
import warnings
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fin_infra.calendars import calendar

ROOT = Path(__file__).resolve().parents[2]


@cache
def _witness(name: str) -> Any:
    import exchange_calendars

    ours = calendar(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its use of pandas
        return exchange_calendars.get_calendar(name, start=str(ours.first), end=str(ours.last))


@pytest.fixture(scope="session")
def witness() -> Callable[[str], Any]:
    """exchange_calendars' calendar over the span of ours."""
    return _witness


@pytest.fixture(scope="session")
def overridden() -> Callable[[str], set[date]]:
    """The days a calendar may differ from exchange_calendars by an entry of its own."""
    entries = tomllib.loads((ROOT / "dx" / "calendar_overrides.toml").read_text())
    return lambda name: {entry["on"] for entry in entries.get(name, []) if "on" in entry}
