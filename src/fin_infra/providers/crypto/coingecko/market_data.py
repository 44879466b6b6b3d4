"""CoinGecko's candles and charts.
Floor 3: pure functions; numbers come exactly as sent, stamps are unix milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from fin_infra.errors import UnexpectedPayload
from fin_infra.flow import json_of
from fin_infra.model import (
    Adjustment,
    BarError,
    Candle,
    CandleSeries,
    ChartPoint,
    InstrumentKey,
    Interval,
    MarketChart,
    RowError,
)
from fin_infra.providers import fields
from fin_infra.providers.bars import impossible
from fin_infra.providers.crypto.coingecko.payloads import KEY, instant_of, positive
from fin_infra.transport import Reply

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LENGTHS = {
    Interval.MIN_30: timedelta(minutes=30),
    Interval.HOUR_4: timedelta(hours=4),
    Interval.DAY_4: timedelta(days=4),
}
"""How long the candles of 1 to 2, 3 to 30 and more days are: https://docs.coingecko.com/reference/coins-id-ohlc."""


def candles(reply: Reply, key: InstrumentKey, currency: str, interval: Interval) -> CandleSeries:
    """Read /ohlc: each row is the close's stamp in milliseconds and four prices; rows that cannot be one are named."""
    found, errors = _closes(reply.json())
    candles: list[Candle] = []
    previous: datetime | None = None
    for at, (close, cells) in enumerate(found):
        opened, whole = _opening(close, previous, interval)
        previous = close
        try:
            bar = _candle(opened, cells, complete=whole or at < len(found) - 1)
            reason = impossible(bar, may_be_zero=True)
        except UnexpectedPayload as exc:
            bar, reason = None, exc.message
        if bar is None or reason is not None:
            errors.append(BarError(stamp=close.isoformat(), detail=reason or ""))
        else:
            candles.append(bar)
    if errors and not candles:
        raise UnexpectedPayload(errors[0].detail)
    return CandleSeries(
        source=KEY,
        as_of=reply.received_at,
        key=key,
        interval=interval,
        adjustment=Adjustment.RAW,
        currency=currency,
        unit=currency,
        candles=tuple(candles),
        errors=tuple(errors),
    )


def _closes(items: Any) -> tuple[list[tuple[datetime, list[Any]]], list[BarError]]:
    """Return (close, prices) of each row, oldest first; a row without one place in time is named."""
    rows = _listed(items, "ohlc")
    found: dict[datetime, list[list[Any]]] = {}
    errors: list[BarError] = []
    for at, row in enumerate(rows):
        try:
            stamp, *cells = _cells(row, 5, "ohlc")
            found.setdefault(instant_of(stamp, "ohlc", milliseconds=True), []).append(cells)
        except UnexpectedPayload as exc:
            errors.append(BarError(stamp=f"ohlc[{at}]", detail=exc.message))
    for close, same in sorted(found.items()):
        if any(cells != same[0] for cells in same):
            errors.append(BarError(stamp=close.isoformat(), detail="it comes twice, with different prices"))
    return [(at, same[0]) for at, same in sorted(found.items()) if all(cells == same[0] for cells in same)], errors


def _opening(close: datetime, previous: datetime | None, interval: Interval) -> tuple[datetime, bool]:
    """Return when a candle that ends at `close` begins, and whether it has its full length.

    CoinGecko's candles of minutes and hours end on the clock, and the last one when it was worked out.
    """
    length = LENGTHS[interval]
    late = timedelta(0) if interval is Interval.DAY_4 else (close - EPOCH) % length
    opened = close - (late or length)
    if previous is not None:
        opened = max(opened, previous)
    return opened, close - opened == length


def _candle(opened: datetime, cells: list[Any], *, complete: bool) -> Candle:
    prices: dict[str, Any] = dict(zip(("open", "high", "low", "close"), cells, strict=True))
    return Candle(
        start=opened,
        open=positive(prices, "open"),
        high=positive(prices, "high"),
        low=positive(prices, "low"),
        close=positive(prices, "close"),
        complete=complete,
    )


def _listed(items: Any, name: str) -> list[Any]:
    rows: list[Any] = items
    if type(rows) is not list:
        raise fields.wrong(name, "a list of rows")
    return rows


def _cells(row: Any, width: int, name: str) -> list[Any]:
    """Return a row of `width` cells."""
    cells: list[Any] = row
    if type(cells) is not list or len(cells) != width:
        raise fields.wrong(name, f"a list of rows of {width}")
    return cells


def chart(reply: Reply, key: InstrumentKey, currency: str, start: datetime, end: datetime) -> MarketChart:
    """Read the three series of /market_chart; rows of them that cannot be read are named and hide no other."""
    body: dict[str, Any] = json_of(reply, dict)
    errors: list[RowError] = []
    prices, caps, volumes = (_series(body, name, errors) for name in ("prices", "market_caps", "total_volumes"))
    if errors and not prices:
        raise UnexpectedPayload(errors[0].reason)
    points = [
        ChartPoint(at=at, price=price, market_cap=caps.get(at), volume=volumes.get(at))
        for at, price in sorted(prices.items())
        if start <= at < end and price is not None
    ]
    return MarketChart(
        source=KEY,
        as_of=reply.received_at,
        raw=body,
        key=key,
        currency=currency,
        points=tuple(points),
        errors=tuple(errors),
    )


def _series(body: fields.Row, name: str, errors: list[RowError]) -> dict[datetime, Decimal | None]:
    """Return the values of one series by their instants; a stamp that comes with two values has none."""
    found: dict[datetime, Decimal | None] = {}
    twice: set[datetime] = set()
    for at, row in enumerate(_listed(body.get(name), name)):
        try:
            stamp, value = _cells(row, 2, name)
            instant = instant_of(stamp, name, milliseconds=True)
            figure = positive({name: value}, name) if name == "prices" else fields.maybe_amount({name: value}, name)
            if found.setdefault(instant, figure) != figure:
                twice.add(instant)
                raise fields.wrong(name, "a list that has each stamp once")
        except UnexpectedPayload as exc:
            errors.append(RowError(place=f"{name}[{at}]", reason=exc.message))
    return {instant: figure for instant, figure in found.items() if instant not in twice}
