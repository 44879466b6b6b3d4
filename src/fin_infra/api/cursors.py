"""Cursors of the API's pages: where the last row stands in the order of the list, and which row of that place it is.
Floor 7: a cursor needs no earlier page, and what a client made up is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, TypeVar

from fastapi import Query

from fin_infra.api import moments
from fin_infra.errors import InvalidInput

T = TypeVar("T")
_TEXT = "`next` of the page before"

DayCursor = Annotated[
    str | None,
    Query(max_length=200, description=_TEXT, json_schema_extra={"pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}~.+$"}),
]
"""A parameter that holds a cursor by days. The pattern is for readers of the OpenAPI document; our sentence answers."""
InstantCursor = Annotated[
    str | None,
    Query(max_length=200, description=_TEXT, json_schema_extra={"pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt].+~.+$"}),
]
"""A parameter that holds a cursor by instants."""


def write_cursor(at: date, row_id: str) -> str:
    """Return the cursor of the page after the row `row_id`, which stands at a day or an instant."""
    return f"{at.isoformat()}~{row_id}"


def read_day_cursor(cursor: str) -> tuple[date, str]:
    """Return the day after the row's, where a half-open window ends, and the id; raise InvalidInput otherwise."""
    return _read(cursor, _day_after)


def read_instant_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the instant, aware, and the row's id; raise InvalidInput for what is not a cursor."""
    return _read(cursor, _instant)


def _read(cursor: str, parse: Callable[[str], T]) -> tuple[T, str]:
    at, _, row_id = cursor.partition("~")
    try:
        if row_id:
            return parse(at), row_id
    except (ValueError, OverflowError):
        pass
    raise InvalidInput("Unknown cursor; use the `next` of a page, or leave it out.")


def _day_after(text: str) -> date:
    return moments.day(text) + timedelta(days=1)


def _instant(text: str) -> datetime:
    return moments.instant(text.replace(" ", "+"))  # a client may leave the plus of the zone unescaped
