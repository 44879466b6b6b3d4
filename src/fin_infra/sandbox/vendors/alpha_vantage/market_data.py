"""Imitate Alpha Vantage's candles: intraday, daily, weekly, monthly, raw and adjusted, and currency pairs.
Floor 8: newest first, numbered keys whose ordinals differ by function, naive stamps of a bar's start in the meta zone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from starlette.responses import Response

from fin_infra.sandbox.kernel.reply import csv_reply, json_reply
from fin_infra.sandbox.world.catalog import LISTINGS, Listing
from fin_infra.sandbox.world.prices import MATH, Bar

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.alpha_vantage.vendor import AlphaVantage

COMPACT = 100
INTERVALS = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "60min": 60}
Params = dict[str, str]
Row = tuple[str, list[str]]  # stamp, values in column order


class InvalidCall(Exception):
    """The vendor's answer for an unknown symbol or a bad parameter."""


class Premium(Exception):
    """The key's plan does not reach this function or output size."""


def wants_csv(params: Params) -> bool:
    """Return whether CSV is asked for; InvalidCall for a data type that does not exist."""
    kind = params.get("datatype", "json").lower()
    if kind not in ("json", "csv"):
        raise InvalidCall
    return kind == "csv"


def _is_full(params: Params) -> bool:
    size = params.get("outputsize", "compact").lower()
    if size not in ("compact", "full"):
        raise InvalidCall
    return size == "full"


def _flag(params: Params, name: str) -> bool:
    value = params.get(name, "true").lower()
    if value not in ("true", "false"):
        raise InvalidCall
    return value == "true"


def _listing(params: Params) -> Listing:
    row = LISTINGS.get(params.get("symbol", "").upper())
    if row is None:
        raise InvalidCall
    return row


def _minutes(params: Params) -> int:
    if params.get("interval") not in INTERVALS:
        raise InvalidCall
    return INTERVALS[params["interval"]]


def _reply(
    params: Params, meta: Sequence[tuple[str, str]], root: str, columns: Sequence[str], rows: list[Row]
) -> Response:
    if wants_csv(params):
        header = ["timestamp", *(c.replace(" ", "_") if root == "Time Series (Daily)" else c for c in columns)]
        return csv_reply(",".join(header), [[stamp, *values] for stamp, values in rows])
    keys = [f"{n}. {column}" for n, column in enumerate(columns, 1)]
    body: dict[str, object] = {"Meta Data": {f"{n}. {name}": text for n, (name, text) in enumerate(meta, 1)}}
    body[root] = {stamp: dict(zip(keys, values, strict=True)) for stamp, values in rows}
    return json_reply(body, indent=4)


PLAIN = ("open", "high", "low", "close", "volume")
ADJUSTED = ("open", "high", "low", "close", "adjusted close", "volume", "dividend amount", "split coefficient")
GROUPED_ADJUSTED = ADJUSTED[:-1]


def _plain(bar: Bar) -> list[str]:
    return [*(f"{p:.4f}" for p in (bar.open, bar.high, bar.low, bar.close)), str(bar.volume)]


def _short(value: Decimal) -> str:
    """Return a number without padding but with at least one decimal, as the adjusted series prints it."""
    text = f"{value.normalize():f}"
    return text if "." in text else f"{text}.0"


def _daily(vendor: AlphaVantage, params: Params) -> Response:
    row, full = _listing(params), _is_full(params)
    if full and params["free"]:
        raise Premium
    sessions = vendor.world.equities.sessions(row, vendor.clock.now)[: None if full else COMPACT]
    rows = [(day.isoformat(), _plain(vendor.world.equities.bar(row, day))) for day in sessions]
    meta = _meta("Daily Prices (open, high, low, close) and Volumes", row, rows, full=full)
    return _reply(params, meta, "Time Series (Daily)", PLAIN, rows)


def _meta(title: str, row: Listing, rows: list[Row], *, full: bool | None) -> list[tuple[str, str]]:
    meta = [("Information", title), ("Symbol", row.symbol), ("Last Refreshed", rows[0][0] if rows else "")]
    if full is not None:
        meta.append(("Output Size", "Full size" if full else "Compact"))
    return [*meta, ("Time Zone", row.venue.zone_label)]


