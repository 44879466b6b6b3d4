"""Accounts and balances of customers (`corporate/channels/accounts/me/v1`), as flows for whoever can call Finastra.
Floor 3: bankersbank. Stubbed: no live call is made until the vendor's API is stable, whatever the flags say."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bankersbank import payloads
from bankersbank.calls import FinastraCalls
from bankersbank.config import B2C_ACCOUNTS
from bankersbank.models import B2CAccount, B2CBalance
from fin_infra.errors import FeatureDisabled, UnexpectedPayload
from fin_infra.flow import json_of, wrong_field
from fin_infra.model import Listing
from fin_infra.transport import Effect, Flow, Reply, url_path

T = TypeVar("T")
PAGE_SIZE = 200
"""As in libs/ffdc-apis/corporate-accounts of https://github.com/Finastra/finastra-nodejs-libs."""
MAX_PAGES = 1000


def sandbox_only(loopback: bool) -> None:
    """Refuse unless the calls stay on this machine.

    Raises:
        FeatureDisabled: they would not.
    """
    if not loopback:
        raise FeatureDisabled(
            "Finastra's B2C accounts are not asked for live yet; point the base URL at the local sandbox "
            "(`fin-infra sandbox serve`)."
        )


def accounts(client: FinastraCalls[Any], context: str) -> Flow[Listing[B2CAccount]]:
    """Return every account; `context` is ViewAccount, INT, TPT, DOM or MT103: what the accounts are wanted for."""
    return (yield from _all(client, "/accounts", payloads.account, accountContext=context))


def account(client: FinastraCalls[Any], account_id: str) -> Flow[B2CAccount]:
    path = url_path("accounts", account_id)
    found: B2CAccount = yield from client.product(
        B2C_ACCOUNTS, path, lambda reply: payloads.account(json_of(reply, dict), reply)
    )
    return payloads.own(found, found.id, account_id)


def balance(client: FinastraCalls[Any], account_id: str) -> Flow[B2CBalance]:
    path = url_path("accounts", account_id, "balances")
    found: B2CBalance = yield from client.product(
        B2C_ACCOUNTS, path, lambda reply: payloads.balance(json_of(reply, dict), reply)
    )
    return payloads.own(found, found.account_id, account_id)


def balances(client: FinastraCalls[Any], kind: str, equivalent_currency: str | None) -> Flow[Listing[B2CBalance]]:
    """Return the balances of every account of a type.

    `kind` is CURRENT, DEPOSIT, SAVINGS, LOAN, TERMDEPOSIT, CREDITCARD or OTHER.
    """
    return (
        yield from _all(
            client,
            "/accounts/balances-by-account-type",
            payloads.balance,
            accountTypeForBalance=kind,
            equivalentCurrency=equivalent_currency,
        )
    )


def _all(
    client: FinastraCalls[Any], path: str, make: Callable[[dict[str, Any], Reply], T], **params: str | None
) -> Generator[Effect, Any, Listing[T]]:
    """Read all pages: `_meta.pageCount` counts pages while `offset` counts rows, as in the vendor's own client."""
    found = Listing[T]()
    for number in range(MAX_PAGES):
        page: _Page[T] = yield from client.product(
            B2C_ACCOUNTS,
            path,
            lambda reply: _page(reply, make),
            {"limit": PAGE_SIZE, "offset": number * PAGE_SIZE, **params},
        )
        found.extend(page.rows)
        found.errors += page.rows.errors
        if number + 1 >= page.pages:
            here, so_far = (len(rows) + len(rows.errors) for rows in (page.rows, found))
            if page.count not in (None, here, so_far):
                raise UnexpectedPayload("the list does not have as many rows as its field '_meta.itemCount' says")
            return found
    raise UnexpectedPayload("the answer's field 'pageCount' should be a number of pages that comes to an end")


@dataclass(frozen=True, slots=True)
class _Page(Generic[T]):
    rows: Listing[T]
    pages: int
    count: int | None
    """Of this page or of the whole list: the vendor does not document which."""


def _page(reply: Reply, make: Callable[[dict[str, Any], Reply], T]) -> _Page[T]:
    body = reply.json()
    meta = payloads.mapping(payloads.mapping(body).get("_meta"))
    pages, count = meta.get("pageCount"), meta.get("itemCount")
    if type(pages) is not int or pages < 0:
        raise wrong_field("_meta.pageCount", "a number of pages")
    return _Page(payloads.read_rows(body, reply, make), pages, count if type(count) is int else None)
