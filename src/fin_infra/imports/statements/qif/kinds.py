"""The lists of a QIF file by their headers: which hold transactions of what kind of account, and which do not.
Floor 4: from GnuCash's notes on the format (gnucash/import-export/qif-imp/file-format.txt) and Quicken's help pages."""

from __future__ import annotations

from fin_infra.imports.statements.qif.records import Header
from fin_infra.model.banking import AccountType

ACCOUNTS = "account"
SECURITIES = "type:security"
INVESTMENTS = ("type:invst", "type:port", "type:401(k)", "type:401(k)/403(b)", "type:mutual")
KINDS = {
    "type:bank": AccountType.DEPOSITORY,
    "type:cash": AccountType.DEPOSITORY,
    "type:ccard": AccountType.CREDIT,
    "type:otha": AccountType.UNKNOWN,
    "type:oths": AccountType.UNKNOWN,
    "type:othl": AccountType.LOAN,
    **dict.fromkeys(INVESTMENTS, AccountType.INVESTMENT),
    # As Quicken and Money write them in German, French, Spanish and Italian.
    "type:banque": AccountType.DEPOSITORY,
    "type:banco": AccountType.DEPOSITORY,
    "type:banca": AccountType.DEPOSITORY,
    "type:bargeld": AccountType.DEPOSITORY,
    "type:kreditkarte": AccountType.CREDIT,
}
OTHER_LISTS = frozenset(
    """
    type:cat type:class type:memorized type:security type:prices type:budget type:tag type:tax type:template
    type:invitem type:payee type:kat type:klasse
    """.split()  # noqa: SIM905 - a table of words reads better as words
)
"""Lists of words, of securities and of prices, which belong to no account."""
BILLS = frozenset({"type:bill", "type:invoice"})
"""What is to be paid or was asked for: not what went through an account."""


def list_of(header: Header) -> str:
    """Return the kind of list that a header begins; empty for an option, which begins none."""
    return "" if header.word.startswith(("option:", "clear:")) else header.word


def holds_transactions(kind: str) -> bool:
    """Tell whether a list is an account's, be its word unknown: programs translate the words, and not all alike."""
    return kind.startswith("type:") and kind not in OTHER_LISTS and kind not in BILLS
