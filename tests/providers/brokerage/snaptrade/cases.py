"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import date

from tests.support.cases import Case, Ids, plain
from tests.support.sandbox import Sandbox

START = date(2026, 1, 1)


IN_QUERY = ("user_secret",)
"""SnapTrade takes it in no other way."""


def prepare(sandbox: Sandbox) -> Ids:
    """Return an account and its connection."""
    world = sandbox.control("GET", "/snaptrade")
    accounts = {row["slug"]: row["id"] for row in world["accounts"]}
    links = {row["slug"]: row["id"] for row in world["connections"]}
    return {"account": accounts["schwab-individual"], "connection": links["SCHWAB"]}


def of_account(ids: Ids) -> tuple[str]:
    return (ids["account"],)


CASES = [
    plain("ping", "ping"),
    plain("connections", "connections"),
    plain("users", "users"),
    plain("accounts", "accounts"),
    Case("balances", "balances", of_account),
    Case("positions", "positions", of_account),
    Case("positions on older paths", "positions", of_account, settings={"legacy_paths": True}),
    Case("activities", "activities", of_account, kwargs={"start": START}, settings={"page_size": 10}),
    Case("orders", "orders", of_account),
    Case("register_user", "register_user", lambda ids: ("new-user-1",), once=True),
    Case("login_url", "login_url", kwargs={"broker": "SCHWAB"}, once=True),
    Case("refresh", "refresh", lambda ids: (ids["connection"],), once=True),
    Case("delete_user", "delete_user", lambda ids: ("sandbox-user",), once=True),
]
