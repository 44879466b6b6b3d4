"""Known banks: each table reads the file that its public source shows, with values worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.delimited import format as form
from fin_infra.imports.statements.delimited.banks import BANKS
from fin_infra.imports.statements.delimited.layout import Layout
from fin_infra.imports.statements.delimited.table import read_table
from fin_infra.imports.statements.text import decode
from fin_infra.model import Money
from tests.imports.statements.delimited.samples import SAMPLES, Sample


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.layout)
def test_file_of_a_known_bank_when_read_then_every_value_is_the_files(sample: Sample) -> None:
    data = sample.text.encode(sample.encoding)
    (statement,) = read_statement(data, account="4711", currency="EUR").statements
    line = statement.lines[0]
    assert (line.posted, line.amount.amount, line.description) == (
        date.fromisoformat(sample.first[0]),
        Decimal(sample.first[1]),
        sample.first[2],
    )
    assert (len(statement.lines), len(statement.pending)) == (sample.count, sample.pending)
    assert {each.amount.currency for each in statement.lines} == {sample.currency}
    assert (statement.account.number, statement.account.currency) == (sample.account, sample.currency)
    assert statement.difference is None
    for kind, amount in (("opening", sample.opening), ("ledger", sample.closing)):
        balance = statement.balance(kind)
        assert (balance and balance.amount.amount) == (None if amount is None else Decimal(amount)), kind
    assert not any("known bank" in each for each in statement.warnings), "read by a guess"
    for each in statement.lines:
        assert data[each.offset : each.offset + 4] in sample.text.encode(sample.encoding)
        assert data[: each.offset].endswith((b"\n", b"\xef\xbb\xbf")) or each.offset == 0


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.layout)
def test_file_of_a_known_bank_when_read_then_its_own_layout_is_chosen(sample: Sample) -> None:
    source = decode(sample.text.encode(sample.encoding))
    _, found = form._known(source, BANKS)  # pyright: ignore[reportPrivateUsage]
    assert found is not None
    assert found.layout.name == sample.layout


@pytest.mark.parametrize("layout", BANKS, ids=lambda layout: layout.name)
def test_layout_when_checked_then_it_names_its_source_and_stands_for_itself(layout: Layout) -> None:
    assert layout.checked() is layout
    assert "github.com/" in layout.source or "http" in layout.source
    assert Layout.from_dict(layout.to_dict()) == layout


@pytest.mark.parametrize("layout", [each for each in BANKS if each.header], ids=lambda layout: layout.name)
def test_column_names_of_a_bank_when_they_stand_alone_then_no_other_bank_takes_them(layout: Layout) -> None:
    delimiter = layout.delimiter or ","
    text = delimiter.join(layout.header) + "\n"
    found = form.match(read_table(decode(text.encode()), delimiter), BANKS)
    assert found is not None
    assert found.layout.name == layout.name


def test_banks_when_counted_then_there_are_at_least_twenty_with_a_sample_of_their_own() -> None:
    assert len({sample.layout for sample in SAMPLES}) >= 20
    assert {sample.layout for sample in SAMPLES} <= {layout.name for layout in BANKS}
    assert len({layout.name for layout in BANKS}) == len(BANKS)


def test_card_of_chase_when_it_has_no_memo_column_then_its_rows_have_none() -> None:
    """Files of before Chase added the column, which is the last one."""
    header = "Transaction Date,Post Date,Description,Category,Type,Amount"
    row = "01/12/2026,01/13/2026,CORNER SHOP,Groceries,Sale,-4.50"
    [statement] = read_statement(f"{header}\n{row}\n".encode(), account="4711").statements
    [line] = statement.lines
    assert (line.description, line.amount, line.memo) == ("CORNER SHOP", Money(Decimal("-4.50"), "USD"), None)
