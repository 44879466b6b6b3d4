"""Teller in the suite of banks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fin_infra.errors import AuthenticationFailed, ProviderUnavailable, ReauthRequired
from fin_infra.model import Money
from fin_infra.providers.banking.teller.adapter import TellerClient
from tests.support.rows import Bank, Truth, World

TOKEN = "test_token_sandbox"


def truths(world: World) -> dict[str, Truth]:
    """What Teller counts as owed on a card is negative for us."""
    rows = [row for row in world["accounts"] if row["access_token"] == TOKEN]
    return {row["id"]: _truth(row, -1 if row["subtype"] == "credit_card" else 1) for row in rows}


def _truth(row: dict[str, Any], sign: int) -> Truth:
    return Truth(
        current=Money(Decimal(row["ledger"]) * sign, "USD"),
        available=Money(Decimal(row["available"]), "USD"),
        closed=row["status"] == "closed",
        name=row["name"],
        opening=Money(Decimal(row["opening_balance"]) * sign, "USD"),
        counts=(row["posted_count"], row["pending_count"]),
    )


ROW = Bank(
    cls=TellerClient,
    household={"access_token": TOKEN},
    truths=truths,
    broken=(
        (AuthenticationFailed, {"access_token": "test_token_nobody"}),
        (ReauthRequired, {"access_token": "test_token_mfa_required"}),
        (ProviderUnavailable, {"access_token": "test_token_bank_unavailable"}),
    ),
    next_page={"from_id": "txn_*"},
)
