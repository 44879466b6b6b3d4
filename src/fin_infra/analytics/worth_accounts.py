"""Which items of a net worth are of one account.
Floor 5: one account counts once; where two may be the same one, the second has no value until a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from fin_infra.imports.statements import AccountMatch, same_account
from fin_infra.model import WorthItem, WorthKind

_SHOWN_DIGITS = 2
"""A shorter ending is shared by chance."""
_CODE = 3
"""A name of so few signs is a code, such as B1 for Chase in OFX, and tells nothing about another name."""
_NAMED = 2
"""So many items of the other account are named in a question."""
_COMMON = frozenset(
    {"and", "bank", "company", "corp", "credit", "financial", "inc", "llc", "ltd", "of", "the", "union"}
)
"""Words that many institutions have in their name."""


def asked(items: Sequence[WorthItem]) -> list[WorthItem]:
    """Take the amount from items of an account that may be counted already by another source or file.

    What a provider delivers counts before a statement, what is read whole before what is not, a broker's own view
    before a bank's, the later before the earlier. An account with no known amount hides no other.
    """
    accounts: dict[str, list[WorthItem]] = {}
    for item in items:
        if item.ending or item.statement:
            accounts.setdefault(_account(item), []).append(item)
    counted: list[list[WorthItem]] = []
    aside: dict[str, str] = {}
    for name in sorted(accounts, key=lambda each: _rank(accounts[each], each)):
        group = accounts[name]
        same = [other for other in counted if may_be_same(group[0], other[0])]
        if same:
            aside[name] = f"possible duplicate of {_names(same)}; leave one of them out"
        elif any(item.amount is not None for item in group):
            counted.append(group)
    return [_set_aside(item, aside.get(_account(item))) for item in items]


def _account(item: WorthItem) -> str:
    return item.account or f"{item.kind} {item.source} {item.id} {item.ending}"


def _rank(group: Sequence[WorthItem], name: str) -> tuple[bool, bool, bool, int, str]:
    """Return what decides which of two accounts counts: the smaller one does."""
    kinds = {item.kind for item in group}
    lacks = any(item.amount is None for item in group)
    day = max(item.at or date.max for item in group)
    return WorthKind.STATEMENT in kinds, lacks, WorthKind.HOLDING not in kinds, -day.toordinal(), name


def may_be_same(one: WorthItem, other: WorthItem) -> bool:
    """Tell whether two items may be of one account, which then counts once."""
    if one.statement and other.statement:
        return same_account(one.statement, other.statement) is not AccountMatch.DIFFERENT
    if WorthKind.STATEMENT not in (one.kind, other.kind) and _connection(one) == _connection(other):
        return False  # a source lists an account once
    shorter, longer = sorted((one.ending or "", other.ending or ""), key=len)
    return len(shorter) >= _SHOWN_DIGITS and longer.endswith(shorter) and _names_agree(one, other)


def _connection(item: WorthItem) -> str:
    return item.connection or item.source


def _names_agree(one: WorthItem, other: WorthItem) -> bool:
    """Tell whether two institutions may be one: `Chase` and `JPMorgan Chase`, `Fidelity` and `Fidelity Investments`."""
    shorter, longer = sorted((_letters(one.institution), _letters(other.institution)), key=len)
    return len(shorter) <= _CODE or shorter in longer or bool(_words(one.institution) & _words(other.institution))


def _letters(name: str | None) -> str:
    return "".join(char for char in (name or "").casefold() if char.isalnum())


def _words(name: str | None) -> set[str]:
    return {_letters(word) for word in (name or "").casefold().split()} - _COMMON - {""}


def _names(groups: Sequence[Sequence[WorthItem]]) -> str:
    names = sorted({f"{item.source} {item.id}" for group in groups for item in group})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _set_aside(item: WorthItem, reason: str | None) -> WorthItem:
    return item if reason is None or item.amount is None else replace(item, amount=None, missing=reason)
