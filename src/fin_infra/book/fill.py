"""Fill the price and FX history from the providers there are: each gap is asked for once, whoever's holding needs it.
Floor 6: flows; a provider that fails is named in the result, and its gap stays open for the next time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Literal

import sqlalchemy as sa

from fin_infra.analytics.holdings import composite
from fin_infra.book import history
from fin_infra.book.engine import reading, writing
from fin_infra.book.history import Close, Span
from fin_infra.book.records import FillResult
from fin_infra.crypto import easy_crypto
from fin_infra.errors import (
    BookUnavailable,
    FinInfraError,
    InvalidInput,
    NotFound,
    PermissionDenied,
    ProviderUnavailable,
    RateLimited,
)
from fin_infra.fx import easy_fx
from fin_infra.markets import easy_market
from fin_infra.model import (
    Adjustment,
    CandleSeries,
    InstrumentKey,
    Listing,
    MarketChart,
    RateTable,
    SourceError,
)
from fin_infra.normalize import calendar_of
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.transport import Flow, Invoke, blocking

LATE = timedelta(days=5)
"""Vendors publish a day's close late: a day so near that has none yet is asked for again."""
CURRENCY = "USD"
"""What coins are priced in; the FX history turns it into others."""
_ONE_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class HistorySources:
    """The providers that the history is filled from; None where there is none."""

    market: MarketDataProvider[Any] | None = None
    crypto: CryptoDataProvider[Any] | None = None
    fx: FxProvider[Any] | None = None


def configured(mode: Literal["sync", "async"]) -> tuple[HistorySources, list[SourceError]]:
    """Return the configured providers, and why one cannot be opened."""
    errors: list[SourceError] = []

    def opened(domain: str, easy: Callable[..., Any]) -> Any:
        try:
            return easy(mode=mode)
        except FinInfraError as exc:
            errors.append(_error(domain, "history", exc))
            return None

    found = HistorySources(opened("market", easy_market), opened("crypto", easy_crypto), opened("fx", easy_fx))
    return found, errors


def fill(
    engine: sa.Engine, sources: HistorySources, keys: Iterable[InstrumentKey], start: date, end: date, now: datetime
) -> Flow[FillResult]:
    """Ask for the days from `start` to before `end` that nobody has asked for, and keep what comes.

    Raises:
        BookUnavailable: the database cannot be used now.
    """
    total, splitless = FillResult(), set[str]()
    by_subject = {history.subject_of(key): key for key in keys}
    for subject, key in sorted(by_subject.items()):
        for span in (yield from blocking(_gaps, engine, subject, start, end)):
            total = _sum(total, (yield from _fill_prices(engine, sources, subject, key, span, now, splitless)))
    for span in (yield from blocking(_gaps, engine, history.RATES, start, end)):
        total = _sum(total, (yield from _fill_rates(engine, sources.fx, span, now)))
    return total


def _fill_prices(
    engine: sa.Engine,
    sources: HistorySources,
    subject: str,
    key: InstrumentKey,
    span: Span,
    now: datetime,
    splitless: set[str],
) -> Flow[FillResult]:
    source: Any = sources.crypto if key.is_crypto else sources.market
    if source is None:
        return FillResult()
    if not _has_sessions(key, span):
        yield from blocking(_keep, engine, subject, "", [], [], span, now)
        return FillResult()
    told = _Told()
    try:
        if key.is_crypto:
            yield from _coin(source, composite(key), span, told)
        else:
            yield from _share(source, composite(key), span, told, splitless)
    except (NotFound, InvalidInput) as exc:  # it does not know the instrument, and will not tomorrow
        yield from blocking(_keep, engine, subject, source.source, [], [], (span[0], _settled(span, [], now)), now)
        return FillResult(asked=told.asked, errors=(_error(source.source, "price history", exc),))
    except BookUnavailable:
        raise
    except FinInfraError as exc:
        return FillResult(asked=told.asked, errors=(_error(source.source, "price history", exc),))
    until = _settled(span, [each.day for each in told.closes], now)
    found, ratios = told.closes, told.splits
    kept, known = yield from blocking(_keep, engine, subject, source.source, found, ratios, (span[0], until), now)
    return FillResult(asked=told.asked, prices=kept, splits=known, errors=tuple(told.errors))


@dataclass(slots=True)
class _Told:
    """What a provider says of one gap, and how often it was asked."""

    asked: int = 0
    closes: list[Close] = field(default_factory=list[Close])
    splits: list[tuple[date, Any]] = field(default_factory=list[tuple[date, Any]])
    errors: list[SourceError] = field(default_factory=list[SourceError])


def _share(
    market: MarketDataProvider[Any], key: InstrumentKey, span: Span, told: _Told, splitless: set[str]
) -> Flow[None]:
    """Ask for closes as they were traded, and for splits, which come with adjusted candles only.

    Where these have both, one answer is enough. A vendor or a plan that tells no splits is not asked for them a second
    time: its prices count as they are.
    """
    if market.source not in splitless:
        told.asked += 1
        yield from _adjusted(market, key, span, told, splitless)
        if told.closes:
            return
    told.asked += 1
    start, end = span
    series: CandleSeries = yield Invoke(partial(market.candles, key, adjustment=Adjustment.RAW, start=start, end=end))
    told.closes = _closes(series, key, span, [candle.close for candle in series])


