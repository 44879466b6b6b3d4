"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import date

from tests.support.cases import Case, plain

CASES = [
    plain("ping", "ping"),
    plain("accounts", "accounts"),
    Case("account", "account", lambda names: (names.checking,)),
    Case("details", "details", lambda names: (names.checking,)),
    Case("balance", "balance", lambda names: (names.card,)),
    Case(
        "transactions",
        "transactions",
        lambda names: (names.checking,),
        {"start": date(2026, 10, 20)},
        {"page_size": 20},
    ),
    Case("transactions of a card", "transactions", lambda names: (names.card,), {"start": date(2026, 11, 1)}),
    Case("transaction", "transaction", lambda names: (names.checking, names.transaction)),
    plain("identity", "identity"),
    plain("institutions", "institutions"),
    Case("delete_account", "delete_account", lambda names: (names.checking,), deletes=True),
    Case("delete_enrollment", "delete_enrollment", deletes=True),
]
