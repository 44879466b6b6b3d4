"""OFX and QFX files, version 1 and 2: accounts, balances, transactions, holdings.
Floor 4: a file is read whole or refused with the byte at fault; what is recognized but not read is in `warnings`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions, StatementFormat
from fin_infra.imports.statements.ofx import values
from fin_infra.imports.statements.ofx.said import Said, left_out, suspicious
from fin_infra.imports.statements.ofx.text import Text, decode
from fin_infra.imports.statements.ofx.tree import Node, clean, parse
from fin_infra.model.banking import AccountType
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money
from fin_infra.model.statement import (
    Statement,
    StatementAccount,
    StatementBalance,
    StatementCounterparty,
    StatementFile,
    StatementLine,
    StatementPosition,
)

T = TypeVar("T")

_HEAD = re.compile(rb"<OFX[\s>]|OFXHEADER", re.I)
_STATEMENTS = {"STMTRS": None, "CCSTMTRS": AccountType.CREDIT, "INVSTMTRS": AccountType.INVESTMENT}
_ACCOUNTS = ("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM")
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
_BALANCES = {"LEDGERBAL": "ledger", "AVAILBAL": "available"}
_INVESTMENT_BALANCES = {
    "AVAILCASH": "available",
    "MARGINBALANCE": "margin",
    "SHORTBALANCE": "short",
    "BUYPOWER": "buying_power",
}
_NOT_READ = {
    "STMTTRNP": "pending transaction",
    "INV401KBAL": "401(k) balance by source",
    "INVOOLIST": "list of open orders",
    "BAL": "further balance",
}
_ONCE = ("TRNAMT", "DTPOSTED", "FITID")
_LONG_DIGITS = re.compile(r"\d{5,}")


_PLAIN = ReadOptions()


class Ofx(StatementFormat):
    title = "OFX or QFX (version 1 or 2)"

    def recognizes(self, head: bytes) -> bool:
        return _HEAD.search(head.replace(b"\0", b"")) is not None

    def read(self, data: bytes, options: ReadOptions = _PLAIN) -> StatementFile:
        return _Reader(decode(data), options).file()


class _Reader:
    def __init__(self, source: Text, options: ReadOptions) -> None:
        self.source = source
        self.root, self.notes = parse(source)
        self.options = options
        self.bad_dates: dict[str, str] = {}
        self.set_aside: list[str] = []
        self.skipped = 0
        self.unnamed = 0
        self.balances_seen = 0
        self.signons: list[Node] = []
        self.securities: dict[tuple[str | None, str | None], Node] = {}

    def file(self) -> StatementFile:
        statements: list[Statement] = []
        notes: list[str] = list(self.notes)
        missing: list[str] = []
        found: Counter[str] = Counter()
        for message in self.root.children:
            statements += self._message(message, notes, found)
            missing += left_out(message)
        if not statements:
            raise StatementUnreadable(
                "The OFX file holds no bank, card or investment statement; export the account's transactions."
            )
        if found["STMTTRN"] != sum(len(statement.lines) for statement in statements) + self.skipped:
            raise StatementUnreadable("Some transactions belong to no statement; the file is damaged, export it again.")
        notes += [f"{found[name]} {what}(s) not read" for name, what in _NOT_READ.items() if found[name]]
        stray = sum(found[name] for name in _BALANCES) - self.balances_seen
        if stray:
            notes.append(f"{stray} balance(s) outside their place in a statement not read")
        if self.unnamed > 1:
            notes.append(f"{self.unnamed} statements without an account number were given the same one, by account=")
        return StatementFile(
            format="ofx",
            encoding=self.source.encoding,
            statements=tuple(statements),
            left_out=tuple(missing),
            warnings=(*notes, *(text for text in missing if text not in notes)),
        )

    def _message(self, message: Node, notes: list[str], found: Counter[str]) -> list[Statement]:
        """Read one `<OFX>` element; what holds for all its statements may stand anywhere in it, so that comes first."""
        self.signons = []
        self.securities = {}
        nodes: list[Node] = []
        for node in message.walk():
            found[node.name] += 1
            if node.name in _STATEMENTS:
                nodes.append(node)
            elif node.name == "STATUS":
                notes += self._status(node)
            elif node.name in ("FI", "SONRS"):
                self.signons.append(node)
            elif node.name == "SECINFO":
                self.securities[_security(node)[:2]] = node
        return [self._statement(node) for node in nodes]

    def _status(self, node: Node) -> list[str]:
        code, severity = node.text("CODE"), (node.text("SEVERITY") or "ERROR").upper()
        if code is None or not code.strip("0"):
            return []
        message = _LONG_DIGITS.sub("*****", (node.text("MESSAGE") or "no message")[:200])
        answer = f"the bank answered with status {code[:12]}: {message}"
        if severity == "ERROR":
            raise self._fault(f"The file holds no full statement, {answer}; ask the bank again", node.at("CODE"))
        return [answer]

    def _statement(self, node: Node) -> Statement:
        self.bad_dates = {}
        self.set_aside = []
        account = self._account(node)
        transactions: list[Node] = []
        lists: list[Node] = []
        positions: list[Node] = []
        other: Counter[str] = Counter()
        for inner in node.walk():
            if inner.name == "STMTTRN":
                transactions.append(inner)
            elif inner.name in ("BANKTRANLIST", "INVTRANLIST"):
                lists.append(inner)
                if "TRNAMT" in inner.values:
                    raise self._fault("An amount is outside any transaction; export the file again", inner.at("TRNAMT"))
                if inner.name == "INVTRANLIST":
                    other.update(child.name for child in inner.children if child.name != "INVBANKTRAN")
            elif inner.name == "INVPOS":
                positions.append(inner)
        lines = self._each("transaction", transactions, lambda item: self._line(item, account.currency))
        self.skipped += len(transactions) - len(lines)
        balances = tuple(self._balances(node, account.currency))
        holdings = self._each("holding", positions, lambda item: self._position(item, account.currency))
        period = [[self._optional_day(item, name) for item in lists] for name in ("DTSTART", "DTEND")]
        warnings = [f"{count} {name} investment transaction(s) not read" for name, count in other.items()]
        if any(line.amount.currency != account.currency for line in lines):
            warnings.append("some transactions are stated in another currency than the account's, and not converted")
        warnings += suspicious(account, lines, balances)
        return Statement(
            account=account,
            lines=lines,
            balances=balances,
            positions=holdings,
            positions_listed=node.child("INVPOSLIST") is not None,
            start=period[0][0] if lists else None,
            end=period[1][0] if lists else None,
            warnings=(*warnings, *self.bad_dates.values(), *self.set_aside),
        )

    def _each(self, what: str, nodes: list[Node], reading: Callable[[Node], T]) -> tuple[T, ...]:
        """Read each of them; one that cannot be read ends the import, or is set aside and named where that is asked."""
        found: list[T] = []
        for node in nodes:
            try:
                found.append(reading(node))
            except StatementUnreadable as error:
                self._set_aside(what, error)
        return tuple(found)

    def _set_aside(self, what: str, error: StatementUnreadable) -> None:
        if not self.options.skip_unreadable:
            hint = "" if "decimal_mark" in error.reason else f"; skip_unreadable=True sets that {what} aside"
            raise StatementUnreadable(f"{error.reason[:-1]}{hint}.", error.offset, error.line)
        self.set_aside.append(f"a {what} is set aside: {error}")

    def _account(self, node: Node) -> StatementAccount:
        source = node.child(*_ACCOUNTS)
        number = source.text("ACCTID") if source else None
        if number is None:
            number = self.options.account
            self.unnamed += 1
        if number is None:
            raise self._fault(
                "A statement has no account number (ACCTID is missing); say it, as in account='12345678'",
                source.start if source else node.start,
            )
        source = source or node
        type_text = source.text("ACCTTYPE")
        by_type = AccountType.CREDIT if source.name == "CCACCTFROM" else AccountType.UNKNOWN
        said = Said.before(node.start, self.signons)
        return StatementAccount(
            number=number,
            bank_id=source.text("BANKID") or source.text("BROKERID"),
            branch_id=source.text("BRANCHID"),
            type=_STATEMENTS[node.name] or _ACCOUNT_TYPES.get(_word(type_text), by_type),
            type_text=type_text,
            currency=self._currency(node),
            institution=said.institution,
            institution_id=said.institution_id,
        )

    def _currency(self, node: Node) -> str:
        printed = node.text("CURDEF")
        if printed is not None:
            return self._known_or_said(printed, node.at("CURDEF"))
        if self.options.currency is None:
            raise self._fault(
                "The statement does not name its currency (CURDEF); give it, as in currency='EUR'",
                node.at("CURDEF"),
            )
        return self.options.currency

    def _known_or_said(self, code: str, index: int) -> str:
        """Read the printed currency; where that is none, the caller's counts."""
        try:
            return self._known(code, index)
        except StatementUnreadable as error:
            if self.options.currency is None:
                raise
            self.set_aside.append(f"{error.reason[:-1]} ({self.source.place(index)}); taken as {self.options.currency}")
            return self.options.currency

    def _known(self, code: str, index: int) -> str:
        upper = code.upper()
        if upper not in CURRENCIES:
            raise self._fault(f"{values.shown(code)!r} is not an ISO 4217 currency code", index)
        return upper

    def _line(self, node: Node, currency: str) -> StatementLine:
        for name, _, index in node.repeated:
            if name in _ONCE:
                raise self._fault(
                    f"A transaction has two {name}: two of them ran together; export the file again", index
                )
        printed = node.text("TRNAMT")
        if printed is None:
            raise self._fault("A transaction has no amount (TRNAMT); export the file again", node.at("TRNAMT"))
        posted = self._day(node, "DTPOSTED")
        if posted is None:
            raise self._fault("A transaction has no date (DTPOSTED); export the file again", node.at("DTPOSTED"))
        money, original, rate = self._foreign(node, currency) if _names_currency(node) else (currency, None, None)
        payee = node.child("PAYEE") if node.children else None
        memo = _joined(node, "MEMO")
        return StatementLine(
            id=node.text("FITID"),
            posted=posted,
            amount=Money(self._amount(printed, money, node.at("TRNAMT")), money),
            description=_joined(node, "NAME") or (payee.text("NAME") if payee else None) or memo or "",
            memo=memo,
            type_text=node.text("TRNTYPE"),
            check_number=node.text("CHECKNUM"),
            occurred=self._optional_day(node, "DTUSER"),
            original_currency=original,
            rate=rate,
            corrects=node.text("CORRECTFITID"),
            extended_name=_joined(node, "EXTDNAME"),
            counterparty=_counterparty(node) if node.children else None,
            reference_number=node.text("REFNUM"),
            sic=node.text("SIC"),
            offset=self.source.byte(node.start),
        )

    def _foreign(self, node: Node, currency: str) -> tuple[str, str | None, Decimal | None]:
        """Return the currency of the amount, the one it was converted from, and the printed rate.

        CURRENCY says that the amount is in that currency, ORIGCURRENCY that it was converted from it (OFX 5.2).
        """
        for name in ("CURRENCY", "ORIGCURRENCY"):
            inner = node.child(name)
            symbol = inner.text("CURSYM") if inner else node.text(name)
            if symbol is None:
                continue
            try:
                code = self._known(symbol, inner.at("CURSYM") if inner else node.at(name))
            except StatementUnreadable as error:
                if name == "CURRENCY":  # it says what the amount is in, so without it there is no amount
                    raise
                self._set_aside("currency that a transaction was converted from", error)
                continue
            if code == currency:
                continue
            rate = self._rate(inner) if inner else None
            return (code, None, rate) if name == "CURRENCY" else (currency, code, rate)
        return currency, None, None

    def _rate(self, node: Node) -> Decimal | None:
        try:
            return self._number(node, "CURRATE")
        except StatementUnreadable as error:
            self._set_aside("exchange rate", error)
            return None

    def _balances(self, node: Node, currency: str) -> list[StatementBalance]:
        found: list[StatementBalance] = []
        for child in node.children:
            wanted: dict[str, str] = {}
            if child.name in _BALANCES:
                self.balances_seen += 1
                wanted = {"BALAMT": _BALANCES[child.name]}
                if child.text("BALAMT") is None:
                    self.set_aside.append(f"the {wanted['BALAMT']} balance has no amount ({self._place(child)})")
            elif child.name == "INVBAL":
                wanted = _INVESTMENT_BALANCES
            for name, kind in wanted.items():
                try:
                    found += self._balance(child, name, kind, currency, child if name == "BALAMT" else node)
                except StatementUnreadable as error:
                    self._set_aside(f"{kind} balance", error)
        return found

    def _place(self, node: Node) -> str:
        return f"at {self.source.place(node.start)}"

    def _balance(self, node: Node, name: str, kind: str, currency: str, dated: Node) -> list[StatementBalance]:
        printed = node.text(name)
        if printed is None:
            return []
        money = Money(self._amount(printed, currency, node.at(name)), currency)
        return [StatementBalance(amount=money, at=self._optional_day(dated, "DTASOF"), kind=kind)]

    def _position(self, node: Node, currency: str) -> StatementPosition:
        security_id, id_type, at = _security(node)
        units = self._number(node, "UNITS")
        if security_id is None or units is None:
            what = "security (UNIQUEID)" if security_id is None else "units (UNITS)"
            raise self._fault(f"A holding names no {what}; export the file again", at)
        value = node.text("MKTVAL")
        money = self._foreign(node, currency)[0] if _names_currency(node) else currency
        known = self.securities.get((security_id, id_type))
        side = _word(node.text("POSTYPE")) or None
        owed = side == "SHORT"
        worth = self._amount(value, money, node.at("MKTVAL"), holding=True) if value else None
        return StatementPosition(
            security_id=security_id,
            id_type=id_type or "",
            units=-abs(units) if owed else units,
            unit_price=self._number(node, "UNITPRICE"),
            market_value=None if worth is None else Money(-abs(worth) if owed else worth, money),
            at=self._optional_day(node, "DTPRICEASOF"),
            side=side,
            name=known.text("SECNAME") if known else None,
            ticker=known.text("TICKER") if known else None,
        )

    def _amount(self, text: str, currency: str, index: int, *, holding: bool = False) -> Decimal:
        return self._read(lambda mark: values.amount(text, currency, mark, computed=holding), index)

    def _number(self, node: Node, name: str) -> Decimal | None:
        text = node.text(name)
        return None if text is None else self._read(lambda mark: values.number(text, mark), node.at(name))

    def _read(self, reading: Callable[[str | None], T], index: int) -> T:
        """Read a number, asking the file's other amounts where it can be read in two ways."""
        try:
            try:
                return reading(self.options.decimal_mark)
            except values.AmbiguousAmount:
                if self._usual_decimal_mark is None:
                    raise
                return reading(self._usual_decimal_mark)
        except InvalidInput as error:
            raise self._fault(str(error), index) from None

    @cached_property
    def _usual_decimal_mark(self) -> str | None:
        leaves = (node.values.get(name) for node in self.root.walk() for name in ("TRNAMT", "BALAMT"))
        return values.decimal_mark(clean(leaf[0]) for leaf in leaves if leaf)

    def _day(self, node: Node, name: str) -> date | None:
        text = node.text(name)
        try:
            return None if text is None else values.day(text)
        except InvalidInput as error:
            raise self._fault(f"{name}: {error}", node.at(name)) from None

    def _optional_day(self, node: Node, name: str) -> date | None:
        try:
            return self._day(node, name)
        except StatementUnreadable as error:
            self.bad_dates.setdefault(name, f"{error}; dates like it are left out")
            return None

    def _fault(self, message: str, index: int) -> StatementUnreadable:
        return self.source.fault(message, index)


def _word(text: str | None) -> str:
    return "".join((text or "").upper().split())


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


def _names_currency(node: Node) -> bool:
    return bool(node.children) or "CURRENCY" in node.values or "ORIGCURRENCY" in node.values


def _joined(node: Node, name: str) -> str | None:
    text = node.text(name)
    if not node.repeated:
        return text
    more = [clean(data) for repeated, data, _ in node.repeated if repeated == name]
    return " ".join(part for part in (text, *more) if part) or None


def _security(node: Node) -> tuple[str | None, str | None, int]:
    inner = node.child("SECID") or node
    return inner.text("UNIQUEID"), inner.text("UNIQUEIDTYPE"), node.start
