"""The categories: Plaid's personal finance categories of version 2, looked up by code.
Floor 5: codes are plain text, so that a book keeps them as they are; `category(code)` says what one is."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from fin_infra.arguments import checked, shown
from fin_infra.errors import InvalidInput
from fin_infra.insights.categories.codes import CODES, RENAMED
from fin_infra.model.record import Model

UNCATEGORIZED = "UNCATEGORIZED"
"""What a label says where nobody knows well enough; not one of Plaid's codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryCode(Model):
    code: str
    primary: str
    meaning: str
    """In our words, English."""


@cache
def categories() -> tuple[CategoryCode, ...]:
    """Return all 123 detailed categories, in Plaid's order."""
    return tuple(CategoryCode(code=code, primary=primary, meaning=said) for code, (primary, said) in CODES.items())


@checked
def category(code: str) -> CategoryCode:
    """Return the category of a detailed code, of version 2 or 1.

    Raises:
        InvalidInput: there is no such code; the nearest ones are named.
    """
    current = in_version_2(code)
    if current is None:
        raise unknown_category(code)
    primary, said = CODES[current]
    return CategoryCode(code=current, primary=primary, meaning=said)


def in_version_2(code: str) -> str | None:
    """Return a detailed code of either version as version 2 has it; None for one that neither has."""
    current = RENAMED.get(code, code)
    return current if current in CODES else None


def primary(code: str) -> str:
    """Return the primary code of a detailed one; UNCATEGORIZED and unknown codes are their own."""
    return CODES[code][0] if code in CODES else code


def _near(text: str) -> list[str]:
    """Return up to three codes that have a text in them, or are nearly it, with their primary code or without."""
    within = [code for code in CODES if text and text in code]
    short = {code.removeprefix(f"{primary}_"): code for code, (primary, _) in CODES.items()}
    alike = [*get_close_matches(text, CODES, cutoff=0.5), *(short[each] for each in get_close_matches(text, short))]
    return list(dict.fromkeys([*within, *alike]))[:3]


def unknown_category(code: str) -> InvalidInput:
    """Return the error for a code that is not in the taxonomy."""
    near = _near("_".join(code.upper().split()))
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `categories` lists them."
    return InvalidInput(f"{shown(code)} is not a category{hint}")
