"""The syncs of a household's connections, as methods of its book; before the first of one, whether it is there twice.
Floor 6: the sync itself is in `sync.py`; how a connection begins and ends is in `links.py`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from fin_infra.book import endings, logins, read, sameness, twins
from fin_infra.book.banks import holder_of
from fin_infra.book.methods import Household, method
from fin_infra.book.records import Connection, ConnectionState, SyncResult
from fin_infra.book.sources import source_of
from fin_infra.book.sync import Progress, sync
from fin_infra.errors import (
    AccountClosed,
    BookUnavailable,
    FeatureDisabled,
    FinInfraError,
    InvalidInput,
    LeaseLost,
    NotFound,
    NotRemembered,
    ReauthRequired,
)
from fin_infra.model import Account, AccountDetails, Listing, LoginState, LoginStatus
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.linking import LinkingProvider
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import connected
from fin_infra.transport import Flow, Invoke, M, blocking


class Syncs(Household[M]):
    @method
    def sync(
        self, connection: str | None = None, *, told: Callable[[Progress], None] | None = None
    ) -> Flow[Listing[SyncResult]]:
        """Bring every connection up to date, or one; what a vendor does not answer is in its result.

        A vendor that could not be told of the end of a connection is told again.

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
            if rows[0].state is ConnectionState.REVOKED and not rows[0].ending:
                raise InvalidInput("This connection was ended; connect again to go on.")
        else:
            idle = (ConnectionState.REVOKED, ConnectionState.PAUSED)
            rows = [row for row in rows if row.ending or row.state not in idle]
        results: list[SyncResult] = []
        for row in rows:
            results.append((yield from self.sync_one(row.id, told) if not row.ending else self._still_ending(row)))
        return Listing(results)

    @method
    def compare_numbers(self, connection: str) -> Flow[int]:
        """Ask a connection's bank for the full numbers of its accounts, and join those that the book has already.

        Equal number and routing number prove that two accounts are one, whoever told of them: another connection that
        was asked in this way, or a statement file. The numbers are kept sealed. Some vendors charge for this call.

        Returns:
            How many accounts were joined.

        Raises:
            NotRemembered: there is no such connection.
            FeatureDisabled: its vendor does not give numbers.
            ProviderError: the vendor failed; nothing was written.
        """
        row = yield from self.ask(logins.stored, connection)
        client = self.client_of(row)
        if not isinstance(client, BankingProvider) or "details" not in client.can:
            raise FeatureDisabled(f"{client.info.title} does not give the numbers of accounts.")
        told: dict[str, AccountDetails] = {}
        listed: Listing[Account] = yield Invoke(client.accounts)
        for account in listed:
            with suppress(AccountClosed, NotFound):
                told[account.id] = yield Invoke(partial(client.details, account.id))
        args = (self.engine, self.owner, self.vault, connection, told, self.clock())
        return (yield from blocking(sameness.keep_numbers, *args))

    def client_of(self, row: Any) -> Provider[Any]:
        """Return a client of the login of a connection.

        Raises:
            VaultError: its credentials cannot be opened.
            ConfigurationError: the provider is not set up.
        """
        credentials = logins.opened(row, self.owner, self.vault() if row.sealed else None)
        return connected(row.provider, mode=self.mode, **credentials)

    def connection_of(self, connection: str) -> Flow[Connection]:
        rows = yield from self.ask(read.connection_rows)
        return next(row for row in rows if row.id == connection)

    def sync_one(self, connection: str, told: Callable[[Progress], None] | None) -> Flow[SyncResult]:
        row = yield from self.ask(logins.stored, connection)
        progress, error, done = Progress(told=told), None, True
        repairs = False
        try:
            client = self.client_of(row)
            repairs = isinstance(client, LinkingProvider) and "start_link" in client.can
            source = source_of(client)
            if row.synced_at is None and row.twin is None and (yield from self._is_there_twice(connection, client)):
                return (yield from self._paused(connection))
            vault = self.vault() if row.data_key else None
            sealer = logins.sealer_of(row, self.owner, vault, payloads=self.keep.payloads)
            done = yield from sync(self.engine, self.owner, connection, source, self.clock, progress, sealer)
            if done and progress.changes:
                look = partial(sameness.recognize, self.engine, self.owner, self.vault, connection, self.clock())
                yield from blocking(look)
            if done and row.state == ConnectionState.PERSON_MUST_ACT:
                yield from _in_order(client)
        except (BookUnavailable, LeaseLost) as exc:
            if isinstance(exc, BookUnavailable):
                raise
            done = False
        except FinInfraError as exc:
            error = exc
        state = ConnectionState(row.state)
        if done:
            state = yield from blocking(
                partial(logins.told, waiting=progress.waiting, repairs=repairs, news=progress.news),
                self.engine,
                self.owner,
                connection,
                error,
                self.clock(),
            )
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

    def _is_there_twice(self, connection: str, client: Provider[Any]) -> Flow[bool]:
        """Ask the vendor how it names the login, and say whether the household has it already.

        A login that was linked a second time has other ids for all of its accounts, and would count twice.
        """
        if not isinstance(client, LinkingProvider) or not isinstance(client, BankingProvider):
            return False
        if "login_state" in client.can:
            state: LoginState = yield Invoke(client.login_state)
            bank = state.institution.name if state.institution is not None else None
            yield from blocking(logins.met, self.engine, self.owner, connection, state.vendor_id, bank)
        listed: Listing[Account] = yield Invoke(client.accounts)
        holders = [holder_of(account) for account in listed]
        wait = partial(twins.wait_for_word, self.engine, self.owner, connection, holders, self.clock())
        return (yield from blocking(wait)) is not None

    def _paused(self, connection: str) -> Flow[SyncResult]:
        row = yield from self.connection_of(connection)
        return SyncResult(connection=connection, provider=row.provider, state=row.state, changes=0, error=row.reason)

    def tell_end(self, connection: str) -> Flow[FinInfraError | None]:
        """Tell the vendor that a login has ended, and destroy its tokens then; return why that was not possible.

        The tokens stay sealed until the vendor knows: without them nobody could ever end what is paid for.
        """
        row = yield from self.ask(logins.stored, connection)
        if row.sealed is not None:  # one without tokens of its own is the operator's login, which goes on
            try:
                client = self.client_of(row)
                if isinstance(client, LinkingProvider) and "end_login" in client.can:
                    yield Invoke(client.end_login)
            except FinInfraError as exc:
                yield from blocking(endings.not_told, self.engine, self.owner, connection, exc, self.clock())
                return exc
        yield from blocking(endings.destroy, self.engine, self.owner, connection)
        return None

    def _still_ending(self, row: Connection) -> Flow[SyncResult]:
        error = yield from self.tell_end(row.id)
        now = yield from self.connection_of(row.id)
        return SyncResult(
            connection=row.id,
            provider=row.provider,
            state=now.state,
            changes=0,
            error=now.reason if error is not None else None,
            code=error.code if error is not None else None,
        )


def _in_order(client: Provider[Any]) -> Flow[None]:
    """Ask how a login stands of which its vendor said that the person has to act.

    A sync that succeeds does not prove the contrary: vendors answer from what they read before.

    Raises:
        ReauthRequired: the person has to act still.
    """
    if not isinstance(client, LinkingProvider) or "login_state" not in client.can:
        return
    found: LoginState = yield Invoke(client.login_state)
    if found.status in (LoginStatus.PERSON_MUST_ACT, LoginStatus.OVER):
        raise ReauthRequired(found.reason or "the vendor says that the person has to sign in again")
