"""Mask what looks like a secret in text that goes to people or log files.
Floor 2: a net below the rule that secrets are never put into texts at all, not a replacement for it."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import cast

MASK = "***"

_WORD = (
    r"api[_-]?key|access[_-]?key|private[_-]?key|secret|token|password|passwd|pwd|passphrase"
    r"|authorization|cookie|credential|signature|account[_-]?n(?:umber|o|um)|routing[_-]?n(?:umber|o|um)|iban|ssn"
)
_NAME = rf"(?:{_WORD})[\w-]{{0,40}}"
_secret_name = re.compile(rf"(?i){_WORD}").search
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?s)-----BEGIN ([A-Z ]{0,30}PRIVATE KEY)-----.{0,8000}?-----END \1-----"), MASK),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^/\s\"']{1,300}@"), rf"\1{MASK}@"),
    # the whole header: its scheme may be anything, and what follows the scheme is the secret
    (re.compile(r"(?i)((?:authorization|cookie)\s*:\s*)[^\r\n\"']+"), rf"\1{MASK}"),
    # name="value with spaces", 'name': b'value', ("name", "value"), and the same inside an escaped string
    (re.compile(rf"(?i)({_NAME}(?:\\*[\"'])?\s*[=:,]\s*b?(\\*[\"']))(?:(?!\2)[^\r\n]){{1,4000}}"), rf"\1{MASK}"),
    (re.compile(rf"(?i)({_NAME}\s*(?:[=:]|%3d)\s*(?:(?:bearer|basic)\s+)?)[^\s&\"',;}}\])]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b((?:api|access|secret) key(?: (?:as|is|was))?:? )[^\s\"',;.]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"\b(?:test_)?token_[A-Za-z0-9_]+"), MASK),  # Teller
    (re.compile(r"\b[sprw]k_(?:live|test)_[A-Za-z0-9]{8,}|\bwhsec_[A-Za-z0-9]{8,}"), MASK),  # Stripe
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7} ?[A-Z0-9]{1,4}\b"), MASK),  # IBAN: longer than any ISIN
)
# a 128-bit id in hex (a UUID, a trace id), and an id that we give an order, are not numbers, though many contain one
_ID = (
    r"(?<![0-9a-fA-F])[0-9a-fA-F]{8}(?P<dash>-?)(?:[0-9a-fA-F]{4}(?P=dash)){3}[0-9a-fA-F]{12}(?![0-9a-fA-F])"
    r"|\bfin-[0-9a-f]{32,40}\b"
)
_CARD = r"(?<![\d.*])\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?!\d)"
# an instrument's identifier, named as one, is not an account number
_LONG_NUMBER = r"(?<![\d.])(?<!ISIN:[A-Z]{2})(?<!CUSIP:)\d{9,}(?!\d|\.\d)"
_numbers = re.compile(rf"(?P<id>{_ID})|{_CARD}|{_LONG_NUMBER}")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


def redact(text: str) -> str:
    """Return `text` with keys, tokens, passwords, URL credentials and long account-like numbers masked.

    >>> redact("GET /query?symbol=IBM&apikey=ABC123 for account 123456789012")
    'GET /query?symbol=IBM&apikey=*** for account ***9012'
    """
    for pattern, mask in _RULES:
        text = pattern.sub(mask, text)
    return _numbers.sub(_mask_number, text)


def _mask_number(match: re.Match[str]) -> str:
    named = match["id"] is not None and not match["id"].replace("-", "").isdigit()
    return match[0] if named else MASK + match[0][-4:]


class RedactingFilter(logging.Filter):
    """Mask everything a record shows: message, arguments, extras, traceback and stack.

    The traceback becomes text (`exc_text`), because a formatter of its own would print the exception unmasked.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # arguments that do not fit the format; logging would print them, so drop them
            message = str(record.msg)
        record.msg, record.args = redact(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        record.exc_info = None
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        for name in vars(record).keys() - _STANDARD:
            setattr(record, name, redact_value(name, getattr(record, name)))
        return True


def redact_value(name: str, value: object) -> object:
    """Mask a structured value by its name, by the names inside it, and as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)  # NaN and infinity are not JSON
    if _secret_name(name):
        return MASK
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return {str(inner): redact_value(str(inner), item) for inner, item in pairs.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = list(cast("Iterable[object]", value))
        if len(items) == 2 and isinstance(items[0], str):  # a header: its first half names the second
            return [redact(items[0]), redact_value(items[0], items[1])]
        return [redact_value("", item) for item in items]
    text = redact(str(value))
    return value if isinstance(value, int) and text == str(value) else text
