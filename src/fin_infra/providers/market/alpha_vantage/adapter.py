"""Alpha Vantage: quotes, candles, symbol search, company facts and exchange rates.
Floor 3: nearly every refusal has status 200, and `refusal` tells it from data; facts in docs/market-data.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, TypeVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import InvalidInput, ProviderError, UnknownSymbol
from fin_infra.flow import Quota, by_status, operation
from fin_infra.model import (
    Adjustment,
    CandleSeries,
    FxRate,
    InstrumentKey,
    Interval,
    Listing,
    Overview,
    Quote,
    SymbolMatch,
)
from fin_infra.normalize import US_MICS
from fin_infra.providers.fields import Row
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.market.alpha_vantage import market_data as series
from fin_infra.providers.market.alpha_vantage import payloads
from fin_infra.providers.market.alpha_vantage.market_data import MINUTES, REACH, Table, Window
from fin_infra.providers.market.alpha_vantage.payloads import SPELLING, Unit, venue_zone
from fin_infra.providers.market.alpha_vantage.refusals import SIGNUP, refusal
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, Reply, Request, no_auth, query_key

E = TypeVar("E", bound=StrEnum)

PATH = "/query"
BULK_SYMBOLS = 100
"""Symbols that one call of REALTIME_BULK_QUOTES takes; unconfirmed."""
UNITS_KEPT = 1024
_DAY_S = 86_400.0


class Settings(ProviderSettings):
    """`per_day`, `per_minute` and `per_second` are the quotas of your plan; 0 means there is none."""

    model_config = SettingsConfigDict(env_prefix="ALPHA_VANTAGE_")
    credentials: ClassVar[tuple[str, ...]] = ("api_key",)

    api_key: SecretStr | None = None
    per_day: int = Field(25, ge=0)
    per_minute: int = Field(0, ge=0)
    per_second: int = Field(1, ge=0)


class AlphaVantage(MarketDataProvider[M]):
    info = ProviderInfo(
        key="market:alpha_vantage",
        title="Alpha Vantage",
        settings=Settings,
        live_url="https://www.alphavantage.co",
        sandbox_path="/alpha-vantage",
        sandbox={"api_key": "SANDBOXDEMOKEY000"},
        ping="quote",
        ping_args=(InstrumentKey("US", "IBM"),),
        # the messages of refusals name both: 25 a day (also home-assistant/home-assistant.io#31996), one a second
        quotas=(Quota(25, _DAY_S), Quota(1, 1.0)),
        docs="https://www.alphavantage.co/documentation/",
        signup=SIGNUP,
        notes="Free keys: 25 calls a day, one a second, no adjusted days, no batch, the newest 100 days only.",
    )
    settings: Settings

    def configure(self) -> None:
        key = self.settings.api_key
        self._auth = no_auth if key is None else query_key("apikey", key.get_secret_value())
        self._units: dict[str, Unit] = {}

    @classmethod
    def quotas(cls, settings: ProviderSettings) -> tuple[Quota, ...]:
        if not isinstance(settings, Settings):
            return cls.info.quotas
        limits = ((settings.per_day, _DAY_S), (settings.per_minute, 60.0), (settings.per_second, 1.0))
        return tuple(Quota(calls, per_s) for calls, per_s in limits if calls)

    def authorize(self, request: Request) -> Request:
        return self._auth(request)

    def refusal(self, reply: Reply) -> ProviderError | None:
        return by_status(reply) or refusal(reply)

    @operation
    def quote(self, key: InstrumentKey) -> Flow[Quote]:
        symbol = SPELLING.write(key)
        reply = yield from self.get(PATH, function="GLOBAL_QUOTE", symbol=symbol, datatype="json")
        row = payloads.global_quote(reply, key)
        unit = yield from self._unit(key)
        return payloads.quote(row, key, unit, self.source)

    @operation
    def quotes(self, keys: Sequence[InstrumentKey]) -> Flow[Listing[Quote]]:
        """Return the latest prices in the order of `keys`, a call for each hundred; needs a premium key.

        Raises:
            PermissionDenied: the key's plan has no batch quotes.
            UnknownSymbol: some are not in the answer; the text names them.
        """
        keys = list(keys)
        symbols = {SPELLING.write(key): key for key in keys}
        rows: dict[str, Row] = {}
        for first in range(0, len(symbols), BULK_SYMBOLS):
            some = ",".join(list(symbols)[first : first + BULK_SYMBOLS])
            reply = yield from self.get(PATH, function="REALTIME_BULK_QUOTES", symbol=some, datatype="json")
            rows |= payloads.bulk_quotes(reply)
        missing = [str(key) for symbol, key in symbols.items() if symbol not in rows]
        if missing:
            raise UnknownSymbol(f"Alpha Vantage has no batch quote for {', '.join(missing)}; it covers US listings")
        found: Listing[Quote] = Listing()
        for key in keys:
            unit = yield from self._unit(key)
            found.append(payloads.bulk_quote(rows[SPELLING.write(key)], key, unit, self.source))
        return found

    @operation
    def candles(
        self,
        key: InstrumentKey,
        *,
        interval: Interval = Interval.DAY_1,
        adjustment: Adjustment = Adjustment.RAW,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Flow[CandleSeries]:
        """Return candles oldest first that open from `start` to before `end`; both aware.

        Without `start` and `end` these are the newest 100 bars, or all weeks and months there are. Days, weeks and
        months open at midnight of their first day at the exchange; intraday bars include extended hours.

        Raises:
            InvalidInput: an interval or adjustment the vendor does not offer, or more than 12 months of intraday bars.
            PermissionDenied: the key's plan does not reach adjusted days, or further back than 100 of them.
        """
        interval, adjustment = _member(Interval, interval), _member(Adjustment, adjustment)
        symbol, window, day_zone = SPELLING.write(key), Window(start, end), venue_zone(key)
        params = {"function": _function(interval, adjustment), "symbol": symbol}
        if interval in MINUTES:
            params |= {"interval": interval.value, "adjusted": "false" if adjustment is Adjustment.RAW else "true"}
        tables, bars = yield from self._bars(params, interval, window, day_zone)
        unit = yield from self._unit(key)
        return series.candles(
            tables, bars, source=self.source, key=key, interval=interval, adjustment=adjustment, unit=unit
        )

    @operation
    def search(self, text: str) -> Flow[Listing[SymbolMatch]]:
        if not text.strip():
            raise InvalidInput("A search needs text, such as a name or the beginning of a symbol.")
        return Listing((yield from self._search(text.strip())))

    @operation
    def overview(self, key: InstrumentKey) -> Flow[Overview]:
        reply = yield from self.get(PATH, function="OVERVIEW", symbol=SPELLING.write(key))
        return payloads.overview(reply, key, self.source)

    @operation
    def fx_rate(self, base: str, quote: str) -> Flow[FxRate]:
        """Return units of `quote` for one `base` now; either may also be a crypto ticker such as BTC."""
        for code in (base, quote):
            if not _CODE.fullmatch(code):
                raise InvalidInput(f"{code!r} is not a currency code; write it like EUR.")
        reply = yield from self.get(PATH, function="CURRENCY_EXCHANGE_RATE", from_currency=base, to_currency=quote)
        return payloads.fx_rate(reply, base, quote, self.source)

    @operation
    def fx_candles(
        self,
        base: str,
        quote: str,
        *,
        interval: Interval = Interval.DAY_1,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Flow[CandleSeries]:
        """Return candles of a currency pair oldest first, without volume; days are UTC days.

        Raises:
            InvalidInput: an interval other than one day or 1, 5, 15, 30 or 60 minutes, or intraday bars of days that
                the vendor no longer gives; the text says from when it does.
        """
        key, window, interval = InstrumentKey("FX", base + quote), Window(start, end), _member(Interval, interval)
        if interval not in REACH:
            raise InvalidInput(f"Alpha Vantage has no {interval.value} bars of currencies; take {_offer(REACH)}.")
        params = {"function": "FX_DAILY", "from_symbol": key.base, "to_symbol": key.quote}
        if interval in MINUTES:
            params |= {"function": "FX_INTRADAY", "interval": interval.value}
        tables, bars = yield from self._bars(params, interval, window, "UTC")
        return series.candles(
            tables,
            bars,
            source=self.source,
            key=key,
            interval=interval,
            adjustment=Adjustment.RAW,
            unit=Unit(key.quote, key.quote),
        )

    def _bars(
        self, params: dict[str, str], interval: Interval, window: Window, day_zone: str
    ) -> Flow[tuple[list[Table], series.Bars]]:
        """Ask for the newest hundred bars where the window is near, and for all it needs where that is not enough."""
        now = datetime.now(UTC)
        if interval in REACH and window.near(REACH[interval], now):
            newest = yield from self._table(params | {"outputsize": "compact"})
            bars = newest.bars(interval, day_zone)
            if series.covers(bars, window):
                return [newest], [bar for bar in bars if bar[0] in window]
        tables: list[Table] = []
        for size in _sizes(params["function"], window, day_zone, now):
            tables.append((yield from self._table(params | size)))
        bars = sorted((bar for table in tables for bar in table.bars(interval, day_zone)), key=lambda bar: bar[0])
        if params["function"] == "FX_INTRADAY" and bars and window.start is not None and window.start < bars[0][0]:
            raise InvalidInput(
                f"Alpha Vantage gives these bars from {bars[0][0].isoformat()} on; start there, or take daily ones."
            )
        return tables, [bar for bar in bars if bar[0] in window]

    def _table(self, params: dict[str, str]) -> Flow[Table]:
        reply = yield from self.get(PATH, **params, datatype="json")
        return series.table(reply)

    def _search(self, text: str) -> Flow[list[SymbolMatch]]:
        reply = yield from self.get(PATH, function="SYMBOL_SEARCH", keywords=text, datatype="json")
        return payloads.matches(reply, self.source)

    def _unit(self, key: InstrumentKey) -> Flow[Unit]:
        """Return what prices of `key` are counted in; one search per symbol outside the United States, then kept."""
        if key.namespace == "US" or key.namespace in US_MICS:
            return payloads.USD
        symbol = SPELLING.write(key)
        unit = self._units.get(symbol)
        if unit is None:
            unit = payloads.unit_of(symbol, (yield from self._search(symbol)))
            if len(self._units) >= UNITS_KEPT:
                self._units.clear()
            self._units[symbol] = unit
        return unit


_CODE = re.compile(r"[A-Z0-9]{2,10}")
_FUNCTIONS = {
    (Interval.DAY_1, Adjustment.RAW): "TIME_SERIES_DAILY",
    (Interval.DAY_1, Adjustment.SPLITS_AND_DIVIDENDS): "TIME_SERIES_DAILY_ADJUSTED",
    (Interval.WEEK_1, Adjustment.RAW): "TIME_SERIES_WEEKLY",
    (Interval.WEEK_1, Adjustment.SPLITS_AND_DIVIDENDS): "TIME_SERIES_WEEKLY_ADJUSTED",
    (Interval.MONTH_1, Adjustment.RAW): "TIME_SERIES_MONTHLY",
    (Interval.MONTH_1, Adjustment.SPLITS_AND_DIVIDENDS): "TIME_SERIES_MONTHLY_ADJUSTED",
} | {
    (minutes, adjustment): "TIME_SERIES_INTRADAY"
    for minutes in MINUTES
    for adjustment in (Adjustment.RAW, Adjustment.SPLITS_AND_DIVIDENDS)
}


def _function(interval: Interval, adjustment: Adjustment) -> str:
    function = _FUNCTIONS.get((interval, adjustment))
    if function is None:
        intervals = dict.fromkeys(known for known, _ in _FUNCTIONS)
        raise InvalidInput(
            f"Alpha Vantage has no {interval.value} bars adjusted as {adjustment.value}; "
            f"take {_offer(intervals)}, raw or splits_and_dividends."
        )
    return function


def _member(kind: type[E], value: E) -> E:
    """Read plain text as the member it names, which users without a type checker pass."""
    try:
        return kind(value)
    except ValueError:
        raise InvalidInput(f"{value!r} is not a valid {kind.__name__}; use one of {', '.join(kind)}.") from None


def _offer(intervals: Iterable[Interval]) -> str:
    return ", ".join(interval.value for interval in intervals)


def _sizes(function: str, window: Window, day_zone: str, now: datetime) -> list[dict[str, str]]:
    """Return the parameters of each call that together answer the whole window."""
    if function in ("TIME_SERIES_DAILY", "TIME_SERIES_DAILY_ADJUSTED", "FX_DAILY", "FX_INTRADAY"):
        return [{"outputsize": "full"}]
    if function == "TIME_SERIES_INTRADAY":
        return [{"outputsize": "full", "month": month} for month in window.months(day_zone, now)]
    return [{}]
