"""Answer the Liabilities product: cards, student loans and mortgages of the household.
Floor 8: a card's statement closes with the month and is paid on the 25th; terms of loans are those of the world.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.vendors.plaid.accounts import BankSource, LoanSource
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused
from fin_infra.sandbox.world.days import utc_midnight
from fin_infra.sandbox.world.ledger import STATEMENT_PAID_ON
from fin_infra.sandbox.world.loans import following
from fin_infra.sandbox.world.prices import CENT

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

APRS = (("purchase_apr", Decimal("21.49")), ("cash_apr", Decimal("28.99")))
LEAST, SHARE = Decimal("25.00"), Decimal("0.02")
_HARBOR = {"city": "Duluth", "country": "US", "postal_code": "55802", "region": "MN", "street": "PO Box 40"}
_CABIN = {"city": "Grand Marais", "country": "US", "postal_code": "55604", "region": "MN", "street": "3 Cove Trail"}


class Liabilities:
    """The operation on liabilities."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def get(self, call: Call) -> Json:
        """Answer what is owed, by kind; null for a kind that the Item has nothing of."""
        item = self._vendor.items.healthy(call, "liabilities")
        found: dict[str, list[Json]] = {"credit": [], "mortgage": [], "student": []}
        chosen = self._vendor.items.chosen(item, call)
        for account_id, source in chosen:
            if isinstance(source, BankSource) and source.type == "credit":
                found["credit"].append(_card(account_id, source, item.looked))
            elif isinstance(source, LoanSource):
                terms = _student if source.subtype == "student" else _mortgage
                found[source.subtype].append(terms(account_id, source, item.looked))
        if not any(found.values()):
            raise Refused("NO_LIABILITY_ACCOUNTS")
        return {
            "accounts": self._vendor.items.bodies(item, chosen),
            "item": self._vendor.items.body(item),
            "liabilities": {kind: rows or None for kind, rows in found.items()},
        }


def _card(account_id: str, source: BankSource, now: datetime) -> Json:
    issued = now.date().replace(day=1)
    owed = source.account.book.posted_total(utc_midnight(issued))
    due = issued.replace(day=STATEMENT_PAID_ON)
    paid = next((shown for shown in source.account.book.shown(now) if shown.entry.kind == "payment"), None)
    return {
        "account_id": account_id,
        "aprs": [
            {"apr_percentage": number(rate), "apr_type": kind, "balance_subject_to_apr": 0, "interest_charge_amount": 0}
            for kind, rate in APRS
        ],
        "is_overdue": False,
        "last_payment_amount": number(-paid.amount) if paid else None,
        "last_payment_date": paid.day.isoformat() if paid else None,
        "last_statement_balance": number(owed),
        "last_statement_issue_date": issued.isoformat(),
        "minimum_payment_amount": number(min(owed, max(LEAST, (owed * SHARE).quantize(CENT)))),
        "next_payment_due_date": (due if now.date() <= due else following(due)).isoformat(),
    }


def _student(account_id: str, source: LoanSource, now: datetime) -> Json:
    loan, stands = source.loan, source.standing(now)
    return {
        "account_id": account_id,
        "account_number": loan.number,
        "disbursement_dates": [loan.begun.isoformat()],
        "expected_payoff_date": loan.ends.isoformat(),
        "guarantor": "DEPT OF ED",
        "interest_rate_percentage": number(loan.rate),
        "is_overdue": False,
        "last_payment_amount": number(loan.payment) if stands.last_paid else None,
        "last_payment_date": stands.last_paid.isoformat() if stands.last_paid else None,
        "last_statement_balance": number(loan.payment),
        "last_statement_issue_date": stands.next_due.replace(day=1).isoformat(),
        "loan_name": loan.name,
        "loan_status": {"end_date": loan.ends.isoformat(), "type": "repayment"},
        "minimum_payment_amount": number(loan.payment),
        "next_payment_due_date": stands.next_due.isoformat(),
        "origination_date": loan.begun.isoformat(),
        "origination_principal_amount": number(loan.principal),
        "outstanding_interest_amount": 0,
        "payment_reference_number": loan.number,
        "pslf_status": {"estimated_eligibility_date": None, "payments_made": None, "payments_remaining": None},
        "repayment_plan": {"description": "Standard Repayment", "type": "standard"},
        "sequence_number": "1",
        "servicer_address": _HARBOR,
        "ytd_interest_paid": number(stands.interest_this_year),
        "ytd_principal_paid": number(stands.principal_this_year),
    }


def _mortgage(account_id: str, source: LoanSource, now: datetime) -> Json:
    loan, stands = source.loan, source.standing(now)
    return {
        "account_id": account_id,
        "account_number": loan.number,
        "current_late_fee": 0,
        "escrow_balance": 0,
        "has_pmi": False,
        "has_prepayment_penalty": False,
        "interest_rate": {"percentage": number(loan.rate), "type": "fixed"},
        "last_payment_amount": number(loan.payment) if stands.last_paid else None,
        "last_payment_date": stands.last_paid.isoformat() if stands.last_paid else None,
        "loan_term": f"{loan.ends.year - loan.begun.year} year",
        "loan_type_description": "conventional",
        "maturity_date": loan.ends.isoformat(),
        "next_monthly_payment": number(loan.payment),
        "next_payment_due_date": stands.next_due.isoformat(),
        "origination_date": loan.begun.isoformat(),
        "origination_principal_amount": number(loan.principal),
        "past_due_amount": 0,
        "property_address": _CABIN,
        "ytd_interest_paid": number(stands.interest_this_year),
        "ytd_principal_paid": number(stands.principal_this_year),
    }
