"""Envelopes are categories: which one a person means, and into which one money goes.
Floor 5: an envelope of a primary category holds the detailed ones that have no envelope of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache

from fin_infra.arguments import checked, shown
from fin_infra.errors import InvalidInput
from fin_infra.insights.categories.codes import CODES
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED, in_version_2, primary

READY = "READY_TO_ASSIGN"
"""Where money goes that came in and is in no envelope yet."""
_READY_PRIMARIES = frozenset({"INCOME", "TRANSFER_IN", "LOAN_DISBURSEMENTS"})


@cache
def _names() -> tuple[str, ...]:
    return (*CODES, *dict.fromkeys(each for each, _ in CODES.values()), UNCATEGORIZED)


@checked
def envelope_from(text: str, *, own: Iterable[str] = ()) -> str:
    """Return the category that a person means: its code, or the end of one, such as `groceries`.

    Args:
        own: words of the person's own that are categories too.

    Raises:
        InvalidInput: there is no such category, or several end so, or money of it is ready to assign.
    """
    word = text.strip()
    if word and word in set(own):
        return word
    code = "_".join(word.upper().replace("-", " ").split())
    code = in_version_2(code) or code
    if code not in _names():
        ends = [each for each in CODES if code and each.endswith(f"_{code}")]
        if len(ends) != 1:
            raise _unknown(word, ends or _near(code))
        code = ends[0]
    if primary(code) in _READY_PRIMARIES:
        raise InvalidInput(f"{code} is money coming in, which is ready to assign; name a category of spending.")
    return code


def _near(code: str) -> list[str]:
    """Return codes that are spelled nearly so, or whose last part is."""
    parts = {each: each for each in _names()} | {each.removeprefix(f"{of}_"): each for each, (of, _) in CODES.items()}
    return list(dict.fromkeys(parts[each] for each in get_close_matches(code, parts, n=3, cutoff=0.6)))


def _unknown(word: str, near: list[str]) -> InvalidInput:
    hint = f"; did you mean {' or '.join(near[:3])}?" if near else "; `categories()` lists them."
    return InvalidInput(f"{shown(word)} is not a category{hint}")


def goes_to(category: str, *, money_in: bool) -> str:
    """Return where money of a category goes: READY for income, else the category itself."""
    if primary(category) in _READY_PRIMARIES or (category == UNCATEGORIZED and money_in):
        return READY
    return category


def envelope_of(category: str, month: str, named: Mapping[str, str]) -> str:
    """Return the envelope that a category belongs to in a month.

    Args:
        named: the first month of each envelope that a person has; one never changes the months before it.
    """
    for each in (category, primary(category)):
        if each in named and named[each] <= month:
            return each
    return category
