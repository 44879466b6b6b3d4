"""How a provider is put together from its settings: one vendor, for one tenant, in one mode.
Floor 3: what all domains share; the interface of each domain is in `providers/interfaces/`."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from inspect import isasyncgenfunction as _is_stream
from typing import Any, ClassVar, Literal, Never, Self, TypeVar, overload
from weakref import finalize

from fin_infra.errors import ConfigurationError, FeatureDisabled, ProviderError
from fin_infra.flow import Backoff, Client, Quota, operation, paged
from fin_infra.pii import KNOWN, learn_tokens
from fin_infra.providers.info import ProviderInfo
from fin_infra.settings import CoreSettings, Mode, ProviderSettings, load
from fin_infra.transport import Async, Flow, M, Sync, Transport
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.effects import UNREACHABLE
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport

F = TypeVar("F", bound=Callable[..., Any])
_OPTIONAL = "__fin_infra_optional__"
_FOR_USERS = frozenset(
    {"aclose", "can", "close", "closed", "environment", "info", "ping", "settings", "source", "tenant"}
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a provider's calls go, and with which settings."""

    base_url: str
    environment: Literal["sandbox", "live", "custom"]
    settings: ProviderSettings


class Provider(Client[M], ABC):
    """One vendor, for one tenant, in one mode."""

    info: ClassVar[ProviderInfo]
    can: frozenset[str] = frozenset()
    """Names of the operations that the vendor offers; read from the class."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.can = _offered(cls)
        info: ProviderInfo | None = getattr(cls, "info", None)
        if info is not None:
            learn_tokens(info.tokens)

    def __init__(self, transport: Transport[M], endpoint: Endpoint) -> None:
        settings = endpoint.settings
        super().__init__(
            transport,
            source=self.info.provider_key,
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
        self._take(settings)

    def _take(self, settings: ProviderSettings) -> None:
        self.settings = settings
        if self.environment != "sandbox":  # what the sandbox accepts is printed everywhere
            secrets = settings.secret_values()
            KNOWN.add(*secrets)
            finalize(self, KNOWN.discard, *secrets).atexit = False
        self.configure()

    def with_settings(self, settings: ProviderSettings) -> Self:
        """Return a client with other credentials on the same pool, limiter and breaker: another login at this vendor.

        Closing one of them closes the pool of all.
        """
        twin = copy(self)
        twin._take(settings)
        return twin

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
        yield from getattr(self, self.info.ping).flow(*self.info.ping_args)

    def __dir__(self) -> list[str]:
        """List what users call, for completion: the operations of this vendor, and what every client has.

        What adapters are made of stays out, and works all the same.
        """
        called = _FOR_USERS | self.can
        names = super().__dir__()
        return [
            name for name in names if name[0] == "_" or name in called or _is_stream(getattr(type(self), name, None))
        ]

    def not_offered(self, operation: str) -> Flow[Never]:
        """Refuse an operation that the vendor does not have: the body of each `optional` one of an interface.

        Raises:
            FeatureDisabled: always, before any request.
        """
        yield from ()
        offered = ", ".join(sorted(self.can))
        raise FeatureDisabled(f"{self.source} does not offer {operation}; it offers {offered}.")

    def advise(self, exc: ProviderError) -> None:
        if exc.vendor_code != UNREACHABLE or self.environment != "sandbox":
            return
        names = self.settings.required() or self.settings.optional_credentials
        keys = " and ".join(self.settings.variable(name) for name in names) or "FIN_INFRA_MODE=live"
        exc.message += (
            f"; start the local sandbox with `fin-infra sandbox serve`, or set {keys} to use {self.info.title} itself"
        )


def optional(fn: F) -> F:
    """Mark an operation of an interface that a vendor may lack: its body refuses, and adapters need no stub.

    @operation
    @optional
    def details(self, account_id: str) -> Flow[AccountDetails]:
        return (yield from self.not_offered("details"))
    """
    fn.__dict__[_OPTIONAL] = True
    return fn


def _offered(cls: type[Provider[Any]]) -> frozenset[str]:
    """Return the operations that have an answer of their own: neither abstract, nor an interface's refusal."""
    found = {name for name in dir(cls) if _answers(getattr(cls, name, None))} - {"ping"}
    info: ProviderInfo | None = getattr(cls, "info", None)
    stated = info.can if info else frozenset[str]()
    return frozenset(found & stated if stated else found)  # an adapter of before may have stubs, and states the rest


def _answers(value: object) -> bool:
    if not isinstance(value, (operation, paged)):
        return False
    return not (value.__isabstractmethod__ or _OPTIONAL in vars(value.fn))


def endpoint(info: ProviderInfo, given: Mapping[str, Any] | None = None) -> Endpoint:
    """Decide where calls of a provider go.

    A base URL wins. Otherwise FIN_INFRA_MODE decides: `live` is the vendor, `sandbox` the local sandbox with its
    well-known credentials, `auto` the vendor where credentials are set or the sandbox does not speak it, else the
    sandbox.

    Raises:
        ConfigurationError: live, and a credential is missing; the text names the variable and where to get it.
        FeatureDisabled: live, and the adapter knows the sandbox only; or the sandbox, which does not speak this vendor.
    """
    given = dict(given or {})
    core, settings = load(CoreSettings), load(info.settings, given)
    choosing = (*settings.required(), *settings.optional_credentials)
    present = [name for name in choosing if getattr(settings, name) is not None]
    if settings.base_url is not None:
        local = _within(settings.base_url, core.sandbox_url)
        _require(info, settings)
        return Endpoint(settings.base_url.rstrip("/"), "sandbox" if local else "custom", settings)
    if core.mode is Mode.LIVE or (core.mode is Mode.AUTO and (present or info.sandbox_path is None)):
        if info.sandbox_only:
            raise FeatureDisabled(
                f"{info.title} cannot be called live yet; set {settings.variable('base_url')} to the local sandbox's "
                f"{info.sandbox_path}, or FIN_INFRA_MODE=sandbox."
            )
        _require(info, settings)
        return Endpoint(settings.live_url() or info.live_url, "live", settings)
    if info.sandbox_path is None:
        raise FeatureDisabled(
            f"The sandbox does not speak {info.title}; set FIN_INFRA_MODE=auto to call it while the others stay in the "
            f"sandbox, or {settings.variable('base_url')} to a server of your own."
        )
    url = core.sandbox_url.rstrip("/") + info.sandbox_path
    return Endpoint(url, "sandbox", load(info.settings, {**info.sandbox, **given}))


def _within(url: str, root: str) -> bool:
    """Say whether `url` is `root` or a path below it; a longer port or host name is another server."""
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
