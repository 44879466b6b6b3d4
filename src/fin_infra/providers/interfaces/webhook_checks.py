"""What several vendors' signatures have in common: a time that must be of now, an HMAC over it and the raw body.
Floor 3: every comparison takes the same time wherever two values differ, and no sentence repeats what arrived."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from fin_infra.errors import WebhookFault, WebhookRefused
from fin_infra.normalize import aware

MOST_SIGNATURES = 16
"""Signatures in one header that are looked at: vendors send one for each secret that is valid, which is two."""
_IDENT = re.compile(r"[!-~]{1,200}").fullmatch
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII).fullmatch


def check_age(said: datetime, now: datetime, tolerance: timedelta) -> None:
    """Return if an instant is of now, give or take the tolerance.

    Raises:
        WebhookRefused: it is older, or that far in the future.
        NaiveTime: `now` has no time zone.
    """
    age, minutes = aware(now) - said, int(tolerance.total_seconds() // 60)
    if age > tolerance:
        raise WebhookRefused(
            f"The webhook was signed more than {_words(minutes)} minutes ago; check this machine's clock.",
            WebhookFault.TOO_OLD,
        )
    if -age > tolerance:
        raise WebhookRefused(
            f"The webhook was signed more than {_words(minutes)} minutes in the future; check this machine's clock.",
            WebhookFault.FROM_THE_FUTURE,
        )


def _words(minutes: int) -> str:
    return {3: "three", 5: "five"}.get(minutes, str(minutes))


def check_stamped(
    body: bytes, header: str | None, name: str, secrets: Sequence[str], now: datetime, tolerance: timedelta
) -> None:
    """Return if `t=<unix seconds>,v1=<hex>[,v1=<hex>]` has one HMAC-SHA256 of `<t>.<body>` by one of the secrets.

    Teller and Stripe sign so; schemes other than `v1` are not looked at.

    Args:
        name: of the header, for sentences.

    Raises:
        WebhookRefused: malformed, too old, from the future, or signed by nobody we know.
    """
    parts = [part.strip().partition("=") for part in (header or "").split(",")]
    stamps = [value for scheme, _, value in parts if scheme == "t"]
    signatures = [value.encode(errors="replace") for scheme, _, value in parts if scheme == "v1"][:MOST_SIGNATURES]
    if len(stamps) != 1 or not _SECONDS(stamps[0]) or not signatures:
        raise WebhookRefused(
            f"The {name} header should look like t=1700000000,v1=<hex>.",
            WebhookFault.MALFORMED if header else WebhookFault.BAD_SIGNATURE,
        )
    check_age(datetime.fromtimestamp(int(stamps[0]), UTC), now, tolerance)
    signed = stamps[0].encode() + b"." + body
    wanted = [hmac.new(secret.encode(), signed, sha256).hexdigest().encode() for secret in secrets]
    if not any(hmac.compare_digest(one, given) for one in wanted for given in signatures):
        raise WebhookRefused(
            "The webhook is not signed by a known secret; check the signing secrets of the dashboard.",
            WebhookFault.BAD_SIGNATURE,
        )


def json_object(body: bytes, vendor: str) -> dict[str, Any]:
    """Return a body that must be a JSON object.

    Raises:
        WebhookRefused: it is anything else.
    """
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WebhookRefused(f"A webhook of {vendor} must be a JSON object.", WebhookFault.MALFORMED)
    return cast("dict[str, Any]", found)


def ident(row: dict[str, Any], name: str, vendor: str) -> str:
    """Return an id or a word of the vendor that must be there: printable, without blanks, at most 200 characters.

    Raises:
        WebhookRefused: it is not.
    """
    found = row.get(name)
    if not isinstance(found, str) or not _IDENT(found):
        raise WebhookRefused(f"A webhook of {vendor} must have {name}.", WebhookFault.MALFORMED)
    return found


def maybe_ident(row: dict[str, Any], name: str) -> str | None:
    """Return an id or a word that may be missing; what has no such form counts as missing."""
    found = row.get(name)
    return found if isinstance(found, str) and _IDENT(found) else None


def maybe_instant(row: dict[str, Any], name: str) -> datetime | None:
    """Return an ISO 8601 instant with a time zone, in UTC; None where there is none."""
    try:
        found = datetime.fromisoformat(str(row.get(name)))
    except ValueError:
        return None
    return None if found.tzinfo is None else found.astimezone(UTC)
