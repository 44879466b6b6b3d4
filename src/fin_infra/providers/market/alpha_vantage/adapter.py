"""Alpha Vantage: quotes, candles, symbol search, company facts and exchange rates.
Floor 3: nearly every refusal has status 200, and `refusal` tells it from data; facts on the page "Market data"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, TypeVar

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import (
    DeadlineExceeded,
    FinInfraError,
    InvalidInput,
    NotCovered,
    PermissionDenied,
    ProviderError,
    RateLimited,
    UnknownSymbol,
)
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
    QuoteError,
    Quotes,
    SymbolMatch,
)
from fin_infra.providers.fields import Row
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.market import MarketDataProvider
from fin_infra.providers.market.alpha_vantage import market_data as series
from fin_infra.providers.market.alpha_vantage import payloads
from fin_infra.providers.market.alpha_vantage.market_data import MINUTES, REACH, Table, Wanted
from fin_infra.providers.market.alpha_vantage.payloads import Unit
from fin_infra.providers.market.alpha_vantage.refusals import SIGNUP, refusal
from fin_infra.providers.market.alpha_vantage.symbols import in_dollars, spelled, venue_zone
from fin_infra.providers.windows import Bound, Window
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, Reply, Request, no_auth, query_key

E = TypeVar("E", bound=StrEnum)

PATH = "/query"
BULK_SYMBOLS = 100
"""Symbols that one call of REALTIME_BULK_QUOTES takes; unconfirmed."""
UNITS_KEPT = 1024
UNITS_KEPT_S = 86_400.0
"""How long a unit is taken for granted: listings move from pence to pounds."""
FREE_SYMBOLS = 5
"""Symbols that `quotes` asks for one by one where the key has no batch: a second each, a fifth of a day's quota."""
_DAY_S = 86_400.0
_SECOND_S = 1.05
"""A second, and what one request may travel faster than the one before it: the vendor counts where they arrive."""


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
        provider_key="market:alpha_vantage",
        title="Alpha Vantage",
        settings=Settings,
        live_url="https://www.alphavantage.co",
        sandbox_path="/alpha-vantage",
        sandbox={"api_key": "SANDBOXDEMOKEY000"},
        ping="quote",
        ping_args=(InstrumentKey("US", "IBM"),),
        # the messages of refusals name both: 25 a day (also home-assistant/home-assistant.io#31996), one a second
        quotas=(Quota(25, _DAY_S), Quota(1, _SECOND_S)),
        docs="https://www.alphavantage.co/documentation/",
        signup=SIGNUP,
        notes="Free keys: 25 calls a day, one a second, no adjusted days, no batch, the newest 100 days only.",
    )
    settings: Settings

    def configure(self) -> None:
        api_key = self.settings.api_key
        self._auth = no_auth if api_key is None else query_key("apikey", api_key.get_secret_value())
        self._units: dict[str, tuple[float, Unit]] = {}

    @classmethod
    def quotas(cls, settings: ProviderSettings) -> tuple[Quota, ...]:
        if not isinstance(settings, Settings):
            return cls.info.quotas
        limits = ((settings.per_day, _DAY_S), (settings.per_minute, 60.0), (settings.per_second, _SECOND_S))
        return tuple(Quota(calls, per_s) for calls, per_s in limits if calls)

    def authorize(self, request: Request) -> Request:
        return self._auth(request)

    def refusal(self, reply: Reply) -> ProviderError | None:
        return by_status(reply) or refusal(reply)

    @operation
    def quote(self, key: InstrumentKey) -> Flow[Quote]:
        symbol = spelled(key)
        reply = yield from self.get(PATH, function="GLOBAL_QUOTE", symbol=symbol, datatype="json")
        row = payloads.global_quote(reply, key)
        unit = yield from self._unit(key)
        return payloads.quote(row, key, unit, self.source, reply.received_at)

    @operation
    def quotes(self, keys: Sequence[InstrumentKey]) -> Flow[Quotes]:
        """Return the latest prices in the order of `keys`, a call for each hundred; `errors` names those without one.

        The batch needs a premium key and has US listings only. With another key, or at another venue, up to five
        symbols are asked for one by one.

        Raises:
            PermissionDenied: the key's plan has no batch quotes, and there are more than five symbols.
            NotCovered, UnknownSymbol: there is a quote of none of them; the first that may be had elsewhere or later
                decides.
        """
        keys = list(keys)
        failed: dict[InstrumentKey, FinInfraError] = {}
        symbols: dict[InstrumentKey, str] = {}
        for key in dict.fromkeys(keys):
            try:
                symbols[key] = spelled(key)
            except InvalidInput as exc:
                failed[key] = exc
        found = yield from self._quotes(symbols, failed)
        if failed and not found:
            raise min((failed[key] for key in keys if key in failed), key=lambda exc: isinstance(exc, UnknownSymbol))
        errors = [
            QuoteError(place=f"keys[{at}]", id=str(key), key=key, code=failed[key].code, reason=str(failed[key]))
            for at, key in enumerate(keys)
            if key in failed and key not in keys[:at]
        ]
        return Quotes((found[key] for key in keys if key in found), errors=errors)

    def _quotes(
        self, symbols: dict[InstrumentKey, str], failed: dict[InstrumentKey, FinInfraError]
    ) -> Flow[dict[InstrumentKey, Quote]]:
        """Return the quotes found, and add to `failed` why the others are missing."""
        batch = {key: symbol for key, symbol in symbols.items() if in_dollars(key)}
        single = {key: symbol for key, symbol in symbols.items() if key not in batch}
        if len(set(single.values())) > FREE_SYMBOLS:
            failed |= dict.fromkeys(single, NotCovered(_BATCH_IS_AMERICAN))
            single = {}
        try:
            found = (yield from self._batch(batch, failed)) if batch else {}
        except PermissionDenied:
            if len(set(symbols.values())) > FREE_SYMBOLS:
                raise
            found, single = {}, symbols
        return found | (yield from self._one_by_one(single, failed))

    def _batch(
        self, symbols: dict[InstrumentKey, str], failed: dict[InstrumentKey, FinInfraError]
    ) -> Flow[dict[InstrumentKey, Quote]]:
        wanted = list(dict.fromkeys(symbols.values()))
        rows: dict[str, Row] = {}
        for first in range(0, len(wanted), BULK_SYMBOLS):
            some = ",".join(wanted[first : first + BULK_SYMBOLS])
            reply = yield from self.get(PATH, function="REALTIME_BULK_QUOTES", symbol=some, datatype="json")
            rows |= {row["symbol"]: row for row in payloads.bulk_quotes(reply)}
        found: dict[InstrumentKey, Quote] = {}
        for key, symbol in symbols.items():
            try:
                if symbol not in rows:
                    raise UnknownSymbol(f"Alpha Vantage has no batch quote for {key} that can be read")
                found[key] = payloads.bulk_quote(rows[symbol], key, payloads.USD, self.source)
            except ProviderError as exc:
                failed[key] = exc
        return found

    def _one_by_one(
        self, symbols: dict[InstrumentKey, str], failed: dict[InstrumentKey, FinInfraError]
    ) -> Flow[dict[InstrumentKey, Quote]]:
        """Ask for each symbol once, until time or quota runs out; keys of one symbol share its answer."""
        answers: dict[str, Quote | FinInfraError] = {}
        over: FinInfraError | None = None
        for key, symbol in symbols.items():
            if symbol in answers:
                continue
            try:
                answers[symbol] = over or (yield from self.quote.flow(key))
            except ProviderError as exc:
                answers[symbol] = exc
                over = exc if isinstance(exc, RateLimited | DeadlineExceeded) else None
        found: dict[InstrumentKey, Quote] = {}
        for key, symbol in symbols.items():
            answer = answers[symbol]
            if isinstance(answer, FinInfraError):
                failed[key] = answer
            else:
                found[key] = replace(answer, key=key)
        return found

    @operation
    def candles(
        self,
        key: InstrumentKey,
        *,
        interval: Interval = Interval.DAY_1,
        adjustment: Adjustment = Adjustment.RAW,
        start: Bound = None,
        end: Bound = None,
        extended_hours: bool = False,
    ) -> Flow[CandleSeries]:
        """Return candles oldest first that open from `start` to before `end`; days at the exchange, or aware instants.

        Without `start` and `end` these are the newest 100 bars, or all weeks and months there are. Days, weeks and
        months open at midnight of their first day at the exchange. Adjusted weeks and months are built from adjusted
        days. Intraday bars are those of the regular session, unless `extended_hours` asks for the others too.

        Raises:
            NotCovered: a venue, interval or adjustment the vendor does not offer.
            InvalidInput: more than 12 months of intraday bars.
            PermissionDenied: the key's plan does not reach adjusted days, or further back than 100 of them.
        """
        interval, adjustment = _member(Interval, interval), _member(Adjustment, adjustment)
        symbol, day_zone = spelled(key), venue_zone(key)
        window = Window.of(start, end, day_zone, intraday=interval in MINUTES)
        params = {"function": _function(interval, adjustment), "symbol": symbol}
        if interval in MINUTES:
            params |= {
                "interval": interval.value,
                "adjusted": "false" if adjustment is Adjustment.RAW else "true",
                "extended_hours": "true" if extended_hours else "false",
            }
        tables = yield from self._tables(params, interval, window, day_zone)
        unit = yield from self._unit(key)
        return series.candles(tables, Wanted(self.source, key, interval, adjustment, unit, window, day_zone))

    @operation
    def search(self, text: str) -> Flow[Listing[SymbolMatch]]:
        if not text.strip():
            raise InvalidInput("A search needs text, such as a name or the beginning of a symbol.")
        return (yield from self._search(text.strip()))

    @operation
    def overview(self, key: InstrumentKey) -> Flow[Overview]:
        reply = yield from self.get(PATH, function="OVERVIEW", symbol=spelled(key))
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
        start: Bound = None,
        end: Bound = None,
    ) -> Flow[CandleSeries]:
        """Return candles of a currency pair oldest first, without volume; days are UTC days.

        Raises:
            NotCovered: an interval other than one day or 1, 5, 15, 30 or 60 minutes.
            InvalidInput: intraday bars of days that the vendor no longer gives; the text says from when it does.
        """
        key, interval = InstrumentKey("FX", base + quote), _member(Interval, interval)
        window = Window.of(start, end, "UTC", intraday=interval in MINUTES)
        if interval not in REACH:
            raise NotCovered(f"Alpha Vantage has no {interval.value} bars of currencies; take {_offer(REACH)}.")
        params = {"function": "FX_DAILY", "from_symbol": key.base, "to_symbol": key.quote}
        if interval in MINUTES:
            params |= {"function": "FX_INTRADAY", "interval": interval.value}
        tables = yield from self._tables(params, interval, window, "UTC")
        unit = Unit(key.quote, key.quote)
        return series.candles(tables, Wanted(self.source, key, interval, Adjustment.RAW, unit, window, "UTC"))

    def _tables(self, params: dict[str, str], interval: Interval, window: Window, day_zone: str) -> Flow[list[Table]]:
        """Ask for the newest hundred bars where the window is near, and for all it needs where that is not enough."""
        now = datetime.now(UTC)
        if series.near(window, interval, now):
            newest = yield from self._table(params | {"outputsize": "compact"})
            if series.covers(newest, interval, window, day_zone):
                return [newest]
        tables: list[Table] = []
        for size in _sizes(params["function"], window, day_zone, now):
            tables.append((yield from self._table(params | size)))
        bars = [bar for table in tables for bar in table.bars(interval, day_zone)[0]]
        first = min((start for start, _ in bars), default=None)
        if params["function"] == "FX_INTRADAY" and first and window.start is not None and window.start < first:
            raise InvalidInput(
                f"Alpha Vantage gives these bars from {first.isoformat()} on; start there, or take daily ones."
            )
        return tables

    def _table(self, params: dict[str, str]) -> Flow[Table]:
        reply = yield from self.get(PATH, **params, datatype="json")
        return series.table(reply, params)

    def _search(self, text: str) -> Flow[Listing[SymbolMatch]]:
        reply = yield from self.get(PATH, function="SYMBOL_SEARCH", keywords=text, datatype="json")
        return payloads.matches(reply, self.source)

    def _unit(self, key: InstrumentKey) -> Flow[Unit]:
        """Return what prices of `key` are counted in; one search per symbol and day outside the United States."""
        if in_dollars(key):
            return payloads.USD
        symbol, now = spelled(key), self.transport.monotonic()
        kept_at, unit = self._units.get(symbol, (now, None))
        if unit is None or now - kept_at > UNITS_KEPT_S:
            unit = payloads.unit_of(symbol, (yield from self._search(symbol)))
            if len(self._units) >= UNITS_KEPT:
                self._units.clear()
            self._units[symbol] = now, unit
        return unit


