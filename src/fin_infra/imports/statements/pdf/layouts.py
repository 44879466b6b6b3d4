"""What statements call their columns and balances: words that all banks share, and the layouts of single banks.
Floor 4: data only; a bank's layout adds what its pages do not print, each with the public source it is taken from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    DATE = "date"
    VALUE_DATE = "value date"
    TEXT = "text"
    DEBIT = "debit"
    CREDIT = "credit"
    AMOUNT = "amount"
    BALANCE = "balance"


_ACCENTS = str.maketrans("éèêëàâáãîïíôóõûùúçñ", "eeeeaaaaiiiooouuucn")


def without_accents(text: str) -> str:
    """Return the text with plain letters, as capitals are often printed; German letters stay."""
    return text.translate(_ACCENTS)


MONEY = (Role.DEBIT, Role.CREDIT, Role.AMOUNT, Role.BALANCE)
_TITLES = {
    Role.DATE: """
        date|datum|trans date|transaction date|date of transaction|posting date|post date|posted|booking date|buchung
        buchungstag|buchungsdatum|buch.-datum|fecha|fecha operación|fecha oper|data|data operazione|data contabile
        date opération|date de l'opération|date comptable|boekdatum|data lançamento|txn date
    """,
    Role.VALUE_DATE: """
        value date|value|valuta|wert|wertstellung|processed|date processed|valeur|date valeur|date de valeur|fecha valor
        f. valor|data valuta|effective date|rentedatum|valutadatum|data valor
    """,
    Role.TEXT: """
        description|details|transaction|transactions|transaction description|transaction details|particulars
        narrative|transaction detail|nature des opérations|nature de l'opération|libellé|libellé de l'opération
        opération|opérations|buchung / verwendungszweck|verwendungszweck|vorgang|text|buchungstext
        concepto|booking text|descripción|omschrijving|descrizione|descrição|payment type and details
        description of transaction|erläuterung|causale|movimientos|merchant name or transaction description
    """,
    Role.DEBIT: """
        debit|debits|debit amount|withdrawal|withdrawals|withdrawal (-)|withdrawals (-)|money out|paid out|payments out
        out|débit|soll|belastung|belastungen|lastschrift|cargo|cargos|cargos / debe|debe|uit|af|dare
        addebiti|uscite|débito|débitos|zu ihren lasten
    """,
    Role.CREDIT: """
        credit|credits|credit amount|deposit|deposits|deposit (+)|deposits (+)|money in|paid in|payments in|in
        deposits & credits|crédit|haben|gutschrift|gutschriften|abono|abonos|haber|bij|avere|accrediti|entrate
        crédito|créditos|zu ihren gunsten
    """,
    Role.AMOUNT: """
        amount|transaction amount|betrag|montant|importe|importo|bedrag|valor|umsatz|umsätze
    """,
    Role.BALANCE: """
        balance|running balance|account balance|closing balance|saldo|solde|kontostand|balance amount
    """,
}
TITLES = {
    without_accents(title.strip()): role
    for role, titles in _TITLES.items()
    for row in titles.split("\n")
    for title in row.split("|")
    if title.strip()
}
_MARKS = re.compile(r"\((?:[A-Z]{3}|[$€£¥]|S\$|R)\)|\b(?:in )?[A-Z]{3}$|[$€£¥]")
"""What titles say of the currency: `Betrag (EUR)`, `Debits ($)`, `Debit CHF`."""
CODE = re.compile(r"\b([A-Z]{3})\b")
BALANCE_WORDS = ("balance", "forward", "saldo", "solde", "kontostand")
"""One of them stands in each label of a balance."""
OPENING = re.compile(
    r"opening balance|beginning balance|starting balance|previous balance|balance (?:brought )?forward|brought forward"
    r"|balance b/f|alter saldo|alter kontostand|anfangssaldo|saldovortrag|solde precedent|ancien solde|solde initial"
    r"|saldo anterior|saldo inicial|vorig saldo|beginsaldo|saldo iniziale|saldo precedente",
    re.I,
)
CLOSING = re.compile(
    r"closing balance|ending balance|new balance|balance carried forward|carried forward|balance c/f|neuer saldo"
    r"|neuer kontostand|endsaldo|schlusssaldo|nouveau solde|solde final|saldo final|saldo actual|nieuw saldo|eindsaldo"
    r"|saldo finale",
    re.I,
)
EITHER = re.compile(r"solde (crediteur|debiteur) au", re.I)
"""French banks head both balances with their sign; the first of them is the opening one."""
TOTAL = re.compile(r"(?:sub)?totals?\b|total des|summe|totaal|totale\b", re.I)
SECTION_IN = re.compile(r"(?:other )?(?:deposits?|credits?|additions)\b(?!.*\bwithdrawal)", re.I)
SECTION_OUT = re.compile(
    r"(?:(?:atm|electronic|other|debit card|atm and debit card|daily) )*"
    r"(?:withdrawals?|debits?|subtractions|checks? paid|checks|(?:service )?fees|service charges|payments)\b",
    re.I,
)
"""Heads of tables that hold money in, or money out, without a sign (most banks of the United States)."""
CARD = re.compile(
    r"minimum (?:payment|amount) due|payment due date|credit limit|kreditkartenabrechnung|credit card statement", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One bank's pages. `marks` all stand on the first two pages."""

    name: str
    source: str
    """The public program that the titles, the order and the form of dates are taken from; facts only.

    The name of the bank, the labels of balances and the form of numbers are unconfirmed where the program is silent.
    """
    marks: tuple[str, ...]
    currency: str
    day_first: bool = True
    titles: tuple[tuple[str, Role], ...] = ()
    """Titles that mean something else here than elsewhere."""


