"""Mask what is personal or secret in text that goes to people or log files.
Floor 0: a net below the rule that such things are never put into texts at all, not a replacement for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import NamedTuple

from fin_infra.pii import numbers, shapes
from fin_infra.pii.draft import MASK, Draft, Shown, decoded, ending, expect, hidden, lowered, whole
from fin_infra.pii.known import KNOWN
from fin_infra.pii.labels import ALONE, LABELED

__all__ = ["MASK", "mask"]


def mask(text: str) -> str:
    """Return `text` with secrets and personal data masked.

    Keys, tokens, passwords and e-mail addresses become `***`. Card, account and routing numbers keep their last four
    digits. What has check digits (cards, IBANs) or a form of its own (`123-45-6789`, `+1 212 555 0100`) is recognized
    anywhere; other numbers only beside a label such as `account`, or where `KNOWN` was told them.

    >>> mask("GET /query?symbol=IBM&apikey=ABC123 for account 123456789012")
    'GET /query?symbol=IBM&apikey=*** for account ***9012'
    >>> mask("order 123456789012 at 1764234909123: 4111 1111 1111 1111")
    'order 123456789012 at 1764234909123: ***1111'
    """
    expect("text", text, str)
    for value in KNOWN.within(text):
        text = text.replace(value, MASK)
    low = lowered(decoded(text))
    rules = _rules()
    called = _called(rules, low)
    if not called:
        return text
    draft = Draft(text)
    for number, rule in enumerate(rules.rules):
        if called >> number & 1:
            draft.hide(rule.pattern, rule.shown, as_written=rule.as_written)
    return draft.text


def has_label(name: str) -> bool:
    """Say whether the name of a value holds a word that makes what is beside it worth a look."""
    return _rules().word.search(lowered(name)) is not None


class _Rule(NamedTuple):
    calls: tuple[str, ...]
    """One of these words, or of these groups of `CANDIDATE`, is in every text that the pattern can match."""
    pattern: re.Pattern[str]
    shown: Shown = whole
    as_written: bool = False
    begins: bool = False
    """True where the pattern begins with what calls for it, so that one look there says whether it is worth a pass."""


class _Rules(NamedTuple):
    rules: tuple[_Rule, ...]
    word: re.Pattern[str]
    """Any word that calls for a rule: with none of them, and no candidate, there is nothing to do."""
    number: re.Pattern[str]
    bits: Mapping[str, int]
    """Which rules a word or a group calls for, a bit each."""
    looks: Mapping[str, tuple[tuple[int, _Rule], ...]]
    """Of those that begin with it: the bit, and the rule to look with."""


def _called(rules: _Rules, low: str) -> int:
    """Return the rules that this calls for, a bit each: the one pass over what needs none."""
    called, search = 0, rules.word.search
    match = search(low)
    while match is not None:
        called |= _looked(rules, match[0], low, match.start())
        match = search(low, match.start() + 1)
    for match in rules.number.finditer(low):
        called |= _looked(rules, match.lastgroup or "", low, match.start())
    return called


def _looked(rules: _Rules, call: str, low: str, place: int) -> int:
    called = rules.bits[call]
    for bit, rule in rules.looks[call]:
        match = rule.pattern.match(low, place)
        if match is not None and rule.shown(match, match[hidden(match)]) is not None:
            called |= bit
    return called


@cache
def _rules() -> _Rules:
    """Compile all patterns; once for the tokens that are known."""
    secrets = (
        _Rule(("-----begin",), re.compile(shapes.PEM)),
        _Rule(("@",), re.compile(shapes.USERINFO)),
        _Rule(("authorization", "cookie"), re.compile(shapes.HEADER)),
        _Rule(shapes.token_starts(), shapes.token(), as_written=True),
        _Rule(("@",), re.compile(shapes.EMAIL)),
        _Rule(("<<",), re.compile(shapes.MRZ)),
    )
    by_number = (_Rule(groups, re.compile(text), shown, begins=True) for groups, text, shown in numbers.RULES)
    by_label = (
        _Rule(kind.words, re.compile(kind.pattern), ending if kind.ending else whole, begins=True) for kind in LABELED
    )
    by_name = (
        _Rule(shapes.NAME_WORDS, re.compile(shapes.NAMED), _named),
        _Rule(("bearer", "basic"), re.compile(shapes.SCHEME)),
    )
    number = re.compile(numbers.CANDIDATE)
    rules = (*secrets, *by_number, *by_label, *by_name)
    groups = set(number.groupindex)
    words = sorted({word for rule in rules for word in rule.calls} - groups)
    called_by = {word.rstrip(ALONE): {other for other in words if other.startswith(word)} for word in words}
    called_by |= {group: {group} for group in groups}
    return _Rules(
        rules,
        re.compile(_any_of(words)),
        number,
        {call: sum(bit for bit, rule in _of(rules, given) if not rule.begins) for call, given in called_by.items()},
        {call: tuple(one for one in _of(rules, given) if one[1].begins) for call, given in called_by.items()},
    )


def _of(rules: Sequence[_Rule], calls: set[str]) -> list[tuple[int, _Rule]]:
    """Return the rules that one of these calls for, each with its bit."""
    return [(1 << place, rule) for place, rule in enumerate(rules) if not calls.isdisjoint(rule.calls)]


shapes.when_tokens_change(_rules.cache_clear)


def _named(match: re.Match[str], found: str) -> str | None:
    """Hide the value of a name; in prose only what cannot be a word: `the token is expired` says nothing."""
    if match.lastgroup == "prose" and found.isalpha() and (found.islower() or found.isupper() or found.istitle()):
        return None
    return MASK


def _any_of(words: Iterable[str]) -> str:
    """Return the pattern of any of these words, as a tree of their letters: it is searched in one pass."""
    branches: list[str] = []
    for first, group in groupby(sorted(set(words)), key=lambda word: word[:1]):
        if first == "":
            return ""  # a shorter word ends here, and what follows does not matter
        if first == ALONE:
            branches.append("(?![a-z0-9])")
            continue
        branches.append(re.escape(first) + _any_of([word[1:] for word in group]))
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
