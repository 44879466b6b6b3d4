"""The main keys of the vault: one wraps new data keys, all of them unwrap; from settings, a file, or a KMS.
Floor 2: a main key never encrypts a secret, and each wrap uses a key derived for it alone, so a main key does not wear.
"""

from __future__ import annotations

import os
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Protocol, final

from fin_infra.errors import ConfigurationError, InvalidInput, MissingExtra, VaultKeyMissing
from fin_infra.security.secret import Secret, quiet

KEYS, FILE = "FIN_INFRA_VAULT_KEYS", "FIN_INFRA_VAULT_KEYS_FILE"
KEY_BYTES = 32
SALT_BYTES, NONCE_BYTES = 32, 12
_HOW = f"set {KEYS} to an id and a key, such as 2026-11:$(openssl rand -base64 32)"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
_INFO = b"fin-infra vault wrap 1"


class MainKey(Protocol):
    """What wraps data keys. One of a KMS is a class of yours with these three members."""

    @property
    def id(self) -> str:
        """At most 32 letters, digits, dots, hyphens and underscores; stored with each data key."""
        ...

    def wrap(self, data_key: Secret, context: bytes) -> bytes:
        """Encrypt a data key of 32 bytes, authenticated together with `context` where the KMS can do that."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> Secret | None:
        """Return the data key, None where `wrapped` or `context` is not what `wrap` had."""
        ...


@final
class LocalKey:
    """A main key of 32 bytes in this process: AES-256-GCM under HKDF-SHA-256 of it and 32 random bytes.

    A wrap is salt (32 bytes), nonce (12), ciphertext (32) and tag (16); the page Security has the format.

    Raises:
        ConfigurationError: the id or the key cannot be used.
    """

    __slots__ = ("_key", "id")

    def __init__(self, id: str, material: Secret) -> None:
        if not _ID.fullmatch(id):
            raise ConfigurationError(
                "The id of a vault key must have 1 to 32 letters, digits, dots, hyphens or underscores."
            )
        content = material.reveal_bytes()
        fits = len(content) == KEY_BYTES and len(set(content)) > 8  # 32 random bytes have 8 values or fewer never
        del content
        if not fits:
            raise ConfigurationError(f"The vault key {id!r} is not {KEY_BYTES} random bytes in base64; {_HOW}.")
        self.id = id
        self._key = material

    def __repr__(self) -> str:
        return f"<LocalKey {self.id}>"

    def same(self, other: LocalKey) -> bool:
        """Tell whether two ids stand for one key."""
        return self._key == other._key

    def wrap(self, data_key: Secret, context: bytes) -> bytes:
        salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
        return salt + nonce + self._cipher(salt).encrypt(nonce, data_key.reveal_bytes(), context)

    def unwrap(self, wrapped: bytes, context: bytes) -> Secret | None:
        from cryptography.exceptions import InvalidTag

        salt, nonce = wrapped[:SALT_BYTES], wrapped[SALT_BYTES : SALT_BYTES + NONCE_BYTES]
        if len(wrapped) != SALT_BYTES + NONCE_BYTES + KEY_BYTES + 16:
            return None
        try:
            return Secret(self._cipher(salt).decrypt(nonce, wrapped[SALT_BYTES + NONCE_BYTES :], context))
        except InvalidTag:
            return None

    def _cipher(self, salt: bytes) -> Cipher:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return aes_gcm(Secret(HKDF(SHA256(), KEY_BYTES, salt, _INFO).derive(self._key.reveal_bytes())))


class Cipher(Protocol):
    """AES-GCM as `cryptography` has it: the tag of 16 bytes is the end of the ciphertext."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes: ...


