"""The order journal in PostgreSQL, for all workers and machines of the service together.
Floor 8: the same statements as in SQLite; one lock for the whole journal makes each step atomic, whoever takes it."""

from __future__ import annotations

import importlib
import ssl
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from fin_infra.errors import ConfigurationError, JournalUnavailable, MissingExtra
from fin_infra.security import mask
from fin_infra.trading.journal import SqlJournal, committed, held, patience

TIMEOUT_S = 15
"""For connecting and for each answer; above the time that the lock is waited for."""
LOCK_KEY = 0x66696E6F7264  # "finord"
BEGIN = """BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
    SET LOCAL lock_timeout = '{wait_ms}ms';
    SET LOCAL idle_in_transaction_session_timeout = '30s';
    SET LOCAL synchronous_commit = on;
    SELECT pg_advisory_xact_lock({lock_key})"""
"""The level is named because a snapshot from before the lock would not show what others wrote while we waited."""
LOCK_WAIT_S = 10.0
"""The longest that a step waits for others."""
SCHEMA = """
    CREATE TABLE order_journal (
        seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, account TEXT NOT NULL, client_order_id TEXT NOT NULL,
        attempt TEXT NOT NULL, fingerprint TEXT NOT NULL, summary TEXT NOT NULL, estimate TEXT NOT NULL,
        at TEXT COLLATE "C" NOT NULL, lands_by TEXT NOT NULL, state TEXT NOT NULL, order_id TEXT,
        written TEXT NOT NULL);
    CREATE INDEX order_journal_id ON order_journal (account, client_order_id, attempt, seq);
    CREATE INDEX order_journal_at ON order_journal (account, at);
    CREATE OR REPLACE FUNCTION order_journal_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the order journal is append-only'; END $$;
    CREATE TRIGGER order_journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_journal
        FOR EACH STATEMENT EXECUTE FUNCTION order_journal_append_only();
    ALTER TABLE order_journal ENABLE ALWAYS TRIGGER order_journal_append_only"""
_EXISTS = "SELECT to_regclass('order_journal') IS NOT NULL"
_GUARDED = """SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass('order_journal')
    AND tgname = 'order_journal_append_only' AND tgenabled <> 'D'"""
_SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True)
class _Target:
    """Where the database is, from a URL like `postgresql://user:password@host:5432/name?sslmode=verify-full`."""

    user: str
    password: str | None = field(repr=False)
    host: str
    port: int
    database: str
    ssl_mode: str
    ca_file: str | None

    @classmethod
    def of(cls, url: str) -> _Target:
        try:
            parts = urlsplit(url.strip())
            port = parts.port or 5432
        except ValueError:
            raise ConfigurationError("SQL_URL cannot be read; write postgresql://user:password@host/name.") from None
        if parts.scheme.partition("+")[0] not in ("postgresql", "postgres"):
            raise ConfigurationError("SQL_URL must begin with postgresql://; unset it to keep the journal in SQLite.")
        if not (parts.hostname and parts.username and parts.path.strip("/")):
            raise ConfigurationError(
                "SQL_URL needs a user, a host and a database: postgresql://user:password@host/name."
            )
        options = dict(parse_qsl(parts.query))
        unknown = sorted(options.keys() - {"sslmode", "sslrootcert"})
        if unknown:
            raise ConfigurationError(f"SQL_URL has {unknown[0]!r}; it may hold sslmode and sslrootcert.")
        mode = options.get("sslmode", "verify-full" if "sslrootcert" in options else "prefer")
        if mode not in _SSL_MODES:
            raise ConfigurationError(f"sslmode in SQL_URL must be one of {', '.join(_SSL_MODES)}.")
        password = None if parts.password is None else unquote(parts.password)
        return cls(
            user=unquote(parts.username),
            password=password,
            host=parts.hostname,
            port=port,
            database=unquote(parts.path.strip("/")),
            ssl_mode=mode,
            ca_file=options.get("sslrootcert"),
        )

    def tls(self) -> ssl.SSLContext | bool | None:
        """Return what the driver takes: False for none, None to encrypt where the server can, True for always."""
        if not self.ssl_mode.startswith("verify"):
            return {"disable": False, "prefer": None, "require": True}[self.ssl_mode]
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError):
            raise ConfigurationError(f"The file of sslrootcert in SQL_URL, {self.ca_file}, cannot be read.") from None
        context.check_hostname = self.ssl_mode == "verify-full"
        return context


