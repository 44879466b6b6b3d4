"""Finastra in the suite of banks."""

from __future__ import annotations

from decimal import Decimal

from fin_infra.errors import AuthenticationFailed, PermissionDenied
from fin_infra.model import Money
from fin_infra.providers.banking.finastra import Finastra
from tests.support.rows import Bank, Truth, World


def truths(world: World) -> dict[str, Truth]:
    """A debt is negative in the sandbox's own books too."""
    return {
        row["id"]: Truth(
            current=Money(Decimal(row["ledger"]), row["currency"]),
            available=Money(Decimal(row["available"]), row["currency"]),
            closed=False,
        )
        for row in world["finastra_accounts"]["sandbox"]
    }


ROW = Bank(
    cls=Finastra,
    household={"client_id": "sandbox-b2c-client", "client_secret": "sandbox-b2c-secret"},
    truths=truths,
    broken=(
        (AuthenticationFailed, {"client_secret": "no-secret-of-anybody"}),
        (AuthenticationFailed, {"client_id": "no-client-of-anybody"}),
        (AuthenticationFailed, {"login_tenant": "no-bank-of-anybody"}),
        (PermissionDenied, {"client_id": "sandbox-b2b-client", "client_secret": "sandbox-b2b-secret"}),
    ),
)
