"""What models share: series are sequences, a table of rates reads like one, and building a model costs what it did."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import RateUnavailable
from fin_infra.model import CandleSeries, MarketChart, Model, PortfolioHistory, RateTable, Series
from tests.support.models import made, models

SERIES = [model for model in models() if issubclass(model, Series)]


def test_series_when_listed_then_all_that_are_points_over_time() -> None:
    assert {model.__name__ for model in SERIES} == {"CandleSeries", "MarketChart", "PortfolioHistory"}


@pytest.mark.parametrize(
    ("model", "field"), [(CandleSeries, "candles"), (MarketChart, "points"), (PortfolioHistory, "points")]
)
def test_series_when_used_as_a_sequence_then_its_rows(model: type[Any], field: str) -> None:
    one = made(model)
    row = getattr(one, field)[0]
    other = dataclasses.replace(row)
    whole = dataclasses.replace(one, **{field: (row, other, row)})
    assert len(whole) == 3
    assert list(whole) == [row, other, row]
    assert whole[0] is whole[-1] is row
    assert whole[1:] == (other, row)
    assert list(reversed(whole)) == [row, other, row]
    assert row in whole
    with pytest.raises(IndexError):
        whole[3]
    empty = dataclasses.replace(one, **{field: ()})
    assert len(empty) == 0
    assert bool(empty)


def test_rate_table_when_used_as_a_mapping_then_its_rates() -> None:
    table = RateTable(
        source="fx:ecb",
        as_of=datetime(2026, 11, 20, tzinfo=UTC),
        base="EUR",
        date=date(2026, 11, 20),
        rates={"USD": Decimal("1.1624")},
    )
    assert table["USD"] == Decimal("1.1624")
    assert ("USD" in table, "JPY" in table, list(table), len(table)) == (True, False, ["USD"], 1)
    with pytest.raises(RateUnavailable, match="fx:ecb has no JPY rate for 2026-11-20"):
        table["JPY"]
    assert [(rate.base, rate.quote, rate.rate) for rate in table.published] == [("EUR", "USD", Decimal("1.1624"))]
    assert bool(dataclasses.replace(table, rates={}))


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_model_when_copied_or_pickled_then_equal(model: type[Any]) -> None:
    value = made(model)
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == dataclasses.replace(value) == value


@pytest.mark.parametrize(
    "model", [m for m in models() if issubclass(m, Model) and "__slots__" in m.__dict__], ids=lambda m: m.__name__
)
def test_model_when_it_has_slots_then_no_base_gives_it_a_dict(model: type[Any]) -> None:
    assert not hasattr(made(model), "__dict__")
