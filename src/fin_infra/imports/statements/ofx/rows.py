"""The rows of an OFX statement: transactions, balances, holdings.
Floor 4: each row is read whole or not at all; an amount is in the currency that its own row names, if it names one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.ofx.account import word
from fin_infra.imports.statements.ofx.plans import loan_words
from fin_infra.imports.statements.ofx.reading import Reading
from fin_infra.imports.statements.ofx.tree import Node, clean
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementBalance, StatementCounterparty, StatementLine, StatementPosition

BALANCES = {"LEDGERBAL": "ledger", "AVAILBAL": "available"}
_PRINCIPAL = "PRINBAL"
"""What is still owed on a loan (OFX 2.1.1, OFX_Loans.xsd); LEDGERBAL, where it is printed, comes first."""
_INVESTMENT_BALANCES = {
    "AVAILCASH": "available",
    "MARGINBALANCE": "margin",
    "SHORTBALANCE": "short",
    "BUYPOWER": "buying_power",
}
_COUNTED = ("margin", "short")
"""Balances that a total counts where they are there, so that one set aside is missing from it."""
_ONCE = ("TRNAMT", "DTPOSTED", "FITID")
_FIRST = ("TRNTYPE", "CHECKNUM", "REFNUM", "SIC", "DTUSER", "CORRECTFITID")
_HOLDING = ("UNITS", "UNITPRICE", "MKTVAL", "POSTYPE", "DTPRICEASOF", "UNIQUEID", "UNIQUEIDTYPE")

Security = tuple[str | None, str | None]
"""Id and scheme."""


def read_line(
    node: Node, currency: str, reading: Reading, *, dated: str = "DTPOSTED", kind: str = "TRNTYPE"
) -> StatementLine:
    """Read a transaction; pending ones and those of loans have other names for its day and kind."""
    for name, data, index in node.repeated:
        if name in _ONCE:
            raise reading.fault(f"A transaction has two {name}: two of them ran together; export the file again", index)
        if name in _FIRST and clean(data) != node.text(name):
            reading.say(f"{name} stands twice in a transaction ({reading.file.source.place(index)}); the first is read")
    printed = node.text("TRNAMT")
    if printed is None:
        raise reading.fault("A transaction has no amount (TRNAMT); export the file again", node.at("TRNAMT"))
    posted = reading.day(node, dated)
    if posted is None:
        raise reading.fault(f"A transaction has no date ({dated}); export the file again", node.at(dated))
    money, original, rate = _foreign(node, currency, reading)
    payee = node.child("PAYEE") if node.children else None
    memo = _joined(node, "MEMO")
    return StatementLine(
        id=node.text("FITID"),
        posted=posted,
        amount=Money(reading.amount(printed, money, node.at("TRNAMT")), money),
        description=_joined(node, "NAME") or (payee.text("NAME") if payee else None) or memo or "",
        memo=memo,
        type_text=node.text(kind),
        check_number=node.text("CHECKNUM"),
        occurred=reading.optional_day(node, "DTUSER"),
        original_currency=original,
        rate=rate,
        corrects=node.text("CORRECTFITID"),
        extended_name=_joined(node, "EXTDNAME"),
        counterparty=_counterparty(node) if node.children else None,
        reference_number=node.text("REFNUM"),
        sic=node.text("SIC"),
        offset=reading.file.source.byte(node.start),
    )


def read_pending(node: Node, currency: str, reading: Reading) -> StatementLine:
    """Read a transaction that the bank announces: by DTTRAN, or by DTPOSTED where the bank copies posted ones."""
    return read_line(node, currency, reading, dated="DTTRAN" if "DTTRAN" in node.values else "DTPOSTED")


def read_loan_line(node: Node, currency: str, reading: Reading) -> StatementLine:
    """Read a transaction of a loan; what a payment went to, principal or interest, is words of its memo."""
    line = read_line(node, currency, reading, kind="LOANTRNTYPE")
    memo = "; ".join(filter(None, (line.memo, loan_words(node)))) or None
    return replace(line, memo=memo, description=line.description or memo or "")


def read_balances(node: Node, currency: str, reading: Reading) -> Iterable[StatementBalance]:
    for child in node.children:
        wanted: Mapping[str, str] = {}
        if child.name in BALANCES:
            wanted = {"BALAMT": BALANCES[child.name]}
            if child.text("BALAMT") is None:
                kind = BALANCES[child.name]
                reading.say(f"the {kind} balance has no amount (at {reading.file.source.place(child.start)})")
        elif child.name == _PRINCIPAL and node.child("LEDGERBAL") is None:
            wanted = {"BALAMT": "ledger"}
        elif child.name == "INVBAL":
            wanted = _INVESTMENT_BALANCES
        for name, kind in wanted.items():
            try:
                yield from _balance(child, name, currency, reading, kind, child if name == "BALAMT" else node)
            except StatementUnreadable as error:
                reading.set_aside(f"{kind} balance", error, counted=kind in _COUNTED)


def _balance(
    node: Node, name: str, currency: str, reading: Reading, kind: str, dated: Node
) -> Iterable[StatementBalance]:
    printed = node.text(name)
    if printed is None:
        return
    reading.once(node, name, "DTASOF")
    money = _foreign(node, currency, reading)[0]
    amount = Money(reading.amount(printed, money, node.at(name)), money)
    yield StatementBalance(amount=amount, at=reading.optional_day(dated, "DTASOF"), kind=kind)


def read_position(
    node: Node, currency: str, reading: Reading, securities: Mapping[Security, Node]
) -> StatementPosition:
    security_id, id_type, at = security(node)
    for part in (node, node.child("SECID") or node):
        reading.once(part, *_HOLDING)
    units = reading.number(node, "UNITS")
    if security_id is None or units is None:
        what = "security (UNIQUEID)" if security_id is None else "units (UNITS)"
        raise reading.fault(f"A holding names no {what}; export the file again", at)
    value = node.text("MKTVAL")
    money = _foreign(node, currency, reading)[0]
    known = securities.get((security_id, id_type))
    side = word(node.text("POSTYPE")) or None
    owed = side == "SHORT"
    worth = reading.amount(value, money, node.at("MKTVAL"), computed=True) if value else None
    return StatementPosition(
        security_id=security_id,
        id_type=id_type or "",
        units=-abs(units) if owed else units,
        unit_price=reading.number(node, "UNITPRICE"),
        market_value=None if worth is None else Money(-abs(worth) if owed else worth, money),
        at=reading.optional_day(node, "DTPRICEASOF"),
        side=side,
        name=known.text("SECNAME") if known else None,
        ticker=known.text("TICKER") if known else None,
    )


def security(node: Node) -> tuple[str | None, str | None, int]:
    """Return a security's id, its scheme, and where it stands."""
    inner = node.child("SECID") or node
    return inner.text("UNIQUEID"), inner.text("UNIQUEIDTYPE"), node.start


