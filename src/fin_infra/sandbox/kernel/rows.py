"""Spoil one row of a list, for clients that must cope with a partial answer.
Floor 8: what a list is called is the vendor's; what has no rows stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, cast

from fin_infra.sandbox.kernel.reply import json_reply

BAD_ROW = "the real list with a first row that cannot be read: all but what identifies it is of the wrong shape"
NAMES = frozenset({"id", "guid", "brokerage_order_id", "symbol", "date"})
"""What identifies a row, where it is text."""
WRONG = ["not", "as", "documented"]


def spoil(body: bytes, names: Sequence[str] = (), kept: Collection[str] = NAMES) -> bytes:
    """Return a list answer, bare or under one of `names`, whose first row cannot be read; another answer as it is.

    A name such as `liabilities.credit` is that of a list inside an object.

    What of the row is in `kept` and text stays, so that the row is known by it.
    """
    try:
        answer: Any = json.loads(body)
    except ValueError:
        return body
    holder = cast("dict[str, Any]", answer) if type(answer) is dict else {"": answer}
    rows = next((found for name in ("", *names) if (found := _list_at(holder, name)) is not None), None)
    if not rows:
        return body
    rows[0] = _spoiled(rows[0], kept)
    return bytes(json_reply(answer).body)  # pyright: ignore[reportUnknownArgumentType]  # JSON


def _list_at(holder: dict[str, Any], name: str) -> list[Any] | None:
    found: Any = holder
    for part in name.split("."):
        found = cast("dict[str, Any]", found).get(part) if type(found) is dict else None
    return found if isinstance(found, list) else None  # pyright: ignore[reportUnknownVariableType]  # JSON


def _spoiled(row: Any, kept: Collection[str]) -> Any:
    if type(row) is not dict:
        return WRONG
    fields = cast("dict[str, Any]", row)
    return {name: value if name in kept and isinstance(value, str) else WRONG for name, value in fields.items()}
