"""Connections: a login at a vendor, its tokens in the vault, and how it stands in words for a person.
Floor 6: each function of the database is one transaction; a token is opened only to make the client of one sync."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from hmac import compare_digest
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.engine import writing
from fin_infra.book.lease import NEVER, Owner, begun
from fin_infra.book.link_pages import use
from fin_infra.book.log import PERSON, Log
from fin_infra.book.records import ConnectionState
from fin_infra.book.sealing import Sealer
from fin_infra.book.tables import connections, pages, payloads, streams
from fin_infra.errors import (
    AccountClosed,
    AuthenticationFailed,
    FinInfraError,
    InvalidInput,
    NotRemembered,
    PermissionDenied,
    ProviderError,
    ReauthRequired,
    VaultError,
)
from fin_infra.security import mask
from fin_infra.security.envelope import Scope, Sealed, WrappedKey
from fin_infra.security.vault import Vault

PURPOSE = "credentials"
ENDED = "You ended it."
ENDED_THERE = "The access was ended at the vendor."
STILL_ENDING = "This connection was ended and its vendor could not be told yet; sync it once more, then connect again."


def add(
    engine: sa.Engine,
    owner: Owner,
    provider: str,
    credentials: Mapping[str, str],
    vault: Vault | None,
    now: datetime,
    *,
    vendor_id: str | None = None,
    link: str | None = None,
) -> str:
    """Write a connection with its sealed credentials, and return its id; without credentials nothing is sealed.

    Args:
        vendor_id: how the vendor names the login.
        link: digest of the page on which it was linked; it is used by that.

    Raises:
        InvalidInput: this login is connected already, or its access was ended at the vendor.
        VaultError: the vault cannot seal.
    """
    connection = f"c-{secrets.token_hex(8)}"
    sealed, key = None, None
    if credentials:
        assert vault is not None, "credentials need a vault"
        scope = scope_of(owner, provider, connection, 1)
        wrapped = vault.new_key(scope)
        sealed = vault.seal(msgspec.json.encode(dict(credentials)), scope, wrapped).text
        key = wrapped.text
    row = {
        "id": connection, "provider": provider, "state": ConnectionState.LINKING.value, "since": now,
        "reason": None, "next_step": None, "sealed": sealed, "data_key": key, "generation": 1,
        "sealed_times": int(sealed is not None), "made_at": now, "synced_at": None, "vendor_id": vendor_id,
    }  # fmt: skip
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)  # with the household's lock: of two at once, the second finds the first
        if link is not None:
            use(db, owner, link)
        _refuse_twice(db, owner, provider, credentials, vault)
        db.execute(connections.insert(), {**owner.scope, **row})
        log.add("connection", "added", None, msgspec.json.encode({"connection": connection}).decode())
        log.close()
    return connection


def _refuse_twice(
    db: sa.Connection,
    owner: Owner,
    provider: str,
    credentials: Mapping[str, str],
    vault: Vault | None,
    besides: str | None = None,
) -> None:
    """Refuse credentials that a connection of the household has; what cannot be opened cannot be compared.

    One that was ended is in the way only while its vendor was not told, and its token is sealed for that.
    """
    if not credentials:
        return
    ask = sa.select(connections).where(owner.of(connections, provider=provider), connections.c.sealed.is_not(None))
    given = _comparable(credentials)
    for row in db.execute(ask).all():
        with suppress(VaultError):
            if row.id != besides and compare_digest(_comparable(opened(row, owner, vault)), given):
                _hand_over(db, owner, row)


def _hand_over(db: sa.Connection, owner: Owner, row: Any) -> None:
    """Take the token from an ended connection whose person wants the login again: it would end the login later.

    Raises:
        InvalidInput: the connection is live, or it was the vendor who ended the access.
    """
    if row.state != ConnectionState.REVOKED:
        raise InvalidInput(
            f"This login is connected already, as {row.id}; sync that connection, or disconnect it first."
        )
    if (row.reason or "").startswith(ENDED_THERE):
        raise InvalidInput(
            f"The access of this login, {row.id}, was ended at the vendor; sign in there again, and connect with the "
            "token that it gives then."
        )
    gone = {"sealed": None, "data_key": None, "reason": f"{ENDED} Its login was connected again since."}
    mine = owner.of(connections, id=row.id)
    db.execute(sa.update(connections).where(mine).values(**gone, next_step=None))


def _comparable(credentials: Mapping[str, str]) -> bytes:
    return msgspec.json.encode(dict(sorted(credentials.items())))


def scope_of(owner: Owner, provider: str, connection: str, generation: int) -> Scope:
    return Scope(
        tenant=owner.tenant,
        user=owner.user_id,
        provider=provider,
        connection=connection,
        purpose=PURPOSE,
        generation=generation,
    )


def stored(db: sa.Connection, owner: Owner, connection: str) -> Any:
    """Return the row of a connection.

    Raises:
        NotRemembered: the household has none of that id.
    """
    row = db.execute(sa.select(connections).where(owner.of(connections, id=connection))).first()
    if row is None:
        raise NotRemembered("The book has no connection of that id; list them to see which there are.")
    return row


def opened(row: Any, owner: Owner, vault: Vault | None) -> dict[str, str]:
    """Return the credentials of a connection.

    Raises:
        VaultError: they cannot be opened.
    """
    if row.sealed is None:
        return {}
    assert vault is not None, "sealed credentials need a vault"
    scope = scope_of(owner, row.provider, row.id, row.generation)
    secret = vault.open(Sealed.from_text(row.sealed), scope, WrappedKey.from_text(row.data_key))
    found: dict[str, str] = msgspec.json.decode(secret.reveal_bytes())
    return found


def sealer_of(row: Any, owner: Owner, vault: Vault | None, *, payloads: bool) -> Sealer | None:
    """Return what seals the vendor's pages of a connection; None where it has no key."""
    if row.data_key is None or vault is None:
        return None
    scope = scope_of(owner, row.provider, row.id, row.generation)
    return Sealer(vault, scope, WrappedKey.from_text(row.data_key), row.sealed_times, payloads)


