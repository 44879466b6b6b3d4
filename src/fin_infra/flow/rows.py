"""A vendor's list, row by row: what cannot be read is named, and hides no other.
Floor 2: an entry has place, id and reason of a row, and never its content."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

from fin_infra.errors import FinInfraError
from fin_infra.model import Listing, RowError

T = TypeVar("T")


def read_rows(items: Iterable[Any], name: str, read: Callable[[Any], T], *, id_field: str = "id") -> Listing[T]:
    """Return what `read` makes of each row of the list `name`, in their order.

    A row for which it raises one of our errors is named in `errors` of the listing.
    """
    found: Listing[T] = Listing()
    errors: list[RowError] = []
    for at, row in enumerate(items):
        try:
            found.append(read(row))
        except FinInfraError as exc:
            errors.append(row_error(name, at, row, exc, id_field))
    found.errors = tuple(errors)
    return found


def row_error(name: str, at: int, row: Any, exc: FinInfraError, id_field: str = "id") -> RowError:
    """Return the entry for row number `at`, with its id where it has one."""
    ident = cast("Mapping[str, Any]", row).get(id_field) if type(row) is dict else None
    return RowError(place=f"{name}[{at}]", reason=str(exc), id=ident if type(ident) is str and ident else None)
