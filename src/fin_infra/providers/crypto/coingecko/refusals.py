"""How CoinGecko says no: by a code in one of four places, by a sentence, or by the status alone.
Floor 3: error texts never quote the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidRequest,
    PermissionDenied,
    ProviderError,
    RateLimited,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import by_status, retry_after
from fin_infra.providers.fields import object_of
from fin_infra.transport import Reply

GET_KEY = "set COINGECKO_API_KEY to a valid key (https://www.coingecko.com/en/developers/dashboard)"
# https://docs.coingecko.com/docs/errors-and-rate-limits
CODES: Mapping[int, tuple[type[ProviderError], str]] = {
    429: (
        RateLimited,
        "CoinGecko's rate limit is reached; wait, lower COINGECKO_PER_MINUTE, or set COINGECKO_API_KEY for a quota "
        "of your own",
    ),
    1020: (PermissionDenied, "CoinGecko's firewall refuses this network address; try from another network"),
    10002: (AuthenticationFailed, f"CoinGecko misses a key or does not know this one; {GET_KEY}"),
    10005: (
        PermissionDenied,
        "CoinGecko gives this to paying subscribers only; use a paid key with COINGECKO_PLAN=pro",
    ),
    10010: (AuthenticationFailed, "this is a key of CoinGecko's paid plans; set COINGECKO_PLAN=pro"),
    10011: (AuthenticationFailed, "this is a CoinGecko demo key; set COINGECKO_PLAN=demo"),
    10012: (
        PermissionDenied,
        "without a paid plan CoinGecko gives the last 365 days only; ask for a later start, or use a paid key with "
        "COINGECKO_PLAN=pro",
    ),
}
"""CoinGecko's error codes, https://docs.coingecko.com/docs/errors-and-rate-limits."""
TEXTS: Mapping[str, tuple[type[ProviderError], str]] = {
    "coin not found": (
        UnknownSymbol,
        "CoinGecko does not know this coin; search for it and use its id, such as CRYPTO:bitcoin",
    ),
    "invalid vs_currency": (
        InvalidRequest,
        "CoinGecko quotes no prices in this currency; use USD, EUR, BTC or another it supports",
    ),
}
"""Refusals that come without a code."""


def refusal(reply: Reply) -> ProviderError | None:
    """Find the complaint in the body, which CoinGecko also sends with status 200; else the status decides."""
    good = 200 <= reply.status < 300
    if good and (len(reply.content) > 4096 or b'"error' not in reply.content):
        return None
    code, text = _complaint(reply)
    kind, message = CODES.get(code or reply.status, (None, ""))
    if kind is None:
        kind, message = TEXTS.get(text, (None, ""))
    if kind is not None:
        limited = kind is RateLimited
        return kind(
            message,
            retryable=limited,
            retry_after=retry_after(reply) if limited else None,
            vendor_code=str(code) if code else None,
            http_status=reply.status,
        )
    if not good:
        advice = f"CoinGecko does not accept the key; {GET_KEY}" if reply.status == 401 else None
        return by_status(reply, advice, str(code) if code else None)
    if code is None and not text:
        return None
    if code is not None and 400 <= code < 600:
        return by_status(replace(reply, status=code), vendor_code=str(code))
    return UnexpectedPayload(
        f"CoinGecko reports an error that it does not document{'' if code is None else f' (code {code})'}",
        vendor_code=None if code is None else str(code),
    )


def _complaint(reply: Reply) -> tuple[int | None, str]:
    """Return the code and the message of an error body: `error_code` stands in one of four places."""
    try:
        body = object_of(reply.json())
    except UnexpectedPayload:
        return None, ""
    error: Any = body.get("error")
    objects = (body.get("status"), object_of(error).get("status"), error, body)
    codes = [object_of(found).get("error_code") for found in objects]
    code = next((code for code in codes if type(code) is int and code), None)
    return code, error.strip().lower() if type(error) is str else ""
