"""Records as a data frame of pandas, polars or Arrow.
Floor 0: columns come from the fields of the class, so that an empty column has its type; packages load when used."""

from __future__ import annotations

import dataclasses
import datetime as dt
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from functools import cache, partial
from importlib import import_module
from typing import Any, Union, get_args, get_origin, get_type_hints

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput, MissingExtra
from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.money import Money
from fin_infra.model.plain import class_of, plain, shown_fields, visible
from fin_infra.model.record import Kind, Listing, Model, Rows


class Holds(StrEnum):
    """What a column holds."""

    TEXT = "text"
    DECIMAL = "decimal"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    DATE = "date"
    TIME = "time"
    INSTANT = "instant"
    WORDS = "words"
    """A list of texts."""
    JSON = "json"
    """Anything else, as JSON text."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    holds: Holds
    read: Callable[[Any], Any]
    """Takes the record, gives the value; None where there is none."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A column with its values, in the order of the rows."""

    column: Column
    values: list[Any]


@checked
def to_frame(records: object, *, kind: Kind = "pandas", of: type[Any] | None = None, pii: bool = False) -> Any:
    """Return records of one class as a data frame, a record a row, in their order.

    A column is named as its field. Money becomes two: `current` with the exact amount and `current_currency`, or
    `amount` and `currency` for a field `amount` of a record that has no other currency. A model in a field becomes a
    column for each of its own, `institution.name`. Keys and enums are text; several texts in one field are a list, and
    anything else, such as the legs of an order, is JSON text. `raw`, `meta`, account numbers and secrets are not there,
    and personal data is masked as in `to_dict`.

    Decimals stay exact: objects in pandas, decimal columns in polars and Arrow, wide enough for every value. Instants
    are in UTC and aware. What is None is null.

    Args:
        records: a listing, a series, any iterable of records such as what `transactions()` returns, or a model of rows.
        of: the class of the records, so that an empty frame has its columns.
        pii: show names, addresses and descriptions as they are.

    Raises:
        InvalidInput: the records are of several classes, or are not models; a column has more digits than the frame can
            hold (38 in polars, 76 in Arrow); an unknown `kind`.
        MissingExtra: the package of that kind is not installed.
    """
    name, build = _BUILD[kind]
    package = _package(name)
    return build(package, _filled(*_rows(records, of), pii=pii))


def table_of(answer: Any, model: Any) -> list[Filled]:
    """Return the columns of an answer, which is records of class `model`, or one of it: its rows, or itself.

    Personal data is shown, as whoever asked is its owner.
    """
    if isinstance(answer, Model) and not isinstance(answer, Rows):
        return _filled([answer], model, None, pii=True)
    return _filled(*_rows(answer, None if isinstance(answer, Rows) else model), pii=True)


def _filled(rows: list[Any], model: Any, whole: Any, *, pii: bool) -> list[Filled]:
    columns = () if model is None else columns_of(model, pii=pii)
    filled = [Filled(column, [column.read(row) for row in rows]) for column in columns]
    if whole is None:
        return filled
    beside = [column for column in columns_of(class_of(whole), pii=pii) if column.name in whole.BESIDE]
    return [Filled(column, [column.read(whole)] * len(rows)) for column in beside] + filled


@cache
def columns_of(model: Any, *, pii: bool = False) -> tuple[Column, ...]:
    """Return the columns of a record of this class; where it comes from and as of when are the last."""
    hints = get_type_hints(model)
    fields = sorted(shown_fields(model, pii=pii), key=lambda field: field[0] in ("source", "as_of"))
    found: list[Column] = []
    for name, masked in fields:
        get = _within(_getter(name), masked) if masked else _getter(name)
        found += _columns(name, hints[name], visible(model), get, pii)
    return tuple(found)


def _columns(name: str, hint: Any, siblings: tuple[str, ...], get: Callable[[Any], Any], pii: bool) -> list[Column]:
    """Return the columns of one field, which may be None and which `get` reads."""
    kinds = [kind for kind in get_args(hint) if kind is not type(None)] if _is_union(hint) else [hint]
    kind = kinds[0] if len(kinds) == 1 else None
    if kind is Money:
        currency = "currency" if name == "amount" and "currency" not in siblings else f"{name}_currency"
        return [
            Column(name, Holds.DECIMAL, _within(get, _getter("amount"))),
            Column(currency, Holds.TEXT, _within(get, _getter("currency"))),
        ]
    if isinstance(kind, type) and kind is not InstrumentKey and dataclasses.is_dataclass(kind):
        inner = columns_of(kind, pii=pii)
        return [Column(f"{name}.{column.name}", column.holds, _within(get, column.read)) for column in inner]
    holds = _holds(kind)
    written = partial(_json, pii=pii) if holds is Holds.JSON else _WRITTEN.get(holds)
    return [Column(name, holds, _within(get, written) if written else get)]


def _holds(kind: Any) -> Holds:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if _is_word(kind):
        return Holds.TEXT
    many = get_origin(kind) in (tuple, frozenset, list) and all(
        _is_word(arg) or arg is Ellipsis for arg in get_args(kind)
    )
    return Holds.WORDS if many else Holds.JSON


def _is_word(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, (str, Enum, InstrumentKey))


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (types.UnionType, Union)


def _getter(name: str) -> Callable[[Any], Any]:
    return lambda record: getattr(record, name)


