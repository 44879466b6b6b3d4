"""How connections of a household begin, are repaired, and end, as methods of its book.
Floor 6: a token is exchanged and sealed in one go, and one that cannot be sealed is ended at the vendor at once."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import Any

from fin_infra.book import endings, link_pages, logins
from fin_infra.book.accounts import Accounts
from fin_infra.book.methods import method
from fin_infra.book.records import Connection, ConnectionState
from fin_infra.book.sources import source_of
from fin_infra.book.syncs import Syncs
from fin_infra.errors import FinInfraError, InvalidInput, InvalidRequest, NotRemembered
from fin_infra.model import LinkStart, LinkState, LinkStatus, Listing, Login, ProcessorToken
from fin_infra.providers.interfaces.linking import LinkingProvider
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import connected, provider_class
from fin_infra.transport import Flow, Invoke, M, blocking


class Links(Syncs[M]):
    @method
    def connect(
        self, provider: str, token: str | None = None, /, *, first_sync: bool = True, **settings: Any
    ) -> Flow[Connection]:
        """Connect a login at a vendor, seal its credentials in the vault, and sync it for the first time.

        Where the vendor refuses or fails, the connection says so in its state, reason and next step.

        Args:
            provider: its key, such as `banking:teller`.
            token: its first credential, which `settings` name otherwise: `access_token` of Teller. Where the vendor
                gives a public token for it (Plaid's `public-...`), that one, which is exchanged.
            first_sync: False stores the connection only; `sync` fills it later.
            settings: settings of the provider that are this login's own.

        Raises:
            ProviderNotFound: there is no such provider.
            InvalidInput: a credential does not fit the provider.
            ConfigurationError: the provider or the vault is not set up.
            BookUnavailable: the database cannot be used now.
        """
        if token is not None and _exchangeable(provider, token):
            made = yield from self._exchanged(provider, token, None)
            if first_sync:
                yield from self.sync_one(made, None)
            return (yield from self.connection_of(made))
        credentials = _credentials(provider, token, settings)
        client = connected(provider, mode=self.mode, **credentials)
        source_of(client)
        vault = self.vault() if credentials else None
        made = yield from blocking(
            logins.add, self.engine, self.owner, client.info.provider_key, credentials, vault, self.clock()
        )
        if first_sync:
            yield from self.sync_one(made, None)
        return (yield from self.connection_of(made))

    @method
    def start_link(
        self,
        provider: str,
        *,
        redirect_uri: str | None = None,
        webhook: str | None = None,
        institution: str | None = None,
    ) -> Flow[LinkStart]:
        """Make a page of the vendor on which the person links a login; `finish_link` takes it from there.

        Args:
            redirect_uri: where the vendor sends the person afterwards.
            webhook: where the vendor sends news of the login.
            institution: the vendor's id of the bank, where the person has chosen it already.

        Raises:
            ProviderNotFound: there is no such provider.
            InvalidInput: the vendor has no such page.
            ConfigurationError: the provider or the vault is not set up.
            ProviderError: the vendor refused or failed.
        """
        client = _linking(connected(provider, mode=self.mode), "start_link")
        self.vault()
        asked = {"redirect_uri": redirect_uri, "webhook": webhook, "institution": institution}
        return (yield from self._begin(client, None, **asked))

    @method
    def repair(self, connection: str, *, redirect_uri: str | None = None) -> Flow[LinkStart]:
        """Make a page on which the person signs in again at a login that is there, or adds accounts to it.

        Raises:
            NotRemembered: there is no such connection.
            InvalidInput: it was ended, or the vendor has no such page.
            ProviderError: the vendor refused or failed.
        """
        row = yield from self.ask(logins.stored, connection)
        if row.state == ConnectionState.REVOKED:
            raise InvalidInput("This connection was ended; connect again to go on.")
        client = _linking(self.client_of(row), "start_link")
        return (yield from self._begin(client, connection, repair=True, redirect_uri=redirect_uri))

    @method
    def link_state(self, token: str) -> Flow[LinkState]:
        """Return how far the person is on a page of `link` or `repair`.

        Args:
            token: of the `LinkStart`.

        Raises:
            InvalidInput: this household has not begun that page, or has used it.
            ProviderError: the vendor refused or failed.
        """
        state, _ = yield from self._page_state(token, link_pages.digest_of(token))
        return state

    @method
    def finish_link(self, token: str, *, first_sync: bool = True) -> Flow[Listing[Connection]]:
        """Take what the person did on a page of `start_link` or `repair`: store and sync what is new, or go on.

        Args:
            token: of the `LinkStart`. It is used up by this once the person is at the end of the page.
            first_sync: False stores the connections only; `sync` fills them later.

        Raises:
            InvalidInput: this household has not begun that page, or has used it; the person is not at its end, or has
                left it.
            ProviderError: the vendor refused or failed.
        """
        digest = link_pages.digest_of(token)
        state, page = yield from self._page_state(token, digest)
        _must_be_at_its_end(state)
        if page.connection is not None:
            now = self.clock()
            yield from blocking(logins.repaired, self.engine, self.owner, page.connection, now, digest)
            made = [page.connection]
        else:
            made = yield from self._all_of(page.provider, state, digest)
        for each in made if first_sync else []:
            yield from self.sync_one(each, None)
        found: Listing[Connection] = Listing()
        for each in made:
            found.append((yield from self.connection_of(each)))
        return found

    @method
    def processor_token(self, account_id: int, processor: str) -> Flow[ProcessorToken]:
        """Let another company move money of an account; the connection names it in `funds` from then on.

        Args:
            account_id: the book's own id.
            processor: the company, in the vendor's word for it.

        Raises:
            NotRemembered: there is no such account, or no connection tells of it.
            InvalidInput: its vendor has no such tokens.
            ProviderError: the vendor refused or failed.
        """
        source, vendor_id = yield from self.ask(_told_by, account_id)
        row = yield from self.ask(logins.stored, source)
        client = _linking(self.client_of(row), "processor_token")
        token: ProcessorToken = yield Invoke(partial(client.processor_token, vendor_id, processor))
        yield from blocking(logins.add_fund, self.engine, self.owner, source, processor)
        return token

    @method
    def reconnect(self, connection: str, token: str | None = None, /, **settings: Any) -> Flow[Connection]:
        """Let a connection go on after the person has signed in at the vendor again, and sync it.

        One that was ended goes on too, with its history; its vendor is told of the end of the old login before.

        Args:
            token: the new token, or a public one that is exchanged. None where the login keeps its own, as it does
                at vendors with a page for repairs (`repair`).

        Raises:
            NotRemembered: there is no such connection.
            InvalidInput: no credentials were given, and the vendor has no page for repairs; or it was ended, and the
                vendor cannot be told now.
        """
        row = yield from self.ask(logins.stored, connection)
        given = token is not None or bool(settings)
        ending = row.state == ConnectionState.REVOKED and row.sealed is not None
        if given and ending and (yield from self.tell_end(connection)) is not None:
            raise InvalidInput(logins.STILL_ENDING)
        if token is None and not settings and row.sealed is not None and _repairs(row.provider):
            yield from blocking(logins.repaired, self.engine, self.owner, connection, self.clock())
        else:
            yield from self._renew(row, token, settings)
        yield from self.sync_one(connection, None)
        return (yield from self.connection_of(connection))

    @method
    def disconnect(self, connection: str) -> Flow[Connection]:
        """End a connection: the vendor is told, its tokens are destroyed, and its history stays.

        Where the vendor cannot be told now, the connection is ended all the same and its token stays sealed: it says
        so (`ending`), and each sync tells the vendor again. What moves money by the login (`funds`) ends with it.

        Raises:
            NotRemembered: there is no such connection.
        """
        yield from blocking(endings.end, self.engine, self.owner, connection, self.clock())
        yield from self.tell_end(connection)
        return (yield from self.connection_of(connection))

    @method
    def pause(self, connection: str, *, paused: bool = True) -> Flow[Connection]:
        """Leave a connection out of syncs, or take it in again: also one that looks like another one, to keep both."""
        yield from blocking(logins.paused, self.engine, self.owner, connection, self.clock(), on=paused)
        return (yield from self.connection_of(connection))

    def _begin(self, client: LinkingProvider[Any], connection: str | None, **asked: Any) -> Flow[LinkStart]:
        start: LinkStart = yield Invoke(partial(client.start_link, user=self._name(), **asked))
        digest, now = link_pages.digest_of(start.token), self.clock()
        key = client.info.provider_key
        yield from blocking(link_pages.begin, self.engine, self.owner, digest, key, connection, now)
        return start

    def _page_state(self, token: str, digest: str) -> Flow[tuple[LinkState, Any]]:
        """Ask the vendor about a page of this household; return what it says, and the row of the page."""
        page = yield from self.ask(link_pages.found, digest)
        client: Provider[Any]
        if page.connection is not None:
            client = self.client_of((yield from self.ask(logins.stored, page.connection)))
        else:
            client = connected(page.provider, mode=self.mode)
        state: LinkState = yield Invoke(partial(_linking(client, "link_state").link_state, token))
        return state, page

    def _name(self) -> str:
        """Return a name of the household for vendors that says nothing about it."""
        whose = json.dumps([self.owner.tenant, self.owner.user_id])
        return sha256(whose.encode()).hexdigest()[:32]

    def _all_of(self, provider: str, state: LinkState, digest: str) -> Flow[list[str]]:
        """Exchange every token of a page. One that was used elsewhere, or is too old, does not hide the others."""
        made: list[str] = []
        refused: InvalidRequest | None = None
        for token in state.public_tokens:
            try:
                made.append((yield from self._exchanged(provider, token, None if made else digest)))
            except InvalidRequest as exc:
                refused = exc
        if not made:
            raise refused or InvalidInput("The page ended without a login; start a new link.")
        return made

    def _exchanged(self, provider: str, token: str, link: str | None) -> Flow[str]:
        """Exchange a public token and seal what comes of it; what cannot be sealed is ended at the vendor."""
        client, vault = _linking(connected(provider, mode=self.mode), "exchange"), self.vault()
        login: Login = yield Invoke(partial(client.exchange, token))
        key, credentials = client.info.provider_key, dict(login.credentials)
        add = partial(logins.add, self.engine, self.owner, key, credentials, vault, self.clock())
        try:
            return (yield from blocking(add, vendor_id=login.vendor_id, link=link))
        except FinInfraError:
            with suppress(FinInfraError):
                yield Invoke(_linking(connected(key, mode=self.mode, **credentials), "end_login").end_login)
            raise

    def _renew(self, row: Any, token: str | None, settings: dict[str, Any]) -> Flow[None]:
        vendor_id = None
        if token is not None and _exchangeable(row.provider, token):
            client = _linking(connected(row.provider, mode=self.mode), "exchange")
            login: Login = yield Invoke(partial(client.exchange, token))
            credentials, vendor_id = dict(login.credentials), login.vendor_id
        else:
            credentials = _credentials(row.provider, token, settings)
        if not credentials:
            raise InvalidInput("Give the new token of this connection.")
        vault, now = self.vault(), self.clock()
        renew = partial(logins.renew, self.engine, self.owner, row.id, credentials, vault, now)
        yield from blocking(renew, vendor_id=vendor_id)


def _linking(client: Provider[Any], operation: str) -> LinkingProvider[Any]:
    if isinstance(client, LinkingProvider) and operation in client.can:
        return client
    raise InvalidInput(
        f"{client.info.title} has no page of its own for this; connect with the token that its sign-in gives you."
    )


def _repairs(provider: str) -> bool:
    cls = provider_class(provider)
    return issubclass(cls, LinkingProvider) and "start_link" in cls.can


def _exchangeable(provider: str, token: str) -> bool:
    cls = provider_class(provider)
    return issubclass(cls, LinkingProvider) and cls.exchangeable(token)


def _must_be_at_its_end(state: LinkState) -> None:
    if state.status is LinkStatus.FINISHED:
        return
    if state.status is LinkStatus.OPEN:
        raise InvalidInput(
            "The person is not at the end of the page yet; finish the link once they are, or start a new one where the "
            "page is too old."
        )
    raise InvalidInput(f"Nothing was linked, because {state.reason or 'the page is over'}; start the link again.")


def _told_by(db: Any, owner: Any, account: int) -> tuple[str, str]:
    """Return the connection that tells of an account, and the vendor's id of it."""
    kept = Accounts(db, owner).kept.get(account)
    if kept is None:
        raise NotRemembered("The book has no account of that id; list them to see which there are.")
    logins.stored(db, owner, kept.source)
    return kept.source, kept.vendor_id


def _credentials(provider: str, token: str | None, settings: dict[str, Any]) -> dict[str, str]:
    cls = provider_class(provider)
    names = cls.info.settings.login_fields() or cls.info.settings.optional_credentials
    given = {name: value for name, value in settings.items() if value is not None}
    if token is not None:
        if not names:
            raise InvalidInput(f"{cls.info.title} takes no token; connect it without one.")
        given = {names[0]: token, **given}
    for name, value in given.items():
        if not isinstance(value, str) or not value.strip():
            raise InvalidInput(f"The setting {name} of a connection must be text.")
    return given
