"""The interface of each domain, and how a provider is put together from its settings.
Floor 3: an adapter subclasses one of these, fills `info`, and writes its operations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Never, overload

from fin_infra.errors import ConfigurationError, FeatureDisabled, ProviderError
from fin_infra.flow import Backoff, Caller, Quota, operation, paged
from fin_infra.model import (
    Account,
    AccountDetails,
    AccountIdentity,
    Adjustment,
    Balance,
    CandleSeries,
    CryptoAsset,
    CryptoPrice,
    FxRate,
    InstrumentKey,
    Interval,
    Listing,
    MarketChart,
    Overview,
    Quote,
    RateTable,
    SymbolMatch,
    Transaction,
)
from fin_infra.providers.info import ProviderInfo
from fin_infra.settings import CoreSettings, Mode, ProviderSettings, load
from fin_infra.transport import Async, Flow, M, Pages, Sync, Transport
from fin_infra.transport.http import UNREACHABLE, AsyncHttpTransport, HttpConfig, HttpTransport

if TYPE_CHECKING:
    from fin_infra.providers.aggregators import BrokerageAggregatorProvider as BrokerageAggregatorProvider
    from fin_infra.providers.brokers import BrokerageProvider as BrokerageProvider


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider's calls go, and with which settings."""

    base_url: str
    environment: Literal["sandbox", "live", "custom"]
    settings: ProviderSettings


class Provider(Caller[M], ABC):
    """One vendor, for one tenant, in one mode."""

    info: ClassVar[ProviderInfo]

    def __init__(self, transport: Transport[M], endpoint: Endpoint) -> None:
        settings = endpoint.settings
        super().__init__(
            transport,
            key=self.info.key,
            environment=endpoint.environment,
            tenant=settings.tenant,
            timeout_s=settings.timeout_s,
            deadline_s=settings.deadline_s,
            backoff=Backoff(attempts=settings.max_attempts),
            quotas=() if endpoint.environment == "sandbox" else self.quotas(settings),
            breaker_threshold=settings.breaker_threshold,
            breaker_cooldown_s=settings.breaker_cooldown_s,
            hosts=self.hosts(endpoint),
        )
        self.settings = settings
        self.configure()

    def configure(self) -> None:
        """Prepare what operations need from `self.settings`, such as the way to sign requests."""

    @classmethod
    def quotas(cls, settings: ProviderSettings) -> tuple[Quota, ...]:
        """Return the vendor's published quotas for these settings."""
        return cls.info.quotas

    @classmethod
    def certificate(cls, settings: ProviderSettings) -> tuple[str, str] | None:
        """Return the client certificate and key files, for vendors with mutual TLS."""
        return None

    @classmethod
    def hosts(cls, endpoint: Endpoint) -> Mapping[str, str]:
        """Return further base URLs by name, for vendors that serve a part of their API elsewhere."""
        return {}

    @operation
    def ping(self) -> Flow[None]:
        """Ask the vendor for its cheapest answer; raise the error that says what is wrong."""
        yield from getattr(type(self), self.info.ping).fn(self, *self.info.ping_args)

    def not_offered(self, operation: str) -> Flow[Never]:
        """Refuse an operation of the interface for which the vendor has nothing; such a one is not in `info.can`.

        Raises:
            FeatureDisabled: always, before any request.
        """
        yield from ()
        offered = ", ".join(sorted(self.info.can))
        raise FeatureDisabled(f"{self.info.key} does not offer {operation}; it offers {offered}.")

    def advise(self, exc: ProviderError) -> None:
        if exc.vendor_code != UNREACHABLE or self.environment != "sandbox":
            return
        names = self.settings.credentials or self.settings.optional_credentials
        keys = " and ".join(self.settings.variable(name) for name in names) or "FIN_INFRA_MODE=live"
        exc.message += (
            f"; start the local sandbox with `fin-infra sandbox serve`, or set {keys} to use {self.info.title} itself"
        )


