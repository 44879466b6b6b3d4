"""How a request to Stripe is written: forms with nested names, and the key that makes it one request.
Floor 3: pure functions; Stripe compares the form of a repeated key, so equal requests give equal bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias
from urllib.parse import urlencode
from uuid import uuid4

from fin_infra.errors import InvalidInput
from fin_infra.model import DocumentType, NewVerification, VerificationKind

Value: TypeAlias = "str | bool | Mapping[str, Value] | tuple[Value, ...] | None"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MAX_KEY_CHARS = 255
"""https://docs.stripe.com/api/idempotent_requests"""
_visible = re.compile(r"[\x21-\x7e]+").fullmatch


def form(values: Mapping[str, Value]) -> bytes:
    """Return a form as Stripe reads it: `options[document][allowed_types][0]=passport`, `true` and `false`.

    Raises:
        InvalidInput: a text has a character that cannot be sent.
    """
    pairs = [pair for name, value in values.items() for pair in _pairs(name, value)]
    try:
        return urlencode(pairs).encode()
    except UnicodeEncodeError:
        raise InvalidInput("A text of the request has a character that cannot be encoded as UTF-8.") from None


def _pairs(name: str, value: Value) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for inner, each in value.items():
            yield from _pairs(f"{name}[{inner}]", each)
    elif isinstance(value, tuple):
        for at, each in enumerate(value):
            yield from _pairs(f"{name}[{at}]", each)
    elif value is not None:
        yield name, ("true" if value else "false") if isinstance(value, bool) else value


def new_session(new: NewVerification) -> dict[str, Value]:
    """Return the fields of a new verification session.

    Raises:
        InvalidInput: what is asked for does not go together.
    """
    if new.kind is VerificationKind.UNKNOWN or DocumentType.UNKNOWN in new.document_types:
        raise InvalidInput("`unknown` can only be told, not asked for; name the kind of check and of document.")
    document: dict[str, Value] = {
        "allowed_types": tuple(each.value for each in new.document_types) or None,
        "require_id_number": new.id_number or None,
        "require_live_capture": new.live_capture or None,
        "require_matching_selfie": new.selfie or None,
    }
    if new.kind is not VerificationKind.DOCUMENT and any(value is not None for value in document.values()):
        raise InvalidInput(
            "A check of a number takes no choices about documents; leave them out, or ask for a document."
        )
    return {
        "type": new.kind.value,
        "client_reference_id": new.reference,
        "return_url": new.return_url,
        "options": {"document": document},
        "provided_details": {"email": new.email, "phone": new.phone},
    }


def sent_key(given: str | None) -> str:
    """Return the idempotency key of a request: the one given, else a new one.

    Raises:
        InvalidInput: it is too long, or not visible ASCII.
    """
    if given is None:
        return str(uuid4())
    if len(given) > MAX_KEY_CHARS or not _visible(given):
        raise InvalidInput(
            f"An idempotency key must be 1 to {MAX_KEY_CHARS} visible ASCII characters without spaces; a UUID will do."
        )
    return given
