"""What only Alpha Vantage does, against the running sandbox in both modes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from fin_infra.errors import AuthenticationFailed, PermissionDenied, RateLimited
from fin_infra.model import Adjustment, InstrumentKey, Interval
from fin_infra.providers.market.alpha_vantage.adapter import AlphaVantage

IBM = InstrumentKey("US", "IBM")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]  # year to minute


@pytest.fixture
def alpha_vantage(connect: Any) -> Any:
    return connect(AlphaVantage)


@pytest.mark.parametrize(
    ("kind", "error"), [("quota_note", RateLimited), ("premium_note", PermissionDenied)], ids=["quota", "premium"]
)
def test_note_when_with_status_200_then_typed(
    alpha_vantage: Any, sandbox: Any, kind: str, error: type[Exception]
) -> None:
    sandbox.fault("alpha-vantage", kind)
    with pytest.raises(error) as refused:
        alpha_vantage("quote", IBM)
    assert "SANDBOXDEMOKEY000" not in str(refused.value)
    assert len([row for row in sandbox.requests() if row["vendor"] == "alpha-vantage"]) == 1


def test_burst_note_when_it_passes_then_price(alpha_vantage: Any, sandbox: Any) -> None:
    sandbox.fault("alpha-vantage", "burst_note", count=1)
    assert alpha_vantage("quote", IBM).meta.attempts == 2


def test_key_when_it_is_wrong_then_next_step(connect: Any) -> None:
    with pytest.raises(AuthenticationFailed, match="ALPHA_VANTAGE_API_KEY"):
        connect(AlphaVantage, api_key="WRONG")("quote", IBM)


@pytest.mark.parametrize(
    ("operation", "args", "kwargs"),
    [
        ("quotes", ([InstrumentKey("US", s) for s in ("IBM", "AAPL", "MSFT", "NVDA", "SPY", "BRK.B")],), {}),
        ("candles", (IBM,), {"adjustment": Adjustment.SPLITS_AND_DIVIDENDS}),
        ("candles", (IBM,), {"start": utc(2020, 1, 1)}),
    ],
)
def test_key_when_free_then_premium_is_denied(
    connect: Any, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    with pytest.raises(PermissionDenied):
        connect(AlphaVantage, api_key="SANDBOXFREEKEY000")(operation, *args, **kwargs)


def test_fx_when_asked_then_rate_and_candles_agree_with_the_world(alpha_vantage: Any, sandbox: Any) -> None:
    dollars = Decimal(sandbox.world()["fx"]["rates"]["USD"])
    rate = alpha_vantage("fx_rate", "EUR", "USD")
    assert (rate.base, rate.quote, rate.rate) == ("EUR", "USD", dollars)
    assert rate.bid < rate.rate < rate.ask
    series = alpha_vantage("fx_candles", "EUR", "USD", start=utc(2026, 11, 2), end=utc(2026, 11, 14))
    assert len(series.candles) == 10
    assert all(candle.volume is None for candle in series.candles)


def test_quotas_when_enforced_then_free_burst_is_waited_out(connect: Any, sandbox: Any) -> None:
    sandbox.control("POST", "/quotas", enforce=True)
    market = connect(AlphaVantage)
    assert market("quote", IBM).price == market("quote", IBM).price


@pytest.mark.parametrize("interval", [Interval.WEEK_1, Interval.MONTH_1])
@pytest.mark.parametrize("symbol", ["NVDA", "IBM"])
def test_candles_when_adjusted_periods_then_each_is_made_of_its_own_days(
    alpha_vantage: Any, symbol: str, interval: Interval
) -> None:
    key, both = InstrumentKey("US", symbol), Adjustment.SPLITS_AND_DIVIDENDS
    days = alpha_vantage("candles", key, adjustment=both, start=date(2024, 1, 1), end=date(2025, 1, 1)).candles
    periods = alpha_vantage(
        "candles", key, adjustment=both, interval=interval, start=date(2024, 1, 1), end=date(2024, 12, 2)
    ).candles
    for period, after in pairwise(periods):
        own = [day for day in days if period.start <= day.start < after.start]
        assert (period.open, period.close) == (own[0].open, own[-1].close)
        assert (period.high, period.low) == (max(day.high for day in own), min(day.low for day in own))
        assert period.volume == sum(day.volume for day in own)
