"""How Plaid's accounts and transactions read: bytes and rows in, model records out.
Floor 3: pure functions; an amount is positive for money out and a debt is positive, and both change sign here."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from fin_infra.errors import UnexpectedPayload
from fin_infra.flow import row_error
from fin_infra.model import (
    Account,
    AccountDetails,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Balance,
    Institution,
    Listing,
    Money,
    PartyType,
    RowError,
    Transaction,
    TransactionChanges,
    TransactionStatus,
)
from fin_infra.model.currency import CURRENCIES
from fin_infra.providers import fields
from fin_infra.providers.banking.plaid.categories import category
from fin_infra.providers.bulk import Verbatim, collector_paused, quick
from fin_infra.transport import Reply

KEY = "banking:plaid"
NO_CURRENCY = "XXX"
# https://plaid.com/docs/api/accounts/#account-type-schema; every list of words at Plaid is open
TYPES = {
    "depository": AccountType.DEPOSITORY,
    "credit": AccountType.CREDIT,
    "loan": AccountType.LOAN,
    "investment": AccountType.INVESTMENT,
    "brokerage": AccountType.INVESTMENT,
}
SUBTYPES = {
    "checking": AccountSubtype.CHECKING,
    "savings": AccountSubtype.SAVINGS,
    "money market": AccountSubtype.MONEY_MARKET,
    "cd": AccountSubtype.CERTIFICATE_OF_DEPOSIT,
    "credit card": AccountSubtype.CREDIT_CARD,
    "line of credit": AccountSubtype.CREDIT_LINE,
    "home equity": AccountSubtype.CREDIT_LINE,
    "overdraft": AccountSubtype.CREDIT_LINE,
    "brokerage": AccountSubtype.BROKERAGE,
}


class _Party(msgspec.Struct, gc=False):
    name: str | None = None


class _Pfc(msgspec.Struct, gc=False):
    primary: str | None = None
    detailed: str | None = None


class _Row(msgspec.Struct, gc=False):
    """A transaction on the wire, for a decoder that checks types and skips the rest: there are very many of them."""

    transaction_id: Annotated[str, msgspec.Meta(min_length=1)]
    account_id: str
    date: date
    amount: Decimal
    """From the text of the number: the decoder makes no float on the way."""
    pending: bool
    iso_currency_code: str | None = None
    name: str | None = None
    original_description: str | None = None
    merchant_name: str | None = None
    counterparties: list[_Party] | None = None
    personal_finance_category: _Pfc | None = None
    transaction_code: str | None = None
    payment_channel: str | None = None
    pending_transaction_id: str | None = None


class _Removed(msgspec.Struct, gc=False):
    transaction_id: Annotated[str, msgspec.Meta(min_length=1)]


class _Changes(msgspec.Struct, gc=False):
    added: list[msgspec.Raw]
    modified: list[msgspec.Raw]
    removed: list[_Removed]
    next_cursor: str
    has_more: bool
    transactions_update_status: str | None = None


class _ChangedRows(msgspec.Struct, gc=False):
    added: list[_Row]
    modified: list[_Row]


class _Window(msgspec.Struct, gc=False):
    transactions: list[msgspec.Raw]
    total_transactions: Annotated[int, msgspec.Meta(ge=0)]


_changes = msgspec.json.Decoder(_Changes).decode
_changed_rows = msgspec.json.Decoder(_ChangedRows).decode
_window = msgspec.json.Decoder(_Window).decode
_row = msgspec.json.Decoder(_Row).decode
_new_transaction, _new_money = quick(Transaction), quick(Money)
_ZERO = Decimal(0)
_NO_WORDS = _Pfc()
_FIELD = re.compile(r"`(?:\$\.)?([a-z_.\[\]]+)`$")
_STATUS = {True: TransactionStatus.PENDING, False: TransactionStatus.POSTED}


def transaction_changes(reply: Reply) -> TransactionChanges:
    """Read a page of `/transactions/sync`. A row that cannot be read is named in `errors`.

    An empty `next_cursor` means that nothing is ready and nothing has advanced.

    Raises:
        UnexpectedPayload: the page itself is not as documented.
    """
    with _understood():
        page = _changes(reply.content)
    errors: list[RowError] = []
    try:
        rows = _changed_rows(reply.content)
        with collector_paused():
            added, modified = (
                [_made(row, raw, reply.received_at) for row, raw in zip(typed, raws, strict=True)]
                for typed, raws in ((rows.added, page.added), (rows.modified, page.modified))
            )
    except (ValueError, ArithmeticError, RecursionError, UnexpectedPayload):
        added, modified = (
            _one_by_one(raws, name, reply, errors)
            for raws, name in ((page.added, "added"), (page.modified, "modified"))
        )
    return TransactionChanges(
        source=KEY,
        as_of=reply.received_at,
        added=tuple(added),
        modified=tuple(modified),
        removed=tuple(row.transaction_id for row in page.removed),
        next_cursor=page.next_cursor or None,
        has_more=page.has_more and bool(page.next_cursor),
        ready=bool(page.next_cursor) and page.transactions_update_status != "NOT_READY",
        errors=tuple(errors),
    )


def transaction_window(reply: Reply, account_id: str) -> tuple[Listing[Transaction], int]:
    """Read a page of `/transactions/get`, and how many rows there are; one of another account is named in errors."""
    with _understood():
        page = _window(reply.content)
    errors: list[RowError] = []
    found = Listing(_one_by_one(page.transactions, "transactions", reply, errors, account_id))
    found.errors = tuple(errors)
    return found, page.total_transactions


def _one_by_one(
    raws: list[msgspec.Raw], name: str, reply: Reply, errors: list[RowError], account_id: str | None = None
) -> list[Transaction]:
    found: list[Transaction] = []
    for at, raw in enumerate(raws):
        try:
            with _understood():
                row = _row(raw)
            fields.own([account_id or row.account_id], [row.account_id], "account")
            found.append(_made(row, raw, reply.received_at))
        except UnexpectedPayload as exc:
            errors.append(row_error(name, at, _loosely(raw), exc, "transaction_id"))
    return found


def _made(row: _Row, raw: msgspec.Raw, received_at: datetime) -> Transaction:
    currency = row.iso_currency_code
    if currency not in CURRENCIES:
        raise fields.wrong("iso_currency_code", "an ISO 4217 code")
    words, parties = row.personal_finance_category or _NO_WORDS, row.counterparties
    party = row.merchant_name or (parties[0].name if parties else None)
    return _new_transaction(
        KEY,
        received_at,
        row.transaction_id,
        row.account_id,
        row.date,
        _new_money(-row.amount or _ZERO, currency),
        _STATUS[row.pending],
        row.original_description or row.name or party or "",
        Verbatim(bytes(raw)),
        None,
        category(words.primary, words.detailed),
        words.detailed or words.primary,
        row.transaction_code or row.payment_channel,
        party,
        PartyType.ORGANIZATION if party else PartyType.UNKNOWN,
        None,
        row.pending_transaction_id or None,
    )


@contextmanager
def _understood() -> Generator[None]:
    """Turn the decoder's complaints into ours; its texts are not passed on, because some of them quote the value."""
    try:
        yield
    except msgspec.ValidationError as exc:
        field = _FIELD.search(str(exc))
        what = f"field {field[1]!r} is missing or not as documented" if field else "shape is not as documented"
        raise UnexpectedPayload(f"the answer's {what}") from None
    except (ValueError, RecursionError, ArithmeticError):
        raise UnexpectedPayload("the answer is not JSON") from None


