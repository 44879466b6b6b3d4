"""What the fault matrix and the search for secrets ask of this adapter: every operation it offers at least once."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.cases import Case, Names, plain


def of_type(word: str) -> Callable[[Names], tuple[str]]:
    """Return the id of the company's first account of a type."""
    return lambda names: (
        next(row["id"] for row in names.world["finastra_accounts"]["sandbox"] if row["type"] == word),
    )


CASES = [
    plain("ping", "ping"),
    plain("accounts", "accounts"),
    Case("account", "account", of_type("CURRENT")),
    Case("balance", "balance", of_type("SAVINGS")),
    Case("balance of a loan", "balance", of_type("LOAN")),
]
