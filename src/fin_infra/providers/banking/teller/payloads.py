"""How Teller's JSON reads: bytes and rows in, model records and errors out.
Floor 3: pure functions and tables; `Polarity` turns the sign an amount has on the wire into money in."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import msgspec

from fin_infra.errors import (
    AccountClosed,
    AuthenticationFailed,
    InvalidInput,
    NotFound,
    ProviderError,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.flow import by_status, json_of, row_error
from fin_infra.model import (
    Account,
    AccountDetails,
    AccountIdentity,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Address,
    Balance,
    Category,
    Institution,
    Listing,
    Money,
    Owner,
    PartyType,
    RowError,
    Transaction,
    TransactionStatus,
)
from fin_infra.model.currency import CURRENCIES
from fin_infra.normalize import decimal_from_text
from fin_infra.providers import fields
from fin_infra.providers.bulk import Verbatim, collector_paused, quick
from fin_infra.transport import Reply

KEY = "banking:teller"

SIGNS: Mapping[AccountType, int] = {AccountType.DEPOSITORY: 1, AccountType.CREDIT: -1}
"""A card's charge and a card's debt are positive on the wire, a checking account's charge is negative.

Charges: the samples of https://teller.io/docs, and a real one in https://github.com/monetr/monetr/issues/1679. That
a card's ledger balance is positive when you owe is unconfirmed; it follows from the charges."""


@dataclass(frozen=True, slots=True)
class Polarity:
    """How to read the amounts of one account. Type and currency of an account never change."""

    sign: int
    currency: str

    @staticmethod
    def readable(account: Account) -> bool:
        return account.type in SIGNS and account.currency in CURRENCIES

    @classmethod
    def of(cls, account: Account) -> Polarity:
        """Raise UnexpectedPayload for an account whose amounts cannot be read: guessing the sign would invent money."""
        if account.type not in SIGNS:
            raise UnexpectedPayload("the account is neither depository nor credit, so the sign of amounts is not known")
        if account.currency not in CURRENCIES:
            raise fields.wrong("currency", "an ISO 4217 code")
        return cls(SIGNS[account.type], account.currency)

    def money(self, text: str, name: str) -> Money:
        """Read a signed decimal of the wire as money in."""
        try:
            amount = decimal_from_text(text)
        except InvalidInput:
            raise fields.wrong(name, "a number") from None
        if self.sign < 0:
            amount = amount.copy_negate()
        return _new_money(amount or _ZERO, self.currency)

    def column(self, texts: list[str]) -> list[Decimal]:
        """Read the amounts of many rows at once, as `money` reads one.

        Raises:
            ValueError: one is not a number; which, `money` tells.
            ArithmeticError: the same.
        """
        if not _NUMERALS("".join(texts)):
            raise ValueError
        amounts = map(Decimal, texts)
        if self.sign < 0:
            amounts = map(Decimal.copy_negate, amounts)
        return [amount or _ZERO for amount in amounts]


class _Party(msgspec.Struct, gc=False):
    name: str | None = None
    type: str | None = None


class _Words(msgspec.Struct, gc=False):
    category: str | None = None
    counterparty: _Party | None = None