def renew(
    engine: sa.Engine,
    owner: Owner,
    connection: str,
    credentials: Mapping[str, str],
    vault: Vault,
    now: datetime,
    vendor_id: str | None = None,
) -> None:
    """Seal new credentials of a connection, as after a person has signed in at the vendor again.

    Where its data key is lost, it has a new one from then on: what was sealed under the old one is unreadable, and
    thrown away. The history stays.

    Raises:
        NotRemembered: the household has no such connection.
        InvalidInput: another connection has these credentials, or this one was ended and its vendor was not told yet.
        VaultError: the vault cannot seal.
    """
    with writing(engine) as db:
        Log(db, owner, PERSON, now)  # for the household's lock
        row = stored(db, owner, connection)
        if row.state == ConnectionState.REVOKED and row.sealed is not None:  # or nobody could ever end that login
            raise InvalidInput(STILL_ENDING)
        _refuse_twice(db, owner, row.provider, credentials, vault, besides=connection)
        generation = row.generation + 1
        scope = scope_of(owner, row.provider, connection, generation)
        content = msgspec.json.encode(dict(credentials))
        key = WrappedKey.from_text(row.data_key) if row.data_key else vault.new_key(scope)
        times = row.sealed_times + 1
        try:
            sealed = vault.seal(content, scope, key, used=row.sealed_times)
        except VaultError:
            key, times = vault.new_key(scope), 1
            sealed = vault.seal(content, scope, key)
            throw_away(db, owner, connection)
        values: dict[str, Any] = {"sealed": sealed.text, "data_key": key.text, "generation": generation}
        values |= {"sealed_times": times, "ends_at": None} | ({"vendor_id": vendor_id} if vendor_id else {})
        db.execute(sa.update(connections).where(owner.of(connections, id=connection)).values(**values))
        set_state(db, owner, row, ConnectionState.LINKING, None, None, PERSON, now)