def _loosely(raw: msgspec.Raw) -> object:
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None


def institution(row: fields.Row) -> Institution:
    return Institution(
        id=fields.ident(row, "institution_id"),
        name=fields.text(row, "name"),
        products=fields.words(row, "products"),
    )


def institution_of(item: fields.Row) -> Institution | None:
    """Return the bank of an Item, None where it has none; its name is the id where Plaid does not say it here."""
    found = fields.maybe_text(item, "institution_id")
    return Institution(id=found, name=fields.maybe_text(item, "institution_name") or found) if found else None


def account(row: fields.Row, bank: Institution, item_id: str, reply: Reply) -> Account:
    kind, subtype = fields.text(row, "type"), fields.maybe_text(row, "subtype") or ""
    return Account(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "account_id"),
        name=fields.text(row, "name"),
        type=TYPES.get(kind, AccountType.UNKNOWN),
        subtype=SUBTYPES.get(subtype, AccountSubtype.UNKNOWN),
        subtype_text=subtype or kind,
        currency=currency_of(fields.child(row, "balances")),
        status=AccountStatus.OPEN,  # Plaid lists no closed ones
        institution=bank,
        last_four=fields.maybe_text(row, "mask"),
        enrollment_id=item_id,
        capabilities=_capabilities(kind, subtype),
        institution_account_id=fields.maybe_text(row, "persistent_account_id"),
    )


