"""`fin-infra rules`: a person's rules for categories, tried on all that is there before one is added.
Floor 8: the book decides; a rule that fits every transaction is refused unless the person says --yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from fin_infra.book import Book
from fin_infra.book.rule_rows import placed
from fin_infra.cli.categorizing import book_for
from fin_infra.cli.insights import Form
from fin_infra.cli.keeping import Declined
from fin_infra.cli.output import ask, print_json, say, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import InvalidInput
from fin_infra.insights import Entry, LabelChange
from fin_infra.insights.categories import Rule, Rules, Sign
from fin_infra.model.money import decimal_from_text
from fin_infra.transport import Sync

SHOWN = 20
"""Changes that are shown before the person is asked; `rules preview` shows all."""


def typed_rule(
    category: str,
    texts: tuple[str | None, str | None],
    sizes: tuple[str | None, str | None],
    account: int | None,
    sign: str | None,
) -> Rule:
    """Return what was typed as a rule.

    Raises:
        InvalidInput: an amount or the sign cannot be read.
    """
    if sign is not None and sign not in set(Sign):
        raise InvalidInput(f"`--sign` must be in or out, not {sign!r}.")
    return Rule(
        id="new",
        category=category.upper(),
        contains=texts[0],
        pattern=texts[1],
        low=_size("--low", sizes[0]),
        high=_size("--high", sizes[1]),
        account_id=None if account is None else str(account),
        sign=None if sign is None else Sign(sign),
    )


def _size(label: str, text: str | None) -> Decimal | None:
    try:
        return None if text is None else decimal_from_text(text)
    except ValueError:
        raise InvalidInput(f"`{label}` must be a number such as 12.50, not {text!r}.") from None


def list_rules(form: Form) -> None:
    found = book_for(form).rules()

    def draw() -> None:
        if not found:
            tell("There are no rules; add one with: fin-infra rules add CATEGORY --contains WORDS")
            return
        rows = [(str(at), each.id, each.category, conditions(each)) for at, each in enumerate(found, 1)]
        print_table("Rules", ("place", "id", "category", "holds for"), rows, right=("place",))

    form.show(found, Rule, draw)


def conditions(rule: Rule) -> str:
    """Return what a rule holds for, for people."""
    found = [
        f"contains '{rule.contains}'" if rule.contains is not None else "",
        f"fits /{rule.pattern}/" if rule.pattern is not None else "",
        f"at least {rule.low}" if rule.low is not None else "",
        f"at most {rule.high}" if rule.high is not None else "",
        f"account {rule.account_id}" if rule.account_id is not None else "",
        f"money {rule.sign.value}" if rule.sign is not None else "",
    ]
    return ", ".join(each for each in found if each)


def add_rule(rule: Rule, place: int | None, form: Form, *, yes: bool) -> None:
    """Show what a rule would change, ask, and add it.

    Raises:
        InvalidInput: the rule cannot be used, or fits every transaction.
        Declined: the person said no; nothing was added.
    """
    book = book_for(form)
    if not yes:
        changes = _tried(book, rule, place)
        entries = {each.id: each for each in book.entries()}
        _refuse_all(rule, list(entries.values()))
        if not form.as_json:
            _draw(changes[-SHOWN:][::-1], entries, len(changes))
        if not ask(f"Add this rule? {_effect(len(changes))}"):
            raise Declined("Nothing was added; --yes adds it without asking.")
    made = book.add_rule(rule, place=place)
    if form.as_json:
        print_json(made)
        return
    say(f"Rule {made.id} was added: {made.category} where it {conditions(made)}.")


def _refuse_all(rule: Rule, entries: Sequence[Entry]) -> None:
    judge = Rules([rule])
    if len(entries) > 1 and all(judge.first(each) is not None for each in entries):
        raise InvalidInput(
            f"This rule fits all {len(entries):,} transactions of the book; give it another condition, or say --yes "
            "where you mean that."
        )


def _effect(count: int) -> str:
    return f"It changes the category of {count:,} transaction{'' if count == 1 else 's'}."


def preview_rule(rule: Rule, place: int | None, form: Form) -> None:
    """Show what a rule would change, newest first.

    Raises:
        InvalidInput: the rule cannot be used, or there is no such place.
    """
    book = book_for(form)
    found = _tried(book, rule, place)[::-1]

    def draw() -> None:
        _draw(found, {each.id: each for each in book.entries()}, len(found))
        say_wrapped(_effect(len(found)))

    form.show(found, LabelChange, draw)


def _tried(book: Book[Sync], rule: Rule, place: int | None) -> list[LabelChange]:
    return [*book.preview_rules(placed(book.rules(), rule, place))]


def _draw(changes: Sequence[LabelChange], entries: Mapping[str, Entry], count: int) -> None:
    if not changes:
        return
    rows = [
        (
            each.entry_id,
            entries[each.entry_id].date.isoformat(),
            entries[each.entry_id].description,
            str(entries[each.entry_id].amount),
            each.before.category,
            each.after.category,
        )
        for each in changes
    ]
    columns = ("id", "date", "description", "amount", "is", "would be")
    print_table("What it would change", columns, rows, right=("amount",))
    if count > len(rows):
        say_wrapped(f"{count - len(rows):,} older ones are not shown; `fin-infra rules preview` lists all.")


def remove_rule(id: str, form: Form) -> None:
    changes = book_for(form).remove_rule(id)
    if form.as_json:
        print_json({"changes": changes})
        return
    say(f"Rule {id} was removed.")


def move_rule(id: str, place: int, form: Form) -> None:
    changes = book_for(form).move_rule(id, place)
    if form.as_json:
        print_json({"changes": changes})
        return
    say(f"Rule {id} is number {place} now." if changes else f"Rule {id} was number {place} before.")