def _adjusted(
    market: MarketDataProvider[Any], key: InstrumentKey, span: Span, told: _Told, splitless: set[str]
) -> Flow[None]:
    words = Adjustment.SPLITS_AND_DIVIDENDS
    try:
        series: CandleSeries = yield Invoke(partial(market.candles, key, adjustment=words, start=span[0], end=span[1]))
    except (PermissionDenied, InvalidInput):
        splitless.add(market.source)
        return
    except (NotFound, ProviderUnavailable, RateLimited):  # it would not tell the closes, either
        raise
    except FinInfraError as exc:
        told.errors.append(_error(market.source, "splits", exc))
        return
    ratios = [(_day_of(key, each.start), each.split) for each in series if each.split is not None]
    told.splits = [(day, ratio) for day, ratio in ratios if ratio > 0]
    if len(series) and not ratios:
        splitless.add(market.source)
    traded = [candle.traded_close for candle in series]
    if not series.errors and None not in traded:
        told.closes = _closes(series, key, span, traded)


def _closes(series: CandleSeries, key: InstrumentKey, span: Span, prices: Sequence[Any]) -> list[Close]:
    pairs = [(candle, price) for candle, price in zip(series, prices, strict=True) if candle.complete]
    found = [Close(_day_of(key, candle.start), price, series.currency) for candle, price in pairs]
    return [each for each in found if span[0] <= each.day < span[1]]


def _coin(crypto: CryptoDataProvider[Any], key: InstrumentKey, span: Span, told: _Told) -> Flow[None]:
    """Ask for a coin's price at the end of each day in UTC; the point at midnight is the one of the day before."""
    first, after = (datetime.combine(day, time(), UTC) for day in span)
    ask = partial(crypto.market_chart, key, currency=CURRENCY, start=first + _TICK, end=after + timedelta(hours=1))
    told.asked += 1
    chart: MarketChart = yield Invoke(ask)
    by_day = {(point.at.astimezone(UTC) - _TICK).date(): point for point in chart}
    days = sorted(day for day in by_day if span[0] <= day < span[1])
    told.closes = [Close(day, by_day[day].price, chart.currency) for day in days]


def _fill_rates(engine: sa.Engine, fx: FxProvider[Any] | None, span: Span, now: datetime) -> Flow[FillResult]:
    if fx is None:
        return FillResult()
    try:
        tables: Listing[RateTable] = yield Invoke(partial(fx.history, start=span[0], end=span[1]))
    except FinInfraError as exc:
        return FillResult(asked=1, errors=(_error(fx.source, "history", exc),))
    until = _settled(span, [table.date for table in tables], now)
    kept = yield from blocking(_keep_rates, engine, tables, (span[0], until), now)
    return FillResult(asked=1, rates=kept)


def _settled(span: Span, days: Sequence[date], now: datetime) -> date:
    """Return the day up to which an answer is the last word: what is near may still be published."""
    start, end = span
    newest = max((day + _ONE_DAY for day in days), default=start)
    return max(start, min(end, max(newest, now.astimezone(UTC).date() - LATE)))


def _has_sessions(key: InstrumentKey, span: Span) -> bool:
    """Tell whether the venue was open at all; one whose calendar nobody has may have been."""
    try:
        return bool(calendar_of(key).sessions(*span))
    except InvalidInput:
        return True


def _day_of(key: InstrumentKey, at: datetime) -> date:
    try:
        return at.astimezone(calendar_of(key).zone).date()
    except InvalidInput:
        return at.date()


def _gaps(engine: sa.Engine, subject: str, start: date, end: date) -> list[Span]:
    with reading(engine) as db:
        return history.gaps(db, subject, start, end)


def _keep(
    engine: sa.Engine,
    subject: str,
    source: str,
    found: Sequence[Close],
    ratios: Sequence[tuple[date, Any]],
    span: Span,
    now: datetime,
) -> tuple[int, int]:
    with writing(engine) as db:
        kept = history.put_closes(db, subject, source, found, now)
        known = history.put_splits(db, subject, source, ratios)
        history.close_gap(db, subject, span)
        return kept, known


def _keep_rates(engine: sa.Engine, tables: Sequence[RateTable], span: Span, now: datetime) -> int:
    with writing(engine) as db:
        kept = history.put_rates(db, tables, now)
        history.close_gap(db, history.RATES, span)
        return kept


def _error(source: str, operation: str, exc: FinInfraError) -> SourceError:
    return SourceError(provider=source, operation=operation, code=exc.code, message=exc.for_caller())


def _sum(one: FillResult, other: FillResult) -> FillResult:
    return replace(
        one,
        asked=one.asked + other.asked,
        prices=one.prices + other.prices,
        splits=one.splits + other.splits,
        rates=one.rates + other.rates,
        errors=(*one.errors, *other.errors),
    )


def with_errors(result: FillResult, errors: Sequence[SourceError]) -> FillResult:
    return replace(result, errors=(*errors, *result.errors))
