"""`open_book()`: the book of a household, for sync and async users.
Floor 6: it connects, syncs, and remembers; what it is asked and told is in `reads.py` and `says.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Literal, overload

from fin_infra.arguments import checked
from fin_infra.book import logins, read, schema
from fin_infra.book.assets import Assets
from fin_infra.book.engine import Database, default_url
from fin_infra.book.imported import Imports
from fin_infra.book.keeps import Keeps
from fin_infra.book.lease import Owner
from fin_infra.book.methods import Household, method, utc_now
from fin_infra.book.prices import Prices
from fin_infra.book.reads import Reads
from fin_infra.book.records import Connection, ConnectionState, SyncResult
from fin_infra.book.says import Says
from fin_infra.book.sources import source_of
from fin_infra.book.sync import Clock, Progress, sync
from fin_infra.book.worth import Worth
from fin_infra.errors import BookUnavailable, FinInfraError, InvalidInput, LeaseLost, NotRemembered
from fin_infra.model import Listing
from fin_infra.providers.registry import connected, provider_class
from fin_infra.security.keyring import FILE, KEYS, Keyring, create_key_file
from fin_infra.security.vault import Vault
from fin_infra.transport import Async, Flow, M, Sync, blocking

DEFAULT_TENANT = "default"
_KEY_FILE = "vault.keys"


class Book(Reads[M], Says[M], Imports[M], Keeps[M], Prices[M], Assets[M], Worth[M]):
    """What a household's money did, remembered: SQLite in a file, or PostgreSQL."""

    @method
    def connect(
        self, provider: str, token: str | None = None, /, *, first_sync: bool = True, **settings: Any
    ) -> Flow[Connection]:
        """Connect a login at a vendor, seal its credentials in the vault, and sync it for the first time.

        Where the vendor refuses or fails, the connection says so in its state, reason and next step.

        Args:
            provider: its key, such as `banking:teller`.
            token: its first credential, which `settings` name otherwise: `access_token` of Teller.
            first_sync: False stores the connection only; `sync` fills it later.
            settings: settings of the provider that are this login's own.

        Raises:
            ProviderNotFound: there is no such provider.
            InvalidInput: a credential does not fit the provider.
            ConfigurationError: the provider or the vault is not set up.
            BookUnavailable: the database cannot be used now.
        """
        credentials = _credentials(provider, token, settings)
        client = connected(provider, mode=self.mode, **credentials)
        source_of(client)
        vault = self.vault() if credentials else None
        made = yield from blocking(
            logins.add, self.engine, self.owner, client.info.provider_key, credentials, vault, self.clock()
        )
        if first_sync:
            yield from self._sync_one(made, None)
        return (yield from self._connection(made))

    @method
    def sync(
        self, connection: str | None = None, *, told: Callable[[Progress], None] | None = None
    ) -> Flow[Listing[SyncResult]]:
        """Bring every connection up to date, or one; what a vendor does not answer is in its result.

        Args:
            connection: the id of the only one to sync, also where it is paused.
            told: called after each page, for a progress bar.

        Raises:
            NotRemembered: there is no such connection.
            InvalidInput: it was ended.
            BookUnavailable: the database cannot be used now; the next sync goes on.
        """
        rows = yield from self.ask(read.connection_rows)
        if connection is not None:
            rows = [row for row in rows if row.id == connection]
            if not rows:
                raise NotRemembered("The book has no connection of that id; list them to see which there are.")
            if rows[0].state is ConnectionState.REVOKED:
                raise InvalidInput("This connection was ended; connect again to go on.")
        else:
            rows = [row for row in rows if row.state not in (ConnectionState.REVOKED, ConnectionState.PAUSED)]
        results: list[SyncResult] = []
        for row in rows:
            results.append((yield from self._sync_one(row.id, told)))
        return Listing(results)

    @method
    def reconnect(self, connection: str, token: str | None = None, /, **settings: Any) -> Flow[Connection]:
        """Give a connection new credentials, after the person has signed in at the vendor again, and sync it.

        Raises:
            NotRemembered: there is no such connection.
            InvalidInput: no credentials were given.
        """
        row = yield from self.ask(logins.stored, connection)
        credentials = _credentials(row.provider, token, settings)
        if not credentials:
            raise InvalidInput("Give the new token of this connection.")
        vault = self.vault()
        yield from blocking(logins.renew, self.engine, self.owner, connection, credentials, vault, self.clock())
        yield from self._sync_one(connection, None)
        return (yield from self._connection(connection))

    @method
    def disconnect(self, connection: str) -> Flow[Connection]:
        """End a connection: its tokens are destroyed at once, and its history stays.

        Raises:
            NotRemembered: there is no such connection.
        """
        yield from blocking(logins.disconnect, self.engine, self.owner, connection, self.clock())
        return (yield from self._connection(connection))

    @method
    def pause(self, connection: str, *, paused: bool = True) -> Flow[Connection]:
        """Leave a connection out of syncs, or take it in again."""
        yield from blocking(logins.paused, self.engine, self.owner, connection, self.clock(), on=paused)
        return (yield from self._connection(connection))

    @checked
    def of(self, user: str, tenant: str = DEFAULT_TENANT) -> Book[M]:
        """Return the book of another household in the same database; it shares the engine and costs nothing to make."""
        return Book(self.database, Owner(tenant, user), self.mode, self._vault, self.clock)

    def _connection(self, connection: str) -> Flow[Connection]:
        rows = yield from self.ask(read.connection_rows)
        return next(row for row in rows if row.id == connection)

    def _sync_one(self, connection: str, told: Callable[[Progress], None] | None) -> Flow[SyncResult]:
        row = yield from self.ask(logins.stored, connection)
        progress, error, done = Progress(told=told), None, True
        try:
            credentials = logins.opened(row, self.owner, self.vault() if row.sealed else None)
            source = source_of(connected(row.provider, mode=self.mode, **credentials))
            vault = self.vault() if row.data_key else None
            sealer = logins.sealer_of(row, self.owner, vault, payloads=self.keep_payloads)
            done = yield from sync(self.engine, self.owner, connection, source, self.clock, progress, sealer)
        except (BookUnavailable, LeaseLost) as exc:
            if isinstance(exc, BookUnavailable):
                raise
            done = False
        except FinInfraError as exc:
            error = exc
        state = ConnectionState(row.state)
        if done:
            state = yield from blocking(logins.told, self.engine, self.owner, connection, error, self.clock())
        return SyncResult(
            connection=connection,
            provider=row.provider,
            state=state,
            changes=progress.changes,
            error=logins.standing(error)[1],
            code=error.code if error else None,
            busy=not done,
            unread=tuple(progress.unread),
        )


