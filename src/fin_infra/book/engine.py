"""The database of a book: SQLite in a file, or PostgreSQL, behind one engine of SQLAlchemy Core.
Floor 6: a transaction is one plain function, handed to `blocking(...)`; none is ever open across a `yield`."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, SQLAlchemyError

from fin_infra.book.postgres import postgres
from fin_infra.errors import BookUnavailable, ConfigurationError
from fin_infra.settings import book_url
from fin_infra.transport.forks import starts_again

WAIT_S = 30.0
"""How long a writer waits for another one."""


def default_url() -> str:
    """Return where the book of this user is: SQL_URL, or a file in the user's data folder."""
    return book_url()


def shown(url: str) -> str:
    """Return a database URL for people: without password and query."""
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        return "(text that cannot be read as a database URL)"
    if parsed.get_backend_name() == "sqlite":
        return parsed.database or ":memory:"
    return str(parsed.set(password=None, query={}))


def engine_of(url: str) -> sa.Engine:
    """Open an engine for a URL; nothing is connected or written yet.

    Raises:
        ConfigurationError: the URL is of another kind of database, or cannot be read.
    """
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "The book's database URL cannot be read; write sqlite:///path/book.db or postgresql://user@host/name."
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql" | "postgres":
            return postgres(parsed)
        case other:
            raise ConfigurationError(f"The book is kept in SQLite or PostgreSQL, not in {other}; set SQL_URL to one.")


def _sqlite(parsed: sa.URL) -> sa.Engine:
    file = parsed.database
    if not file or file == ":memory:":
        raise ConfigurationError("A book in memory would be forgotten; give the path of a file: sqlite:///book.db.")
    engine = sa.create_engine(
        parsed, connect_args={"timeout": WAIT_S, "isolation_level": None, "check_same_thread": False}
    )

    @event.listens_for(engine, "do_connect")
    def _(_dialect: Any, _record: Any, _args: Any, _kwargs: Any) -> None:
        _private_file(Path(file))

    @event.listens_for(engine, "connect")
    def _(raw: sqlite3.Connection, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _(
        db: sa.Connection,
    ) -> None:  # a deferred transaction that reads, then writes, fails at once when another wrote
        db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get("writes") else "BEGIN")

    return engine


def _private_file(file: Path) -> None:
    """Make the file before SQLite does, for its owner only."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=0o600)


class Database:
    """The engine of one book. A child that is forked leaves its parent's connections to the parent."""

    def __init__(self, url: str) -> None:
        self.engine = engine_of(url)
        starts_again(self)

    def after_fork(self) -> None:
        self.engine.dispose(close=False)

    @property
    def shown(self) -> str:
        """Where the book is, for people."""
        return shown(self.engine.url.render_as_string(hide_password=False))

    @property
    def file(self) -> Path | None:
        """The file of a book in SQLite."""
        name = self.engine.url.database
        return Path(name) if self.engine.dialect.name == "sqlite" and name else None


@contextmanager
def writing(engine: sa.Engine) -> Generator[sa.Connection]:
    """One transaction that may write.

    Raises:
        BookUnavailable: the database cannot be reached, read or written now; nothing of the transaction was written.
    """
    with _told(engine), engine.connect() as db:
        db = db.execution_options(writes=True)
        with db.begin():
            yield db


@contextmanager
def reading(engine: sa.Engine) -> Generator[sa.Connection]:
    """One transaction that reads: all its questions see the same state.

    Raises:
        BookUnavailable: the database cannot be reached or read now.
    """
    with _told(engine), engine.connect() as db:
        if db.dialect.name == "postgresql":
            db = db.execution_options(isolation_level="REPEATABLE READ")
        with db.begin():
            yield db


@contextmanager
def _told(engine: sa.Engine) -> Generator[None]:
    try:
        yield
    except (SQLAlchemyError, OSError) as exc:
        raise unavailable(engine, exc) from None


def unavailable(engine: sa.Engine, exc: BaseException) -> BookUnavailable:
    """Return our error for one of the database: its kind in plain words, without values of rows."""
    where = shown(engine.url.render_as_string(hide_password=False))
    cause = getattr(exc, "orig", None) or exc
    return BookUnavailable(f"The book {where} cannot be used now: {_reason(cause)}")


_REASONS = (
    ("fts5", "it needs SQLite 3.34 or newer with FTS5; use a Python that comes with it, or PostgreSQL."),
    ("no such tokenizer", "it needs SQLite 3.34 or newer with FTS5; use a Python that comes with it, or PostgreSQL."),
    ("readonly", "it may not be written; give yourself the right to write the file and its folder."),
    ("read-only file system", "it may not be written; give yourself the right to write the file and its folder."),
    ("permission denied", "it may not be written; give yourself the right to write the file and its folder."),
    ("unable to open", "the file cannot be opened; check that its folder is there and may be written."),
    ("not a directory", "the file cannot be opened; check that its folder is there and may be written."),
    ("file exists", "the file cannot be opened; check that its folder is there and may be written."),
    ("disk is full", "the disk is full; free some space, then run the same again: nothing of it was written."),
    ("no space left", "the disk is full; free some space, then run the same again: nothing of it was written."),
    ("disk i/o", "the disk failed to read or write; check it, then run the same again."),
    ("locked", "another process is writing to it for too long; run the same again when it is done."),
    ("not a database", "the file is something other than a book; give another path."),
    ("malformed", "the file is damaged; restore it with `fin-infra book restore`."),
    ("password authentication", "the database refuses the password; correct SQL_URL."),
    ("does not exist", "the database or one of its tables is not there; create it, then run `fin-infra book upgrade`."),
    ("no such table", "one of its tables is not there; run `fin-infra book upgrade`."),
)
_GONE = "the database does not answer; see that it runs, then run the same again: nothing of it was written."


