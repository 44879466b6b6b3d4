"""Alpha Vantage's candles: which window is asked for, and the way from its tables to a series.
Floor 3: pure functions; stamps are naive and newest first on the wire, aware and oldest first in the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.flow import json_of
from fin_infra.model import Adjustment, BarError, Candle, CandleSeries, InstrumentKey, Interval
from fin_infra.normalize import in_zone, zone
from fin_infra.providers.bars import adjusted, day_after, first_day, impossible, misadjusted, periods
from fin_infra.providers.fields import Row, child, text
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
from fin_infra.providers.market.alpha_vantage.symbols import same_symbol, session_of, true_since
from fin_infra.providers.windows import Window
from fin_infra.transport import Reply

COMPACT = 100
"""Bars in an answer with outputsize=compact: the newest ones, as the R package alphavantager documents."""
MONTHS_AT_ONCE = 12
MINUTES = {Interval.MIN_1: 1, Interval.MIN_5: 5, Interval.MIN_15: 15, Interval.MIN_30: 30, Interval.HOUR_1: 60}
REACH = {interval: timedelta(minutes=COMPACT * minutes) for interval, minutes in MINUTES.items()} | {
    Interval.DAY_1: timedelta(days=COMPACT * 7 // 5)
}
"""How far back the newest hundred bars reach at least while a market is open without holidays."""

PERIODS = (Interval.WEEK_1, Interval.MONTH_1)

Bars: TypeAlias = list[tuple[datetime, Row]]


def near(window: Window, interval: Interval, now: datetime) -> bool:
    """Say whether the newest hundred bars are likely to hold the window."""
    if interval not in REACH:
        return False
    return window.end is None if window.start is None else now - window.start <= REACH[interval]


def months(window: Window, zone_name: str, now: datetime) -> list[str]:
    """Return the calendar months of the window at the exchange, as YYYY-MM."""
    if window.start is None:
        raise InvalidInput("Intraday bars before an end need a start too: their history comes one month a call.")
    last = max(now, window.start) if window.end is None else window.end - timedelta(microseconds=1)
    at_venue = zone(zone_name)
    first, last = in_zone(window.start, at_venue), in_zone(last, at_venue)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    if count > MONTHS_AT_ONCE:
        raise InvalidInput(
            f"{count} months of intraday bars are {count} calls; ask for at most {MONTHS_AT_ONCE} months at once."
        )
    numbers = (first.year * 12 + first.month - 1 + n for n in range(count))
    return [f"{n // 12:04}-{n % 12 + 1:02}" for n in numbers]


@dataclass(frozen=True, slots=True)
class Table:
    """A series as it came: rows by stamp, as the vendor wrote them."""

    zone: str
    rows: Sequence[tuple[str, Any]]
    refreshed: datetime
    received_at: datetime
    day_only: bool = False
    """`refreshed` is the midnight of a day: the vendor does not say when on it."""
    delayed: bool = False
    meta: Mapping[str, Any] | None = None

    def seen_at(self, key: InstrumentKey) -> datetime:
        """Return when the newest prices were true as far as the vendor says."""
        if not self.day_only:
            return self.refreshed
        day = self.refreshed.date()
        return true_since(*session_of(key, day, day + timedelta(days=1)), self.received_at)

    def bars(self, interval: Interval, day_zone: str) -> tuple[Bars, list[BarError]]:
        """Return (start, row) of each bar, oldest first, and the rows whose place in time is not known.

        Days, weeks and months begin at midnight in `day_zone`.
        """
        zone_name = self.zone if interval in MINUTES else day_zone
        bars: Bars = []
        errors: list[BarError] = []
        for stamp, row in self.rows:
            try:
                bars.append((_opening(stamp, interval, zone_name), named(row, "bar")))
            except UnexpectedPayload as exc:
                errors.append(BarError(stamp=stamp, detail=exc.message))
        return sorted(bars, key=lambda bar: bar[0]), errors

    def neighbors(self, undated: Collection[str]) -> list[BarError]:
        """Name the days beside rows whose own day is not known: their week or month may be the one that lacks it."""
        stamps = [stamp for stamp, _ in self.rows]
        near = {at + step for at, stamp in enumerate(stamps) if stamp in undated for step in (-1, 1)}
        return [
            BarError(stamp=stamp, detail="the day of the row beside it cannot be read")
            for at, stamp in enumerate(stamps)
            if at in near and stamp not in undated
        ]


def table(reply: Reply, asked: Mapping[str, str], csv_zone: str | None = None) -> Table:
    """Read the series that was `asked` for, an answer about anything else is refused.

    CSV names no zone: `csv_zone` says where its stamps were taken.
    """
    if not is_json(reply):
        rows = [(row["timestamp"], row) for row in csv_rows(reply, ("timestamp", "open", "high", "low", "close"))]
        if csv_zone is None:
            raise UnexpectedPayload("the answer is CSV, which does not say its time zone", http_status=reply.status)
        return Table(csv_zone, rows, reply.received_at, reply.received_at)
    body = json_of(reply, dict)
    if not body:
        raise unknown(reply, "this symbol")
    meta = named(body.get("Meta Data"), "Meta Data")
    zone_name, stamp = text(meta, "time zone"), text(meta, "last refreshed")
    root = next((name for name in body if name != "Meta Data"), None)
    _check_answer(meta, root, asked)
    return Table(
        zone=zone_name,
        rows=[] if root is None else list(child(body, root).items()),
        refreshed=moment(stamp, zone_name, "last refreshed") if stamp else reply.received_at,
        received_at=reply.received_at,
        day_only=len(stamp) == len("2026-01-31"),
        delayed="DELAYED" in (root or ""),
        meta=body["Meta Data"],
    )


_ROOTS = {
    "TIME_SERIES_DAILY": "Time Series (Daily)",
    "TIME_SERIES_DAILY_ADJUSTED": "Time Series (Daily)",
    "TIME_SERIES_WEEKLY": "Weekly Time Series",
    "TIME_SERIES_MONTHLY": "Monthly Time Series",
    "FX_DAILY": "Time Series FX (Daily)",
}
_MINUTE_ROOTS = {"TIME_SERIES_INTRADAY": "Time Series ({})", "FX_INTRADAY": "Time Series FX ({})"}


def _check_answer(meta: Row, root: str | None, asked: Mapping[str, str]) -> None:
    """Compare symbol, pair, interval and function with what the answer says of itself."""
    function, interval = asked["function"], asked.get("interval", "")
    expected = _ROOTS.get(function) or _MINUTE_ROOTS[function].format(interval)
    if root is not None and not root.startswith(expected):
        raise UnexpectedPayload("the answer is another series than the one that was asked for")
    if interval and meta.get("interval", interval) != interval:
        raise UnexpectedPayload(f"the answer has bars of another length than {interval}")
    for name, param in (("from symbol", "from_symbol"), ("to symbol", "to_symbol")):
        if param in asked and meta.get(name, asked[param]) != asked[param]:
            raise UnexpectedPayload(
                f"the answer is about another pair than {asked['from_symbol']}/{asked['to_symbol']}"
            )
    if "symbol" in asked and "symbol" in meta and not same_symbol(text(meta, "symbol"), asked["symbol"]):
        raise UnexpectedPayload(f"the answer is about another instrument than {asked['symbol']}")


def _opening(stamp: str, interval: Interval, zone_name: str) -> datetime:
    """Return when a bar opens: the vendor stamps minutes and days with it, weeks and months with their last session."""
    at = moment(stamp, zone_name, "timestamp")
    if interval in MINUTES:
        return at
    return datetime.combine(first_day(at.date(), interval), time(), at.tzinfo)


def covers(newest: Table, interval: Interval, window: Window, day_zone: str) -> bool:
    """Say whether the newest hundred bars reach back to the start of the window; fewer are all there are."""
    if window.start is None or len(newest.rows) < COMPACT:
        return True
    bars, _ = newest.bars(interval, day_zone)
    return bool(bars) and bars[0][0] <= window.start


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which candles are meant, and what their prices are counted in."""

    source: str
    key: InstrumentKey
    interval: Interval
    adjustment: Adjustment
    unit: Unit
    window: Window
    day_zone: str

    @property
    def from_days(self) -> bool:
        """Say whether bars are built from adjusted days: the vendor's own adjust nothing but the close."""
        return self.interval in PERIODS and self.adjustment is Adjustment.SPLITS_AND_DIVIDENDS

    def covers(self, start: datetime) -> bool:
        """Say whether a bar that was set aside is one of those that are wanted, or that these are built from."""
        return self.from_days or start in self.window


