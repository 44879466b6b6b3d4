"""CoinGecko: prices, descriptions, candles and charts of some 17,000 crypto assets.
Floor 3: an asset is its CoinGecko id; a candle's stamp on the wire is its close, and ours is its opening."""

from __future__ import annotations

# Users without a type checker hear what is wrong, so arguments are checked although they are typed.
# pyright: reportUnnecessaryIsInstance=false
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal, cast

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import ConfigurationError, InvalidInput, ProviderError
from fin_infra.flow import Quota, note, operation
from fin_infra.model import (
    CandleSeries,
    CryptoAsset,
    CryptoPrice,
    InstrumentKey,
    Interval,
    Listing,
    MarketChart,
    QuoteError,
)
from fin_infra.normalize import aware
from fin_infra.normalize.tables import COINS
from fin_infra.providers.crypto.coingecko import market_data
from fin_infra.providers.crypto.coingecko import payloads as parse
from fin_infra.providers.crypto.coingecko.refusals import refusal
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.crypto import CryptoDataProvider
from fin_infra.settings import ProviderSettings
from fin_infra.transport import Flow, M, Reply, Request, header_key, no_auth, url_path

PRO_URL = "https://pro-api.coingecko.com"
KEY_HEADERS = {"demo": "x-cg-demo-api-key", "pro": "x-cg-pro-api-key"}
EPOCH, SECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(seconds=1)
KEYLESS_PER_MINUTE = 5
"""The low end of what users without a key report, 5 to 15; CoinGecko names no figure."""
DEMO_PER_MINUTE = 30
"""What CoinGecko promised for years; its page of 2026 says 100, so COINGECKO_PER_MINUTE may raise it.

https://docs.coingecko.com/docs/errors-and-rate-limits"""
MAX_IDS = 250
"""Ids in one call for prices: what keeps the URL below 8 kB."""
LIST_KEPT_S = 24 * 3600.0
"""How long the list of tickers is good for; new coins appear daily, and ids hardly ever change."""
CANDLES = {
    1: Interval.MIN_30,
    7: Interval.HOUR_4,
    14: Interval.HOUR_4,
    30: Interval.HOUR_4,
    90: Interval.DAY_4,
    180: Interval.DAY_4,
    365: Interval.DAY_4,
}
"""Days that /ohlc takes, to the candles it then gives: 30 minutes to 2 days, 4 hours to 30, 4 days beyond.

The reference pages of https://github.com/cg-eesuhn/docs-coingecko."""
LIGHT = dict.fromkeys(("localization", "tickers", "community_data", "developer_data", "sparkline"), "false")
"""The sections of /coins/{id} that we do not read; they are most of its weight."""


class Settings(ProviderSettings):
    """CoinGecko's settings; without a key it answers too, a few times a minute."""

    model_config = SettingsConfigDict(env_prefix="COINGECKO_")
    optional_credentials: ClassVar[tuple[str, ...]] = ("api_key",)

    api_key: SecretStr | None = None
    plan: Literal["demo", "pro"] = "demo"
    """Which kind of key it is: `demo` is free, `pro` stands for every paid plan."""
    per_minute: int | None = Field(None, ge=1)
    """Calls a minute; unset means 5 without a key, 30 with a demo key, and no limit of ours with a paid one."""

    def live_url(self) -> str | None:
        return PRO_URL if self.plan == "pro" else None

    def quotas(self) -> tuple[Quota, ...]:
        usual = KEYLESS_PER_MINUTE if self.api_key is None else DEMO_PER_MINUTE if self.plan == "demo" else None
        calls = self.per_minute or usual
        return (Quota(calls, 60),) if calls else ()


