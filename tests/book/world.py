"""One history: a bank that lives, a book that is synced through faults, and a person who has their say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book import imports, join, logins, read, say, undo
from fin_infra.book.banks import BankSource
from fin_infra.book.deltas import DeltaSource as BankDeltas
from fin_infra.book.documents import given
from fin_infra.book.engine import Database, writing
from fin_infra.book.import_records import Document
from fin_infra.book.imported_rows import documents_of
from fin_infra.book.imports import Word
from fin_infra.book.lease import LEASE, Owner
from fin_infra.book.pages import Holder, Level, Page, Restart, VendorTransaction
from fin_infra.book.read import Wanted
from fin_infra.book.tables import streams, transactions
from fin_infra.errors import CursorRefused
from fin_infra.model import (
    Account,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Balance,
    Institution,
    Listing,
    Money,
    Statement,
    StatementAccount,
    StatementBalance,
    StatementFile,
    StatementLine,
    Transaction,
    TransactionChanges,
    TransactionStatus,
)
from fin_infra.security.vault import Vault, demo_vault
from tests.book.driving import Driven
from tests.book.model import ACCOUNTS, NUMBERS, PENDING, POSTED, Bank, Changed, Shown

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class DeltaSource:
    """The bank of net differences, as a source of the book."""

    resumes = True

    def __init__(self, bank: Bank, size: int, clock: Callable[[], datetime]) -> None:
        self.bank, self.size, self.clock = bank, size, clock

    def changes(self, cursor: str) -> Any:
        yield from ()
        try:
            rows, removed, after, whole = self.bank.difference(cursor, self.size)
        except Changed:
            self.bank.happened["restart"] += 1
            raise Restart from None
        levels = [
            Level(account=name, at=self.clock(), currency="USD", current=self.bank.balance(name)) for name in ACCOUNTS
        ]
        return Page(
            after=after,
            complete=whole,
            holders=[_holder(name) for name in ACCOUNTS],
            transactions=[_told(row) for row in rows],
            removed=removed,
            levels=levels,
        )


def _holder(name: str) -> Holder:
    return Holder(vendor_id=name, name=name, type="depository", subtype="checking", currency="USD", institution="Model")


def _told(row: Shown) -> VendorTransaction:
    return VendorTransaction(
        vendor_id=row.vendor_id,
        account=row.account,
        day=row.day,
        text=row.text,
        currency="USD",
        amount=row.amount,
        pending=row.pending,
        pending_id=row.pending_id,
    )


@cache
def _one_vault() -> Vault:
    return demo_vault()


def _by_ending(ending: str | None) -> str | None:
    return next((name for name, number in NUMBERS.items() if ending and number.endswith(ending)), None)


class WindowProvider:
    """The bank of windows, as an adapter that `BankSource` asks."""

    can = frozenset({"accounts", "balance", "transactions"})

    def __init__(self, bank: Bank, clock: Callable[[], datetime]) -> None:
        self.bank, self.clock = bank, clock

    def accounts(self) -> Listing[Account]:
        return Listing(
            Account(
                source="banking:model",
                as_of=self.clock(),
                id=name,
                name=name,
                type=AccountType.DEPOSITORY,
                subtype=AccountSubtype.CHECKING,
                subtype_text="checking",
                currency="USD",
                status=AccountStatus.OPEN,
                institution=Institution(id="model", name="Model"),
            )
            for name in ACCOUNTS
        )

    def balance(self, account_id: str) -> Balance:
        current = Money(self.bank.balance(account_id), "USD")
        return Balance(
            source="banking:model", as_of=self.clock(), account_id=account_id, current=current, available=None
        )

    def transactions(self, account_id: str, *, start: Any = None) -> Iterator[Transaction]:
        for row in self.bank.window(account_id, start):
            yield self._row(row)

    def _row(self, row: Shown) -> Transaction:
        return Transaction(
            source="banking:model",
            as_of=self.clock(),
            id=row.vendor_id,
            account_id=row.account,
            date=row.day,
            amount=Money(row.amount, "USD"),
            status=TransactionStatus.PENDING if row.pending else TransactionStatus.POSTED,
            description=row.text,
            pending_id=row.pending_id,
        )


class ChangesProvider(WindowProvider):
    """The bank of net differences, as an adapter that the book's `DeltaSource` asks: no run goes on in its middle."""

    can = frozenset({"accounts", "balances", "transaction_changes"})

    def __init__(self, bank: Bank, size: int, clock: Callable[[], datetime], happened: Counter[str]) -> None:
        super().__init__(bank, clock)
        self.size, self.happened = size, happened

    def balances(self) -> Listing[Balance]:
        return Listing(self.balance(name) for name in ACCOUNTS)

    def transaction_changes(self, cursor: str | None) -> TransactionChanges:
        if cursor is not None and cursor.startswith("foreign"):
            self.happened["foreign_cursor"] += 1
            raise CursorRefused("of another login", from_beginning=True)
        try:
            rows, removed, after, whole = self.bank.difference(cursor or "", self.size)
        except Changed:
            self.bank.happened["restart"] += 1
            raise CursorRefused("the bank changed", from_beginning=False) from None
        told = [self._row(row) for row in rows]
        known = [] if (cursor or "0").partition("/")[0] == "0" else told[1::2]  # told whole, nothing is known before
        return TransactionChanges(
            source="banking:model",
            as_of=self.clock(),
            added=tuple(row for row in told if row not in known),
            modified=tuple(known),
            removed=tuple(removed),
            next_cursor=after,
            has_more=not whole,
        )


