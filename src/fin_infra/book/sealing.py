"""What a vendor sent, sealed at rest: pages of an unfinished run, and the vendor's own records of what was written.
Floor 6: under the data key of the connection; a login without credentials has no key, and nothing of it is sealed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.tables import connections, payloads
from fin_infra.model.plain import plain
from fin_infra.security.envelope import Scope, Sealed, WrappedKey
from fin_infra.security.vault import Vault

PAGE, PAYLOAD = "page", "payload"


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens what belongs to one connection, with its number as the generation: no row stands for another."""

    vault: Vault
    scope: Scope
    """Of the connection's credentials; purpose and generation are those of each value."""
    data_key: WrappedKey
    used: int
    """How often the data key has sealed, by the row of the connection."""
    payloads: bool = True
    """Whether the vendor's records are kept."""

    def seal(self, purpose: str, number: int, body: bytes) -> bytes:
        return self.vault.seal(body, self._scope(purpose, number), self.data_key, used=self.used).text.encode()

    def open(self, purpose: str, number: int, body: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            VaultError: it was changed, is another row's, or the vault key is not there.
        """
        sealed = Sealed.from_text(body.decode("ascii", "replace"))
        return self.vault.open(sealed, self._scope(purpose, number), self.data_key).reveal_bytes()

    def _scope(self, purpose: str, number: int) -> Scope:
        whose = self.scope
        return Scope(
            tenant=whose.tenant,
            user=whose.user,
            provider=whose.provider,
            connection=whose.connection,
            purpose=purpose,
            generation=number,
        )

    def count(self, db: sa.Connection) -> None:
        """Count one more seal in the row of the connection, in the transaction that stores what was sealed."""
        whose = self.scope
        mine = (connections.c.tenant == whose.tenant, connections.c.user_id == whose.user)
        counted = sa.update(connections).where(*mine, connections.c.id == whose.connection)
        db.execute(counted.values(sealed_times=connections.c.sealed_times + 1))


def compressed(value: Any) -> bytes:
    """Return a value as compressed JSON, decimals as text."""
    return zlib.compress(msgspec.json.encode(value, enc_hook=plain), 1)


def keep_payload(db: sa.Connection, sealer: Sealer, raw: Sequence[Any], position: int, at: datetime) -> None:
    """Keep the vendor's records behind the changes up to a position of the log."""
    whose = sealer.scope
    row = {"tenant": whose.tenant, "user_id": whose.user, "source": whose.connection, "position": position, "at": at}
    db.execute(payloads.insert(), {**row, "body": sealer.seal(PAYLOAD, position, compressed(raw))})
    sealer.count(db)


def payload(sealer: Sealer, position: int, body: bytes) -> list[Any]:
    """Return the vendor's records that `keep_payload` has kept.

    Raises:
        VaultError: they cannot be opened.
    """
    found: list[Any] = msgspec.json.decode(zlib.decompress(sealer.open(PAYLOAD, position, body)))
    return found
