"""`FinastraAPIClient` and `AsyncFinastraAPIClient`: Finastra's collaterals, and any other product by its path.
Floor 3: bankersbank. Each operation is written once; the two clients differ only in who waits.

    with FinastraAPIClient() as bank:
        for collateral in bank.collaterals():
            print(collateral.id, collateral.value)
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import unquote

from bankersbank import b2c, metrics, payloads
from bankersbank.calls import FinastraCalls, Param
from bankersbank.config import B2C_ACCOUNTS, LIVE_URL, FinastraConfig
from bankersbank.models import SOURCE, B2CAccount, B2CBalance, Collateral, CollateralPage
from bankersbank.tokens import ClientCredentialsTokenProvider
from fin_infra.errors import ConfigurationError, FeatureDisabled, InvalidInput, UnexpectedPayload
from fin_infra.features import permitted
from fin_infra.flow import Access, Backoff, PageWalk, operation, paged
from fin_infra.model import Listing
from fin_infra.transport import Async, Flow, M, Page, Pages, Reply, Sync, Transport, url_path
from fin_infra.transport.config import HttpConfig
from fin_infra.transport.http import AsyncHttpTransport, HttpTransport

__all__ = [
    "AsyncFinastraAPIClient",
    "B2CAccount",
    "B2CBalance",
    "ClientCredentialsTokenProvider",
    "Collateral",
    "CollateralPage",
    "FinastraAPIClient",
    "FinastraConfig",
]

T = TypeVar("T")
PAGE_SIZE = 50
"""Collaterals asked for at a time: what another client of the API does; unconfirmed, as `config.COLLATERALS` says."""
_PATH = re.compile(r"(?:/(?:[A-Za-z0-9._~@:+-]|%[0-9A-Fa-f]{2})+)+").fullmatch
_VERSIONED = re.compile(r"/v\d{1,3}/", re.ASCII).search


class FinastraOperations(FinastraCalls[M]):
    """What both clients can do. Errors are those of `fin_infra.errors`, with the vendor's ids in `trace`."""

    def __init__(
        self, transport: Transport[M], config: FinastraConfig, tokens: Access | None, name: str | None
    ) -> None:
        super().__init__(
            transport,
            source=SOURCE,
            environment=_environment(config),
            tenant=name or config.realm,
            timeout_s=config.timeout_s,
            deadline_s=config.deadline_s,
            backoff=Backoff(attempts=config.max_attempts, pacing_s=config.retry_min_sleep_s),
            breaker_threshold=config.breaker_threshold if config.breaker else sys.maxsize,
            breaker_cooldown_s=config.breaker_cooldown_s,
        )
        self.config = config
        self.access = tokens or token_provider(config)
        metrics.breaker(self.client_name, self.policy.breaker.state)

    @operation
    def list_collaterals(self, starting_index: int = 0, page_size: int = PAGE_SIZE) -> Flow[CollateralPage]:
        """Return one page of collaterals, from the zero-based `starting_index` on.

        The page may hold fewer than `page_size` before the list is at its end; `next_index` says how to go on, and
        `collaterals` does.

        Raises:
            FeatureDisabled: FEATURE_FINASTRA_COLLATERALS is 0.
            InvalidInput: an argument is out of range; nothing was sent.
            ProviderError: what the vendor answered.
        """
        return (yield from self._page(starting_index, page_size))

    @paged
    def collaterals(self, page_size: int = PAGE_SIZE) -> Pages[Collateral]:
        """Yield every collateral once, page by page.

        The vendor does not document how its list ends. So a short page is not the end; an empty one is when it agrees
        with the total, or without a total when it is still empty asked a second time.

        Raises:
            UnexpectedPayload: the list cannot be read to its end: it repeats itself, or stays empty before its total.
        """
        index, empty, unread = 0, 0, 0
        total: int | None = None
        walk = PageWalk("collaterals")
        while True:
            page = yield from self._page(index, page_size)
            total = total if page.total is None else page.total
            fresh, strange = walk.fresh(page), walk.unread(page.errors)
            # a row that cannot be read and has no id may be an old one again; only a total makes going on safe then
            news = [*fresh, *(error for error in strange if error.id is not None or total is not None)]
            if news or index == 0:
                yield Page(fresh, strange)
            unread += len(strange)
            index += page.rows
            empty = 0 if page.rows else empty + 1
            if _complete(index, walk.count + unread, total, empty):
                return
            if page.rows and not news:
                if total is None and page.rows != page_size:
                    return  # a vendor that sends the whole list whatever it is asked for
                walk.must_advance(news)
            if empty > 2:
                raise UnexpectedPayload("the list of collaterals is empty before it reaches its total; ask again")

    @operation
    def get_collateral(self, collateral_id: str) -> Flow[Collateral]:
        """Return one collateral; raise NotFound."""
        path = url_path("collaterals", collateral_id)
        found = yield from self.product(self.config.product, path, payloads.one_collateral)
        return payloads.own(found, found.id, collateral_id)

    @operation
    def get_json(self, path: str, params: Mapping[str, str | int | None] | None = None) -> Flow[Any]:
        """Return the decoded JSON of any product path, such as `/total-lending/collaterals/b2b/v2/collaterals`.

        Numbers with a point are Decimal; parameters that are None are left out. Ids in the path are the caller's to
        encode; the product's root, up to its version, is written without escapes.

        Raises:
            InvalidInput: not a plain absolute path without query, or one with dots for segments.
        """
        if not _plain(path):
            raise InvalidInput("A product path looks like /product/v1/things, with its query in `params`.")
        root, rest = metrics.split(path)
        return (yield from self.product(root, rest, lambda reply: reply.json(), params))

    @operation
    def accounts(self, context: str = "ViewAccount") -> Flow[Listing[B2CAccount]]:
        """Return the customer's accounts, for use in `context`: ViewAccount, INT, TPT, DOM or MT103. Sandbox only."""
        return (yield from b2c.accounts(self, context))

    @operation
    def account(self, account_id: str) -> Flow[B2CAccount]:
        """Return one account with its status; raise NotFound. Sandbox only."""
        return (yield from b2c.account(self, account_id))

    @operation
    def balance(self, account_id: str) -> Flow[B2CBalance]:
        """Return the balances of one account. Sandbox only."""
        return (yield from b2c.balance(self, account_id))

    @operation
    def balances(self, account_type: str, equivalent_currency: str | None = None) -> Flow[Listing[B2CBalance]]:
        """Return the balances of all accounts of a type, such as CURRENT. Sandbox only."""
        return (yield from b2c.balances(self, account_type, equivalent_currency))

    def _page(self, starting_index: int, page_size: int) -> Flow[CollateralPage]:
        if type(starting_index) is not int or starting_index < 0 or type(page_size) is not int or page_size < 1:
            raise InvalidInput("`starting_index` must be a whole number, zero or more, and `page_size` one or more.")
        return (
            yield from self.product(
                self.config.product,
                "/collaterals",
                lambda reply: payloads.collateral_page(reply, starting_index),
                {"startingIndex": starting_index, "pageSize": page_size},
            )
        )

    def product(
        self, root: str, path: str, parse: Callable[[Reply], T], params: Mapping[str, Param] | None = None
    ) -> Flow[T]:
        """GET from a product that is switched on; every call of a client goes through here.

        Raises:
            FeatureDisabled: the product is switched off, or not asked live yet; nothing was sent.
        """
        url = f"{self.config.base_url}/{root}{path}".lower()
        if B2C_ACCOUNTS in url:
            if not (self.config.b2c and permitted("finastra_b2c")):
                raise FeatureDisabled("Finastra's B2C accounts are off; FEATURE_FINASTRA_B2C=1 switches them on.")
            b2c.sandbox_only(_http(self.config).is_loopback)
        collaterals = self.config.collaterals and permitted("finastra_collaterals")
        if not collaterals and self.config.product.lower() in url:
            raise FeatureDisabled("Finastra's collaterals are switched off by FEATURE_FINASTRA_COLLATERALS=0.")
        return (yield from super().product(root, path, parse, params))