class BankingProvider(Provider[M]):
    @operation
    @abstractmethod
    def accounts(self) -> Flow[Listing[Account]]:
        """Return the accounts of the enrolment."""
        ...

    @operation
    @abstractmethod
    def account(self, account_id: str) -> Flow[Account]:
        """Return one account; raise NotFound or AccountClosed."""
        ...

    @operation
    @abstractmethod
    def details(self, account_id: str) -> Flow[AccountDetails]:
        """Return the account and routing numbers; raise NotFound while the bank is still verifying them."""
        ...

    @operation
    @abstractmethod
    def balance(self, account_id: str) -> Flow[Balance]:
        """Return the balances of an account, asked for at the bank now."""
        ...

    @paged
    @abstractmethod
    def transactions(
        self, account_id: str, *, start: date | None = None, end: date | None = None
    ) -> Pages[Transaction]:
        """Yield transactions newest first, each exactly once, dated from `start` to before `end`."""
        ...

    @operation
    @abstractmethod
    def transaction(self, account_id: str, transaction_id: str) -> Flow[Transaction]:
        """Return one transaction; raise NotFound."""
        ...

    @operation
    @abstractmethod
    def identity(self) -> Flow[Listing[AccountIdentity]]:
        """Return who holds each account, as the bank knows them."""
        ...

    @operation
    @abstractmethod
    def delete_account(self, account_id: str) -> Flow[None]:
        """Give up access to one account. Never repeated by retry."""
        ...

    @operation
    @abstractmethod
    def delete_enrollment(self) -> Flow[None]:
        """Give up access to every account of the enrolment. Never repeated by retry."""
        ...