def stated_currency(node: Node, currency: str, reading: Reading) -> str:
    """Return the currency that a row's amounts are in: its own, if it names one, else the account's."""
    return _foreign(node, currency, reading)[0]


def _foreign(node: Node, currency: str, reading: Reading) -> tuple[str, str | None, Decimal | None]:
    """Return the currency of a row's amount, the one it was converted from, and the printed rate.

    CURRENCY says that the amount is in that currency, ORIGCURRENCY that it was converted from it (OFX 5.2).
    """
    if not node.children and "CURRENCY" not in node.values and "ORIGCURRENCY" not in node.values:
        return currency, None, None
    for name in ("CURRENCY", "ORIGCURRENCY"):
        try:
            inner = reading.only_child(node, name)
            reading.once(inner or node, "CURSYM", name)
            symbol = inner.text("CURSYM") if inner else node.text(name)
            if symbol is None:
                continue
            code = reading.currency(symbol, inner.at("CURSYM") if inner else node.at(name))
        except StatementUnreadable as error:
            if name == "CURRENCY":  # it says what the amount is in, so without it the amount cannot be read
                raise
            reading.set_aside("currency that a transaction was converted from", error)
            continue
        if code == currency:
            continue
        rate = _rate(inner, reading) if inner else None
        return (code, None, rate) if name == "CURRENCY" else (currency, code, rate)
    return currency, None, None


def _rate(node: Node, reading: Reading) -> Decimal | None:
    try:
        reading.once(node, "CURRATE")
        return reading.number(node, "CURRATE")
    except StatementUnreadable as error:
        reading.set_aside("exchange rate", error)
        return None


def _counterparty(node: Node) -> StatementCounterparty | None:
    other = node.child("BANKACCTTO", "CCACCTTO")
    number = other.text("ACCTID") if other else None
    if other is None or number is None:
        return None
    return StatementCounterparty(
        number=number,
        bank_id=other.text("BANKID"),
        branch_id=other.text("BRANCHID"),
        type_text=other.text("ACCTTYPE") or ("CREDIT" if other.name == "CCACCTTO" else None),
    )


def _joined(node: Node, name: str) -> str | None:
    text = node.text(name)
    if not node.repeated:
        return text
    more = [clean(data) for repeated, data, _ in node.repeated if repeated == name]
    return " ".join(part for part in (text, *more) if part) or None
