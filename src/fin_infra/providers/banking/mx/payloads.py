"""How MX's JSON reads: rows in, model records out.
Floor 3: amounts have no sign of their own; `type` of a transaction and of an account says which way money goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from fin_infra.errors import AccountClosed, NotFound, ProviderUnavailable, UnexpectedPayload
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
    Transaction,
    TransactionStatus,
)
from fin_infra.model.currency import CURRENCIES
from fin_infra.providers import fields
from fin_infra.providers.banking.mx.words import CATEGORIES, KEY, OWNED, SUBTYPES, TOP_LEVELS, TYPES
from fin_infra.transport import Reply

_STATES = {"POSTED": TransactionStatus.POSTED, "PENDING": TransactionStatus.PENDING}
# `type` of a transaction. That its amount is never negative is unconfirmed: a sign it has is left aside, because two
# sayings of one direction must not make the other one
_DIRECTIONS = {"CREDIT": 1, "DEBIT": -1}
_NO_TYPE = (AccountType.UNKNOWN, AccountSubtype.UNKNOWN)
_LAST_FOUR = re.compile(r"[0-9]{2,4}$").search


@dataclass(slots=True)
class PageCount:
    """Where a list in numbered pages is; a list that changes while its pages are read is refused as a whole.

    A row that moved to a page that was read before would be missing without a word.
    """

    name: str
    page: int = 1
    over: bool = False
    _total: int | None = field(default=None, init=False)

    def take(self, body: fields.Row) -> None:
        """Read what an answer says of the list.

        Raises:
            ProviderUnavailable: the list is another one than at its first page.
        """
        place = fields.child(body, "pagination")
        total, pages = fields.whole(place, "total_entries"), fields.whole(place, "total_pages")
        if self._total is not None and total != self._total:
            raise ProviderUnavailable(f"the list of {self.name} changed while its pages were read; ask again")
        self._total, self.over = total, self.page >= pages
        self.page += 1


def readable(row: fields.Row, currency: str | None) -> tuple[str, str]:
    """Return the currency of an account and MX's word for its type.

    Raises:
        UnexpectedPayload: neither MX nor the settings name the currency.
    """
    code = fields.maybe_text(row, "currency_code") or currency
    if code not in CURRENCIES:
        raise UnexpectedPayload(
            "MX names no known currency of this account; set MX_CURRENCY to the one of accounts without"
        )
    return code, fields.text(row, "type")


def account(row: fields.Row, institution: Institution, currency: str | None, reply: Reply) -> Account:
    code, word = readable(row, currency)
    kind, subtype = TYPES.get(word, _NO_TYPE)
    narrower = fields.maybe_text(row, "subtype")
    number = _LAST_FOUR(fields.maybe_text(row, "account_number") or "")
    closed = fields.maybe(fields.flag, row, "is_closed")
    status = AccountStatus.CLOSED if closed else AccountStatus.UNKNOWN if closed is None else AccountStatus.OPEN
    return Account(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "guid"),
        name=fields.maybe_text(row, "name") or fields.maybe_text(row, "nickname") or word.replace("_", " ").title(),
        type=kind,
        subtype=SUBTYPES.get(narrower or "", subtype),
        subtype_text=narrower or word,
        currency=code,
        status=status,
        institution=institution,
        last_four=number[0] if number else None,
        enrollment_id=fields.maybe_text(row, "member_guid"),
        capabilities=frozenset({"details", "balances", "transactions"}),
    )


def is_open(row: fields.Row) -> None:
    """Raise AccountClosed for an account that MX says is closed."""
    if row.get("is_closed") is True:
        raise AccountClosed("the account is closed; keep its history and stop asking for it")


def balance(row: fields.Row, currency: str | None, as_of: datetime) -> Balance:
    """Read the balance of an account as MX last saw it.

    That MX tells debts as positive is unconfirmed; the samples suggest it. Where the limit of a line of credit and
    what is left of it add up to the balance with the other sign, they are believed.

    Raises:
        UnexpectedPayload: the balance is missing, or nothing says whether it is owed.
    """
    code, word = readable(row, currency)
    kind = TYPES.get(word, _NO_TYPE)[0]
    if kind is AccountType.UNKNOWN and word not in OWNED:
        raise UnexpectedPayload("the account's type does not say whether its balance is owed")
    current = fields.maybe_amount(row, "balance")
    left = fields.maybe_amount(row, "available_credit" if kind.is_liability else "available_balance")
    if current is None and left is None:
        raise fields.wrong("balance", "a number where what is available is null")
    if kind.is_liability and current is not None:
        current = -_owed(current, fields.maybe_amount(row, "credit_limit"), left)
    return Balance(
        source=KEY,
        as_of=as_of,
        raw=row,
        account_id=fields.ident(row, "guid"),
        current=None if current is None else Money(current, code),
        available=None if left is None else Money(left, code),
    )


def _owed(said: Decimal, limit: Decimal | None, left: Decimal | None) -> Decimal:
    used = None if limit is None or left is None else limit - left
    return -said if used is not None and used == -said else said


def transaction(account_id: str, currency: str, row: fields.Row, reply: Reply) -> Transaction:
    """Read one transaction of an account; the state, the direction and the day must be known, words need not be."""
    fields.own([account_id], [fields.ident(row, "account_guid")], "account")
    state, direction = _STATES.get(fields.text(row, "status")), _DIRECTIONS.get(fields.text(row, "type"))
    if state is None:
        raise fields.wrong("status", "POSTED or PENDING")
    if direction is None:
        raise fields.wrong("type", "CREDIT or DEBIT")
    code = fields.maybe_text(row, "currency_code") or currency
    if code not in CURRENCIES:
        raise fields.wrong("currency_code", "an ISO 4217 code or null")
    clean, own = (fields.maybe_text(row, name) or "" for name in ("description", "original_description"))
    category, top = (fields.maybe_text(row, name) or "" for name in ("category", "top_level_category"))
    return Transaction(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "guid"),
        account_id=account_id,
        date=fields.day(row, "date"),
        amount=Money(abs(fields.amount(row, "amount")) * direction, code),
        status=state,
        description=own or clean,
        category=CATEGORIES.get(category) or TOP_LEVELS.get(top, Category.UNKNOWN),
        category_text=category or top or None,
        type_text=fields.maybe_text(row, "type"),
        counterparty=clean or None,
    )


def details(body: fields.Row, account_id: str, reply: Reply) -> AccountDetails:
    """Read the numbers of an account; of several, the first that MX did not find wrong.

    Raises:
        NotFound: MX has none.
    """
    for row in fields.children(body, "account_numbers"):
        fields.own([account_id], [fields.ident(row, "account_guid")], "account")
        number = fields.maybe_text(row, "account_number")
        if number and row.get("passed_validation") is not False:
            routing = fields.maybe_text(row, "routing_number")
            return AccountDetails(
                source=KEY,
                as_of=reply.received_at,
                raw=row,
                account_id=account_id,
                account_number=number,
                routing_numbers={"ach": routing} if routing else {},
            )
    raise NotFound("MX has no number of this account; the bank gives none, or MX has not been asked to verify it")


def identities(
    accounts: Listing[Account], owners: Listing[tuple[str, Owner]], as_of: datetime
) -> Listing[AccountIdentity]:
    """Put owners to their accounts; one of which MX names nobody is left out."""
    found: Listing[AccountIdentity] = Listing()
    for each in accounts:
        mine = tuple(owner for account_id, owner in owners if account_id == each.id)
        if mine:
            found.append(AccountIdentity(source=KEY, as_of=as_of, raw=None, account=each, owners=mine))
    found.errors = accounts.errors + owners.errors
    return found


def owner(row: fields.Row) -> tuple[str, Owner]:
    """Read one owner of an account, with the account's id. MX says of nobody that it is a company."""
    first, last, name = (fields.maybe_text(row, each) for each in ("first_name", "last_name", "owner_name"))
    parts = ("address", "city", "state", "postal_code", "country")
    street, city, region, postal_code, country = (fields.maybe_text(row, each) for each in parts)
    address = Address(primary=True, street=street, city=city, region=region, postal_code=postal_code, country=country)
    phone, email = fields.maybe_text(row, "phone"), fields.maybe_text(row, "email")
    return fields.ident(row, "account_guid"), Owner(
        type=PartyType.PERSON if first or last else PartyType.UNKNOWN,
        names=tuple(filter(None, (name or " ".join(filter(None, (first, last))),))),
        addresses=(address,) if any((street, city, region, postal_code)) else (),
        phone_numbers=(phone,) if phone else (),
        emails=(email,) if email else (),
    )
