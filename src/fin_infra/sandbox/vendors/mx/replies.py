"""Write what MX answers with: users, members, accounts, transactions, numbers, owners, holdings, institutions.
Floor 8: an amount has no sign, `type` says which way it went; what is owed on a card is a positive balance.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.vendors.mx.members import Member, User, guid, institution_code, institutions
from fin_infra.sandbox.world.household import Person
from fin_infra.sandbox.world.ledger import Shown

if TYPE_CHECKING:
    from fin_infra.sandbox.world.holdings import HoldingWalk, Position
    from fin_infra.sandbox.world.world import Account

_TYPES = {"checking": "CHECKING", "savings": "SAVINGS", "money_market": "SAVINGS", "credit_card": "CREDIT_CARD"}
# MX's own categories: https://docs.mx.com/api-reference/platform-api/reference/default-categories
_CATEGORIES = {
    "dining": ("Restaurants", "Food & Dining"),
    "bar": ("Alcohol & Bars", "Food & Dining"),
    "groceries": ("Groceries", "Food & Dining"),
    "fuel": ("Gas", "Auto & Transport"),
    "transport": ("Public Transportation", "Auto & Transport"),
    "transportation": ("Shipping", "Business Services"),
    "health": ("Pharmacy", "Health & Fitness"),
    "home": ("Mortgage & Rent", "Home"),
    "utilities": ("Utilities", "Bills & Utilities"),
    "phone": ("Mobile Phone", "Bills & Utilities"),
    "insurance": ("Auto Insurance", "Auto & Transport"),
    "income": ("Paycheck", "Income"),
    "clothing": ("Clothing", "Shopping"),
    "electronics": ("Electronics & Software", "Shopping"),
    "software": ("Electronics & Software", "Shopping"),
    "entertainment": ("Entertainment", "Entertainment"),
    "shopping": ("Shopping", "Shopping"),
    "sport": ("Sporting Goods", "Shopping"),
    "loan": ("Student Loan", "Education"),
    "office": ("Office Supplies", "Business Services"),
}
_NO_CATEGORY = ("Uncategorized", "Uncategorized")


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def user(row: User) -> dict[str, object]:
    return {
        "guid": row.guid,
        "id": row.id,
        "email": row.email,
        "metadata": row.metadata,
        "is_disabled": row.is_disabled,
    }


def _read_at(row: Member, now: datetime) -> str | None:
    return stamp(row.seen_at or now - timedelta(hours=2)) if row.was_read else None


def member(row: Member, now: datetime) -> dict[str, object]:
    code = institution_code(row.slug)
    name = institutions()[code]
    return {
        "aggregated_at": _read_at(row, now),
        "background_aggregation_is_disabled": row.status == "DISABLED",
        "connection_status": row.status,
        "connection_status_message": f"{row.status.capitalize()} to {name}",
        "guid": row.guid,
        "id": None,
        "institution_code": code,
        "institution_guid": guid("INST", code),
        "is_being_aggregated": row.is_busy,
        "is_managed_by_user": True,
        "is_manual": False,
        "is_oauth": False,
        "metadata": None,
        "most_recent_job_detail_code": None,
        "most_recent_job_detail_text": None,
        "most_recent_job_guid": None,
        "name": name,
        "needs_updated_credentials": row.status in ("DENIED", "PREVENTED", "IMPAIRED"),
        "oauth_window_uri": None,
        "successfully_aggregated_at": _read_at(row, now),
        "use_cases": ["PFM"],
        "user_guid": row.user,
        "user_id": None,
    }


def status(row: Member, now: datetime) -> dict[str, object]:
    challenged = row.status == "CHALLENGED"
    asked = {"field_name": None, "guid": guid("CRD", row.guid), "label": "What is your pet's name?", "type": "TEXT"}
    return {
        "aggregated_at": _read_at(row, now),
        "challenges": [asked] if challenged else [],
        "connection_status": row.status,
        "guid": row.guid,
        "has_processed_account_numbers": row.was_read,
        "has_processed_accounts": row.was_read,
        "has_processed_transactions": row.was_read,
        "is_authenticated": row.was_read and not challenged,
        "is_being_aggregated": row.is_busy,
        "successfully_aggregated_at": _read_at(row, now),
    }


def account_guid(row: Member, held: Account | HoldingWalk) -> str:
    """Return the id of an account; a second login at the same bank has ids of its own."""
    return guid("ACT", row.guid, held.id)


def account(row: Member, held: Account, now: datetime) -> dict[str, object]:
    plan = held.plan
    balance, available = held.balances(now)
    shown = number(available) if plan.shows_available else None
    return _account(row, account_guid(row, held), now) | {
        "account_number": f"XXXXX{held.last_four}",
        "available_balance": None if plan.is_credit else shown,
        "available_credit": shown if plan.is_credit else None,
        "balance": number(balance),
        "credit_limit": number(plan.credit_limit),
        "is_closed": plan.closed,
        "name": plan.name,
        "subtype": "MONEY_MARKET" if plan.subtype == "money_market" else None,
        "type": _TYPES[plan.subtype],
    }


def _account(row: Member, name: str, now: datetime) -> dict[str, object]:
    """Return the part that accounts of every kind have."""
    return {
        "account_number": None,
        "account_ownership": None,
        "apr": None,
        "apy": None,
        "available_balance": None,
        "available_credit": None,
        "balance": None,
        "cash_balance": None,
        "created_at": stamp(now),
        "credit_limit": None,
        "currency_code": "USD",
        "guid": name,
        "id": None,
        "institution_code": institution_code(row.slug),
        "institution_guid": guid("INST", institution_code(row.slug)),
        "interest_rate": None,
        "is_closed": False,
        "is_hidden": False,
        "is_manual": False,
        "member_guid": row.guid,
        "member_id": None,
        "member_is_managed_by_user": True,
        "metadata": None,
        "minimum_payment": None,
        "name": None,
        "nickname": None,
        "original_balance": None,
        "payment_due_at": None,
        "property_type": None,
        "routing_number": None,
        "subtype": None,
        "type": None,
        "updated_at": stamp(now),
        "user_guid": row.user,
        "user_id": None,
    }


def invested(row: Member, book: HoldingWalk, now: datetime) -> dict[str, object]:
    """Return an account at the broker."""
    total, cash = book.total(now), book.cash(now).get(book.holder.currency)
    return _account(row, account_guid(row, book), now) | {
        "account_number": book.holder.number.replace("*", "X"),
        "balance": number(total),
        "cash_balance": number(cash),
        "currency_code": book.holder.currency,
        "is_closed": book.holder.status == "closed",
        "name": book.holder.name,
        "type": "INVESTMENT",
    }


def transaction(row: Member, held: Account, shown: Shown) -> dict[str, object]:
    entry = shown.entry
    is_in = shown.amount < 0 if held.plan.is_credit else shown.amount > 0
    category, top = _CATEGORIES.get(entry.category or "", _NO_CATEGORY)
    return {
        "account_guid": account_guid(row, held),
        "account_id": None,
        "amount": number(abs(shown.amount)),
        "category": category,
        "category_guid": guid("CAT", category),
        "check_number_string": None,
        "created_at": stamp(shown.at),
        "currency_code": None,
        "date": shown.day.isoformat(),
        "description": entry.counterparty or entry.description.title(),
        "extended_transaction_type": None,
        "guid": guid("TRN", row.guid, shown.id),
        "id": None,
        "is_bill_pay": False,
        "is_direct_deposit": False,
        "is_expense": not is_in,
        "is_fee": False,
        "is_income": top == "Income",
        "is_international": None,
        "is_manual": False,
        "is_overdraft_fee": False,
        "is_payroll_advance": False,
        "is_recurring": None,
        "is_subscription": False,
        "latitude": None,
        "localized_description": None,
        "localized_memo": None,
        "longitude": None,
        "member_guid": row.guid,
        "member_is_managed_by_user": True,
        "memo": None,
        "merchant_category_code": None,
        "merchant_guid": guid("MCH", entry.counterparty) if entry.counterparty else None,
        "merchant_location_guid": None,
        "metadata": None,
        "original_description": entry.description,
        "posted_at": stamp(shown.at) if shown.posted else None,
        "status": "POSTED" if shown.posted else "PENDING",
        "top_level_category": top,
        "transacted_at": stamp(entry.authorized),
        "type": "CREDIT" if is_in else "DEBIT",
        "updated_at": stamp(shown.at),
        "user_guid": row.user,
        "user_id": None,
    }


def account_number(row: Member, held: Account) -> dict[str, object]:
    return {
        "account_guid": account_guid(row, held),
        "account_number": held.number,
        "guid": guid("ACN", row.guid, held.id),
        "institution_number": None,
        "loan_guarantor": None,
        "loan_reference_number": None,
        "member_guid": row.guid,
        "passed_validation": True,
        "routing_number": held.routing,
        "sequence_number": None,
        "transit_number": None,
        "user_guid": row.user,
    }


def owner(row: Member, held: Account, person: Person) -> dict[str, object]:
    first, _, last = person.name.partition(" ")
    is_person = person.kind == "person"
    return {
        "account_guid": account_guid(row, held),
        "address": person.street,
        "city": person.city,
        "country": "US",
        "email": person.email,
        "first_name": first if is_person else None,
        "guid": guid("ACO", row.guid, held.id, person.name),
        "last_name": last if is_person else None,
        "member_guid": row.guid,
        "owner_name": person.name,
        "phone": person.phone,
        "postal_code": person.postal_code,
        "state": person.region,
        "user_guid": row.user,
    }


def holding(row: Member, book: HoldingWalk, held: Position, price: Decimal | None, now: datetime) -> dict[str, object]:
    """Return what is held of one instrument; a quantity is text in the older version's published client."""
    instrument = held.instrument
    value = None if price is None else number(held.units * price * instrument.multiplier)
    basis = None if held.cost is None else number(held.units * held.cost * instrument.multiplier)
    return {
        "account_guid": account_guid(row, book),
        "cost_basis": basis,
        "coupon_yield": None,
        "created_at": stamp(now),
        "currency_code": instrument.currency,
        "current_price": number(price),
        "current_price_as_of": stamp(now),
        "daily_change": None,
        "description": instrument.name,
        "guid": guid("HOL", row.guid, book.id, instrument.key),
        "holding_type": "EQUITY",
        "market_value": value,
        "purchase_price": number(held.cost),
        "quantity": str(held.units),
        "symbol": instrument.key,
        "user_guid": row.user,
    }


def institution(code: str, name: str) -> dict[str, object]:
    return {
        "code": code,
        "guid": guid("INST", code),
        "is_disabled_by_client": False,
        "iso_country_code": "US",
        "medium_logo_url": None,
        "name": name,
        "small_logo_url": None,
        "supports_account_identification": True,
        "supports_account_statement": False,
        "supports_account_verification": True,
        "supports_oauth": False,
        "supports_tax_document": False,
        "supports_transaction_history": True,
        "url": None,
    }
