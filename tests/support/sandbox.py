"""A running sandbox as the tests of adapters use it: its control plane, and its vendors without any adapter."""

from __future__ import annotations

from typing import Any

import httpx2


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

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Ask a vendor as somebody with its documentation would; what was refused is an error."""
        reply = self._http.request(method, path, **options)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def status(self, path: str, **options: Any) -> int:
        """Return the status that a vendor answers with."""
        return self._http.get(path, **options).status_code

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
