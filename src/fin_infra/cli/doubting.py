"""`fin-infra doubts` and `doubts answer`: what the book asks a person, and what they say.
Floor 8: questions of accounts, transactions and trades; an answer is settled for good."""

from __future__ import annotations

from collections.abc import Sequence

from fin_infra.book import (
    AccountQuestion,
    Book,
    BookAccount,
    BookTrade,
    BookTransaction,
    OpenQuestion,
    TradeQuestion,
    open_book,
)
from fin_infra.book.backup import require
from fin_infra.book.engine import Database, default_url
from fin_infra.cli.output import print_json, say, tell
from fin_infra.cli.tables import print_table
from fin_infra.transport import Sync


def doubts(user: str, tenant: str, *, as_json: bool) -> None:
    """Print what the book asks, accounts first: their answer may settle questions of transactions."""
    book = _book(user, tenant)
    accounts, transactions, trades = book.account_questions(), book.questions(), book.trade_questions()
    if as_json:
        print_json({"accounts": accounts, "transactions": transactions, "trades": trades})
        return
    if not (accounts or transactions or trades):
        tell("The book has no questions.")
        return
    _show_accounts(accounts)
    _show_pairs("Is it one transaction?", [(each, each.transaction, each.other) for each in transactions])
    _show_pairs("Is it one trade?", [(each, each.trade, each.other) for each in trades])
    if any(each.kind == "parts" for each in trades):
        say("What differs by `parts` may be an order and its fills; one answer is the answer to all of them.")
    say("Answer with: fin-infra doubts answer ID OTHER same, or different")


def answer(ids: tuple[int, int], user: str, tenant: str, *, same: bool, as_json: bool) -> None:
    """Answer a question.

    Raises:
        NotRemembered: the book does not ask that.
        InvalidInput: it has the other answer already.
    """
    changes = _book(user, tenant).answer(*ids, same=same)
    if as_json:
        print_json({"changes": changes})
        return
    words = "They are one now." if same else "They stay two."
    say(words if changes else f"{words} It was answered so before; nothing was changed.")


def _show_accounts(found: Sequence[AccountQuestion]) -> None:
    if found:
        rows = [(str(each.id), str(each.other_id), _account(each.account), _account(each.other)) for each in found]
        print_table("Is it one account?", ("id", "other", "this one", "and that one"), rows)


_Row = BookTransaction | BookTrade


def _show_pairs(title: str, found: Sequence[tuple[OpenQuestion | TradeQuestion, _Row, _Row]]) -> None:
    if found:
        rows = [
            (str(asked.id), str(asked.other_id), asked.kind, _shown(one), _shown(other)) for asked, one, other in found
        ]
        print_table(title, ("id", "other", "differs", "this one", "and that one"), rows)


def _account(account: BookAccount) -> str:
    ending = f" ...{account.ending}" if account.ending else ""
    return f"{account.institution}: {account.name}{ending} ({', '.join(account.sources)})"


def _shown(row: _Row) -> str:
    if isinstance(row, BookTransaction):
        return f"{row.date} {row.amount} {row.description}"
    units = "" if row.quantity is None else f"{row.quantity:f}"
    return " ".join(filter(None, (str(row.date), units, row.symbol, str(row.amount or ""), row.description)))


def _book(user: str, tenant: str) -> Book[Sync]:
    require(Database(default_url()))
    return open_book(user=user, tenant=tenant)
