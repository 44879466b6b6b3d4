"""How Plaid's debts, owners and streams of repeated payments read.
Floor 3: pure functions; a list that Plaid leaves out is null, and stands for none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from fin_infra.model import (
    Account,
    AccountIdentity,
    Address,
    Apr,
    Liability,
    LiabilityKind,
    Listing,
    Owner,
    PartyType,
    RecurringStatus,
    RecurringStream,
    RowError,
)
from fin_infra.providers import fields
from fin_infra.providers.banking.plaid.payloads import KEY, currency_of, money_of
from fin_infra.transport import Reply

_Read = Callable[[fields.Row, str, Reply], Liability]
_HOLDERS = {"personal": PartyType.PERSON, "business": PartyType.ORGANIZATION}


def liabilities(body: dict[str, Any], reply: Reply) -> Listing[Liability]:
    """Read `/liabilities/get`; amounts have no currency of their own, and take that of their account."""
    listed_accounts: list[Any] = body.get("accounts") or []
    accounts = map(fields.object_of, listed_accounts if type(listed_accounts) is list else [])
    currencies = {
        row["account_id"]: currency_of(fields.object_of(row.get("balances")))
        for row in accounts
        if isinstance(row.get("account_id"), str)
    }
    told, found, errors = fields.child(body, "liabilities"), list[Liability](), list[RowError]()
    for name, read in _KINDS.items():
        rows: Any = told.get(name)
        listed = fields.rows([] if rows is None else rows, name, _of(read, currencies, reply), id_field="account_id")
        found += listed
        errors += listed.errors
    return Listing(found, errors=errors)


def _of(read: _Read, currencies: Mapping[str, str], reply: Reply) -> Callable[[fields.Row], Liability]:
    return lambda row: read(row, currencies.get(fields.ident(row, "account_id"), ""), reply)


def _card(row: fields.Row, currency: str, reply: Reply) -> Liability:
    money = _Money(row, currency)
    return Liability(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        account_id=fields.ident(row, "account_id"),
        kind=LiabilityKind.CREDIT,
        aprs=tuple(_apr(apr, currency) for apr in fields.children(row, "aprs")),
        next_payment_due=_day(row, "next_payment_due_date"),
        minimum_payment=money.of("minimum_payment_amount"),
        is_overdue=_flag(row, "is_overdue"),
        last_payment=money.of("last_payment_amount"),
        last_payment_on=_day(row, "last_payment_date"),
        last_statement_balance=money.of("last_statement_balance"),
        last_statement_on=_day(row, "last_statement_issue_date"),
    )


def _apr(row: fields.Row, currency: str) -> Apr:
    money = _Money(row, currency)
    return Apr(
        percentage=fields.amount(row, "apr_percentage"),
        type_text=fields.text(row, "apr_type"),
        balance=money.of("balance_subject_to_apr"),
        interest=money.of("interest_charge_amount"),
    )


def _mortgage(row: fields.Row, currency: str, reply: Reply) -> Liability:
    money, rate = _Money(row, currency), fields.object_of(row.get("interest_rate"))
    return Liability(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        account_id=fields.ident(row, "account_id"),
        kind=LiabilityKind.MORTGAGE,
        account_number=fields.maybe_text(row, "account_number"),
        interest_rate=fields.maybe_amount(rate, "percentage"),
        rate_type_text=fields.maybe_text(rate, "type"),
        next_payment_due=_day(row, "next_payment_due_date"),
        minimum_payment=money.of("next_monthly_payment"),
        past_due=money.of("past_due_amount"),
        last_payment=money.of("last_payment_amount"),
        last_payment_on=_day(row, "last_payment_date"),
        principal=money.of("origination_principal_amount"),
        originated_on=_day(row, "origination_date"),
        matures_on=_day(row, "maturity_date"),
        escrow=money.of("escrow_balance"),
        interest_this_year=money.of("ytd_interest_paid"),
        principal_this_year=money.of("ytd_principal_paid"),
    )


def _student(row: fields.Row, currency: str, reply: Reply) -> Liability:
    money = _Money(row, currency)
    return Liability(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        account_id=fields.ident(row, "account_id"),
        kind=LiabilityKind.STUDENT,
        account_number=fields.maybe_text(row, "account_number"),
        interest_rate=fields.maybe_amount(row, "interest_rate_percentage"),
        next_payment_due=_day(row, "next_payment_due_date"),
        minimum_payment=money.of("minimum_payment_amount"),
        is_overdue=_flag(row, "is_overdue"),
        last_payment=money.of("last_payment_amount"),
        last_payment_on=_day(row, "last_payment_date"),
        last_statement_balance=money.of("last_statement_balance"),
        last_statement_on=_day(row, "last_statement_issue_date"),
        principal=money.of("origination_principal_amount"),
        originated_on=_day(row, "origination_date"),
        matures_on=_day(row, "expected_payoff_date"),
        interest_this_year=money.of("ytd_interest_paid"),
        principal_this_year=money.of("ytd_principal_paid"),
        status_text=fields.maybe_text(fields.object_of(row.get("loan_status")), "type"),
    )


_KINDS: Mapping[str, _Read] = {"credit": _card, "mortgage": _mortgage, "student": _student}


class _Money:
    """Amounts of one row in the currency of its account."""

    def __init__(self, row: fields.Row, currency: str) -> None:
        self._row, self._unit = row, {"iso_currency_code": currency}

    def of(self, name: str) -> Any:
        return money_of(fields.maybe_amount(self._row, name), self._unit)


def _day(row: fields.Row, name: str) -> date | None:
    return fields.maybe(fields.day, row, name)


def _flag(row: fields.Row, name: str) -> bool | None:
    return None if row.get(name) is None else fields.flag(row, name)


def identity(row: fields.Row, account: Account, reply: Reply) -> AccountIdentity:
    holder = _HOLDERS.get(fields.maybe_text(row, "holder_category") or "", PartyType.UNKNOWN)
    return AccountIdentity(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        account=account,
        owners=tuple(_owner(owner, holder) for owner in fields.children(row, "owners")),
    )


def _owner(row: fields.Row, holder: PartyType) -> Owner:
    return Owner(
        type=holder,
        names=fields.words(row, "names"),
        addresses=tuple(_address(address) for address in fields.children(row, "addresses")),
        phone_numbers=_data(row, "phone_numbers"),
        emails=_data(row, "emails"),
    )


def _data(row: fields.Row, name: str) -> tuple[str, ...]:
    return tuple(fields.text(entry, "data") for entry in fields.children(row, name))


def _address(row: fields.Row) -> Address:
    lines = {name: fields.maybe_text(fields.child(row, "data"), name) for name in _ADDRESS}
    return Address(primary=row.get("primary") is True, **lines)


# https://plaid.com/docs/api/products/identity
_ADDRESS = ("street", "city", "region", "postal_code", "country")


def recurring(body: dict[str, Any], reply: Reply) -> Listing[RecurringStream]:
    """Read `/transactions/recurring/get`; amounts are positive for money out, in streams of either direction."""
    found: Listing[RecurringStream] = Listing()
    for name in ("inflow_streams", "outflow_streams"):
        rows = fields.rows(body.get(name), name, lambda row: _stream(row, reply), id_field="stream_id")
        found += rows
        found.errors += rows.errors
    return found


def _stream(row: fields.Row, reply: Reply) -> RecurringStream:
    words = fields.object_of(row.get("personal_finance_category"))
    status, frequency = fields.text(row, "status"), fields.text(row, "frequency")
    return RecurringStream(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "stream_id"),
        account_id=fields.ident(row, "account_id"),
        description=fields.text(row, "description"),
        counterparty=fields.maybe_text(row, "merchant_name") or None,
        first_on=fields.day(row, "first_date"),
        last_on=fields.day(row, "last_date"),
        next_on=_day(row, "predicted_next_date"),
        frequency_text=frequency.lower(),
        average=_turned(fields.child(row, "average_amount")),
        last=_turned(fields.child(row, "last_amount")),
        transaction_ids=fields.words(row, "transaction_ids"),
        is_active=fields.flag(row, "is_active"),
        status=fields.word(RecurringStatus, status.lower(), RecurringStatus.UNKNOWN),
        status_text=status,
        category_text=fields.maybe_text(words, "detailed") or fields.maybe_text(words, "primary"),
    )


def _turned(row: fields.Row) -> Any:
    amount = fields.maybe_amount(row, "amount")
    return money_of(None if amount is None else -amount, row)