LAYOUTS = (
    Layout(
        name="Absa current account (South Africa)",
        source="https://github.com/marlanperumal/pdf_statement_reader, "
        "config/za/absa: titles, order, %d/%m/%Y, details below",
        marks=("absa", "transaction description", "debit amount", "credit amount"),
        currency="ZAR",
    ),
    Layout(
        name="Commonwealth Bank savings account (Australia)",
        source="https://github.com/marlanperumal/pdf_statement_reader, "
        "config/cba/saving.json: titles, order, %d %b, details below",
        marks=("commonwealth bank", "transaction", "debit", "credit", "balance"),
        currency="AUD",
    ),
    Layout(
        name="BNP Paribas (France)",
        source="https://github.com/felgru/bank-statement-parser, "
        "parsers/banks/bnp_paribas.py: titles, SOLDE CREDITEUR AU, dd.mm, spaces in numbers",
        marks=("bnp paribas", "nature des opérations", "valeur"),
        currency="EUR",
    ),
    Layout(
        name="ING-DiBa (Germany)",
        source="https://github.com/felgru/bank-statement-parser, "
        "parsers/banks/ing_de.py: titles, Alter and Neuer Saldo, day of value below",
        marks=("ing", "buchung / verwendungszweck", "betrag (eur)"),
        currency="EUR",
        titles=(("buchung", Role.DATE),),
    ),
    Layout(
        name="Bank of Queensland (Australia)",
        source="https://github.com/5hwb/convert-myboq-mego-pdf-bank-statements-to-csv, "
        "example-pdf-statement.txt: titles, period, signed debits",
        marks=("account bsb", "processed", "debits ($)", "credits ($)"),
        currency="AUD",
    ),
    Layout(
        name="RBC chequing (Canada)",
        source="https://github.com/andrewscwei/rbc-statement-parser, "
        "app/chequing.py: period in words, day once for its rows, columns by place",
        marks=("royal bank of canada", "withdrawals", "deposits"),
        currency="CAD",
    ),
    Layout(
        name="DBS (Singapore)",
        source="https://github.com/benjamin-awd/monopoly, "
        "banks/dbs/dbs.py: WITHDRAWAL, DEPOSIT, BALANCE, %d %b, descriptions of several lines",
        marks=("dbs", "withdrawal", "deposit", "balance"),
        currency="SGD",
    ),
)


def layout_of(text: str) -> Layout | None:
    """Return the layout whose marks all stand in the text, which is in small letters."""
    words = frozenset(re.findall(r"[^\W_]+", text))
    return next(
        (
            layout
            for layout in LAYOUTS
            if all(mark in words if mark.isalpha() else mark in text for mark in layout.marks)
        ),
        None,
    )


def role_of(title: str, layout: Layout | None = None) -> Role | None:
    """Return what a column's title says its values are; None where it is not a title."""
    plain = without_accents(" ".join(_MARKS.sub(" ", title).lower().split()).strip(" :*"))
    own = dict(layout.titles) if layout else {}
    return own.get(plain) or TITLES.get(plain)