class MarketDataProvider(Provider[M]):
    @operation
    @abstractmethod
    def quote(self, key: InstrumentKey) -> Flow[Quote]:
        """Return the latest price; raise UnknownSymbol."""
        ...

    @operation
    @abstractmethod
    def quotes(self, keys: Sequence[InstrumentKey]) -> Flow[Listing[Quote]]:
        """Return the latest prices of many instruments in one call, in the order of `keys`."""
        ...

    @operation
    @abstractmethod
    def candles(
        self,
        key: InstrumentKey,
        *,
        interval: Interval = Interval.DAY_1,
        adjustment: Adjustment = Adjustment.RAW,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Flow[CandleSeries]:
        """Return candles oldest first that open from `start` to before `end`; both aware."""
        ...

    @operation
    @abstractmethod
    def search(self, text: str) -> Flow[Listing[SymbolMatch]]:
        """Return instruments whose symbol or name resembles `text`, best match first."""
        ...

    @operation
    @abstractmethod
    def overview(self, key: InstrumentKey) -> Flow[Overview]:
        """Return facts about the company; raise UnknownSymbol."""
        ...


class CryptoDataProvider(Provider[M]):
    @operation
    @abstractmethod
    def price(self, key: InstrumentKey, currency: str = "USD") -> Flow[CryptoPrice]:
        """Return the spot price; raise UnknownSymbol."""
        ...

    @operation
    @abstractmethod
    def prices(self, keys: Sequence[InstrumentKey], currency: str = "USD") -> Flow[Listing[CryptoPrice]]:
        """Return spot prices in the order of `keys` in one call; raise UnknownSymbol naming all that are missing."""
        ...

    @operation
    @abstractmethod
    def asset(self, key: InstrumentKey) -> Flow[CryptoAsset]:
        """Return what the asset is; raise UnknownSymbol."""
        ...

    @operation
    @abstractmethod
    def lookup(self, ticker: str) -> Flow[InstrumentKey]:
        """Return the one asset with that ticker; raise AmbiguousSymbol with all candidates where there are several."""
        ...

    @operation
    @abstractmethod
    def candles(self, key: InstrumentKey, *, currency: str = "USD", days: int = 30) -> Flow[CandleSeries]:
        """Return OHLC candles of the last `days` days, oldest first."""
        ...

    @operation
    @abstractmethod
    def market_chart(
        self, key: InstrumentKey, *, currency: str = "USD", start: datetime, end: datetime
    ) -> Flow[MarketChart]:
        """Return price, market value and volume over time; both ends aware."""
        ...

    @operation
    @abstractmethod
    def search(self, text: str) -> Flow[Listing[CryptoAsset]]:
        """Return assets whose name or ticker resembles `text`, in the vendor's order."""
        ...


class FxProvider(Provider[M]):
    @operation
    @abstractmethod
    def latest(self) -> Flow[RateTable]:
        """Return the newest published rates."""
        ...

    @operation
    @abstractmethod
    def history(self, *, start: date, end: date) -> Flow[Listing[RateTable]]:
        """Return the tables dated from `start` to before `end`, oldest first; days without publication have none."""
        ...

    @operation
    @abstractmethod
    def rate(self, base: str, quote: str, *, on: date | None = None) -> Flow[FxRate]:
        """Return units of `quote` for one `base`; `on` takes the table of that day or the last one before it.

        Raises:
            RateUnavailable: the bank does not publish one of the two currencies.
            StaleRate: the last table before `on` is older than a week.
        """
        ...


def endpoint(info: ProviderInfo, given: Mapping[str, Any] | None = None) -> Endpoint:
    """Decide where calls of a provider go.

    A base URL wins. Otherwise FIN_INFRA_MODE decides: `live` is the vendor, `sandbox` the local sandbox with its
    well-known credentials, `auto` the vendor where credentials are set and the sandbox where not.

    Raises:
        ConfigurationError: live, and a credential is missing; the text names the variable and where to get it.
        FeatureDisabled: live, and the adapter knows the sandbox only.
    """
    given = dict(given or {})
    core, settings = load(CoreSettings), load(info.settings, given)
    choosing = (*settings.required(), *settings.optional_credentials)
    present = [name for name in choosing if getattr(settings, name) is not None]
    if settings.base_url is not None:
        local = _within(settings.base_url, core.sandbox_url)
        _require(info, settings)
        return Endpoint(settings.base_url.rstrip("/"), "sandbox" if local else "custom", settings)
    if core.mode is Mode.LIVE or (core.mode is Mode.AUTO and present):
        if info.sandbox_only:
            raise FeatureDisabled(
                f"{info.title} is not asked live yet; set {settings.variable('base_url')} to the local sandbox's "
                f"{info.sandbox_path}, or FIN_INFRA_MODE=sandbox."
            )
        _require(info, settings)
        return Endpoint(settings.live_url() or info.live_url, "live", settings)
    url = core.sandbox_url.rstrip("/") + info.sandbox_path
    return Endpoint(url, "sandbox", load(info.settings, {**info.sandbox, **given}))


def _within(url: str, root: str) -> bool:
    """Say whether `url` is `root` or a path below it; a longer port or host name is another place."""
    return f"{url.rstrip('/')}/".lower().startswith(f"{root.rstrip('/')}/".lower())


def _require(info: ProviderInfo, settings: ProviderSettings) -> None:
    missing = [settings.variable(name) for name in settings.required() if getattr(settings, name) is None]
    if missing:
        where = f" (keys: {info.signup})" if info.signup else ""
        raise ConfigurationError(
            f"{info.title} needs {' and '.join(missing)}; set it{where}, or FIN_INFRA_MODE=sandbox to go without."
        )


@overload
def http_transport(provider: type[Provider[Any]], endpoint: Endpoint, mode: Literal["sync"]) -> Transport[Sync]: ...
@overload
def http_transport(provider: type[Provider[Any]], endpoint: Endpoint, mode: Literal["async"]) -> Transport[Async]: ...
def http_transport(
    provider: type[Provider[Any]], endpoint: Endpoint, mode: Literal["sync", "async"]
) -> Transport[Sync] | Transport[Async]:
    """Return the HTTP transport a provider needs for its endpoint."""
    config = HttpConfig(
        base_url=endpoint.base_url,
        certificate=provider.certificate(endpoint.settings) if endpoint.base_url.startswith("https:") else None,
        ca_file=endpoint.settings.ca_file,
        allow_http=endpoint.settings.allow_http,
        hosts=provider.hosts(endpoint),
    )
    return HttpTransport(config) if mode == "sync" else AsyncHttpTransport(config)


def __getattr__(name: str) -> Any:
    """Find the brokers' interfaces here too; with journal and checks they are loaded only by those who ask."""
    if name == "BrokerageProvider":
        from fin_infra.providers import brokers

        return brokers.BrokerageProvider
    if name == "BrokerageAggregatorProvider":
        from fin_infra.providers import aggregators

        return aggregators.BrokerageAggregatorProvider
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
