"""From Finastra's JSON to records; a field that is not what it should be is named, its content never shown.
Floor 3: bankersbank. Amounts may be JSON numbers, text, text with thousands separators, or objects with a currency."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, cast

from bankersbank.models import SOURCE, B2CAccount, B2CBalance, Collateral, CollateralPage
from fin_infra import flow
from fin_infra.errors import FinInfraError, UnexpectedPayload
from fin_infra.flow import json_of, wrong_field
from fin_infra.model import Listing, Money
from fin_infra.transport import Reply

T = TypeVar("T")
# Amounts have thousands separators: libs/ffdc-apis/corporate-accounts of https://github.com/Finastra/finastra-nodejs-libs.
_AMOUNT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII).fullmatch
# The schema of collaterals is not public: names are those another client of the API looks for, unconfirmed.
_LIST_NAMES = ("items", "collaterals")
_AMOUNTS = {
    "discounted_net_amount": "discountedNetCollateralAmount",
    "net_amount": "netCollateralAmount",
    "estimated_value": "estimatedValue",
    "valuation": "valuation",
}


def maybe_text(row: Mapping[str, Any], *names: str) -> str | None:
    """Return the first of the fields that is there; numbers count as text, since ids may come as such."""
    for name in names:
        value = row.get(name)
        if type(value) is int:
            return str(value)
        if value is not None and type(value) is not str:
            raise wrong_field(name, "text")
        if value:
            return value
    return None


def text(row: Mapping[str, Any], *names: str) -> str:
    value = maybe_text(row, *names)
    if value is None:
        raise wrong_field(names[0], "text that is not empty")
    return value


def decimal(value: object, name: str) -> Decimal | None:
    """Return an amount exactly as printed; None for null and for text that is empty.

    >>> decimal("55,456.72", "ledgerBalance")
    Decimal('55456.72')
    """
    if value is None or value == "":
        return None
    if type(value) is int:
        return Decimal(value)
    if type(value) is Decimal and value.is_finite():
        return value
    if type(value) is str and len(value) <= 40 and _AMOUNT(value.strip()):
        return Decimal(value.strip().replace(",", ""))
    raise wrong_field(name, "an amount such as 1234.56 or '1,234.56'")


def money(row: Mapping[str, Any], name: str, currency: str) -> Money | None:
    amount = decimal(row.get(name), name)
    try:
        return None if amount is None else Money(amount, currency)
    except FinInfraError:
        raise wrong_field("currency", "an ISO 4217 code") from None


def mapping(value: object) -> dict[str, Any]:
    """Return a JSON object as it is, and anything else as an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def rows(body: object) -> list[dict[str, Any]]:
    """Return the rows of `{items}`, `{collaterals}` or a bare list."""
    found = next((mapping(body)[name] for name in _LIST_NAMES if name in mapping(body)), body)
    if not isinstance(found, list):
        raise UnexpectedPayload("the answer should be a list of objects, bare or under 'items' or 'collaterals'")
    return [mapping(row) for row in cast("list[object]", found)]


def read_rows(body: object, reply: Reply, read: Callable[[dict[str, Any], Reply], T]) -> Listing[T]:
    """Return what `read` makes of each row; a row it cannot read is named in `errors` and hides no other."""

    def one(row: dict[str, Any]) -> T:
        if not row:
            raise UnexpectedPayload("a row should be an object with fields")
        return read(row, reply)

    return flow.read_rows(rows(body), "items", one)


def own(record: T, answered: str, asked: str) -> T:
    """Return a record that is about what was asked; raise UnexpectedPayload for another."""
    if answered != asked:
        raise UnexpectedPayload("the answer is about another id than was asked for")
    return record


def total(body: object) -> int | None:
    """Return how many rows there are in all, where the vendor says it."""
    count = mapping(mapping(body).get("_meta")).get("totalCount")
    return count if type(count) is int and count >= 0 else None


def collateral(row: dict[str, Any], reply: Reply) -> Collateral:
    currencies = {maybe_text(row, "currency", "currencyCode")}

    def amount(name: str) -> Decimal | None:
        value = row.get(name)
        nested = mapping(value)
        if not nested:
            return decimal(value, name)
        currencies.add(maybe_text(nested, "currency", "currencyCode"))
        return decimal(nested.get("amount"), name)

    amounts = {field: amount(name) for field, name in _AMOUNTS.items()}
    known = [currency for currency in currencies if currency is not None]
    if len(known) > 1:
        raise UnexpectedPayload("the answer's amounts of one collateral should be in one currency")
    return Collateral(
        source=SOURCE,
        as_of=reply.received_at,
        raw=row,
        id=text(row, "id", "collateralId"),
        kind=maybe_text(row, "collateralType", "type"),
        status=maybe_text(row, "status"),
        description=maybe_text(row, "description"),
        currency=known[0] if known else None,
        discounted_net_amount=amounts["discounted_net_amount"],
        net_amount=amounts["net_amount"],
        estimated_value=amounts["estimated_value"],
        valuation=amounts["valuation"],
    )


def collateral_page(reply: Reply, starting_index: int) -> CollateralPage:
    body = reply.json()
    found = read_rows(body, reply, collateral)
    page = CollateralPage(found, starting_index=starting_index, total=total(body))
    page.errors = found.errors
    return page


def one_collateral(reply: Reply) -> Collateral:
    return collateral(json_of(reply, dict), reply)


def account(row: dict[str, Any], reply: Reply) -> B2CAccount:
    return B2CAccount(
        source=SOURCE,
        as_of=reply.received_at,
        raw=row,
        id=text(row, "id"),
        number=maybe_text(row, "number"),
        type=text(row, "type"),
        currency=text(row, "currency"),
        status=maybe_text(row, "status"),
        number_format=maybe_text(row, "format"),
        country=maybe_text(row, "country"),
    )


def balance(row: dict[str, Any], reply: Reply) -> B2CBalance:
    currency = text(row, "currency")
    ledger = money(row, "ledgerBalance", currency)
    if ledger is None:
        raise wrong_field("ledgerBalance", "an amount")
    day = maybe_text(row, "balanceAsOn")
    try:
        on = None if day is None else date.fromisoformat(day)
    except ValueError:
        raise wrong_field("balanceAsOn", "a date") from None
    return B2CBalance(
        source=SOURCE,
        as_of=reply.received_at,
        raw=row,
        account_id=text(row, "id"),
        type=text(row, "type"),
        ledger=ledger,
        available=money(row, "availableBalance", currency),
        on=on,
    )
