"""`operation` and `paged`: a generator written once becomes a typed method for sync and for async users.
Floor 2: the mode of the client decides what the method returns; type checkers see both.

    class Bank(Client[M]):
        @operation
        def accounts(self) -> Flow[Listing[Account]]: ...

        @operation
        def first(self) -> Flow[Account]:
            return (yield from self.accounts.flow())[0]

`Bank[Sync].accounts()` returns a listing, `Bank[Async].accounts()` an awaitable of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial, update_wrapper
from inspect import getdoc
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from fin_infra.arguments import Arguments
from fin_infra.flow.call import observed, observed_pages
from fin_infra.flow.signatures import ShownAnnotations, ShownSignature, View, wrapper_of
from fin_infra.transport import Async, Flow, M, Pages, Sync

if TYPE_CHECKING:
    from fin_infra.flow.client import Client

    class _Partial:
        """Hides from type checkers that `partial` takes any arguments."""

        func: Any
        args: tuple[Any, ...]

        def __init__(self, func: Callable[..., Any], client: Client[Any], /) -> None: ...
else:
    _Partial = partial  # called in C: half the cost of a `__call__` of our own

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)

_COPIED = ("__module__", "__name__", "__qualname__", "__doc__")


class _OwnText(str):
    """The text of a class, which its instances have from the function they call."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, obj: Any, owner: type) -> Any:
        return str(self) if obj is None else getattr(obj.func, self.name)


class _Bound(_Partial):
    """A method of a client. Unlike Python's own it also knows its flow; otherwise it behaves like one."""

    __slots__ = ()
    __module__ = _OwnText(__name__)
    __doc__ = _OwnText(__doc__)
    __signature__ = ShownSignature()
    __annotations__ = ShownAnnotations()
    pages = False

    @property
    def __self__(self) -> Client[Any]:
        client: Client[Any] = self.args[0]
        return client

    @property
    def __func__(self) -> Callable[..., Any]:
        fn: Callable[..., Any] = self.func
        return fn

    def __getattr__(self, name: str) -> Any:
        return getattr(self.func, name)

    def view(self) -> View:
        return View(self.func.__wrapped__, wrapper_of(self.__self__.transport, pages=self.pages), bound=True)

    def __get__(self, obj: object, owner: type | None = None) -> Self:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Bound) and self.func is other.func and self.__self__ is other.__self__

    def __hash__(self) -> int:
        return hash((self.func, id(self.__self__)))

    def __repr__(self) -> str:
        return f"<bound operation {self.func.__qualname__} of {self.__self__!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.__self__, self.func.__name__)


