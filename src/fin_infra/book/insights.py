"""What a book's money did, as its methods: entries, their categories, and what would change by another word.
Floor 6: `entries.py` reads, `fin_infra.insights` decides; labels are made when they are asked for, and never stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fin_infra.arguments import check_order
from fin_infra.book import rule_rows
from fin_infra.book.entries import EVERY, Material, code_of, material
from fin_infra.book.methods import Household, method
from fin_infra.book.read import Wanted
from fin_infra.errors import InvalidInput, NotRemembered
from fin_infra.insights import Entry, LabelChange, LabeledEntry
from fin_infra.insights.categories import Correction, Rule, past_changes, preview
from fin_infra.insights.categories.taxonomy import unknown_category
from fin_infra.model import Listing
from fin_infra.transport import Flow, M, blocking


class Insights(Household[M]):
    @method
    def entries(
        self, *, account_id: int | None = None, start: date | None = None, end: date | None = None
    ) -> Flow[Listing[Entry]]:
        """Return transactions as insights read them, the oldest first, pending ones too.

        What a person hid or deleted, or a bank took back, is left out. One that a person split is an entry for each
        part, with an id such as `123/1`.

        Args:
            start: the first day.
            end: the day after the last one.

        Raises:
            InvalidInput: the account is not in the book, or the days are the wrong way round.
        """
        return Listing((yield from self.material(account_id, start, end)).entries)

    @method
    def labels(
        self, *, account_id: int | None = None, start: date | None = None, end: date | None = None
    ) -> Flow[Listing[LabeledEntry]]:
        """Return transactions with their categories, the oldest first; what is there is as in `entries`.

        A person's word comes first, then their rules, merchants, the vendor's word, codes, and the model.

        Raises:
            InvalidInput: the account is not in the book, or the days are the wrong way round.
            MissingExtra: the extra `insights` is not installed.
        """
        found = yield from self.material(account_id, start, end)
        return Listing((yield from blocking(found.labels)))

    @method
    def past_changes(self, id: int, category: str) -> Flow[Listing[LabelChange]]:
        """Return what else would change if the category of a transaction held for its merchant's past too.

        Nothing is changed by asking; `categorize` with `past=True` does it.

        Raises:
            NotRemembered: the transaction is not in the book, or does not count.
            InvalidInput: there is no such category, or the transaction is split.
        """
        code = code_of(category)
        if code is None:
            raise unknown_category(category)
        found = yield from self.material()
        return Listing((yield from blocking(_past, found, id, code)))

    @method
    def rules(self) -> Flow[Listing[Rule]]:
        """Return a person's rules for categories, in the order in which they are asked."""
        return Listing((yield from self.ask(rule_rows.rule_rows)))

    @method
    def add_rule(self, rule: Rule, *, place: int | None = None) -> Flow[Rule]:
        """Add a rule for categories; it holds for all transactions from now on, past ones too.

        Args:
            rule: its `id` is not kept; the book gives one.
            place: where it stands, counted from 1: the first rule that fits decides. Last where None.

        Raises:
            InvalidInput: the rule has no condition or one that cannot be used, its category is unknown, its account is
                not in the book, or there is no such place.
            MissingExtra: it has a pattern, and the extra `insights` is not installed.
        """
        made = yield from blocking(rule_rows.add_rule, self.engine, self.owner, rule, place, self.clock())
        return next(each for each in (yield from self.ask(rule_rows.rule_rows)) if each.id == made)

    @method
    def remove_rule(self, id: str) -> Flow[int]:
        """Remove a rule; what it decided is decided without it. Return the number of changes.

        Raises:
            NotRemembered: the book has no such rule.
        """
        return (yield from blocking(rule_rows.remove_rule, self.engine, self.owner, id, self.clock()))

    @method
    def move_rule(self, id: str, place: int) -> Flow[int]:
        """Put a rule at another place, counted from 1. Return the number of changes; 0 where it stands there.

        Raises:
            NotRemembered: the book has no such rule.
            InvalidInput: there is no such place.
        """
        return (yield from blocking(rule_rows.move_rule, self.engine, self.owner, id, place, self.clock()))

    @method
    def preview_rules(self, rules: Sequence[Rule]) -> Flow[Listing[LabelChange]]:
        """Return what would change if a person had these rules in place of theirs; nothing is changed.

        Raises:
            InvalidInput: a rule cannot be used, or its account is not in the book.
            MissingExtra: the extra `insights` is not installed.
        """
        yield from self.ask(rule_rows.check_accounts, rules)
        found = yield from self.material()
        return Listing((yield from blocking(_preview, found, tuple(rules))))

    def material(
        self, account_id: int | None = None, start: date | None = None, end: date | None = None
    ) -> Flow[Material]:
        """Return entries with all that decides about them, for the insights of other files."""
        check_order(start, end)
        return (yield from self.ask(material, Wanted(account_id=account_id, start=start, end=end, limit=EVERY)))


def _past(found: Material, id: int, code: str) -> list[LabelChange]:
    entry = next((each for each in found.entries if each.id == str(id)), None)
    if entry is None:
        if any(each.id.startswith(f"{id}/") for each in found.entries):
            raise InvalidInput(f"Transaction {id} is split; its parts have categories of their own.")
        raise NotRemembered(f"The book has no transaction {id} that counts.")
    others = [each for each in _judged(found) if each.id != entry.id]
    return past_changes(found.categorizer(), Correction.of(entry, code), others)


def _preview(found: Material, rules: tuple[Rule, ...]) -> list[LabelChange]:
    return preview(found.categorizer(), rules, _judged(found))


def _judged(found: Material) -> list[Entry]:
    """Return the entries without those of which a person said a word of their own, which no rule changes."""
    return [each for each in found.entries if each.id not in found.said.own]
