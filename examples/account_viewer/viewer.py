"""A page with accounts, balances and what was spent: `uvicorn viewer:app --app-dir examples/account_viewer`."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from html import escape

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from fin_infra.banking import easy_banking
from fin_infra.errors import FinInfraError, NotFound
from fin_infra.model import Account, Balance, Money, Transaction

app = FastAPI(title="Account viewer")


@app.get("/accounts/{account_id}/balance")
async def balance(account_id: str) -> Balance:
    return await easy_banking(mode="async").balance(account_id)


@app.get("/", response_class=HTMLResponse)
async def overview() -> str:
    bank = easy_banking(mode="async")
    rows = [await _row(account) for account in await bank.accounts()]
    return _page("Accounts", "".join(rows))


@app.get("/spent/{account_id}", response_class=HTMLResponse)
async def spent(account_id: str, start: date, end: date) -> str:
    bank = easy_banking(mode="async")
    try:
        found = [each async for each in bank.transactions(account_id, start=start, end=end)]
    except NotFound:
        return _page("There is no such account", "")
    rows = [f"<tr><td>{escape(name)}</td><td>{amount:,.2f}</td></tr>" for name, amount in _by_payee(found)]
    return _page(f"Spent from {start} to before {end}", "".join(rows))


async def _row(account: Account) -> str:
    try:
        current = (await easy_banking(mode="async").balance(account.id)).current
        shown = "the bank gives no balance" if current is None else f"{current:,.2f}"
    except FinInfraError as exc:  # one account that cannot be read hides no other
        shown = exc.for_caller()
    return f"<tr><td>{escape(account.name)}</td><td>{escape(shown)}</td></tr>"


def _by_payee(transactions: list[Transaction]) -> list[tuple[str, Money]]:
    """Return what went out, by payee, the most first; money in is positive."""
    currency = transactions[0].amount.currency if transactions else "USD"
    sums: dict[str, Money] = defaultdict(lambda: Money.zero(currency))
    for each in transactions:
        if each.amount.amount < 0:
            sums[each.counterparty or each.description] -= each.amount
    return sorted(sums.items(), key=lambda item: item[1], reverse=True)


def _page(title: str, rows: str) -> str:
    return f"<!doctype html><title>{escape(title)}</title><h1>{escape(title)}</h1><table>{rows}</table>"
