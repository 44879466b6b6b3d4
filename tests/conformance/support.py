"""What conformance suites call: the sandbox's control plane, and one provider in one mode."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from typing import Any, Literal

import httpx2

from fin_infra.providers.provider import Provider

Mode = Literal["sync", "async"]


class Sandbox:
    """The control plane of a running sandbox."""

    def __init__(self, http: httpx2.Client) -> None:
        self._http = http
        self.url = str(http.base_url).rstrip("/")

    def control(self, method: str, path: str, /, **body: Any) -> Any:
        """Ask the control plane, such as `control("POST", "/clock", advance_s=3600)`."""
        reply = self._http.request(method, f"/_sandbox{path}", json=body or None)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def reset(self) -> None:
        self.control("POST", "/reset")

    def fault(self, vendor: str, kind: str, **scope: Any) -> None:
        """Switch a fault on; `scope` is path, query, method, count, probability, seconds, retry_after."""
        self.control("POST", "/faults", vendor=vendor, kind=kind, **scope)

    def advance(self, **span: float) -> None:
        """Move the clock forward by days and hours."""
        self.control("POST", "/clock", advance_s=span.get("days", 0) * 86400 + span.get("hours", 0) * 3600)

    def world(self) -> dict[str, Any]:
        """Return the truths of this instant."""
        return self.control("GET", "/world")

    def requests(self) -> list[dict[str, Any]]:
        """Return what arrived since the reset, oldest first."""
        return self.control("GET", "/requests")["requests"]


class Driver:
    """One provider in one mode; a call gives the result, and of a paged operation the list of its items."""

    def __init__(self, client: Provider[Any], mode: Mode, runner: asyncio.Runner) -> None:
        self.client, self.mode, self._runner = client, mode, runner

    def __call__(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        paged = type(getattr(type(self.client), operation)).__name__ == "paged"
        if self.mode == "sync":
            result = getattr(self.client, operation)(*args, **kwargs)
            return list(result) if paged else result

        async def ask() -> Any:
            result = getattr(self.client, operation)(*args, **kwargs)
            return [item async for item in result] if paged else await result

        return self._runner.run(ask(), context=copy_context())  # deadlines set outside count inside

    def close(self) -> None:
        transport: Any = self.client.transport
        if self.mode == "sync":
            transport.close()
        else:
            self._runner.run(transport.aclose())
