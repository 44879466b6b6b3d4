"""Every field of every row of every list, absent, null, empty and unknown: the other rows always come, and nothing else
is raised. What the table of lists must hold is read off the adapters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import UnexpectedPayload
from fin_infra.model import Candle
from fin_infra.providers.brokerage.alpaca import market_data as alpaca_data
from fin_infra.providers.brokerage.alpaca import payloads as alpaca
from tests.providers.list_cases import CASES, OWN, ListCase, listing_operations, recorded
from tests.support.effort import share

NOW = datetime(2026, 11, 26, tzinfo=UTC)
EVERY = share(1, test=12, quick=60)
"""Each how manieth change is tried."""
STRANGE: tuple[Any, ...] = (
    None,
    "",
    "a-word-nobody-knows",
    [],
    {},
    True,
    -7,
    Decimal("1e40"),
    [None],
    [{}],
    {"": None},
)


def changes(value: Any) -> Iterator[Any]:
    """Yield what an object may become: each field, also of what is in it, absent, null, empty or unknown."""
    if isinstance(value, list):
        for at, inner in enumerate(value):
            for strange in (*STRANGE, *changes(inner)):
                yield [*value[:at], strange, *value[at + 1 :]]
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {key: kept for key, kept in value.items() if key != name}
            for strange in (*STRANGE, *changes(inner)):
                yield value | {name: strange}


def good_row(case: ListCase) -> Any:
    """Return a row that can be read and is none of those that are changed."""
    return case.rows[0] if case.ident is None else case.rows[0] | {case.ident: "the-good-row"}


def test_table_when_compared_with_the_adapters_then_every_list_is_in_it() -> None:
    vendors = {name.partition("/")[0] for name in CASES}  # a vendor without rows here has tests/conformance
    listed = [name for name in listing_operations() if name.partition("/")[0] in vendors]
    assert sorted(CASES) == sorted(name for name in listed if not name.endswith(OWN))


def test_records_with_points_when_compared_with_the_adapters_then_both_are_tried_below() -> None:
    assert set(listing_operations(("CandleSeries", "PortfolioHistory"))) == {
        "alpaca/candles",
        "alpaca/portfolio_history",
    }


@pytest.mark.parametrize("name", CASES)
def test_list_when_any_field_of_a_row_is_strange_then_the_other_row_comes(name: str) -> None:
    case = CASES[name]
    good = good_row(case)
    whole, errors = case.ask([good])
    assert (len(whole), errors) == (1, [])
    tried = [*STRANGE, *[change for row in case.rows for change in changes(row)][::EVERY]]
    for change in tried:
        for rows, at in (([change, good], 0), ([good, change], 1)):
            found, errors = case.ask(rows)
            assert {len(found) + len(errors)} <= {2, 3 if change_has_no_id(case, change) else 2}, change
            assert whole[0] in found, change  # wherever: open orders with trees among them come newest first
            assert all(error.reason and (at or error.place.endswith("[0]")) for error in errors), change


def change_has_no_id(case: ListCase, change: Any) -> bool:
    """A page after it may name it once more: nothing tells that it is the same."""
    return case.ident is not None and not (isinstance(change, dict) and isinstance(change.get(case.ident), str))


@pytest.mark.parametrize("name", CASES)
def test_list_when_no_row_can_be_read_then_all_are_named(name: str) -> None:
    found, errors = CASES[name].ask([7, None, [], "x" if name != "snaptrade/users" else {}])
    assert found == []
    assert [error.place.rpartition("[")[2] for error in errors] == ["0]", "1]", "2]", "3]"]


@pytest.mark.parametrize("name", CASES)
def test_list_when_it_is_no_list_then_refused(name: str) -> None:
    """An answer that is something else altogether is not a list with a bad row."""
    case = CASES[name]
    broken = ListCase(**{slot: getattr(case, slot) for slot in case.__dataclass_fields__} | {"wrap": lambda rows: 7})
    with pytest.raises(UnexpectedPayload):
        broken.ask([])


@pytest.mark.parametrize("field", ["timestamp", "equity", "profit_loss", "profit_loss_pct"])
def test_portfolio_history_when_a_point_cannot_be_read_then_the_others_come_and_it_is_named(field: str) -> None:
    body = recorded("brokerage/alpaca", "portfolio_history")
    odd: tuple[Any, ...] = ("x", [], {}, True)
    for strange in odd:
        changed = body | {field: [strange, *body[field][1:]]}
        found = alpaca.portfolio_history(changed, NOW)
        assert found.points == alpaca.portfolio_history(body, NOW).points[1:]
        assert [(error.place, field in error.reason) for error in found.errors] == [("points[0]", True)]


@pytest.mark.parametrize("field", ["t", "o", "h", "l", "c"])
def test_candles_when_a_bar_cannot_be_read_then_the_others_come_and_it_is_named(field: str) -> None:
    body = recorded("brokerage/alpaca", "bars_1")
    bars = body["bars"]["AAPL"]
    odd: tuple[Any, ...] = (None, "x", [], {}, True, "")
    for strange in odd:
        found, _ = alpaca_data.bars({"bars": {"AAPL": [bars[0] | {field: strange}, bars[1]]}}, "AAPL")
        assert [candle.close for candle in found] == [Decimal("179.5")]
        assert [error.place for error in found.errors] == ["bars[0]"]


@pytest.mark.parametrize(("field", "value"), [("h", 1), ("l", 1000), ("o", 0), ("v", -1)])
def test_candles_when_a_bar_cannot_be_true_then_named(field: str, value: int) -> None:
    bar = recorded("brokerage/alpaca", "bars_1")["bars"]["AAPL"][0]
    found, _ = alpaca_data.bars({"bars": {"AAPL": [bar | {field: value}]}}, "AAPL")
    assert list[Candle](found) == []
    assert [error.id for error in found.errors] == [bar["t"]]


@pytest.mark.parametrize("kind", ["crypto_perp", "us_treasury", "", None])
def test_position_when_its_class_is_unknown_then_it_is_no_share_of_the_united_states(kind: str | None) -> None:
    row = recorded("brokerage/alpaca", "positions")[0] | {"symbol": "BTC-PERP", "asset_class": kind}
    found = alpaca.position(row, NOW)
    assert (found.key, found.symbol_text) == (None, "BTC-PERP")


@pytest.mark.parametrize(
    ("status", "counts", "text"),
    [("executed", True, "executed"), ("canceled", False, "canceled"), ("mended", True, "mended"), (None, True, "")],
)
def test_activity_when_it_has_a_status_then_it_is_kept_and_canceled_does_not_count(
    status: str | None, counts: bool, text: str
) -> None:
    row = {"id": "1", "activity_type": "DIV", "date": "2026-10-08", "net_amount": "2.46", "status": status}
    found = alpaca.activity(row, NOW)
    assert (found.counts, found.status_text) == (counts, text)
