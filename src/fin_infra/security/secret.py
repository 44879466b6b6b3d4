"""Values that show nothing of themselves: an opened secret, and what is stored of a sealed one.
Floor 2: nothing that prints, logs, copies, pickles or writes JSON gets at the content; a method named for it does."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest
from typing import ClassVar, NoReturn, ParamSpec, Self, TypeVar, final

from fin_infra.errors import FinInfraError, InvalidInput, SealBroken
from fin_infra.pii import MASK

P = ParamSpec("P")
T = TypeVar("T")


def quiet(read: Callable[P, T]) -> Callable[P, T]:
    """Let errors of `read` out without its frames: a traceback that shows local variables shows no key."""

    @wraps(read)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except FinInfraError as exc:
            problem = exc.with_traceback(None)
        problem.__context__ = None
        del args, kwargs
        raise problem

    return call


class _Guarded:
    """A value that is shown as a mask, is never copied or pickled, and has no attribute that holds its content."""

    __slots__ = ("_content",)
    _content: Callable[[], bytes]
    """A closure: tools that list the attributes of an object show a function."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {MASK}>"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed.")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Guarded) or type(other) is not type(self):
            return NotImplemented
        return compare_digest(self._content(), other._content())

    def __hash__(self) -> int:
        raise TypeError(f"{type(self).__name__} cannot be hashed: the hash of a short secret tells it.")

    def __reduce_ex__(self, protocol: object = None) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is neither pickled nor copied; {self._advice}")

    def __reduce__(self) -> NoReturn:
        self.__reduce_ex__()

    def __getstate__(self) -> NoReturn:
        self.__reduce_ex__()

    _advice: ClassVar[str] = ""


@final
class Secret(_Guarded):
    """An access token, a password or a key in memory. Two are compared in constant time; none can be hashed.

    Raises:
        InvalidInput: the value is empty, is neither text nor bytes, or is text that UTF-8 has no bytes for.
    """

    __slots__ = ()
    _advice = "seal it, and store what that gives."

    def __init__(self, value: str | bytes) -> None:
        content = _encoded(value)
        del value  # a traceback that shows local variables would show it
        if not content:
            raise InvalidInput("A secret must be text or bytes, must not be empty, and must not have lone surrogates.")
        object.__setattr__(self, "_content", lambda: content)

    def reveal(self) -> str:
        """Return the secret as text.

        Raises:
            InvalidInput: it is bytes that are not UTF-8; `reveal_bytes` returns those.
        """
        try:
            return self._content().decode()
        except UnicodeDecodeError:  # it holds the secret, so it must not become the context of ours
            pass
        raise InvalidInput("This secret is bytes that are not text; use reveal_bytes().")

    def reveal_bytes(self) -> bytes:
        """Return the secret as bytes, text as UTF-8."""
        return self._content()


def _encoded(value: object) -> bytes | None:
    if isinstance(value, bytes):
        return value
    try:
        return value.encode() if isinstance(value, str) else None
    except UnicodeEncodeError:
        return None


class Stored(_Guarded):
    """What a row holds: `text` for a text column, `key_id` of the key that opens it. Both are safe to store."""

    __slots__ = ("key_id",)
    prefix: ClassVar[str]
    key_id: str
    _advice = "store its `text`."

    def __init__(self, content: bytes, key_id: str) -> None:
        object.__setattr__(self, "_content", lambda: content)
        object.__setattr__(self, "key_id", key_id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {MASK} key {self.key_id}>"

    @property
    def text(self) -> str:
        """The value for a column: a prefix with the version of the format, then base64url without padding."""
        return self.prefix + urlsafe_b64encode(self._content()).rstrip(b"=").decode()

    @property
    def content(self) -> bytes:
        """The bytes behind `text`, for a binary column."""
        return self._content()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what `text` gave.

        Raises:
            SealBroken: it is anything else.
        """
        if isinstance(text, str) and text.startswith(cls.prefix):  # pyright: ignore[reportUnnecessaryIsInstance]  # rows
            body = text[len(cls.prefix) :]
            try:
                content = urlsafe_b64decode(body + "=" * (-len(body) % 4))
            except ValueError:
                content = b""
            found = cls.from_bytes(content)
            if found.text == text:  # base64 has several spellings of the same bytes
                return found
        raise cls.broken()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `content` gave; the errors are those of `from_text`."""
        return cls(content, cls.read_key_id(content))

    @classmethod
    def read_key_id(cls, content: bytes) -> str:
        """Return the id of the key that is written in front."""
        raise NotImplementedError

    @classmethod
    def broken(cls) -> SealBroken:
        return SealBroken(f"This is not a value that {cls.__name__} stores; it was cut, changed, or is something else.")