class _Row(msgspec.Struct, gc=False):
    """A transaction on the wire, for a decoder that checks types and skips the rest: there are very many of them."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    account_id: str
    date: date
    amount: str
    description: str
    status: TransactionStatus
    type: str | None = None
    running_balance: str | None = None
    details: _Words | None = None


_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode
_rows = msgspec.json.Decoder(list[_Row]).decode
_row = msgspec.json.Decoder(_Row).decode
_new_transaction, _new_money = quick(Transaction), quick(Money)
_ZERO = Decimal(0)
_NUMERALS = re.compile(r"[0-9.eE+-]*").fullmatch
_NOBODY, _NO_WORDS = _Party(), _Words()
_CATEGORIES = {category.value: category for category in Category}
# documented is `organization`; production has sent `organisation`: https://github.com/monetr/monetr/issues/1679
_PARTIES = {party.value: party for party in PartyType} | {"organisation": PartyType.ORGANIZATION}
_FIELD = re.compile(r"`(?:\$\.)?([a-z_.]+)`$")


def parse_transactions(
    body: bytes, polarity: Polarity, received_at: datetime, account_id: str | None = None
) -> Listing[Transaction]:
    """Read the JSON list of transactions of one account, in its order, with money in as positive.

    A row that cannot be read, for instance because its status is neither posted nor pending, is named in `errors`; so
    is one of another account than `account_id`.

    Raises:
        UnexpectedPayload: not a list.
    """
    with _understood():
        raws = _raws(body)
    try:
        rows = _rows(body)
        if account_id is None or all(row.account_id == account_id for row in rows):
            with collector_paused():
                return Listing(_all_at_once(rows, raws, polarity, received_at))
    except (ValueError, RecursionError, ArithmeticError):
        pass
    return _one_by_one(raws, polarity, received_at, account_id)


def _all_at_once(
    rows: list[_Row], raws: list[msgspec.Raw], polarity: Polarity, received_at: datetime
) -> list[Transaction]:
    """Read rows that are as documented, column by column where one call does for all; raise for the others."""
    amounts = polarity.column([row.amount for row in rows])
    balances = polarity.column([row.running_balance or "0" for row in rows])
    return [
        _made(
            row,
            Verbatim(bytes(raw)),
            received_at,
            _new_money(amount, polarity.currency),
            _new_money(balance, polarity.currency) if row.running_balance else None,
        )
        for row, raw, amount, balance in zip(rows, raws, amounts, balances, strict=True)
    ]


def _one_by_one(
    raws: list[msgspec.Raw], polarity: Polarity, received_at: datetime, account_id: str | None
) -> Listing[Transaction]:
    """Read rows, some of which cannot be read."""
    found: Listing[Transaction] = Listing()
    errors: list[RowError] = []
    for at, raw in enumerate(raws):
        try:
            with _understood():
                row = _transaction(raw, polarity, received_at)
            fields.own([account_id or row.account_id], [row.account_id], "account")
            found.append(row)
        except UnexpectedPayload as exc:
            errors.append(row_error("transactions", at, _loosely(raw), exc))
    found.errors = tuple(errors)
    return found


def _loosely(raw: msgspec.Raw) -> object:
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None


def parse_transaction(body: bytes, polarity: Polarity, received_at: datetime) -> Transaction:
    """Read one transaction, as `parse_transactions` does."""
    with _understood():
        return _transaction(body, polarity, received_at)


@contextmanager
def _understood() -> Generator[None]:
    """Turn the decoder's complaints into ours; its texts are not passed on, because some of them quote the value."""
    try:
        yield
    except msgspec.ValidationError as exc:
        field = _FIELD.search(str(exc))
        what = f"field {field[1]!r} is missing or not as documented" if field else "shape is not as documented"
        raise UnexpectedPayload(f"the answer's {what}") from None
    except (ValueError, RecursionError):
        raise UnexpectedPayload("the answer is not JSON") from None


def _transaction(raw: msgspec.Raw | bytes, polarity: Polarity, received_at: datetime) -> Transaction:
    row = _row(raw)
    amount, balance = polarity.money(row.amount, "amount"), row.running_balance
    running = polarity.money(balance, "running_balance") if balance else None
    return _made(row, Verbatim(bytes(raw)), received_at, amount, running)


def _made(row: _Row, raw: Verbatim, received_at: datetime, amount: Money, running_balance: Money | None) -> Transaction:
    words = row.details or _NO_WORDS
    party = words.counterparty or _NOBODY
    return _new_transaction(
        KEY,
        received_at,
        row.id,
        row.account_id,
        row.date,
        amount,
        row.status,
        row.description,
        raw,
        None,
        _CATEGORIES.get(words.category or "", Category.UNKNOWN),
        words.category,
        row.type,
        party.name,
        _PARTIES.get(party.type or "", PartyType.UNKNOWN),
        running_balance,
    )


def institution(row: fields.Row) -> Institution:
    products = fields.words(row, "products") if "products" in row else ()
    return Institution(id=fields.ident(row, "id"), name=fields.text(row, "name"), products=products)


def account(row: fields.Row, reply: Reply) -> Account:
    subtype = fields.maybe_text(row, "subtype") or ""
    return Account(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "id"),
        name=fields.text(row, "name"),
        type=fields.word(AccountType, fields.text(row, "type"), AccountType.UNKNOWN),
        subtype=fields.word(AccountSubtype, subtype, AccountSubtype.UNKNOWN),
        subtype_text=subtype,
        currency=fields.text(row, "currency"),
        status=fields.word(AccountStatus, fields.text(row, "status"), AccountStatus.UNKNOWN),
        institution=institution(fields.child(row, "institution")),
        last_four=fields.maybe_text(row, "last_four"),
        enrollment_id=fields.maybe_text(row, "enrollment_id"),
        capabilities=frozenset(fields.child(row, "links")) - {"self"},
    )


def details(row: fields.Row, reply: Reply) -> AccountDetails:
    numbers = fields.child(row, "routing_numbers")
    by_scheme = {scheme: fields.maybe_text(numbers, scheme) for scheme in numbers}
    return AccountDetails(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        account_id=fields.ident(row, "account_id"),
        account_number=fields.ident(row, "account_number"),
        routing_numbers={scheme: number for scheme, number in by_scheme.items() if number is not None},
    )


def balance(row: fields.Row, polarity: Polarity, reply: Reply) -> Balance:
    """A card's `ledger` is debt; `available` is what can still be spent, and positive whatever the account type."""
    ledger, available = (fields.maybe_text(row, name) or None for name in ("ledger", "available"))
    if ledger is None and available is None:
        raise fields.wrong("ledger", "a number where available is null")
    return Balance(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        account_id=fields.ident(row, "account_id"),
        current=None if ledger is None else polarity.money(ledger, "ledger"),
        available=None if available is None else Polarity(1, polarity.currency).money(available, "available"),
    )


