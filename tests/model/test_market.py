"""What a quote says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fin_infra.model import InstrumentKey, Quote


def quote(price: str, previous: str | None) -> Quote:
    return Quote(
        source="test",
        as_of=datetime(2026, 11, 20, 21, tzinfo=UTC),
        key=InstrumentKey("US", "AAPL"),
        price=Decimal(price),
        currency="USD",
        unit="USD",
        previous_close=None if previous is None else Decimal(previous),
    )


@pytest.mark.parametrize(
    ("price", "previous", "change", "percent"),
    [
        ("102", "100", "2", "2.0000"),
        ("100", "103", "-3", "-2.9126"),  # 3 / 103 = 0.029126213...
        ("0.00012345", "0.00012346", "-0.00000001", "-0.0081"),  # 1 / 12346 = 0.0000809978...
        ("100.00005", "100", "0.00005", "0.0000"),  # half to even
        ("5", "0", "5", None),
        ("5", None, None, None),
    ],
)
def test_change_when_the_previous_close_is_known_then_exact_and_percent_to_four_decimals(
    price: str, previous: str | None, change: str | None, percent: str | None
) -> None:
    found = quote(price, previous)
    assert found.change == (None if change is None else Decimal(change))
    assert str(found.change_percent) == str(percent)
