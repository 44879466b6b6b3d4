"""`operation` and `paged`: a generator written once becomes a typed method for sync and for async users.
Floor 2: the mode of the provider decides what the method returns; type checkers see both.

    class Bank(Client[M]):
        @operation
        def accounts(self) -> Flow[Listing[Account]]: ...

`Bank[Sync].accounts()` returns a listing, `Bank[Async].accounts()` an awaitable of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import update_wrapper
from inspect import getdoc
from types import MethodType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from fin_infra.flow.call import observed, observed_pages
from fin_infra.transport import Async, Flow, Pages, Sync

if TYPE_CHECKING:
    from fin_infra.flow.client import Client

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class _Method:
    """A descriptor over a generator function, with its name, signature and an inherited docstring."""

    fn: Callable[..., Any]

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn
        self.__isabstractmethod__: bool = getattr(fn, "__isabstractmethod__", False)
        self._call = update_wrapper(self._bound(fn), fn)
        update_wrapper(self, fn)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # any object may wrap

    def _bound(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        raise TypeError("use operation or paged")

    def __set_name__(self, owner: type, name: str) -> None:
        if self.fn.__doc__ is None:
            inherited = (getattr(base, name, None) for base in owner.__mro__[1:])
            self.__doc__ = self.fn.__doc__ = self._call.__doc__ = next((getdoc(op) for op in inherited if op), None)


class operation(_Method, Generic[P, R_co]):
    """Make a method of a flow that returns one result."""

    def flow(self, client: Client[Any], /, *args: P.args, **kwargs: P.kwargs) -> Flow[R_co]:
        """Return the flow itself, for use inside another operation: `yield from type(self).account.flow(self)`."""
        found: Flow[R_co] = self.fn(client, *args, **kwargs)
        return found

    def __init__(self, fn: Callable[Concatenate[Any, P], Flow[R_co]]) -> None:
        super().__init__(fn)

    def _bound(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        name = fn.__name__

        def call(self: Client[Any], *args: Any, **kwargs: Any) -> Any:
            return self.transport.run(observed(self, name, fn(self, *args, **kwargs)))

        return call

    @overload
    def __get__(self, obj: None, owner: type) -> operation[P, R_co]: ...
    @overload
    def __get__(self, obj: Client[Async], owner: type) -> Callable[P, Awaitable[R_co]]: ...
    @overload
    def __get__(self, obj: Client[Sync], owner: type) -> Callable[P, R_co]: ...
    def __get__(self, obj: Client[Any] | None, owner: type) -> Any:
        return self if obj is None else MethodType(self._call, obj)


class paged(_Method, Generic[P, R_co]):
    """Make a method of a flow that yields pages; users iterate over single items."""

    def __init__(self, fn: Callable[Concatenate[Any, P], Pages[R_co]]) -> None:
        super().__init__(fn)

    def _bound(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        name = fn.__name__

        def call(self: Client[Any], *args: Any, **kwargs: Any) -> Any:
            return self.transport.iterate(observed_pages(self, name, fn(self, *args, **kwargs)))

        return call

    @overload
    def __get__(self, obj: None, owner: type) -> paged[P, R_co]: ...
    @overload
    def __get__(self, obj: Client[Async], owner: type) -> Callable[P, AsyncIterator[R_co]]: ...
    @overload
    def __get__(self, obj: Client[Sync], owner: type) -> Callable[P, Iterator[R_co]]: ...
    def __get__(self, obj: Client[Any] | None, owner: type) -> Any:
        return self if obj is None else MethodType(self._call, obj)
