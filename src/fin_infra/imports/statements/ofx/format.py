"""OFX and QFX files, version 1 and 2: accounts, balances, transactions, trades, holdings.
Floor 4: a file is read whole or refused with the byte at fault; what is recognized but not read is in `warnings`."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions, StatementFormat
from fin_infra.imports.statements.ofx.account import (
    LOAN,
    STATEMENTS,
    is_readable,
    left_out,
    names_account,
    read_account,
)
from fin_infra.imports.statements.ofx.plans import plan_balances, plan_loans, unfilled
from fin_infra.imports.statements.ofx.reading import OfxFile, Reading
from fin_infra.imports.statements.ofx.rows import (
    BALANCES,
    Security,
    read_balances,
    read_line,
    read_loan_line,
    read_pending,
    read_position,
    security,
)
from fin_infra.imports.statements.ofx.said import suspicious
from fin_infra.imports.statements.ofx.trades import TRADES, read_trade
from fin_infra.imports.statements.ofx.tree import Node, parse
from fin_infra.imports.statements.text import Text, decode
from fin_infra.model.statement import Statement, StatementFile

_HEAD = re.compile(rb"<OFX[\s>]|OFXHEADER", re.I)
_NOT_READ = {
    "INVOOLIST": "list of open orders",
    "BAL": "further balance",
}
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
        root, self.notes = parse(source)
        self.ofx = OfxFile(source, root, options)
        self.found: Counter[str] = Counter()
        self.transactions_seen = 0
        self.unnamed = 0
        self.balances_seen = 0
        self.pending_seen = 0
        self.signons: list[Node] = []
        self.securities: dict[Security, Node] = {}

    def file(self) -> StatementFile:
        statements: list[Statement] = []
        notes: list[str] = list(self.notes)
        missing: list[str] = []
        for message in self.ofx.root.children:
            statements += self._message(message, notes)
            missing += left_out(message)
        missing += self._money_not_read()
        if not statements:
            raise StatementUnreadable(
                "The OFX file holds no bank, card, loan or investment statement; export the account's transactions."
            )
        if self.found["STMTTRN"] != self.transactions_seen:
            raise self._stray()
        notes += [f"{self.found[name]} {what}(s) not read" for name, what in _NOT_READ.items() if self.found[name]]
        return StatementFile(
            format="ofx",
            encoding=self.source.encoding,
            statements=tuple(statements),
            left_out=tuple(missing),
            warnings=(*notes, *(text for text in missing if text not in notes)),
        )

    def _stray(self) -> StatementUnreadable:
        statements = (node for node in self.ofx.root.walk() if node.name in STATEMENTS)
        inside = {id(node) for statement in statements for node in statement.walk()}
        strays = (node for node in self.ofx.root.walk() if node.name == "STMTTRN" and id(node) not in inside)
        place = next((node.start for node in strays), 0)
        return self.source.fault("A transaction belongs to no statement; the file is damaged, export it again", place)

    def _money_not_read(self) -> list[str]:
        """Return what may be money and is in none of the statements."""
        found: list[str] = []
        if self.found["STMTTRNP"] > self.pending_seen:
            stray = self.found["STMTTRNP"] - self.pending_seen
            found.append(f"{stray} pending transaction(s) outside a statement not read")
        stray = sum(self.found[name] for name in BALANCES) - self.balances_seen
        if stray:
            found.append(f"{stray} balance(s) outside their place in a statement not read")
        if self.unnamed > 1:
            found.append(f"{self.unnamed} statements without an account number were given the same one, by account=")
        return found

    def _message(self, message: Node, notes: list[str]) -> list[Statement]:
        """Read one `<OFX>` element; what holds for all its statements may stand anywhere in it, so that comes first."""
        self.signons = []
        self.securities = {}
        nodes: list[Node] = []
        for node in message.walk():
            self.found[node.name] += 1
            if node.name in STATEMENTS:
                if is_readable(node):
                    nodes.append(node)
            elif node.name == "STATUS":
                notes += self._status(node)
            elif node.name in ("FI", "SONRS"):
                self.signons.append(node)
            elif node.name == "SECINFO":
                self.securities[security(node)[:2]] = node
        return [self._statement(node) for node in nodes]

    def _status(self, node: Node) -> list[str]:
        code, severity = node.text("CODE"), (node.text("SEVERITY") or "ERROR").upper()
        if code is None or not code.strip("0"):
            return []
        message = _LONG_DIGITS.sub("*****", (node.text("MESSAGE") or "no message")[:200])
        answer = f"the bank answered with status {code[:12]}: {message}"
        if severity == "ERROR":
            raise self.source.fault(f"The file holds no full statement, {answer}; ask the bank again", node.at("CODE"))
        return [answer]

    def _statement(self, node: Node) -> Statement:
        reading = Reading(self.ofx)
        account = read_account(node, reading, self.signons)
        self.unnamed += not names_account(node)
        parts = _Parts(node, self.source)
        self.transactions_seen += sum(item.name == "STMTTRN" for item in parts.transactions)
        self.pending_seen += len(parts.pending)
        self.balances_seen += sum(child.name in BALANCES for child in node.children)
        currency, known = account.currency, self.securities
        start, end = (reading.optional_day(parts.lists[0], name) if parts.lists else None for name in _PERIOD)
        line = read_loan_line if node.name == LOAN else read_line
        statement = Statement(
            account=account,
            lines=reading.each("transaction", parts.transactions, lambda item: line(item, currency, reading)),
            trades=reading.each("trade", parts.trades, lambda item: read_trade(item, currency, reading, known)),
            pending=reading.announced(parts.pending, lambda item: read_pending(item, currency, reading)),
            balances=(*read_balances(node, currency, reading), *plan_balances(node, currency, reading)),
            positions=reading.each(
                "holding", parts.holdings, lambda item: read_position(item, currency, reading, known), counted=True
            ),
            positions_listed=node.child("INVPOSLIST") is not None,
            start=start,
            end=end,
        )
        unread = [f"{count} {name} investment transaction(s) not read" for name, count in parts.other.items()]
        lent = plan_loans(node)
        return replace(
            statement,
            left_out=(*reading.left_out, *lent),
            warnings=(*unread, *lent, *suspicious(statement), *unfilled(statement), *reading.said),
        )


_PERIOD = ("DTSTART", "DTEND")


class _Parts:
    """What stands in a statement, in file order."""

    def __init__(self, node: Node, source: Text) -> None:
        self.transactions: list[Node] = []
        self.lists: list[Node] = []
        self.holdings: list[Node] = []
        self.trades: list[Node] = []
        self.pending: list[Node] = []
        self.other: Counter[str] = Counter()
        """Investment transactions that are not OFX's."""
        places = {
            "STMTTRN": self.transactions,
            "LOANSTMTTRN": self.transactions,
            "STMTTRNP": self.pending,
            "INVPOS": self.holdings,
            **dict.fromkeys(_LISTS, self.lists),
        }
        for inner in node.walk():
            if inner.name in places:
                places[inner.name].append(inner)
        for each in self.lists:
            if "TRNAMT" in each.values:
                raise source.fault("An amount is outside any transaction; export the file again", each.at("TRNAMT"))
            if each.name == "INVTRANLIST":
                self.trades += [child for child in each.children if child.name in TRADES]
                self.other.update(child.name for child in each.children if child.name not in _READ_IN_LISTS)


_LISTS = ("BANKTRANLIST", "LOANTRANLIST", "INVTRANLIST")
_READ_IN_LISTS = TRADES | {"INVBANKTRAN", "STMTTRN"}