def candles(tables: Sequence[Table], wanted: Wanted) -> CandleSeries:
    newest = max(tables, key=lambda table: table.refreshed)
    step = Interval.DAY_1 if wanted.from_days else wanted.interval
    found, errors = _read(tables, wanted, step)
    as_of = seen_at = newest.seen_at(wanted.key)
    if found:
        opens, closes = _span(found[-1].start, wanted.key, step, wanted.day_zone)
        as_of = true_since(opens, closes, seen_at if opens < seen_at < closes else newest.received_at)
        as_of, seen_at = max(seen_at, as_of), seen_at if opens < seen_at < closes else newest.received_at
    if wanted.from_days:
        found, errors = periods(found, errors, wanted.interval, wanted.day_zone, wanted.window)
    if found:
        _, closes = _span(found[-1].start, wanted.key, wanted.interval, wanted.day_zone)
        found[-1] = replace(found[-1], complete=closes <= min(seen_at, newest.received_at))
    return CandleSeries(
        source=wanted.source,
        as_of=as_of,
        raw=newest.meta,
        key=wanted.key,
        interval=wanted.interval,
        adjustment=wanted.adjustment,
        currency=wanted.unit.currency,
        unit=wanted.unit.word,
        candles=tuple(bar for bar in found if bar.start in wanted.window),
        delayed=any(table.delayed for table in tables),
        errors=tuple(errors),
    )


