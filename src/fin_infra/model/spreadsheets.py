"""Records as CSV: the columns of `to_frame`, exact, and safe to open in a spreadsheet.
Floor 0: text that a spreadsheet would take for a formula is written as text."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from io import StringIO
from typing import Any, cast

from fin_infra.model.frames import Filled, Holds

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, some in their wide forms too: https://owasp.org/www-community/attacks/CSV_Injection"""


def to_csv(columns: Sequence[Filled], *, header: bool = True) -> str:
    """Return the columns as RFC 4180 writes them, with the line ends of a pipe; what is None is empty."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    if header:
        writer.writerow([one.column.name for one in columns])
    is_text = [one.column.holds in (Holds.TEXT, Holds.WORDS, Holds.JSON) for one in columns]
    for row in zip(*(one.values for one in columns), strict=True):
        writer.writerow([_cell(value, text) for value, text in zip(row, is_text, strict=True)])
    return written.getvalue()


def _cell(value: Any, is_text: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (date, time)):
        return value.isoformat()
    written = ", ".join(cast("list[str]", value)) if isinstance(value, list) else str(value)
    return f"'{written}" if is_text and written.startswith(FORMULA) else written
