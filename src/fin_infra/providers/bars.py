"""Whether a bar can be one, whoever sent it, and longer bars made of days.
Floor 3: pure arithmetic; a bar that cannot be true is set aside and named, and a negative price as such can be true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal

from fin_infra.errors import UnexpectedPayload
from fin_infra.model import BarError, Candle, Interval
from fin_infra.normalize import in_zone, zone
from fin_infra.providers.windows import Window

_EVENTS_APART = Decimal("0.001")
"""By how much two adjustment factors may differ without an event between them: what rounding of prices explains."""
_WIDE = Context(prec=100)


def impossible(bar: Candle, *, may_be_zero: bool = False) -> str | None:
    """Return why `bar` cannot be one, or None where it can.

    Args:
        bar: prices in one unit.
        may_be_zero: all four prices may be zero, which is what dust rounds to.
    """
    prices = (bar.open, bar.high, bar.low, bar.close)
    if bar.low > min(prices):
        return "its low is above another of its prices"
    if bar.high < max(prices):
        return "its high is below another of its prices"
    if bar.low >= 0 and 0 in prices and not (may_be_zero and bar.high == 0):
        return "it has a price of zero, which stands for a missing one"
    if bar.volume is not None and bar.volume < 0:
        return "its volume is negative"
    if bar.split is not None and bar.split <= 0:
        return "its split is not above zero"
    if bar.dividend is not None and bar.dividend < 0:
        return "its dividend is negative"
    return None


def misadjusted(factors: Sequence[Decimal], events: Sequence[bool], slack: Sequence[Decimal]) -> set[int]:
    """Return the places whose adjustment factor changes although nothing happened.

    Where one bar disagrees with both neighbors, it is that bar; where all older ones agree with it, the change itself
    is named, at its older side, and the bars before it are kept.

    Args:
        factors: adjusted close over close, oldest first.
        events: whether a dividend or split took effect on that bar, which excuses a change from the bar before.
        slack: what rounding of the printed price makes of each factor, relatively.
    """

    def agree(older: int, newer: int) -> bool:
        if any(events[older + 1 : newer + 1]):
            return True
        apart = _WIDE.divide(abs(factors[older] - factors[newer]), max(factors[older], factors[newer]))
        return apart <= _EVENTS_APART + slack[older] + slack[newer]

    last = len(factors) - 1
    if last < 1:
        return set()
    wrong: set[int] = set()
    base = last
    if last > 1 and not agree(last - 1, last) and agree(last - 2, last - 1):
        wrong.add(last)
        base = last - 1
    for at in range(base - 1, -1, -1):
        if agree(at, base):
            base = at
            continue
        wrong.add(at)
        if at and not events[at] and agree(at - 1, at):
            base = at
    return wrong


def first_day(day: date, interval: Interval) -> date:
    """Return the first day of the week or month that `day` is in, and of any other bar the day itself."""
    if interval is Interval.WEEK_1:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval is Interval.MONTH_1 else day


def day_after(day: date, interval: Interval) -> date:
    """Return the first day after the bar that begins on `day`."""
    if interval is Interval.MONTH_1:
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if interval is Interval.WEEK_1 else 1)


def adjusted(prices: Sequence[Decimal], close: Decimal) -> tuple[Decimal, ...]:
    """Return open, high, low and close where a vendor adjusts nothing but the close, which is kept as printed.

    The others are scaled by the same ratio, because a close below the low is not a bar. They get as many decimals as
    the vendor prints for this bar and no more.

    Args:
        prices: open, high, low and close as traded.
        close: the adjusted close.

    Raises:
        UnexpectedPayload: the ratio is undefined, because one of the two closes is not above zero.
    """
    raw = prices[-1]
    if raw == close:
        return tuple(prices)
    if raw <= 0 or close <= 0:
        raise UnexpectedPayload("its close and adjusted close differ, and one of them is not above zero")
    last_place = Decimal(1).scaleb(min(int(price.as_tuple().exponent) for price in (*prices, close)))
    scaled = (_WIDE.divide(_WIDE.multiply(price, close), raw) for price in prices[:-1])
    return (*(price.quantize(last_place, context=_WIDE) for price in scaled), close)


def periods(
    days: Sequence[Candle], errors: Sequence[BarError], interval: Interval, zone_name: str, window: Window
) -> tuple[list[Candle], list[BarError]]:
    """Build weeks or months from days; a period that misses a day set aside is set aside with it.

    Args:
        days: bars of days, oldest first, all adjusted alike.
        errors: days that were set aside, stamped with their date.
        interval: a week or a month.
        zone_name: where the days begin at midnight.
        window: which periods are wanted; those that were set aside are named only within it.
    """
    at_venue, groups = zone(zone_name), dict[date, list[Candle]]()
    for bar in days:
        first = first_day(in_zone(bar.start, at_venue).date(), interval)
        groups.setdefault(first, []).append(bar)
    lost: list[BarError] = []
    for error in errors:
        day = _day(error.stamp)
        begins = None if day is None else first_day(day, interval)
        if begins is not None:
            groups.pop(begins, None)
        if begins is None or datetime.combine(begins, time(), at_venue) in window:
            lost.append(BarError(stamp=str(begins or error.stamp), detail=f"its day {error.stamp}: {error.detail}"))
    return [_merged(datetime.combine(first, time(), at_venue), groups[first]) for first in sorted(groups)], lost


def _day(stamp: str) -> date | None:
    try:
        return date.fromisoformat(stamp)
    except ValueError:
        return None


def _merged(start: datetime, bars: Sequence[Candle]) -> Candle:
    """Make one bar of days, oldest first, all adjusted alike; volume, dividend and split need to be known of each."""
    volumes = [bar.volume for bar in bars if bar.volume is not None]
    dividends = [bar.dividend for bar in bars if bar.dividend is not None]
    split = Decimal(1)
    for bar in bars:
        split = _WIDE.multiply(split, Decimal(1) if bar.split is None else bar.split)
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
