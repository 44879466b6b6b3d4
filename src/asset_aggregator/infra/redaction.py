"""Masking of secrets and account numbers in text that leaves the process.
Floor 7: asset_aggregator. Over-masking is a nuisance, under-masking a breach: when in doubt a value is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast

MASK = "***"

_SENSITIVE = (
    r"(?:api[_-]?key|apikey|access[_-]?key|secret[_-]?key|(?:access|refresh|id|session|bearer|auth|demo)[_-]?token"
    r"|token|secret|client[_-]?secret|password|passwd|pwd|signature|credentials?|cookie"
    r"|account[_-]?(?:number|no|num)|routing[_-]?(?:number|no)|card[_-]?number|iban|ssn|tax[_-]?id)"
)
_SECRET_NAME = re.compile(rf"(?i)(?:^|[_.-])(?:authorization|{_SENSITIVE})s?$")
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host, also without the user
    (re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@\"'\\]+@"), rf"\1{MASK}@"),
    (re.compile(r"(?i)\b(bearer|basic|apikey)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {MASK}"),
    (
        re.compile(rf"(?i)((?:\b|_)(?:authorization|{_SENSITIVE}))(\\?[\"']?\s*[=:]\s*\\?[\"']?)([^\s&\"',;}}\\]+)"),
        rf"\1\2{MASK}",
    ),
    (re.compile(r"\b(?:test_)?token_[A-Za-z0-9_]+"), MASK),  # Teller
    (re.compile(r"\b(?:sk|pk|rk|test|live)_(?:tok|live|test)?_?[A-Za-z0-9]{12,}"), MASK),
    (re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"), MASK),  # IBAN
    (re.compile(r"(?<![\w.])(?:\d{9,19}|\d{4}(?:[ -]\d{4}){2,3})(?!\w|\.\d)"), MASK),  # account, routing, card numbers
)


def mask(text: str) -> str:
    """Return the text with keys, tokens, passwords and account numbers replaced by `***`."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def mask_value(name: str, value: object) -> object:
    """Return a JSON-ready copy of a structured value: masked by its name, by the names inside it, and as text."""
    if value is None:
        return None
    if _SECRET_NAME.search(name):
        return MASK
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # NaN and infinity are not JSON
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return {str(key): mask_value(str(key), item) for key, item in pairs.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value("", item) for item in cast("Iterable[object]", value)]
    return mask(str(value))
