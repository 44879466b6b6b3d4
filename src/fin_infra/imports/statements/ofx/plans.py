"""Loan statements and 401(k) balances of OFX.
Floor 4: what a payment went to is words of its transaction; a plan's balances by source are of kinds of their own."""

from __future__ import annotations

from collections.abc import Iterator

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.ofx.reading import Reading
from fin_infra.imports.statements.ofx.tree import Node
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementBalance

_PARTS = {
    "PRINAMT": "principal",
    "INTAMT": "interest",
    "ESCRWTOTAL": "escrow",
    "ESCRWTAX": "escrow for taxes",
    "ESCRWINS": "escrow for insurance",
    "ESCRWPMI": "escrow for mortgage insurance",
    "ESCRWFEES": "escrow for fees",
    "ESCRWOTHER": "other escrow",
    "INSURANCE": "insurance",
    "LATEFEEAMT": "late fee",
    "OTHERAMT": "other",
}
"""Children of LOANTRNAMT and of ESCRWAMT in it. PRINAMT, INTAMT, ESCRWAMT and INSURANCE stand in code generated from
the OFX schemas; the parts of ESCRWAMT, LATEFEEAMT and OTHERAMT are unconfirmed, and may be absent."""
_SOURCES = {
    "CASHBAL": "401k_cash",
    "PRETAX": "401k_pretax",
    "AFTERTAX": "401k_aftertax",
    "MATCH": "401k_match",
    "PROFITSHARING": "401k_profit_sharing",
    "ROLLOVER": "401k_rollover",
    "OTHERVEST": "401k_other_vested",
    "OTHERNONVEST": "401k_other_unvested",
    "TOTAL": "401k_total",
}
"""Children of INV401KBAL, as in the samples of ofxparse (vanguard401k.ofx)."""


def loan_words(node: Node) -> str | None:
    """Return what a loan's payment was split into, as printed."""
    amounts = node.child("LOANTRNAMT")
    found = [(said, part.text(name)) for part in (amounts.walk() if amounts else ()) for name, said in _PARTS.items()]
    return ", ".join(f"{said} {printed}" for said, printed in found if printed) or None


def plan_balances(node: Node, currency: str, reading: Reading) -> Iterator[StatementBalance]:
    """Yield a plan's balances by the source of the money, on the day of the statement."""
    for plan in node.children:
        if plan.name != "INV401KBAL":
            continue
        for name, kind in _SOURCES.items():
            printed = plan.text(name)
            if printed is None:
                continue
            try:
                reading.once(plan, name)
                amount = Money(reading.amount(printed, currency, plan.at(name)), currency)
                yield StatementBalance(amount=amount, at=reading.optional_day(node, "DTASOF"), kind=kind)
            except StatementUnreadable as error:
                reading.set_aside(f"{name} balance", error)


def plan_loans(node: Node) -> list[str]:
    """Return a sentence where a 401(k) plan lent money, which is in none of the balances."""
    plan = node.child("INV401K")
    lent = plan is not None and plan.child("LOANINFO") is not None
    return ["the file has a loan from the 401(k) plan, which is not read"] if lent else []


def unfilled(statement: Statement) -> list[str]:
    """Return a doubt where a plan's total is zero beside holdings that are worth something."""
    total = statement.balance("401k_total")
    worth = any(position.market_value and position.market_value.amount for position in statement.positions)
    if total is None or total.amount.amount or not worth:
        return []
    return ["the 401(k) balances are zero beside holdings that are not: they may not have been filled in"]
