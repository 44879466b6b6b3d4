"""Routes for accounts, balances and transactions.
Floor 7: `add_banking(app, auth=[...])` puts them on any FastAPI app; answers about people are never cached."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import Annotated, cast

from fastapi import APIRouter, FastAPI, Path, Query
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.cursors import DayCursor, read_day_cursor, write_cursor
from fin_infra.api.moments import Day
from fin_infra.api.problems import problem_responses
from fin_infra.api.switches import guarded, opened
from fin_infra.api.users import Who, nobody
from fin_infra.arguments import check_order
from fin_infra.banking import easy_banking
from fin_infra.errors import InvalidInput
from fin_infra.fanout import unread_rows
from fin_infra.flow import row_errors
from fin_infra.model import Account, Balance, Transaction
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.switches import hangs_on
from fin_infra.transport import Async


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionPage:
    """Transactions newest first; `next` is the cursor of the following page, None on the last one."""

    items: tuple[Transaction, ...]
    next: str | None


AccountId = Annotated[str, Path(max_length=128, description="`id` of an account")]
_PROBLEMS = problem_responses(401, 404, 409, 410, 422, 429, 502, 503, 504)


def add_banking(
    app: FastAPI, *, auth: Auth, provider: BankingProvider[Async] | None = None, caller: Who = nobody
) -> None:
    """Add `/banking/accounts`, `.../{id}/balance` and `.../{id}/transactions`.

    Args:
        auth: dependencies that protect the routes; `PUBLIC` says you mean none.
        provider: whose data; by default what `easy_banking(mode="async")` gives.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.

    Raises:
        ConfigurationError: the provider cannot be built from its settings.
    """
    bank = opened("banking", provider, lambda: easy_banking(mode="async"))
    if bank is None:
        return
    router = APIRouter(
        prefix="/banking", tags=["banking"], dependencies=guarded(auth, caller, *hangs_on(bank)), responses=_PROBLEMS
    )
    _add_accounts(router, bank)
    _add_transactions(router, bank)
    include(app, router)


def _add_accounts(router: APIRouter, bank: BankingProvider[Async]) -> None:
    answers = Answers()

    @router.get("/accounts", response_model=envelope(list[Account]))
    async def accounts() -> Response:
        """Return the accounts of the enrollment."""
        return await answers.private(bank.accounts())

    @router.get("/accounts/{account_id}/balance", response_model=envelope(Balance))
    async def balance(account_id: AccountId) -> Response:
        """Return the balances of one account; `current` is negative when you owe."""
        return await answers.private(bank.balance(account_id))


def _add_transactions(router: APIRouter, bank: BankingProvider[Async]) -> None:
    answers = Answers()

    @router.get("/accounts/{account_id}/transactions", response_model=envelope(TransactionPage))
    async def transactions(
        account_id: AccountId,
        start: Annotated[Day, Query(description="First date")] = None,
        end: Annotated[Day, Query(description="Day after the last date")] = None,
        limit: Annotated[int, Query(ge=1, le=1000, description="Transactions a page")] = 100,
        cursor: DayCursor = None,
    ) -> Response:
        """Return transactions newest first, at most `limit`, and the cursor of the next page."""
        check_order(start, end)
        return await answers.private(_page(bank, account_id, start, end, limit, cursor))


async def _page(
    bank: BankingProvider[Async], account_id: str, start: date | None, end: date | None, limit: int, cursor: str | None
) -> Answer:
    """Read one page. A cursor is the last transaction's date and id, so that later pages need no earlier ones."""
    after = None
    if cursor is not None:
        end, after = read_day_cursor(cursor)
    rows: list[Transaction] = []
    more = False
    transactions = bank.transactions(account_id, start=start, end=end)
    with row_errors() as unread:
        async with aclosing(cast("AsyncGenerator[Transaction]", transactions)) as newest_first:
            async for row in newest_first:
                if after is not None:
                    after = None if row.id == after else after
                elif len(rows) == limit:
                    more = True
                    break
                else:
                    rows.append(row)
    if after is not None:
        raise InvalidInput(
            "The transaction that the cursor points to is gone, as when a pending one has posted; "
            "start without a cursor."
        )
    page = TransactionPage(items=tuple(rows), next=write_cursor(rows[-1].date, rows[-1].id) if more else None)
    errors = unread_rows(bank.source, "transactions", unread)
    return Answer(page, rows[-1].meta if rows else None, errors, sources=[bank])