def throw_away(db: sa.Connection, owner: Owner, connection: str) -> None:
    """Delete what was sealed under a key that is not there any more; whoever is syncing writes nothing after that."""
    db.execute(pages.delete().where(owner.of(pages, connection=connection)))
    db.execute(payloads.delete().where(owner.of(payloads, source=connection)))
    ended = {"fence": streams.c.fence + 1, "until": NEVER, "kept": 0, "applied": 0, "whole": 0}
    again = {"cursor": streams.c.run_cursor}
    db.execute(sa.update(streams).where(owner.of(streams, connection=connection)).values(**ended, **again))


def paused(engine: sa.Engine, owner: Owner, connection: str, now: datetime, *, on: bool) -> None:
    """Leave a connection out of syncs, or take it in again."""
    with writing(engine) as db:
        row = stored(db, owner, connection)
        if row.state == ConnectionState.REVOKED:
            raise InvalidInput("This connection was ended; connect again to go on.")
        if on:
            set_state(db, owner, row, ConnectionState.PAUSED, "You paused it.", "Resume it to go on.", PERSON, now)
        elif row.state == ConnectionState.PAUSED:
            set_state(db, owner, row, ConnectionState.LINKING, None, None, PERSON, now)


def told(
    engine: sa.Engine,
    owner: Owner,
    connection: str,
    error: FinInfraError | None,
    now: datetime,
    *,
    waiting: bool = False,
    repairs: bool = False,
    news: int | None = None,
) -> ConnectionState:
    """Write how a sync ended, None for well; return the state that the connection has by it.

    Args:
        waiting: the vendor is still reading the bank for the first time.
        repairs: the vendor has a page on which the person repairs a login, which keeps its token.
        news: how much the vendor had told of when the sync began; None of one that failed before. It is heard from now
            on and not before, or a crash in the middle would leave it to the next sync by the clock.
    """
    state, reason, step = standing(error)
    if repairs and isinstance(error, ReauthRequired):
        step = "Repair the connection: the person signs in again on the vendor's page, and it goes on."
    if waiting and error is None:
        state = ConnectionState.LINKING
        reason, step = "The vendor is still reading the bank for the first time.", "Sync again in a minute."
    with writing(engine) as db:
        row = stored(db, owner, connection)
        _tried(db, owner, connection, news, now)
        if row.state in (ConnectionState.REVOKED, ConnectionState.PAUSED):  # a person's word while the sync ran
            return ConnectionState(row.state)
        set_state(db, owner, row, state, reason, step, connection, now)
        if error is None and row.ends_at is not None and row.ends_at <= now:  # it works on: a message of it came late
            _set_end(db, owner, row, None, now)
        return state


def _tried(db: sa.Connection, owner: Owner, connection: str, news: int | None, now: datetime) -> None:
    """Write what news a sync has heard; and when it was tried, of one that failed before it had begun."""
    mine = owner.of(streams, connection=connection)
    if news is None:
        begun(db, owner, connection)
        db.execute(sa.update(streams).where(mine).values(tried_at=now, heard=streams.c.news))
    else:
        unheard = sa.func.coalesce(streams.c.heard, 0) < news
        db.execute(sa.update(streams).where(mine, unheard).values(heard=news))


def standing(error: FinInfraError | None) -> tuple[ConnectionState, str | None, str | None]:
    """Return the state, its reason and the next step, in words for a person, after a sync that ended so."""
    if error is None:
        return ConnectionState.HEALTHY, None, None
    words = error.message_for_caller() if isinstance(error, ProviderError) else error.for_caller()
    reason = mask(f"{words[:1].upper()}{words[1:].rstrip('.')}.")
    if isinstance(error, (ReauthRequired, AuthenticationFailed)):
        return ConnectionState.PERSON_MUST_ACT, reason, "Sign in at the vendor again, then connect with the new token."
    if isinstance(error, (PermissionDenied, AccountClosed)):
        return ConnectionState.PERSON_MUST_ACT, reason, "Look at the vendor what changed, then connect again."
    if isinstance(error, VaultError):
        return ConnectionState.STALE, reason, "Put the vault key back that sealed the token, then sync again."
    return ConnectionState.STALE, reason, "Sync again later; what is here stays."


