"""The order journal: what was intended, before it was sent, and what became of it.
Floor 2: append-only; the database refuses changes. SQLite here, PostgreSQL in the service, with the same statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from weakref import finalize

from fin_infra.errors import JournalUnavailable
from fin_infra.flow.call import allowed
from fin_infra.model.record import Model
from fin_infra.transport.forks import leave, rests


class State(StrEnum):
    """The last thing written about an order."""

    INTENT = "intent"
    """About to be sent; if the process died, the outcome is unknown."""
    PLACED = "placed"
    REFUSED = "refused"
    """The broker said no; there is no order."""
    UNKNOWN = "unknown"
    ABSENT = "absent"
    """It never reached the broker."""

    @property
    def is_open(self) -> bool:
        """True where the broker has to be asked."""
        return self in (State.INTENT, State.UNKNOWN)

    @property
    def counts(self) -> bool:
        """True where there is, or may be, an order."""
        return self not in (State.REFUSED, State.ABSENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry(Model):
    """One attempt to place an order, as the journal knows it. `account` and the ids are the broker's.

    Several attempts share a client order id where a key was used again, each with its own `attempt`.
    """

    account: str
    client_order_id: str
    attempt: str
    fingerprint: str
    summary: str
    """The order for people to read: `buy 10 US:AAPL limit 187.5 day`."""
    estimate: Decimal
    """About what the order is worth, in the account's currency; the daily limit adds these up."""
    at: datetime
    """When it was intended, by the broker's clock, as the limits count."""
    lands_by: datetime
    """By our clock: an order that the broker still does not know after this never arrived."""
    state: State = State.INTENT
    order_id: str | None = None


Judge = Callable[[JournalEntry | None, Sequence[JournalEntry]], None]


class Journal(Protocol):
    """Where orders are written down. Methods block; flows call them through `Blocking`.

    Raises:
        JournalUnavailable: from every method, where nothing can be read or written.
    """

    def find(self, account: str, client_order_id: str) -> Sequence[JournalEntry]:
        """Return the attempts under an id, oldest first."""
        ...

    def open(self, entry: JournalEntry, since: datetime, judge: Judge) -> JournalEntry | None:
        """Write an attempt down, in one atomic step, unless the journal knows that its id is placed.

        Returns the placed entry, or None where the attempt is written. `judge` is shown what is known of the id, and
        the account's other orders since `since` that count; it raises where the order must not be sent, and then
        nothing is written.
        """
        ...

    def record(self, entry: JournalEntry, state: State, at: datetime, order_id: str | None) -> JournalEntry:
        """Write down what became of an attempt, and return what that makes of the order.

        An order that was placed stays placed, whatever other attempts met.
        """
        ...

    def unresolved(self, account: str) -> Sequence[JournalEntry]:
        """Return the attempts whose outcome is unknown, oldest first."""
        ...


def combined(attempts: Sequence[JournalEntry]) -> JournalEntry | None:
    """Return what several attempts make of one order: placed if any was, open while any is, else as the last ended."""
    by_weight = sorted(attempts, key=lambda entry: (entry.state is State.PLACED, entry.state.is_open))
    return by_weight[-1] if by_weight else None


