"""Secrets at rest: sealed under a data key for each connection, which a main key wraps; opened by nobody else's row.
Floor 2: AES-256-GCM of `cryptography`, imported at the first use. The caller stores all there is; the vault remembers
only keys that it has unwrapped lately.

    vault = Vault(Keyring.from_env())
    scope = Scope(tenant="acme", user="ada", provider="banking:teller", connection="c-1", purpose="access_token")
    key = vault.new_key(scope)                     # in the row of the connection: key.text
    sealed = vault.seal("test_token_x", scope, key)    # in the row of the secret: sealed.text and scope.generation
    vault.open(Sealed.from_text(row.sealed), scope, WrappedKey.from_text(row.key)).reveal()
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import count
from typing import Final, NoReturn

from fin_infra.errors import SealBroken, VaultKeyExhausted
from fin_infra.security.envelope import (
    DATA_KEY_ID_BYTES,
    NONCE_BYTES,
    Scope,
    Sealed,
    WrappedKey,
    key_context,
    value_context,
)
from fin_infra.security.keyring import (
    KEY_BYTES,
    CallableKey,
    Cipher,
    Keyring,
    LocalKey,
    MainKey,
    aes_gcm,
    create_key_file,
    new_key_text,
    require_cryptography,
)
from fin_infra.security.secret import Secret

__all__ = [
    "DEMO_NOTICE",
    "MESSAGES",
    "CallableKey",
    "Keyring",
    "LocalKey",
    "MainKey",
    "Scope",
    "Sealed",
    "Secret",
    "Vault",
    "WrappedKey",
    "create_key_file",
    "demo_vault",
    "new_key_text",
]

MESSAGES: Final = 2**32
"""How many messages one key may encrypt under random nonces of 96 bits: NIST SP 800-38D, section 8.3,
https://nvlpubs.nist.gov/nistpubs/Legacy/SP/nistspecialpublication800-38d.pdf"""
DEMO_NOTICE: Final = (
    "FIN_INFRA_VAULT_KEYS is not set: secrets are sealed with a key of this run, and nobody can open them after it."
)


@dataclass(frozen=True, slots=True)
class _DataKey:
    """An unwrapped data key, and how often this process has sealed with it since `before`."""

    cipher: Cipher
    before: int
    sealed: count[int]


