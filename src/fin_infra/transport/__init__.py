"""How a call leaves the process, and what came back.
Floor 2: `HttpTransport`s talk, `Replay`s answer from memory, drivers wait; no HTTP library's type is public."""

from typing import TYPE_CHECKING

from fin_infra._moved import renamed
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

if not TYPE_CHECKING:  # checkers go on refusing names that do not exist
    __getattr__ = renamed(__name__, {"path": "fin_infra.transport.effects.url_path"})
