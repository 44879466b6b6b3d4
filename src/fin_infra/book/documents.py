"""What the book keeps of a statement file: its name, its digest, what it says of each account, its lines sealed.
Floor 6: inside a transaction; a line is named by its number in the file, and an alias leads from there to its row."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.analytics.worth_statements import cash_worth, day_of, ledger_worth
from fin_infra.book.columns import decimal_text, microseconds
from fin_infra.book.engine import put
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON
from fin_infra.book.tables import aliases, document_parts, documents, payloads
from fin_infra.model import (
    AccountType,
    Money,
    Statement,
    StatementAccount,
    StatementBalance,
    StatementFile,
    StatementLine,
    StatementPosition,
    StatementTrade,
)
from fin_infra.security import mask
from fin_infra.security.envelope import Sealed

IMPORTED, UNDONE = "imported", "undone"
SOURCE = "import:"
ORIGINAL = "file:"
"""What the sources of a kept file's chunks begin with; the number of its import follows."""


def source_of(document: int) -> str:
    return f"{SOURCE}{document}"


def is_connection(source: str) -> bool:
    """Tell whether a source is a connection, whose word of a transaction comes before a file's."""
    return not source.startswith((SOURCE, PERSON))


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenFile:
    """A file as it was read, with the name and the digest that the book knows it by."""

    name: str
    digest: str
    read: StatementFile
    content: bytes | Path | None = field(default=None, repr=False)
    """The file itself, where it is to be kept."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the file's reader says of it and of each account."""
        told = (text for statement in self.read.statements for text in statement.warnings)
        return tuple(dict.fromkeys((*self.read.warnings, *told)))

    @property
    def groups(self) -> list[Group]:
        """The file by account; a line is numbered by its place in the whole file, in `offset`, and so is a trade."""
        found: dict[tuple[str, ...], Group] = {}
        number = traded = 0
        for statement in self.read.statements:
            group = found.setdefault(statement.account.identity, Group(len(found), statement.account, [], []))
            group.lines += [replace(line, offset=number + at) for at, line in enumerate(statement.lines)]
            group.trades += list(enumerate(statement.trades, traded))
            group.statements.append(statement)
            number += len(statement.lines)
            traded += len(statement.trades)
        return list(found.values())


NumberedTrade = tuple[int, StatementTrade]
"""A trade with its place among those of the whole file."""


@dataclass(slots=True)
class Group:
    """All that a file says of one account."""

    number: int
    account: StatementAccount
    lines: list[StatementLine]
    statements: list[Statement]
    trades: list[NumberedTrade] = field(default_factory=list[NumberedTrade])

    def level(self) -> tuple[date, Decimal | None, Decimal | None] | None:
        """Return the last day of which the file tells a balance, what the account held then, and what was available.

        A balance whose sign may mean either is left out, as it is from the net worth of files.
        """
        told: list[tuple[date, Decimal | None, Decimal | None]] = []
        for statement in self.statements:
            ledger, available = statement.balance("ledger"), statement.balance("available")
            if self.account.type is AccountType.INVESTMENT:
                current, day, _ = cash_worth(statement)  # what is held beside it is in the list of holdings
            else:
                current, day, _ = ledger_worth(statement, ledger) if ledger else (None, None, "")
            day = day or (available.at if available else None)
            free = _of_day(available, day, statement)
            amount = current.amount if current is not None and current.currency == self.account.currency else None
            if day is not None and (amount is not None or free is not None):
                told.append((day, amount, free))
        return max(told, key=lambda each: each[0], default=None)

    def held(self) -> tuple[date, tuple[StatementPosition, ...]] | None:
        """Return the last day for which the file lists what the account holds, and that; None without a list."""
        listed = [(day_of(each), each.positions) for each in self.statements if each.positions_listed]
        return max(((day, held) for day, held in listed if day), key=lambda told: told[0], default=None)

    @property
    def difference(self) -> Money | None:
        """By how much the statements do not add up together, which the caller accepted; None where they do."""
        told = [each.difference for each in self.statements if each.difference is not None]
        return Money.total(told, self.account.currency) if told else None


def _of_day(balance: StatementBalance | None, day: date | None, statement: Statement) -> Decimal | None:
    if balance is None or (balance.at or statement.end) != day or balance.amount.currency != statement.account.currency:
        return None
    return balance.amount.amount


def given(read: StatementFile, name: str, content: bytes | Path | None = None) -> GivenFile:
    """Return a file with its digest: of all that was read in it, so that the way by which it came does not matter."""
    digest = sha256(msgspec.json.encode(read)).hexdigest()
    for statement in read.statements:  # banks name files after accounts
        name = name.replace(statement.account.number, f"...{statement.account.ending}")
    return GivenFile(name=mask(name), digest=digest, read=read, content=content)


