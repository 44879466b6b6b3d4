"""Statement files themselves, as a bank gave them: kept sealed until their import is undone, and given back exactly.
Floor 6: in chunks, each compressed and sealed by the household's file key, so that little of a large file is in memory.
"""

from __future__ import annotations

import os
import secrets
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from fin_infra.book.backup import publish
from fin_infra.book.documents import ORIGINAL
from fin_infra.book.engine import reading, unavailable
from fin_infra.book.file_sealing import FileSealer
from fin_infra.book.import_records import Document, DocumentState
from fin_infra.book.imported_rows import document_of
from fin_infra.book.lease import Owner
from fin_infra.book.tables import payloads
from fin_infra.errors import InvalidInput, NotRemembered, SealBroken
from fin_infra.security.envelope import Sealed
from fin_infra.security.vault import Vault

CHUNK = 1024 * 1024
"""Bytes of a file that are sealed together."""


def keep_original(
    db: sa.Connection, owner: Owner, sealer: FileSealer, document: int, content: bytes | Path, now: datetime
) -> None:
    """Keep a file: its size at position 0, and its chunks behind it, each sealed for its place.

    Raises:
        InvalidInput: the file of a path cannot be read, or is being written.
    """
    for position, part in enumerate(_parts(content)):
        body = sealer.seal(zlib.compress(part, 1), _purpose(document, position)).content
        row = {**owner.scope, "source": f"{ORIGINAL}{document}", "position": position, "at": now, "body": body}
        db.execute(payloads.insert(), row)


def _parts(content: bytes | Path) -> Iterator[bytes]:
    try:
        with BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            yield str(size).encode()
            file.seek(0)
            while part := file.read(CHUNK):
                size -= len(part)
                yield part
    except OSError as exc:
        raise InvalidInput(f"The file cannot be read ({exc.strerror}); check path and rights.") from None
    if size:
        raise InvalidInput("The file has changed while it was being imported; import it again.")


def _purpose(document: int, position: int) -> str:
    return f"file:{document}:{position}"


def original_parts(db: sa.Connection, owner: Owner, sealer: FileSealer, document: int) -> Iterator[bytes]:
    """Yield a kept file chunk by chunk; one that is not kept has none.

    Raises:
        VaultError: a chunk cannot be opened, or one is missing.
    """
    left, position = 0, 0
    while position == 0 or left:
        mine = owner.of(payloads, source=f"{ORIGINAL}{document}", position=position)
        body = db.scalar(sa.select(payloads.c.body).where(mine))
        if body is None and position == 0:
            return
        if body is None:
            raise SealBroken(f"A part of the file of import {document} is missing; restore the book from a backup.")
        part = zlib.decompress(sealer.open(Sealed.from_bytes(bytes(body)), _purpose(document, position)))
        if position == 0:
            left = int(part)
        else:
            left -= len(part)
            yield part
        position += 1


def original_of(engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], id: int) -> bytes:
    """Return a file as it was imported.

    Raises:
        InvalidInput: the book does not have the import.
        NotRemembered: it does not keep the file itself.
        VaultError: it cannot be opened.
        BookUnavailable: the database cannot be read now.
    """
    with reading(engine) as db:
        _require(document_of(db, owner, id))
        return b"".join(original_parts(db, owner, FileSealer(db, owner, vault), id))


def save_original(engine: sa.Engine, owner: Owner, vault: Callable[[], Vault], id: int, file: Path) -> int:
    """Write a file as it was imported under a new name, for its owner only; return its size.

    Raises:
        InvalidInput: the book does not have the import, there is such a file already, or its folder is not there.
        NotRemembered: the book does not keep the file itself.
        VaultError: it cannot be opened; nothing is left in its place.
        BookUnavailable: the book cannot be read, or the file cannot be written; nothing is left in its place.
    """
    if file.exists():
        raise InvalidInput(f"{file} is there already; give the file another name.")
    if not file.parent.is_dir():
        raise InvalidInput(f"The folder {file.parent} is not there; make it first.")
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        with reading(engine) as db:
            _require(document_of(db, owner, id))
            with opened_for_owner(part) as out:
                size = sum(map(out.write, original_parts(db, owner, FileSealer(db, owner, vault), id)))
        publish(part, file, "file")
    except OSError as exc:
        raise unavailable(engine, exc) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return size


def opened_for_owner(file: Path) -> BinaryIO:
    """Open a new file that only its owner may read."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _require(document: Document) -> None:
    if document.state is DocumentState.UNDONE:
        raise NotRemembered(f"The import {document.id} was undone, and its file destroyed; import the file again.")
    if not document.kept:
        raise NotRemembered(f"The book keeps what was read in the file of import {document.id}, not the file itself.")
