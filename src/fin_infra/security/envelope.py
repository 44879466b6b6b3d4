"""The bytes of what the vault stores, version 1, and what is authenticated with them.
Floor 2: the page Security has the format; a change is a new version with a new prefix, and this one is still read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from fin_infra.errors import InvalidInput
from fin_infra.security.secret import Stored

NONCE_BYTES, TAG_BYTES, DATA_KEY_ID_BYTES = 12, 16, 8
_MAGIC = "fin-infra vault 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose secret it is and where it belongs: a sealed value opens with an equal scope only.

    `generation` is a number in the row of the secret, 1 for the first; each new value of that row has the next one, so
    that an older value put back is refused. Texts are compared as they are; `user` may be empty in an app that does not
    tell its users apart.

    Raises:
        InvalidInput: a part is blank, too long, not text, or the generation is below 1.
    """

    tenant: str
    user: str
    provider: str
    """`domain:vendor`."""
    connection: str
    purpose: str
    """What the secret is for, such as `access_token`."""
    generation: int = 1
    of_connection: bytes = field(init=False, repr=False, compare=False)
    """The parts that all secrets of the connection share, encoded."""
    of_value: bytes = field(init=False, repr=False, compare=False)
    """All parts, encoded."""

    def __post_init__(self) -> None:
        shared = (self.tenant, self.user, self.provider, self.connection)
        named = (self.tenant, self.provider, self.connection, self.purpose)
        if not all(map(_is_part, named)) or not (self.user == "" or _is_part(self.user)):
            raise InvalidInput("Each part of a scope must be text of 1 to 1024 characters; only `user` may be empty.")
        if type(self.generation) is not int or not 1 <= self.generation < 2**63:
            raise InvalidInput("The generation of a scope must be a whole number from 1 on.")
        try:
            connection = encoded(*shared)
            value = encoded(self.purpose, str(self.generation))
        except UnicodeEncodeError:
            raise InvalidInput("A part of a scope has a character that UTF-8 has no bytes for.") from None
        object.__setattr__(self, "of_connection", connection)
        object.__setattr__(self, "of_value", connection + value)

    def next(self) -> Scope:
        """Return the scope of the value that replaces this one."""
        return replace(self, generation=self.generation + 1)


def _is_part(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 1024 and not value.isspace() and value != ""


def encoded(*parts: str) -> bytes:
    """Return parts so that no other parts give the same bytes: each after its length in UTF-8, 4 bytes big-endian."""
    found = [part.encode() for part in parts]
    return b"".join([len(part).to_bytes(4) + part for part in found])


_VALUE_HEAD, _KEY_HEAD = encoded(_MAGIC, "value"), encoded(_MAGIC, "key")


def value_context(key_id: bytes, scope: Scope) -> bytes:
    """Return what is authenticated with a sealed value: format, kind, id of the data key, and the whole scope."""
    return _VALUE_HEAD + key_id + scope.of_value


def key_context(main_key_id: str, key_id: bytes, scope: Scope) -> bytes:
    """Return what is authenticated with a data key: format, kind, both ids, and whose connection it is for."""
    return _KEY_HEAD + encoded(main_key_id) + key_id + scope.of_connection


class Sealed(Stored):
    """A sealed secret: id of its data key (8 bytes), nonce (12), ciphertext as long as the secret, tag (16)."""

    __slots__ = ()
    prefix: ClassVar[str] = "fv1."

    @classmethod
    def read_key_id(cls, content: bytes) -> str:
        if len(content) <= DATA_KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES:
            raise cls.broken()
        return content[:DATA_KEY_ID_BYTES].hex()

    @property
    def parts(self) -> tuple[bytes, bytes, bytes]:
        """Key id, nonce, and ciphertext with tag."""
        content = self._content()
        after = DATA_KEY_ID_BYTES + NONCE_BYTES
        return content[:DATA_KEY_ID_BYTES], content[DATA_KEY_ID_BYTES:after], content[after:]


class WrappedKey(Stored):
    """The data key of a connection, wrapped by a main key; `key_id` is the main key's.

    Length of that id (1 byte), that id in ASCII, id of the data key (8), and what the main key made of the key itself.

    Whoever destroys every copy of it makes all that it sealed unreadable.
    """

    __slots__ = ()
    prefix: ClassVar[str] = "fk1."

    @classmethod
    def of(cls, main_key_id: str, data_key_id: bytes, wrapped: bytes) -> Self:
        head = main_key_id.encode("ascii")
        return cls(len(head).to_bytes(1) + head + data_key_id + wrapped, main_key_id)

    @classmethod
    def read_key_id(cls, content: bytes) -> str:
        size = content[0] if content else 0
        if not 1 <= size <= 32 or len(content) <= 1 + size + DATA_KEY_ID_BYTES or not content[1 : 1 + size].isascii():
            raise cls.broken()
        return content[1 : 1 + size].decode("ascii")

    @property
    def data_key_id(self) -> bytes:
        return self._content()[1 + len(self.key_id) : 1 + len(self.key_id) + DATA_KEY_ID_BYTES]

    @property
    def wrapped(self) -> bytes:
        return self._content()[1 + len(self.key_id) + DATA_KEY_ID_BYTES :]
