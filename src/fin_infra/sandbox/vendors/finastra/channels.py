"""Imitate Finastra's accounts and balances for channels (corporate/channels/accounts/me/v1).
Floor 8: amounts are text with commas, and `offset` counts rows although `_meta` speaks of pages, as at the vendor.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.vendors.finastra.accounts import ALL_CONTEXTS, ChannelAccount, Movement, accounts
from fin_infra.sandbox.vendors.finastra.replies import MAX_PAGE, MINOR_UNITS, Query, Refused, grouped, problem
from fin_infra.sandbox.world.prices import MATH

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.finastra.vendor import Finastra

Row = dict[str, object]

BALANCE_TYPES = ("CURRENT", "DEPOSIT", "SAVINGS", "LOAN", "TERMDEPOSIT", "CREDITCARD", "OTHER")


def listing(vendor: Finastra, realm: str, request: Request) -> Response:
    """Answer the accounts that can be used in a context; an inactive one can only be viewed."""
    query = Query(request)
    context = query.word("accountContext", ALL_CONTEXTS)
    paging = _paging(query)
    query.check()
    held = [row for row in accounts(vendor.world.seed, realm) if context in row.plan.contexts]
    return _page([{**_account(row), "accountContext": context} for row in held], paging)


def one(vendor: Finastra, realm: str, request: Request) -> Response:
    """Answer an account's details; what an account does not have is absent."""
    account = _wanted(vendor, realm, request)
    plan = account.plan
    optional: Row = {
        "country": plan.country,
        "cutomerReference": f"CUST-{account.number[-4:]}" if plan.reference else None,  # the vendor's own spelling
        "interestRate": plan.interest_rate,
        "overDraftLimit": grouped(plan.overdraft, plan.currency) if plan.overdraft else None,
    }
    fixed: Row = {"format": plan.format, "status": "ACTIVE" if plan.active else "INACTIVE"}
    return json_reply(_account(account) | fixed | _present(optional))


def balances(vendor: Finastra, realm: str, request: Request) -> Response:
    """Answer one account's balances."""
    return json_reply(_balances(vendor, _wanted(vendor, realm, request)))


def balances_by_type(vendor: Finastra, realm: str, request: Request) -> Response:
    """Answer the balances of all accounts of a type, converted too when an equivalent currency is asked for."""
    query = Query(request)
    kind = query.word("accountTypeForBalance", BALANCE_TYPES)
    equivalent = query.word("equivalentCurrency", tuple(MINOR_UNITS)[:5], required=False)  # those with a euro rate
    paging = _paging(query)
    query.check()
    held = [row for row in accounts(vendor.world.seed, realm) if row.plan.type == kind]
    return _page([_balances(vendor, row) | _converted(vendor, row, equivalent) for row in held], paging)


def statement(vendor: Finastra, realm: str, request: Request) -> Response:
    """Answer what was posted from `fromDate` to `toDate`, both included, newest first."""
    account, query = _wanted(vendor, realm, request), Query(request)
    start, end = query.day("fromDate"), query.day("toDate")
    paging = _paging(query)
    query.check()
    rows = [
        row
        for row in reversed(account.movements(vendor.clock.now))
        if (start is None or row.posted >= start) and (end is None or row.posted <= end)
    ]
    return _page([_statement_row(row, account.plan.currency) for row in rows], paging)


def _wanted(vendor: Finastra, realm: str, request: Request) -> ChannelAccount:
    wanted = request.path_params["account_id"]
    for account in accounts(vendor.world.seed, realm):
        if account.id == wanted:
            return account
    raise Refused(problem(request, 404, "The account does not exist."))


def _paging(query: Query) -> tuple[int, int]:
    return query.whole("limit", MAX_PAGE, 1, MAX_PAGE), query.whole("offset", 0, 0, 999_999_999)


def _page(rows: Sequence[Row], paging: tuple[int, int]) -> Response:
    limit, offset = paging
    meta = {
        "limit": limit,
        "pageCount": -(-len(rows) // limit),
        "itemCount": len(rows),
        "page": offset // limit + 1,
    }
    return json_reply({"items": list(rows[offset : offset + limit]), "_meta": meta})


def _account(account: ChannelAccount) -> Row:
    plan = account.plan
    return {"id": account.id, "number": account.number, "currency": plan.currency, "type": plan.type}


def _balances(vendor: Finastra, account: ChannelAccount) -> Row:
    plan, now = account.plan, vendor.clock.now
    return {
        "id": account.id,
        "currency": plan.currency,
        "type": plan.type,
        "ledgerBalance": grouped(account.ledger(now), plan.currency),
        "availableBalance": grouped(account.available(now), plan.currency),
        "balanceAsOn": now.date().isoformat(),
    }


def _converted(vendor: Finastra, account: ChannelAccount, currency: str | None) -> Row:
    if currency is None:
        return {}
    fx, now = vendor.world.fx, vendor.clock.now
    rate = fx.cross(account.plan.currency, currency, fx.published_day(now))
    value = MATH.multiply(account.available(now), rate).quantize(Decimal(1).scaleb(-MINOR_UNITS[currency]))
    return {"availableBalanceEquivalent": grouped(value, currency), "equivalentCurrency": currency}


def _statement_row(row: Movement, currency: str) -> Row:
    fixed: Row = {
        "currency": currency,
        "amount": grouped(abs(row.signed), currency),
        "transactionType": "CREDIT" if row.signed > 0 else "DEBIT",
        "balance": grouped(row.balance, currency),
    }
    lasting = row.posted.day % 5 != 0  # some rows come with fewer fields
    optional: Row = {
        "valueDate": row.valued.isoformat() if lasting else None,
        "backOfficeReference": row.reference,
        "ref1": f"Invoice {row.reference[-4:]}" if lasting else None,
    }
    return {"postingDate": row.posted.isoformat(), **fixed, **_present(optional)}


def _present(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}