class FinastraAPIClient(FinastraOperations[Sync]):
    """The sync client; safe to share between threads, and a context manager.

    Settings come from `config`, by default from the FINASTRA_* variables as they are now. `tokens` shares a token
    between clients; `name` tells this client from others in metrics and logs, by default the realm.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
    """

    def __init__(
        self,
        config: FinastraConfig | None = None,
        *,
        tokens: Access | None = None,
        transport: Transport[Sync] | None = None,
        name: str | None = None,
    ) -> None:
        config = config or FinastraConfig.from_env()
        super().__init__(transport or HttpTransport(_http(config)), config, tokens, name)


class AsyncFinastraAPIClient(FinastraOperations[Async]):
    """The async client: the same, its operations awaited, its iterators asynchronous; an async context manager."""

    def __init__(
        self,
        config: FinastraConfig | None = None,
        *,
        tokens: Access | None = None,
        transport: Transport[Async] | None = None,
        name: str | None = None,
    ) -> None:
        config = config or FinastraConfig.from_env()
        super().__init__(transport or AsyncHttpTransport(_http(config)), config, tokens, name)


def token_provider(config: FinastraConfig) -> ClientCredentialsTokenProvider:
    """Return a provider for the application and realm of `config`."""
    return ClientCredentialsTokenProvider(
        client_id=config.client_id,
        client_secret=config.client_secret,
        private_key=config.private_key,
        key_id=config.key_id,
        realm=config.realm,
        scope=config.scope,
        audience=f"{config.base_url.rstrip('/')}/login/v1",
        timeout_s=min(config.timeout_s, config.deadline_s),
    )


def _plain(path: str) -> bool:
    """Whether a path can mean nothing but what it says, however often a gateway decodes it."""
    decoded = path
    while (once := unquote(decoded)) != decoded:
        decoded = once
    dots = {".", ".."} & set(decoded.replace("\\", "/").split("/"))
    before, escape, _ = path.partition("%")
    rooted = not escape or _VERSIONED(before)
    return bool(_PATH(path) and rooted) and decoded.isprintable() and not dots


def _http(config: FinastraConfig) -> HttpConfig:
    try:
        return HttpConfig(base_url=config.base_url.rstrip("/"), allow_http=config.allow_http)
    except ConfigurationError as exc:
        raise ConfigurationError(f"FINASTRA_B2B_BASE_URL_COLLATERALS: {exc}") from None


def _environment(config: FinastraConfig) -> str:
    if _http(config).is_loopback:
        return "sandbox"
    return "live" if config.base_url.rstrip("/") == LIVE_URL else "custom"


def _complete(index: int, seen: int, total: int | None, empty: int) -> bool:
    """Rows that came twice move `index` on, so only an empty page says that such a list is at its end."""
    if total is None:
        return empty > 1
    return seen >= total or (empty > 0 and index >= total)
