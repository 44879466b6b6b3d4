"""How models look: a repr of one line, and tables for notebooks.
Floor 0: only what a repr may show; text in a table is escaped, since vendors and other people wrote it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from enum import Enum
from html import escape
from typing import Any

from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.money import Money
from fin_infra.model.personal import kind_of, masking

WIDTH = 116
"""Characters of a repr; what does not fit is left out and marked."""
TEXT = 36
"""Characters of one text in a repr."""
TABLE_TEXT = 80
"""Characters of one text in a table."""
FEW = 3
"""Plain values of a field that are written out."""
ITEMS = 10
"""Records of a listing in its repr."""
TABLE_ROWS = 20
_BASE = ("source", "as_of")
_MORE = "…"


def short(model: Any) -> str:
    """Return the repr of a model: fields that say something, its own first, until the line is full."""
    text, empty = f"{type(model).__name__}(", True
    for name, value in _said(model):
        part = f"{'' if empty else ', '}{name}={_value(value)}"
        if len(text) + len(part) > WIDTH:
            text += f"{'' if empty else ', '}{_MORE}"
            break
        text, empty = text + part, False
    return text + ")"


def listed(items: Sequence[Any], errors: Sequence[Any]) -> str:
    """Return the repr of a listing: an item a line, and how many more there are."""
    lines = [repr(item) for item in items[:ITEMS]]
    if len(items) > ITEMS:
        lines.append(f"{_MORE} {len(items) - ITEMS} more")
    if errors:
        lines.append(f"{_MORE} and {_unread(errors)}")
    return "[" + ",\n ".join(lines) + "]"


def fields_table(model: Any) -> str:
    """Return one model as an HTML table, a field a row."""
    rows = [(name, _cell(value)) for name, value in _said(model)]
    return _table(type(model).__name__, ("field", "value"), rows)


def rows_table(items: Sequence[Any], *, caption: str = "", errors: Sequence[Any] = ()) -> str:
    """Return models as an HTML table, one a row; columns that are empty throughout are left out."""
    shown = [dict(_said(item)) if dataclasses.is_dataclass(item) else {"": item} for item in items[:TABLE_ROWS]]
    columns = list(dict.fromkeys(name for row in shown for name in row))
    rows = [[_cell(row[name]) if name in row else "" for name in columns] for row in shown]
    notes = [caption or f"{len(items)} {'row' if len(items) == 1 else 'rows'}"]
    notes += [f"the first {TABLE_ROWS} are shown"] if len(items) > TABLE_ROWS else []
    notes += [_unread(errors)] if errors else []
    return _table("; ".join(notes), columns, rows)


def _unread(errors: Sequence[Any]) -> str:
    return f"{len(errors)} {'row' if len(errors) == 1 else 'rows'} that could not be read (see .errors)"


def _rank(field: dataclasses.Field[Any]) -> int:
    """Put what a record is before what it belongs to and the vendor's own words, and where it comes from last."""
    return 2 if field.name in _BASE else int(field.name.endswith(("_id", "_text")))


def _said(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the fields that a repr may show and that say more than their default."""
    fields = [field for field in dataclasses.fields(model) if field.repr]
    for field in sorted(fields, key=_rank):
        value = getattr(model, field.name)
        if value is not None and (field.default is dataclasses.MISSING or value != field.default):
            masked = masking(kind_of(field))
            yield field.name, masked(value) if masked else value


def _cell(value: Any) -> str:
    """Write a value into a table."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return value if len(value) <= TABLE_TEXT else value[: TABLE_TEXT - 1] + _MORE
    return _value(value)


def _value(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return repr(value if len(value) <= TEXT else value[: TEXT - 1] + _MORE)
    if _is_plain(value):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if dataclasses.is_dataclass(value):
        named = getattr(value, "id", None)
        return f"<{type(value).__name__}{f' {named}' if isinstance(named, str) else ''}>"
    if isinstance(value, Collection):
        return _collection(value)
    return f"<{type(value).__name__}>"


def _is_plain(value: Any) -> bool:
    return isinstance(value, (Money, InstrumentKey, bool, int, float)) or value is None


def _collection(value: Any) -> str:
    """Write out a few plain values; of models say how many there are."""
    given: Any = value  # keeps its type where `isinstance` takes it from `value`
    if isinstance(value, Mapping):
        return f"<{len(given)} items>"
    items: list[Any] = sorted(given) if isinstance(value, (set, frozenset)) else list(given)
    models = {type(item).__name__ for item in items if dataclasses.is_dataclass(item) and not _is_plain(item)}
    if models:
        return f"<{len(items)} {models.pop() if len(models) == 1 else 'items'}>"
    more = f", {_MORE} {len(items) - FEW} more" if len(items) > FEW else ""
    return f"[{', '.join(map(_value, items[:FEW]))}{more}]"


def _table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
