"""Only type-checked: what sync and async users of an operation see, for mypy and pyright alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import assert_type

from fin_infra.flow import Client, operation, paged
from fin_infra.transport import Async, Flow, M, Page, Pages, Sync


class Bank(Client[M]):
    @operation
    def accounts(self, owner: str, *, limit: int = 10) -> Flow[list[str]]:
        reply = yield from self.get("/accounts", owner=owner, limit=limit)
        return [str(reply.status)]

    @paged
    def transactions(self, account_id: str) -> Pages[int]:
        reply = yield from self.get("/transactions")
        yield Page([reply.status])


def sync_user(bank: Bank[Sync]) -> None:
    assert_type(bank.accounts("me"), list[str])
    assert_type(bank.transactions("a"), Iterator[int])
    bank.accounts(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a wrong argument is an error
    bank.accounts("me", 3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # limit is keyword only


async def async_user(bank: Bank[Async]) -> None:
    assert_type(bank.accounts("me"), Awaitable[list[str]])
    assert_type(await bank.accounts("me", limit=1), list[str])
    assert_type(bank.transactions("a"), AsyncIterator[int])
    len(bank.accounts("me"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the await is missing
