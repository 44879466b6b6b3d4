"""What Plaid's webhooks mean, by their type and code.
Floor 3: pairs as https://plaid.com/docs/api/webhooks has them; a pair that is not here is OTHER and does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fin_infra.providers import fields
from fin_infra.providers.interfaces.webhook_checks import maybe_ident, maybe_instant
from fin_infra.providers.interfaces.webhooks import EventKind

KINDS: Mapping[tuple[str, str], EventKind] = {
    **{
        ("TRANSACTIONS", code): EventKind.NEWS
        for code in (
            "SYNC_UPDATES_AVAILABLE",
            # older ones that are sent besides; each means no more than that a sync has news
            "INITIAL_UPDATE",
            "HISTORICAL_UPDATE",
            "DEFAULT_UPDATE",
            "TRANSACTIONS_REMOVED",
        )
    },
    ("HOLDINGS", "DEFAULT_UPDATE"): EventKind.NEWS,
    ("INVESTMENTS_TRANSACTIONS", "DEFAULT_UPDATE"): EventKind.NEWS,
    ("INVESTMENTS_TRANSACTIONS", "HISTORICAL_UPDATE"): EventKind.NEWS,
    ("LIABILITIES", "DEFAULT_UPDATE"): EventKind.NEWS,
    ("ITEM", "LOGIN_REPAIRED"): EventKind.REPAIRED,
    ("ITEM", "PENDING_DISCONNECT"): EventKind.EXPIRING,
    ("ITEM", "PENDING_EXPIRATION"): EventKind.EXPIRING,
    ("ITEM", "USER_PERMISSION_REVOKED"): EventKind.ENDED,
    ("ITEM", "USER_ACCOUNT_REVOKED"): EventKind.NEWS,
}
RECONNECT: Mapping[str, str] = {
    "ITEM_LOGIN_REQUIRED": "the bank wants the person to sign in again",
    "ITEM_LOCKED": "the bank has locked the person's sign-in",
    "INVALID_CREDENTIALS": "the bank no longer accepts the person's user name and password",
    "INVALID_MFA": "the bank did not accept the person's further proof of identity",
    "INSUFFICIENT_CREDENTIALS": "the person did not finish to sign in at the bank",
    "USER_SETUP_REQUIRED": "the person must do something at the bank's own site first",
    "PASSWORD_RESET_REQUIRED": "the person must choose a new password at the bank's own site",
    "ACCESS_NOT_GRANTED": "the person did not allow access to what is asked for",
    "USER_PERMISSION_REVOKED": "the person withdrew the permission",
}
"""Codes of `error` that only the person can do something about (https://plaid.com/docs/errors/item)."""


def meaning_of(row: Mapping[str, Any]) -> tuple[EventKind, datetime | None, str | None]:
    """Return what an event means, when the login ends where it says that, and why in words for a person."""
    body = dict(row)
    pair = maybe_ident(body, "webhook_type") or "", maybe_ident(body, "webhook_code") or ""
    if pair == ("ITEM", "ERROR"):
        code = maybe_ident(fields.object_of(body.get("error")), "error_code") or ""
        if code in RECONNECT:
            return EventKind.PERSON_MUST_ACT, None, RECONNECT[code]
        return EventKind.NEWS, None, None  # a sync asks Plaid how it stands
    kind = KINDS.get(pair, EventKind.OTHER)
    ends_at = maybe_instant(body, "disconnect_time") or maybe_instant(body, "consent_expiration_time")
    return kind, ends_at if kind is EventKind.EXPIRING else None, None
