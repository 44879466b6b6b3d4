"""What the fault matrix and the search for secrets ask of this adapter: every operation it offers at least once."""

from __future__ import annotations

from collections.abc import Callable

from fin_infra.errors import UnexpectedPayload
from fin_infra.sandbox.vendors.finastra.accounts import accounts
from tests.support.cases import Case, Ids, Verdict, plain
from tests.support.sandbox import Sandbox


def prepare(sandbox: Sandbox) -> Ids:
    """Return the id of the company's first account of each type."""
    rows = sandbox.world()["finastra_accounts"]["sandbox"]
    return {row["type"]: row["id"] for row in reversed(rows)}


def private(sandbox: Sandbox) -> set[str]:
    """Return the account numbers of the company."""
    return {row.number for row in accounts(sandbox.world()["seed"], "sandbox")}


def of_type(word: str) -> Callable[[Ids], tuple[str]]:
    return lambda ids: (ids[word],)


VERDICTS = {
    "short_page": Verdict((UnexpectedPayload,), lists_only=True),  # fewer rows than the answer itself counts
    "empty_page": Verdict((UnexpectedPayload,), lists_only=True),
}


CASES = [
    plain("ping", "ping"),
    plain("accounts", "accounts"),
    Case("account", "account", of_type("CURRENT")),
    Case("balance", "balance", of_type("SAVINGS")),
    Case("balance of a loan", "balance", of_type("LOAN")),
]
