"""What `inspect.signature`, `help` and `get_type_hints` see of an operation: its result, where the code has a flow.
Floor 2: worked out when somebody looks, never when an operation is called."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass
from inspect import Signature, signature
from typing import Any, Protocol, get_args, get_origin

from fin_infra.transport import AsyncTransport, Page

_FLOW = re.compile(r"(?:\w+\.)*(?:Flow|Pages)\[(.*)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class View:
    """How the flow function `fn` looks as a method. `wrapper` is what its results are handed over in, if anything."""

    fn: Callable[..., Any]
    wrapper: Any
    bound: bool

    def signature(self) -> Signature:
        found = signature(self.fn)
        given = list(found.parameters.values())[self.bound :]
        result = _result(found.return_annotation)
        if self.wrapper is not None and result is not Signature.empty:
            text = isinstance(result, str)
            result = f"{self.wrapper.__name__}[{result}]" if text else self.wrapper[result]
        return found.replace(parameters=given, return_annotation=result)

    def annotations(self) -> dict[str, Any]:
        found = dict(self.fn.__annotations__)
        if "return" in found:
            result = _result(found["return"])
            found["return"] = result if self.wrapper is None else self.wrapper[result]
        return found


class Viewed(Protocol):
    def view(self) -> View: ...


class ShownSignature:
    """`__signature__` of a class's instances; the class has its own."""

    def __get__(self, obj: Viewed | None, owner: type) -> Signature:
        if obj is None:
            raise AttributeError("__signature__")
        return obj.view().signature()


class ShownAnnotations(dict[str, Any]):
    """`__annotations__` of a class's instances; the class itself has none, so that this is an empty dict."""

    def __get__(self, obj: Viewed | None, owner: type) -> dict[str, Any]:
        return {} if obj is None else obj.view().annotations()


def wrapper_of(transport: object, *, pages: bool) -> Any:
    """Return what a client over `transport` hands results over in; None where it returns them as they are."""
    if isinstance(transport, AsyncTransport):
        return AsyncIterator if pages else Awaitable
    return Iterator if pages else None


def _result(annotation: Any) -> Any:
    """Return the X of `Flow[X]` or `Pages[X]`, in text or as a type; anything else as it is."""
    if isinstance(annotation, str):
        match = _FLOW.fullmatch(annotation.strip())
        return match[1] if match else annotation
    if get_origin(annotation) is not Generator:
        return annotation
    yielded, _, returned = get_args(annotation)
    return next((get_args(kind)[0] for kind in get_args(yielded) if get_origin(kind) is Page), returned)
