"""Routes for Finastra: collaterals of the bank's own applications, and stubbed accounts of its customers.
Floor 7: flags are read at each request; the vendor's refusals become problems that tell the operator what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Path, Query
from starlette.responses import Response

from bankersbank.models import SOURCE, B2CAccount, B2CBalance, Collateral, CollateralPage
from fin_infra.api import finastra_stub
from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.finastra_tenants import FinastraTenants
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded
from fin_infra.api.users import DEFAULT_TENANT, User, Who, nobody, user_of
from fin_infra.errors import FeatureDisabled, ProviderUnavailable, RateLimited, UnexpectedPayload
from fin_infra.features import enabled, for_everybody, refusal, variable

RETRY_AFTER_S = 5.0
"""When to come back, where the vendor does not say."""
_SWITCHES = {"b2b": ("finastra_collaterals", True), "b2c": ("finastra_b2c", False)}
_PROBLEMS = problem_responses(401, 403, 404, 422, 429, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralList:
    """Collaterals from `startingIndex` on. `next` is where the following page starts, None after the last one; `total`
    is None where the vendor does not say it."""

    items: tuple[Collateral, ...]
    next: int | None
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StubAccounts:
    """Made-up accounts."""

    items: tuple[B2CAccount, ...]
    stub: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StubBalances:
    """Made-up balances."""

    items: tuple[B2CBalance, ...]
    stub: bool = True


Tenant = Annotated[str | None, Query(max_length=64, description="A configured tenant; by default the service's own")]
CollateralId = Annotated[str, Path(max_length=128, description="`id` of a collateral")]


def add_finastra(app: FastAPI, *, auth: Auth, caller: Who = nobody, tenants: FinastraTenants | None = None) -> None:
    """Add `/finastra/b2b/collaterals`, `.../{id}`, `/finastra/b2c/accounts` and `/finastra/b2c/balances`.

    Args:
        auth: dependencies that protect the routes; `PUBLIC` says you mean none.
        caller: a dependency that gives who asks. A caller of the default tenant may ask for every tenant, any other for
            its own only, which it need not name.
        tenants: whose clients; by default what the environment says.

    Raises:
        ConfigurationError: a client cannot be built from its settings.
    """
    with for_everybody():
        if refusal(SOURCE) is not None:
            return
    clients = tenants or FinastraTenants.from_env()
    b2b, b2c = _router("b2b", auth, caller), _router("b2c", auth, caller)
    allowed = _allowed(caller)
    _add_collaterals(b2b, clients, allowed)
    _add_collateral(b2b, clients, allowed)
    _add_stubs(b2c)
    include(app, b2b)
    include(app, b2c)


def _router(part: str, auth: Auth, caller: Who) -> APIRouter:
    return APIRouter(
        prefix=f"/finastra/{part}",
        tags=["finastra"],
        dependencies=[*guarded(auth, caller, SOURCE), Depends(_switched_on(part))],
        responses=_PROBLEMS,
    )


def _allowed(caller: Who) -> Callable[..., str | None]:
    """Return the dependency that gives the tenant asked for, None for the service's own."""

    def allowed(
        tenant: Tenant = None,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way for a dependency made at run time
    ) -> str | None:
        own = user_of(who).tenant
        if own == DEFAULT_TENANT:
            return tenant
        if tenant not in (None, own):
            raise HTTPException(403, "This token is of another tenant; leave `tenant` out to ask for its own.")
        return own

    return allowed


def _add_collaterals(router: APIRouter, clients: FinastraTenants, allowed: Callable[..., str | None]) -> None:
    answers = Answers()

    @router.get("/collaterals", response_model=envelope(CollateralList))
    async def collaterals(
        top: Annotated[int, Query(ge=1, le=100, description="Collaterals a page")] = 10,
        starting_index: Annotated[int, Query(ge=0, alias="startingIndex", description="First of them, from 0 on")] = 0,
        tenant: str | None = Depends(allowed),
    ) -> Response:
        """Return one page of collaterals; go on from `next`, a page may hold fewer than `top`."""
        return await answers.private(_collaterals(clients, tenant, starting_index, top))


async def _collaterals(clients: FinastraTenants, tenant: str | None, starting_index: int, top: int) -> Answer:
    with _with_retry_after():
        page = await clients.client(tenant).list_collaterals(starting_index, top)
    _reject_gap(page)
    return Answer(CollateralList(items=tuple(page), next=page.next_index, total=page.total), page.meta)


def _add_collateral(router: APIRouter, clients: FinastraTenants, allowed: Callable[..., str | None]) -> None:
    answers = Answers()

    @router.get("/collaterals/{collateral_id}", response_model=envelope(Collateral))
    async def collateral(collateral_id: CollateralId, tenant: str | None = Depends(allowed)) -> Response:
        """Return one collateral."""
        with _with_retry_after():
            return await answers.private(clients.client(tenant).get_collateral(collateral_id))


def _add_stubs(router: APIRouter) -> None:
    answers = Answers()

    @router.get("/accounts", response_model=envelope(StubAccounts))
    async def accounts() -> Response:
        """Return made-up accounts: the vendor is not asked while its API is not stable."""
        return answers.known(Answer(StubAccounts(items=finastra_stub.ACCOUNTS)))

    @router.get("/balances", response_model=envelope(StubBalances))
    async def balances() -> Response:
        """Return the balances of the made-up accounts."""
        return answers.known(Answer(StubBalances(items=finastra_stub.BALANCES)))


def _switched_on(part: str) -> Callable[[], Awaitable[None]]:
    name, default = _SWITCHES[part]

    async def check() -> None:
        if not enabled(name, default=default):
            raise FeatureDisabled(f"This part of Finastra is switched off; {variable(name)}=1 switches it on.")

    return check


def _reject_gap(page: CollateralPage) -> None:
    """Refuse an empty page that the vendor's own total contradicts: as an answer it would end the list too early."""
    if not page and page.total is not None and page.starting_index < page.total:
        raise UnexpectedPayload(
            "the list of collaterals is empty before it reaches its total; ask again",
            retryable=True,
            provider=SOURCE,
            operation="list_collaterals",
            request_id=page.meta.request_id if page.meta else None,
        )


@contextmanager
def _with_retry_after() -> Generator[None]:
    """Give every error that asks for a retry a time to retry after."""
    try:
        yield
    except (RateLimited, ProviderUnavailable) as exc:
        if exc.retry_after is None:
            exc.retry_after = RETRY_AFTER_S
        raise
