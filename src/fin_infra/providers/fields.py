"""Read typed fields out of a vendor's JSON: the value, or UnexpectedPayload naming the field and never its content.
Floor 3: `maybe_*` gives None for an absent or null field; a field of the wrong type is an error for both."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar, cast

from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.flow import read_rows, wrong_field
from fin_infra.model import Listing
from fin_infra.model.money import decimal_from_text

Row: TypeAlias = Mapping[str, Any]
E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
wrong = wrong_field
_WHOLE = re.compile(r"-?[0-9]{1,30}").fullmatch


def object_of(value: Any) -> dict[str, Any]:
    """Return `value` if it is an object, else an empty one: for looking something up that may not be there."""
    return cast("dict[str, Any]", value) if type(value) is dict else {}


def objects(items: Any, name: str = "items") -> list[dict[str, Any]]:
    """Return `items` if it is a list of objects."""
    rows: list[dict[str, Any]] = items
    if type(items) is not list or any(type(row) is not dict for row in rows):
        raise wrong(name, "a list of objects")
    return rows


def rows(items: Any, name: str, read: Callable[[Row], T], *, id_field: str = "id") -> Listing[T]:
    """Return what `read` makes of each row; a row it cannot read is named in `errors` and hides no other."""
    listed: list[Any] = items
    if type(listed) is not list:
        raise wrong(name, "a list")
    return read_rows(listed, name, lambda row: read(as_row(row, name)), id_field=id_field)


def as_row(value: Any, name: str = "items") -> Row:
    """Return `value` if it is an object."""
    if type(value) is not dict:
        raise wrong(name, "a list of objects")
    return cast("Row", value)


def own(asked: Sequence[object], answered: Sequence[object], what: str) -> None:
    """Make sure that an answer is about what was asked; an answer about something else is nobody's business here."""
    if asked != answered:
        raise UnexpectedPayload(f"the answer is about another {what} than was asked for")


def child(row: Row, name: str) -> dict[str, Any]:
    value: dict[str, Any] | None = row.get(name)
    if type(value) is not dict:
        raise wrong(name, "an object")
    return value


def children(row: Row, name: str) -> list[dict[str, Any]]:
    return objects(row.get(name), name)


def text(row: Row, name: str) -> str:
    value = row.get(name)
    if type(value) is not str:
        raise wrong(name, "text")
    return value


def maybe_text(row: Row, name: str) -> str | None:
    value = row.get(name)
    if value is not None and type(value) is not str:
        raise wrong(name, "text or null")
    return value


def words(row: Row, name: str) -> tuple[str, ...]:
    found = row.get(name)
    items: list[str] = [] if found is None else found
    if type(items) is not list or any(type(item) is not str for item in items):
        raise wrong(name, "a list of words")
    return tuple(items)


def ident(row: Row, name: str) -> str:
    """Return an id: text that is not empty."""
    value = row.get(name)
    if type(value) is not str or not value:
        raise wrong(name, "an id")
    return value


def flag(row: Row, name: str) -> bool:
    value = row.get(name)
    if type(value) is not bool:
        raise wrong(name, "true or false")
    return value


def maybe(read: Callable[[Row, str], T], row: Row, name: str) -> T | None:
    """Return what `read` makes of a field; None where it is absent, null or empty text."""
    return None if row.get(name) in (None, "") else read(row, name)


def amount(row: Row, name: str) -> Decimal:
    """Return a number given as JSON number or as decimal text."""
    value = maybe_amount(row, name)
    if value is None:
        raise wrong(name, "a number")
    return value


def maybe_amount(row: Row, name: str) -> Decimal | None:
    value: Any = row.get(name)
    if value is None or value == "":
        return None
    if type(value) is int or isinstance(value, Decimal):
        return Decimal(value)
    try:
        return decimal_from_text(value)
    except InvalidInput:
        raise wrong(name, "a number") from None


def whole(row: Row, name: str) -> int:
    """Return a whole number given as JSON number or as digits; `1.0`, `1e3`, `true` and `1,000` are none."""
    value = maybe_whole(row, name)
    if value is None:
        raise wrong(name, "a whole number")
    return value


def maybe_whole(row: Row, name: str) -> int | None:
    value: Any = row.get(name)
    if value is None or value == "":
        return None
    if type(value) is int:
        return value
    if type(value) is not str or not _WHOLE(value):
        raise wrong(name, "a whole number or null")
    return int(value)


def day(row: Row, name: str) -> date:
    """Return a calendar date written YYYY-MM-DD."""
    value = row.get(name)
    try:
        if type(value) is str and len(value) == 10 and value[7] == "-":
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise wrong(name, "a date such as 2026-01-31")


def when(row: Row, name: str) -> datetime:
    """Return an instant written in ISO 8601 with a zone, as UTC."""
    value = row.get(name)
    try:
        moment = datetime.fromisoformat(value) if type(value) is str else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise wrong(name, "an instant such as 2026-01-31T12:00:00Z")


def word(kind: type[E], value: str | None, unknown: E) -> E:
    """Return the member a descriptive word names, or `unknown`; keep the word itself beside it."""
    try:
        return kind(value or "")
    except ValueError:
        return unknown
