"""Balances and holdings of statement files as items of the net worth.
Floor 8: files are read once, at start; one that cannot be read stops the start."""

from __future__ import annotations

import os

from fin_infra.imports.statements import read_entry
from fin_infra.model import AccountType, Money, Statement
from fin_infra.model.networth import WorthItem, WorthKind


def load_statements(paths: str) -> list[WorthItem]:
    """Return the items of every statement in the files of a PATH-like list, each entry as `read_entry` takes it.

    Raises:
        StatementUnreadable: a file cannot be read as a statement.
        InvalidInput: an entry gives an option that does not exist.
    """
    items: list[WorthItem] = []
    for path in filter(None, paths.split(os.pathsep)):
        file = read_entry(path)
        for statement in file.statements:
            items += _items(statement, f"statement:{file.format}")
    return items


def _items(statement: Statement, source: str) -> list[WorthItem]:
    name = statement.account.label
    if statement.account.type is not AccountType.INVESTMENT:
        return [_item(name, source, *_ledger(statement))]
    cash = statement.balance("available")
    items = [_item(f"{name} cash", source, cash.amount if cash else None, "the file gives no cash balance")]
    for position in statement.positions:
        what = f"{name} {position.ticker or position.security_id}"
        items.append(_item(what, source, position.market_value, "the file gives no market value"))
    return items


def _ledger(statement: Statement) -> tuple[Money | None, str]:
    """Return the ledger balance, or why there is none that can be counted."""
    ledger = statement.balance("ledger")
    if ledger is None:
        return None, "the file gives no ledger balance"
    if statement.account.type is AccountType.CREDIT and ledger.amount.amount > 0:
        return None, "some banks print money owed on a card as positive, others money in your favor"
    return ledger.amount, ""


def _item(name: str, source: str, amount: Money | None, missing: str) -> WorthItem:
    return WorthItem(
        kind=WorthKind.STATEMENT, id=name, source=source, amount=amount, missing=missing if amount is None else None
    )
