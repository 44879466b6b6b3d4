"""Rows of a group as one text: a database makes it faster than its driver hands over the rows one by one.
Floor 6: for values without `|` and `,`, such as days, numbers and codes; the order of the rows is made here."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def packed(*parts: Any) -> Any:
    """Return the column `packed`: the parts of each row of a group, which `unpacked` reads."""
    text = parts[0]
    for part in parts[1:]:
        text = text + "|" + part
    return sa.func.aggregate_strings(text, ",").label("packed")


def stored(column: Any) -> Any:
    """Return a column as it stands in the database, as a part of a pack; empty where there is nothing."""
    plain = sa.type_coerce(column, sa.Text())
    return sa.func.coalesce(plain, "") if column.nullable else plain


def unpacked(text: str) -> list[list[str]]:
    """Return the parts of the rows, in the order of their first part."""
    return [each.split("|") for each in sorted(text.split(","))]
