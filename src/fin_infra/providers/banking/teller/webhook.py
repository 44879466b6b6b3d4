"""Check that a webhook came from Teller, before anybody reads it.
Floor 3: over the raw bytes of the body; parsing and writing JSON again would change them."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from fin_infra.errors import ConfigurationError, InvalidInput, NaiveTime

TOLERANCE = timedelta(seconds=180)
"""Older signatures are to be refused (https://teller.io/docs, webhooks)."""


def verify_webhook(body: bytes, header: str | None, secrets: Iterable[str], now: datetime | None = None) -> None:
    """Return if the `Teller-Signature` header fits the body and is fresh; keep the event's id to drop repeats.

    Args:
        body: the request body exactly as it arrived.
        header: `t=<unix seconds>,v1=<hex>[,v1=<hex>]`, one v1 for each signing secret that has not expired; None where
            the request has none.
        secrets: the signing secrets of the dashboard; several while they are being changed.
        now: aware; the present where it is not given.

    Raises:
        ConfigurationError: `secrets` is one string, or holds a blank one: anybody could sign with those.
        InvalidInput: malformed, older than three minutes, from the future, or signed by nobody we know.
    """
    known = list(secrets)
    if isinstance(secrets, str) or not all(secret.strip() for secret in known):
        raise ConfigurationError("A list of Teller's signing secrets is needed, none of them blank; see the dashboard.")
    now = now or datetime.now(UTC)
    if now.tzinfo is None:
        raise NaiveTime("now needs a time zone, for example datetime.now(UTC).")
    parts = [part.strip().partition("=") for part in (header or "").split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value.encode(errors="replace") for name, _, value in parts if name == "v1"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) < 12) or not signatures:
        raise InvalidInput("The Teller-Signature header should look like t=1700000000,v1=<hex>.")
    if abs(now.timestamp() - int(stamps[0])) > TOLERANCE.total_seconds():
        raise InvalidInput("The webhook was signed more than three minutes from now; check this machine's clock.")
    wanted = [hmac.new(secret.encode(), stamps[0].encode() + b"." + body, "sha256").hexdigest() for secret in known]
    if not any(hmac.compare_digest(one.encode(), given) for one in wanted for given in signatures):
        raise InvalidInput("The webhook is not signed by a known secret; check the signing secrets of the dashboard.")
