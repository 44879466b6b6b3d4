"""Mask structured values: what is attached to a log record, or a member of an answer.
Floor 0: a value is judged by its name, by the names above it, and as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from math import isfinite
from typing import cast

from fin_infra.pii.draft import expect
from fin_infra.pii.masking import MASK, has_label, mask
from fin_infra.pii.shapes import secret_name

DEPTH = 12
"""Levels that are looked into; what lies deeper is masked as a whole."""

_SMALL = 100_000
"""Numbers below it have too few digits to be anything but a number."""


def mask_value(name: str, value: object) -> object:
    """Return `value` with what is personal or secret masked, as something that JSON can hold.

    Numbers, truth values and None stay what they are unless they are masked; other objects become their text.
    """
    expect("name", name, str)
    return _masked(name, value, 0)


def _masked(name: str, value: object, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if _is_secret(name) or depth > DEPTH:
        return MASK
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        return {mask(_text(inner)): _inside(name, _text(inner), item, depth) for inner, item in pairs.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = list(cast("Iterable[object]", value))
        if len(items) == 2 and isinstance(items[0], str):  # a header: its first half names the second
            return [mask(items[0]), _inside(name, items[0], items[1], depth)]
        return [_masked(name, item, depth + 1) for item in items]
    return _scalar(name, value)


def _inside(outer: str, name: str, value: object, depth: int) -> object:
    """Judge a value by its own name; where that says nothing (`number`, `value`), by the name above it, too."""
    last = outer.rpartition(".")[2]
    return _masked(f"{last}.{name}" if last else name, value, depth + 1)


def _scalar(name: str, value: object) -> object:
    labeled = _is_label(name)
    if not labeled and isinstance(value, (int, float)) and abs(value) < _SMALL:
        return value
    text = _text(value)
    if isinstance(value, float) and not isfinite(value):
        return text  # NaN and infinity are not JSON
    before = f"{name}=" if labeled else ""
    masked = mask(before + text)
    masked = masked[len(before) :] if masked.startswith(before) else mask(text)
    return value if isinstance(value, (int, float)) and masked == text else masked


@lru_cache(1024)
def _is_label(name: str) -> bool:
    """Say whether the name can make its value personal; names are few, and logged a million times."""
    return has_label(name)


@lru_cache(1024)
def _is_secret(name: str) -> bool:
    return secret_name(name) is not None


def _text(value: object) -> str:
    """Return `str(value)`, or what it is where that fails: a log line never fails for what it shows."""
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__}>"
