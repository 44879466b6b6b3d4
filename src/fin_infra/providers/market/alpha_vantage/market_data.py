"""Alpha Vantage's candles: which window is asked for, and the way from its tables to a series.
Floor 3: pure functions; stamps are naive and newest first on the wire, aware and oldest first in the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.flow import json_of
from fin_infra.model import Adjustment, BarError, Candle, CandleSeries, InstrumentKey, Interval
from fin_infra.normalize import aware, in_zone, zone
from fin_infra.providers.bars import impossible, misadjusted
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
    same_symbol,
    session_of,
    true_since,
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

PERIODS = (Interval.WEEK_1, Interval.MONTH_1)

Bars: TypeAlias = list[tuple[datetime, Row]]
Bound: TypeAlias = date | datetime | None


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

    @classmethod
    def of(cls, start: Bound, end: Bound, interval: Interval, zone_name: str) -> Window:
        """Return the window in instants: a day is the trading day at the exchange.

        So is midnight UTC where bars are a day or longer, because no exchange but one begins its days there.
        """

        def instant(bound: Bound) -> datetime | None:
            if isinstance(bound, datetime):
                at = aware(bound)
                if interval in MINUTES or at.utcoffset() or at.time() != time():
                    return at
                bound = at.date()
            if bound is None:
                return None
            if not isinstance(bound, date):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped users
                raise InvalidInput(f"{bound!r} is neither a day nor a time; use a date such as {date(2026, 1, 31)}.")
            return datetime.combine(bound, time(), zone(zone_name))

        return cls(instant(start), instant(end))

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
    """A series as it came: rows by stamp, as the vendor wrote them."""

    zone: str
    rows: Sequence[tuple[str, Any]]
    refreshed: datetime
    received_at: datetime
    delayed: bool = False
    meta: Mapping[str, Any] | None = None

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
    root = next((name for name in body if "Time Series" in name), None)
    _check_answer(meta, root, asked)
    return Table(
        zone=zone_name,
        rows=[] if root is None else list(child(body, root).items()),
        refreshed=moment(stamp, zone_name, "last refreshed") if stamp else reply.received_at,
        received_at=reply.received_at,
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
    return datetime.combine(_first_day(at.date(), interval), time(), at.tzinfo)


def _first_day(day: date, interval: Interval) -> date:
    if interval is Interval.WEEK_1:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval is Interval.MONTH_1 else day


def _day_after(day: date, interval: Interval) -> date:
    """Return the first day after the bar that begins on `day`."""
    if interval is Interval.MONTH_1:
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if interval is Interval.WEEK_1 else 1)


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


def candles(tables: Sequence[Table], wanted: Wanted) -> CandleSeries:
    newest = max(tables, key=lambda table: table.refreshed)
    step = Interval.DAY_1 if wanted.from_days else wanted.interval
    found, errors = _read(tables, wanted, step)
    as_of = seen_at = newest.refreshed
    if found:
        opens, closes = _span(found[-1].start, wanted.key, step, wanted.day_zone)
        seen_at = newest.refreshed if opens < newest.refreshed < closes else newest.received_at
        as_of = max(newest.refreshed, true_since(opens, closes, seen_at))
    if wanted.from_days:
        found, errors = _periods(found, errors, wanted)
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
    return session_of(key, first, _day_after(first, interval))


def _read(tables: Sequence[Table], wanted: Wanted, step: Interval) -> tuple[list[Candle], list[BarError]]:
    """Return all bars oldest first, and those that cannot be one; UnexpectedPayload where there are none but these."""
    errors: list[BarError] = []
    rows: Bars = []
    for table in tables:
        bars, misplaced = table.bars(step, wanted.day_zone)
        rows += bars
        errors += misplaced
    scale = wanted.adjustment is Adjustment.SPLITS_AND_DIVIDENDS and step not in MINUTES
    good: list[tuple[Candle, Row]] = []
    for start, row in sorted(rows, key=lambda bar: bar[0]):
        try:
            plain = _candle(start, row, wanted.unit)
            reason = impossible(plain)
            bar = _scaled(plain, row, wanted.unit) if scale and reason is None else plain
        except UnexpectedPayload as exc:
            bar, reason = None, exc.message
        if bar is not None and reason is None:
            good.append((bar, row))
        elif wanted.from_days or start in wanted.window:
            errors.append(BarError(stamp=_stamp(start, step, wanted), detail=reason or ""))
    if scale:
        wrong_places = _misadjusted([row for _, row in good])
        errors += [
            BarError(stamp=_stamp(bar.start, step, wanted), detail=_JUMP)
            for at, (bar, _) in enumerate(good)
            if at in wrong_places and (wanted.from_days or bar.start in wanted.window)
        ]
        good = [pair for at, pair in enumerate(good) if at not in wrong_places]
    if errors and not good:
        raise UnexpectedPayload(errors[0].detail)
    return [bar for bar, _ in good], errors


_JUMP = "its adjusted close implies another adjustment than the bars beside it, with no dividend or split between"


def _stamp(start: datetime, interval: Interval, wanted: Wanted) -> str:
    if interval in MINUTES:
        return start.isoformat()
    return in_zone(start, zone(wanted.day_zone)).date().isoformat()


def _misadjusted(rows: Sequence[Row]) -> set[int]:
    """Return the places of the rows, oldest first, whose adjusted close does not go with the others."""
    adjusted = [number(row, "adjusted close") for row in rows]
    last_place = min((int(price.as_tuple().exponent) for price in adjusted), default=0)
    half = Decimal(5).scaleb(last_place - 1)
    factors = [
        WIDE.divide(close, number(row, "close")) if close > 0 else _ONE
        for close, row in zip(adjusted, rows, strict=True)
    ]
    slack = [WIDE.divide(half, close) if close > 0 else _ONE for close in adjusted]
    return misadjusted(factors, [_is_event(row) for row in rows], slack)


def _is_event(row: Row) -> bool:
    return bool(maybe_number(row, "dividend amount")) or maybe_number(row, "split coefficient") not in (None, 1)


def _periods(days: Sequence[Candle], errors: Sequence[BarError], wanted: Wanted) -> tuple[list[Candle], list[BarError]]:
    """Build weeks or months from adjusted days; a period that misses a day set aside is set aside with it."""
    at_venue, groups = zone(wanted.day_zone), dict[date, list[Candle]]()
    for bar in days:
        first = _first_day(in_zone(bar.start, at_venue).date(), wanted.interval)
        groups.setdefault(first, []).append(bar)
    lost: list[BarError] = []
    for error in errors:
        day = _day(error.stamp)
        begins = None if day is None else _first_day(day, wanted.interval)
        if begins is not None:
            groups.pop(begins, None)
        if begins is None or datetime.combine(begins, time(), at_venue) in wanted.window:
            lost.append(BarError(stamp=str(begins or error.stamp), detail=f"its day {error.stamp}: {error.detail}"))
    found = [_merged(datetime.combine(first, time(), at_venue), bars) for first, bars in groups.items()]
    return sorted(found, key=lambda bar: bar.start), lost


def _day(stamp: str) -> date | None:
    try:
        return date.fromisoformat(stamp)
    except ValueError:
        return None


def _merged(start: datetime, bars: Sequence[Candle]) -> Candle:
    """Make one bar of adjusted days, oldest first."""
    volumes = [bar.volume for bar in bars if bar.volume is not None]
    dividends = [bar.dividend for bar in bars if bar.dividend is not None]
    split = _ONE
    for bar in bars:
        split = WIDE.multiply(split, _ONE if bar.split is None else bar.split)
    return Candle(
        start=start,
        open=bars[0].open,
        high=max(bar.high for bar in bars),
        low=min(bar.low for bar in bars),
        close=bars[-1].close,
        volume=sum(volumes, Decimal(0)) if len(volumes) == len(bars) else None,
        dividend=sum(dividends, Decimal(0)) if len(dividends) == len(bars) else None,
        split=split if all(bar.split is not None for bar in bars) else None,
    )


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
    prices = _adjusted(tuple(number(row, name) for name in _PRICES), number(row, "adjusted close"))
    opened, high, low, close = map(unit.price, prices)
    return replace(bar, open=opened, high=high, low=low, close=close)


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