class CoinGecko(CryptoDataProvider[M]):
    """CoinGecko v3 in its demo, pro and keyless modes."""

    info = ProviderInfo(
        provider_key=parse.KEY,
        title="CoinGecko",
        settings=Settings,
        live_url="https://api.coingecko.com",
        sandbox_path="/coingecko",
        sandbox={"api_key": "CG-sandboxdemokey", "plan": "demo"},
        ping="price",
        ping_args=(InstrumentKey("CRYPTO", "bitcoin"),),
        quotas=(Quota(DEMO_PER_MINUTE, 60),),
        docs="https://docs.coingecko.com",
        signup="https://www.coingecko.com/en/developers/dashboard",
        tokens={"CG-": r"[A-Za-z0-9]{8,}"},  # https://docs.coingecko.com/reference/authentication
        notes="Works without a key (FIN_INFRA_MODE=live), 5 calls a minute. COINGECKO_PLAN=pro for paid keys.",
    )
    settings: Settings

    @classmethod
    def quotas(cls, settings: ProviderSettings) -> tuple[Quota, ...]:
        return cast("Settings", settings).quotas()

    def configure(self) -> None:
        secret, plan = self.settings.api_key, self.settings.plan
        api_key = secret.get_secret_value() if secret else ""
        if plan == "pro" and not api_key:
            raise ConfigurationError("CoinGecko's paid plans need COINGECKO_API_KEY; set it, or COINGECKO_PLAN=demo.")
        if not re.fullmatch("[!-~]*", api_key):
            raise ConfigurationError("COINGECKO_API_KEY has spaces or characters that no key has; copy it again.")
        self._auth = header_key(KEY_HEADERS[plan], api_key) if api_key else no_auth
        self._listed: tuple[float, Mapping[str, list[str]]] | None = None

    def authorize(self, request: Request) -> Request:
        return self._auth(request)

    def refusal(self, reply: Reply) -> ProviderError | None:
        return refusal(reply)

    @operation
    def price(self, key: InstrumentKey, currency: str = "USD") -> Flow[CryptoPrice]:
        found, failed = yield from self._prices([key], currency)
        for exc in failed.values():
            raise exc
        return found[key]

    @operation
    def prices(self, keys: Sequence[InstrumentKey], currency: str = "USD") -> Flow[Listing[CryptoPrice]]:
        """Return spot prices in the order of `keys` in one call, at most 250; `errors` names those without one.

        Raises:
            UnknownSymbol: there is a price of none of them.
            InvalidRequest: CoinGecko quotes none of them in `currency`.
        """
        wanted = list(keys)
        if not wanted:
            return Listing()
        found, failed = yield from self._prices(wanted, currency)
        if not found:
            raise next(iter(failed.values()))
        errors = [
            QuoteError(place=f"keys[{wanted.index(key)}]", id=str(key), key=key, code=exc.code, reason=str(exc))
            for key, exc in failed.items()
        ]
        return Listing((found[key] for key in wanted if key in found), errors=errors)

    def _prices(self, keys: Sequence[InstrumentKey], currency: str) -> Flow[parse.Priced]:
        ids = list(dict.fromkeys(_coin(key) for key in keys))
        if len(ids) > MAX_IDS:
            raise InvalidInput(f"{len(ids)} assets are too many for one call; ask for at most {MAX_IDS} at a time.")
        reply = yield from self.get(
            "/api/v3/simple/price",
            ids=",".join(ids),
            vs_currencies=_vs(currency),
            include_market_cap="true",
            include_24hr_vol="true",
            include_24hr_change="true",
            include_last_updated_at="true",
            precision="full",
        )
        return parse.price_list(reply, keys, currency.upper())

    @operation
    def asset(self, key: InstrumentKey) -> Flow[CryptoAsset]:
        reply = yield from self.get(url_path("api", "v3", "coins", _coin(key)), **LIGHT)
        return parse.asset(reply, key)

    @operation
    def lookup(self, ticker: str) -> Flow[InstrumentKey]:
        """Return the one asset with that ticker, in upper or lower case.

        The well-known tickers that `fin_infra.normalize` reads (BTC, ETH, USDT ...) mean the coin everybody means,
        although CoinGecko lists clones of them. Any other ticker must belong to one asset of CoinGecko's list, which
        is kept for a day.

        Raises:
            AmbiguousSymbol: several assets have it; `candidates` are their keys, the largest by market value first.
            UnknownSymbol: none has it.
        """
        wanted = ticker.strip().upper()
        if not wanted:
            raise InvalidInput("A ticker is needed, such as BTC.")
        if wanted in COINS:
            return InstrumentKey("CRYPTO", COINS[wanted])
        ids = parse.ids_of((yield from self._tickers()), wanted)
        return parse.only((yield from self._ranked(ids, wanted)) if len(ids) > 1 else ids, wanted)

    def _ranked(self, ids: list[str], ticker: str) -> Flow[list[str]]:
        """Put the coins of one ticker in the order of their rank, which only a search knows; without one they stay."""
        try:
            hits = parse.hits((yield from self.get("/api/v3/search", query=ticker)))
        except ProviderError:  # the candidates are the answer, and their order only helps
            return ids
        ranks = {hit.key.symbol: hit.rank for hit in hits if hit.rank is not None}
        return sorted(ids, key=lambda coin: ranks.get(coin, sys.maxsize))

    def _tickers(self) -> Flow[Mapping[str, list[str]]]:
        now = self.transport.monotonic()
        if self._listed is None or now - self._listed[0] > LIST_KEPT_S:
            reply = yield from self.get("/api/v3/coins/list")
            table, unread = parse.by_ticker(reply)
            if unread:
                note(unreadable_rows=unread)
            self._listed = now, table
        return self._listed[1]

    @operation
    def candles(self, key: InstrumentKey, *, currency: str = "USD", days: int = 30) -> Flow[CandleSeries]:
        """Return OHLC candles of the last `days` days (1, 7, 14, 30, 90, 180 or 365), oldest first.

        Candles are of 30 minutes for 1 day, of 4 hours up to 30 days, and of 4 days beyond. The last one may be
        shorter: it ends when CoinGecko last worked it out, and is not `complete`. Volume is not given.
        """
        if type(days) is not int or days not in CANDLES:
            allowed = ", ".join(str(day) for day in CANDLES)
            raise InvalidInput(f"CoinGecko has no candles of {days} days; use one of {allowed}.")
        reply = yield from self.get(
            url_path("api", "v3", "coins", _coin(key), "ohlc"), vs_currency=_vs(currency), days=days, precision="full"
        )
        return market_data.candles(reply, key, currency.upper(), CANDLES[days])

    @operation
    def market_chart(
        self, key: InstrumentKey, *, currency: str = "USD", start: datetime, end: datetime
    ) -> Flow[MarketChart]:
        """Return price, market value and volume from `start` to before `end`; both aware.

        CoinGecko chooses the step: 5 minutes for a span up to 1 day, 1 hour up to 90 days, 1 day beyond.
        """
        if aware(start) >= aware(end):
            raise InvalidInput(f"A chart needs a start before its end, not {start.isoformat()} to {end.isoformat()}.")
        reply = yield from self.get(
            url_path("api", "v3", "coins", _coin(key), "market_chart", "range"),
            vs_currency=_vs(currency),
            precision="full",
            **{"from": (start - EPOCH) // SECOND, "to": -((EPOCH - end) // SECOND)},
        )
        return market_data.chart(reply, key, currency.upper(), start, end)

    @operation
    def search(self, text: str) -> Flow[Listing[CryptoAsset]]:
        if not text.strip():
            raise InvalidInput("A search needs a name or ticker, such as bitcoin.")
        return parse.hits((yield from self.get("/api/v3/search", query=text.strip())))


def _coin(key: InstrumentKey) -> str:
    if not isinstance(key, InstrumentKey) or not key.is_crypto:
        raise InvalidInput(
            f"{key} is not a crypto asset; use the CoinGecko id, such as CRYPTO:bitcoin, or lookup() for a ticker."
        )
    return key.symbol


def _vs(currency: str) -> str:
    if not isinstance(currency, str) or not re.fullmatch("[A-Za-z]{2,10}", currency):
        raise InvalidInput(f"{currency!r} is not a currency code; use one such as USD, EUR or BTC.")
    return currency.lower()
