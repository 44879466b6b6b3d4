"""Balances and holdings of statement files as items of the net worth.
Floor 7: files are read once, at start; one that cannot be read stops the start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from fin_infra.errors import ConfigurationError
from fin_infra.imports.statements import read_statement
from fin_infra.model import AccountType, Money, Statement, StatementFile
from fin_infra.model.networth import WorthItem, WorthKind

OPTIONS = ("account", "currency", "decimal_mark", "skip_unreadable")


def load_statements(paths: str) -> list[WorthItem]:
    """Return the items of every statement in the files of a PATH-like list, each entry as `read_entry` takes it.

    Raises:
        StatementUnreadable: a file cannot be read as a statement.
        ConfigurationError: an entry gives an option that does not exist.
    """
    items: list[WorthItem] = []
    for path in filter(None, paths.split(os.pathsep)):
        file = read_entry(path)
        for statement in file.statements:
            items += _items(statement, f"statement:{file.format}")
    return items


def read_entry(entry: str) -> StatementFile:
    """Read one entry of the list: a path, or a path with what the file does not say, `cash.ofx?currency=MXN&account=7`.

    The options are those of `read_statement`: account, currency, decimal_mark, skip_unreadable (`1`).
    """
    path, mark, query = entry.rpartition("?")
    if not mark or Path(entry).is_file():
        return read_statement(entry)
    options: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [name for name in options if name not in OPTIONS]
    if unknown or not options:
        raise ConfigurationError(
            f"FIN_INFRA_STATEMENTS gives {Path(path).name!r} the option {(unknown or [query])[0]!r}, "
            f"which does not exist; the options are {', '.join(OPTIONS)}."
        )
    if "skip_unreadable" in options:
        options["skip_unreadable"] = options["skip_unreadable"].lower() in ("1", "true", "yes", "on", "")
    return read_statement(path, **options)


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
        return None, "some banks print money owed on a card as positive, others money in your favour"
    return ledger.amount, ""


def _item(name: str, source: str, amount: Money | None, missing: str) -> WorthItem:
    return WorthItem(
        kind=WorthKind.STATEMENT, id=name, source=source, amount=amount, missing=missing if amount is None else None
    )
