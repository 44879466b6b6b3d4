"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import date
from typing import Any

from fin_infra.errors import (
    AuthenticationFailed,
    CursorRefused,
    PermissionDenied,
    ProviderUnavailable,
    ReauthRequired,
)
from tests.support.cases import Case, Ids, Verdict, plain
from tests.support.sandbox import Sandbox

KEYS = {"PLAID-CLIENT-ID": "sandbox-plaid-client", "PLAID-SECRET": "sandbox-plaid-secret"}
LINKED = "access-sandbox-00000000-0000-4000-8000-00000000000"
HOUSEHOLD, EVERYTHING = f"{LINKED}1", f"{LINKED}5"
ALL = {"access_token": EVERYTHING}
"""Settings of a login with investments and loans, too."""


def ask(sandbox: Sandbox, path: str, **body: Any) -> Any:
    return sandbox.ask("POST", f"/plaid{path}", headers=KEYS, json=body)


def public_token(sandbox: Sandbox) -> str:
    asked = {"institution_id": "ins_109508", "initial_products": ["transactions"]}
    token: str = ask(sandbox, "/sandbox/public_token/create", **asked)["public_token"]
    return token


def prepare(sandbox: Sandbox) -> Ids:
    """Return accounts of two logins, a login that is about to be made, a page of Link, and the webhook key."""
    rows = ask(sandbox, "/accounts/get", access_token=HOUSEHOLD)["accounts"]
    ids = {row["subtype"]: row["account_id"] for row in rows}
    user = {"client_user_id": "u-1"}
    asked = {"client_name": "A test", "language": "en", "country_codes": ["US"], "user": user}
    link = ask(sandbox, "/link/token/create", products=["transactions"], hosted_link={}, **asked)
    return {
        "checking": ids["checking"],
        "card": ids["credit card"],
        "public_token": public_token(sandbox),
        "link_token": link["link_token"],
        "key_id": sandbox.control("GET", "/plaid")["key_id"] or "absent",
    }


def private(sandbox: Sandbox) -> set[str]:
    """Return the numbers of the household's account."""
    numbers = ask(sandbox, "/auth/get", access_token=HOUSEHOLD)["numbers"]["ach"]
    return {numbers[0]["account"], numbers[0]["routing"]}


CASES = [
    plain("ping", "ping"),
    plain("accounts", "accounts"),
    Case("account", "account", lambda ids: (ids["checking"],)),
    Case("details", "details", lambda ids: (ids["checking"],)),
    Case("balance", "balance", lambda ids: (ids["card"],)),
    plain("balances", "balances"),
    # one page each: further ones go to the same path, and the matrix tells requests apart by path and query
    Case("transactions", "transactions", lambda ids: (ids["checking"],), {"start": date(2026, 10, 20)}),
    Case("transaction_changes", "transaction_changes", settings={"page_size": 20}),
    Case("refresh", "refresh", once=True),
    plain("recurring", "recurring"),
    Case("holdings", "holdings", settings=ALL),
    Case("activities", "activities", settings=ALL),
    Case("liabilities", "liabilities", settings=ALL),
    plain("identity", "identity"),
    Case("institution", "institution", lambda ids: ("ins_109508",), public=True),
    Case("institutions", "institutions", public=True),
    Case("start_link", "start_link", kwargs={"user": "u-2"}, once=True),
    Case("start_link to repair", "start_link", kwargs={"user": "u-2", "repair": True}, once=True),
    Case("link_state", "link_state", lambda ids: (ids["link_token"],)),
    Case("exchange", "exchange", lambda ids: (ids["public_token"],), once=True),
    plain("login_state", "login_state"),
    Case("processor_token", "processor_token", lambda ids: (ids["checking"], "alpaca"), once=True),
    Case("webhook_key", "webhook_key", lambda ids: (ids["key_id"],), public=True),
    Case("end_login", "end_login", once=True),
]
_person, _keys = Verdict((ReauthRequired,)), Verdict((AuthenticationFailed,))
_passing = Verdict((ProviderUnavailable,), heals=True)
VERDICTS = {
    "access_not_granted": _person,
    "additional_consent_required": Verdict((PermissionDenied,)),
    "institution_down": _passing,
    "institution_not_responding": _passing,
    "invalid_access_token": _keys,
    "invalid_api_keys": _keys,
    "item_locked": _person,
    "item_login_required": _person,
    "item_not_found": _keys,
    "product_not_ready": _passing,
    "products_not_supported": Verdict((PermissionDenied,)),
    "transactions_sync_mutation_during_pagination": Verdict((CursorRefused,)),
}
