"""Quotes, candles and descriptions of listed instruments.
Floor 0: prices are Decimal in the major unit of `currency`; pence and cents are scaled at the adapter's edge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.record import Listing, Meta, Model, Record, RowError, Series


class Interval(StrEnum):
    MIN_1 = "1min"
    MIN_5 = "5min"
    MIN_15 = "15min"
    MIN_30 = "30min"
    HOUR_1 = "60min"
    HOUR_4 = "4h"
    DAY_1 = "1d"
    DAY_4 = "4d"
    WEEK_1 = "1wk"
    MONTH_1 = "1mo"


class Adjustment(StrEnum):
    """What has been worked into the prices of a candle."""

    RAW = "raw"
    SPLITS = "splits"
    SPLITS_AND_DIVIDENDS = "splits_and_dividends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Record):
    """The latest price of an instrument. `as_of` is when the price was made or later: a day's is its close."""

    key: InstrumentKey
    price: Decimal
    currency: str
    """ISO 4217; `unit` keeps the vendor's word (GBX) where it quoted in a minor unit."""
    unit: str
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    previous_close: Decimal | None = None
    volume: Decimal | None = None
    trading_day: date | None = None

    @property
    def change(self) -> Decimal | None:
        """The price less the previous close, exact; None where no previous close is known."""
        return None if self.previous_close is None else self.price - self.previous_close

    @property
    def change_percent(self) -> Decimal | None:
        """The change in percent of the previous close, rounded half to even to four decimals; None without a base."""
        if not self.previous_close or self.change is None:
            return None
        return round(self.change * 100 / self.previous_close, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteError(RowError):
    """An instrument without a quote, and why; `id` is the key as text."""

    key: InstrumentKey
    code: str
    """That of the error, such as `fin.invalid_instrument`."""


class Quotes(Listing[Quote]):
    """Quotes in the order of the request; `errors` names the instruments that have none."""

    __slots__ = ()
    errors: tuple[QuoteError, ...]  # pyright: ignore[reportIncompatibleVariableOverride]  # set once, by `__init__`

    def __init__(
        self, items: Iterable[Quote] = (), meta: Meta | None = None, errors: Iterable[QuoteError] = ()
    ) -> None:
        super().__init__(items, meta, errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle(Model):
    """Prices of one bar. `start` is the instant the bar opens, aware, whatever the vendor stamps."""

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None
    """Units traded in the bar; None where the vendor gives none (FX, CoinGecko)."""
    dividend: Decimal | None = None
    """Cash per share that went ex on this day."""
    split: Decimal | None = None
    """New shares per old share effective on this day; 1 means none."""
    complete: bool = True
    """False while the bar is still forming, so that its prices and volume may change."""
    traded_close: Decimal | None = None
    """The close as it was traded, where the prices are adjusted and the vendor tells both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarError(Model):
    """A bar that was set aside, under the vendor's stamp, and why it cannot be one."""

    stamp: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleSeries(Record, Series[Candle]):
    """Candles of one instrument, oldest first, all of one interval.

    Iterating, `len` and indexing go over `candles`.
    """

    ROWS: ClassVar[str] = "candles"
    BESIDE: ClassVar[tuple[str, ...]] = ("key", "currency")

    key: InstrumentKey
    interval: Interval
    adjustment: Adjustment
    currency: str
    unit: str
    candles: tuple[Candle, ...]
    delayed: bool = False
    errors: tuple[BarError, ...] = ()
    """Bars that came and are not in `candles`, because they cannot be true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolMatch(Record):
    """One hit of a symbol search. `key` is None where the vendor's spelling maps to no known venue."""

    symbol: str
    """The vendor's own spelling."""
    name: str
    key: InstrumentKey | None
    type_text: str | None = None
    region: str | None = None
    currency: str | None = None
    unit: str | None = None
    opens: time | None = None
    closes: time | None = None
    score: Decimal | None = None
    """Match quality from 0 to 1 as the vendor gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview(Record):
    """Company facts. A figure the vendor leaves out, or writes as `None` or `-`, is None."""

    key: InstrumentKey
    name: str
    type_text: str | None = None
    exchange: str | None = None
    currency: str | None = None
    country: str | None = None
    sector: str | None = None
    industry: str | None = None
    description: str | None = None
    cik: str | None = None
    fiscal_year_end: str | None = None
    latest_quarter: date | None = None
    market_cap: Decimal | None = None
    shares_outstanding: Decimal | None = None
    pe_ratio: Decimal | None = None
    peg_ratio: Decimal | None = None
    book_value: Decimal | None = None
    eps: Decimal | None = None
    beta: Decimal | None = None
    dividend_per_share: Decimal | None = None
    dividend_yield: Decimal | None = None
    """A fraction: 0.027 is 2.7 %."""
    ex_dividend_date: date | None = None
    high_52_weeks: Decimal | None = None
    low_52_weeks: Decimal | None = None
