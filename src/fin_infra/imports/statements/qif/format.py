"""QIF files: each account's list as a statement.
Floor 4: QIF names no currency and often no account, so the caller says them; lists of words are skipped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions, StatementFormat
from fin_infra.imports.statements.proof import prove
from fin_infra.imports.statements.qif import kinds
from fin_infra.imports.statements.qif.lines import is_opening, read_line, read_opening, transfer_to
from fin_infra.imports.statements.qif.reading import Reading
from fin_infra.imports.statements.qif.records import Header, Record, parts
from fin_infra.imports.statements.qif.trades import doubts_of, is_reminder, read_trade
from fin_infra.imports.statements.text import Text, decode
from fin_infra.model.banking import AccountType
from fin_infra.model.statement import (
    Statement,
    StatementAccount,
    StatementBalance,
    StatementFile,
    StatementLine,
    StatementTrade,
)

T = TypeVar("T")

_HEAD = re.compile(rb"(?:^|[\r\n])!(?:Type:|Account|Option:|Clear:)", re.I)
_MARKS = b"\xef\xbb\xbf\xff\xfe\0"
"""Bytes of byte order marks, and the zeros of wide text."""
_PLAIN = ReadOptions()


class Qif(StatementFormat):
    title = "QIF (Quicken, Money)"

    def recognizes(self, head: bytes) -> bool:
        return _HEAD.search(head.translate(None, _MARKS)) is not None

    def read(self, data: bytes, options: ReadOptions = _PLAIN) -> StatementFile:
        return _Reader(decode(data), options).file()


@dataclass(slots=True)
class _List:
    """One account's transactions, as far as they are read."""

    header: Header
    name: str | None
    """The account, as `!Account` or the opening balance names it."""
    account: Record | None
    lines: list[StatementLine] = field(default_factory=list[StatementLine])
    trades: list[StatementTrade] = field(default_factory=list[StatementTrade])
    balances: list[StatementBalance] = field(default_factory=list[StatementBalance])
    said: dict[str, None] = field(default_factory=dict[str, None])
    doubts: Counter[str] = field(default_factory=Counter[str])
    """What rows of an investment account leave open, by sentence."""

    @property
    def kind(self) -> str:
        return self.header.word


