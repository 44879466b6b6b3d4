"""What keys, tokens and credentials look like, whoever gives them out; vendors' own shapes are told by their adapters.
Floor 0: each pattern is bounded, so that no text takes more than linear time; those in lower case read `Draft.low`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from fin_infra.pii.draft import expect

NAMES = (
    r"api[ _-]?key|(?:access|private|client|consumer|signing|secret)[ _-]?key|key[_-]id"
    r"|secret(?!s\b)|token(?!s\b|i[sz]|[_-]?(?:type|count|limit|bucket))|password|passwd|pwd(?<![a-z0-9]pwd)|passphrase"
    r"|authorization|cookie(?!s\b)|credential(?!s\b)|signature|x-auth|session[_-]?id"
    r"|account[_-]?n(?:umber|o\b|um)|routing[_-]?n(?:umber|o\b|um)|iban|ssn(?<![a-z0-9]ssn)"
    r"|(?:first|last)name|(?:first|last|middle|maiden|given|family|holder|owner|legal)[_-]name|street|date[_-]?of[_-]?birth"
)
"""Names whose values are secret or personal, whatever they look like: in JSON, URLs, headers, settings and reprs."""
secret_name = re.compile(f"(?i){NAMES}").search
NAME_WORDS = (
    "key", "secret", "token", "passw", "pwd", "passphrase", "authoriz", "cookie", "credential", "signature", "x-auth",
    "session", "account_n", "account-n", "accountn", "routing_n", "routing-n", "routingn", "iban", "ssn", "_name",
    "-name", "street", "firstname", "lastname", "birth",
)  # fmt: skip
"""One of these is in each of `NAMES`."""
_NOTHING = r"(?!(?:none|null|true|false)\b|\*\*\*|\\*[\"']|[{\[(<])"
NAMED = (
    rf"(?:{NAMES})[\w-]{{0,40}}+(?:"
    # name="value with spaces", 'name': b'value', ("name", "value"), and the same inside an escaped string
    r"(?:\\*[\"'])?\s*[=:,]\s*b?(?P<q>\\*[\"'])(?!\*\*\*)(?P<quoted>(?:(?!(?P=q))[^\r\n]){1,4000})"
    rf"|[\s\0]*[=:]\s*(?:(?:bearer|basic)[\s\0]+)?{_NOTHING}(?P<bare>(?:\0*[^\s\0&\"',;}}\])<])+)"
    rf"|>{_NOTHING}(?P<element>[^<\r\n]{{1,4000}})(?=</)"
    r"|(?:[\s\0\"'\\:=>#]|</?[a-z][^<>]{0,30}>|\b(?:is|was|as|value)\b){1,10}?(?P<prose>[a-z0-9][\w.~+/=-]{7,})"
    r")"
)
PEM = r"-----begin ([a-z ]{0,30}private key)-----[\s\S]{0,8000}?-----end \1-----"
USERINFO = r"[a-z][a-z0-9+.-]{0,20}://(?P<user>(?!\*\*\*@)[^/\s\"']{1,300})@"
HEADER = r"(?:authorization|cookie)[\"']?\s*:\s*(?P<header>(?![\"'])[^\r\n\"']+)"
"""The whole header: its scheme may be anything, and what follows the scheme is the secret (RFC 9110, section 11.4)."""
SCHEME = r"(?:bearer|basic)(?<!\wbearer)(?<!\wbasic)[\s\0]+(?P<credentials>[a-z0-9._~+/=-]{6,})"
EMAIL = r"[\w.%+'-]{1,64}\0*@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
MRZ = r"(?:[piacv][a-z<][a-z<]{3}[a-z<]{20,39}|[a-z0-9<]{8,40}<<[a-z0-9<]{0,40})(?![a-z0-9<])"
"""Machine readable zone of a passport or identity card (ICAO Doc 9303, part 3)."""

_SEALS = ("access", "public", "link", "processor", "user", "secret", "sk", "pk", "rk", "ek")
_SIDES = ("sandbox", "development", "production", "live", "test")
_TOKENS: dict[str, str] = {
    "eyJ": r"[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)?",  # RFC 7519: the header's `{"` in base64url
    "whsec_": r"[A-Za-z0-9+/=]{8,}",  # https://www.standardwebhooks.com, "Signing secrets"
} | {f"{seal}{dash}{side}{dash}": r"[A-Za-z0-9-]{8,}" for seal in _SEALS for side in _SIDES for dash in "_-"}
"""By how they begin; the last ones are those that name their environment, as in `access-sandbox-...`, `sk_live_...`."""
_on_change: list[Callable[[], object]] = []


def learn_tokens(tokens: Mapping[str, str]) -> None:
    """Mask a vendor's keys and tokens from now on, wherever they stand.

    Args:
        tokens: how a token begins, with the regular expression of what follows: `{"CG-": "[A-Za-z0-9]{8,}"}`.

    Raises:
        re.error: one is not a regular expression.
    """
    expect("tokens", tokens, Mapping)
    if not tokens.items() <= _TOKENS.items():
        for pattern in tokens.values():
            re.compile(pattern)
        _TOKENS.update(tokens)
        for changed in _on_change:
            changed()


def when_tokens_change(changed: Callable[[], object]) -> None:
    """Call this after `learn_tokens` has brought something new."""
    _on_change.append(changed)


def token() -> re.Pattern[str]:
    """Return the pattern of every token that is recognized by its own shape; it reads the text as written."""
    shapes = (rf"{re.escape(start)}(?<![A-Za-z0-9]{re.escape(start)}){rest}" for start, rest in _TOKENS.items())
    return re.compile("|".join(shapes))


def token_starts() -> tuple[str, ...]:
    """Return how tokens begin, in lower case."""
    return tuple(start.lower() for start in _TOKENS)
