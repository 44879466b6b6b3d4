"""Verifications in the book: started once for a key, told by the vendor, sealed, and forgotten at once.
Floor 6: each function is one transaction; no name, number or link of a person is in any column but the sealed one."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.engine import Database, unavailable, writing
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.records import BookVerification, RedactionState
from fin_infra.book.tables import verifications
from fin_infra.book.tombstones import remember, remember_in_file
from fin_infra.errors import IdempotencyConflict, NotRemembered, SealBroken
from fin_infra.model import (
    IdentityReport,
    NewVerification,
    Redaction,
    Verification,
    VerificationKind,
    VerificationReason,
    VerificationState,
)
from fin_infra.model.plain import plain
from fin_infra.security.envelope import Scope, Sealed, WrappedKey
from fin_infra.security.vault import Vault

PURPOSE = "identity_report"
_REDACTIONS = {
    Redaction.NONE: RedactionState.NONE,
    Redaction.PROCESSING: RedactionState.PROCESSING,
    Redaction.DONE: RedactionState.DONE,
}


def begin(
    engine: sa.Engine, owner: Owner, provider: str, new: NewVerification, idempotency_key: str | None, now: datetime
) -> tuple[Any, bool]:
    """Return the row of a verification and whether it is new: the one that was begun under the key, or another.

    Raises:
        IdempotencyConflict: the key belongs to a verification that asks for something else.
    """
    asked = _fingerprint(provider, new)
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)  # holds the household, so that a key makes one row
        if idempotency_key is not None:
            mine = owner.of(verifications, idempotency_key=idempotency_key)
            known = db.execute(sa.select(verifications).where(mine)).first()
            if known is not None and known.asked != asked:
                raise IdempotencyConflict(
                    "This key belongs to a verification that asks for something else; take another."
                )
            if known is not None:
                log.close()
                return known, False
        ident = f"v-{secrets.token_hex(12)}"
        state = VerificationState.NOT_STARTED.value
        row: dict[str, Any] = dict.fromkeys(column.name for column in verifications.c)
        row |= {"id": ident, "provider": provider, "kind": new.kind.value, "state": state, "since": now, "made_at": now}
        row |= {"idempotency_key": idempotency_key, "asked": asked, "redaction": RedactionState.NONE.value}
        db.execute(verifications.insert(), {**row, **owner.scope})
        _note(log, "added", ident, None)
        log.close()
        return _stored(db, owner, ident), True


def _fingerprint(provider: str, new: NewVerification) -> str:
    """Return a digest of what is asked for, without what is personal: that the vendor compares itself."""
    parts = [provider, new.kind, [*new.document_types], new.selfie, new.id_number, new.live_capture, new.return_url]
    return sha256(msgspec.json.encode(parts)).hexdigest()


def _note(log: Log, kind: str, ident: str, before: str | None) -> None:
    """Write down what happened to a verification, which has no number as other records have."""
    log.add("verification", kind, None, msgspec.json.encode({"verification": ident, "state": before}).decode())


def never_started(engine: sa.Engine, owner: Owner, ident: str, now: datetime) -> None:
    """End a verification that the vendor has refused to start; its key is free for a corrected request."""
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        values = {"state": VerificationState.CANCELED.value, "since": now, "ended_at": now, "idempotency_key": None}
        values["redaction"] = RedactionState.DONE.value  # there was nothing to remove
        db.execute(sa.update(verifications).where(owner.of(verifications, id=ident)).values(**values))
        _note(log, "canceled", ident, VerificationState.NOT_STARTED.value)
        log.close()


def stored(db: sa.Connection, owner: Owner, ident: str) -> Any:
    """Return the row of a verification.

    Raises:
        NotRemembered: the household has none of that id.
    """
    row = _stored(db, owner, ident)
    if row is None:
        raise NotRemembered("The book has no verification of that id; list them to see which there are.")
    return row


def _stored(db: sa.Connection, owner: Owner, ident: str) -> Any:
    return db.execute(sa.select(verifications).where(owner.of(verifications, id=ident))).first()


def rows(db: sa.Connection, owner: Owner) -> list[Any]:
    """Return all verifications, the oldest first."""
    ask = sa.select(verifications).where(owner.of(verifications))
    return list(db.execute(ask.order_by(verifications.c.made_at, verifications.c.id)))


def told(engine: sa.Engine, owner: Owner, ident: str, said: Verification, now: datetime) -> Any:
    """Write what the vendor says of a verification, and return the row. A removal here is never taken back by it."""
    with writing(engine) as db:
        log = Log(db, owner, ident, now)
        row = stored(db, owner, ident)
        values: dict[str, Any] = {"vendor_id": said.id, "told_at": now, "state": said.state.value}
        values["reason"] = said.reason.value if said.reason else None
        if said.state.value != row.state:
            values["since"] = now
        if said.state.is_final and row.ended_at is None:
            values["ended_at"] = now
        removal = _REDACTIONS[said.redaction]
        if removal is not RedactionState.NONE:
            values["redaction"] = removal.value
        db.execute(sa.update(verifications).where(owner.of(verifications, id=ident)).values(**values))
        if values["state"] != row.state or values.get("redaction", row.redaction) != row.redaction:
            _note(log, said.state.value, ident, row.state)
        log.close()
        return stored(db, owner, ident)


def stands(engine: sa.Engine, owner: Owner, ident: str, state: RedactionState, now: datetime) -> Any:
    """Write how the vendor's part of a removal stands, where that is not the vendor's word about the verification."""
    with writing(engine) as db:
        log = Log(db, owner, ident, now)
        mine = owner.of(verifications, id=ident)
        db.execute(sa.update(verifications).where(mine).values(redaction=state.value, told_at=now))
        row = stored(db, owner, ident)
        _note(log, f"removal_{state.value}", ident, row.state)
        log.close()
        return row


def seal(engine: sa.Engine, owner: Owner, ident: str, report: IdentityReport, vault: Vault, now: datetime) -> None:
    """Seal what a verification has found out, under a key of its own.

    Raises:
        NotRemembered: it was removed meanwhile, or never here; nothing is written.
        VaultError: the vault cannot seal.
    """
    content = msgspec.json.encode(plain(report, private=True, pii=True))
    with writing(engine) as db:
        log = Log(db, owner, ident, now)
        row = stored(db, owner, ident)
        if row.redaction != RedactionState.NONE:
            raise gone()
        scope = _scope(owner, row)
        data_key = vault.new_key(scope)
        values = {"sealed": vault.seal(content, scope, data_key).text, "data_key": data_key.text}
        db.execute(sa.update(verifications).where(owner.of(verifications, id=ident)).values(**values))
        _note(log, "sealed", ident, row.state)
        log.close()


def opened(row: Any, owner: Owner, vault: Vault) -> IdentityReport:
    """Return what a verification has found out.

    Raises:
        VaultError: it cannot be opened.
    """
    secret = vault.open(Sealed.from_text(row.sealed), _scope(owner, row), WrappedKey.from_text(row.data_key))
    try:
        return msgspec.json.decode(secret.reveal_bytes(), type=IdentityReport)
    except msgspec.MsgspecError:
        raise SealBroken("What is sealed of this verification is not a report that this program can read.") from None


def gone() -> NotRemembered:
    """Return the answer to whoever asks for what was removed."""
    return NotRemembered("Who the person is was removed from this verification; start another one to ask again.")


def _scope(owner: Owner, row: Any) -> Scope:
    return Scope(tenant=owner.tenant, user=owner.user_id, provider=row.provider, connection=row.id, purpose=PURPOSE)


def forget(database: Database, owner: Owner, ident: str, now: datetime) -> tuple[Any, list[str]]:
    """Destroy what is kept of a person, and leave a fingerprint for backups from before.

    Returns:
        The row, and the wrapped data keys it had, for the vault to forget.

    Raises:
        NotRemembered: the household has no such verification.
    """
    fingerprint = fingerprint_of(owner, ident)
    with writing(database.engine) as db:
        log = Log(db, owner, PERSON, now)
        row = stored(db, owner, ident)
        values: dict[str, Any] = {"sealed": None, "data_key": None}
        if row.redaction == RedactionState.NONE:
            values["redaction"] = RedactionState.WAITING.value
            _note(log, "redacted", ident, row.state)
        db.execute(sa.update(verifications).where(owner.of(verifications, id=ident)).values(**values))
        remember(db, [fingerprint], now)
        log.close()
        after = stored(db, owner, ident)
    try:
        remember_in_file(database, fingerprint)
    except OSError as exc:
        raise unavailable(database.engine, exc) from None
    _cut_log(database)
    return after, [row.data_key] if row.data_key else []


def _cut_log(database: Database) -> None:
    """Let SQLite's log beside the file no longer hold pages from before; what is deleted it overwrites by itself."""
    if database.file is not None:
        with suppress(sqlite3.Error), closing(database.engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def fingerprint_of(owner: Owner, ident: str) -> str:
    """Return the fingerprint of a verification whose personal data was removed; it tells nothing about whose it was."""
    return sha256(msgspec.json.encode([owner.tenant, owner.user_id, "verification", ident])).hexdigest()


def forget_restored(db: sa.Connection, known: Callable[[str], bool]) -> None:
    """Remove from rows of a backup what was removed here since."""
    v = verifications
    for row in db.execute(sa.select(v.c.tenant, v.c.user_id, v.c.id, v.c.redaction)).all():
        owner = Owner(row.tenant, row.user_id)
        if known(fingerprint_of(owner, row.id)):
            values: dict[str, Any] = {"sealed": None, "data_key": None}
            if row.redaction == RedactionState.NONE:
                values["redaction"] = RedactionState.WAITING.value  # the next policy asks the vendor how it stands
            db.execute(sa.update(v).where(owner.of(v, id=row.id)).values(**values))


def old(db: sa.Connection, owner: Owner, before: datetime) -> list[Any]:
    """Return what the policy removes, and what it has removed here only: the oldest first."""
    due: list[Any] = []
    for row in rows(db, owner):
        waits = row.redaction in (RedactionState.WAITING, RedactionState.PROCESSING)
        is_old = row.redaction == RedactionState.NONE and (row.ended_at or row.made_at) <= before
        if waits or (is_old and row.state != VerificationState.PROCESSING):
            due.append(row)
    return due


def households(db: sa.Connection) -> list[Owner]:
    """Return whose verifications there are: for whoever applies the policy to all."""
    v = verifications
    ask = sa.select(v.c.tenant, v.c.user_id).distinct().order_by(v.c.tenant, v.c.user_id)
    return [Owner(*row) for row in db.execute(ask)]


def told_of(db: sa.Connection, provider: str, vendor_id: str) -> list[tuple[Owner, str]]:
    """Return the verifications of a vendor's id, of whatever household: an event of the vendor names nobody."""
    v = verifications.c
    ask = sa.select(v.tenant, v.user_id, v.id).where(v.provider == provider, v.vendor_id == vendor_id)
    return [(Owner(row.tenant, row.user_id), row.id) for row in db.execute(ask.order_by(v.tenant, v.user_id, v.id))]


def shown(row: Any) -> BookVerification:
    """Return a row as people see it."""
    state, redaction = VerificationState(row.state), RedactionState(row.redaction)
    return BookVerification(
        id=row.id,
        provider=row.provider,
        kind=VerificationKind(row.kind),
        state=state,
        since=row.since,
        reason=VerificationReason(row.reason) if row.reason else None,
        next_step=_next_step(state, redaction, is_started=row.vendor_id is not None),
        redaction=redaction,
        has_report=row.sealed is not None,
        is_started=row.vendor_id is not None,
        made_at=row.made_at,
        ended_at=row.ended_at,
        told_at=row.told_at,
    )


def _next_step(state: VerificationState, redaction: RedactionState, *, is_started: bool) -> str | None:
    if redaction is RedactionState.WAITING:
        return "Gone here; the vendor has not taken the order to remove it. Remove it again."
    if redaction is RedactionState.REFUSED:
        return "Gone here; the vendor does not remove it in this state. Ask its support."
    if redaction is not RedactionState.NONE or state is VerificationState.CANCELED:
        return None
    if not is_started:
        return "The vendor's answer was lost; ask for the state, or start it again with the same key."
    if state.needs_person:
        return "The person goes on with a new link."
    return "Ask again in a minute." if state is VerificationState.PROCESSING else None