_BATCH_IS_AMERICAN = (
    f"Alpha Vantage's batch has US listings only, others are asked for one by one, at most {FREE_SYMBOLS} at a time."
)
_CODE = re.compile(r"[A-Z0-9]{2,10}")
_FUNCTIONS = {
    (Interval.DAY_1, Adjustment.RAW): "TIME_SERIES_DAILY",
    (Interval.DAY_1, Adjustment.SPLITS_AND_DIVIDENDS): "TIME_SERIES_DAILY_ADJUSTED",
    (Interval.WEEK_1, Adjustment.RAW): "TIME_SERIES_WEEKLY",
    (Interval.WEEK_1, Adjustment.SPLITS_AND_DIVIDENDS): "TIME_SERIES_DAILY_ADJUSTED",  # weeks and months are built
    (Interval.MONTH_1, Adjustment.RAW): "TIME_SERIES_MONTHLY",
    (Interval.MONTH_1, Adjustment.SPLITS_AND_DIVIDENDS): "TIME_SERIES_DAILY_ADJUSTED",
} | {
    (minutes, adjustment): "TIME_SERIES_INTRADAY"
    for minutes in MINUTES
    for adjustment in (Adjustment.RAW, Adjustment.SPLITS_AND_DIVIDENDS)
}


def _function(interval: Interval, adjustment: Adjustment) -> str:
    function = _FUNCTIONS.get((interval, adjustment))
    if function is None:
        intervals = dict.fromkeys(known for known, _ in _FUNCTIONS)
        raise NotCovered(
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
        return [{"outputsize": "full", "month": month} for month in series.months(window, day_zone, now)]
    return [{}]
