"""A ledger written in a random dialect of CSV is read back equal, or refused; it is never read as another one."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements import read_statement
from tests.support.effort import effort

Ledger = Sequence[tuple[date, Decimal, str]]


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    mark: str
    group: bool
    day: str
    sign: str
    newest_first: bool
    balance: bool
    encoding: str
    end: str
    order: tuple[int, ...]
    preamble: int
    footer: bool


dialects = st.builds(
    Dialect,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    mark=st.sampled_from([".", ","]),
    group=st.booleans(),
    day=st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d", "%d-%b-%Y", "%d/%m/%y"]),
    sign=st.sampled_from(["printed", "columns", "word", "card"]),
    newest_first=st.booleans(),
    balance=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    end=st.sampled_from(["\n", "\r\n"]),
    order=st.permutations(range(3)).map(tuple),
    preamble=st.integers(0, 3),
    footer=st.booleans(),
)
texts = st.text(st.sampled_from("abcdeXYZ äéß&'\"=+-@;,|"), min_size=1, max_size=20).map(lambda text: f"p{text}q")
amounts = st.integers(-5_000_000, 5_000_000).filter(bool).map(lambda cents: Decimal(cents).scaleb(-2))
ledgers = st.lists(
    st.tuples(st.integers(0, 400).map(lambda days: date(2025, 1, 1) + timedelta(days)), amounts, texts),
    min_size=1,
    max_size=12,
).map(lambda rows: sorted(rows, key=lambda row: row[0]))


def shown(amount: Decimal, dialect: Dialect) -> str:
    plain = f"{amount:,.2f}" if dialect.group else f"{amount:.2f}"
    return plain if dialect.mark == "." else plain.translate(str.maketrans(".,", ",."))


def written(ledger: Ledger, dialect: Dialect) -> bytes:
    """Write the ledger as a bank of this dialect would."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=dialect.delimiter, lineterminator=dialect.end)
    for number in range(dialect.preamble):
        writer.writerow([f"Line {number} of the bank", ""])
    rows: list[list[str]] = []
    balance = Decimal("1000.00")
    for day, amount, text in ledger:
        balance += amount
        if dialect.sign == "columns":
            money = [shown(-amount, dialect) if amount < 0 else "", shown(amount, dialect) if amount > 0 else ""]
        elif dialect.sign == "word":
            money = [shown(abs(amount), dialect), "Debit" if amount < 0 else "Credit"]
        else:
            money = [shown(-amount if dialect.sign == "card" else amount, dialect)]
        core = [[day.strftime(dialect.day)], [text], money]
        row = [cell for place in dialect.order for cell in core[place]]
        rows.append([*row, shown(balance, dialect)] if dialect.balance else row)
    names = {"columns": ["Debit", "Credit"], "word": ["Amount", "Debit/Credit"]}.get(dialect.sign, ["Amount"])
    header = [name for place in dialect.order for name in ([["Date"], ["Description"], names][place])]
    writer.writerow([*header, "Balance"] if dialect.balance else header)
    writer.writerows(rows[::-1] if dialect.newest_first else rows)
    if dialect.footer:
        writer.writerow(["Total of the period"])
    return out.getvalue().encode(dialect.encoding)


@settings(max_examples=effort(300))
@given(ledgers, dialects)
def test_ledger_when_written_in_any_dialect_then_it_is_read_back_equal_or_refused(
    ledger: Ledger, dialect: Dialect
) -> None:
    if dialect.sign == "card" and not dialect.balance:
        ledger = [*ledger, (date(2026, 12, 31), Decimal("77.00"), "PAYMENT RECEIVED THANK YOU")]
    elif dialect.sign == "card":
        return  # the balance of a card means what is owed at some banks and what is there at others
    expected = [(day, amount, " ".join(text.split())) for day, amount, text in ledger]
    try:
        file = read_statement(written(ledger, dialect), account="1", currency="EUR")
    except StatementUnreadable as error:
        refusable(error.reason, ledger, dialect)
        return
    (statement,) = file.statements
    lines = statement.lines[::-1] if dialect.newest_first else statement.lines
    assert [(line.posted, line.amount.amount, line.description) for line in lines] == expected
    if dialect.balance and len(ledger) > 1:
        opening, closing = statement.balance("opening"), statement.balance("ledger")
        assert opening is not None
        assert closing is not None
        assert opening.amount.amount == Decimal("1000.00")
        assert closing.amount.amount == Decimal("1000.00") + sum(amount for _, amount, _ in ledger)


def refusable(reason: str, ledger: Ledger, dialect: Dialect) -> None:
    """Fail for a refusal that the file gives no reason for."""
    if "no day of the file tells" in reason:
        assert "/" in dialect.day
        assert all(day.day <= 12 for day, _, _ in ledger)
    elif "All amounts are positive" in reason:
        assert dialect.sign in ("printed", "card")
        assert all(amount > 0 for _, amount, _ in ledger) or dialect.sign == "card"
    elif "All amounts are negative" in reason:
        assert dialect.sign == "card"
        assert all(amount > 0 for _, amount, _ in ledger)
    else:
        raise AssertionError(f"{reason} for {dialect}")