class _Reader:
    def __init__(self, source: Text, options: ReadOptions) -> None:
        self.source = source
        self.options = options
        self.reading = Reading(source, options)
        self.kind = ""
        self.accounts: list[Record] = []
        """The account records since the last `!Account` or `!Clear`."""
        self.lists: list[_List] = []
        self.left_out: Counter[str] = Counter()

    def file(self) -> StatementFile:
        for part in parts(self.source):
            if isinstance(part, Header):
                self._header(part)
            elif part.fields:
                self._record(part)
        if not self.lists:
            raise StatementUnreadable("The QIF file holds no account's transactions; export the account's register.")
        missing = [f"{count} {what} not read" for what, count in self.left_out.items()]
        unnamed = sum(each.name is None for each in self.lists)
        statements = tuple(self._statement(each) for each in self.lists)
        if unnamed > 1:
            missing.append(f"{unnamed} lists without an account's name were given the same one, by account=")
        return StatementFile(
            format="qif",
            encoding=self.source.encoding,
            statements=statements,
            left_out=tuple(missing),
            warnings=tuple(missing),
        )

    def _header(self, header: Header) -> None:
        self.kind = kinds.list_of(header)
        if self.kind == kinds.ACCOUNTS or header.word.startswith("clear:"):
            self.accounts = []
        if not kinds.holds_transactions(self.kind):
            return
        # After a list of all accounts nothing tells whose transactions follow, unless their opening balance does.
        account = self.accounts[0] if len(self.accounts) == 1 else None
        name = account.text("N") if account else None
        same = (each for each in self.lists if (each.name, each.kind) == (name, self.kind))
        last = self.lists[-1] if self.lists else None
        if name is None and last is not None and last.account is None and last.kind == self.kind:
            found: _List | None = last
        else:
            found = next(same, None) if name else None
        if found is not None:
            self.lists.remove(found)
        self.lists.append(found or _List(header, name, account if name else None))

    def _record(self, record: Record) -> None:
        if self.kind == kinds.ACCOUNTS:
            self.accounts.append(record)
        elif self.kind in kinds.BILLS:
            self.left_out["bill(s) or invoice(s)"] += 1
        elif kinds.holds_transactions(self.kind):
            self._transaction(record)
        elif not self.kind and _looks_like_one(record):
            raise self.source.fault(
                "A transaction stands in no list (!Type is missing); the file is damaged, export it again", record.index
            )

    def _transaction(self, record: Record) -> None:
        current = self.lists[-1]
        if current.kind not in kinds.KINDS and not _looks_like_one(record):
            self.left_out[f"record(s) of the list {current.header.text[:32]!r}"] += 1
        elif is_opening(record, current.name if current.account else None):
            self._opening(record)
        elif current.kind not in kinds.INVESTMENTS:
            self._keep(record, current.lines, read_line)
        elif not is_reminder(record):
            self._keep(record, current.trades, read_trade)
            current.doubts.update(doubts_of(record))

    def _opening(self, record: Record) -> None:
        current, name = self.lists[-1], transfer_to(record)
        if current.account is None and current.name != name:
            if current.name is not None:
                current = _List(current.header, name, None)
                self.lists.append(current)
            current.name = name
        currency = self._currency(current)
        try:
            balance = read_opening(record, currency, self.reading)
        except StatementUnreadable as error:
            current.said[self.reading.set_aside(error)] = None
            return
        if balance is None:
            current.said["the opening balance has no amount"] = None
        else:
            current.balances.append(balance)

    def _keep(self, record: Record, found: list[T], read: Callable[[Record, str, Reading], T]) -> None:
        current = self.lists[-1]
        currency = self._currency(current)
        try:
            found.append(read(record, currency, self.reading))
        except StatementUnreadable as error:
            current.said[self.reading.set_aside(error)] = None

    def _currency(self, current: _List) -> str:
        said = self.options.currency
        if said is None:
            raise self.source.fault(
                "QIF does not name the currency of an account; give it, as in currency='EUR'", current.header.index
            )
        return said

    def _statement(self, each: _List) -> Statement:
        currency = self._currency(each)
        number = each.name or self.options.account
        if number is None:
            raise self.source.fault(
                "The list of transactions names no account (!Account is missing); say it, as in account='12345678'",
                each.header.index,
            )
        account = StatementAccount(
            number=number,
            type=kinds.KINDS.get(each.kind, AccountType.UNKNOWN),
            type_text=" ".join(each.header.text.partition(":")[2].split()) or None,
            currency=currency,
        )
        doubts = [f"{count} {what}" for what, count in each.doubts.items()]
        statement = Statement(
            account=account,
            lines=tuple(each.lines),
            trades=tuple(each.trades),
            balances=(*each.balances, *self._printed_balance(each, currency)),
        )
        return prove(replace(statement, warnings=(*each.said, *doubts)), self.options)

    def _printed_balance(self, each: _List, currency: str) -> Iterator[StatementBalance]:
        """Yield the balance of the last reconciled statement: it has a day, and its list may go on after it."""
        record = each.account
        text, at = (record.text("$"), record.text("/")) if record else (None, None)
        if record is None or text is None or at is None:
            return
        try:
            amount = self.reading.amount(text, currency, record.at("$"))
            yield StatementBalance(amount=amount, at=self.reading.day(record, "/"), kind="interim")
        except StatementUnreadable as error:
            each.said[self.reading.set_aside(error, "balance")] = None


def _looks_like_one(record: Record) -> bool:
    return record.text("D") is not None and (record.text("T") or record.text("U")) is not None
