"""Only type-checked: what sync and async users of an operation see, for mypy and pyright alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, assert_type

from fin_infra.flow import Bound, BoundPages, Client, operation, paged
from fin_infra.transport import Async, Flow, M, Page, Pages, Sync, blocking


class Bank(Client[M]):
    @operation
    def accounts(self, owner: str, *, limit: int = 10) -> Flow[list[str]]:
        reply = yield from self.get("/accounts", owner=owner, limit=limit)
        return [str(reply.status)]

    @paged
    def transactions(self, account_id: str) -> Pages[int]:
        reply = yield from self.get("/transactions")
        yield Page([reply.status])

    @operation
    def count(self, owner: str) -> Flow[int]:
        accounts = yield from self.accounts.flow(owner, limit=3)
        assert_type(accounts, list[str])
        assert_type(self.accounts.flow(owner), Flow[list[str]])
        assert_type(self.transactions.flow(owner), Pages[int])
        self.accounts.flow(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # flows check arguments
        size = yield from blocking(round, 1.5)
        assert_type(size, int)
        blocking(len, 1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # and so does `blocking`
        return size + len(accounts)

    @paged
    def all_transactions(self, owner: str) -> Pages[int]:
        for account in (yield from self.accounts.flow(owner)):
            yield from self.transactions.flow(account)


def takes_sync(ask: Callable[[str], list[str]]) -> None: ...
def takes_async(ask: Callable[[str], Awaitable[list[str]]]) -> None: ...


def sync_user(bank: Bank[Sync]) -> None:
    assert_type(bank.accounts("me"), list[str])
    assert_type(bank.transactions("a"), Iterator[int])
    assert_type(bank.accounts.flow("me"), Flow[list[str]])
    assert_type(bank.transactions.flow("a"), Pages[int])
    takes_sync(bank.accounts)
    takes_async(bank.accounts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # nothing to await
    bank.accounts(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # a wrong argument is an error
    bank.accounts("me", 3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # limit is keyword only


async def async_user(bank: Bank[Async]) -> None:
    assert_type(bank.accounts("me"), Awaitable[list[str]])
    assert_type(await bank.accounts("me", limit=1), list[str])
    assert_type(bank.transactions("a"), AsyncIterator[int])
    assert_type(bank.accounts.flow("me"), Flow[list[str]])
    takes_async(bank.accounts)
    takes_sync(bank.accounts)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # returns an awaitable
    len(bank.accounts("me"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the await is missing


def any_mode(bank: Bank[Any]) -> None:
    assert_type(bank.accounts.flow("me"), Flow[list[str]])
    assert_type(bank.transactions.flow("a"), Pages[int])
    takes_sync(bank.accounts)
    takes_async(bank.accounts)


async def through_the_class(sync_bank: Bank[Sync], async_bank: Bank[Async]) -> None:
    assert_type(Bank.accounts(sync_bank, "me"), list[str])
    assert_type(await Bank.accounts(async_bank, "me"), list[str])
    assert_type(Bank.transactions(sync_bank, "a"), Iterator[int])
    assert_type(Bank.transactions(async_bank, "a"), AsyncIterator[int])
    assert_type(Bank.accounts.flow(sync_bank, "me"), Flow[list[str]])
    assert_type(Bank.transactions.flow(async_bank, "a"), Pages[int])


def a_bound_one_by_name(bank: Bank[Sync]) -> None:
    total: Bound[[str], int, Sync] = bank.count
    assert_type(total("me"), int)
    pages: BoundPages[[str], int, Sync] = bank.transactions
    assert_type(pages("a"), Iterator[int])