def _daily_adjusted(vendor: AlphaVantage, params: Params) -> Response:
    row, full, equities = _listing(params), _is_full(params), vendor.world.equities
    if params["free"]:
        raise Premium
    sessions = equities.sessions(row, vendor.clock.now)[: None if full else COMPACT]
    factors, rows = equities.factors(row, sessions), list[Row]()
    for day in sessions:
        bar = equities.bar(row, day)
        prices = [_short(p) for p in (bar.open, bar.high, bar.low, bar.close)]
        adjusted = _short(MATH.multiply(bar.close, factors[day]).quantize(Decimal("1E-12")))
        extra = [f"{equities.dividend(row, day):.4f}", _short(equities.split(row, day))]
        rows.append((day.isoformat(), [*prices, adjusted, str(bar.volume), *extra]))
    meta = _meta("Daily Time Series with Splits and Dividend Events", row, rows, full=full)
    return _reply(params, meta, "Time Series (Daily)", ADJUSTED, rows)


def _grouped(word: str, *, adjusted: bool) -> Callable[[AlphaVantage, Params], Response]:
    """Return the weekly or monthly function; a group is named after its last session."""

    def function(vendor: AlphaVantage, params: Params) -> Response:
        row, equities, rows = _listing(params), vendor.world.equities, list[Row]()
        sessions = equities.sessions(row, vendor.clock.now)
        factors = equities.factors(row, sessions) if adjusted else {}
        for days in _groups(sessions, word):
            bars = [equities.bar(row, day) for day in days]
            volume = sum(bar.volume for bar in bars)
            whole = Bar(
                days[0], bars[-1].open, max(b.high for b in bars), min(b.low for b in bars), bars[0].close, volume
            )
            values = _plain(whole)
            if adjusted:
                paid = sum((equities.dividend(row, day) for day in days), Decimal(0))
                close = MATH.multiply(whole.close, factors[days[0]])
                values = [*values[:4], f"{close:.4f}", values[4], f"{paid:.4f}"]
            rows.append((days[0].isoformat(), values))
        kind = "Adjusted Prices" if adjusted else "Prices"
        meta = _meta(f"{word} {kind} (open, high, low, close) and Volumes", row, rows, full=None)
        root = f"{word} Adjusted Time Series" if adjusted else f"{word} Time Series"
        return _reply(params, meta, root, GROUPED_ADJUSTED if adjusted else PLAIN, rows)

    return function


def _groups(sessions: list[date], word: str) -> list[list[date]]:
    groups: dict[tuple[int, int], list[date]] = {}
    for day in sessions:
        period = day.isocalendar()[:2] if word == "Weekly" else (day.year, day.month)
        groups.setdefault(period, []).append(day)
    return list(groups.values())


def _intraday(vendor: AlphaVantage, params: Params) -> Response:
    row, minutes, full = _listing(params), _minutes(params), _is_full(params)
    extended, adjusted = _flag(params, "extended_hours"), _flag(params, "adjusted")
    equities = vendor.world.equities
    sessions = equities.sessions(row, vendor.clock.now)
    if (month := params.get("month")) is not None:
        if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
            raise InvalidCall
        chosen = [day for day in sessions if day.isoformat()[:7] == month]
    else:
        chosen = sessions[: 22 if full else 25]
    factors = equities.factors(row, sessions) if adjusted else {}
    rows: list[Row] = []
    for day in chosen:
        for bar in reversed(equities.intraday(row, day, minutes, extended=extended)):
            rows.append((f"{bar.start:%Y-%m-%d %H:%M:%S}", _plain(_scaled(bar, factors.get(day, Decimal(1))))))
        if not full and len(rows) >= COMPACT:
            break
    rows = rows if full else rows[:COMPACT]
    meta = [
        ("Information", f"Intraday ({params['interval']}) open, high, low, close prices and volume"),
        ("Symbol", row.symbol),
        ("Last Refreshed", rows[0][0] if rows else ""),
        ("Interval", params["interval"]),
        ("Output Size", "Full size" if full else "Compact"),
        ("Time Zone", row.venue.zone_label),
    ]
    return _reply(params, meta, f"Time Series ({params['interval']})", PLAIN, rows)


