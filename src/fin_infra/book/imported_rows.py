"""The files that the book knows, as records.
Floor 6: inside a transaction that reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.deal_facts import DEAL
from fin_infra.book.documents import ORIGINAL, source_of
from fin_infra.book.import_records import Document, DocumentState
from fin_infra.book.lease import Owner
from fin_infra.book.tables import aliases, document_parts, documents, payloads
from fin_infra.errors import InvalidInput
from fin_infra.model import Money


def documents_of(db: sa.Connection, owner: Owner) -> list[Document]:
    """Return every file that was imported, the oldest first, undone ones too."""
    d = document_parts
    accounts = Accounts(db, owner)
    of: dict[int, set[int]] = {}
    differences: dict[int, list[Money]] = {}
    ask = sa.select(d.c.document, d.c.account, d.c.difference, d.c.currency).where(owner.of(d))
    for document, account, difference, currency in db.execute(ask.order_by(d.c.document, d.c.number)):
        of.setdefault(document, set()).add(accounts.target(account))
        if difference is not None:
            differences.setdefault(document, []).append(Money(difference, currency))
    rows = db.execute(sa.select(documents).where(owner.of(documents)).order_by(documents.c.id)).all()
    found = [_document(db, owner, row, of.get(row.id, set()), differences.get(row.id, ())) for row in rows]
    kept = kept_originals(db, owner)
    return [replace(document, kept=document.id in kept) for document in found]


def kept_originals(db: sa.Connection, owner: Owner) -> set[int]:
    """Return the imports whose files themselves are kept."""
    ask = sa.select(payloads.c.source).where(owner.of(payloads, position=0), payloads.c.source.startswith(ORIGINAL))
    return {int(source.removeprefix(ORIGINAL)) for source in db.scalars(ask)}


def document_of(db: sa.Connection, owner: Owner, id: int) -> Document:
    """Return one file.

    Raises:
        InvalidInput: the book does not have it.
    """
    found = [document for document in documents_of(db, owner) if document.id == id]
    if not found:
        raise InvalidInput(f"The book has no import {id}; list the imports to see which there are.")
    return found[0]


def _document(
    db: sa.Connection, owner: Owner, row: sa.Row[tuple[object, ...]], accounts: set[int], differences: Iterable[Money]
) -> Document:
    mine, deal = owner.of(aliases, source=source_of(row.id)), aliases.c.vendor_id.startswith(DEAL)
    named = sa.select(sa.func.count(sa.distinct(aliases.c.id)))
    return Document(
        id=row.id,
        name=row.name,
        format=row.format,
        state=DocumentState(row.state),
        at=row.at,
        account_ids=tuple(sorted(accounts)),
        transactions=int(db.execute(named.where(mine, ~deal)).scalar_one()),
        differences=tuple(differences),
        trades=int(db.execute(named.where(mine, deal)).scalar_one()),
    )