def _within(outer: Callable[[Any], Any], inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return one after the other, with None where the outer gives None."""

    def read(record: Any) -> Any:
        value = outer(record)
        return None if value is None else inner(value)

    return read


def _json(value: Any, *, pii: bool) -> str:
    import json

    return json.dumps(plain(value, pii=pii), ensure_ascii=False, allow_nan=False)


_SCALARS: Mapping[Any, Holds] = {
    Decimal: Holds.DECIMAL,
    int: Holds.INT,
    float: Holds.FLOAT,
    bool: Holds.BOOL,
    dt.date: Holds.DATE,
    dt.time: Holds.TIME,
    dt.datetime: Holds.INSTANT,
}
_WRITTEN: Mapping[Holds, Callable[[Any], Any]] = {
    Holds.TEXT: plain,
    Holds.WORDS: plain,
    Holds.INSTANT: lambda at: at.astimezone(dt.UTC),
}


def _rows(records: Any, of: Any) -> tuple[list[Any], Any, Any]:
    """Return the rows, their class where it is known, and the model that they are of, where it is one of rows."""
    given: Any = records  # keeps its type where `isinstance` takes it from `records`
    if isinstance(records, Rows):
        return list(getattr(given, given.ROWS)), _item(given, Rows), given
    if isinstance(records, (str, bytes, Mapping, Model)) or not isinstance(records, Iterable):
        advice = "collect it first: [row async for row in ...]" if hasattr(given, "__aiter__") else "put it in a list"
        raise InvalidInput(f"A frame is made of records, not of one {type(given).__name__}; {advice}.")
    rows: list[Any] = list(given)
    classes: set[Any] = {class_of(row) for row in rows} | ({of} if of else set())
    if len(classes) > 1:
        names = " and ".join(sorted(kind.__name__ for kind in classes))
        raise InvalidInput(f"A frame has records of one class, not of {names}; make one for each.")
    model = next(iter(classes), None) or _item(given, Listing)
    if model is not None and not dataclasses.is_dataclass(model):
        raise InvalidInput(f"A frame is made of records, not of {model.__name__}.")
    return rows, model, None


def _item(records: Any, base: type[Any]) -> Any:
    """Return the class that `Quotes(Listing[Quote])` or `CandleSeries(Series[Candle])` names."""
    for kind in getattr(class_of(records), "__orig_bases__", ()):
        if issubclass(get_origin(kind) or object, base):
            return get_args(kind)[0] if isinstance(get_args(kind)[0], type) else None
    return None


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as exc:
        raise MissingExtra(f"This frame needs {exc.name}; run: pip install {name}") from None


def _pandas(pandas: Any, columns: list[Filled]) -> Any:
    # Text stays objects, too: pandas' own text type would turn None into NaN.
    kinds = {Holds.INT: "Int64", Holds.FLOAT: "Float64", Holds.BOOL: "boolean"}
    kinds |= {Holds.DATE: "datetime64[s]", Holds.INSTANT: "datetime64[us, UTC]"}
    return pandas.DataFrame(
        {one.column.name: pandas.Series(one.values, dtype=kinds.get(one.column.holds, "object")) for one in columns}
    )


def _polars(polars: Any, columns: list[Filled]) -> Any:
    kinds = {
        Holds.INT: polars.Int64,
        Holds.FLOAT: polars.Float64,
        Holds.BOOL: polars.Boolean,
        Holds.DATE: polars.Date,
        Holds.TIME: polars.Time,
        Holds.INSTANT: polars.Datetime("us", "UTC"),
        Holds.WORDS: polars.List(polars.String),
    }
    schema = {one.column.name: kinds.get(one.column.holds, polars.String) for one in columns}
    schema |= {name: polars.Decimal(38, scale) for name, _, scale in _decimals(columns, "polars", 38)}
    return polars.DataFrame({one.column.name: one.values for one in columns}, schema=schema)


def _arrow(arrow: Any, columns: list[Filled]) -> Any:
    kinds = {
        Holds.INT: arrow.int64(),
        Holds.FLOAT: arrow.float64(),
        Holds.BOOL: arrow.bool_(),
        Holds.DATE: arrow.date32(),
        Holds.TIME: arrow.time64("us"),
        Holds.INSTANT: arrow.timestamp("us", tz="UTC"),
        Holds.WORDS: arrow.list_(arrow.string()),
    }
    schema = {one.column.name: kinds.get(one.column.holds, arrow.string()) for one in columns}
    for name, digits, scale in _decimals(columns, "arrow", 76):
        schema[name] = arrow.decimal128(38, scale) if digits <= 38 else arrow.decimal256(76, scale)
    return arrow.table({one.column.name: one.values for one in columns}, schema=arrow.schema(schema.items()))


def _decimals(columns: list[Filled], kind: str, most: int) -> Iterator[tuple[str, int, int]]:
    """Yield each decimal column with the digits that hold all its values, and how many of them are decimals."""
    for one in columns:
        if one.column.holds is not Holds.DECIMAL:
            continue
        parts = [value.as_tuple() for value in one.values if value is not None]
        scale = max([0, *(-part.exponent for part in parts)])
        digits = scale + max([0, *(len(part.digits) + part.exponent for part in parts)])
        if digits > most:
            raise InvalidInput(f"{one.column.name} needs {digits} digits, and {kind} has {most}; take pandas or round.")
        yield one.column.name, digits, scale


_BUILD: Mapping[str, tuple[str, Callable[[Any, list[Filled]], Any]]] = {
    "pandas": ("pandas", _pandas),
    "polars": ("polars", _polars),
    "arrow": ("pyarrow", _arrow),
}
