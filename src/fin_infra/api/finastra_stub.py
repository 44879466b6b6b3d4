"""Accounts and balances that the B2C routes answer with while the vendor's API is not called: always the same.
Floor 7: made up here, no one's; `stub` in the answer says so."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from bankersbank.models import B2CAccount, B2CBalance
from fin_infra.model import Money

SOURCE = "stub"
_AS_OF = datetime(2026, 1, 2, tzinfo=UTC)


def _account(number: int, kind: str, currency: str) -> B2CAccount:
    return B2CAccount(
        source=SOURCE,
        as_of=_AS_OF,
        id=f"STUB-{number}",
        number=None,
        type=kind,
        currency=currency,
        status="ACTIVE",
    )


def _balance(account: B2CAccount, ledger: str, available: str) -> B2CBalance:
    return B2CBalance(
        source=SOURCE,
        as_of=_AS_OF,
        account_id=account.id,
        type=account.type,
        ledger=Money(Decimal(ledger), account.currency),
        available=Money(Decimal(available), account.currency),
        on=date(2026, 1, 2),
    )


ACCOUNTS = (_account(1, "CURRENT", "EUR"), _account(2, "SAVINGS", "EUR"), _account(3, "CURRENT", "USD"))
BALANCES = tuple(
    _balance(account, ledger, available)
    for account, ledger, available in zip(
        ACCOUNTS, ("1250.75", "10000.00", "55456.72"), ("1200.75", "10000.00", "55456.72"), strict=True
    )
)
