"""Every cell of the recorded rows absent, null, empty and unknown: the other rows come, and nothing else is raised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import AmbiguousSymbol, ProviderError, UnexpectedPayload, UnknownSymbol
from fin_infra.model import InstrumentKey
from tests.providers.crypto.coingecko.support import BITCOIN, DUST, HERE, WBTC, answering
from tests.support.effort import share

EVERY = share(1, test=2, quick=7)
"""Each how manieth change is tried."""
STRANGE: list[Any] = [None, "", "a-word-nobody-knows", [], {}, True, -7, [None], "NaN", "1,234.5", 10**40]


def body(name: str) -> Any:
    reply = json.loads((HERE / f"{name}.json").read_text())["reply"]
    return reply["json"] if "json" in reply else json.loads(reply["text"])


def cells(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row with each of its cells, also of the objects in it, absent and strange."""
    for name, cell in row.items():
        yield {key: kept for key, kept in row.items() if key != name}
        yield from (row | {name: strange} for strange in STRANGE)
        if isinstance(cell, dict):
            yield from (row | {name: inner} for inner in cells(cell))


def test_prices_when_any_cell_of_a_coin_is_strange_then_the_other_coin_comes() -> None:
    whole = body("price")
    right = answering(whole).prices([BITCOIN, DUST])
    for changed in [*cells(whole["bitcoin"]), *STRANGE][::EVERY]:
        found = answering({**whole, "bitcoin": changed}).prices([BITCOIN, DUST])
        assert found[-1] == right[-1]
        assert len(found) + len(found.errors) == 2
        assert [error.place for error in found.errors] in ([], ["keys[0]"])
        assert all(price.price > 0 for price in found)


def test_search_when_any_cell_of_a_hit_is_strange_then_the_other_hits_come_and_it_is_named() -> None:
    whole = body("search")
    right = answering(whole).search("eth")
    (odd,) = right.errors
    assert "instrument" in odd.reason  # an id that no key can hold is told, and cannot be asked for
    rows = whole["coins"]
    for changed in [*cells(rows[0]), *STRANGE][::EVERY]:
        found = answering({**whole, "coins": [changed, *rows[1:]]}).search("eth")
        assert [(hit.key, hit.ticker, hit.name) for hit in found][1 - len(right) :] == [
            (hit.key, hit.ticker, hit.name) for hit in list(right)[1:]
        ]
        assert len(found) + len(found.errors) == len(rows)
        assert {error.place for error in found.errors} - {odd.place} <= {"coins[0]"}


def test_search_when_no_hit_can_be_read_then_unexpected_payload() -> None:
    with pytest.raises(UnexpectedPayload, match="id"):
        answering({"coins": [{"name": "x"}, {}]}).search("eth")


LISTED = {"id": "zus", "symbol": "zcn", "name": "Zus"}


def test_list_when_any_cell_of_a_row_is_strange_then_the_other_tickers_are_found() -> None:
    for changed in [*cells({"id": "other", "symbol": "oth", "name": "Other"}), *STRANGE][::EVERY]:
        assert answering([changed, LISTED]).lookup("ZCN") == InstrumentKey("CRYPTO", "zus")


@pytest.mark.parametrize("ident", [None, "", 7, [], True])
def test_lookup_when_another_coin_of_that_ticker_cannot_be_read_then_no_guess(ident: Any) -> None:
    other = LISTED | {"symbol": "x"}
    for rows in ([LISTED, LISTED | {"id": ident}], [LISTED | {"id": ident}, LISTED], [LISTED | {"id": ident}, other]):
        with pytest.raises(UnexpectedPayload, match="ticker ZCN whose id cannot be read"):
            answering(rows).lookup("zcn")


@pytest.mark.parametrize("rows", [[{}], [7, None], [{"id": "zus"}], {}, None])
def test_lookup_when_no_row_can_be_read_then_unexpected_payload(rows: Any) -> None:
    with pytest.raises(UnexpectedPayload, match="coins"):
        answering(rows).lookup("zcn")


def test_lookup_when_the_list_is_empty_then_unknown_symbol() -> None:
    with pytest.raises(UnknownSymbol):
        answering([]).lookup("zcn")


def test_asset_when_any_cell_is_strange_then_as_written_or_none_or_an_error() -> None:
    whole = body("asset")
    right = answering(whole).asset(WBTC)
    for changed in [*cells(whole)][::EVERY]:
        try:
            found = answering(changed).asset(WBTC)
        except (ProviderError, AmbiguousSymbol):
            continue
        for field in ("circulating_supply", "total_supply", "max_supply"):
            value = getattr(found, field)
            market = changed["market_data"] if isinstance(changed.get("market_data"), dict) else {}
            assert value == getattr(right, field) or value is None or value == Decimal(market[field])
        assert found.key == WBTC
