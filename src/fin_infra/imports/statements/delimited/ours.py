"""The CSV file that the book itself writes: its columns, and how its texts are kept from being formulas.
Floor 4: an apostrophe in front, also of what has one of its own, so that taking one off gives the text back."""

from __future__ import annotations

from fin_infra.imports.statements.delimited.layout import Layout
from fin_infra.model.spreadsheets import FORMULA

COLUMNS = (
    "transaction_id",
    "date",
    "amount",
    "currency",
    "status",
    "description",
    "counterparty",
    "category",
    "note",
    "account",
    "account_name",
)
FIRST_LINE = ",".join(COLUMNS)
OURS = Layout(
    name="fin-infra",
    source="src/fin_infra/book/exports/spreadsheet.py",
    header=COLUMNS,
    delimiter=",",
    decimal_mark=".",
    order="ymd",
    date="date",
    amount="amount",
    currency="currency",
    account="account",
    id="transaction_id",
    description=("description",),
    status="status",
    posted=("posted",),
    pending=("pending",),
    exact=True,
)


def escaped(text: str) -> str:
    """Return text as it stands in a cell."""
    return f"'{text}" if text.lstrip().startswith((*FORMULA, "'")) else text
