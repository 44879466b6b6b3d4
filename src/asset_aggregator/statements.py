"""Balances and holdings of statement files as items of the net worth.
Floor 8: files are read once, at start; one that cannot be read stops the start."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import date

from fin_infra.imports.statements import read_entry
from fin_infra.model import AccountType, Money, Statement, StatementBalance
from fin_infra.model.networth import WorthItem, WorthKind

logger = logging.getLogger(__name__)


def load_statements(paths: str) -> list[WorthItem]:
    """Return the items of every statement in the files of a PATH-like list, each entry as `read_entry` takes it.

    Raises:
        StatementUnreadable: a file cannot be read as a statement.
        InvalidInput: an entry gives an option that does not exist.
    """
    items: list[WorthItem] = []
    for number, path in enumerate(filter(None, paths.split(os.pathsep)), start=1):
        file = read_entry(path)
        source = f"statement:{file.format}"
        for statement in file.statements:
            items += _items(statement, source)
            items += [_gap(f"file {number}", source, text) for text in statement.left_out]
            _log(number, statement.warnings)
        items += [_gap(f"file {number}", source, text) for text in file.left_out]
        _log(number, file.warnings)
    return items


def _log(number: int, warnings: Sequence[str]) -> None:
    """Tell the operator what is doubtful in a file, once; values in it are blotted out already."""
    for warning in warnings:
        logger.warning("statement file %d: %s", number, warning)


def _items(statement: Statement, source: str) -> list[WorthItem]:
    def item(what: str, amount: Money | None, at: date | None, missing: str) -> WorthItem:
        if amount is not None and at is None:
            amount, missing = None, "the file does not say which day the amount is for"
        return WorthItem(
            kind=WorthKind.STATEMENT,
            id=f"{statement.account.label} {what}".strip(),
            source=source,
            amount=amount,
            missing=missing if amount is None else None,
            at=at,
            reading_of=" ".join((*statement.account.identity, what)),
            institution=statement.account.institution,
            ending=statement.account.ending or None,
            account=" ".join(statement.account.identity),
            statement=statement.account,
            listed=_day(statement) if statement.positions_listed else None,
        )

    if statement.account.type is not AccountType.INVESTMENT:
        ledger = statement.balance("ledger")
        return (
            [item("", *_ledger(statement, ledger))] if ledger else [item("", None, None, _lacks(statement, "ledger"))]
        )
    items = [item("cash", *_cash(statement))]
    margin = statement.balance("margin")
    if margin is None and any(balance.kind == "margin" for balance in statement.balances):
        items.append(item("margin", None, None, _lacks(statement, "margin")))
    elif margin is not None and margin.amount.amount:
        items.append(item("margin", *_margin(statement, margin)))
    for position in statement.positions:
        at = position.at or statement.end
        what = f"{position.ticker or position.security_id} {position.side or ''}".strip()
        items.append(item(what, position.market_value, at, "the file gives no market value"))
    if not statement.positions_listed:
        items.append(item("holdings", None, statement.end, "the file does not list the holdings"))
    return items


def _day(statement: Statement) -> date | None:
    """Return the latest day that a statement speaks of."""
    balances = [balance.at for balance in statement.balances]
    positions = [position.at for position in statement.positions]
    return max((day for day in (statement.end, *balances, *positions) if day), default=None)


_MAY_BE_OWED = (AccountType.LOAN, AccountType.UNKNOWN)
_NAMES = {"available": "cash"}


def _lacks(statement: Statement, kind: str) -> str:
    """Say why a kind of balance is missing: the file has none, or several that contradict each other."""
    name = _NAMES.get(kind, kind)
    if any(balance.kind == kind for balance in statement.balances):
        return f"the file gives different {name} balances for the same day"
    return f"the file gives no {name} balance"


def _cash(statement: Statement) -> tuple[Money | None, date | None, str]:
    balance = statement.balance("available")
    return (
        (balance.amount, balance.at or statement.end, "") if balance else (None, None, _lacks(statement, "available"))
    )


def _margin(statement: Statement, margin: StatementBalance) -> tuple[Money | None, date | None, str]:
    """Return what is owed on margin: negative by the format, so a positive one is not guessed to be either."""
    day = margin.at or statement.end
    if margin.amount.amount > 0:
        return None, day, "some brokers print money owed on margin as positive"
    return margin.amount, day, ""


def _ledger(statement: Statement, ledger: StatementBalance) -> tuple[Money | None, date | None, str]:
    """Return the ledger balance and its day, or why it cannot be counted."""
    day = ledger.at or statement.end
    if statement.account.type is AccountType.CREDIT and ledger.amount.amount > 0:
        return None, day, "some banks print money owed on a card as positive, others money in your favor"
    if statement.account.type in _MAY_BE_OWED and ledger.amount.amount > 0:
        kind = statement.account.type_text or "unknown"
        return None, day, f"an account of kind {kind} may be a loan, whose balance some banks print as positive"
    return ledger.amount, day, ""


def _gap(name: str, source: str, missing: str) -> WorthItem:
    return WorthItem(kind=WorthKind.STATEMENT, id=name, source=source, amount=None, missing=missing)
