"""Whose statement is it? The account of a CAMT statement and its currency.
Floor 4: what the file does not say the caller says, by `account=` and `currency=`; neither is guessed."""

from __future__ import annotations

from collections.abc import Sequence

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.camt.balance import Printed
from fin_infra.imports.statements.camt.entry import currency_code
from fin_infra.imports.statements.camt.tree import Branch
from fin_infra.imports.statements.parts import Notes, account_sentence, currency_sentence, plain
from fin_infra.model.banking import AccountType
from fin_infra.model.statement import StatementAccount, StatementLine

_TYPES = {
    "CACC": AccountType.DEPOSITORY,
    "CARD": AccountType.CREDIT,
    "CASH": AccountType.DEPOSITORY,
    "LOAN": AccountType.LOAN,
    "MGLD": AccountType.LOAN,
    "MOMA": AccountType.DEPOSITORY,
    "ODFT": AccountType.DEPOSITORY,
    "ONDP": AccountType.DEPOSITORY,
    "SLRY": AccountType.DEPOSITORY,
    "SVGS": AccountType.DEPOSITORY,
    "TRAN": AccountType.DEPOSITORY,
}
"""ISO 20022 external code set ExternalCashAccountType1Code, as far as a household has such accounts."""
_BOOKED = ("OPBD", "PRCD", "CLBD", "ITBD")
"""Booked balances are in the account's currency; in this order, as the first is what a statement continues."""


def number_of(statement: Branch) -> str | None:
    """Return the IBAN, or the bank's own number, as printed without spaces."""
    printed = statement.text("Acct", "Id", "IBAN") or statement.text("Acct", "Id", "Othr", "Id")
    return "".join(plain(printed).split()) if printed and plain(printed) else None


def read_account(
    statement: Branch, printed: Sequence[Printed], lines: Sequence[StatementLine], notes: Notes
) -> StatementAccount:
    """Raise InvalidInput where neither the file nor the caller names number or currency."""
    number = number_of(statement) or notes.options.account
    if number is None:
        raise InvalidInput(account_sentence("Acct/Id"))
    account = statement.branch("Acct") or Branch()
    servicer = account.branch("Svcr", "FinInstnId") or Branch()
    kind = account.text("Tp", "Cd") or account.text("Tp", "Prtry")
    name = servicer.leaf("Nm")
    return StatementAccount(
        number=number,
        bank_id=servicer.leaf("BICFI") or servicer.leaf("BIC") or servicer.text("ClrSysMmbId", "MmbId"),
        type=_TYPES.get(kind or "", AccountType.UNKNOWN),
        type_text=plain(kind) if kind else None,
        currency=_currency(account, printed, lines, notes),
        institution=plain(name) if name else None,
    )


def _currency(account: Branch, printed: Sequence[Printed], lines: Sequence[StatementLine], notes: Notes) -> str:
    named = account.leaf("Ccy")
    if named:
        return currency_code(named)
    for code in _BOOKED:
        found = list(dict.fromkeys(each.balance.amount.currency for each in printed if each.code == code))
        if len(found) == 1:
            return found[0]
    rest = [each.balance.amount.currency for each in printed] or [line.amount.currency for line in lines]
    if len(set(rest)) == 1:
        return rest[0]
    if notes.options.currency is None:
        raise InvalidInput(currency_sentence("Acct/Ccy"))
    return notes.options.currency
