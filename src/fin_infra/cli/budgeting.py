"""`fin-infra budget`: a month as tables with totals, and the steps of a person, after which the month is shown.
Floor 8: the book decides what can be done; a table for each currency, since currencies do not add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fin_infra.book import Book
from fin_infra.cli.categorizing import book_for
from fin_infra.cli.insights import Form
from fin_infra.cli.output import print_json, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import InvalidInput
from fin_infra.insights.budgets import BudgetMonth, CurrencyMonth, EnvelopeMonth, LimitMonth, Overspending, month_from
from fin_infra.insights.budgets.plan import plain, spoken
from fin_infra.model import Money
from fin_infra.model.record import Model
from fin_infra.transport import Sync

Typed = tuple[str, str]
"""An amount and its currency, as they were typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine(Model):
    """One envelope, total or limit of a month, as a row of a spreadsheet."""

    month: str
    line: str
    """`envelope`, `ready_to_assign`, `total` or `limit`."""
    category: str
    carried: Money | None = None
    assigned: Money | None = None
    activity: Money | None = None
    available: Money | None = None
    needed: Money | None = None


def show(month: str | None, form: Form) -> None:
    _show(_book(form).budget(month), form)


def assign(category: str, amount: Typed, month: str | None, form: Form) -> None:
    _show(_book(form).assign(category, _money(amount), month=month), form)


def move(pair: tuple[str, str], amount: Typed, month: str | None, form: Form) -> None:
    _show(_book(form).move(*pair, _money(amount), month=month), form)


def limit(category: str, amount: Typed, month: str | None, form: Form) -> None:
    _show(_book(form).set_limit(category, _money(amount), month=month), form)


def target(category: str, amount: Typed, months: tuple[str | None, str], form: Form) -> None:
    first, last = months
    _show(_book(form).set_target(category, _money(amount), last, month=first), form)


def overspending(choice: str, category: str | None, month: str | None, form: Form) -> None:
    words = [each.value for each in Overspending]
    if choice not in words:
        raise InvalidInput(f"Overspending is one of {' and '.join(words)}, not {choice!r}.")
    _show(_book(form).set_overspending(Overspending(choice), category=category, month=month), form)


def close(month: str, form: Form) -> None:
    _show(_book(form).close_month(month), form)


def reopen(month: str, form: Form) -> None:
    _show(_book(form).reopen_month(month), form)


def undo(steps: int, form: Form) -> None:
    _show(_book(form).undo_budget(steps), form)


def _book(form: Form) -> Book[Sync]:
    return book_for(form)


def _money(amount: Typed) -> Money:
    return Money.of(amount[0], amount[1].upper())


def _show(found: BudgetMonth, form: Form) -> None:
    if form.as_json:
        print_json(found)
    else:
        form.show(_lines(found), BudgetLine, lambda: _draw(found))


def _draw(found: BudgetMonth) -> None:
    closed = ", closed" if found.closed else ""
    if not found.currencies and not found.limits:
        tell(f"Nothing happened in {spoken(month_from(found.month))}, and nothing was carried into it.")
        return
    for each in found.currencies:
        rows = [*map(_cells, each.envelopes), _total(each)]
        columns = ("envelope", "carried", "assigned", "activity", "available", "needed", "")
        right = ("carried", "assigned", "activity", "available", "needed")
        print_table(f"{spoken(found.month)}{closed}, {each.currency}", columns, rows, right=right, minor=("needed",))
        say_wrapped(_ready(each))
    if found.limits:
        print_table("Limits", ("category", "limit", "spent", "left", ""), map(_limit, found.limits), right=_RIGHT)


_RIGHT = ("limit", "spent", "left")


def _cells(each: EnvelopeMonth) -> Sequence[str]:
    needed = each.target.needed if each.target is not None else None
    words = [f"overspent by {plain(each.overspent)}"] if each.overspent is not None else []
    if each.target is not None:
        words.append(f"{plain(each.target.amount)} by {each.target.by}: {each.target.state.value.replace('_', ' ')}")
    amounts = (each.carried, each.assigned, each.activity, each.available)
    return (each.category, *map(plain, amounts), "" if needed is None else plain(needed), "; ".join(words))


def _total(each: CurrencyMonth) -> Sequence[str]:
    carried = each.available + -each.assigned + -each.activity
    return ("total", *map(plain, (carried, each.assigned, each.activity, each.available)), "", "")


def _ready(each: CurrencyMonth) -> str:
    words = [f"Ready to assign: {plain(each.ready_to_assign)}; with the envelopes {plain(each.money)} in the accounts."]
    if each.taken:
        words.append(f"Overspending of the months before took {plain(-each.taken)}.")
    if each.assigned_later:
        words.append(f"Later months have assigned {plain(each.assigned_later)}.")
    return " ".join(words)


def _limit(each: LimitMonth) -> Sequence[str]:
    return (each.category, *map(plain, (each.limit, each.spent, each.left)), "exceeded" if each.exceeded else "")


def _lines(found: BudgetMonth) -> list[BudgetLine]:
    rows: list[BudgetLine] = []
    for of in found.currencies:
        rows += [
            BudgetLine(
                month=found.month,
                line="envelope",
                category=each.category,
                carried=each.carried,
                assigned=each.assigned,
                activity=each.activity,
                available=each.available,
                needed=None if each.target is None else each.target.needed,
            )
            for each in of.envelopes
        ]
        rows.append(
            BudgetLine(
                month=found.month,
                line="total",
                category="",
                assigned=of.assigned,
                activity=of.activity,
                available=of.available,
            )
        )
        rows.append(BudgetLine(month=found.month, line="ready_to_assign", category="", available=of.ready_to_assign))
    rows += [
        BudgetLine(
            month=found.month,
            line="limit",
            category=each.category,
            assigned=each.limit,
            activity=-each.spent,
            available=each.left,
        )
        for each in found.limits
    ]
    return rows
