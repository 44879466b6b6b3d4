"""What is in a statement file, for `fin-infra import`.
Floor 8: shows a statement as we read it, with every doubt; of account numbers at most the last four digits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from fin_infra.cli.output import say
from fin_infra.cli.tables import print_table
from fin_infra.model import (
    Money,
    Statement,
    StatementAccount,
    StatementFile,
    StatementLine,
    StatementPosition,
    StatementTrade,
)

SHOWN = 10


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
    if statement.pending:
        say(f"  {_counted(len(statement.pending), 'pending transaction')}, announced and not posted")
    newest = sorted(statement.lines, key=lambda line: line.posted, reverse=True)[:SHOWN]
    rows = [(str(line.posted), str(line.amount), line.description) for line in newest]
    if rows:
        print_table(f"Newest {len(rows)} transactions", ("date", "amount", "description"), rows, right=("amount",))
    if statement.trades:
        named = ("date", "what", "security", "units", "amount")
        newest_trades = sorted(statement.trades, key=lambda trade: trade.day, reverse=True)[:SHOWN]
        title = f"Newest {len(newest_trades)} of {_counted(len(statement.trades), 'trade')}"
        print_table(title, named, map(_trade, newest_trades), right=("units", "amount"))
    if statement.positions:
        columns = ("security", "name", "units", "price", "value", "on")
        print_table("Holdings", columns, map(_holding, statement.positions), right=("units", "price", "value"))


def _trade(trade: StatementTrade) -> tuple[str, ...]:
    what = trade.ticker or trade.name or trade.security_id
    return tuple(
        "" if cell is None else str(cell) for cell in (trade.day, trade.type_text, what, trade.units, trade.amount)
    )


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
        "pending": [_line(line, account) for line in statement.pending],
        "trades": [trade.to_dict() for trade in statement.trades],
        "difference": statement.difference,
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
        "place": line.place,
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
