"""Make the bars of Alpaca's data API: minutes off the tape, days as the exchange had them, and sums of either.
Floor 8: a bar carries the instant it begins, of days and longer midnight in New York; nothing lies after the clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby

from fin_infra.sandbox.broker import hours
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.refusals import Refused
from fin_infra.sandbox.broker.tape import Tape
from fin_infra.sandbox.world.days import DAY
from fin_infra.sandbox.world.world import World

ADJUSTMENTS = ("raw", "split", "dividend", "spin-off", "all")
_TIMEFRAME = re.compile(r"(\d{1,2})(Min|T|Hour|H|Day|D|Week|W|Month|M)")
_LONGEST = {"Min": 59, "T": 59, "Hour": 23, "H": 23, "Day": 1, "D": 1, "Week": 1, "W": 1, "Month": 12, "M": 12}
_MINUTES = {"Min": 1, "T": 1, "Hour": 60, "H": 60}
_FOUR = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Bar:
    """What was traded from `at` on."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class Frame:
    """How long a bar is: `minutes` of the day, or days when zero, put together by `group`."""

    minutes: int
    group: Callable[[date], date] = lambda day: day


def frame(text: str) -> Frame:
    """Read a timeframe such as 15Min; Refused where the vendor has none like it."""
    match = _TIMEFRAME.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= _LONGEST[match[2]]:
        raise Refused(400, None, f"invalid timeframe: {text}")
    count, unit = int(match[1]), match[2]
    if unit in _MINUTES:
        return Frame(count * _MINUTES[unit])
    if unit in ("Week", "W"):
        return Frame(0, lambda day: day - day.weekday() * DAY)
    if unit in ("Month", "M"):
        return Frame(0, lambda day: day.replace(month=(day.month - 1) // count * count + 1, day=1))
    return Frame(0)


class Bars:
    """The bars of one world up to an instant."""

    def __init__(self, world: World, tape: Tape, now: datetime) -> None:
        self._world, self._tape, self._now = world, tape, now

    def between(
        self, asset: Asset, size: Frame, start: datetime, end: datetime, adjustment: str, *, newest_first: bool
    ) -> Iterator[Bar]:
        """Yield the bars that begin from `start` to `end`, both included."""
        end = min(end, self._now)
        if start > end:
            return
        first, last = size.group(hours.local_day(start)), hours.local_day(end)
        days = [first + n * DAY for n in range((last - first).days + 1)]
        for group in _grouped(days, size.group, newest_first):
            rows = list(self._group(asset, size, group))
            for bar in reversed(rows) if newest_first else rows:
                if start <= bar.at <= end:
                    yield self._adjusted(asset, bar, adjustment)

    def _group(self, asset: Asset, size: Frame, days: list[date]) -> Iterator[Bar]:
        if not size.minutes:
            whole = [bar for day in days if (bar := self._day(asset, day)) is not None]
            if whole:
                yield _sum(_midnight(size.group(days[0])), whole)
            return
        for day in days:
            minutes = self._minutes(asset, day)
            starts = ((_slot(bar.at, day, size.minutes), bar) for bar in minutes)
            for at, rows in groupby(starts, key=lambda pair: pair[0]):
                yield _sum(at, [bar for _, bar in rows])

    def _day(self, asset: Asset, day: date) -> Bar | None:
        """Return a day's bar; of today what there is of it so far."""
        if asset.coin is None and (session := hours.session(day)) is not None and session.closes <= self._now:
            bar = self._tape.bar(asset, day)
            return Bar(_midnight(day), bar.open, bar.high, bar.low, bar.close, Decimal(bar.volume))
        rows = list(self._minutes(asset, day, regular=True))
        return _sum(_midnight(day), rows) if rows else None

    def _minutes(self, asset: Asset, day: date, *, regular: bool = False) -> Iterator[Bar]:
        """Yield the day's minutes that have begun; a coin's tape moves every five of them."""
        session = hours.session(day)
        if asset.coin is not None:
            first, last, step = _midnight(day), _midnight(day + DAY), hours.CRYPTO_STEP
            if day < asset.coin.listed + DAY:
                return
        elif session is None:
            return
        else:
            bounds = (session.opens, session.closes) if regular else (session.starts, session.ends)
            (first, last), step = bounds, hours.MINUTE
        at = first
        while at < last and at <= self._now:
            price = self._tape.last(asset, at)
            after = at + step
            close = self._tape.last(asset, after) if after < last and after <= self._now else price
            volume = Decimal(1) if asset.coin is not None else Decimal(self._tape.volume(asset, at))
            yield Bar(at, price, max(price, close), min(price, close), close, volume)
            at = after

    def _adjusted(self, asset: Asset, bar: Bar, adjustment: str) -> Bar:
        if asset.listing is None or adjustment in ("raw", "spin-off"):
            return bar
        row, day, equities = asset.listing, hours.local_day(bar.at), self._world.equities
        factor, shares = Decimal(1), Decimal(1)
        for when, ratio in row.splits:
            if day < when <= hours.local_day(self._now) and adjustment in ("split", "all"):
                factor, shares = factor / ratio, shares * ratio
        if adjustment in ("dividend", "all") and row.dividend:
            for session in hours.sessions(day + DAY, hours.local_day(self._now)):
                if paid := equities.dividend(row, session.day):
                    close = equities.close(row, session.day)
                    factor = factor * close / (close + paid)
        prices = [(price * factor).quantize(_FOUR) for price in (bar.open, bar.high, bar.low, bar.close)]
        return Bar(bar.at, prices[0], prices[1], prices[2], prices[3], (bar.volume * shares).quantize(Decimal(1)))


def _grouped(days: list[date], group: Callable[[date], date], newest_first: bool) -> Iterator[list[date]]:
    ordered = reversed(days) if newest_first else iter(days)
    for _, rows in groupby(ordered, key=group):
        yield sorted(rows)


def _sum(at: datetime, rows: list[Bar]) -> Bar:
    high, low = max(bar.high for bar in rows), min(bar.low for bar in rows)
    return Bar(at, rows[0].open, high, low, rows[-1].close, sum((bar.volume for bar in rows), Decimal(0)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), hours.NEW_YORK).astimezone(UTC)


def _slot(at: datetime, day: date, minutes: int) -> datetime:
    """Return where the bar of an instant begins: a multiple of its length since midnight on New York's clock."""
    local = at.astimezone(hours.NEW_YORK)
    since = (local.hour * 60 + local.minute) // minutes * minutes
    return datetime.combine(day, time(since // 60, since % 60), hours.NEW_YORK).astimezone(UTC)


def average(bar: Bar) -> Decimal:
    """Return what stands for the volume-weighted price: the middle of high, low and close."""
    return ((bar.high + bar.low + bar.close) / 3).quantize(Decimal("0.000001"))