def repaired(engine: sa.Engine, owner: Owner, connection: str, now: datetime, link: str | None = None) -> None:
    """Let a connection go on with the tokens it has, after the person has signed in at the vendor again.

    Args:
        link: digest of the page on which they did; it is used by that.

    Raises:
        InvalidInput: the connection was ended, or the page was used before.
    """
    with writing(engine) as db:
        if link is not None:
            use(db, owner, link)
        row = stored(db, owner, connection)
        if row.state == ConnectionState.REVOKED:
            raise InvalidInput("This connection was ended; connect again to go on.")
        db.execute(sa.update(connections).where(owner.of(connections, id=connection)).values(ends_at=None))
        set_state(db, owner, row, ConnectionState.LINKING, None, None, PERSON, now)


def met(engine: sa.Engine, owner: Owner, connection: str, vendor_id: str | None, institution: str | None) -> None:
    """Write how the vendor names a login and its bank; what is not told stays."""
    told = {"vendor_id": vendor_id, "institution": institution}
    values = {name: value for name, value in told.items() if value is not None}
    if values:
        with writing(engine) as db:
            db.execute(sa.update(connections).where(owner.of(connections, id=connection)).values(**values))


def add_fund(engine: sa.Engine, owner: Owner, connection: str, processor: str) -> None:
    """Remember that a company moves money by a connection."""
    with writing(engine) as db:
        row = stored(db, owner, connection)
        known: list[str] = row.funds.split(",") if row.funds else []
        names = ",".join(dict.fromkeys([*known, processor]))
        db.execute(sa.update(connections).where(owner.of(connections, id=connection)).values(funds=names))


def told_by_vendor(engine: sa.Engine, owner: Owner, connection: str, reason: str, now: datetime) -> None:
    """Write that the vendor says by itself that the person must act."""
    with writing(engine) as db:
        row = stored(db, owner, connection)
        if row.state in (ConnectionState.REVOKED, ConnectionState.PAUSED):
            return
        step = "Sign in at the vendor again."
        set_state(db, owner, row, ConnectionState.PERSON_MUST_ACT, reason, step, connection, now)


def expires(engine: sa.Engine, owner: Owner, connection: str, ends_at: datetime | None, now: datetime) -> None:
    """Write when the vendor ends a login by itself; None where it does not any more."""
    with writing(engine) as db:
        row = stored(db, owner, connection)
        if row.ends_at != ends_at and row.state != ConnectionState.REVOKED:
            _set_end(db, owner, row, ends_at, now)


def _set_end(db: sa.Connection, owner: Owner, row: Any, ends_at: datetime | None, now: datetime) -> None:
    db.execute(sa.update(connections).where(owner.of(connections, id=row.id)).values(ends_at=ends_at))
    log = Log(db, owner, row.id, now)
    before = {"connection": row.id, "ends_at": row.ends_at and row.ends_at.isoformat()}
    log.add("connection", "ends_at", None, msgspec.json.encode(before).decode())
    log.close()


def set_state(
    db: sa.Connection,
    owner: Owner,
    row: Any,
    state: ConnectionState,
    reason: str | None,
    next_step: str | None,
    source: str,
    now: datetime,
) -> None:
    if row.state == state and row.reason == reason:
        return
    values: dict[str, Any] = {"state": state.value, "reason": reason, "next_step": next_step}
    if row.state != state:
        values["since"] = now
    db.execute(sa.update(connections).where(owner.of(connections, id=row.id)).values(**values))
    log = Log(db, owner, source, now)
    log.add("connection", state.value, None, msgspec.json.encode({"connection": row.id, "state": row.state}).decode())
    log.close()
