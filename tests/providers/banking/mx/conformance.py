"""MX in the suite of banks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fin_infra.errors import AuthenticationFailed, NotFound, PermissionDenied, ProviderUnavailable, ReauthRequired
from fin_infra.model import Money
from fin_infra.providers.banking.mx.adapter import Mx
from tests.support.rows import Bank, Truth, World

HOUSEHOLD = "test_token_sandbox"
"""The enrollment of the world that the sandbox's well-known login is."""
STATES_USER = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000002"


def truths(world: World) -> dict[str, Truth]:
    """What the world counts as owed on a card is negative for us."""
    here = {account: guid for guid, account in world["mx_accounts"].items()}
    rows = [row for row in world["accounts"] if row["access_token"] == HOUSEHOLD]
    return {here[row["id"]]: _truth(row, -1 if row["subtype"] == "credit_card" else 1) for row in rows}


def _truth(row: dict[str, Any], sign: int) -> Truth:
    return Truth(
        current=Money(Decimal(row["ledger"]) * sign, "USD"),
        available=Money(Decimal(row["available"]), "USD"),
        closed=row["status"] == "closed",
        name=row["name"],
        opening=Money(Decimal(row["opening_balance"]) * sign, "USD"),
        counts=(row["posted_count"], row["pending_count"]),
    )


def member(number: int) -> dict[str, str]:
    """A login of the sandbox's person who has one in every state, by its place in the published list."""
    return {"user_guid": STATES_USER, "member_guid": f"MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f000002{number:02d}"}


ROW = Bank(
    cls=Mx,
    household={"api_key": "sandbox-mx-api-key"},
    truths=truths,
    broken=(
        (AuthenticationFailed, {"api_key": "sandbox-mx-nobody"}),
        (NotFound, {"member_guid": "MBR-6f1d5a90-3c1e-4c57-9a8e-000000000000"}),
        (ReauthRequired, member(3)),  # CHALLENGED
        (ProviderUnavailable, member(9)),  # DEGRADED
        (ProviderUnavailable, member(0)),  # CREATED
        (PermissionDenied, member(11)),  # DISCONTINUED
    ),
    next_page={"page": "[2-9]"},
    small_page=10,
)
