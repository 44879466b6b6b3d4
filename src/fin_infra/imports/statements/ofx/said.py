"""What an OFX file says about its bank, and what in it is hard to believe.
Floor 4: nothing is corrected here; each doubt is one sentence for `warnings`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, Self

from fin_infra.imports.statements.ofx.tree import Node
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.statement import Statement, StatementBalance, StatementLine

_DEBITS = frozenset({"DEBIT", "CHECK", "FEE", "SRVCHG", "DIRECTDEBIT"})


class Said(NamedTuple):
    """The institution, as the sign-on that belongs to a statement names it."""

    institution: str | None = None
    institution_id: str | None = None

    @classmethod
    def before(cls, start: int, signons: Sequence[Node]) -> Self:
        """Return what was said last before a statement, else first after it: joined downloads sign on several times."""
        groups: list[list[Node]] = []
        for node in signons:
            inside = node.name == "FI" and groups and any(node is child for child in groups[-1][-1].children)
            groups[-1].append(node) if inside else groups.append([node])
        named = [group for group in groups if cls.of(group) != cls()]
        earlier = [group for group in named if group[0].start < start]
        return cls.of(earlier[-1] if earlier else named[0] if named else [])

    @classmethod
    def of(cls, group: Sequence[Node]) -> Self:
        names = [node.text("ORG") for node in group]
        ids = [node.text(name) for name in ("FID", "INTU.BID") for node in group]
        return cls(next(filter(None, names), None), next(filter(None, ids), None))


_PLAUSIBLE_YEARS = range(1970, 2100)


def suspicious(statement: Statement) -> list[str]:
    """Return what a person should look at before believing a statement."""
    account, lines, balances = statement.account, statement.lines, statement.balances
    found = _days(statement)
    if any(line.amount.currency != account.currency for line in lines):
        found.append("some transactions are stated in another currency than the account's, and not converted")
    debits = [line.amount.amount for line in lines if (line.type_text or "").upper() in _DEBITS]
    if any(debits) and all(amount >= 0 for amount in debits):
        found.append("every debit is printed as money in: the file may be without signs, or with them turned round")
    whole = all(line.amount.amount == line.amount.amount.to_integral_value() for line in lines)
    if CURRENCIES.get(account.currency) == 0 and not whole:
        found.append(f"amounts have decimals, which {account.currency} has not: is it the currency of the account?")
    if CURRENCIES.get(account.currency) == 2 and _may_be_in_cents(lines, balances):
        found.append("the balance is printed without decimals and every transaction with: it may be in cents")
    for kind in dict.fromkeys(balance.kind for balance in balances):
        if statement.balance(kind) is None:
            found.append(f"two {kind} balances of the same day differ: neither is taken")
    return found


def _days(statement: Statement) -> list[str]:
    found: list[str] = []
    if statement.start and statement.end and statement.start > statement.end:
        found.append(f"the period begins on {statement.start}, after its end on {statement.end}")
    days = [line.posted for line in statement.lines] + [balance.at for balance in statement.balances if balance.at]
    odd = next((day for day in days if day.year not in _PLAUSIBLE_YEARS), None)
    if odd:
        found.append(f"a date is {odd}, which is hard to believe")
    return found


def _may_be_in_cents(lines: Sequence[StatementLine], balances: Sequence[StatementBalance]) -> bool:
    ledger = [balance.amount.amount for balance in balances if balance.kind == "ledger" and balance.amount.amount]
    exact = bool(lines) and all(_decimals(line.amount.amount) >= 2 for line in lines)
    return exact and any(_decimals(amount) == 0 for amount in ledger)


def _decimals(amount: Decimal) -> int:
    """Return how many decimals are printed."""
    return -int(amount.as_tuple().exponent)