def _span(start: datetime, key: InstrumentKey, interval: Interval, day_zone: str) -> tuple[datetime, datetime]:
    """Return when the bar's trading begins and ends."""
    if interval in MINUTES:
        return start, start + timedelta(minutes=MINUTES[interval])
    first = in_zone(start, zone(day_zone)).date()
    return session_of(key, first, day_after(first, interval))


def _read(tables: Sequence[Table], wanted: Wanted, step: Interval) -> tuple[list[Candle], list[BarError]]:
    """Return all bars oldest first, and those that cannot be one; UnexpectedPayload where there are none but these."""
    errors: list[BarError] = []
    rows: Bars = []
    for table in tables:
        bars, misplaced = table.bars(step, wanted.day_zone)
        rows += bars
        errors += misplaced
        if wanted.from_days:
            errors += table.neighbors({error.stamp for error in misplaced})
    scale = wanted.adjustment is Adjustment.SPLITS_AND_DIVIDENDS and step not in MINUTES
    good: list[tuple[Candle, Row]] = []
    rows, repeated = _once(rows)
    errors += [BarError(stamp=_stamp(at, step, wanted), detail=_TWICE) for at in repeated if wanted.covers(at)]
    for start, row in rows:
        try:
            plain = _candle(start, row, wanted.unit)
            reason = impossible(plain)
            bar = _scaled(plain, row, wanted.unit) if scale and reason is None else plain
        except UnexpectedPayload as exc:
            bar, reason = None, exc.message
        if bar is not None and reason is None:
            good.append((bar, row))
        elif wanted.covers(start):
            errors.append(BarError(stamp=_stamp(start, step, wanted), detail=reason or ""))
    if scale:
        wrong_places = _misadjusted([row for _, row in good])
        errors += [
            BarError(stamp=_stamp(bar.start, step, wanted), detail=_JUMP)
            for at, (bar, _) in enumerate(good)
            if at in wrong_places and wanted.covers(bar.start)
        ]
        good = [pair for at, pair in enumerate(good) if at not in wrong_places]
    if errors and not good:
        raise UnexpectedPayload(errors[0].detail)
    return [bar for bar, _ in good], errors


def _once(rows: Bars) -> tuple[Bars, list[datetime]]:
    """Return the bars oldest first, each start once, and the starts that came with two different bars."""
    found: dict[datetime, list[Row]] = {}
    for start, row in rows:
        same = found.setdefault(start, [])
        if row not in same:
            same.append(row)
    ordered = sorted(found.items(), key=lambda bar: bar[0])
    return [(at, same[0]) for at, same in ordered if len(same) == 1], [at for at, same in ordered if len(same) > 1]


_TWICE = "it comes twice, with different prices"
_JUMP = "its adjusted close implies another adjustment than the bars beside it, with no dividend or split between"


def _stamp(start: datetime, interval: Interval, wanted: Wanted) -> str:
    if interval in MINUTES:
        return start.isoformat()
    return in_zone(start, zone(wanted.day_zone)).date().isoformat()


def _misadjusted(rows: Sequence[Row]) -> set[int]:
    """Return the places of the rows, oldest first, whose adjusted close does not go with the others."""
    printed = [number(row, "adjusted close") for row in rows]
    last_place = min((int(price.as_tuple().exponent) for price in printed), default=0)
    half = Decimal(5).scaleb(last_place - 1)
    factors = [
        WIDE.divide(close, number(row, "close")) if close > 0 else _ONE
        for close, row in zip(printed, rows, strict=True)
    ]
    slack = [WIDE.divide(half, close) if close > 0 else _ONE for close in printed]
    return misadjusted(factors, [_is_event(row) for row in rows], slack)


def _is_event(row: Row) -> bool:
    return bool(maybe_number(row, "dividend amount")) or maybe_number(row, "split coefficient") not in (None, 1)


_ONE = Decimal(1)


def _candle(start: datetime, row: Row, unit: Unit) -> Candle:
    opened, high, low, close = (unit.price(number(row, name)) for name in _PRICES)
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


_PRICES = ("open", "high", "low", "close")


def _scaled(bar: Candle, row: Row, unit: Unit) -> Candle:
    prices = adjusted(tuple(number(row, name) for name in _PRICES), number(row, "adjusted close"))
    opened, high, low, close = map(unit.price, prices)
    return replace(bar, open=opened, high=high, low=low, close=close, traded_close=bar.close)
