"""What files print about accounts is sealed: by the household's own data key, which no connection has.
Floor 6: inside a transaction; the key is made at the first use, and erasure destroys its row before all others."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from fin_infra.book.engine import put
from fin_infra.book.lease import Owner
from fin_infra.book.tables import vault_keys
from fin_infra.errors import SealBroken
from fin_infra.security.envelope import Scope, Sealed, WrappedKey
from fin_infra.security.vault import Vault

FILES = "files"
"""The name of the key, and the connection that it stands for in the vault's scopes."""


class FileSealer:
    """Seals and opens what files print, for one household in one transaction."""

    def __init__(self, db: sa.Connection, owner: Owner, vault: Callable[[], Vault]) -> None:
        self._db = db
        self._owner = owner
        self._vault = vault

    def seal(self, content: bytes, purpose: str) -> Sealed:
        """Seal for exactly this purpose.

        Raises:
            VaultError: the vault cannot seal.
            ConfigurationError: it is not set up.
        """
        vault, scope = self._vault(), self._scope(purpose)
        row = self._key()
        key = WrappedKey.from_text(row.data_key) if row else vault.new_key(scope)
        times = row.sealed_times if row else 0
        sealed = vault.seal(content, scope, key, used=times)
        put(self._db, vault_keys, [(self._owner.tenant, self._owner.user_id, FILES, key.text, times + 1)])
        return sealed

    def open(self, sealed: Sealed, purpose: str) -> bytes:
        """Return what was sealed for that purpose.

        Raises:
            VaultError: it cannot be opened.
            ConfigurationError: the vault is not set up.
        """
        row = self._key()
        if row is None:
            raise SealBroken("The key of what files print is destroyed; import the files again.")
        found = self._vault().open(sealed, self._scope(purpose), WrappedKey.from_text(row.data_key))
        return found.reveal_bytes()

    def _key(self) -> sa.Row[tuple[str, int]] | None:
        ask = sa.select(vault_keys.c.data_key, vault_keys.c.sealed_times)
        return self._db.execute(ask.where(self._owner.of(vault_keys, name=FILES))).first()

    def _scope(self, purpose: str) -> Scope:
        tenant, user = self._owner.tenant, self._owner.user_id
        return Scope(tenant=tenant, user=user, provider="file", connection=FILES, purpose=purpose)
