"""The category of a transaction: who is asked in which order, and what each says as its reason.
Floor 5: person, rule, merchant, vendor, code, model; equal input gives equal labels, whatever was labeled before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.insights.categories.cleaning import clean
from fin_infra.insights.categories.codes import CODES
from fin_infra.insights.categories.merchant_codes import mcc_category, sic_category
from fin_infra.insights.categories.merchants import find
from fin_infra.insights.categories.model import guess
from fin_infra.insights.categories.rules import Rule, Rules
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED, in_version_2, unknown_category
from fin_infra.insights.categories.vendor_words import vendor_code
from fin_infra.insights.records import Entry, Judge, Label, LabelChange
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model

THRESHOLD = Decimal("0.5")
"""Below it a label is UNCATEGORIZED."""
SURE = Decimal(1)
VENDOR, MCC, SIC = Decimal("0.90"), Decimal("0.85"), Decimal("0.80")
"""How far a vendor's word and a code are believed; estimates, there is no public measurement."""
REMEMBERED = 200_000
"""Labels kept for texts that come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction(Model):
    """What a person said of one transaction: it holds for that one, and for its merchant from that day on."""

    entry_id: str
    category: str
    merchant: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """As `clean` gives it; empty where the text names nobody, and then the correction teaches nothing."""
    money_in: bool
    since: dt.date
    """The date of that transaction, the first that the correction holds for by its merchant."""
    past: bool = False
    """True where the person wants earlier ones changed too, after they saw `past_changes`."""

    @classmethod
    @checked
    def of(cls, entry: Entry, category: str) -> Correction:
        """Make the correction of a transaction.

        Raises:
            InvalidInput: there is no such category.
        """
        _check(category)
        return cls(
            entry_id=entry.id,
            category=category,
            merchant=merchant_of(entry),
            money_in=entry.amount.amount > 0,
            since=entry.date,
        )


def _check(category: str) -> None:
    if in_version_2(category) is None:
        raise unknown_category(category)


def merchant_of(entry: Entry) -> str:
    """Return the cleaned merchant of a transaction, by the bank's text, else by the vendor's counterparty."""
    return clean(entry.description) or clean(entry.counterparty or "")


class Categorizer:
    """Labels transactions of one person: their corrections and rules first, then what everybody shares."""

    @checked
    def __init__(
        self,
        *,
        rules: Iterable[Rule] = (),
        corrections: Iterable[Correction] = (),
        threshold: Decimal = THRESHOLD,
    ) -> None:
        """Take what a person said, in the order in which they said it: of two corrections the later one holds.

        Raises:
            InvalidInput: a rule cannot be used, a category is unknown, or `threshold` is not from 0 to 1.
            MissingExtra: a rule has a pattern, and RE2 is not installed.
        """
        if not 0 <= threshold <= 1:
            raise InvalidInput(f"A threshold is from 0 to 1, not {threshold}.")
        self.rules = Rules(rules)
        self.threshold = threshold
        self.corrections = tuple(corrections)
        for each in self.corrections:
            _check(each.category)
        self._by_entry = {each.entry_id: each for each in self.corrections}
        self._by_merchant: dict[tuple[str, bool], list[Correction]] = {}
        for each in self.corrections:
            if each.merchant:
                self._by_merchant.setdefault((each.merchant, each.money_in), []).insert(0, each)
        self._known: dict[tuple[object, ...], Label] = {}

    def label(self, entry: Entry) -> Label:
        """Return the category of a transaction, with who decided and why.

        Raises:
            MissingExtra: rapidfuzz or NumPy is needed and not installed.
        """
        if self._by_entry and (label := self._by_person(entry)) is not None:
            return label
        if len(self.rules) and (label := self._by_rule(entry)) is not None:
            return label
        amount = entry.amount.amount
        text = (entry.description, entry.counterparty, entry.vendor, entry.vendor_category, entry.mcc, entry.sic)
        asked = (text, amount > 0, amount.adjusted())
        if (known := self._known.get(asked)) is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[asked] = self._shared(entry)
        return known

    def labels(self, entries: Iterable[Entry]) -> list[Label]:
        """Return the label of each transaction, in their order."""
        return [self.label(entry) for entry in entries]

    def _by_person(self, entry: Entry) -> Label | None:
        if (said := self._by_entry.get(entry.id)) is not None:
            return _label(entry, said.category, Judge.PERSON, "You said so of this transaction.", SURE)
        merchant = merchant_of(entry)
        for said in self._by_merchant.get((merchant, entry.amount.amount > 0), ()):
            if said.past or entry.date >= said.since:
                reason = f"You said so of '{merchant}' on {said.since.isoformat()}."
                return _label(entry, said.category, Judge.PERSON, reason, SURE)
        return None

    def _by_rule(self, entry: Entry) -> Label | None:
        hit = self.rules.first(entry)
        if hit is None:
            return None
        return _label(entry, hit.rule.category, Judge.RULE, f"Your rule {hit.rule.id} found {hit.because}.", SURE)

    def _shared(self, entry: Entry) -> Label:
        for judge in _SHARED:
            label = judge(entry)
            if label is not None and label.confidence >= self.threshold:
                return label
        return _by_nobody(entry, self.threshold)


def _by_merchant(entry: Entry) -> Label | None:
    for text in (entry.description, entry.counterparty):
        found = find(cleaned) if text and (cleaned := clean(text)) else None
        if found is not None:
            like = f"'{found.words}' is nearly" if found.near else f"'{found.words}' is"
            reason = f"{like} {found.merchant.name} in the table of merchants."
            return _label(entry, found.merchant.category, Judge.MERCHANT, reason, found.confidence)
    return None


def _by_vendor(entry: Entry) -> Label | None:
    if not entry.vendor or not entry.vendor_category:
        return None
    code = vendor_code(entry.vendor, entry.vendor_category, money_in=entry.amount.amount > 0)
    if code is None:
        return None
    name = entry.vendor.rpartition(":")[2]
    return _label(entry, code, Judge.VENDOR, f"{name} calls it '{entry.vendor_category}'.", VENDOR)


def _by_code(entry: Entry) -> Label | None:
    if entry.mcc and (code := mcc_category(entry.mcc)) is not None:
        return _label(entry, code, Judge.CODE, f"Merchant category code {entry.mcc.strip()}.", MCC)
    if entry.sic and (code := sic_category(entry.sic)) is not None:
        return _label(entry, code, Judge.CODE, f"SIC code {entry.sic.strip()} in the file.", SIC)
    return None


def _by_model(entry: Entry) -> Label | None:
    found = guess(entry.description or entry.counterparty or "", entry.amount.amount)
    if found is None:
        return None
    reason = f"The letters of '{merchant_of(entry)}' look like {CODES[found.category][1]}."
    return _label(entry, found.category, Judge.MODEL, reason, found.confidence)


def _by_nobody(entry: Entry, threshold: Decimal) -> Label:
    found = _by_model(entry)
    if found is None:
        return _label(entry, UNCATEGORIZED, Judge.NOBODY, "The text has no letters, and nobody else knows.", Decimal(0))
    reason = f"Nobody is sure: {found.reason} Confidence {found.confidence} is below {threshold}."
    return _label(entry, UNCATEGORIZED, Judge.NOBODY, reason, found.confidence)


_SHARED: tuple[Callable[[Entry], Label | None], ...] = (_by_merchant, _by_vendor, _by_code, _by_model)


def _label(entry: Entry, category: str, judge: Judge, reason: str, confidence: Decimal) -> Label:
    return Label(
        category=in_version_2(category) or category,
        judge=judge,
        reason=reason,
        confidence=confidence,
        merchant=merchant_of(entry),
        vendor_category=entry.vendor_category,
    )


@checked
def preview(categorizer: Categorizer, rules: Iterable[Rule], entries: Iterable[Entry]) -> list[LabelChange]:
    """Return what would change if a person had these rules instead of their present ones; nothing is changed.

    Raises:
        InvalidInput: a rule cannot be used.
    """
    after = Categorizer(rules=rules, corrections=categorizer.corrections, threshold=categorizer.threshold)
    return _changes(categorizer, after, entries)


@checked
def past_changes(categorizer: Categorizer, correction: Correction, entries: Iterable[Entry]) -> list[LabelChange]:
    """Return what of the past would change if a correction held for it too; nothing is changed.

    A person who agrees gets the same correction with `past=True` in place of it.
    """
    kept = [each for each in categorizer.corrections if each.entry_id != correction.entry_id]
    now, then = (
        Categorizer(
            rules=categorizer.rules.rules,
            corrections=[*kept, replace(correction, past=past)],
            threshold=categorizer.threshold,
        )
        for past in (False, True)
    )
    return _changes(now, then, entries)


def _changes(before: Categorizer, after: Categorizer, entries: Iterable[Entry]) -> list[LabelChange]:
    found: list[LabelChange] = []
    for entry in entries:
        old, new = before.label(entry), after.label(entry)
        if old.category != new.category:
            found.append(LabelChange(entry_id=entry.id, before=old, after=new))
    return found
