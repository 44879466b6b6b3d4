"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import date

from tests.support.cases import Case, Names, plain

START = date(2026, 1, 1)


def of_account(names: Names) -> tuple[str]:
    return (names.portfolio,)


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
    Case("register_user", "register_user", lambda names: ("new-user-1",), once=True),
    Case("login_url", "login_url", kwargs={"broker": "SCHWAB"}, once=True),
    Case("refresh", "refresh", lambda names: (names.connection,), once=True),
    Case("delete_user", "delete_user", lambda names: ("sandbox-user",), once=True),
]
