"""Decide whether an MX request is let in: its credentials and its version; read its body, its page and its days.
Floor 8: the newer version is asked for in a header of its own, the older one by the media type; neither is a 406.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request

from fin_infra.sandbox.vendors.mx import API_KEY, CLIENT_ID

NEWER, OLDER = "v20250224", "v20111101"
OLDER_TYPE = "application/vnd.mx.api.v1+json"
PER_PAGE, MOST_PER_PAGE = 25, 1000
DAYS_BACK, DAYS_AHEAD = timedelta(days=120), timedelta(days=5)


class Refused(Exception):
    """The vendor says no. The shape of its body is not documented; this is what its guides describe."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in."""

    request: Request
    version: str
    content: dict[str, Any]

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def given(self, name: str) -> dict[str, Any]:
        """Return the object that the body holds under a name."""
        found = self.content.get(name)
        if not isinstance(found, dict):
            raise Refused(400, f"{name} is missing or not an object")
        return found  # pyright: ignore[reportUnknownVariableType]  # keys of a JSON object are text

    def page(self, name: str, rows: Sequence[dict[str, object]]) -> dict[str, object]:
        """Return one page of a list under its name, with `pagination`."""
        size = _whole(self.request.query_params.get("records_per_page"), PER_PAGE)
        size = PER_PAGE if size > MOST_PER_PAGE else max(size, 1)
        at = max(_whole(self.request.query_params.get("page"), 1), 1)
        pages = max((len(rows) + size - 1) // size, 1)
        counts = {"current_page": at, "per_page": size, "total_entries": len(rows), "total_pages": pages}
        return {name: list(rows[(at - 1) * size : at * size]), "pagination": counts}

    def days(self, now: datetime) -> tuple[date, date]:
        """Return the first and the last day that are asked for: Unix seconds in the newer version, else ISO days."""
        first, last = (self._day(name) for name in ("from_date", "to_date"))
        return first or (now - DAYS_BACK).date(), last or (now + DAYS_AHEAD).date()

    def _day(self, name: str) -> date | None:
        text = self.request.query_params.get(name)
        try:
            if text is None:
                return None
            return datetime.fromtimestamp(int(text), UTC).date() if self.version == NEWER else date.fromisoformat(text)
        except (ValueError, OverflowError, OSError):
            wanted = "a unix timestamp" if self.version == NEWER else "YYYY-MM-DD"
            raise Refused(400, f"{name} must be {wanted}") from None


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else default


async def admit(request: Request) -> Call:
    """Return the call that a request makes; Refused when it must not."""
    version = _version(request)
    wanted = base64.b64encode(f"{CLIENT_ID}:{API_KEY}".encode())
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        sent = base64.b64encode(base64.b64decode(given.strip(), validate=True))
    except binascii.Error:
        sent = b""
    if scheme.lower() != "basic" or not hmac.compare_digest(sent, wanted):
        raise Refused(401, "Invalid credentials")
    return Call(request, version, _content(await request.body()))


def _version(request: Request) -> str:
    asked = request.headers.get("accept-version")
    if asked is not None:
        if asked not in (NEWER, OLDER):
            raise Refused(406, "The Accept-Version is not supported")
        return asked
    if OLDER_TYPE in request.headers.get("accept", ""):
        return OLDER
    raise Refused(406, "An Accept-Version header, or a versioned media type in Accept, is required")


def _content(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is not JSON") from None
    if not isinstance(found, dict):
        raise Refused(400, "The body is not an object")
    return found  # pyright: ignore[reportUnknownVariableType]  # keys of a JSON object are text
