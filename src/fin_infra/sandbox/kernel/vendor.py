"""What a vendor is to the sandbox: an object that the kernel mounts, faults, resets and asks for its truths.
Floor 8: the kernel knows vendors through this class only; adding one is a folder and a line in `sandbox/vendors`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from fin_infra.sandbox.kernel.reply import html_reply

if TYPE_CHECKING:
    from fin_infra.sandbox.kernel.clock import Clock
    from fin_infra.sandbox.kernel.state import Sandbox
    from fin_infra.sandbox.world.world import World

Json: TypeAlias = dict[str, object]
ControlCall: TypeAlias = Callable[[Json, Request], object]
"""Takes the body and the request, and gives the answer or an awaitable of it; ValueError answers 422 with its sentence,
LookupError 404."""
Change: TypeAlias = Callable[[bytes], bytes]
TITLES = {
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Vendor(ABC):
    """One vendor the sandbox imitates. What clients change at it lives here and is forgotten by `start`."""

    mount: ClassVar[str]
    """The path below the sandbox's address, and the vendor's name in the control plane: `made-up`."""
    media_type: ClassVar[str] = "application/json"
    fault_kinds: ClassVar[Mapping[str, str]] = {}
    """Fault kinds that only this vendor has, with what they do."""
    secret_headers: ClassVar[frozenset[str]] = frozenset()
    """Lower-case names of headers that the request log masks, besides the usual ones."""
    kept_headers: ClassVar[frozenset[str]] = frozenset()
    """Lower-case names of headers that the request log shows, besides the usual ones."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @property
    def world(self) -> World:
        """Return what is true."""
        return self._sandbox.world

    @property
    def clock(self) -> Clock:
        """Return the sandbox's clock."""
        return self._sandbox.clock

    def request_id(self) -> str:
        """Return the id of the next reply, for vendors that stamp their replies with one."""
        return self._sandbox.request_id()

    def start(self) -> None:
        """Forget what clients and the control plane have changed; called first and at each reset."""
        return

    def clock_moved(self) -> None:
        """Learn that the sandbox's clock stands elsewhere now."""
        return

    @abstractmethod
    def router(self) -> Router:
        """Return the vendor's routes, below its mount."""

    def outage(self, status: int, retry_after: str) -> Response:
        """Return a 429 or 5xx in the vendor's own words; by default a web server's page. `retry_after` may be empty."""
        return html_reply(f"{status} {TITLES[status]}", status)

    def expired(self) -> Response | None:
        """Return the answer to credentials that used to work; None where the vendor takes none."""
        return None

    def malformed(self) -> str:
        """Return a body that no parser takes."""
        return '{"data": [}, NaN'

    def stamps(self, number: int, headers: Iterable[tuple[bytes, bytes]]) -> Sequence[tuple[bytes, bytes]]:
        """Return the headers that every answer carries, a fault's included; `number` is the arrival's."""
        return ()

    def strike(self, kind: str, query: Mapping[str, str]) -> Response | Change:
        """Return what a fault of `fault_kinds` does: a reply in place of the real one, or a change of the real body."""
        raise LookupError(kind)

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        """Return this vendor's part of the control plane: method, path below /_sandbox, what it does."""
        return ()

    def truths(self, now: datetime) -> Json:
        """Return what is true at this vendor only, for /_sandbox/world."""
        return {}


def only(body: Json, *names: str) -> None:
    """Raise ValueError where a control request has a field besides `names`."""
    for name in body:
        if name not in names:
            raise ValueError(f"Unknown field {name!r}; this takes {', '.join(names)}.")
