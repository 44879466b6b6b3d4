"""What is in a statement file, for `fin-infra import`.
Floor 8: shows a statement as we read it, with every doubt; of account numbers at most the last four digits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import cast

from fin_infra.cli.output import say
from fin_infra.cli.tables import print_table
from fin_infra.imports.statements import read_statement
from fin_infra.imports.statements.base import DecimalMark
from fin_infra.model import Money, Statement, StatementAccount, StatementFile, StatementLine, StatementPosition

SHOWN = 10


def read_with(
    file: Path, *, account: str | None, currency: str | None, decimal_mark: str | None, skip_unreadable: bool
) -> StatementFile:
    return read_statement(
        file,
        account=account,
        currency=currency,
        decimal_mark=cast("DecimalMark | None", decimal_mark),  # checked there, with a sentence for people
        skip_unreadable=skip_unreadable,
    )


def show(read: StatementFile) -> None:
    say(f"{read.format.upper()} file in {read.encoding}, {_counted(len(read.statements), 'statement')}")
    for warning in read.warnings:
        say(f"  note: {warning}")
    for statement in read.statements:
        _show(statement)


def _show(statement: Statement) -> None:
    account = statement.account
    bank = f", {account.institution}" if account.institution else ""
    say(f"{account.label.capitalize()} ({account.type.value}{bank}), {_counted(len(statement.lines), 'transaction')}")
    if statement.start or statement.end:
        say(f"  period {statement.start or 'not said'} to {statement.end or 'not said'}")
    for total in _sums(statement.lines):
        say(f"  sum of the transactions {total}")
    for balance in statement.balances:
        say(f"  {balance.kind} balance {balance.amount}" + (f" on {balance.at}" if balance.at else ", no date"))
    for warning in statement.warnings:
        say(f"  note: {warning}")
    newest = sorted(statement.lines, key=lambda line: line.posted, reverse=True)[:SHOWN]
    rows = [(str(line.posted), str(line.amount), line.description) for line in newest]
    if rows:
        print_table(f"Newest {len(rows)} transactions", ("date", "amount", "description"), rows, right=("amount",))
    if statement.positions:
        columns = ("security", "name", "units", "price", "value", "on")
        print_table("Holdings", columns, map(_holding, statement.positions), right=("units", "price", "value"))


def _holding(position: StatementPosition) -> tuple[str, ...]:
    cells = (position.ticker or position.security_id, position.name, position.units, position.unit_price)
    return tuple("" if cell is None else str(cell) for cell in (*cells, position.market_value, position.at))


def _sums(lines: Sequence[StatementLine]) -> list[Money]:
    """Return the sum in each currency."""
    totals: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        totals[line.amount.currency] += line.amount.amount
    return [Money(total, currency) for currency, total in totals.items()]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def plain_file(file: StatementFile) -> dict[str, object]:
    return {
        "format": file.format,
        "encoding": file.encoding,
        "warnings": list(file.warnings),
        "left_out": list(file.left_out),
        "statements": [_plain(statement) for statement in file.statements],
    }


def _plain(statement: Statement) -> dict[str, object]:
    account = statement.account
    return {
        "account": {
            "ending": account.ending,
            "bank_id": account.bank_id,
            "branch_id": account.branch_id,
            "type": account.type.value,
            "type_text": account.type_text,
            "currency": account.currency,
            "institution": account.institution,
            "institution_id": account.institution_id,
        },
        "start": statement.start,
        "end": statement.end,
        "sums": _sums(statement.lines),
        "balances": [{"kind": b.kind, **b.amount.to_dict(), "at": b.at} for b in statement.balances],
        "transactions": [_line(line, account) for line in statement.lines],
        "positions_listed": statement.positions_listed,
        "positions": [_position(position) for position in statement.positions],
        "left_out": list(statement.left_out),
        "warnings": list(statement.warnings),
    }


def _line(line: StatementLine, account: StatementAccount) -> dict[str, object]:
    other = line.counterparty
    return {
        "id": _id(line.id, account),
        "posted": line.posted,
        **line.amount.to_dict(),
        "description": line.description,
        "extended_name": line.extended_name,
        "memo": line.memo,
        "type": line.type_text,
        "check_number": line.check_number,
        "reference_number": line.reference_number,
        "sic": line.sic,
        "occurred": line.occurred,
        "original_currency": line.original_currency,
        "rate": line.rate,
        "corrects": _id(line.corrects, account),
        "counterparty": other and {"ending": other.ending, "bank_id": other.bank_id, "type": other.type_text},
        "offset": line.offset,
    }


def _id(id: str | None, account: StatementAccount) -> str | None:
    """Return the file's own id of a transaction; banks make them of the account's number, which is not shown."""
    return id and id.replace(account.number, f"...{account.ending}")


def _position(position: StatementPosition) -> dict[str, object]:
    return {
        "security_id": position.security_id,
        "id_type": position.id_type,
        "ticker": position.ticker,
        "name": position.name,
        "side": position.side,
        "units": position.units,
        "unit_price": position.unit_price,
        "market_value": position.market_value,
        "at": position.at,
    }
