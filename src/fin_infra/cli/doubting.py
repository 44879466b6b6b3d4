"""`fin-infra doubts` and `doubts answer`: what the book asks a person, and what they say.
Floor 8: both kinds of question, of accounts and of transactions; an answer is settled for good."""

from __future__ import annotations

from collections.abc import Sequence

from fin_infra.book import AccountQuestion, Book, BookAccount, BookTransaction, OpenQuestion, open_book
from fin_infra.book.backup import require
from fin_infra.book.engine import Database, default_url
from fin_infra.cli.output import print_json, say, tell
from fin_infra.cli.tables import print_table
from fin_infra.transport import Sync


def doubts(user: str, tenant: str, *, as_json: bool) -> None:
    """Print what the book asks, accounts first: their answer may settle questions of transactions."""
    book = _book(user, tenant)
    accounts, transactions = book.account_questions(), book.questions()
    if as_json:
        print_json({"accounts": accounts, "transactions": transactions})
        return
    if not accounts and not transactions:
        tell("The book has no questions.")
        return
    _show_accounts(accounts)
    _show_transactions(transactions)
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


def _show_transactions(found: Sequence[OpenQuestion]) -> None:
    if found:
        rows = [
            (str(each.id), str(each.other_id), each.kind, _transaction(each.transaction), _transaction(each.other))
            for each in found
        ]
        print_table("Is it one transaction?", ("id", "other", "differs", "this one", "and that one"), rows)


def _account(account: BookAccount) -> str:
    ending = f" ...{account.ending}" if account.ending else ""
    return f"{account.institution}: {account.name}{ending} ({', '.join(account.sources)})"


def _transaction(row: BookTransaction) -> str:
    return f"{row.date} {row.amount} {row.description}"


def _book(user: str, tenant: str) -> Book[Sync]:
    require(Database(default_url()))
    return open_book(user=user, tenant=tenant)