class World(Driven):
    def __init__(
        self, database: Database, seed: int, *, links: bool, owner: Owner | None = None, adapter: bool = False
    ) -> None:
        super().__init__(database, seed)
        self.bank = Bank(self.random, links)
        self.adapter = adapter
        """Whether the bank of net differences is asked as an adapter, by the source that the book has for those."""
        if adapter:
            self.bank.open_accounts()
        self.owner = owner or Owner("default", f"user-{seed}")
        self.now = NOON
        self.connection = logins.add(self.engine, self.owner, "banking:model", {}, None, self.now)
        self.pending_seen: set[str] = set()
        self.files = seed % 4 >= 2
        """Whether statement files come beside the connection: in every second history."""
        self.vault = _one_vault()
        self.file_account = self.random.choice(("word", "join", "join"))
        """Whether the person says at once which account a file is of, or joins the two later."""
        self.identity_of_line: dict[tuple[str, str], int] = {}

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def pass_time(self, time: timedelta) -> None:
        self.now += time

    def vendor_moves(self) -> None:
        self.bank.happen()

    def counts(self) -> Counter[str]:
        return self.bank.happened + self.faults

    def source(self, size: int) -> Any:
        if self.adapter:
            provider = ChangesProvider(self.bank, size, self.clock, self.faults)
            return BankDeltas(provider)  # type: ignore[arg-type]  # asked for three operations only
        if self.bank.links:
            return DeltaSource(self.bank, size, self.clock)
        return BankSource(WindowProvider(self.bank, self.clock), size)  # type: ignore[arg-type]  # asked for three operations only

    def sync_with_faults(self) -> None:
        if self.adapter and self.random.random() < 0.1:
            self.swap_cursor()
        super().sync_with_faults()

    def swap_cursor(self) -> None:
        """Put the cursor of another login in the place of this one's, as after a restored backup or a mistake."""
        mine = self.owner.of(streams, connection=self.connection)
        cursor = msgspec.json.encode({"vendor": "foreign", "since": None}).decode()
        with writing(self.engine) as db:
            begun = sa.and_(mine, streams.c.cursor != "", streams.c.kept == 0)
            db.execute(sa.update(streams).where(begun).values(cursor=cursor, run_cursor=cursor))

    # --- quiet --------------------------------------------------------------------------------------------------
    def quiet(self) -> None:
        """Let the bank stand still, sync until nothing is left, and let the person answer all questions."""
        for _ in range(3):
            self.now += LEASE + timedelta(seconds=1)
            assert self.run(self.flow(quiet=True)) is True
            joined = self.join_accounts()
            if not self.answer_all() + joined:
                break
        self.bank.firm.clear()
        posted = {item.pending_id for item in self.bank.items if item.state == POSTED and item.pending_id}
        self.bank.remembered |= posted & self.pending_seen
        self.pending_seen |= {row.vendor_id for row in self.rows(status=PENDING)}
        before = self.head()
        assert self.run(self.flow(quiet=True)) is True
        assert self.head() == before, "a sync without news changed the book"

    # --- the person ---------------------------------------------------------------------------------------------
    def questions(self) -> list[Any]:
        found: list[Any] = read.read(self.engine, read.question_rows, self.owner)
        return found

    def answer_all(self) -> int:
        answered = 0
        while open_ones := self.questions():
            each = open_ones[0]
            one, other = (self.on_paper(self.identity(row)) for row in (each.transaction, each.other))
            say.answer(self.engine, self.owner, each.id, each.other_id, one == other, self.clock())
            self.faults["answer_same" if one == other else "answer_different"] += 1
            answered += 1
        return answered

    def on_paper(self, identity: int) -> int:
        """Return what stands for an identity where nobody could tell it from its twin."""
        return self.bank.twin_of.get(identity, identity)

    def identity(self, row: Any) -> int:
        vendor_id = row.vendor_id.split(" =")[0]
        if row.source.startswith("import:"):
            return self.identity_of_line[(row.source, vendor_id)]
        return self.bank.owner_of[vendor_id]

    # --- files --------------------------------------------------------------------------------------------------
    def file_comes(self) -> None:
        """Let the person import statements, and take one back now and then."""
        for _ in range(self.random.randint(0, 2)):
            self.import_one()
        if self.random.random() < 0.3:
            self.undo_something("undo_before_the_sync")

    def import_one(self) -> None:
        account = self.random.choice(ACCOUNTS)
        end = self.bank.today - timedelta(days=self.random.choice((0, 0, 1, 3)))
        start = end - timedelta(days=self.random.randint(0, 20))
        ids = self.random.choice(("none", "kept", "numbered"))
        printed = self.bank.statement(account, start, end, ids)
        lines = tuple(
            StatementLine(id=each.id, posted=each.day, amount=Money(each.amount, "USD"), description=each.text)
            for each, _ in printed
        )
        level = StatementBalance(amount=Money(self.bank.balance(account), "USD"), at=self.now.date(), kind="ledger")
        paper = StatementAccount(number=NUMBERS[account], currency="USD", type=AccountType.DEPOSITORY)
        statement = Statement(account=paper, lines=lines, balances=(level,), start=start, end=end)
        file = given(StatementFile(format="ofx", encoding="utf-8", statements=(statement,)), "model.ofx")
        known = {name: row for row, name in self.names().items() if name in ACCOUNTS}
        word = Word(account_id=known[account]) if account in known and self.knows(account) else Word(new_account=True)
        result = imports.import_file(self.engine, self.owner, lambda: self.vault, file, word, self.clock())
        for number, (_, identity) in enumerate(printed):
            self.identity_of_line[(f"import:{result.document.id}", str(number))] = identity
        self.faults["import"] += 1
        self.faults[f"import_{ids}"] += bool(lines)
        self.faults["import_overlaps"] += bool(result.known)
        self.faults["import_before_the_sync"] += bool(result.added)

    def knows(self, account: str) -> bool:
        """Tell whether the person says which account a file is of; once it is proven that is not needed."""
        own = [row for row in self.accounts() if row.sources == ("file",) and _by_ending(row.ending) == account]
        return self.file_account == "word" and not own

    def accounts(self) -> list[Any]:
        found: list[Any] = read.read(self.engine, read.account_rows, self.owner)
        return found

    def join_accounts(self) -> int:
        """Join an account that a file brought with the connection's, which it is."""
        joined = 0
        for row in self.accounts():
            name = _by_ending(row.ending)
            others = [each.id for each in self.accounts() if each.name == name]
            if name and others and row.sources == ("file",):
                join.join(self.engine, self.owner, lambda: self.vault, row.id, others[0], self.clock())
                self.faults["join"] += 1
                joined += 1
        return joined

    def undo_something(self, name: str) -> None:
        every: list[Document] = read.read(self.engine, documents_of, self.owner)
        live = [document for document in every if document.state == "imported"]
        if live:
            document = self.random.choice(live)
            undo.undo(self.engine, self.owner, lambda: self.vault, document.id, self.clock())
            self.faults[name] += 1

    def say_something(self) -> None:
        """Write a note beside a transaction, by the identity that the person knows."""
        often = Counter((row.description.rstrip(" *"), row.amount) for row in self.rows())
        rows = [row for row in self.rows() if often[(row.description.rstrip(" *"), row.amount)] == 1 and not row.note]
        if rows:
            row = self.random.choice(rows)
            identity = self.identity(row)
            say.say(self.engine, self.owner, [row.id], {"note": f"about {identity}"}, self.clock())
            self.faults["note"] += 1

    # --- what the book says -------------------------------------------------------------------------------------
    def rows(self, **wanted: Any) -> list[Any]:
        found: list[Any] = read.read(self.engine, read.transaction_rows, self.owner, Wanted(limit=10_000, **wanted))
        return found

    def names(self) -> dict[int, str]:
        return {account.id: _by_ending(account.ending) or account.name for account in self.accounts()}

    def check(self) -> None:
        """Compare the book with the bank, row by row."""
        names = self.names()
        every = self.rows(with_removed=True)
        for state, status in ((POSTED, TransactionStatus.POSTED), (PENDING, TransactionStatus.PENDING)):
            stored = Counter(
                (names[row.account_id], row.date, row.description, row.amount.amount)
                for row in every
                if row.status is status and not row.removed
            )
            assert stored == self.bank.truth(state), f"{state} rows differ from the bank's"
        for balance in read.read(self.engine, read.balance_rows, self.owner, None):
            assert balance.current.amount == self.bank.balance(names[balance.account_id])
        self._check_notes(every)
        self.check_feed("transaction", transactions)

    def _check_notes(self, every: list[Any]) -> None:
        """Compare what the person said with where it stands: with twins, by content."""
        of = {item.identity: item for item in self.bank.items}
        for row in every:
            if row.note is not None and not row.removed:
                item = of[int(row.note.split()[1])]
                assert (item.text, item.amount) == (row.description, row.amount.amount), "a note is at another row"
        noted = Counter(row.note for row in every if row.note)
        assert set(noted.values()) <= {1}, "a note stands twice"
        alive = {f"about {item.identity}" for item in self.bank.items if item.state != "gone"}
        standing = {row.note for row in every if row.note and not row.removed}
        assert {note for note in noted if note in alive} <= standing, "a note is at a removed row"
