"""`method`: a flow of the book becomes a method that answers, or gives an awaitable of the answer, by the book's mode.
Floor 6: as `flow.operation` does for adapters, without a vendor, its policies and its telemetry."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import update_wrapper
from types import MethodType
from typing import Any, Concatenate, Generic, Literal, ParamSpec, Self, TypeVar, overload

import sqlalchemy as sa

from fin_infra.arguments import Arguments
from fin_infra.book.engine import Database
from fin_infra.book.lease import Owner
from fin_infra.book.read import read
from fin_infra.book.sync import Clock
from fin_infra.security.vault import Vault
from fin_infra.transport import Async, Flow, M, Sync, Transport, blocking
from fin_infra.transport.local import AsyncLocalTransport, LocalTransport

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Keep:
    """What a book keeps of its sources, sealed, beside what it has read in them."""

    payloads: bool = True
    """The vendor's own records behind each change."""
    files: bool = True
    """Statement files themselves."""


class Household(Generic[M]):
    """The book of one user of one tenant, in one mode: what all of its methods share."""

    def __init__(
        self,
        database: Database,
        owner: Owner,
        mode: Literal["sync", "async"],
        vault: Callable[[], Vault],
        clock: Clock = utc_now,
        keep: Keep = Keep(),
    ) -> None:
        self.database = database
        self.owner = owner
        self.mode: Literal["sync", "async"] = mode
        self.clock = clock
        self.keep = keep
        self._vault = vault
        self.transport: Transport[Any] = LocalTransport() if mode == "sync" else AsyncLocalTransport()

    @property
    def engine(self) -> sa.Engine:
        return self.database.engine

    def vault(self) -> Vault:
        """Return the vault, made at its first use."""
        return self._vault()

    def ask(self, question: Callable[..., T], *args: Any) -> Flow[T]:
        """Read in a transaction of its own: `question(db, owner, *args)`."""
        found: T = yield from blocking(read, self.engine, question, self.owner, *args)
        return found

    def __repr__(self) -> str:
        return f"<Book {self.database.shown}>"


class method(Generic[P, R_co]):
    """Make a method of a flow of the book."""

    def __init__(self, fn: Callable[Concatenate[Any, P], Flow[R_co]]) -> None:
        self.fn: Callable[..., Any] = fn
        arguments = Arguments(fn, skip=1, aware=True)

        def call(self: Household[Any], *args: Any, **kwargs: Any) -> Any:
            args, kwargs = arguments.fit(args, kwargs)
            return self.transport.run(fn(self, *args, **kwargs))

        self._call = update_wrapper(call, fn)
        self.__doc__ = fn.__doc__

    @overload
    def __get__(self, obj: None, owner: type) -> Self: ...
    @overload
    def __get__(self, obj: Household[Async], owner: type) -> Callable[P, Coroutine[Any, Any, R_co]]: ...
    @overload
    def __get__(self, obj: Household[Sync], owner: type) -> Callable[P, R_co]: ...
    def __get__(self, obj: Any, owner: type) -> Any:
        return self if obj is None else MethodType(self._call, obj)

    def flow(self, book: Household[Any], /, *args: P.args, **kwargs: P.kwargs) -> Flow[R_co]:
        """Return the flow itself, for another method of the book."""
        flow: Flow[R_co] = self.fn(book, *args, **kwargs)
        return flow
