"""What a flow may ask for: a request, a pause, a blocking call, another operation.
Floor 2: plain values; only drivers (`transport/base.py`) act on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from fin_infra._moved import renamed
from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.model.record import RowError

if TYPE_CHECKING:
    from concurrent.futures import Future

P = ParamSpec("P")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UNREACHABLE = "unreachable"
"""`vendor_code` of the error for a host that nobody answers at."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. The repr shows method and path only: parameters, headers and body may hold secrets."""

    method: str
    path: str
    """Below the base URL, with a leading slash."""
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    content: bytes | None = field(default=None, repr=False)
    repeatable: bool = False
    """Sending it twice does no harm, so retry may."""
    timeout_s: float = 10.0
    until: float | None = None
    """Transport time (`Transport.monotonic`) after which nobody waits for the answer."""
    host: str = ""
    """Which of the transport's further base URLs it goes to, by name; the base URL where empty."""

    @property
    def query(self) -> str:
        """The parameters exactly as they are sent, for vendors who have them signed; raise InvalidInput."""
        try:
            return urlencode(self.params)
        except UnicodeEncodeError:
            raise InvalidInput("A parameter has a character that cannot be encoded as UTF-8.") from None


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Blocking:
    """Run `fn` where it may block: in place, or in a thread under an event loop."""

    fn: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Invoke:
    """Run an operation of another provider of the same mode; an awaitable result is awaited."""

    fn: Callable[[], Any | Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Join:
    """Wait for what another flow is finding out, in whatever thread or task; TimeoutError after `seconds`."""

    future: Future[Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `headers` has lower-case names; `received_at` is aware UTC."""

    status: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def json(self) -> Any:
        """Decode the body; numbers with a point or exponent become Decimal.

        Raises:
            UnexpectedPayload: the body is not JSON.
        """
        try:
            return _json_decoder()(self.content)
        except (ValueError, ArithmeticError, RecursionError):
            raise UnexpectedPayload(
                f"the answer is not JSON ({len(self.content)} bytes, status {self.status})", http_status=self.status
            ) from None


@cache
def _json_decoder() -> Callable[[bytes], Any]:
    import msgspec

    return msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class Page(Generic[R_co]):
    """Items a paged flow hands to its caller before it goes on."""

    items: Sequence[R_co]
    errors: Sequence[RowError] = ()
    """Rows of the page that could not be read."""


Effect: TypeAlias = Request | Pause | Blocking | Invoke | Join
Flow: TypeAlias = Generator[Effect, Any, T]
"""An operation in the making: yields effects, is sent their results, returns a model."""
Pages: TypeAlias = Generator[Effect | Page[T], Any, None]
"""A flow that yields `Page`s of results on the way."""


def blocking(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
    """Call `fn` where it may block, and return what it returns: `rows = yield from blocking(file.read, 100)`."""
    result: T = yield Blocking(partial(fn, *args, **kwargs))
    return result


def url_path(*segments: str) -> str:
    """Join URL path segments, each percent-encoded, so that an id can never reach another resource.

    >>> url_path("accounts", "a/b")
    '/accounts/a%2Fb'
    """
    if any(type(segment) is not str or segment in ("", ".", "..") for segment in segments):
        raise InvalidInput("An id must be a string other than '', '.' and '..'.")
    try:
        return "".join("/" + quote(segment, safe="") for segment in segments)
    except UnicodeEncodeError:
        raise InvalidInput("An id has a character that cannot be encoded as UTF-8.") from None


if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"path": "fin_infra.transport.effects.url_path"})
