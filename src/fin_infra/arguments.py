"""What people pass to public functions, checked against the annotations, for users without a type checker.
Floor 0: annotations are read at the first call; from then on a value of the annotated type costs a look into a set.

    @checked
    def merge(items: Iterable[Item], *, on: date | None = None) -> Merged: ...

    merge(items, on="2026-01-31")   # text that can mean one thing only is taken for it
    merge(items, on=5)              # InvalidInput: `on` must be a datetime.date or ISO text such as ..., not int 5.
"""

from __future__ import annotations

# Values are whatever people pass, and stay unknown after a look at their type.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownLambdaType=false
# pyright: reportUnknownMemberType=false
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import wraps
from inspect import Parameter, signature
from os import PathLike
from types import NoneType, SimpleNamespace, UnionType
from typing import IO, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from fin_infra.errors import InvalidInput, NaiveTime

F = TypeVar("F", bound=Callable[..., Any])
SHOWN = 24
"""Longer texts and numbers stay out of error texts: they may be an account's number, or a secret in the wrong place."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", re.ASCII)
_SEALED = (str, bytes, bytearray)
"""Sequences that are never meant as a list."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a parameter takes: values of the types in `seen` unseen, and what passes `fits`."""

    wanted: str
    seen: frozenset[type]
    fits: Callable[[Any], bool]
    read: Callable[[str], Any] | None = None
    """What text means here; a ValueError for what means nothing."""
    error: type[InvalidInput] = InvalidInput
    strict: frozenset[type] = frozenset()
    """Types whose values are looked at each time."""
    whole: Callable[[Any], Any] | None = None
    """Makes a list of what can be gone through only once, so that its items can be checked."""
    item: Kind | None = None
    """Of a list: what each item must be."""

    def aware(self) -> Kind:
        """Return the same kind without naive datetimes."""
        if datetime not in self.seen:
            return self
        unseen = frozenset({datetime})
        return replace(
            self, seen=self.seen - unseen, strict=unseen, fits=lambda value: self.fits(value) and _is_aware(value)
        )

    def take(self, name: str, value: Any) -> Any:
        """Return the value, or what it clearly means; raise `error` with a sentence about the parameter `name`."""
        if type(value) in self.seen:
            return value
        if self.whole is not None:
            value = self.whole(value)
        if self.fits(value):
            return value
        if self.read is not None and isinstance(value, str) and not isinstance(value, Enum):
            try:
                return self.read(value)
            except NaiveTime:
                raise
            except (ValueError, KeyError):
                pass
        if isinstance(value, datetime) and datetime in self.seen | self.strict and value.utcoffset() is None:
            raise NaiveTime(f"`{name}` has no time zone: {value.isoformat()}; add one, such as tzinfo=datetime.UTC.")
        raise self.error(f"`{name}` must be {self.wanted}, not {self._shown(value)}.{self._hint(value)}")

    def _shown(self, value: Any) -> str:
        if self.item is None or isinstance(value, (*_SEALED, Mapping)) or not isinstance(value, Iterable):
            return shown(value)
        kind = self.item
        wrong: list[Any] = [item for item in cast("Any", value) if type(item) not in kind.seen and not kind.fits(item)]
        return f"{shown(value)} with {shown(wrong[0])}" if wrong else shown(value)

    def _hint(self, value: Any) -> str:
        if isinstance(value, datetime) and date in self.seen:
            return f" Use the day in the zone you mean, such as {value.date()}."
        if str not in self.seen or not isinstance(getattr(value, "id", None), str):
            return ""
        kind = type(value).__name__
        return f" Pass {re.sub('(?<=[a-z])(?=[A-Z])', '_', kind).lower()}.id, not {_article(kind)}."