class Bound(_Bound, Generic[P, R_co, M]):
    """An operation of one client: call it, or take its flow inside another operation of the same client."""

    __slots__ = ()
    __module__ = _OwnText(__name__)
    __doc__ = _OwnText(__doc__)
    pages = False

    if TYPE_CHECKING:

        @overload
        def __call__(self: Bound[P, R_co, Async], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[R_co]: ...
        @overload
        def __call__(self: Bound[P, R_co, Sync], /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
        def __call__(self, /, *args: Any, **kwargs: Any) -> Any: ...

    def flow(self, /, *args: P.args, **kwargs: P.kwargs) -> Flow[R_co]:
        """Return the flow itself: `account = yield from self.account.flow(account_id)`."""
        flow: Flow[R_co] = self.func.__wrapped__(self.args[0], *args, **kwargs)
        return flow


class BoundPages(_Bound, Generic[P, R_co, M]):
    """A paged operation of one client: iterate over what it returns, or take its pages inside another one."""

    __slots__ = ()
    __module__ = _OwnText(__name__)
    __doc__ = _OwnText(__doc__)
    pages = True

    if TYPE_CHECKING:

        @overload
        def __call__(self: BoundPages[P, R_co, Async], /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R_co]: ...
        @overload
        def __call__(self: BoundPages[P, R_co, Sync], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[R_co]: ...
        def __call__(self, /, *args: Any, **kwargs: Any) -> Any: ...

    def flow(self, /, *args: P.args, **kwargs: P.kwargs) -> Pages[R_co]:
        """Return the pages themselves: `yield from self.transactions.flow(account_id)`."""
        flow: Pages[R_co] = self.func.__wrapped__(self.args[0], *args, **kwargs)
        return flow


class _Method:
    """A descriptor over a generator function, with its name, signature and an inherited docstring."""

    __signature__ = ShownSignature()
    __annotations__ = ShownAnnotations()

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn: Callable[..., Any] = fn
        self.__isabstractmethod__: bool = getattr(fn, "__isabstractmethod__", False)
        self._call = update_wrapper(self._driven(fn), fn)
        update_wrapper(self, fn, _COPIED, ())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # any object may wrap

    def _driven(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        raise TypeError("use operation or paged")

    def __set_name__(self, owner: type, name: str) -> None:
        if self.fn.__doc__ is None:
            inherited = (getattr(base, name, None) for base in owner.__mro__[1:])
            self.__doc__ = self.fn.__doc__ = self._call.__doc__ = next((getdoc(op) for op in inherited if op), None)

    def view(self) -> View:
        """Show the results; of a class, nobody knows yet who will wait for them."""
        return View(self.fn, wrapper_of(None, pages=isinstance(self, paged)), bound=False)


class operation(_Method, Generic[P, R_co]):
    """Make a method of a flow that returns one result."""

    def __init__(self, fn: Callable[Concatenate[Any, P], Flow[R_co]]) -> None:
        super().__init__(fn)

    def flow(self, client: Client[Any], /, *args: P.args, **kwargs: P.kwargs) -> Flow[R_co]:
        """Return the flow itself; inside an operation write `yield from self.account.flow(account_id)`."""
        flow: Flow[R_co] = self.fn(client, *args, **kwargs)
        return flow

    def _driven(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        name, arguments = fn.__name__, Arguments(fn, skip=1, aware=True)

        def call(self: Client[Any], *args: Any, **kwargs: Any) -> Any:
            args, kwargs = arguments.fit(args, kwargs)
            return self.transport.run(observed(self, name, fn(self, *args, **kwargs)))

        return call

    @overload
    def __call__(self, client: Client[Async], /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[R_co]: ...
    @overload
    def __call__(self, client: Client[Sync], /, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    def __call__(self, client: Client[Any], /, *args: Any, **kwargs: Any) -> Any:
        return self._call(client, *args, **kwargs)

    @overload
    def __get__(self, obj: None, owner: type) -> operation[P, R_co]: ...
    @overload
    def __get__(self, obj: Client[M], owner: type) -> Bound[P, R_co, M]: ...
    def __get__(self, obj: Client[Any] | None, owner: type) -> Any:
        if obj is None:
            return self
        bound: Bound[P, R_co, Any] = Bound(self._call, obj)
        return bound


class paged(_Method, Generic[P, R_co]):
    """Make a method of a flow that yields pages; users iterate over single items."""

    def __init__(self, fn: Callable[Concatenate[Any, P], Pages[R_co]]) -> None:
        super().__init__(fn)

    def flow(self, client: Client[Any], /, *args: P.args, **kwargs: P.kwargs) -> Pages[R_co]:
        """Return the pages themselves; inside a paged operation write `yield from self.orders.flow()`."""
        flow: Pages[R_co] = self.fn(client, *args, **kwargs)
        return flow

    def _driven(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        name, arguments = fn.__name__, Arguments(fn, skip=1, aware=True)

        def call(self: Client[Any], *args: Any, **kwargs: Any) -> Any:
            args, kwargs = arguments.fit(args, kwargs)
            return self.transport.iterate(observed_pages(self, name, fn(self, *args, **kwargs)))

        return call

    @overload
    def __call__(self, client: Client[Async], /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R_co]: ...
    @overload
    def __call__(self, client: Client[Sync], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[R_co]: ...
    def __call__(self, client: Client[Any], /, *args: Any, **kwargs: Any) -> Any:
        return self._call(client, *args, **kwargs)

    @overload
    def __get__(self, obj: None, owner: type) -> paged[P, R_co]: ...
    @overload
    def __get__(self, obj: Client[M], owner: type) -> BoundPages[P, R_co, M]: ...
    def __get__(self, obj: Client[Any] | None, owner: type) -> Any:
        if obj is None:
            return self
        bound: BoundPages[P, R_co, Any] = BoundPages(self._call, obj)
        return bound
