"""Keep the last requests that arrived, without secrets, for tests and for users who debug their client.
Floor 8: an allow-list of headers and a mask over key parameters; a body is never kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from urllib.parse import parse_qsl

CAPACITY = 1000
MASK = "***"
SECRET_PARAMETERS = frozenset(
    {"apikey", "api_key", "x_cg_demo_api_key", "x_cg_pro_api_key", "access_key", "access_token", "token", "key"}
    | {"client_assertion", "client_secret", "usersecret"}
)
SECRET_HEADERS = frozenset({"authorization", "cookie"})
KEPT_HEADERS = frozenset({"accept", "content-type", "idempotency-key", "traceparent", "user-agent", "x-request-id"})


@dataclass(slots=True)
class Arrival:
    """One request as it came in; `status` is None while it is open and for a dropped connection."""

    number: int
    vendor: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: str
    status: int | None = None
    faults: list[str] = field(default_factory=list[str])


class RequestLog:
    """The newest CAPACITY arrivals, oldest first."""

    def __init__(
        self, secret_headers: frozenset[str] = frozenset(), kept_headers: frozenset[str] = frozenset()
    ) -> None:
        """Take lower-case header names that are masked or shown besides the usual ones."""
        self._secret, self._shown = SECRET_HEADERS | secret_headers, KEPT_HEADERS | kept_headers
        self._rows: deque[Arrival] = deque(maxlen=CAPACITY)
        self._count = 0

    def add(
        self, vendor: str, method: str, path: str, query: bytes, headers: Iterable[tuple[bytes, bytes]], at: str
    ) -> Arrival:
        """Record a request before anything else happens to it and return its row, to be completed."""
        self._count += 1
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        row = Arrival(
            number=self._count,
            vendor=vendor,
            method=method,
            path=path,
            query={name: MASK if name.lower() in SECRET_PARAMETERS else value for name, value in pairs},
            headers=self._kept(headers),
            at=at,
        )
        self._rows.append(row)
        return row

    def rows(self) -> list[dict[str, object]]:
        """Return the arrivals as plain data."""
        return [asdict(row) for row in self._rows]

    def clear(self) -> None:
        """Forget all arrivals and count from one again."""
        self._rows.clear()
        self._count = 0

    def _kept(self, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
        found: dict[str, str] = {}
        for raw_name, raw_value in headers:
            name = raw_name.decode("latin-1").lower()
            if name in self._secret:
                found[name] = MASK
            elif name in self._shown:
                found[name] = raw_value.decode("latin-1")
        return found