def aes_gcm(material: Secret) -> Cipher:
    """Return AES-GCM under a key of 32 bytes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(material.reveal_bytes())


def require_cryptography() -> None:
    """Look whether AES-GCM is there.

    Raises:
        MissingExtra: `cryptography` is not installed.
    """
    try:
        import_module("cryptography.hazmat.primitives.ciphers.aead")
    except ModuleNotFoundError:
        raise MissingExtra.of("The vault needs", "cryptography", "vault") from None


@dataclass(frozen=True, slots=True)
class CallableKey:
    """A main key that stays in a KMS: two calls to it. The data keys themselves are made here.

    `wrap(data_key, context)` and `unwrap(wrapped, context)` take and give bytes; pass `context` on as associated data
    where the KMS knows that. What `unwrap` raises becomes a `VaultKeyMissing` with the name of its class, without its
    text; a ValueError means that `wrapped` is not what `wrap` gave.
    """

    id: str
    wrapping: Callable[[bytes, bytes], bytes] = field(repr=False)
    unwrapping: Callable[[bytes, bytes], bytes] = field(repr=False)

    def wrap(self, data_key: Secret, context: bytes) -> bytes:
        failed = ""
        try:
            return self.wrapping(data_key.reveal_bytes(), context)
        except Exception as exc:  # any of the vendors' own, whose text is not for everybody
            failed = type(exc).__name__
        raise self._unavailable(failed)

    def unwrap(self, wrapped: bytes, context: bytes) -> Secret | None:
        failed = ""
        try:
            return Secret(self.unwrapping(wrapped, context))
        except ValueError:
            return None
        except Exception as exc:  # as above
            failed = type(exc).__name__
        raise self._unavailable(failed)

    def _unavailable(self, failed: str) -> VaultKeyMissing:
        return VaultKeyMissing(f"The vault key {self.id!r} cannot be used now ({failed}); ask what holds it.")


@final
class Keyring:
    """Main keys by id; the first wraps new data keys, every one unwraps what it has wrapped.

    Rotate by putting a new key in front. Take an old one away when no stored data key has its id any more.

    Raises:
        ConfigurationError: there is none, or two share an id or a key.
    """

    __slots__ = ("_keys", "current")

    def __init__(self, keys: Iterable[MainKey]) -> None:
        found = list(keys)
        if not found:
            raise ConfigurationError(f"The vault has no key; {_HOW}.")
        self._keys: Mapping[str, MainKey] = {key.id: key for key in found}
        self.current = found[0]
        local = [key for key in found if isinstance(key, LocalKey)]
        if len(self._keys) < len(found) or any(a.same(b) for n, a in enumerate(local) for b in local[:n]):
            raise ConfigurationError("Two vault keys have the same id or are the same key; give each its own.")

    def __repr__(self) -> str:
        return f"<Keyring {', '.join(self._keys)}>"

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys, the one that wraps first."""
        return tuple(self._keys)

    def get(self, key_id: str) -> MainKey:
        """Return the key of that id.

        Raises:
            VaultKeyMissing: it is not among them.
        """
        found = self._keys.get(key_id)
        if found is None:
            raise VaultKeyMissing(
                f"There is no vault key {key_id!r}, only {', '.join(self._keys)}; add it to {KEYS} after the first one."
            )
        return found

    @classmethod
    @quiet
    def from_text(cls, text: str) -> Keyring:
        """Read `id:base64` items, separated by commas, spaces or lines.

        Raises:
            ConfigurationError: an item cannot be read; the text says which, and shows no part of a key.
        """
        items = re.split(r"[,\s]+", text.strip().strip(","))
        return cls(_local(number, item) for number, item in enumerate(items, 1) if item)

    @classmethod
    @quiet
    def from_file(cls, path: str | os.PathLike[str]) -> Keyring:
        """Read a file of items as `from_text` does; only its owner may be able to read or write it.

        Raises:
            ConfigurationError: it cannot be read, or others may read or change it.
        """
        return cls.from_text(_private_file(path))

    @classmethod
    @quiet
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Keyring:
        """Read FIN_INFRA_VAULT_KEYS, or the file that FIN_INFRA_VAULT_KEYS_FILE names.

        Raises:
            ConfigurationError: neither or both are set, or what they hold cannot be used.
        """
        text, path = environ.get(KEYS, "").strip(), environ.get(FILE, "").strip()
        if text and path:
            raise ConfigurationError(f"Both {KEYS} and {FILE} are set; unset one.")
        if path:
            return cls.from_file(path)
        if not text:
            raise ConfigurationError(f"Neither {KEYS} nor {FILE} is set; {_HOW}.")
        return cls.from_text(text)


def new_key_text(key_id: str) -> str:
    """Return a new random main key as `id:base64`, the form of FIN_INFRA_VAULT_KEYS. It is a secret: do not log it."""
    text = f"{key_id}:{b64encode(os.urandom(KEY_BYTES)).decode()}"
    Keyring.from_text(text)
    return text


@quiet
def create_key_file(path: str | os.PathLike[str], key_id: str) -> Keyring:
    """Write a new main key to a file that only its owner can read, and return it; an existing file is read instead.

    Raises:
        ConfigurationError: the file can be neither written nor read, or others may read or change it.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Keyring.from_file(path)
    except OSError as exc:
        raise ConfigurationError(f"The file for the vault key cannot be written ({exc.strerror}).") from None
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(new_key_text(key_id) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Keyring.from_file(path)


def _local(number: int, item: str) -> LocalKey:
    key_id, colon, text = item.partition(":")
    try:
        key = Secret(b64decode(text, validate=True))
    except (ValueError, InvalidInput):
        key = None
    if key is None or not colon:
        raise ConfigurationError(f"Item {number} of {KEYS} is not an id, a colon and a key in base64; {_HOW}.")
    return LocalKey(key_id, key)


def _private_file(path: str | os.PathLike[str]) -> str:
    try:
        with open(path, encoding="ascii") as file:
            status = os.fstat(file.fileno())
            private = os.name != "posix" or _is_private(status)
            text = file.read(65_536) if private else ""
    except (OSError, ValueError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not plain text"
        raise ConfigurationError(f"The file that {FILE} names cannot be read ({why}).") from None
    if not private:
        raise ConfigurationError(f"The file that {FILE} names can be read or changed by others; run chmod 600 on it.")
    return text


def _is_private(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and not status.st_mode & 0o077 and status.st_uid in (0, os.geteuid())