def identity(row: fields.Row, reply: Reply) -> AccountIdentity:
    return AccountIdentity(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        account=account(fields.child(row, "account"), reply),
        owners=tuple(_owner(owner) for owner in fields.children(row, "owners")),
    )


def _owner(row: fields.Row) -> Owner:
    return Owner(
        type=_PARTIES.get(fields.text(row, "type"), PartyType.UNKNOWN),
        names=_data(row, "names"),
        addresses=tuple(_address(address) for address in fields.children(row, "addresses")),
        phone_numbers=_data(row, "phone_numbers"),
        emails=_data(row, "emails"),
    )


def _data(row: fields.Row, name: str) -> tuple[str, ...]:
    return tuple(fields.text(entry, "data") for entry in fields.children(row, name))


def _address(row: fields.Row) -> Address:
    lines = {name: fields.maybe_text(fields.child(row, "data"), name) for name in _ADDRESS}
    return Address(primary=row.get("primary") is True, **lines)


def deleted(reply: Reply) -> None:
    """Accept the one answer that means done; a proxy's page with status 200 does not."""
    if reply.status != 204:
        raise UnexpectedPayload(
            "a delete is answered with 204; ask for the accounts to see whether access is gone",
            http_status=reply.status,
        )


# https://teller.io/docs, identity
_ADDRESS = ("street", "city", "region", "postal_code", "country")
_CODE = re.compile(r"[a-z0-9_.]{1,100}")
# The codes that https://teller.io/docs lists under enrollments, all with status 404.
_WHY_DISCONNECTED: Mapping[str, str] = {
    "account_locked": "the bank has locked the person's sign-in, which only the bank can undo",
    "credentials_invalid": "the bank no longer accepts the person's user name and password",
    "enrollment_inactive": "the enrollment is inactive",
    "captcha_required": "the bank asks the person to solve a captcha",
    "contact_information_required": "the bank asks the person to bring contact details up to date",
    "insufficient_permissions": "the person's sign-in at the bank does not have the permissions needed",
    "mfa_required": "the bank asks the person for a further proof of identity",
    "web_login_required": "the person must sign in at the bank's own site once",
}
# https://teller.io/docs, errors
_BY_CODE: Mapping[str, tuple[type[ProviderError], str]] = {
    "account_number_verification_pending": (
        NotFound,
        "the account number is still being verified, which takes up to 7 days; ask again later",
    ),
    "account_number_verification_expired": (
        NotFound,
        "the account number was not verified within 7 days; open Teller Connect and link the account again",
    ),
}
_BY_STATUS: Mapping[int, tuple[type[ProviderError], str]] = {
    401: (AuthenticationFailed, "no access token arrived; set TELLER_ACCESS_TOKEN to what Teller Connect gave you"),
    403: (
        AuthenticationFailed,
        "the access token is invalid, revoked, or belongs to another application than the certificate; "
        "link the bank again with Teller Connect and set TELLER_ACCESS_TOKEN",
    ),
    404: (
        NotFound,
        "Teller does not know that id, or the bank does not offer this (see `capabilities` of the account)",
    ),
    410: (AccountClosed, "the account is closed; keep its history and stop asking for it"),
}


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error a reply that is not 2xx stands for, with the next step."""
    code, message = _said(reply)
    if code.startswith("enrollment.disconnected"):
        why = why_disconnected(code)
        text = f"{why}; open Teller Connect with the account's enrollment_id, and the same access token works again"
        return ReauthRequired(text, vendor_code=code, http_status=reply.status)
    if reply.status == 400 and message.startswith("Missing certificate"):
        text = "no client certificate arrived; set TELLER_CERTIFICATE and TELLER_PRIVATE_KEY to the files of teller.zip"
        return AuthenticationFailed(text, vendor_code=code or None, http_status=reply.status)
    known = _BY_CODE.get(code) or _BY_STATUS.get(reply.status)
    if known is None:
        bank_down = "the bank is not available; try again later" if reply.status == 502 else None
        return by_status(reply, bank_down, code or None)
    kind, text = known
    return kind(text, vendor_code=code or None, http_status=reply.status)


def why_disconnected(code: str) -> str:
    """Return why an enrollment is disconnected, by the last part of Teller's code for it."""
    return _WHY_DISCONNECTED.get(code.rpartition(".")[2], "the bank wants the person to sign in again")


def _said(reply: Reply) -> tuple[str, str]:
    """Return code and message of Teller's error body, empty where it has none."""
    try:
        error = fields.child(json_of(reply, dict), "error")
        code, message = fields.maybe_text(error, "code") or "", fields.maybe_text(error, "message") or ""
    except UnexpectedPayload:
        return "", ""
    return (code if _CODE.fullmatch(code) else ""), message
