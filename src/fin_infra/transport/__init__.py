"""How a call leaves the process, and what came back.
Floor 2: `HttpTransport`s talk, `Replay`s answer from memory, drivers wait; no HTTP library's type is public."""

import warnings

from fin_infra.transport.auth import Auth, basic, bearer, header_key, no_auth, query_key
from fin_infra.transport.base import Async, AsyncTransport, M, Sync, SyncTransport, Transport
from fin_infra.transport.effects import (
    Blocking,
    Effect,
    Flow,
    Invoke,
    Join,
    Page,
    Pages,
    Pause,
    Reply,
    Request,
    blocking,
    url_path,
)

__all__ = [
    "Async",
    "AsyncTransport",
    "Auth",
    "Blocking",
    "Effect",
    "Flow",
    "Invoke",
    "Join",
    "M",
    "Page",
    "Pages",
    "Pause",
    "Reply",
    "Request",
    "Sync",
    "SyncTransport",
    "Transport",
    "basic",
    "bearer",
    "blocking",
    "header_key",
    "no_auth",
    "query_key",
    "url_path",
]


def __getattr__(name: str) -> object:
    if name == "path":
        warnings.warn("fin_infra.transport.path is now fin_infra.transport.url_path", DeprecationWarning, stacklevel=2)
        return url_path
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
