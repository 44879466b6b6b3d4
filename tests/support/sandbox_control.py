"""The sandbox's control plane, as the tests of the routers use it."""

from __future__ import annotations

from typing import Any

import httpx2


class Control:
    """The sandbox's control plane."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx2.Client(base_url=url, trust_env=False, timeout=60)

    def reset(self) -> None:
        self._client.post("/_sandbox/reset").raise_for_status()

    def fault(self, vendor: str, kind: str, **scope: Any) -> None:
        self._client.post("/_sandbox/faults", json={"vendor": vendor, "kind": kind, **scope}).raise_for_status()

    def world(self) -> dict[str, Any]:
        return dict(self._client.get("/_sandbox/world").json())

    def accounts(self) -> list[dict[str, Any]]:
        """The accounts of the enrolment that the well-known token reaches."""
        return [row for row in self.world()["accounts"] if row["access_token"] == "test_token_sandbox"]

    def requests(self, vendor: str) -> list[dict[str, Any]]:
        return [row for row in self._client.get("/_sandbox/requests").json()["requests"] if row["vendor"] == vendor]

    def advance(self, days: int) -> None:
        self._client.post("/_sandbox/clock", json={"advance_s": days * 86_400}).raise_for_status()

    def close(self) -> None:
        self._client.close()
