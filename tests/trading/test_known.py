"""Instruments that need not be asked for again today: what is kept, for how long, and what never is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from fin_infra.model import InstrumentKey
from fin_infra.trading.known import KnownAssets
from tests.trading.support import AAPL, asset, d

TODAY, TOMORROW = date(2026, 3, 10), date(2026, 3, 11)


def test_asset_when_kept_then_known_on_that_day_alone() -> None:
    known, found = KnownAssets(), asset()
    known.keep(AAPL, TODAY, found)
    assert known.of(AAPL, TODAY) is found
    assert known.of(AAPL, TOMORROW) is None
    known.keep(InstrumentKey("US", "MSFT"), TOMORROW, found)
    assert known.of(AAPL, TOMORROW) is known.of(AAPL, TODAY) is None


def test_asset_when_forgotten_then_asked_for_again() -> None:
    known = KnownAssets()
    known.keep(AAPL, TODAY, asset())
    known.forget()
    assert known.of(AAPL, TODAY) is None


@pytest.mark.parametrize("facts", [{"active": False}, {"tradable": False}, {"min_order_size": d("0.0001")}])
def test_asset_when_its_state_stops_orders_or_moves_with_the_price_then_never_kept(facts: dict[str, Any]) -> None:
    known = KnownAssets()
    known.keep(AAPL, TODAY, asset(**facts))
    assert known.of(AAPL, TODAY) is None


def test_assets_when_threads_keep_and_read_then_each_finds_its_own_or_none() -> None:
    known = KnownAssets()
    keys = [InstrumentKey("US", f"A{number}") for number in range(50)]

    def work(key: InstrumentKey) -> bool:
        known.keep(key, TODAY, asset(key))
        found = known.of(key, TODAY)
        return found is None or found.key == key

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, keys * 20))