def _reason(cause: BaseException) -> str:
    """Tell the reason by the driver's words, which are its only code in SQLite; never show them: they quote rows."""
    text = str(cause).lower()
    for words, reason in _REASONS:
        if words in text:
            return reason
    if isinstance(cause, (OSError, sqlite3.OperationalError)) or type(cause).__name__ in ("InterfaceError", "error"):
        return _GONE
    return f"the database refused a statement ({type(cause).__name__}); please report this as a fault of the book."


def is_whole(database: Database) -> bool:
    """Tell whether the file of a book in SQLite is undamaged; PostgreSQL checks its pages as it reads them.

    Raises:
        BookUnavailable: it cannot be opened now, which does not make it damaged.
    """
    if database.file is None:
        return True
    try:
        with closing(database.engine.raw_connection()) as raw:
            row = raw.cursor().execute("PRAGMA quick_check").fetchone()
            return row is not None and row[0] == "ok"
    except (sqlite3.OperationalError, OperationalError) as exc:
        raise unavailable(database.engine, exc) from None
    except (sqlite3.DatabaseError, DatabaseError):
        return False


def put(db: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]], names: tuple[str, ...] = ()) -> None:
    """Insert or replace rows by their primary key: tuples of stored values, in the order of `names` or the columns.

    SQLite takes tuples at its driver. On PostgreSQL a page is one JSON text, because pg8000's `executemany` is a round
    trip a row.
    """
    if not rows:
        return
    names = names or tuple(column.name for column in table.c)
    if db.dialect.name == "sqlite":
        db.exec_driver_sql(_sqlite_put(table, names), list(rows))
    else:
        statement = _postgres_put(table, names)
        for at in range(0, len(rows), 5_000):
            page = [dict(zip(names, row, strict=True)) for row in rows[at : at + 5_000]]
            db.execute(statement, {"page": page})


@cache
def _sqlite_put(table: sa.Table, names: tuple[str, ...]) -> str:
    dialect = sqlite.dialect(paramstyle="qmark")
    insert = sqlite.insert(table).values({name: sa.bindparam(name, type_=sa.Text()) for name in names})
    return str(_replacing(insert, table, names).compile(dialect=dialect))


@cache
def _postgres_put(table: sa.Table, names: tuple[str, ...]) -> Any:
    page = sa.func.jsonb_to_recordset(sa.bindparam("page", type_=postgresql.JSONB))
    columns = page.table_valued(*(sa.column(name, stored_type(table.c[name])) for name in names))
    rows = sa.select(*columns.render_derived(name="page", with_types=True).c)
    return _replacing(postgresql.insert(table).from_select(list(names), rows), table, names)


def stored_type(column: sa.Column[Any]) -> Any:
    """Return the type under which a column stands in the database, without ours on top."""
    kind = column.type
    return kind.impl_instance if isinstance(kind, sa.TypeDecorator) else kind


def _replacing(insert: Any, table: sa.Table, names: tuple[str, ...]) -> Any:
    keys = [column.name for column in table.primary_key]
    rest = {name: insert.excluded[name] for name in names if name not in keys}
    if not rest:
        return insert.on_conflict_do_nothing(index_elements=keys)
    return insert.on_conflict_do_update(index_elements=keys, set_=rest)


_MANY, _FEW = 1_000, 10_000


def learn(db: sa.Connection, written: int) -> None:
    """Let PostgreSQL look at the tables after their first many rows: until then it takes any index for any question.

    Its autovacuum does so later by itself, and a first sync does not end before.
    """
    if db.dialect.name != "postgresql" or written < _MANY:
        return
    known = db.scalar(sa.text("SELECT min(reltuples) FROM pg_class WHERE relname IN ('aliases', 'transactions')"))
    if known is None or known < _FEW:
        db.execute(sa.text("ANALYZE aliases, transactions, changes"))


def ensure(db: sa.Connection, table: sa.Table, **row: Any) -> None:
    """Insert a row unless its key is there."""
    insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
    db.execute(insert(table).on_conflict_do_nothing(), row)


def wanted(db: sa.Connection, ask: Any, column: Any, values: Sequence[Any], most: int = 1) -> Sequence[Any]:
    """Return the rows of `ask` whose `column` is one of `values`, each looked up by its index.

    PostgreSQL answers `IN (...)` before its first ANALYZE by reading all rows of a user for each value; there the
    values are joined, and each finds `most` rows.
    """
    if not values:
        return []
    if db.dialect.name == "sqlite":
        found: list[Any] = []
        for at in range(0, len(values), 900):  # SQLite took at most 999 parameters before 3.32
            found += db.execute(ask.where(column.in_(values[at : at + 900]))).all()
        return found
    kind: Any = sa.BigInteger if isinstance(values[0], int) else sa.Text
    array = sa.bindparam("wanted", list(values), type_=postgresql.ARRAY(kind))
    names = sa.func.unnest(array).table_valued(sa.column("value", kind())).render_derived(name="wanted")
    value = names.c.value if isinstance(values[0], int) else sa.collate(names.c.value, "C")  # that of the indexes
    each = ask.where(column == value).limit(most).lateral("each")
    return db.execute(sa.select(each).select_from(names.join(each, sa.true()))).all()