class Vault:
    """Seals and opens. Safe between threads, tasks and forked processes: it has no lock and no state that must agree.

    Args:
        keys: the main keys.
        messages: how often one data key may seal, over all processes. A vault counts what it seals itself; `used` of
            `seal` is what all have counted in the row of the connection.
        remembered: how many unwrapped data keys stay in memory, the oldest leave first; 0 unwraps at every call, so
            that a KMS that takes a key back is heard at once.
    """

    __slots__ = ("_known", "_messages", "_remembered", "keys")

    def __init__(self, keys: Keyring, *, messages: int = MESSAGES, remembered: int = 1024) -> None:
        require_cryptography()
        self.keys = keys
        self._messages = min(messages, MESSAGES)
        self._remembered = remembered
        self._known: dict[tuple[bytes, bytes], _DataKey] = {}

    def __repr__(self) -> str:
        return f"<Vault {', '.join(self.keys.ids)}>"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A vault is not pickled: it holds keys; make one in each process.")

    def new_key(self, scope: Scope) -> WrappedKey:
        """Make a data key for the connection of `scope`, whatever its purpose. Store it with the connection.

        Raises:
            VaultKeyMissing: the KMS cannot be asked.
            MissingExtra: `cryptography` is not installed.
        """
        return self._wrap(Secret(os.urandom(KEY_BYTES)), os.urandom(DATA_KEY_ID_BYTES), scope)

    def seal(self, secret: Secret | str | bytes, scope: Scope, data_key: WrappedKey, *, used: int = 0) -> Sealed:
        """Seal a secret for the row that `scope` names.

        Args:
            data_key: the data key of the connection.
            used: how often `data_key` has sealed by the row of the connection, which the caller raises by one in the
                transaction that stores the result.

        Raises:
            VaultKeyExhausted: the key has sealed as many as it may.
            SealBroken: `data_key` was changed, or is another connection's.
            VaultKeyMissing: the main key of `data_key` is not there.
            InvalidInput: `secret` is empty, or neither text nor bytes.
        """
        secret = secret if isinstance(secret, Secret) else Secret(secret)  # under that name: see Secret.__init__
        unwrapped = self._unwrapped(data_key, scope, used)
        used = max(used, unwrapped.before + next(unwrapped.sealed))
        if used >= self._messages:
            raise VaultKeyExhausted(
                f"The data key of this connection has sealed {used} messages, as many as it may; make a new one."
            )
        key_id, nonce = data_key.data_key_id, os.urandom(NONCE_BYTES)
        text = unwrapped.cipher.encrypt(nonce, secret.reveal_bytes(), value_context(key_id, scope))
        return Sealed(key_id + nonce + text, key_id.hex())

    def open(self, sealed: Sealed, scope: Scope, data_key: WrappedKey) -> Secret:
        """Return the secret that was sealed for exactly this scope and generation.

        Raises:
            SealBroken: a byte differs, it is of another row, owner, purpose or generation, or the key is not the one.
            VaultKeyMissing: the main key of `data_key` is not there.
        """
        from cryptography.exceptions import InvalidTag

        key_id, nonce, text = sealed.parts
        if key_id != data_key.data_key_id:
            raise SealBroken("This secret was sealed with another data key than the one of its connection.")
        cipher = self._unwrapped(data_key, scope).cipher
        try:
            return Secret(cipher.decrypt(nonce, text, value_context(key_id, scope)))
        except InvalidTag:
            pass
        raise SealBroken(
            f"The {_shown(scope.purpose)} of this connection does not open: it was changed, is of another row or "
            f"owner, or is not of generation {scope.generation}."
        )

    def reseal(
        self, sealed: Sealed, scope: Scope, data_key: WrappedKey, new_key: WrappedKey, *, used: int = 0
    ) -> Sealed:
        """Seal a stored secret again, under `new_key` and for `scope.next()`; store it with that generation.

        Args:
            new_key: the one that takes over, or `data_key` itself.
            used: as of `seal`, of `new_key`.

        Raises:
            VaultError: as of `open` and `seal`.
        """
        return self.seal(self.open(sealed, scope, data_key), scope.next(), new_key, used=used)

    def rewrap(self, data_key: WrappedKey, scope: Scope) -> WrappedKey:
        """Return the same data key, wrapped by the current main key: what it sealed stays as it is.

        Raises:
            VaultError: as of `open`.
        """
        return self._wrap(self._unwrap(data_key, scope), data_key.data_key_id, scope)

    def is_current(self, data_key: WrappedKey) -> bool:
        """Tell whether the current main key has wrapped it; `rewrap` those that it has not."""
        return data_key.key_id == self.keys.current.id

    def forget(self, data_key: WrappedKey | None = None) -> None:
        """Drop an unwrapped data key from memory, all of them without one; the caller destroys what is stored."""
        for known in list(self._known):
            if data_key is None or known[0] == data_key.content:
                self._known.pop(known, None)

    def _unwrapped(self, data_key: WrappedKey, scope: Scope, used: int = 0) -> _DataKey:
        known = (data_key.content, scope.of_connection)
        found = self._known.get(known)
        if found is not None:
            return found
        made = _DataKey(aes_gcm(self._unwrap(data_key, scope)), used, count())
        if self._remembered < 1:
            return made
        for old in list(self._known)[: max(0, len(self._known) + 1 - self._remembered)]:
            self._known.pop(old, None)
        return self._known.setdefault(known, made)

    def _unwrap(self, data_key: WrappedKey, scope: Scope) -> Secret:
        main = self.keys.get(data_key.key_id)
        found = main.unwrap(data_key.wrapped, key_context(main.id, data_key.data_key_id, scope))
        if found is None or len(found.reveal_bytes()) != KEY_BYTES:
            raise SealBroken(
                f"The data key of this connection does not open with the vault key {main.id!r}: it was changed, is "
                "another connection's, or that id has another key now."
            )
        return found

    def _wrap(self, data_key: Secret, data_key_id: bytes, scope: Scope) -> WrappedKey:
        main = self.keys.current
        return WrappedKey.of(main.id, data_key_id, main.wrap(data_key, key_context(main.id, data_key_id, scope)))


def demo_vault() -> Vault:
    """Return a vault with a key of its own, for a demo; show people `DEMO_NOTICE`."""
    return Vault(Keyring.from_text(new_key_text("demo")))


def _shown(purpose: str) -> str:
    return repr(purpose) if len(purpose) <= 40 else "secret"
