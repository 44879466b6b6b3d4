"""Plaid in the suite of banks."""

from __future__ import annotations

from base64 import b64encode
from decimal import Decimal
from hashlib import blake2b

from fin_infra.errors import AuthenticationFailed
from fin_infra.model import Money
from fin_infra.providers.banking.plaid import Plaid
from tests.support.rows import Bank, Truth, World

TOKEN = "access-sandbox-00000000-0000-4000-8000-000000000001"
PEOPLE = "test_token_sandbox"
"""The same household at another vendor, by which the world names its accounts."""
SLUGS = {
    "Everyday Checking": "ada-checking",
    "Rainy Day Savings": "ada-savings",
    "Lighthouse Rewards Card": "ada-card",
}


def ident(*parts: object) -> str:
    """Return the id that the sandbox gives to these words: 37 characters, as Plaid's are."""
    digest = blake2b(":".join(map(str, parts)).encode(), digest_size=30).digest()
    return b64encode(digest, b"xZ").decode()[:37]


def truths(world: World) -> dict[str, Truth]:
    """What Plaid counts as owed is positive on the wire, and negative for us."""
    item = ident(world["seed"], TOKEN)
    rows = [row for row in world["accounts"] if row["access_token"] == PEOPLE and row["status"] == "open"]
    found: dict[str, Truth] = {}
    for row in rows:
        sign = -1 if row["subtype"] == "credit_card" else 1
        found[ident(item, SLUGS[row["name"]])] = Truth(
            current=Money(Decimal(row["ledger"]) * sign, "USD"),
            available=Money(Decimal(row["available"]), "USD"),
            closed=False,
            name=row["name"],
        )
    return found


ROW = Bank(
    cls=Plaid,
    household={"access_token": TOKEN},
    truths=truths,
    broken=(
        (AuthenticationFailed, {"client_id": "no-client-of-anybody"}),
        (AuthenticationFailed, {"secret": "no-secret-of-anybody"}),
        (AuthenticationFailed, {"access_token": "access-sandbox-00000000-0000-4000-8000-ffffffffffff"}),
    ),
)
