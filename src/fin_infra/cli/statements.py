"""`fin-infra import FILE`.
Floor 8: shows a statement as we read it; account numbers are cut to their last four digits."""

from __future__ import annotations

from pathlib import Path

from fin_infra.cli.output import print_json, print_table, say
from fin_infra.imports.statements import read_statement
from fin_infra.model import Statement

SHOWN = 10


def show(file: Path, *, currency: str | None, as_json: bool) -> None:
    statements = read_statement(file, currency=currency).statements
    if as_json:
        print_json([_plain(statement) for statement in statements])
        return
    for statement in statements:
        account = statement.account
        say(f"Account ending {account.number[-4:]} ({account.type.value}), {len(statement.lines)} transactions")
        for balance in statement.balances:
            say(f"  {balance.kind} balance {balance.amount}" + (f" on {balance.at}" if balance.at else ""))
        for warning in statement.warnings:
            say(f"  note: {warning}")
        newest = sorted(statement.lines, key=lambda line: line.posted, reverse=True)[:SHOWN]
        rows = [(str(line.posted), str(line.amount), line.description) for line in newest]
        if rows:
            print_table(f"Newest {len(rows)} transactions", ("date", "amount", "description"), rows, right=("amount",))


def _plain(statement: Statement) -> dict[str, object]:
    account = statement.account
    return {
        "account": {
            "ending": account.number[-4:],
            "bank_id": account.bank_id,
            "type": account.type.value,
            "currency": account.currency,
        },
        "balances": [
            {"kind": b.kind, "amount": str(b.amount.amount), "currency": b.amount.currency, "at": b.at}
            for b in statement.balances
        ],
        "transactions": [
            {
                "id": line.id,
                "posted": line.posted,
                "amount": str(line.amount.amount),
                "currency": line.amount.currency,
                "description": line.description,
                "memo": line.memo,
                "type": line.type_text,
            }
            for line in statement.lines
        ],
        "positions": len(statement.positions),
        "warnings": list(statement.warnings),
    }
