"""Only type-checked: the mistakes of an adapter author and of a user that mypy and pyright must both report."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import assert_type

from fin_infra.flow import Client, operation, paged
from fin_infra.transport import Async, Flow, M, Page, Pages, Sync
from fin_infra.transport.replay import AsyncReplay, Replay


class BankProvider(Client[M], ABC):
    @operation
    @abstractmethod
    def balance(self, account_id: str) -> Flow[int]: ...

    @paged
    @abstractmethod
    def transactions(self, account_id: str) -> Pages[str]: ...


class Whole(BankProvider[M]):
    @operation
    def balance(self, account_id: str) -> Flow[int]:
        reply = yield from self.get("/balance", id=account_id)
        return reply.status

    @paged
    def transactions(self, account_id: str) -> Pages[str]:
        yield from self.get("/transactions", id=account_id)
        yield Page(["a"])


class Incomplete(BankProvider[M]):
    @operation
    def balance(self, account_id: str) -> Flow[int]:
        reply = yield from self.get("/balance")
        return reply.status


class OtherArguments(BankProvider[M]):
    @operation
    def balance(self, account_id: int) -> Flow[int]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # an int where the interface has a str
        reply = yield from self.get("/balance", id=account_id)
        return reply.status


class OtherResult(BankProvider[M]):
    @operation
    def balance(self, account_id: str) -> Flow[str]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # a str where the interface has an int
        yield from self.get("/balance", id=account_id)
        return ""


class MorePages(BankProvider[M]):
    @paged
    def transactions(self, account_id: str) -> Pages[int]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # pages of other items
        yield from self.get("/transactions", id=account_id)
        yield Page([1])


class NotAFlow(Client[M]):
    @operation  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # returns a value instead of a flow
    def value(self) -> int:
        return 1


def make() -> None:
    whole = Whole(Replay([]), source="banking:whole")
    assert_type(whole, Whole[Sync])
    assert_type(Whole(AsyncReplay([]), source="banking:whole"), Whole[Async])
    Incomplete(Replay([]), source="banking:incomplete")  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage]  # transactions is missing


def as_interface(bank: BankProvider[Sync], other: BankProvider[Async]) -> None:
    assert_type(bank.balance("a"), int)
    bank.balance()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]  # the account is missing
    bank.balance("a").upper()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # an int is no text
    other.balance("a") + 1  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]  # the await is missing
    for _ in other.transactions("a"):  # type: ignore[attr-defined]  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]  # `async for` is needed
        pass
