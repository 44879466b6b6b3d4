"""Statement files land in the book: what an import would do, and the import.
Floor 6: one transaction each; the merge of exports decides, and what it cannot decide is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import NamedTuple

import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.columns import decimal_text, e4, microseconds
from fin_infra.book.documents import (
    GivenFile,
    Group,
    imported,
    source_of,
    write_document,
    write_part,
)
from fin_infra.book.engine import put, reading, writing
from fin_infra.book.exports.marks import Marks
from fin_infra.book.file_accounts import FileAccounts, Match
from fin_infra.book.file_holdings import write_holdings
from fin_infra.book.file_lines import KINDS, Stored, decided, is_undone, pattern_of, stored_in
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.file_trades import StoredTrades, TradeDecision, decide_trades, stored_trades, write_trades
from fin_infra.book.import_records import ImportPart, ImportPlan, ImportResult, MatchReason, TradeCounts
from fin_infra.book.imported_rows import document_of
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.merge import POSTED, Doubt, Facts, Known, Merge, facts_of
from fin_infra.book.originals import keep_original
from fin_infra.book.pages import VendorTransaction
from fin_infra.book.read import account_rows
from fin_infra.book.settled import settled_by
from fin_infra.book.tables import balances
from fin_infra.book.write import store
from fin_infra.imports.statements import Answer, MergeResult
from fin_infra.model import Money, StatementLine
from fin_infra.security.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person says to an import."""

    account_id: int | None = None
    new_account: bool = False
    answers: tuple[Answer, ...] = ()


@dataclass(slots=True)
class _Import:
    """One import at work, inside its transaction."""

    db: sa.Connection
    owner: Owner
    sealer: FileSealer
    accounts: Accounts
    file_accounts: FileAccounts
    format: str

    @classmethod
    def of(cls, db: sa.Connection, owner: Owner, vault: Callable[[], Vault], format: str) -> _Import:
        accounts, sealer = Accounts(db, owner), FileSealer(db, owner, vault)
        return cls(db, owner, sealer, accounts, FileAccounts(accounts, sealer, Marks.of(db, owner)), format)

    def decide(self, group: Group, target: int | None, answers: Sequence[Answer]) -> tuple[Stored, MergeResult]:
        if target is None:
            stored = Stored({}, {}, self.file_accounts.marks)
            return stored, decided(stored, group.lines, answers, lambda _: None)
        stored = stored_in(self.db, self.owner, self.sealer, self.accounts, target)
        ask = settled_by(self.db, self.owner, self.accounts)
        return stored, decided(stored, group.lines, answers, lambda pattern: ask(target, pattern))

    def decide_trades(self, group: Group, target: int | None) -> TradeDecision:
        stored = StoredTrades()
        if group.trades and target is not None:
            stored = stored_trades(self.db, self.owner, self.sealer, self.accounts, target)
        return decide_trades(self.db, self.owner, group, self.format, target, stored)


def plan(engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], file: GivenFile, word: Word) -> ImportPlan:
    """Return what an import would do; nothing is written.

    Raises:
        InvalidInput: the account that the person names cannot be the file's.
        VaultError: what earlier files printed cannot be opened.
        BookUnavailable: the database cannot be read now.
    """
    with reading(engine) as db:
        work = _Import.of(db, owner, vault, file.read.format)
        known = imported(db, owner, file.digest)
        matches = work.file_accounts.matches(file.groups, word.account_id, new_account=word.new_account)
        pairs = zip(file.groups, matches, strict=True)
        parts = tuple(_part(work, group, match, word) for group, match in pairs)
        return ImportPlan(
            name=file.name,
            format=file.read.format,
            document=document_of(db, owner, known.id) if known else None,
            parts=parts,
            warnings=(*file.warnings, *_of_no_kind(sum((part.trades for part in parts), TradeCounts()))),
        )


def _of_no_kind(trades: TradeCounts) -> Iterator[str]:
    if trades.unknown:
        yield f"{trades.unknown} trade(s) are of no known kind; they are kept in the file's words, as unknown"


def _part(work: _Import, group: Group, match: Match, word: Word) -> ImportPart:
    _, result = work.decide(group, match.target, word.answers)
    level, account = group.level(), group.account
    every = {each.id: each for each in account_rows(work.db, work.owner)}
    current = level[1] if level else None
    return ImportPart(
        ending=account.ending,
        type=account.type,
        currency=account.currency,
        institution=account.institution,
        account_id=match.target,
        account_name=work.accounts.kept[match.target].name if match.target is not None else None,
        reason=match.reason,
        candidates=tuple(every[row] for row in match.candidates if row in every),
        new=result.new,
        known=result.duplicates,
        asked=result.conflicts,
        balance=None if current is None else Money(current, account.currency),
        balance_day=level[0] if level else None,
        holdings=len(held[1]) if (held := group.held()) else 0,
        trades=work.decide_trades(group, match.target).counts,
    )


