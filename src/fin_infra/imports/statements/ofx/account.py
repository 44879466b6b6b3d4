"""Whose statement is it? The account of an OFX statement, its kind and its currency.
Floor 4: what the file does not say the caller says, by `account=` and `currency=`; neither is guessed."""

from __future__ import annotations

from collections.abc import Sequence

from fin_infra.imports.statements.ofx.reading import Reading
from fin_infra.imports.statements.ofx.said import Said
from fin_infra.imports.statements.ofx.tree import Node
from fin_infra.model.banking import AccountType
from fin_infra.model.statement import StatementAccount

LOAN = "LOANSTMTRS"
STATEMENTS = {
    "STMTRS": None,
    "CCSTMTRS": AccountType.CREDIT,
    "INVSTMTRS": AccountType.INVESTMENT,
    LOAN: AccountType.LOAN,
}
_ACCOUNTS = ("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "LOANACCTFROM")
_IDENTITY = ("ACCTID", "BANKID", "BROKERID", "BRANCHID", "ACCTTYPE", "LOANACCTID", "LOANACCTTYPE")
_ANSWERS = ("STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS", "LOANSTMTTRNRS")
_NO_NUMBER = frozenset({"N/A", "NA", "NONE", "NULL", "UNKNOWN", "-"})
"""Printed in place of a number: taken for one, it would join every account that has none."""
_ACCOUNT_TYPES = {
    "CHECKING": AccountType.DEPOSITORY,
    "SAVINGS": AccountType.DEPOSITORY,
    "MONEYMRKT": AccountType.DEPOSITORY,
    "CD": AccountType.DEPOSITORY,
    "CREDITLINE": AccountType.CREDIT,
    # Not in OFX, but printed by converters of credit-union exports and repaired by scripts for Microsoft Money.
    "MARKET": AccountType.DEPOSITORY,
    "MONEYMARKET": AccountType.DEPOSITORY,
    "CARD": AccountType.CREDIT,
    "CREDITCARD": AccountType.CREDIT,
    "CC": AccountType.CREDIT,
    "LOAN": AccountType.LOAN,
    "MORTGAGE": AccountType.LOAN,
    "AUTOLOAN": AccountType.LOAN,
    "STUDENTLOAN": AccountType.LOAN,
    "INVESTMENT": AccountType.INVESTMENT,
    "BROKERAGE": AccountType.INVESTMENT,
}


def names_account(node: Node) -> bool:
    """Tell whether a statement prints an account number."""
    return _number(node.child(*_ACCOUNTS)) is not None


def read_account(node: Node, reading: Reading, signons: Sequence[Node]) -> StatementAccount:
    source = reading.only_child(node, *_ACCOUNTS)
    number = _number(source) or reading.file.options.account
    if number is None:
        raise reading.fault(
            "A statement has no account number (ACCTID is missing); say it, as in account='12345678'",
            source.start if source else node.start,
        )
    source = source or node
    reading.once(source, *_IDENTITY)
    type_text = source.text("ACCTTYPE") or source.text("LOANACCTTYPE")
    by_type = AccountType.CREDIT if source.name == "CCACCTFROM" else AccountType.UNKNOWN
    said = Said.before(node.start, signons)
    return StatementAccount(
        number=number,
        bank_id=source.text("BANKID") or source.text("BROKERID"),
        branch_id=source.text("BRANCHID"),
        type=STATEMENTS[node.name] or _ACCOUNT_TYPES.get(word(type_text), by_type),
        type_text=type_text,
        currency=_currency(node, reading),
        institution=said.institution,
        institution_id=said.institution_id,
    )


def is_readable(node: Node) -> bool:
    """Tell whether a statement is one that is read: a loan's needs its number, for nobody says it by account=."""
    return node.name in STATEMENTS and (node.name != LOAN or names_account(node))


def left_out(message: Node) -> list[str]:
    """Return one sentence for each account that the file speaks of without a statement that is read."""
    found: list[str] = []
    for node in message.walk():
        if node.name == "AMRTSTMTRS" or (node.name == LOAN and not is_readable(node)):
            found.append("the file has a loan statement, which is not read")
        elif node.name in _ANSWERS and node.child("STATUS") and node.child(*STATEMENTS) is None:
            found.append("the bank sent no statement for one of the accounts asked for")
    return found


def word(text: str | None) -> str:
    """Return a word of a table as the table has it: in capitals and without spaces."""
    return "".join((text or "").upper().split())


def _number(source: Node | None) -> str | None:
    number = (source.text("ACCTID") or source.text("LOANACCTID")) if source else None
    return None if number is None or number.upper() in _NO_NUMBER else number


def _currency(node: Node, reading: Reading) -> str:
    printed = node.text("CURDEF")
    if printed is not None:
        reading.once(node, "CURDEF")
        return reading.currency_or_said(printed, node.at("CURDEF"))
    if reading.file.options.currency is None:
        raise reading.fault(
            "The statement does not name its currency (CURDEF); give it, as in currency='EUR'", node.at("CURDEF")
        )
    return reading.file.options.currency
