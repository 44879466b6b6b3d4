"""Say no in Plaid's words: the errors as a table, and the body they travel in.
Floor 8: types, statuses and texts are those of https://plaid.com/docs/errors; words may fill in a blank.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Json = dict[str, object]
DOCS = "https://plaid.com/docs/errors/"


@dataclass(frozen=True, slots=True)
class Fact:
    """What goes with an error code."""

    type: str
    message: str
    display: str | None = None
    status: int = 400


_DOWN = "this institution is not currently responding to this request. please try again soon"
_DOWN_SHOWN = "This financial institution is not currently responding to requests. We apologize for the inconvenience."
_LOGIN = (
    "the login details of this item have changed (credentials, MFA, or required user action) and a user login is "
    "required to update this information. use Link's update mode to restore the item to a good state"
)
_NONE = "There are no valid {} account(s) associated with this Item. See https://plaid.com/docs/api/#item-errors for {}"
_GONE = (
    "The Item you requested cannot be found. This Item does not exist, has been previously removed via /item/remove, "
    "or has had access removed by the user."
)
_LIMIT = "rate limit exceeded for attempts to access this item. please try again later"
_MUTATION = (
    "Underlying transaction data changed since last page was fetched. Please restart pagination from last update."
)
_HOOK = "Webhook for this item is either not set up, or invalid. Please update the item's webhook and try again."
_MAINTENANCE = (
    "the Plaid API is temporarily unavailable due to planned maintenance. "
    "visit https://status.plaid.com/ for more information"
)
_LOCKED_SHOWN = (
    "The given account has been locked by the financial institution. "
    "Please visit your financial institution's website to unlock your account."
)
_NOBODY_SHOWN = (
    "No valid accounts were found at the financial institution. "
    "Please visit your financial institution's website to confirm accounts are available."
)

ERRORS: Mapping[str, Fact] = {
    "INVALID_BODY": Fact("INVALID_REQUEST", "body could not be parsed as JSON"),
    "MISSING_FIELDS": Fact("INVALID_REQUEST", "the following required fields are missing: {}"),
    "UNKNOWN_FIELDS": Fact("INVALID_REQUEST", "the following fields are not recognized by this endpoint: {}"),
    "INVALID_FIELD": Fact("INVALID_REQUEST", "{}"),
    "NOT_FOUND": Fact("INVALID_REQUEST", "not found", status=404),
    "INVALID_API_KEYS": Fact("INVALID_INPUT", "invalid client_id or secret provided"),
    "INVALID_ACCESS_TOKEN": Fact("INVALID_INPUT", "could not find matching access token"),
    "INVALID_PUBLIC_TOKEN": Fact("INVALID_INPUT", "could not find matching public token"),
    "INVALID_LINK_TOKEN": Fact("INVALID_INPUT", "invalid link_token provided"),
    "INVALID_ACCOUNT_ID": Fact("INVALID_INPUT", "failed to find requested account ID for requested item"),
    "INVALID_INSTITUTION": Fact("INVALID_INPUT", "invalid institution_id provided"),
    "INVALID_PRODUCT": Fact("INVALID_INPUT", "client is not authorized to access the following products: {}"),
    "INVALID_WEBHOOK_VERIFICATION_KEY_ID": Fact("INVALID_INPUT", "invalid key_id provided"),
    "ADDITIONAL_CONSENT_REQUIRED": Fact("INVALID_INPUT", "client does not have user consent to access the {} product"),
    "ITEM_LOGIN_REQUIRED": Fact("ITEM_ERROR", _LOGIN),
    "ITEM_LOCKED": Fact(
        "ITEM_ERROR",
        "the account is locked. prompt the user to visit the institution's site and unlock their account",
        _LOCKED_SHOWN,
    ),
    "ITEM_NOT_FOUND": Fact("ITEM_ERROR", _GONE),
    "ACCESS_NOT_GRANTED": Fact(
        "ITEM_ERROR",
        "access to this product was not granted for the account",
        "The user did not grant the necessary permissions for this product on their account.",
    ),
    "INVALID_CREDENTIALS": Fact(
        "ITEM_ERROR",
        "the provided credentials were not correct",
        "The provided credentials were not correct. Please try again.",
    ),
    "INVALID_MFA": Fact(
        "ITEM_ERROR",
        "the provided MFA response(s) were not correct",
        "The provided MFA responses were not correct. Please try again.",
    ),
    "INSUFFICIENT_CREDENTIALS": Fact(
        "ITEM_ERROR",
        "insufficient authorization was provided to complete the request",
        "INSUFFICIENT_CREDENTIALS",
    ),
    "PASSWORD_RESET_REQUIRED": Fact(
        "ITEM_ERROR",
        "user must reset their password",
        "The user needs to reset their password for their account",
    ),
    "USER_SETUP_REQUIRED": Fact(
        "ITEM_ERROR",
        "the account has not been fully set up. prompt the user to visit the issuing institution's site and finish "
        "the setup process",
        "The given account is not fully setup. "
        "Please visit your financial institution's website to setup your account.",
    ),
    "USER_PERMISSION_REVOKED": Fact("ITEM_ERROR", "the holder of this account has revoked their permission"),
    "NO_ACCOUNTS": Fact("ITEM_ERROR", "no valid accounts were found for this item", _NOBODY_SHOWN),
    "NO_AUTH_ACCOUNTS": Fact("ITEM_ERROR", _NONE.format("checking or savings", "more.")),
    "NO_INVESTMENT_ACCOUNTS": Fact("ITEM_ERROR", _NONE.format("investment", "more information.")),
    "NO_LIABILITY_ACCOUNTS": Fact("ITEM_ERROR", _NONE.format("liability", "more information.")),
    "PRODUCT_NOT_READY": Fact(
        "ITEM_ERROR", "the requested product is not yet ready. please provide a webhook or try the request again later"
    ),
    "PRODUCTS_NOT_SUPPORTED": Fact("ITEM_ERROR", ""),
    "INSTITUTION_DOWN": Fact("INSTITUTION_ERROR", _DOWN, _DOWN_SHOWN),
    "INSTITUTION_NOT_RESPONDING": Fact("INSTITUTION_ERROR", _DOWN, _DOWN_SHOWN),
    "INSTITUTION_NOT_AVAILABLE": Fact("INSTITUTION_ERROR", _DOWN, _DOWN_SHOWN),
    "INSTITUTION_NO_LONGER_SUPPORTED": Fact(
        "INSTITUTION_ERROR",
        "this institution is no longer supported",
        "This financial institution is no longer supported. We apologize for the inconvenience.",
    ),
    "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION": Fact("TRANSACTIONS_ERROR", _MUTATION),
    "SANDBOX_PRODUCT_NOT_ENABLED": Fact("SANDBOX_ERROR", "The {} product is not enabled on this item"),
    "SANDBOX_WEBHOOK_INVALID": Fact("SANDBOX_ERROR", _HOOK),
    "RATE_LIMIT": Fact("RATE_LIMIT_EXCEEDED", _LIMIT, status=429),
    "ACCOUNTS_LIMIT": Fact("RATE_LIMIT_EXCEEDED", _LIMIT, status=429),
    "ACCOUNTS_BALANCE_GET_LIMIT": Fact("RATE_LIMIT_EXCEEDED", _LIMIT, status=429),
    "ITEM_GET_LIMIT": Fact("RATE_LIMIT_EXCEEDED", _LIMIT, status=429),
    "TRANSACTIONS_LIMIT": Fact("RATE_LIMIT_EXCEEDED", _LIMIT, status=429),
    "TRANSACTIONS_SYNC_LIMIT": Fact("RATE_LIMIT_EXCEEDED", _LIMIT, status=429),
    "TRANSACTIONS_REFRESH_LIMIT": Fact("RATE_LIMIT_EXCEEDED", _LIMIT, status=429),
    "INTERNAL_SERVER_ERROR": Fact("API_ERROR", "an unexpected error occurred", status=500),
    "PLANNED_MAINTENANCE": Fact("API_ERROR", _MAINTENANCE, status=503),
}
ON_DEMAND = (
    "ACCESS_NOT_GRANTED",
    "ADDITIONAL_CONSENT_REQUIRED",
    "INSTITUTION_DOWN",
    "INSTITUTION_NOT_RESPONDING",
    "INVALID_ACCESS_TOKEN",
    "INVALID_API_KEYS",
    "ITEM_LOCKED",
    "ITEM_LOGIN_REQUIRED",
    "ITEM_NOT_FOUND",
    "PRODUCTS_NOT_SUPPORTED",
    "PRODUCT_NOT_READY",
    "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION",
)
"""Codes that a fault of their name in lower case gives instead of an answer."""
OF_ITEM = tuple(code for code, fact in ERRORS.items() if fact.type in ("ITEM_ERROR", "INSTITUTION_ERROR"))
"""Codes that an Item may be put into until it is repaired."""


class Refused(Exception):
    """The vendor says no: a code of ERRORS, and what fills the blank of its text or stands in its place."""

    def __init__(self, code: str, words: str = "") -> None:
        super().__init__(code)
        self.code, self._words = code, words

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return ERRORS[self.code].status

    def body(self) -> Json:
        """Return the error without a request id, as it stands in an Item and in webhooks."""
        return error_body(self.code, self._words)


def error_body(code: str, words: str = "") -> Json:
    """Return the vendor's error object; `words` fill the blank of the text, or replace words without one."""
    fact = ERRORS[code]
    message = fact.message.format(words) if "{}" in fact.message else words or fact.message
    return {
        "display_message": fact.display,
        "documentation_url": f"{DOCS}?ref=error",
        "error_code": code,
        "error_message": message,
        "error_type": fact.type,
        "suggested_action": None,
    }
