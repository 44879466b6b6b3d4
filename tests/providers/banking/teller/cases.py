"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import date

from tests.support.cases import Case, Ids, plain
from tests.support.sandbox import Sandbox

TOKEN = ("test_token_sandbox", "")


def prepare(sandbox: Sandbox) -> Ids:
    """Return the household's open accounts by kind, and its newest transaction."""
    rows = sandbox.ask("GET", "/teller/accounts", auth=TOKEN)
    ids = {row["subtype"]: row["id"] for row in rows if row["status"] == "open"}
    newest = sandbox.ask("GET", f"/teller/accounts/{ids['checking']}/transactions?count=1", auth=TOKEN)
    return {"checking": ids["checking"], "card": ids["credit_card"], "transaction": newest[0]["id"]}


def private(sandbox: Sandbox) -> set[str]:
    """Return the numbers of the household's account."""
    path = f"/teller/accounts/{prepare(sandbox)['checking']}/details"
    details = sandbox.ask("GET", path, auth=TOKEN)
    return {details["account_number"], details["routing_numbers"]["ach"]}


def account_is_gone(sandbox: Sandbox, ids: Ids) -> bool:
    rows = sandbox.ask("GET", "/teller/accounts", auth=TOKEN)
    return ids["checking"] not in {row["id"] for row in rows}


def enrollment_is_gone(sandbox: Sandbox, ids: Ids) -> bool:
    return sandbox.status("/teller/accounts", auth=TOKEN) != 200


CASES = [
    plain("ping", "ping"),
    plain("accounts", "accounts"),
    Case("account", "account", lambda ids: (ids["checking"],)),
    Case("details", "details", lambda ids: (ids["checking"],)),
    Case("balance", "balance", lambda ids: (ids["card"],)),
    Case(
        "transactions",
        "transactions",
        lambda ids: (ids["checking"],),
        {"start": date(2026, 10, 20)},
        {"page_size": 20},
    ),
    Case("transactions of a card", "transactions", lambda ids: (ids["card"],), {"start": date(2026, 11, 1)}),
    Case("transaction", "transaction", lambda ids: (ids["checking"], ids["transaction"])),
    plain("identity", "identity"),
    Case("institutions", "institutions", public=True),
    Case("delete_account", "delete_account", lambda ids: (ids["checking"],), gone=account_is_gone),
    Case("delete_enrollment", "delete_enrollment", gone=enrollment_is_gone),
]