def import_file(
    engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], file: GivenFile, word: Word, now: datetime
) -> ImportResult:
    """Write a file into the book; one that was imported before changes nothing.

    Raises:
        InvalidInput: it cannot be told which account the file is of, or it is not the one that the person names.
        VaultError, ConfigurationError: what the file prints cannot be sealed.
        BookUnavailable: the database cannot be used now; nothing was written.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)  # holds the household's lock: the same file twice at once is one import
        known = imported(db, owner, file.digest)
        if known is not None:
            document = document_of(db, owner, known.id)
            counts = TradeCounts(known=document.trades)
            return ImportResult(document=document, already=True, known=document.transactions, trades=counts)
        work = _Import.of(db, owner, vault, file.read.format)
        matches = work.file_accounts.matches(file.groups, word.account_id, new_account=word.new_account)
        for group, match in zip(file.groups, matches, strict=True):
            if match.reason is MatchReason.UNDECIDED:
                raise work.file_accounts.undecided(group, match)
        number = log.next_id
        log.source = source_of(number)
        write_document(db, owner, log.add("document", "added"), file, now)
        if file.content is not None:
            keep_original(db, owner, work.sealer, number, file.content, now)
        pairs = zip(file.groups, matches, strict=True)
        written = [_write(work, log, number, group, match, word) for group, match in pairs]
        log.close()
        trades = sum((each.trades for each in written), TradeCounts())
        document = document_of(db, owner, number)
    return ImportResult(
        document=document,
        already=False,
        added=sum(each.added for each in written),
        known=sum(each.known for each in written),
        asked=sum(each.asked for each in written),
        changes=log.count,
        trades=trades,
        warnings=(*file.warnings, *_of_no_kind(trades)),
    )


class _Written(NamedTuple):
    """How many lines and trades of a part are new and known, and how many questions there are."""

    added: int
    known: int
    asked: int
    trades: TradeCounts


def _write(work: _Import, log: Log, document: int, group: Group, match: Match, word: Word) -> _Written:
    """Write one account's part."""
    row, target = work.file_accounts.write(log, group, match)
    stored, result = work.decide(group, target, word.answers)
    decision = work.decide_trades(group, target)
    write_part(work.db, work.owner, work.sealer, document, group, row, log.at)
    asked = write_lines(work.db, work.owner, log, target, stored, result)
    if match.reason is not MatchReason.EXPORT:  # what the book itself told is not another word about that day
        write_level(work.db, work.owner, log, target, group)
        write_holdings(work.db, work.owner, log, target, group)
    trades = write_trades(work.db, work.owner, log, target, decision)
    return _Written(len(result.new) + len(result.conflicts), len(result.matched), asked, trades)


def write_lines(db: sa.Connection, owner: Owner, log: Log, target: int, stored: Stored, result: MergeResult) -> int:
    """Write what is new, and let the lines that are known name their rows; return how many questions there are."""
    merge = Merge(Known(rows=dict(stored.rows)), log.head)
    names = merge.out.names
    gone = _undone(stored.rows)
    fresh: list[Facts] = []
    for line in sorted([*result.new, *(each.incoming for each in result.conflicts)], key=lambda line: line.offset):
        facts = facts_from(line, target, log.source)
        rows = gone.get(facts.content)
        if rows:
            names[facts.vendor_id] = rows.pop(0)
            merge.settle(names[facts.vendor_id], facts)
        else:
            fresh.append(facts)
    merge.take((facts, None) for facts in fresh)
    for line, known in result.matched:
        names[str(line.offset)] = _row(known, names)
    for conflict in result.conflicts:
        if conflict.other is not None:
            row, other = names[str(conflict.incoming.offset)], _row(conflict.other, names)
            merge.out.doubts.append(Doubt(row, other, KINDS[conflict.question], pattern_of(conflict)))
    store(db, owner, log, merge.out)
    return len(merge.out.doubts)


def _row(known: StatementLine, names: dict[str, int]) -> int:
    """Return the row that a known line stands for, or the one of a line of the same file."""
    return -known.offset if known.offset < 0 else names[str(known.offset)]


def _undone(rows: dict[int, Facts]) -> dict[tuple[object, ...], list[int]]:
    """Return the rows of undone imports by content: their words are there still, and come back with them."""
    found: dict[tuple[object, ...], list[int]] = {}
    for row, facts in rows.items():
        if is_undone(facts):
            found.setdefault(facts.content, []).append(row)
    return found


def facts_from(line: StatementLine, account: int, source: str) -> Facts:
    """Return a line as a transaction that is stored; numbers of other accounts and ids of the file are not in it."""
    return facts_of(
        VendorTransaction(
            vendor_id=str(line.offset),
            account="",
            day=line.posted,
            text=line.description or line.memo or "",
            currency=line.amount.currency,
            amount=line.amount.amount,
            type_text=line.type_text,
        ),
        account,
        source,
    )._replace(state=POSTED)


def write_level(db: sa.Connection, owner: Owner, log: Log, account: int, group: Group) -> None:
    """Write the file's balance on its day, unless that day has one already.

    It is true at the beginning of its day for all that is known, so what a connection says of that day comes after it.
    """
    level = group.level()
    if level is None:
        return
    day, current, available = level
    if db.scalar(sa.select(balances.c.at).where(owner.of(balances, account=account, day=day))) is not None:
        return
    texts = [None if each is None else decimal_text(each) for each in (current, available)]
    stamp = microseconds(datetime.combine(day, time(), UTC))
    whole = None if current is None else e4(current)
    row = (account, day.isoformat(), log.source, stamp, group.account.currency, *texts, whole)
    put(db, balances, [(owner.tenant, owner.user_id, *row)])
    log.add("balance", "added", account)
