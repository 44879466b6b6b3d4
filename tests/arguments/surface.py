"""What people can call, found by itself: functions of the public modules, methods of what they return, and operations.

A new function, method or operation is in here without a word; what a sample of it has to be is in `SAMPLES`.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from unittest.mock import Mock

import fin_infra
from fin_infra.book import Book
from fin_infra.book.methods import method
from fin_infra.flow import deadline, operation, paged

NOT_FOR_PEOPLE = {
    "fin_infra.api": "routers for an app, which FastAPI checks",
    "fin_infra.arguments": "what is tested here",
    "fin_infra.cli": "commands, with tests of their own",
    "fin_infra.errors": "raised, not called",
    "fin_infra.fanout": "for ways in",
    "fin_infra.flow": "for authors of adapters",
    "fin_infra.providers": "for authors of adapters; their operations are tried one by one",
    "fin_infra.questions": "for ways in, which check what they are given",
    "fin_infra.sandbox": "started, not called",
    "fin_infra.security": "for log configuration",
    "fin_infra.settings": "for authors of adapters",
    "fin_infra.testing": "starts servers and changes the environment; tried in tests/testing",
    "fin_infra.transport": "for authors of adapters",
}
"""Modules that are left out, with the reason; all others are tried."""

PARTS = frozenset({"Closing", "Replacement", "SqliteJournal", "Submission", "Time", "TradingLimits"})
"""Classes of `fin_infra.trading` that brokers are made of; people call the broker."""

UTC_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """One thing to call: `call(**values)` with a good value for each parameter, and the annotations."""

    name: str
    call: Callable[..., Any]
    parameters: dict[str, Any]
    """Name to annotation; those that only take what is left over are not in here."""
    required: frozenset[str]
    inline: tuple[str, ...]


def modules() -> Iterator[Any]:
    for found in pkgutil.iter_modules(fin_infra.__path__, "fin_infra."):
        if found.name.rpartition(".")[2].startswith("_") or found.name in NOT_FOR_PEOPLE:
            continue
        yield importlib.import_module(found.name)
    yield importlib.import_module("fin_infra.imports.statements")


def exported(module: Any) -> Iterator[tuple[str, Any]]:
    named = getattr(module, "__all__", None)
    for name in named or [name for name in vars(module) if not name.startswith("_")]:
        value = getattr(module, name)
        if named or getattr(value, "__module__", None) == module.__name__:
            yield f"{module.__name__}.{name}", value


def functions() -> Iterator[Case]:
    for module in modules():
        for name, value in exported(module):
            if inspect.isfunction(value):
                yield case(name, value)
            elif inspect.isclass(value) and value.__name__ not in PARTS:
                yield from methods(name, value)

    yield case("fin_infra.flow.deadline", deadline)


def methods(name: str, cls: type) -> Iterator[Case]:
    """Yield the methods that the class itself defines; those of an instance need one in SAMPLES."""
    if dataclasses.is_dataclass(cls) and hasattr(cls, "__post_init__"):
        yield constructor(name, cls)
    for each, raw in vars(cls).items():
        if each.startswith("_") or isinstance(raw, (property, operation, paged)):
            continue
        if issubclass(cls, Enum):
            continue
        if isinstance(raw, (classmethod, staticmethod)):
            yield case(f"{name}.{each}", getattr(cls, each))
        elif inspect.isfunction(raw) and getattr(cls, "_is_protocol", False) is False and not inspect.isabstract(cls):
            yield case(f"{name}.{each}", getattr(sample_of(cls), each))


def constructor(name: str, cls: type) -> Case:
    names = vars(importlib.import_module(cls.__module__))
    given = [each for each in dataclasses.fields(cls) if each.init]
    required = frozenset(each.name for each in given if not has_default(each))
    return Case(f"{name}()", cls, {each.name: resolved(each.type, names) for each in given}, required, ())


def operations(cls: type[Any], client: Any) -> Iterator[Case]:
    for name in sorted(dir(cls)):
        if isinstance(getattr(cls, name, None), (operation, paged)):
            yield case(f"{cls.info.provider_key}.{name}", getattr(client, name), getattr(cls, name).fn, skip=1)


def book_methods(book: Any) -> Iterator[Case]:
    """Yield what a book can be asked and told; `book` may be the class, for the names."""
    for name in sorted(dir(Book)):
        if isinstance(getattr(Book, name), method):
            yield case(f"Book.{name}", getattr(book, name), getattr(Book, name).fn, skip=1)


def case(name: str, call: Callable[..., Any], source: Any = None, skip: int = 0) -> Case:
    source = inspect.unwrap(source or call)
    found = list(inspect.signature(source).parameters.values())[skip:]
    if inspect.ismethod(call) and source is not call and found[:1] and found[0].name in ("self", "cls"):
        found = found[1:]
    given = [each for each in found if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
    names = getattr(source, "__globals__", None) or source.__func__.__globals__
    return Case(
        name,
        call,
        {each.name: resolved(each.annotation, names) for each in given},
        frozenset(each.name for each in given if each.default is each.empty),
        tuple(each.name for each in given if each.kind is each.POSITIONAL_ONLY),
    )


def resolved(annotation: Any, names: dict[str, Any]) -> Any:
    if annotation is inspect.Parameter.empty:
        return Any
    try:
        return eval(annotation, dict(names)) if isinstance(annotation, str) else annotation
    except NameError:
        return Any


def sample_of(annotation: Any) -> Any:
    """Return a good value for an annotation, from SAMPLES or of its first part."""
    from tests.arguments.samples import SAMPLES

    known = [value for kind, value in SAMPLES if kind == annotation]
    if known:
        return known[0]
    if getattr(annotation, "_is_protocol", False) or inspect.isabstract(annotation):
        return Mock()
    args = getattr(annotation, "__args__", ())
    origin = getattr(annotation, "__origin__", None)
    if type(None) in args:
        return None
    if origin is not None and str(origin).startswith("typing.Literal"):
        return args[0]
    if args and inspect.isclass(origin):
        return {} if "Mapping" in str(origin) else [sample_of(args[0])] if "allable" not in str(origin) else print
    if args:
        return sample_of(args[0])
    if inspect.isclass(annotation) and issubclass(annotation, str) and hasattr(annotation, "__members__"):
        return next(iter(annotation))
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        names = vars(importlib.import_module(annotation.__module__))
        needed = [each for each in dataclasses.fields(annotation) if not has_default(each) and each.init]
        return annotation(**{each.name: sample_of(resolved(each.type, names)) for each in needed})
    raise LookupError(f"put a good {annotation!r} into tests/arguments/samples.py")


def has_default(field: Any) -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


PLAIN: tuple[tuple[Any, Any], ...] = (
    (str, "x"),
    (int, 2),
    (bool, False),
    (float, 2.0),
    (bytes, b"x"),
    (Decimal, Decimal("1.5")),
    (date, date(2026, 11, 20)),
    (datetime, UTC_NOON),
    (timedelta, timedelta(days=1)),
    (Any, "x"),
    (object, "x"),
)
