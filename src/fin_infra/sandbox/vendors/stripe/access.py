"""Decide whether a Stripe request is let in, read its form, and answer a repeated one as the first.
Floor 8: a refusal of the parameters is not remembered; what was carried out is, also where it was refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl

from starlette.requests import Request

from fin_infra.sandbox.vendors.stripe import RESTRICTED_KEY, SECRET_KEY

KEPT_FOR = timedelta(hours=24)
"""https://docs.stripe.com/api/idempotent_requests: keys may be removed once they are that old."""
MAX_KEY_CHARS = 255
_PART = re.compile(r"\[([^\[\]]*)\]")
_INVALID = "invalid_request_error"


class Refused(Exception):
    """The vendor says no; `executed` where it had begun, so that the same key gives the same answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = _INVALID,
        executed: bool = False,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param, self.kind = status, message, code, param, kind
        self.executed = executed

    def body(self) -> dict[str, object]:
        """Return the vendor's error body."""
        facts = {"code": self.code, "message": self.message, "param": self.param, "type": self.kind}
        return {"error": {name: value for name, value in facts.items() if value is not None}}


def missing(what: str, ident: str, param: str) -> Refused:
    """Return what an id that does not exist is answered with."""
    return Refused(404, f"No such {what}: '{ident}'", code="resource_missing", param=param)


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in; `form` is its body or its query, nested as the names say."""

    request: Request
    form: Mapping[str, Any]
    sensitive: bool
    """Whether the key may read dates of birth and numbers."""

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def only(self, *names: str) -> None:
        """Refuse a parameter besides `names` and `expand`."""
        for name in self.form:
            if name not in (*names, "expand"):
                text = f"Received unknown parameter: {name}"
                raise Refused(400, text, code="parameter_unknown", param=name)

    def text(self, name: str) -> str | None:
        return text_of(self.form, name, name)

    def child(self, name: str) -> Mapping[str, Any]:
        found = self.form.get(name, {})
        if not isinstance(found, dict):
            raise Refused(400, "Invalid object", param=name)
        return cast("Mapping[str, Any]", found)

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or not least <= int(text[:9]) <= most:
            raise Refused(400, f"Invalid integer: {text}", code="parameter_invalid_integer", param=name)
        return int(text)

    def expand(self) -> tuple[str, ...]:
        found = self.form.get("expand", {})
        return tuple(map(str, cast("dict[str, object]", found).values())) if isinstance(found, dict) else ()


def text_of(values: Mapping[str, Any], name: str, param: str) -> str | None:
    """Return a parameter that is text; None where it is absent or empty."""
    found = values.get(name)
    if found is not None and not isinstance(found, str):
        raise Refused(400, f"Invalid string: {param}", param=param)
    return found or None


def flag_of(values: Mapping[str, Any], name: str, param: str) -> bool | None:
    found = text_of(values, name, param)
    if found not in (None, "true", "false"):
        raise Refused(400, f"Invalid boolean: {found}", param=param)
    return None if found is None else found == "true"


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return what names such as `options[document][allowed_types][0]` say; lists are objects by number."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        first, parts = name.partition("[")[0], _PART.findall(name)
        place = found
        for at, part in enumerate([first, *parts]):
            key = part or str(len(place))
            if at == len(parts):
                place[key] = value
                break
            inner = place.setdefault(key, {})
            if not isinstance(inner, dict):
                raise Refused(400, "Invalid object", param=name)
            place = cast("dict[str, Any]", inner)
    return found


def form_of(request: Request, body: bytes) -> dict[str, Any]:
    """Return the parameters of a request: of a POST its form, else its query."""
    if request.method != "POST":
        return nested(parse_qsl(bytes(request.scope["query_string"]).decode("latin-1"), keep_blank_values=True))
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/x-www-form-urlencoded":
        raise Refused(400, "Invalid request: send a form (application/x-www-form-urlencoded)")
    return nested(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def key_of(request: Request) -> str:
    """Return the API key of a request, as a bearer token or as the user of Basic; Refused where it is wrong."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    key = given.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode("utf-8", "replace").partition(":")[0]
        except (binascii.Error, ValueError):
            key = ""
    if not key:
        text = "You did not provide an API key. You need to provide your API key in the Authorization header."
        raise Refused(401, text)
    if key not in (RESTRICTED_KEY, SECRET_KEY):
        raise bad_key()
    return key


def bad_key() -> Refused:
    """Return what a key that is not, or no longer, good is answered with."""
    return Refused(401, "Invalid API Key provided: ****")


@dataclass(frozen=True, slots=True)
class Kept:
    """The first answer to a key."""

    request: tuple[object, ...]
    status: int
    body: bytes
    at: datetime


@dataclass(slots=True)
class Memory:
    """Answers by idempotency key."""

    kept: dict[str, Kept] = field(default_factory=dict[str, Kept])

    def find(self, key: str, request: tuple[object, ...], now: datetime) -> Kept | None:
        """Return the first answer to a key; Refused where that was another request."""
        if len(key) > MAX_KEY_CHARS:
            raise Refused(400, f"The idempotency key is longer than {MAX_KEY_CHARS} characters.")
        known = self.kept.get(key)
        if known is None or now - known.at >= KEPT_FOR:
            return None
        if known.request != request:
            text = (
                "Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
                f"using a key other than '{key}' if you meant to execute a different request."
            )
            raise Refused(400, text, kind="idempotency_error")
        return known


def in_use() -> Refused:
    """Return the answer while a request with the same key is still under way; that it is a 409 is unconfirmed."""
    text = "There is currently another in-progress request using this idempotency key."
    return Refused(409, text, code="idempotency_key_in_use", kind="idempotency_error")
