"""The balances of a CAMT statement, by code or by the bank's own word.
Floor 4: a balance of another kind than the model has is named in the warnings and not read.

Codes: ISO 20022 external code set ExternalBalanceType1Code.
"""

from __future__ import annotations

from dataclasses import dataclass

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.camt.entry import day, direction, money
from fin_infra.imports.statements.camt.tree import Branch, Source
from fin_infra.imports.statements.parts import Notes
from fin_infra.imports.statements.proof import CLOSING, OPENING
from fin_infra.imports.statements.values import shown
from fin_infra.model.statement import StatementBalance

_KINDS = {
    "OPBD": OPENING,
    "PRCD": OPENING,
    "CLBD": CLOSING,
    "ITBD": "interim",
    "CLAV": "available",
    "ITAV": "available",
    "FWAV": "forward",
    "XPCD": "forward",
}
_UNUSED = frozenset(("OPAV", "INFO", "PRAV", "OPNG", "CLSG"))
"""What was available before the statement, and balances for information: they are in no proof and no total."""
_WORDS = {
    "OPENINGBOOKED": "OPBD",
    "PREVIOUSLYCLOSEDBOOKED": "PRCD",
    "CLOSINGBOOKED": "CLBD",
    "INTERIMBOOKED": "ITBD",
    "CLOSINGAVAILABLE": "CLAV",
    "INTERIMAVAILABLE": "ITAV",
    "FORWARDAVAILABLE": "FWAV",
}
"""The code set's own names, which some banks write as proprietary words."""
_INSTEAD = {"PRCD": "OPBD", "ITAV": "CLAV"}
"""What is only read where the other is missing: the former closing balance, and what was available during the day."""


@dataclass(frozen=True, slots=True)
class Printed:
    code: str
    balance: StatementBalance


def read_balances(statement: Branch, source: Source, notes: Notes, offset: int) -> list[Printed]:
    """Return the balances of `Bal` in file order, each with its code."""
    found: list[Printed] = []
    for branch in statement.each("Bal"):
        try:
            printed = _read(branch, notes)
        except InvalidInput as error:
            notes.set_aside("balance", source.fault(f"A balance: {error}", offset))
            continue
        if printed:
            found.append(printed)
    return found


def _read(branch: Branch, notes: Notes) -> Printed | None:
    code = _code(branch)
    if code in _UNUSED:
        return None
    if code not in _KINDS:
        notes.say(f"a balance of the kind {shown(code)!r} is not read")
        return None
    if any((line.leaf("Incl") or "").lower() in ("true", "1") for line in branch.each("CdtLine")):
        notes.say(f"the balance {code} has a credit line in it")
    amount = money(branch, notes, debit=direction(branch))
    return Printed(code, StatementBalance(amount=amount, at=day(branch.branch("Dt")), kind=_KINDS[code]))


def _code(branch: Branch) -> str:
    named = branch.branch("Tp", "CdOrPrtry")
    text = (named.leaf("Cd") or named.leaf("Prtry") or named.text("Prtry", "Id")) if named else None
    word = "".join((text or branch.text("Tp", "Cd") or "").upper().split())
    return _WORDS.get(word.replace("_", "").replace("-", ""), word)


def kept(printed: list[Printed], notes: Notes) -> tuple[StatementBalance, ...]:
    """Return what the statement holds: a balance that stands in for another only where that is missing."""
    known: dict[tuple[str, str], StatementBalance] = {}
    for each in printed:
        known.setdefault((each.code, each.balance.amount.currency), each.balance)
    found: list[StatementBalance] = []
    for each in printed:
        better = known.get((_INSTEAD.get(each.code, ""), each.balance.amount.currency))
        if better is None:
            found.append(each.balance)
        elif each.code == "PRCD" and better.amount != each.balance.amount:
            notes.say(
                f"the opening balance is {better.amount}, and the former closing balance is {each.balance.amount}"
            )
    return tuple(found)
