"""`fin-infra categorize`: transactions with their categories, why each has its own, and what a person says of one.
Floor 8: the book decides; what would change besides is said before it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from fin_infra.book import Book, open_book
from fin_infra.book.backup import require
from fin_infra.book.columns import exact_sum
from fin_infra.book.engine import Database, default_url
from fin_infra.cli.insights import Form
from fin_infra.cli.output import print_json, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import InvalidInput, NotRemembered
from fin_infra.insights import Entry, LabeledEntry
from fin_infra.insights.categories import UNCATEGORIZED, categories, category
from fin_infra.model import Money
from fin_infra.transport import Sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which transactions are listed."""

    account: int | None
    start: date | None
    end: date | None
    uncategorized: bool
    limit: int


def book_for(form: Form) -> Book[Sync]:
    """Return the book that a command is about.

    Raises:
        BookUnavailable: there is none yet.
    """
    require(Database(default_url()))
    return open_book(user=form.user, tenant=form.tenant)


def list_labels(span: Span, form: Form) -> None:
    """Print transactions newest first, each with its category, and what they come to by currency."""
    every = book_for(form).labels(account_id=span.account, start=span.start, end=span.end)
    unknown = [each for each in every if each.label.category == UNCATEGORIZED]
    wanted = (unknown if span.uncategorized else every)[::-1]
    shown = wanted[: span.limit]

    def draw() -> None:
        if not shown:
            tell("There are no such transactions." if every else "The book has no transactions here.")
            return
        _draw(shown)
        _draw_totals(each.entry for each in shown)
        if len(wanted) > len(shown):
            say_wrapped(f"{len(wanted) - len(shown):,} older ones are not shown; --limit says how many are.")
        say_wrapped(f"Of {len(every):,} transactions {len(unknown):,} are uncategorized.")

    form.show(shown, LabeledEntry, draw)


def _draw(rows: Sequence[LabeledEntry]) -> None:
    cells = [
        (
            each.entry.id,
            each.entry.date.isoformat(),
            each.entry.description,
            str(each.entry.amount),
            each.label.category,
            each.label.judge.value,
            str(each.label.confidence),
            each.entry.account_id,
        )
        for each in rows
    ]
    columns = ("id", "date", "description", "amount", "category", "by", "confidence", "account")
    right = ("amount", "confidence")
    print_table("Categories", columns, cells, right=right, minor=("account", "confidence", "by"))


def _draw_totals(entries: Iterable[Entry]) -> None:
    """Print what came in, went out and is left, a row for each currency: they never add up to one."""
    amounts: dict[str, list[Money]] = {}
    for each in entries:
        amounts.setdefault(each.amount.currency, []).append(each.amount)
    rows = [
        (
            str(len(found)),
            str(_total(found, currency, lambda amount: amount > 0)),
            str(_total(found, currency, lambda amount: amount < 0)),
            str(_total(found, currency, lambda amount: True)),
        )
        for currency, found in sorted(amounts.items())
    ]
    columns = ("transactions", "in", "out", "together")
    print_table("Totals", columns, rows, right=columns)


def _total(amounts: Iterable[Money], currency: str, wanted: Callable[[Decimal], bool]) -> Money:
    return Money(exact_sum(each.amount for each in amounts if wanted(each.amount)), currency)


def explain_label(id: int, form: Form) -> None:
    """Print why a transaction has its category; of one that is split, why each part has its own.

    Raises:
        NotRemembered: it is not in the book, or does not count.
    """
    found = _found(book_for(form), id)

    def draw() -> None:
        for each in found:
            label = each.label
            say_wrapped(f"{each.entry.id}: {each.entry.date}, {each.entry.amount}, {each.entry.description}")
            say_wrapped(f"{label.category}: {_meaning(label.category)}")
            say_wrapped(f"By {label.judge.value}, confidence {label.confidence}: {label.reason}")

    form.show(found, LabeledEntry, draw)


def _found(book: Book[Sync], id: int) -> list[LabeledEntry]:
    day = book.transaction(id).date
    rows = book.labels(start=day, end=day + timedelta(days=1))
    found = [each for each in rows if each.entry.id.partition("/")[0] == str(id)]
    if not found:
        raise NotRemembered(f"Transaction {id} does not count: it is hidden or deleted, or its bank took it back.")
    return found


def _meaning(code: str) -> str:
    if code == UNCATEGORIZED:
        return "nobody knows well enough."
    meanings = {each.code: each.meaning for each in categories()}
    return f"{meanings[code]}." if code in meanings else "a word of your own."


def say_category(id: int, word: str | None, form: Form, *, past: bool, own: bool) -> None:
    """Write what a person says of a transaction, for earlier ones of its merchant too where they say so.

    Raises:
        NotRemembered: it is not in the book.
        InvalidInput: there is no such category.
    """
    book = book_for(form)
    if word is None or own:
        if past:
            raise InvalidInput("--past goes with a code: a word of your own, and taking one back, are for one alone.")
        changes = book.categorize([id], word)
        told = f"Transaction {id} is '{word}' now." if word else f"What you said of transaction {id} is taken back."
        _say(form, changes, 0, told)
        return
    code = category(word.upper()).code
    earlier = len(book.past_changes(id, code))
    changes = book.categorize([id], code, past=past)
    told = f"Transaction {id} is {code} now, and so are later ones of the same merchant."
    if earlier:
        told += (
            f" {earlier:,} others changed with it." if past else f" {earlier:,} earlier ones stay; --past changes them."
        )
    _say(form, changes, earlier, told)


def _say(form: Form, changes: int, earlier: int, told: str) -> None:
    if form.as_json:
        print_json({"changes": changes, "past_changes": earlier})
        return
    say_wrapped(told if changes else f"{told} It was so before; nothing was changed.")
