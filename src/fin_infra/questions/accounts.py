"""Questions about somebody's bank accounts.
Floor 6: an account that could not be asked stands in the list with the reason, and without a balance."""

from __future__ import annotations

from datetime import date
from typing import Any

from fin_infra.arguments import check_order
from fin_infra.errors import FinInfraError
from fin_infra.fanout import source_error
from fin_infra.model import Account, AccountBalance, AccountStatus, Listing, Transaction
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.questions import remembered
from fin_infra.questions.asked import Asked, Source, invoke
from fin_infra.transport import Flow

CLOSED = "the account is closed"


def accounts(asked: Asked) -> Flow[Listing[Account]]:
    book = yield from remembered.book_of(asked, "banking")
    if book is not None:
        return (yield from remembered.accounts(book))
    listed: Listing[Account] = yield from invoke(asked.banking().accounts)
    return listed


def balances(asked: Asked, *, account_id: str | None) -> Flow[Listing[AccountBalance]]:
    book = yield from remembered.book_of(asked, "banking")
    if book is not None:
        return (yield from remembered.balances(book, account_id))
    bank = asked.banking()
    if account_id is not None:
        account = yield from invoke(lambda: bank.account(account_id))
        balance = yield from invoke(lambda: bank.balance(account_id))
        return Listing([AccountBalance(account=account, balance=balance)], balance.meta)
    listed: Listing[Account] = yield from invoke(bank.accounts)
    open_ones = [account for account in listed if account.status is not AccountStatus.CLOSED]
    answers = yield from asked.each([_balance(bank, account.id) for account in open_ones])
    found = dict(zip((account.id for account in open_ones), answers, strict=True))
    rows = [_row(bank.source, account, found.get(account.id)) for account in listed]
    return Listing(rows, listed.meta, listed.errors)


def _balance(bank: BankingProvider[Any], account_id: str) -> Source:
    return Source(provider=bank.source, operation="balance", call=lambda: bank.balance(account_id))


def _row(source: str, account: Account, answer: Any) -> AccountBalance:
    if answer is None:
        return AccountBalance(account=account, balance=None, missing=CLOSED)
    if isinstance(answer, FinInfraError):
        return AccountBalance(account=account, balance=None, missing=source_error(answer, source, "balance").message)
    return AccountBalance(account=account, balance=answer)


def transactions(
    asked: Asked, *, account_id: str, start: date | None, end: date | None, limit: int
) -> Flow[Listing[Transaction]]:
    check_order(start, end)
    book = yield from remembered.book_of(asked, "banking")
    if book is not None:
        return (yield from remembered.transactions(book, account_id, start, end, limit))
    bank = asked.banking()
    return (yield from asked.first(lambda: bank.transactions(account_id, start=start, end=end), limit))