SCHEMA = (
    """CREATE TABLE IF NOT EXISTS order_journal (
        seq INTEGER PRIMARY KEY, account TEXT NOT NULL, client_order_id TEXT NOT NULL, attempt TEXT NOT NULL,
        fingerprint TEXT NOT NULL, summary TEXT NOT NULL, estimate TEXT NOT NULL, at TEXT NOT NULL,
        lands_by TEXT NOT NULL, state TEXT NOT NULL, order_id TEXT, written TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS order_journal_id ON order_journal (account, client_order_id, attempt, seq)",
    "CREATE INDEX IF NOT EXISTS order_journal_at ON order_journal (account, at)",
)
APPEND_ONLY = (
    *(
        f"""CREATE TRIGGER IF NOT EXISTS order_journal_no_{verb} BEFORE {verb} ON order_journal
        BEGIN SELECT RAISE(ABORT, 'the order journal is append-only'); END"""
        for verb in ("update", "delete")
    ),
    """CREATE TRIGGER IF NOT EXISTS order_journal_no_replace BEFORE INSERT ON order_journal
        WHEN NEW.seq IN (SELECT seq FROM order_journal)
        BEGIN SELECT RAISE(ABORT, 'the order journal is append-only'); END""",
)
_COLUMNS = "account, client_order_id, attempt, fingerprint, summary, estimate, at, lands_by, state, order_id"
_OF_ID = f"""SELECT {_COLUMNS} FROM order_journal WHERE seq IN
    (SELECT MAX(seq) FROM order_journal WHERE account = ? AND client_order_id = ? GROUP BY attempt)
    ORDER BY seq"""  # noqa: S608  # nosec B608  # made of constants
_SINCE = f"""SELECT {_COLUMNS} FROM order_journal WHERE seq IN
    (SELECT MAX(seq) FROM order_journal WHERE account = ? AND at >= ? GROUP BY client_order_id, attempt)
    ORDER BY seq"""  # noqa: S608  # nosec B608  # made of constants
_ALL_OPEN = f"""SELECT {_COLUMNS}, seq FROM order_journal AS line
    WHERE state IN ('intent', 'unknown') AND NOT EXISTS
    (SELECT 1 FROM order_journal AS other
     WHERE other.account = line.account AND other.client_order_id = line.client_order_id
     AND (other.state = 'placed' OR (other.attempt = line.attempt AND other.seq > line.seq)))"""  # noqa: S608  # nosec B608  # made of constants
_OPEN = f"SELECT {_COLUMNS} FROM ({_ALL_OPEN}) AS open_lines WHERE account = ? ORDER BY at, seq"  # noqa: S608  # nosec B608  # made of constants
_UNFINISHED = f"SELECT 1 FROM ({_ALL_OPEN}) AS unfinished LIMIT 1"  # noqa: S608  # nosec B608  # made of constants
_INSERT = f"INSERT INTO order_journal ({_COLUMNS}, written) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # nosec B608  # made of constants


LONGEST_WAIT_S, SHORTEST_WAIT_S = 30.0, 0.25


def patience(longest_s: float = LONGEST_WAIT_S) -> float:
    """Return for how many seconds a step may wait for others: what the call in progress has left, and a moment always.

    The end of an order is written down when the time for it is over, too.
    """
    left = allowed()
    return longest_s if left is None else max(min(left, longest_s), SHORTEST_WAIT_S)


@contextmanager
def held(lock: Lock) -> Generator[None]:
    """Hold a lock between threads; raise JournalUnavailable where another thread keeps it for too long."""
    if not lock.acquire(timeout=patience()):
        raise JournalUnavailable("The order journal is in use by another call of this process; try again.")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def committed(cursor: Any) -> Generator[None]:
    """End the transaction that has begun: commit it, or roll it back where anything was raised."""
    try:
        yield
        cursor.execute("COMMIT")
    except BaseException:
        cursor.execute("ROLLBACK")
        raise


class SqlJournal:
    """The journal over any DB-API connection that takes `?` parameters; a lock makes it safe between threads.

    Raises:
        JournalUnavailable: from every method, where the database fails.
    """

    def __init__(self, connection: Any, begin: Sequence[str]) -> None:
        self._connection: Any = connection
        self._begin = begin
        self._lock = Lock()
        rests(self)

    def before_fork(self) -> None:
        """Wait until no thread is in the middle of a step."""
        self._lock.acquire()

    def go_on(self) -> None:
        self._lock.release()

    def after_fork(self) -> None:
        """Leave the parent's connection to the parent; `_transaction` opens another."""
        leave(self._connection)
        self._connection, self._lock = None, Lock()

    def check_place(self) -> None:
        """Raise JournalUnavailable where what is written would be lost."""

    def _cursor(self) -> Any:
        return self._connection.cursor()

    @contextmanager
    def _transaction(self) -> Generator[Any]:
        with held(self._lock):
            try:
                self.check_place()
                cursor = self._cursor()
                for statement in self._begin:
                    cursor.execute(statement)
                with committed(cursor):
                    yield cursor
                    self.check_place()
            except self._connection.Error as exc:
                raise JournalUnavailable(
                    f"The order journal cannot be used ({exc}); see that the database of FIN_INFRA_TRADING_JOURNAL is "
                    "sound and can be written."
                ) from exc

    def find(self, account: str, client_order_id: str) -> Sequence[JournalEntry]:
        with self._transaction() as cursor:
            return _read(cursor, _OF_ID, account, client_order_id)

    def open(self, entry: JournalEntry, since: datetime, judge: Judge) -> JournalEntry | None:
        with self._transaction() as cursor:
            known = combined(_read(cursor, _OF_ID, entry.account, entry.client_order_id))
            recent = _read(cursor, _SINCE, entry.account, _text(since))
            judge(known, _others(recent, entry.client_order_id))
            if known is not None and known.state is State.PLACED:
                return known
            cursor.execute(_INSERT, (*_row(entry), _text(entry.at)))
            return None

    def record(self, entry: JournalEntry, state: State, at: datetime, order_id: str | None) -> JournalEntry:
        with self._transaction() as cursor:
            attempts = _read(cursor, _OF_ID, entry.account, entry.client_order_id)
            known = combined(attempts)
            if known is not None and known.state is State.PLACED:
                return known
            now = replace(entry, state=state, order_id=order_id)
            cursor.execute(_INSERT, (*_row(now), _text(at)))
            return combined([*(other for other in attempts if other.attempt != entry.attempt), now]) or now

    def unresolved(self, account: str) -> Sequence[JournalEntry]:
        with self._transaction() as cursor:
            return _read(cursor, _OPEN, account)

    def unfinished(self) -> bool:
        """Say whether any attempt, of any account, is still open."""
        with self._transaction() as cursor:
            cursor.execute(_UNFINISHED)
            return bool(cursor.fetchall())

    def close(self) -> None:
        self._connection.close()


class SqliteJournal(SqlJournal):
    """The journal in an SQLite file that any number of processes share, or in memory for `:memory:`.

    A new file may be read by its owner only. A file that is deleted, or replaced by another, while the journal is open
    is never written to again, nor is the one in its place: it lacks what went before.

    Raises:
        JournalUnavailable: the file cannot be opened or is not a journal.
    """

    def __init__(self, file: Path | str) -> None:
        self._file = file
        super().__init__(_connected(file), ["BEGIN IMMEDIATE"])
        self._close_when_dropped()
        self._place, self._wal = self._file_of(""), self._file_of("-wal")

    def _close_when_dropped(self) -> None:
        """Nobody has to close a journal; at exit it stays open, for what is still being written."""
        self._ends = finalize(self, self._connection.close)
        self._ends.atexit = False

    def _file_of(self, ending: str) -> tuple[int, int] | None:
        """Return which file has the journal's name at this moment; its write-ahead log has a file of its own."""
        if str(self._file) == ":memory:":
            return None
        try:
            found = Path(f"{self._file}{ending}").stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def check_place(self) -> None:
        if self._file_of("") != self._place or (self._wal is not None and self._file_of("-wal") != self._wal):
            raise JournalUnavailable(
                f"The order journal {self._file} was deleted or replaced while it was open, and the day's orders with "
                "it; put the file back and start again, or start again without it."
            )

    def _cursor(self) -> Any:
        cursor = super()._cursor()
        cursor.execute(f"PRAGMA busy_timeout = {patience() * 1000:.0f}")
        self._wal = self._wal or self._file_of("-wal")
        return cursor

    def before_fork(self) -> None:
        """Close a file too: SQLite takes a child for the holder of its parent's locks.

        https://www.sqlite.org/howtocorrupt.html, section 2.6.
        """
        super().before_fork()
        if str(self._file) != ":memory:":
            self._ends.detach()
            self._connection.close()
            self._connection, self._wal = _Later(self._file), None  # the last to close a file removes its log
            self._close_when_dropped()

    def after_fork(self) -> None:
        """Open the file at the next step; a journal in memory goes on as the child's own copy."""
        self._lock = Lock()


class _Later:
    """A connection that opens when it is first used, after a fork."""

    Error = sqlite3.Error

    def __init__(self, file: Path | str) -> None:
        self._file = file
        self._opened: sqlite3.Connection | None = None

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def __getattr__(self, name: str) -> Any:
        if self._opened is None:
            self._opened = _connected(self._file)
        return getattr(self._opened, name)


def _connected(file: Path | str) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        if str(file) != ":memory:":
            Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            Path(file).touch(mode=0o600)
        connection = sqlite3.connect(file, timeout=patience(), isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        for statement in (*SCHEMA, *APPEND_ONLY):
            connection.execute(statement)
        connection.execute(_INSERT.replace("INSERT", "EXPLAIN INSERT", 1), [None] * 11)  # is it our table?
    except (OSError, sqlite3.Error):
        if connection is not None:
            connection.close()
        raise JournalUnavailable(
            f"The order journal {file} cannot be opened for writing; set FIN_INFRA_TRADING_JOURNAL to another path."
        ) from None
    return connection


def _read(cursor: Any, statement: str, *parameters: str) -> list[JournalEntry]:
    cursor.execute(statement, parameters)
    return [_entry(row) for row in cursor.fetchall()]


def _others(entries: Sequence[JournalEntry], client_order_id: str) -> list[JournalEntry]:
    """Return the orders under other ids that count, one entry each."""
    attempts: dict[str, list[JournalEntry]] = {}
    for entry in entries:
        if entry.client_order_id != client_order_id:
            attempts.setdefault(entry.client_order_id, []).append(entry)
    orders = [combined(of_id) for of_id in attempts.values()]
    return [order for order in orders if order is not None and order.state.counts]


def _row(entry: JournalEntry) -> tuple[str | None, ...]:
    return (
        entry.account,
        entry.client_order_id,
        entry.attempt,
        entry.fingerprint,
        entry.summary,
        str(entry.estimate),
        _text(entry.at),
        _text(entry.lands_by),
        entry.state.value,
        entry.order_id,
    )


def _entry(row: Sequence[Any]) -> JournalEntry:
    return JournalEntry(
        account=row[0],
        client_order_id=row[1],
        attempt=row[2],
        fingerprint=row[3],
        summary=row[4],
        estimate=Decimal(row[5]),
        at=datetime.fromisoformat(row[6]),
        lands_by=datetime.fromisoformat(row[7]),
        state=State(row[8]),
        order_id=row[9],
    )


def _text(at: datetime) -> str:
    """UTC with microseconds, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
