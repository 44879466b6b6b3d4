"""BAI2: groups of accounts with their balances and transactions, and the totals that close each.
Floor 4: the control totals of accounts, groups and file have to agree; a group that deletes or corrects adds no rows.

Cash Management Balance Reporting Specifications, Version 2 (BAI). Own tokenizer: the library `bai2` (0.15) fails on
continuations and padded lines, and shifts the fields behind funds types it does not know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.imports.statements.bai2.account import Account
from fin_infra.imports.statements.bai2.item import printed
from fin_infra.imports.statements.bai2.record import Record, records
from fin_infra.imports.statements.base import ReadOptions, StatementFormat
from fin_infra.imports.statements.parts import Notes, with_gaps_named
from fin_infra.imports.statements.text import Text, decode
from fin_infra.imports.statements.values import shown
from fin_infra.model.statement import Statement, StatementFile

_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?\s{0,80}01,[^\r\n]{0,200}?[/\r\n]\s{0,80}02,")
_NOT_BOOKED = {"2": "deletes what was reported before", "3": "corrects what was reported before", "4": "is a test"}
"""Group status: 1 updates."""
_PLAIN = ReadOptions()


class Bai2(StatementFormat):
    title = "BAI2"

    def recognizes(self, head: bytes) -> bool:
        return _HEAD.match(head.replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")) is not None

    def read(self, data: bytes, options: ReadOptions = _PLAIN) -> StatementFile:
        return _Reader(decode(data), options).file()


@dataclass(slots=True)
class Totals:
    """What a trailer has to say: sum of amounts, or of the trailers inside it, how many of those, and records."""

    amount: Decimal = Decimal()
    inside: int = 0
    records: int = 0


@dataclass(slots=True)
class _Group:
    record: Record
    fields: list[str]
    totals: Totals = field(default_factory=Totals)

    def at(self, place: int) -> str:
        return self.fields[place].strip() if place < len(self.fields) else ""


class _Reader:
    def __init__(self, source: Text, options: ReadOptions) -> None:
        self.source = source
        self.options = options
        self.notes = Notes(options)
        self.statements: list[Statement] = []
        self.left_out: list[str] = []
        self.totals: Totals | None = None
        self.group: _Group | None = None
        self.account: Account | None = None

    def file(self) -> StatementFile:
        last: Record | None = None
        for record in records(self.source):
            self._take(record)
            last = record
        if self.totals is not None or self.group is not None or last is None:
            self._differs("The file has no trailer (99): it breaks off", last or Record("99", 0))
            self._close_group()
        if not self.statements and not self.left_out:
            raise StatementUnreadable(
                "The BAI2 file holds no account; export the accounts' transactions.",
                self.source.size,
                self.source.line(len(self.source.text)),
            )
        statements = with_gaps_named(self.statements)
        return StatementFile(
            format="bai2",
            encoding=self.source.encoding,
            statements=statements,
            left_out=tuple(self.left_out),
            warnings=(*self.notes.warnings(), *self.left_out),
        )

    def _take(self, record: Record) -> None:
        lines = record.counted
        for totals in (self.totals, self.group.totals if self.group else None):
            if totals:
                totals.records += lines
        if self.account:
            self.account.records += lines
        if record.code == "01":
            if self.totals is not None:
                raise self._misplaced(record)
            self.totals = Totals(records=lines)
        elif record.code == "02":
            if self.totals is None or self.group:
                raise self._misplaced(record)
            self.group = _Group(record, record.fields(), Totals(records=lines))
        elif record.code == "03":
            if self.group is None or self.account:
                raise self._misplaced(record)
            of = (self.group.at(1), self.group.at(3), self.group.at(5))
            self.account = Account(record, of, self.source, self.options)
        elif record.code == "16":
            if self.account is None:
                raise self._misplaced(record)
            self.account.add(record)
        else:
            self._trailer(record)

    def _misplaced(self, record: Record) -> StatementUnreadable:
        return self.source.fault(
            f"A record {record.code} stands where none may be; the file is damaged, export it again", record.index
        )

    def _differs(self, sentence: str, record: Record) -> None:
        self.notes.disagree(sentence, self.source.byte(record.index), self.source.line(record.index))

    def _trailer(self, record: Record) -> None:
        if record.code == "49" and self.account and self.group:
            statement = self._statement(self.account, self.group)
            self._check(record, "account", Totals(self.account.total, 0, self.account.records))
            said = self._said(record, 0)
            self.group.totals.amount += said if said is not None else self.account.total
            self.group.totals.inside += 1
            self.account = None
            if statement:
                self.statements.append(statement)
        elif record.code == "98" and self.group and self.totals and not self.account:
            self._check(record, "group", self.group.totals)
            said = self._said(record, 0)
            self.totals.amount += said if said is not None else self.group.totals.amount
            self.totals.inside += 1
            self.group = None
        elif record.code == "99" and self.totals and not self.group:
            self._check(record, "file", self.totals)
            self.totals = None
        else:
            raise self._misplaced(record)

    def _said(self, record: Record, place: int) -> Decimal | None:
        fields = record.fields()
        try:
            return printed(fields[place].strip()) if place < len(fields) else None
        except InvalidInput as error:
            raise self.source.fault(f"The trailer {record.code}: {error}", record.index) from None

    def _check(self, record: Record, what: str, totals: Totals) -> None:
        """Compare a trailer with what it closes; what it leaves empty it does not say."""
        expected = (
            [totals.amount, totals.records]
            if what == "account"
            else [
                totals.amount,
                totals.inside,
                totals.records,
            ]
        )
        names = ["sum", "count of records"] if what == "account" else ["sum", "count of parts", "count of records"]
        for place, (name, value) in enumerate(zip(names, expected, strict=True)):
            said = self._said(record, place)
            if said is not None and said != value:
                self._differs(
                    f"The trailer of the {what} ({record.code}) says {said} as its {name}, and it makes {value}",
                    record,
                )

    def _statement(self, account: Account, group: _Group) -> Statement | None:
        """Return the account at work as a statement; None for one that adds no rows."""
        statement = account.finished()
        reason = _NOT_BOOKED.get(group.at(2))
        if group.at(2) not in ("", "1", *_NOT_BOOKED):
            raise self.source.fault(f"{shown(group.at(2))!r} is not a group status; it is 1 to 4", group.record.index)
        if reason:
            self.left_out.append(
                f"{len(statement.lines)} transaction(s) of the {statement.account.label} are not read: their group "
                f"{reason}"
            )
            return None
        return statement

    def _close_group(self) -> None:
        """Read the account that the end of the file cut off, where the caller accepts that."""
        if self.account and self.group:
            statement = self._statement(self.account, self.group)
            if statement:
                self.statements.append(statement)
