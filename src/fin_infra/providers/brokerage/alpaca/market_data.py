"""Alpaca's market data: where each kind of instrument has its quotes, trades and bars, and how to read them.
Floor 3: a host of its own, JSON numbers, a price of 0 for an empty side; a symbol without data is absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fin_infra.errors import InvalidInput, UnexpectedPayload, UnknownSymbol
from fin_infra.model import (
    Adjustment,
    AssetClass,
    BarError,
    BidAsk,
    Candle,
    CandleSeries,
    InstrumentKey,
    Interval,
    Listing,
    Trade,
)
from fin_infra.normalize import aware
from fin_infra.providers import fields
from fin_infra.providers.bars import impossible
from fin_infra.providers.brokerage.alpaca.payloads import KEY, when
from fin_infra.providers.fields import Row

MAX_BARS = 10_000
"""The most that a page holds: `limit` in market-data-api.json of https://github.com/alpacahq/alpaca-mcp-server."""
NEWEST_BARS = 100
"""How many bars are asked for where no start is given: our choice."""
FIRST_DAY = "2016-01-01"
"""Where Alpaca's history begins; unconfirmed."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one kind of instrument; only shares have feeds and adjusted bars."""

    quotes: str
    trades: str
    bars: str


# Paths, timeframes and adjustments of market-data-api.json, see MAX_BARS.
PATHS: Mapping[AssetClass, Paths] = {
    AssetClass.EQUITY: Paths("/v2/stocks/quotes/latest", "/v2/stocks/trades/latest", "/v2/stocks/bars"),
    AssetClass.OPTION: Paths(
        "/v1beta1/options/quotes/latest", "/v1beta1/options/trades/latest", "/v1beta1/options/bars"
    ),
    AssetClass.CRYPTO: Paths(
        "/v1beta3/crypto/us/latest/quotes", "/v1beta3/crypto/us/latest/trades", "/v1beta3/crypto/us/bars"
    ),
}
TIMEFRAMES: Mapping[Interval, str] = {
    Interval.MIN_1: "1Min",
    Interval.MIN_5: "5Min",
    Interval.MIN_15: "15Min",
    Interval.MIN_30: "30Min",
    Interval.HOUR_1: "1Hour",
    Interval.HOUR_4: "4Hour",
    Interval.DAY_1: "1Day",
    Interval.WEEK_1: "1Week",
    Interval.MONTH_1: "1Month",
}
ADJUSTMENTS: Mapping[Adjustment, str] = {
    Adjustment.RAW: "raw",
    Adjustment.SPLITS: "split",
    Adjustment.SPLITS_AND_DIVIDENDS: "all",
}


def bars_params(
    kind: AssetClass,
    symbol: str,
    interval: Interval,
    adjustment: Adjustment,
    start: datetime | None,
    end: datetime | None,
) -> dict[str, str]:
    """Return the parameters of bars in a window; without a start, of the newest hundred.

    Raises:
        InvalidInput: an interval the vendor does not offer, or adjusted bars of what is never split.
        NaiveTime: a bound without a zone.
    """
    if interval not in TIMEFRAMES:
        raise InvalidInput(f"Alpaca has no {interval!s} bars; take {', '.join(TIMEFRAMES)}.")
    if adjustment not in ADJUSTMENTS or (kind is not AssetClass.EQUITY and adjustment is not Adjustment.RAW):
        raise InvalidInput(f"Alpaca has no bars of this instrument adjusted as {adjustment!s}; take raw ones.")
    params = {
        "symbols": symbol,
        "timeframe": TIMEFRAMES[interval],
        "start": FIRST_DAY if start is None else aware(start).isoformat(),
        "sort": "desc" if start is None else "asc",
        "limit": str(NEWEST_BARS if start is None else MAX_BARS),
    }
    if end is not None:
        params["end"] = aware(end).isoformat()
    if kind is AssetClass.EQUITY:
        params["adjustment"] = ADJUSTMENTS[adjustment]
    return params


def latest(body: Row, name: str, symbol: str, key: InstrumentKey) -> Row:
    """Return the symbol's entry of a latest quote or trade."""
    rows = fields.child(body, name)
    if not rows:
        raise UnknownSymbol(f"Alpaca has no market data for {key}")
    of_symbol(rows, symbol)
    return fields.child(rows, symbol)


def of_symbol(rows: Row, symbol: str) -> None:
    """Refuse an answer by symbol that has others only."""
    if rows and symbol not in rows:
        fields.own([symbol], [*rows], "instrument")


def bid_ask(row: Row, key: InstrumentKey) -> BidAsk:
    """Read the best bid and offer; a price of 0 means that nobody offers, or bids."""
    bid, ask = fields.amount(row, "bp"), fields.amount(row, "ap")
    return BidAsk(
        source=KEY,
        as_of=when(row, "t"),
        raw=row,
        key=key,
        bid=bid or None,
        ask=ask or None,
        bid_size=fields.maybe_amount(row, "bs") if bid else None,
        ask_size=fields.maybe_amount(row, "as") if ask else None,
        currency="USD",
    )


def trade(row: Row, key: InstrumentKey) -> Trade:
    """Read a trade."""
    number = fields.maybe_amount(row, "i")
    return Trade(
        source=KEY,
        as_of=when(row, "t"),
        raw=row,
        key=key,
        price=fields.amount(row, "p"),
        size=fields.amount(row, "s"),
        currency="USD",
        id=None if number is None else str(number),
    )


def bars(body: Row, symbol: str) -> tuple[Listing[Candle], str | None]:
    """Return the symbol's bars on a page, and the token of the next page."""
    rows = fields.child(body, "bars")
    of_symbol(rows, symbol)
    found = fields.rows(rows.get(symbol, []), "bars", _candle, id_field="t")
    return found, fields.maybe_text(body, "next_page_token") or None


def _candle(row: Row) -> Candle:
    bar = Candle(
        start=when(row, "t"),
        open=fields.amount(row, "o"),
        high=fields.amount(row, "h"),
        low=fields.amount(row, "l"),
        close=fields.amount(row, "c"),
        volume=fields.maybe_amount(row, "v"),
    )
    if reason := impossible(bar):
        raise UnexpectedPayload(reason)
    return bar


def series(
    candles: Listing[Candle],
    key: InstrumentKey,
    interval: Interval,
    adjustment: Adjustment,
    start: datetime | None,
    end: datetime | None,
    received_at: datetime,
) -> CandleSeries:
    """Return the candles that open in the window, oldest first."""
    kept = {
        candle.start: candle
        for candle in candles
        if (start is None or candle.start >= start) and (end is None or candle.start < end)
    }
    return CandleSeries(
        source=KEY,
        as_of=received_at,
        key=key,
        interval=interval,
        adjustment=adjustment,
        currency="USD",
        unit="USD",
        candles=tuple(kept[at] for at in sorted(kept)),
        errors=tuple(BarError(stamp=error.id or error.place, detail=error.reason) for error in candles.errors),
    )
