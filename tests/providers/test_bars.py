"""Bars that cannot be one, and adjustment factors that change without a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fin_infra.model import Candle
from fin_infra.providers.bars import impossible, misadjusted

D = Decimal


def bar(opened: str, high: str, low: str, close: str, volume: str | None = None) -> Candle:
    return Candle(
        start=datetime(2026, 1, 2, tzinfo=UTC), open=D(opened), high=D(high), low=D(low), close=D(close),
        volume=None if volume is None else D(volume),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("candle", "why"),
    [
        (bar("2", "3", "2.5", "3"), "low"),
        (bar("2", "3", "1", "4"), "high"),
        (bar("2", "3", "0", "2"), "zero"),
        (bar("0", "0", "0", "0"), "zero"),
        (bar("2", "3", "1", "2", "-1"), "volume"),
    ],
)
def test_impossible_when_it_cannot_be_a_bar_then_why(candle: Candle, why: str) -> None:
    assert why in str(impossible(candle))


@pytest.mark.parametrize(("field", "bad"), [("split", ("0", "-2")), ("dividend", ("-0.01",))])
def test_impossible_when_an_event_cannot_be_then_why(field: str, bad: tuple[str, ...]) -> None:
    good = bar("2", "3", "1", "2")
    for text in bad:
        assert field in str(impossible(replace(good, **{field: D(text)})))
    assert impossible(replace(good, **{field: D("0.5")})) is None
    assert impossible(replace(good, dividend=D(0))) is None


def test_impossible_when_it_can_be_then_none() -> None:
    assert impossible(bar("2", "3", "1", "2", "0")) is None
    assert impossible(bar("1", "2", "-40", "-37")) is None
    assert impossible(bar("0", "0", "0", "0"), may_be_zero=True) is None


def places(factors: list[str], events: set[int] = frozenset()) -> set[int]:  # type: ignore[assignment]  # never changed
    happened = [at in events for at in range(len(factors))]
    return misadjusted([D(f) for f in factors], happened, [D(0)] * len(factors))


def test_misadjusted_when_the_factor_changes_then_only_without_an_event() -> None:
    assert places(["0.1", "0.1", "1", "1"], {2}) == set()
    assert places(["0.1", "0.1", "1", "1"]) == {1}
    assert places(["1", "9", "1", "1"]) == {1}
    assert places(["1", "1", "1", "9"]) == {3}
    assert places(["9", "1", "1"]) == {0}
    assert places([]) == places(["1"]) == set()