class Arguments:
    """The parameters of one function; `skip` of them are not the caller's, such as `self`.

    With `aware` a datetime needs a time zone.
    """

    __slots__ = ("_aware", "_fn", "_named", "_positional", "_skip")

    def __init__(self, fn: Callable[..., Any], skip: int = 0, *, aware: bool = False) -> None:
        self._fn, self._skip, self._aware = fn, skip, aware
        self._positional: tuple[tuple[str, Kind], ...] | None = None
        self._named: Mapping[str, Kind] = {}

    def fit(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments as the function takes them; too many and missing ones are left to Python.

        Raises:
            InvalidInput: a value cannot be meant, with the name of the parameter.
        """
        positional = self._positional
        if positional is None:
            positional = self._prepare()
        for at, value in enumerate(args[: len(positional)]):
            name, kind = positional[at]
            if type(value) not in kind.seen and kind is not ANYTHING:
                args = (*args[:at], kind.take(name, value), *args[at + 1 :])
        for name, value in kwargs.items():
            kind = self._named.get(name, ANYTHING)
            if type(value) not in kind.seen and kind is not ANYTHING:
                kwargs = {**kwargs, name: kind.take(name, value)}
        return args, kwargs

    def _prepare(self) -> tuple[tuple[str, Kind], ...]:
        given = list(signature(self._fn).parameters.values())[self._skip :]
        kinds = {
            each.name: kind_of(_resolved(each.annotation, getattr(self._fn, "__globals__", {})))
            for each in given
            if each.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        }
        if self._aware:
            kinds = {name: kind.aware() for name, kind in kinds.items()}
        self._named = kinds
        inline = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
        self._positional = tuple((each.name, kinds[each.name]) for each in given if each.kind in inline)
        return self._positional


def check_order(start: date | None, end: date | None) -> None:
    """Refuse days that are the wrong way round; either may be open.

    Raises:
        InvalidInput: `start` is not before `end`.
    """
    if start is not None and end is not None and start >= end:
        raise InvalidInput("`start` must be before `end`, which is the day after the last one.")


def checked(fn: F) -> F:
    """Check what a function is called with against its annotations, each time.

    Raises:
        InvalidInput: a value cannot be meant; the sentence names the parameter, what is wanted and what came.
    """
    arguments = Arguments(fn)

    @wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = arguments.fit(args, kwargs)
        return fn(*args, **kwargs)

    return cast("F", call)


def member(kind: type[Enum], value: Any) -> Any:
    """Return the member of an enum that a string names, in either case; anything else as it is."""
    if type(value) is not str:
        return value
    return next((each for each in kind if value in (each.value, str(each.value).upper())), value)


def describe(kind: type, wanted: str, error: type[InvalidInput]) -> None:
    """Say in which words and with which error a parameter of type `kind` is asked for."""
    _DESCRIBED[kind] = (wanted, error)


def shown(value: object) -> str:
    """Return a value as an error text may show it: short texts, numbers and dates as they are, all else by its type."""
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, str):
        return repr(value) if len(value) <= SHOWN else "a longer string"
    if isinstance(value, (int, float, Decimal)):
        text = str(value) if not isinstance(value, int) or abs(value) < 10**SHOWN else ""
        return f"{type(value).__name__} {text}" if len(text) <= SHOWN else type(value).__name__
    if isinstance(value, date):
        return f"{type(value).__name__} {value.isoformat()}"
    name = type(value).__name__
    return name if type(value).__module__ == "builtins" else _article(name)


def kind_of(annotation: Any) -> Kind:
    """Return what an annotation takes; ANYTHING for what cannot be checked, such as a type variable."""
    if annotation is Any:  # a class since Python 3.11, and none to be an instance of
        return ANYTHING
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _union([kind_of(each) for each in args])
    if origin is Literal:
        return _literal(args)
    if origin is type:
        return Kind("a class", frozenset(), lambda value: isinstance(value, type))
    cls: Any = origin or annotation
    if cls is None or cls is NoneType:
        return NOTHING
    if not isinstance(cls, type) or cls is object:
        return Kind("callable", frozenset(), callable) if origin is Callable else ANYTHING
    if cls is cast("Any", Callable):
        return Kind("a function", frozenset(), callable)
    if issubclass(cls, Mapping):
        return _mapping(cls, [kind_of(each) for each in args])
    if issubclass(cls, Iterable) and args and cls.__module__ in ("collections.abc", "builtins"):
        return _collection(cls, [kind_of(each) for each in args if each is not Ellipsis])
    return _plain(cls)


NOTHING = Kind("None", frozenset({NoneType}), lambda value: value is None)
ANYTHING = Kind("anything", frozenset(), lambda value: True)
_DESCRIBED: dict[type, tuple[str, type[InvalidInput]]] = {
    PathLike: ("a path", InvalidInput),
    bytes: ("bytes", InvalidInput),
}


def _plain(cls: Any) -> Kind:
    """Return the kind of a class that is not a collection."""
    if issubclass(cls, Enum):
        wanted = f"{_article(cls.__name__)}: one of {', '.join(repr(each.value) for each in cls)}"
        return Kind(wanted, frozenset({cls}), lambda value: isinstance(value, cls), lambda text: _named(cls, text))
    if issubclass(cls, IO):  # a name for open files, none of which is an instance
        return Kind("an open file", frozenset(), lambda value: hasattr(value, "read") and hasattr(value, "write"))
    if cls is bool:
        return Kind("True or False", frozenset({bool}), lambda value: False)
    if cls is int:
        return Kind("an int", frozenset({int}), lambda value: isinstance(value, int) and not isinstance(value, bool))
    if cls is float:
        return Kind("a number", frozenset({int}), _is_number)
    if cls is Decimal:
        return Kind('a Decimal such as Decimal("1.5")', frozenset(), _is_decimal)
    if cls is datetime:
        return Kind(
            "a datetime.datetime with a time zone, or such ISO text as '2026-01-31T09:30:00Z'",
            frozenset({datetime}),
            lambda value: isinstance(value, datetime),
            _instant,
        )
    if cls is date:
        wanted = "a datetime.date or ISO text such as '2026-01-31'"
        return Kind(wanted, frozenset({date}), lambda value: _is_day(value), _day)
    wanted, error = _DESCRIBED.get(cls, (_article(cls.__name__), InvalidInput))
    if getattr(cls, "__abstractmethods__", None):  # whoever stands in for one in a test has some of its methods
        methods = cls.__abstractmethods__
        return Kind(wanted, frozenset(), lambda value: any(hasattr(value, name) for name in methods), error=error)
    if getattr(cls, "_is_protocol", False):
        names = {name for each in cls.__mro__ for name in vars(each) if getattr(each, "_is_protocol", False)}
        names = {name for name in names if not name.startswith("_")}
        return Kind(wanted, frozenset(), lambda value: all(hasattr(value, name) for name in names), error=error)
    return Kind(wanted, frozenset({cls}), lambda value: isinstance(value, cls), error=error)


def _union(kinds: Sequence[Kind]) -> Kind:
    if any(kind is ANYTHING for kind in kinds):
        return ANYTHING
    readers = [kind.read for kind in kinds if kind.read]

    def read(text: str) -> Any:
        naive: NaiveTime | None = None
        for reader in readers:
            try:
                return reader(text)
            except NaiveTime as exc:
                naive = exc
            except (ValueError, KeyError):
                continue
        raise naive or ValueError(text)

    return Kind(
        " or ".join(dict.fromkeys(kind.wanted for kind in kinds if kind is not NOTHING)),
        frozenset().union(*(kind.seen for kind in kinds)),
        lambda value: any(kind.fits(value) for kind in kinds),
        read if readers else None,
        next((kind.error for kind in kinds if kind.error is not InvalidInput), InvalidInput),
        whole=next((kind.whole for kind in kinds if kind.whole), None),
        item=next((kind.item for kind in kinds if kind.item), None),
    )


def _literal(values: Sequence[Any]) -> Kind:
    def fits(value: Any) -> bool:
        return any(type(value) is type(each) and value == each for each in values)

    return Kind(f"one of {', '.join(map(repr, values))}", frozenset(), fits)


def _collection(cls: Any, items: Sequence[Kind]) -> Kind:
    """Several things: what can be gone through once only becomes a list, where the function does not take it so."""
    item = items[0] if items else ANYTHING

    def whole(value: Any) -> Any:
        loose = isinstance(value, Iterable) and not isinstance(value, (cls, *_SEALED, Mapping))
        return list(cast("Iterable[Any]", value)) if loose or isinstance(value, Iterator) else value

    def fits(value: Any) -> bool:
        several = isinstance(value, cls) and not isinstance(value, (*_SEALED, Mapping))
        return several and _all_fit(item, value)

    words = "" if item is ANYTHING else f", each item {item.wanted}"
    return Kind(f"a list{words}", frozenset(), fits, error=item.error, whole=whole, item=item)


def _mapping(cls: Any, items: Sequence[Kind]) -> Kind:
    key, value = items if len(items) == 2 else (ANYTHING, ANYTHING)

    def fits(found: Any) -> bool:
        return isinstance(found, cls) and _all_fit(key, found) and _all_fit(value, found.values())

    words = "" if key is ANYTHING else f" from {key.wanted} to {value.wanted}"
    return Kind(f"a mapping{words}", frozenset(), fits)


def _all_fit(item: Kind, values: Iterable[Any]) -> bool:
    if item is ANYTHING or set(map(type, values)) <= item.seen:
        return True
    return all(type(value) in item.seen or item.fits(value) for value in values)


def _resolved(annotation: Any, names: Mapping[str, Any]) -> Any:
    """Return the type behind an annotation's text; a name that only type checkers know says nothing here."""
    if annotation is Parameter.empty:
        return object
    if not isinstance(annotation, str):
        return annotation
    try:
        return get_type_hints(SimpleNamespace(__annotations__={"it": annotation}), dict(names))["it"]
    except (NameError, AttributeError, TypeError):
        return object


def _is_aware(value: Any) -> bool:
    return not isinstance(value, datetime) or value.utcoffset() is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _is_decimal(value: Any) -> bool:
    return isinstance(value, Decimal) and not value.is_nan()


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _instant(text: str) -> datetime:
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise NaiveTime(f"{text!r} has no time zone; write it like '2026-01-31T09:30:00Z' or with an offset.")
    return moment


def _named(kind: type[Enum], text: str) -> Enum:
    found = member(kind, text)
    if not isinstance(found, kind):
        raise ValueError(text)
    return found


def _article(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"
