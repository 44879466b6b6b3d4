"""Rules of a person: which transactions they mean, in which order, and what is wrong with one.
Floor 5: patterns run on RE2, whose time grows with the text and never explodes, so that a rule cannot hang or differ.

A limit in seconds would give one answer on a fast machine and another on a slow one. RE2 has none of what backtracks
(references, looking ahead); with texts and patterns of limited length a match takes well under a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from string import ascii_lowercase
from typing import Any

from fin_infra.arguments import checked, shown
from fin_infra.errors import InvalidInput
from fin_infra.insights.categories.extra import need
from fin_infra.insights.categories.taxonomy import in_version_2, unknown_category
from fin_infra.insights.records import Entry
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model

MAX_PATTERN = 200
"""Letters of a regular expression."""
MAX_TEXT = 500
"""Letters of a description that a pattern looks at."""
MAX_MEMORY = 1 << 20
"""Bytes that RE2 may use for a pattern; larger ones are refused when they are compiled."""


class Sign(StrEnum):
    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Model):
    """A rule: every condition that is given has to hold; the first rule of a list that fits decides.

    A rule is looked at when it joins `Rules`, which refuses one that has no condition or cannot be used.
    """

    id: str
    category: str
    """A detailed code."""
    contains: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    """Words in the description or the counterparty, in any case."""
    pattern: str | None = field(default=None, repr=False, metadata=pii(Personal.FREE_TEXT))
    """A regular expression of RE2 (https://github.com/google/re2/wiki/Syntax), in any case, anywhere in the text."""
    low: Decimal | None = None
    """The least size of the amount, without its sign, in the currency of the account."""
    high: Decimal | None = None
    """The largest size of the amount, itself included."""
    account_id: str | None = None
    sign: Sign | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """The rule that decides, and the words or facts it went by."""

    rule: Rule
    because: str


@dataclass(frozen=True, slots=True)
class _Ready:
    rule: Rule
    contains: str | None
    pattern: Any


class Rules:
    """Rules of one person, in their order, ready to be asked."""

    @checked
    def __init__(self, rules: Iterable[Rule]) -> None:
        """Look at every rule and compile the patterns.

        Raises:
            InvalidInput: a rule has no condition or one that cannot be used, its category is unknown, or two rules
                have one id.
            MissingExtra: there is a pattern, and RE2 is not installed.
        """
        self.rules: Sequence[Rule] = tuple(rules)
        twice = next(
            (rule.id for at, rule in enumerate(self.rules) if rule.id in {r.id for r in self.rules[:at]}), None
        )
        if twice is not None:
            raise InvalidInput(f"Two rules are called {shown(twice)}; give each an id of its own.")
        self._ready = tuple(_ready(rule) for rule in self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def first(self, entry: Entry) -> Hit | None:
        """Return the first rule that fits, None where none does."""
        texts = [text[:MAX_TEXT] for text in (entry.description, entry.counterparty) if text]
        for ready in self._ready:
            if (because := _fits(ready, entry, texts)) is not None:
                return Hit(ready.rule, because)
        return None


def _check(rule: Rule) -> None:
    """Refuse a rule that cannot be meant."""
    if in_version_2(rule.category) is None:
        raise unknown_category(rule.category)
    if rule.contains is not None and not rule.contains.strip():
        raise _wrong(rule, "looks for empty text, which is in every description; give it a word")
    if (rule.contains, rule.pattern, rule.low or None, rule.high, rule.account_id, rule.sign) == (None,) * 6:
        raise _wrong(rule, "has no condition and would take every transaction; give it words, an amount or an account")
    if any(bound is not None and (not bound.is_finite() or bound < 0) for bound in (rule.low, rule.high)):
        raise _wrong(rule, "has an amount below zero; sizes have no sign, `sign` says in or out")
    if rule.low is not None and rule.high is not None and rule.low > rule.high:
        raise _wrong(rule, f"wants at least {rule.low} and at most {rule.high}, which no amount is; exchange them")


def _wrong(rule: Rule, what: str) -> InvalidInput:
    return InvalidInput(f"Rule {shown(rule.id)} {what}.")


def _ready(rule: Rule) -> _Ready:
    _check(rule)
    contains = None if rule.contains is None else rule.contains.casefold()
    return _Ready(rule, contains, None if rule.pattern is None else _compiled(rule.id, rule.pattern))


@lru_cache(maxsize=1_024)
def _compiled(rule_id: str, pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN:
        raise InvalidInput(f"The pattern of rule {shown(rule_id)} has more than {MAX_PATTERN} letters; shorten it.")
    re2 = need("re2", "google-re2", "A rule with a pattern")
    options = re2.Options()
    options.case_sensitive, options.log_errors, options.max_mem = False, False, MAX_MEMORY
    try:
        compiled = re2.compile(pattern, options=options)
    except re2.error as error:
        why = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise InvalidInput(
            f"The pattern of rule {shown(rule_id)} cannot be used ({why}); RE2 has no look-around and no references."
        ) from None
    if compiled.search("") is not None:
        raise InvalidInput(
            f"The pattern of rule {shown(rule_id)} fits empty text and so every transaction; ask for at least a letter."
        )
    if all(compiled.search(letter) is not None for letter in ascii_lowercase):
        raise InvalidInput(
            f"The pattern of rule {shown(rule_id)} fits any letter and so every transaction; ask for a word."
        )
    return compiled


def _fits(ready: _Ready, entry: Entry, texts: Sequence[str]) -> str | None:
    """Return the words or facts that a rule goes by; None where it does not fit."""
    rule, size = ready.rule, abs(entry.amount.amount)
    if rule.account_id is not None and rule.account_id != entry.account_id:
        return None
    if rule.sign is not None and (entry.amount.amount > 0) is not (rule.sign is Sign.IN):
        return None
    if (rule.low is not None and size < rule.low) or (rule.high is not None and size > rule.high):
        return None
    found: list[str] = []
    if ready.contains is not None:
        if not any(ready.contains in text.casefold() for text in texts):
            return None
        found.append(f"'{rule.contains}'")
    if ready.pattern is not None:
        hit = next((match for text in texts if (match := ready.pattern.search(text)) is not None), None)
        if hit is None:
            return None
        found.append(f"'{hit[0]}'")
    return " and ".join(found) or _facts(rule)


def _facts(rule: Rule) -> str:
    sizes = f"{'any' if rule.low is None else rule.low} to {'any' if rule.high is None else rule.high}"
    sized = rule.low is not None or rule.high is not None
    told = (
        f"amount {sizes}" if sized else "",
        f"account {rule.account_id}" if rule.account_id else "",
        f"money {rule.sign.value}" if rule.sign else "",
    )
    return ", ".join(part for part in told if part)
