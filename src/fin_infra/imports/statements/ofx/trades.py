"""The rows of an OFX investment account besides its cash transactions: purchases, sales, income, movements of units.
Floor 4: OFX 3.2.9.2 gives the signs; a broker that prints none is known by a row that contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from fin_infra.imports.statements.ofx.account import word
from fin_infra.imports.statements.ofx.reading import Reading
from fin_infra.imports.statements.ofx.rows import Security, security, stated_currency
from fin_infra.imports.statements.ofx.tree import Node
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementTrade

TRADES = frozenset(
    """
    BUYDEBT BUYMF BUYOPT BUYOTHER BUYSTOCK CLOSUREOPT INCOME INVEXPENSE JRNLFUND JRNLSEC MARGININTEREST REINVEST
    RETOFCAP SELLDEBT SELLMF SELLOPT SELLOTHER SELLSTOCK SPLIT TRANSFER
    """.split()  # noqa: SIM905 - a table of words reads better as words
)
"""What stands in a list of investment transactions beside INVBANKTRAN, which is a bank's transaction."""
_COSTS = ("COMMISSION", "TAXES", "FEES", "LOAD", "WITHHOLDING", "STATEWITHHOLDING", "PENALTY")
"""What TOTAL has in it, in purchases and sales."""
_KINDS = ("BUYTYPE", "SELLTYPE", "OPTBUYTYPE", "OPTSELLTYPE", "INCOMETYPE", "TFERACTION", "OPTACTION")
_USUAL = frozenset({"BUY", "SELL"})
_WITHIN = ("JRNLFUND", "JRNLSEC")
"""Journals move money or units between parts of one account: nothing comes in or goes."""
_ONCE = ("UNITS", "UNITPRICE", "TOTAL", "FITID", "DTTRADE", *_COSTS)


class _Row(NamedTuple):
    """A transaction: its element, what holds its values, and its INVTRAN, which may be one and the same."""

    node: Node
    inner: Node
    head: Node

    @classmethod
    def of(cls, node: Node) -> _Row:
        inner = node.child("INVBUY", "INVSELL") or node
        return cls(node, inner, inner.child("INVTRAN") or inner)

    def part(self, name: str) -> Node:
        """Return the part that has this value; the first of them where none has."""
        return next((part for part in (self.inner, self.node, self.head) if name in part.values), self.inner)

    def text(self, name: str) -> str | None:
        return self.part(name).text(name)


def read_trade(node: Node, currency: str, reading: Reading, securities: Mapping[Security, Node]) -> StatementTrade:
    row = _Row.of(node)
    for part in dict.fromkeys((row.inner, row.head)):
        reading.once(part, *_ONCE)
    day = reading.day(row.part("DTTRADE"), "DTTRADE")
    if day is None:
        raise reading.fault("An investment transaction has no date (DTTRADE); export the file again", node.start)
    security_id, id_type, _ = security(row.inner)
    known = securities.get((security_id, id_type))
    money = stated_currency(row.inner, currency, reading)
    units, amount = _moved(row, money, reading)
    price = None if node.name.endswith("DEBT") else reading.number(row.part("UNITPRICE"), "UNITPRICE")
    return StatementTrade(
        id=row.text("FITID"),
        day=day,
        type_text=" ".join((node.name, *_kinds(row))),
        settled=reading.optional_day(row.part("DTSETTLE"), "DTSETTLE"),
        security_id=security_id,
        id_type=id_type if security_id else None,
        ticker=known.text("TICKER") if known else None,
        name=known.text("SECNAME") if known else None,
        units=units,
        unit_price=None if price is None else Money(price, money),
        amount=None if amount is None else Money(amount, money),
        fee=_costs(row, money, reading),
        memo="; ".join(filter(None, (row.text("MEMO"), *_words(row)))) or None,
        offset=reading.file.source.byte(node.start),
    )


def _moved(row: _Row, currency: str, reading: Reading) -> tuple[Decimal | None, Decimal | None]:
    """Return what the row did to the account's units and money; None where it moved none."""
    name = row.node.name
    units = reading.number(row.part("UNITS"), "UNITS")
    total = _amount(row, "TOTAL", currency, reading)
    if name in _WITHIN:
        return None, None
    if name == "REINVEST":
        return units, None  # the income paid for it
    if name == "SPLIT":
        old, new = (reading.number(row.part(each), each) for each in ("OLDUNITS", "NEWUNITS"))
        return None if old is None or new is None else new - old, _amount(row, "FRACCASH", currency, reading)
    if name == "TRANSFER" and units is not None and word(row.text("TFERACTION")) == "OUT":
        return -abs(units), None
    if units is not None and total is not None and units > 0 and total > 0:
        # By the specification a purchase costs money and a sale loses units, so this broker prints no signs.
        if name.startswith("BUY"):
            reading.say("a purchase's TOTAL is printed as money in; read as money out")
            return units, -total
        if name.startswith("SELL"):
            reading.say("a sale's UNITS are printed as coming in; read as going out")
            return -units, total
    return units, total


def _amount(row: _Row, name: str, currency: str, reading: Reading) -> Decimal | None:
    part = row.part(name)
    printed = part.text(name)
    return None if printed is None else reading.amount(printed, currency, part.at(name), computed=True)


def _costs(row: _Row, currency: str, reading: Reading) -> Money | None:
    if row.inner is row.node and row.node.name != "REINVEST":
        return None  # the TOTAL of income does not tell whether what was withheld is in it
    found = [cost for name in _COSTS if (cost := _amount(row, name, currency, reading)) is not None]
    return Money(sum(map(abs, found), Decimal(0)), currency) if found else None


def _kinds(row: _Row) -> Iterator[str]:
    """Yield what the element's own name does not say: DIV, BUYTOOPEN, OUT."""
    for name in _KINDS:
        kind = word(row.text(name))
        if kind and kind not in _USUAL:
            yield kind


def _words(row: _Row) -> Iterator[str]:
    """Yield what has no field of its own, as printed."""
    name = row.node.name
    price, total = row.text("UNITPRICE"), row.text("TOTAL")
    if name.endswith("DEBT") and price:
        # 1,000 units at 100 are worth 1,000 in the samples of ofxparse (td_ameritrade.ofx): no price of one unit
        yield f"price {price} for 100 of par value"
    if name == "REINVEST" and total:
        yield f"reinvested {total.lstrip('+-')}"
    if name == "INCOME" and (withheld := row.text("WITHHOLDING")):
        yield f"withheld {withheld.lstrip('+-')}"
    if name in _WITHIN and (moved := row.text("UNITS") or total):
        yield f"{moved} from {row.text('SUBACCTFROM') or '?'} to {row.text('SUBACCTTO') or '?'}"
    if name == "SPLIT" and (new := row.text("NUMERATOR")) and (old := row.text("DENOMINATOR")):
        yield f"{new} new units for {old} old"
    if source := row.text("INV401KSOURCE"):
        yield f"401(k) source {source}"