class PostgresJournal(SqlJournal):
    """The journal in a PostgreSQL database; the table is made where there is none.

    One connection, opened when first needed and again after it was lost, which happens only between two steps: a
    step that breaks off raises, because nobody knows whether it was committed. Before an order is sent that means that
    it is not sent; after, that its intent stays open until `reconcile_orders` has asked the broker.

    Raises:
        ConfigurationError: the URL cannot be used, or the table can be changed. The password shows in no error.
        JournalUnavailable: from every method, where the database fails or lets nobody in.
    """

    def __init__(self, url: str) -> None:
        try:
            self._driver = importlib.import_module("pg8000.dbapi")
        except ModuleNotFoundError:
            raise MissingExtra.of("SQL_URL needs", "pg8000", "service") from None
        self._target = _Target.of(url)
        self._tls = self._target.tls()
        self._failures: tuple[type[Exception], ...] = (self._driver.Error, OSError)
        super().__init__(None, (BEGIN,))

    @contextmanager
    def _transaction(self) -> Generator[Any]:
        with held(self._lock):
            cursor = self._begun()
            try:
                with committed(cursor):
                    yield cursor
            except self._failures as exc:
                self._drop()
                raise self._unusable(exc) from None

    def _begun(self) -> _Cursor:
        """Begin on the connection there is, or, as nothing was asked on it yet, on a new one where it is dead."""
        if self._connection is not None:
            with suppress(*self._failures):
                return self._begin_on(self._connection)
            self._drop()
        try:
            self._connection = self._connected()
            return self._begin_on(self._connection)
        except self._failures as exc:
            self._drop()
            raise self._unusable(exc) from None

    def _begin_on(self, connection: Any) -> _Cursor:
        with suppress(AttributeError):  # pg8000 has no public way to change it
            connection._usock.settimeout(patience(TIMEOUT_S))  # a server that hangs holds nobody past the deadline
        cursor = _Cursor(connection.cursor())
        for statement in self._begin:
            cursor.execute(statement.format(wait_ms=round(patience(LOCK_WAIT_S) * 1000), lock_key=LOCK_KEY))
        return cursor

    def _connected(self) -> Any:
        target = self._target
        connection = self._driver.connect(
            target.user,
            host=target.host,
            database=target.database,
            port=target.port,
            password=target.password,
            ssl_context=self._tls,
            timeout=patience(TIMEOUT_S),
            application_name="fin-infra orders",
        )
        try:
            connection.autocommit = True  # else the driver begins transactions of its own
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: Any) -> None:
        """Make the table, or see that the one there is refuses changes."""
        cursor = self._begin_on(connection)
        if not cursor.one(_EXISTS):
            cursor.execute(SCHEMA)
        elif not cursor.one(_GUARDED):
            raise ConfigurationError(
                "The table order_journal in SQL_URL can be changed; it must have its trigger order_journal_append_only."
            )
        cursor.execute("COMMIT")

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*self._failures):
                connection.close()

    def _unusable(self, exc: Exception) -> JournalUnavailable:
        detail = str(exc) or type(exc).__name__
        if isinstance(exc, self._driver.DatabaseError):  # the server's own message, by the letters of its protocol
            facts: dict[str, str] = exc.args[0]
            detail = f"{facts.get('C')}, {facts.get('M')}"
        return JournalUnavailable(
            f"The order journal in PostgreSQL cannot be used ({mask(detail)}); "
            "check SQL_URL, and that the database is up."
        )

    def close(self) -> None:
        with self._lock:
            self._drop()


class _Cursor:
    """A cursor that takes `?`: the driver's own switch for that would turn every other user of it in the process."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> None:
        self._cursor.execute(statement.replace("?", "%s"), parameters)

    def one(self, statement: str) -> Any:
        self.execute(statement)
        return self.fetchall()[0][0]

    def fetchall(self) -> Sequence[Any]:
        rows: Sequence[Any] = self._cursor.fetchall()
        return rows
