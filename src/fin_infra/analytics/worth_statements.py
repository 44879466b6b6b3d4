"""Statement files as records of a net worth: balances, holdings, money owed, and what the file does not give.
Floor 5: a sign that banks do not agree on is missing, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fin_infra.analytics.worth_views import View, moment_of, summed
from fin_infra.model import (
    AccountType,
    Money,
    Statement,
    StatementBalance,
    StatementFile,
    StatementPosition,
    WorthItem,
    WorthKind,
)

_MAY_BE_OWED = (AccountType.LOAN, AccountType.UNKNOWN)
_NAMES = {"available": "cash"}


def file_views(file: StatementFile) -> list[View]:
    """Return a view of each statement, and one of what the file speaks of outside them."""
    source = f"statement:{file.format}"
    labels = dict.fromkeys(statement.account.label for statement in file.statements)
    name = f"file with {', '.join(labels)}" if labels else "file without statements"
    gaps = tuple(
        WorthItem(
            kind=WorthKind.STATEMENT, id=name, source=source, amount=None, missing=text, reading_of=f"{name} {text}"
        )
        for text in file.left_out
    )
    own = View(gaps=gaps, doubts=_doubts(name, file.warnings, file.left_out))
    return [*(statement_view(statement, source) for statement in file.statements), own]


def statement_view(statement: Statement, source: str = "statement") -> View:
    """Return what a statement says: its ledger balance, or cash, margin debt and holdings of an investment account."""
    reader = _Reader(statement, source)
    invested = statement.account.type is AccountType.INVESTMENT
    items, gaps = reader.invested() if invested else (reader.banked(), [])
    ledger = statement.balance("ledger")
    day = reader.day if invested or ledger is None else ledger.at or statement.end
    return View(
        items=summed(items),
        gaps=(*gaps, *(reader.gap(text, text) for text in statement.left_out)),
        account=reader.account,
        moment=moment_of(day),
        whole=statement.positions_listed if invested else ledger is not None,
        doubts=_doubts(statement.account.label, statement.warnings, statement.left_out),
    )


def _doubts(name: str, warnings: Sequence[str], left_out: Sequence[str]) -> tuple[str, ...]:
    """Return what is only doubtful: money that was not read is missing instead."""
    return tuple(f"{name}: {text}" for text in warnings if text not in left_out)


class _Reader:
    """Makes items of one statement."""

    def __init__(self, statement: Statement, source: str) -> None:
        self.statement = statement
        self.source = source
        self.account = " ".join(statement.account.identity)
        self.day = day_of(statement)

    def item(self, what: str, amount: Money | None, at: date | None, missing: str, thing: str = "") -> WorthItem:
        """Return an item; `thing` is what tells it from others of the account, where `what` only names it."""
        account = self.statement.account
        if amount is not None and at is None:
            amount, missing = None, "the file does not say which day the amount is for"
        return WorthItem(
            kind=WorthKind.STATEMENT,
            id=f"{account.label} {what}".strip(),
            source=self.source,
            amount=amount,
            missing=missing if amount is None else None,
            at=at,
            reading_of=f"{self.account} {thing or what}",
            institution=account.institution,
            ending=account.ending or None,
            account=self.account,
            statement=account,
        )

    def gap(self, thing: str, missing: str, what: str = "") -> WorthItem:
        return self.item(what, None, self.day, missing, thing)

    def banked(self) -> list[WorthItem]:
        ledger = self.statement.balance("ledger")
        if ledger is None:
            return [self.item("", None, None, _lacks(self.statement, "ledger"))]
        return [self.item("", *ledger_worth(self.statement, ledger))]

    def invested(self) -> tuple[list[WorthItem], list[WorthItem]]:
        statement, gaps = self.statement, list[WorthItem]()
        items = [self.item("cash", *_cash(statement))]
        margin = statement.balance("margin")
        if margin is not None and margin.amount.amount:
            items.append(self.item("margin", *_margin(statement, margin)))
        elif margin is None and _has(statement, "margin"):
            items.append(self.item("margin", None, None, _lacks(statement, "margin")))
        items += map(self.position, statement.positions)
        if not statement.positions_listed:
            gaps.append(self.gap("holdings", "the file does not list the holdings", "holdings"))
        elif _owes_unlisted_shorts(statement):
            gaps.append(self.gap("short", "the file gives a short balance and lists no short position", "short"))
        return items, gaps

    def position(self, position: StatementPosition) -> WorthItem:
        side = position.side or ""
        return self.item(
            f"{position.ticker or position.security_id} {side}".strip(),
            position.market_value,
            position.at or self.statement.end,
            "the file gives no market value",
            f"{position.id_type} {position.security_id} {side}",
        )


def day_of(statement: Statement) -> date | None:
    """Return the latest day that a statement speaks of."""
    balances = [balance.at for balance in statement.balances]
    positions = [position.at for position in statement.positions]
    return max((day for day in (statement.end, *balances, *positions) if day), default=None)


def _has(statement: Statement, kind: str) -> bool:
    return any(balance.kind == kind for balance in statement.balances)


def _owes_unlisted_shorts(statement: Statement) -> bool:
    """Tell whether a sum of shorts is printed, or two that differ, and none of them is in the list."""
    short = statement.balance("short")
    owed = bool(short.amount.amount) if short else _has(statement, "short")
    return owed and all(position.side != "SHORT" for position in statement.positions)


def _lacks(statement: Statement, kind: str) -> str:
    """Say why a kind of balance is missing: the file has none, or several that contradict each other."""
    name = _NAMES.get(kind, kind)
    if _has(statement, kind):
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


def cash_worth(statement: Statement) -> tuple[Money | None, date | None, str]:
    """Return the cash of an investment account less its margin debt, and its day, or why it cannot be counted."""
    cash, day, missing = _cash(statement)
    margin = statement.balance("margin")
    if cash is None or (margin is None and not _has(statement, "margin")):
        return cash, day, missing
    if margin is None or margin.amount.currency != cash.currency:
        return None, day, _lacks(statement, "margin")
    owed, _, missing = _margin(statement, margin)
    return (None if owed is None else cash + owed), day, missing


def ledger_worth(statement: Statement, ledger: StatementBalance) -> tuple[Money | None, date | None, str]:
    """Return the ledger balance and its day, or why it cannot be counted."""
    day = ledger.at or statement.end
    if statement.account.type is AccountType.CREDIT and ledger.amount.amount > 0:
        return None, day, "some banks print money owed on a card as positive, others money in your favor"
    if statement.account.type in _MAY_BE_OWED and ledger.amount.amount > 0:
        kind = statement.account.type_text or "unknown"
        return None, day, f"an account of kind {kind} may be a loan, whose balance some banks print as positive"
    return ledger.amount, day, ""
