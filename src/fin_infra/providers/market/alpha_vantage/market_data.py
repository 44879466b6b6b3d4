"""Alpha Vantage's candles: which window is asked for, and the way from its tables to a series.
Floor 3: pure functions; stamps are naive and newest first on the wire, aware and oldest first in the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.flow import json_of
from fin_infra.model import Adjustment, Candle, CandleSeries, InstrumentKey, Interval
from fin_infra.normalize import aware, in_zone, zone
from fin_infra.providers.fields import Row, child, text, wrong
from fin_infra.providers.market.alpha_vantage.payloads import (
    WIDE,
    Unit,
    csv_rows,
    is_json,
    maybe_number,
    moment,
    named,
    number,
    unknown,
)
from fin_infra.transport import Reply

COMPACT = 100
"""Bars in an answer with outputsize=compact: the newest ones, as the R package alphavantager documents."""
MONTHS_AT_ONCE = 12
MINUTES = {Interval.MIN_1: 1, Interval.MIN_5: 5, Interval.MIN_15: 15, Interval.MIN_30: 30, Interval.HOUR_1: 60}
REACH = {interval: timedelta(minutes=COMPACT * minutes) for interval, minutes in MINUTES.items()} | {
    Interval.DAY_1: timedelta(days=COMPACT * 7 // 5)
}
"""How far back the newest hundred bars reach at least while a market is open without holidays."""

Bars: TypeAlias = list[tuple[datetime, Row]]


@dataclass(frozen=True, slots=True)
class Window:
    """The bars that are wanted: from `start` to before `end`, either side open."""

    start: datetime | None
    end: datetime | None

    def __post_init__(self) -> None:
        for bound in (self.start, self.end):
            if bound is not None:
                aware(bound)
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidInput("The window is empty; start must lie before end.")

    def __contains__(self, instant: datetime) -> bool:
        return (self.start is None or instant >= self.start) and (self.end is None or instant < self.end)

    def near(self, reach: timedelta, now: datetime) -> bool:
        """Say whether the newest hundred bars are likely to hold the window."""
        return self.end is None if self.start is None else now - self.start <= reach

    def months(self, zone_name: str, now: datetime) -> list[str]:
        """Return the calendar months of the window at the exchange, as YYYY-MM."""
        if self.start is None:
            raise InvalidInput("Intraday bars before an end need a start too: their history comes one month a call.")
        last = max(now, self.start) if self.end is None else self.end - timedelta(microseconds=1)
        at_venue = zone(zone_name)
        first, last = in_zone(self.start, at_venue), in_zone(last, at_venue)
        count = (last.year - first.year) * 12 + last.month - first.month + 1
        if count > MONTHS_AT_ONCE:
            raise InvalidInput(
                f"{count} months of intraday bars are {count} calls; ask for at most {MONTHS_AT_ONCE} months at once."
            )
        numbers = (first.year * 12 + first.month - 1 + n for n in range(count))
        return [f"{n // 12:04}-{n % 12 + 1:02}" for n in numbers]


@dataclass(frozen=True, slots=True)
class Table:
    """A series as it came: rows of text by stamp, field names without ordinals."""

    zone: str
    rows: Sequence[tuple[str, Row]]
    refreshed: datetime
    delayed: bool = False
    meta: Mapping[str, Any] | None = None

    def bars(self, interval: Interval, day_zone: str) -> Bars:
        """Return (start, row) of each bar, oldest first; days, weeks and months begin at midnight in `day_zone`."""
        zone_name = self.zone if interval in MINUTES else day_zone
        return sorted(((_opening(stamp, interval, zone_name), row) for stamp, row in self.rows), key=lambda bar: bar[0])


def table(reply: Reply, csv_zone: str | None = None) -> Table:
    """Read a series from JSON, or from CSV, which names no zone: `csv_zone` says where its stamps were taken."""
    if not is_json(reply):
        rows = [(row["timestamp"], row) for row in csv_rows(reply, ("timestamp", "open", "high", "low", "close"))]
        if csv_zone is None:
            raise UnexpectedPayload("the answer is CSV, which does not say its time zone", http_status=reply.status)
        return Table(csv_zone, rows, reply.received_at)
    body = json_of(reply, dict)
    if not body:
        raise unknown(reply, "this symbol")
    meta = named(body.get("Meta Data"), "Meta Data")
    zone_name, stamp = text(meta, "time zone"), text(meta, "last refreshed")
    root = next((name for name in body if "Time Series" in name), None)
    by_stamp = {} if root is None else child(body, root)
    return Table(
        zone=zone_name,
        rows=[(at, named(row, "bar")) for at, row in by_stamp.items()],
        refreshed=moment(stamp, zone_name, "last refreshed") if stamp else reply.received_at,
        delayed="DELAYED" in (root or ""),
        meta=body["Meta Data"],
    )


def _opening(stamp: str, interval: Interval, zone_name: str) -> datetime:
    """Return when a bar opens: the vendor stamps minutes and days with it, weeks and months with their last session."""
    at = moment(stamp, zone_name, "timestamp")
    if interval in MINUTES:
        return at
    day = at.date()
    if interval is Interval.WEEK_1:
        day -= timedelta(days=day.weekday())
    elif interval is Interval.MONTH_1:
        day = day.replace(day=1)
    return datetime.combine(day, time(), at.tzinfo)


def covers(bars: Bars, window: Window) -> bool:
    """Say whether the newest hundred bars reach back to the start of the window; fewer are all there are."""
    return window.start is None or len(bars) < COMPACT or bars[0][0] <= window.start


def candles(
    tables: Sequence[Table],
    bars: Bars,
    *,
    source: str,
    key: InstrumentKey,
    interval: Interval,
    adjustment: Adjustment,
    unit: Unit,
) -> CandleSeries:
    newest = max(tables, key=lambda table: table.refreshed)
    scale = adjustment is Adjustment.SPLITS_AND_DIVIDENDS and interval not in MINUTES
    return CandleSeries(
        source=source,
        as_of=newest.refreshed,
        raw=newest.meta,
        key=key,
        interval=interval,
        adjustment=adjustment,
        currency=unit.currency,
        unit=unit.word,
        candles=tuple(_candle(start, row, unit, scale=scale) for start, row in bars),
        delayed=any(table.delayed for table in tables),
    )


def _candle(start: datetime, row: Row, unit: Unit, *, scale: bool) -> Candle:
    prices = tuple(number(row, name) for name in ("open", "high", "low", "close"))
    if scale:
        prices = _adjusted(prices, number(row, "adjusted close"))
    opened, high, low, close = map(unit.price, prices)
    dividend = maybe_number(row, "dividend amount")
    return Candle(
        start=start,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=maybe_number(row, "volume"),
        dividend=None if dividend is None else unit.price(dividend),
        split=maybe_number(row, "split coefficient"),
    )


def _adjusted(prices: tuple[Decimal, ...], close: Decimal) -> tuple[Decimal, ...]:
    """Take the vendor's adjusted close as printed and scale open, high and low by the same ratio.

    The vendor adjusts only the close, and a close below the low is not a bar. The three get as many decimals as the
    vendor prints in this row and no more.
    """
    raw = prices[-1]
    if raw == close:
        return prices
    if raw <= 0 or close <= 0:
        raise wrong("close", "above zero where an adjusted close differs")
    last_place = Decimal(1).scaleb(min(int(price.as_tuple().exponent) for price in (*prices, close)))
    scaled = (WIDE.divide(WIDE.multiply(price, close), raw) for price in prices[:-1])
    return (*(price.quantize(last_place, context=WIDE) for price in scaled), close)
