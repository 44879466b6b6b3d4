"""What Plaid's refusals mean, by type and code and never by their prose: whose turn it is, and the next step.
Floor 3: the same table reads the error of a reply, of an Item, and of a webhook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fin_infra.errors import (
    AccountClosed,
    AuthenticationFailed,
    CursorRefused,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.flow import by_status, json_of
from fin_infra.flow.refusals import retry_after
from fin_infra.providers import fields
from fin_infra.transport import Reply

Known = tuple[type[ProviderError], str]
MUTATION = "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"
NOT_READY = "PRODUCT_NOT_READY"
GONE = "ITEM_NOT_FOUND"
_REPAIR = "repair the connection, and the same access token works again"
_AGAIN = "link the bank again; the history stays"
_KEYS = "check PLAID_CLIENT_ID, PLAID_SECRET and PLAID_ENV: each environment has a secret of its own"

# https://plaid.com/docs/errors/item, /institution, /invalid-request, /invalid-input, /api
CODES: Mapping[str, Known] = {
    "ITEM_LOGIN_REQUIRED": (ReauthRequired, f"the bank wants the person to sign in again; {_REPAIR}"),
    "ITEM_LOCKED": (ReauthRequired, f"the bank has locked the person's sign-in; once it is unlocked there, {_REPAIR}"),
    "INVALID_CREDENTIALS": (ReauthRequired, f"the bank does not accept the user name and password; {_REPAIR}"),
    "INVALID_MFA": (ReauthRequired, f"the bank did not accept the person's further proof of identity; {_REPAIR}"),
    "INVALID_SEND_METHOD": (ReauthRequired, f"the bank could not send its code that way; {_REPAIR}"),
    "MFA_NOT_SUPPORTED": (ReauthRequired, f"Plaid cannot do the bank's way of proving identity; {_REPAIR}"),
    "INSUFFICIENT_CREDENTIALS": (ReauthRequired, f"the person left the bank's sign-in before its end; {_REPAIR}"),
    "USER_SETUP_REQUIRED": (ReauthRequired, f"the person must sign in at the bank's own site once; then {_REPAIR}"),
    "USER_INPUT_TIMEOUT": (ReauthRequired, f"the person was too slow at the bank's sign-in; {_REPAIR}"),
    "PASSWORD_RESET_REQUIRED": (ReauthRequired, f"the bank wants a new password; once it is set there, {_REPAIR}"),
    "ACCESS_NOT_GRANTED": (ReauthRequired, f"the person did not agree to share this; {_REPAIR}"),
    "USER_PERMISSION_REVOKED": (ReauthRequired, f"the person has taken the permission back; {_AGAIN}"),
    "PENDING_EXPIRATION": (ReauthRequired, f"the person's consent is about to end; {_REPAIR}"),
    "PENDING_DISCONNECT": (ReauthRequired, f"the bank is about to end this login; {_REPAIR}"),
    "INSTITUTION_DOWN": (ProviderUnavailable, "the bank is down; try again later"),
    "INSTITUTION_NOT_RESPONDING": (ProviderUnavailable, "the bank does not answer Plaid; try again later"),
    "INSTITUTION_NOT_AVAILABLE": (ProviderUnavailable, "the bank is not available to Plaid now; try again later"),
    "INSTITUTION_NO_LONGER_SUPPORTED": (AccountClosed, "Plaid no longer supports the bank; keep its history"),
    NOT_READY: (ProviderUnavailable, "Plaid is still reading the bank for the first time; ask again in a minute"),
    "INTERNAL_SERVER_ERROR": (ProviderUnavailable, "Plaid failed; try again later"),
    "PLANNED_MAINTENANCE": (ProviderUnavailable, "Plaid is under maintenance; try again later"),
    "PRODUCTS_NOT_SUPPORTED": (PermissionDenied, "the bank, or this login, does not offer that through Plaid"),
    "ADDITIONAL_CONSENT_REQUIRED": (PermissionDenied, f"the person has not agreed to share this; to ask, {_REPAIR}"),
    "INVALID_PRODUCT": (
        PermissionDenied,
        "your Plaid application is not enabled for that product; take it out of PLAID_PRODUCTS and "
        "PLAID_CONSENTED_PRODUCTS, or ask for it in the dashboard",
    ),
    "UNAUTHORIZED_ROUTE_ACCESS": (PermissionDenied, "your Plaid application is not enabled for that"),
    "SANDBOX_PRODUCT_NOT_ENABLED": (PermissionDenied, "the login was not made with that product"),
    "SANDBOX_ONLY": (InvalidRequest, "that works in Plaid's sandbox only"),
    "CREDITS_EXHAUSTED": (PermissionDenied, "the free calls of your Plaid application are used up; see the dashboard"),
    "NO_ACCOUNTS": (NotFound, "the login has no open account"),
    "NO_AUTH_ACCOUNTS": (NotFound, "the login has no account whose numbers the bank tells"),
    "NO_INVESTMENT_ACCOUNTS": (NotFound, "the login has no investment account"),
    "NO_INVESTMENT_AUTH_ACCOUNTS": (NotFound, "the login has no investment account"),
    "NO_LIABILITY_ACCOUNTS": (NotFound, "the login has no card or loan"),
    "INVALID_ACCOUNT_ID": (NotFound, "the login has no account of that id; list them to see which there are"),
    "INVALID_INSTITUTION": (NotFound, "Plaid has no bank of that id, or not in PLAID_COUNTRIES"),
    "INVALID_LINK_TOKEN": (NotFound, "the link token is unknown or too old; start the link again"),
    "INVALID_PUBLIC_TOKEN": (
        InvalidRequest,
        "the public token is unknown, was exchanged before, or is older than 30 minutes; start the link again",
    ),
    "INVALID_WEBHOOK_VERIFICATION_KEY_ID": (NotFound, "Plaid has no webhook key of that id"),
    GONE: (AuthenticationFailed, f"Plaid does not have this login any more; {_AGAIN}"),
    "INVALID_ACCESS_TOKEN": (AuthenticationFailed, f"Plaid does not know the access token here; {_KEYS}, or {_AGAIN}"),
    "INVALID_API_KEYS": (AuthenticationFailed, f"Plaid does not accept the application's keys; {_KEYS}"),
    "UNAUTHORIZED_ENVIRONMENT": (AuthenticationFailed, f"the application may not use this environment; {_KEYS}"),
    "INVALID_FIELD": (InvalidRequest, "Plaid refuses a value of the request"),
    "MISSING_FIELDS": (InvalidRequest, "Plaid wants a field that the request did not have"),
    "UNKNOWN_FIELDS": (InvalidRequest, "Plaid does not know a field of the request"),
}
_TYPES: Mapping[str, Known] = {
    "ITEM_ERROR": (ReauthRequired, f"something is wrong with the login; {_REPAIR}, or {_AGAIN}"),
    "OAUTH_ERROR": (ReauthRequired, f"the sign-in at the bank did not come to its end; {_REPAIR}"),
    "INSTITUTION_ERROR": (ProviderUnavailable, "the bank cannot be read now; try again later"),
    "API_ERROR": (ProviderUnavailable, "Plaid failed; try again later"),
    "RATE_LIMIT_EXCEEDED": (RateLimited, "Plaid's rate limit is reached"),
    "INVALID_REQUEST": (InvalidRequest, "Plaid refuses the request"),
    "INVALID_INPUT": (InvalidRequest, "Plaid refuses a value of the request"),
    "INVALID_RESULT": (ProviderUnavailable, "the bank gave Plaid no usable answer; try again later"),
    "TRANSACTIONS_ERROR": (ProviderUnavailable, "Plaid cannot give the transactions now; try again later"),
}
_WHOLE_VENDOR = frozenset({"INTERNAL_SERVER_ERROR", "PLANNED_MAINTENANCE", "RATE_LIMIT"})
"""Failures that speak against Plaid itself; all others concern one bank or one login."""
_word = re.compile(r"[A-Z0-9_]{1,64}").fullmatch


@dataclass(frozen=True, slots=True)
class Said:
    """The words of one of Plaid's errors; empty where there is none."""

    type: str
    code: str
    reason: str


