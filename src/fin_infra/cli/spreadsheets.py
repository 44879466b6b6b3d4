"""An answer as CSV on stdout.
Floor 8: `model/spreadsheets.py` writes it."""

from __future__ import annotations

from typing import Any

from fin_infra.cli.output import say
from fin_infra.model.frames import table_of
from fin_infra.model.spreadsheets import to_csv


def print_csv(answer: Any, model: Any) -> None:
    """Print a row for each record, or the one record; `model` is its class, which an empty list does not tell."""
    say(to_csv(table_of(answer, model)).removesuffix("\n"))