def _scaled(bar: Bar, factor: Decimal) -> Bar:
    if factor == 1:
        return bar
    opened, high, low, close = (MATH.multiply(p, factor) for p in (bar.open, bar.high, bar.low, bar.close))
    return Bar(bar.start, opened, high, low, close, bar.volume)


def _pair(vendor: AlphaVantage, params: Params) -> tuple[str, str]:
    base, quote = params.get("from_symbol", "").upper(), params.get("to_symbol", "").upper()
    day = vendor.world.fx.published_day(vendor.clock.now)
    if base == quote or not (vendor.world.fx.knows(base, day) and vendor.world.fx.knows(quote, day)):
        raise InvalidCall
    return base, quote


def _fx_values(bar: Bar) -> list[str]:
    return [f"{p:.5f}" for p in (bar.open, bar.high, bar.low, bar.close)]


def _fx_daily(vendor: AlphaVantage, params: Params) -> Response:
    (base, quote), full, fx = _pair(vendor, params), _is_full(params), vendor.world.fx
    days = fx.days(vendor.clock.now)[: None if full else COMPACT]
    rows = [(day.isoformat(), _fx_values(fx.bar(base, quote, day))) for day in days]
    meta = [
        ("Information", "Forex Daily Prices (open, high, low, close)"),
        ("From Symbol", base),
        ("To Symbol", quote),
        ("Output Size", "Full size" if full else "Compact"),
        ("Last Refreshed", f"{vendor.clock.now:%Y-%m-%d %H:%M:%S}"),
        ("Time Zone", "UTC"),
    ]
    return _reply(params, meta, "Time Series FX (Daily)", PLAIN[:4], rows)


def _fx_intraday(vendor: AlphaVantage, params: Params) -> Response:
    (base, quote), minutes, full = _pair(vendor, params), _minutes(params), _is_full(params)
    fx, step = vendor.world.fx, timedelta(minutes=minutes)
    now = vendor.clock.now
    at = datetime.combine(now.date(), datetime.min.time(), UTC)
    at += step * ((now - at) // step - 1)  # the newest finished bar
    rows: list[Row] = []
    wanted = 1440 * 5 // minutes if full else COMPACT
    while len(rows) < wanted:
        if at.weekday() < 5:
            rows.append((f"{at:%Y-%m-%d %H:%M:%S}", _fx_values(_fx_slice(fx.bar(base, quote, at.date()), at, minutes))))
        at -= step
    meta = [
        ("Information", f"FX Intraday ({params['interval']}) Time Series"),
        ("From Symbol", base),
        ("To Symbol", quote),
        ("Last Refreshed", rows[0][0]),
        ("Interval", params["interval"]),
        ("Output Size", "Full size" if full else "Compact"),
        ("Time Zone", "UTC"),
    ]
    return _reply(params, meta, f"Time Series FX ({params['interval']})", PLAIN[:4], rows)


def _fx_slice(day: Bar, at: datetime, minutes: int) -> Bar:
    """Return the part of a day's straight way from open to close that belongs to one bar."""
    done = at.hour * 60 + at.minute
    opened, close = (day.open + (day.close - day.open) * m / 1440 for m in (done, done + minutes))
    wick = (day.high - day.low) * minutes / 1440 / 4
    return Bar(at, opened, max(opened, close) + wick, min(opened, close) - wick, close, 0)


SERIES: dict[str, Callable[[AlphaVantage, Params], Response]] = {
    "TIME_SERIES_INTRADAY": _intraday,
    "TIME_SERIES_DAILY": _daily,
    "TIME_SERIES_DAILY_ADJUSTED": _daily_adjusted,
    "TIME_SERIES_WEEKLY": _grouped("Weekly", adjusted=False),
    "TIME_SERIES_WEEKLY_ADJUSTED": _grouped("Weekly", adjusted=True),
    "TIME_SERIES_MONTHLY": _grouped("Monthly", adjusted=False),
    "TIME_SERIES_MONTHLY_ADJUSTED": _grouped("Monthly", adjusted=True),
    "FX_DAILY": _fx_daily,
    "FX_INTRADAY": _fx_intraday,
}