def _credentials(provider: str, token: str | None, settings: dict[str, Any]) -> dict[str, str]:
    cls = provider_class(provider)
    names = (*cls.info.settings.credentials, *cls.info.settings.optional_credentials)
    given = {name: value for name, value in settings.items() if value is not None}
    if token is not None:
        if not names:
            raise InvalidInput(f"{cls.info.title} takes no token; connect it without one.")
        given = {names[0]: token, **given}
    for name, value in given.items():
        if not isinstance(value, str) or not value.strip():
            raise InvalidInput(f"The setting {name} of a connection must be text.")
    return given


@overload
def open_book(
    url: str | None = None,
    *,
    user: str = "",
    tenant: str = DEFAULT_TENANT,
    mode: Literal["sync"] = "sync",
    vault: Vault | None = None,
    clock: Clock = utc_now,
    keep_payloads: bool = True,
) -> Book[Sync]: ...
@overload
def open_book(
    url: str | None = None,
    *,
    user: str = "",
    tenant: str = DEFAULT_TENANT,
    mode: Literal["async"],
    vault: Vault | None = None,
    clock: Clock = utc_now,
    keep_payloads: bool = True,
) -> Book[Async]: ...
@checked
def open_book(
    url: str | None = None,
    *,
    user: str = "",
    tenant: str = DEFAULT_TENANT,
    mode: Literal["sync", "async"] = "sync",
    vault: Vault | None = None,
    clock: Clock = utc_now,
    keep_payloads: bool = True,
) -> Book[Any]:
    """Open the book of a household, and make it where there is none.

    Args:
        url: `sqlite:///path/book.db` or `postgresql://user@host/name`; SQL_URL where None, and without it a file in
            the user's data folder.
        user: whose book, in an app with several users; each has one of their own.
        tenant: whose user, in an app with several tenants.
        vault: what seals tokens; by FIN_INFRA_VAULT_KEYS where None, and without it by a key file beside a book in
            SQLite.
        clock: gives the aware time of now.
        keep_payloads: keep the vendor's own records behind each change, sealed; only of logins with credentials.

    Raises:
        MissingExtra: the extra `book` is not installed.
        BookOutdated: the book is of another revision; the text names the command.
        BookUnavailable: the database cannot be used now.
        ConfigurationError: the URL cannot be used.
    """
    database = Database(url or default_url())
    schema.check(database)
    owner = Owner(tenant, user)
    return Book(database, owner, mode, _vault_of(database, vault), clock, keep_payloads=keep_payloads)


def _vault_of(database: Database, given: Vault | None) -> Callable[[], Vault]:
    @cache
    def vault() -> Vault:
        import os

        if given is not None:
            return given
        file = database.file
        if file is not None and not any(os.environ.get(name, "").strip() for name in (KEYS, FILE)):
            return Vault(create_key_file(file.with_name(_KEY_FILE), "book"))
        return Vault(Keyring.from_env())

    return vault


__all__ = ["Book", "Household", "open_book"]