def said(error: object) -> Said:
    row = fields.object_of(error)
    values = (row.get(name) for name in ("error_type", "error_code", "error_code_reason"))
    return Said(*(value if isinstance(value, str) and _word(value) else "" for value in values))


def meaning(error: Said) -> Known | None:
    """Return what an error means to us, by its code, else by its type; None where we know neither."""
    if error.code not in CODES and error.type == "RATE_LIMIT_EXCEEDED":
        return RateLimited, f"Plaid's rate limit is reached ({error.code})" if error.code else "the limit is reached"
    return CODES.get(error.code) or _TYPES.get(error.type)


def error_of(error: Said) -> ProviderError | None:
    """Return the error that an Item or a webhook tells of, None where nothing is known of it."""
    known = meaning(error)
    if known is None:
        return None
    kind, text = known
    return kind(text, retryable=kind in (ProviderUnavailable, RateLimited), vendor_code=error.code or error.type)


def refusal(reply: Reply) -> ProviderError | None:
    """Return the error a reply stands for; None for an answer."""
    if 200 <= reply.status < 300:
        return None
    error = said(_body(reply))
    if error.code == MUTATION:
        text = "the transactions changed while their pages were read; begin the run again at its first cursor"
        return CursorRefused(text, from_beginning=False, vendor_code=MUTATION, http_status=reply.status)
    known = meaning(error)
    if known is None:
        return by_status(reply, vendor_code=error.code or None)
    kind, text = known
    passing = kind in (ProviderUnavailable, RateLimited)
    found = kind(
        text,
        retryable=passing,
        retry_after=retry_after(reply),
        vendor_code=error.code or error.type,
        http_status=reply.status,
    )
    if passing:
        found.outage = error.code in _WHOLE_VENDOR or (error.type == "API_ERROR" and error.code not in CODES)
    return found


def refusal_of_changes(reply: Reply) -> ProviderError | None:
    """Return the error of a page that was asked for with a cursor.

    A cursor that is too old or of another Item is an INVALID_FIELD, and it is the only field that can be wrong here.
    """
    error = refusal(reply)
    if isinstance(error, InvalidRequest) and error.vendor_code == "INVALID_FIELD":
        text = "Plaid does not take the cursor: it is too old, or of another login; read everything again"
        return CursorRefused(text, from_beginning=True, vendor_code=error.vendor_code, http_status=reply.status)
    return error


def refusal_of_end(reply: Reply) -> ProviderError | None:
    """Return the error of ending a login; one that Plaid does not have any more is ended."""
    error = refusal(reply)
    return None if error is not None and error.vendor_code == GONE else error


def _body(reply: Reply) -> Any:
    try:
        return json_of(reply, dict)
    except UnexpectedPayload:
        return None