def _capabilities(kind: str, subtype: str) -> frozenset[str]:
    found = {"balances"}
    if kind in ("depository", "credit") or subtype == "student":  # https://plaid.com/docs/transactions
        found.add("transactions")
    if kind == "depository":
        found.add("details")
    return frozenset(found)


def currency_of(row: fields.Row) -> str:
    """Return the currency: an ISO 4217 code, a word of Plaid's own for others, or XXX where neither is said."""
    return fields.maybe_text(row, "iso_currency_code") or fields.maybe_text(row, "unofficial_currency_code") or "XXX"


def balance(row: fields.Row, reply: Reply) -> Balance:
    """Read the balances of an account: what a card or loan owes is negative, what can be spent stays positive."""
    kind, balances = TYPES.get(fields.text(row, "type")), fields.child(row, "balances")
    current, available = (fields.maybe_amount(balances, name) for name in ("current", "available"))
    if kind is None:
        raise UnexpectedPayload("the account is of a type that Plaid does not document, so its sign is not known")
    if current is None and available is None:
        raise fields.wrong("current", "a number where available is null")
    if current is not None and kind.is_liability:
        current = -current
    return Balance(
        source=KEY,
        as_of=fields.maybe(fields.when, balances, "last_updated_datetime") or reply.received_at,
        raw=balances,
        account_id=fields.ident(row, "account_id"),
        current=money_of(current, balances),
        available=money_of(available, balances),
    )


def money_of(amount: Decimal | None, row: fields.Row) -> Money | None:
    """Return an amount in the currency of its row; None where the amount is missing.

    Raises:
        UnexpectedPayload: the currency has no ISO 4217 code.
    """
    if amount is None:
        return None
    currency = fields.maybe_text(row, "iso_currency_code")
    if currency not in CURRENCIES:
        raise fields.wrong("iso_currency_code", "an ISO 4217 code")
    return Money(amount or _ZERO, currency)


def details(body: dict[str, Any], account_id: str, reply: Reply) -> AccountDetails | None:
    """Read the numbers of one account, None where the bank tells none; the same account may have several schemes."""
    numbers = fields.child(body, "numbers")
    number, routing, raw = "", dict[str, str](), dict[str, fields.Row]()
    for scheme, name, codes in _SCHEMES:
        for row in fields.objects(numbers.get(scheme) or [], scheme):
            if row.get("account_id") == account_id:
                raw[scheme] = row
                number = number or fields.ident(row, name)
                routing |= {code: text for code, text in ((c, _code(row, f)) for c, f in codes) if text}
    if not number:
        return None
    return AccountDetails(
        source=KEY,
        as_of=reply.received_at,
        raw=raw,
        account_id=account_id,
        account_number=number,
        routing_numbers=routing,
    )


def _code(row: fields.Row, names: tuple[str, ...]) -> str:
    return "".join(fields.maybe_text(row, name) or "" for name in names)


# https://plaid.com/docs/api/products/auth: scheme, the number's field, and what names the bank
_SCHEMES: tuple[tuple[str, str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    ("ach", "account", (("ach", ("routing",)), ("wire", ("wire_routing",)))),
    ("eft", "account", (("eft", ("institution", "branch")),)),
    ("bacs", "account", (("bacs", ("sort_code",)),)),
    ("international", "iban", (("bic", ("bic",)),)),
)