def imported(db: sa.Connection, owner: Owner, digest: str) -> Any:
    """Return the row of the document with that content, None where it was never imported, or undone."""
    return db.execute(sa.select(documents).where(owner.of(documents, digest=digest, state=IMPORTED))).first()


def write_document(db: sa.Connection, owner: Owner, document: int, file: GivenFile, now: datetime) -> None:
    row = (document, file.name, file.digest, file.read.format, IMPORTED, microseconds(now))
    put(db, documents, [(owner.tenant, owner.user_id, *row)])


def write_part(
    db: sa.Connection, owner: Owner, sealer: FileSealer, document: int, group: Group, account: int, now: datetime
) -> None:
    """Write what a file says of one account; `account` is the row that is known by what the file prints of it."""
    level = group.level()
    day, current, available = level or (None, None, None)
    texts = [None if each is None else decimal_text(each) for each in (current, available)]
    difference = group.difference
    currency = group.account.currency if level or difference else None
    texts.append(None if difference is None else decimal_text(difference.amount))
    row = (document, group.number, account, len(group.lines), day and day.isoformat(), currency, *texts)
    put(db, document_parts, [(owner.tenant, owner.user_id, *row)])
    told = {group.number: group.lines} | ({_trades_at(group.number): group.trades} if group.trades else {})
    for position, rows in told.items():
        body = sealer.seal(zlib.compress(msgspec.json.encode(rows), 1), _purpose(document, position))
        scope = {**owner.scope, "source": source_of(document), "position": position}
        db.execute(payloads.insert(), {**scope, "at": now, "body": body.content})


def _trades_at(number: int) -> int:
    """Return where the trades of a part are kept, beside its lines at its number."""
    return -1 - number


def _purpose(document: int, position: int) -> str:
    return f"lines:{document}:{position}" if position >= 0 else f"trades:{document}:{-1 - position}"


def lines_of(
    db: sa.Connection, owner: Owner, sealer: FileSealer, parts: Iterable[tuple[int, int]]
) -> dict[tuple[int, str], StatementLine]:
    """Return the lines of parts of documents, by document and number of the line."""
    found: dict[tuple[int, str], StatementLine] = {}
    for document, number in parts:
        lines: list[StatementLine] = _decoder().decode(_opened(db, owner, sealer, document, number))
        found.update(((document, str(line.offset)), line) for line in lines)
    return found


def trades_of(
    db: sa.Connection, owner: Owner, sealer: FileSealer, parts: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], StatementTrade]:
    """Return the trades of parts of documents, by document and number of the trade."""
    found: dict[tuple[int, int], StatementTrade] = {}
    for document, number in parts:
        content = _opened(db, owner, sealer, document, _trades_at(number))
        trades: list[NumberedTrade] = _trade_decoder().decode(content or b"[]")
        found.update(((document, at), trade) for at, trade in trades)
    return found


def records_at(db: sa.Connection, owner: Owner, sealer: FileSealer, document: int, position: int) -> list[Any]:
    """Return what a document's payload has, lines or trades, as plain values."""
    if position >= 0:
        return [msgspec.to_builtins(line) for line in lines_of(db, owner, sealer, [(document, position)]).values()]
    trades = trades_of(db, owner, sealer, [(document, -1 - position)])
    return [{"number": number, **msgspec.to_builtins(trade)} for (_, number), trade in trades.items()]


def _opened(db: sa.Connection, owner: Owner, sealer: FileSealer, document: int, position: int) -> bytes | None:
    ask = sa.select(payloads.c.body).where(owner.of(payloads, source=source_of(document), position=position))
    body = db.scalar(ask)
    if body is None:
        return None
    return zlib.decompress(sealer.open(Sealed.from_bytes(bytes(body)), _purpose(document, position)))


@cache
def _decoder() -> Any:
    return msgspec.json.Decoder(list[StatementLine])


@cache
def _trade_decoder() -> Any:
    return msgspec.json.Decoder(list[NumberedTrade])


def parts_in(db: sa.Connection, owner: Owner, accounts: Sequence[int]) -> list[tuple[int, int]]:
    """Return which parts of documents tell about these accounts, the newest first; undone ones have none."""
    d = document_parts
    ask = sa.select(d.c.document, d.c.number).where(owner.of(d), d.c.account.in_(accounts))
    return [(row.document, row.number) for row in db.execute(ask.order_by(d.c.document.desc(), d.c.number))]


def rows_named(db: sa.Connection, owner: Owner, document: int) -> dict[str, int]:
    """Return the row of each line of a document."""
    ask = sa.select(aliases.c.vendor_id, aliases.c.id).where(owner.of(aliases, source=source_of(document)))
    found: dict[str, int] = dict(db.execute(ask).tuples().all())
    return found
