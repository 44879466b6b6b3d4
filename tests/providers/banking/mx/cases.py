"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import date

from tests.support.cases import Case, Ids, plain
from tests.support.sandbox import Sandbox

USER = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001"
MEMBER = "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000101"
ASKED = {"auth": ("sandbox-mx-client", "sandbox-mx-api-key"), "headers": {"Accept-Version": "v20250224"}}
UNTIL = "2030-01-01T00:00:00+00:00"


def prepare(sandbox: Sandbox) -> Ids:
    """Return the household's open accounts by kind, and its newest transaction."""
    rows = sandbox.ask("GET", f"/mx/users/{USER}/members/{MEMBER}/accounts", **ASKED)["accounts"]
    ids = {row["type"]: row["guid"] for row in rows if not row["is_closed"]}
    newest = sandbox.ask("GET", f"/mx/users/{USER}/accounts/{ids['CHECKING']}/transactions", **ASKED)
    return {
        "checking": ids["CHECKING"],
        "card": ids["CREDIT_CARD"],
        "transaction": newest["transactions"][0]["guid"],
        "link": f"{USER}/{UNTIL}//",
    }


def private(sandbox: Sandbox) -> set[str]:
    """Return the numbers of the household's account."""
    path = f"/mx/users/{USER}/accounts/{prepare(sandbox)['checking']}/account_numbers"
    [row] = sandbox.ask("GET", path, **ASKED)["account_numbers"]
    return {row["account_number"], row["routing_number"]}


def login_is_gone(sandbox: Sandbox, ids: Ids) -> bool:
    return sandbox.status(f"/mx/users/{USER}/members/{MEMBER}", **ASKED) != 200


CASES = [
    plain("ping", "ping"),
    plain("accounts", "accounts"),
    Case("account", "account", lambda ids: (ids["checking"],)),
    Case("details", "details", lambda ids: (ids["checking"],)),
    Case("balance", "balance", lambda ids: (ids["card"],)),
    plain("balances", "balances"),
    Case(
        "transactions",
        "transactions",
        lambda ids: (ids["checking"],),
        {"start": date(2026, 10, 20)},
        {"page_size": 20},
    ),
    Case("transaction", "transaction", lambda ids: (ids["checking"], ids["transaction"])),
    plain("identity", "identity"),
    plain("users", "users"),
    plain("members", "members"),
    plain("login_state", "login_state"),
    Case("aggregate", "aggregate", kwargs={"wait": False}, once=True),
    Case("start_link", "start_link", kwargs={"user": "sandbox-household"}),
    Case("link_state", "link_state", lambda ids: (ids["link"],)),
    Case("exchange", "exchange", lambda ids: (f"{USER}/{MEMBER}",)),
    Case("end_login", "end_login", gone=login_is_gone),
]
