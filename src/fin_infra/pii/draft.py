"""Text on its way to being masked, with twins that patterns read: escapes decoded, and all in lower case.
Floor 0: patterns in one case begin with a literal, which `re` finds many times faster than one without case."""

from __future__ import annotations

import re
from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase
from typing import NamedTuple

from fin_infra.errors import InvalidInput

MASK = "***"


class Part(NamedTuple):
    """Hide only the first `length` signs of what was found."""

    mask: str
    length: int


Shown = Callable[[re.Match[str], str], "str | Part | None"]
"""Takes the match and what it would hide, decoded; gives what to show instead, or None to leave it."""
FILL = "\0"
"""Stands in a twin for all signs of an escape but its last, the decoded one: `%20` is two of these and a space."""
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_escapes = re.compile(r"%([0-9A-Fa-f]{2})|\\([nrt])").sub


class Draft:
    """`text`; `plain`, the same sign by sign with escapes decoded; `low`, that in lower case."""

    __slots__ = ("low", "plain", "text")

    def __init__(self, text: str) -> None:
        self._set(text)

    def hide(self, pattern: re.Pattern[str], shown: Shown, *, as_written: bool = False) -> None:
        """Replace the last named group of each match, or all of a match that has none.

        A group named by one letter is for a pattern's own back references. Patterns are in lower case, unless the text
        is to be read `as_written`.
        """
        parts: list[str] = []
        end = 0
        for match in pattern.finditer(self.plain if as_written else self.low):
            first, last = match.span(hidden(match))
            found = shown(match, self.plain[first:last])
            if found is None or first < end:
                continue
            mask, length = found if isinstance(found, Part) else (found, last - first)
            parts += (self.text[end:first], mask)
            end = first + length
        if parts:
            self._set("".join((*parts, self.text[end:])))

    def _set(self, text: str) -> None:
        self.text = text
        self.plain = decoded(text)
        self.low = lowered(self.plain)


def hidden(match: re.Match[str]) -> str | int:
    """Return the group that is to be hidden."""
    name = match.lastgroup
    return name if name is not None and len(name) > 1 else 0


def decoded(text: str) -> str:
    """Return the text with escapes of URLs and strings decoded, as long as before; what was escaped twice, too."""
    if "%" in text or "\\" in text:
        text = _escapes(_unescaped, _escapes(_unescaped, text))
    return text


def lowered(text: str) -> str:
    """Return the text in lower case, as long as before: a capital I with a dot has a lower case of two signs."""
    low = text.lower()
    return low if len(low) == len(text) else text.translate(_LOWER)


def whole(match: re.Match[str], found: str) -> str:
    """Show nothing of what was found."""
    return MASK


def ending(match: re.Match[str], found: str) -> str:
    """Show the last four letters and digits of an account-like number, and never more than half of it."""
    signs = [sign for sign in found if sign.isalnum()]
    return MASK + "".join(signs[len(signs) - min(4, len(signs) // 2) :])


def _unescaped(match: re.Match[str]) -> str:
    sign = chr(int(match[1], 16)) if match[1] else {"n": "\n", "r": "\r", "t": "\t"}[match[2]]
    return FILL * (len(match[0]) - 1) + (sign if sign.isascii() else FILL)


def expect(name: str, value: object, kind: type) -> None:
    """Raise InvalidInput where an argument is of another kind."""
    if not isinstance(value, kind):
        raise InvalidInput(f"`{name}` must be a {kind.__name__}, not {type(value).__name__}.")
