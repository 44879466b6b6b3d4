"""What a figure is made of: every transaction in it, what it adds, and the rule, label or pair that put it there.
Floor 5: the lines add up to the figure; what is asked about is a row that `spending` or `cash_flow` gave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.insights.spending.figures import between, row_of
from fin_infra.insights.spending.records import By, CashFlowMonth, Counted, CountsAs, Period, Spent
from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


class Figure(StrEnum):
    """A column of the cash flow."""

    INCOME = "income"
    SPENDING = "spending"
    NET = "net"
    TRANSFERS = "transfers"
    SAVINGS_RATE = "savings_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedLine(Model):
    """One transaction in a figure, or a part of one that was split."""

    entry_id: str
    date: dt.date
    amount: Money
    """What it adds to the figure, with the figure's sign: a purchase adds to spending, a refund takes off."""
    counts_as: CountsAs
    category: str
    confidence: Decimal
    sentence: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation(Model):
    """A figure, and the transactions that add up to it."""

    figure: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """What it is, in words."""
    amount: Money
    """The sum of the lines; of a savings rate the net that it is a part of the income."""
    sentence: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """How it is made."""
    lines: tuple[ExplainedLine, ...]
    """The oldest first."""


_COUNTED: Mapping[Figure, frozenset[CountsAs]] = {
    Figure.INCOME: frozenset({CountsAs.INCOME}),
    Figure.SPENDING: frozenset({CountsAs.SPENDING}),
    Figure.TRANSFERS: frozenset({CountsAs.TRANSFER}),
    Figure.NET: frozenset({CountsAs.INCOME, CountsAs.SPENDING}),
    Figure.SAVINGS_RATE: frozenset({CountsAs.INCOME, CountsAs.SPENDING}),
}


@checked
def explain_spending(row: Spent, counted: Iterable[Counted]) -> Explanation:
    """Return what a row or a total of `spending` is made of.

    Args:
        counted: what `spending` was asked with; nothing is taken that is not in the row.

    Raises:
        InvalidInput: the transactions do not add up to the row, so it is of other ones.
    """
    known, place = set(row.entry_ids), (row.start, row.spent.currency, row.name)
    mine = [
        each
        for each in between(counted, None, None)
        if each.entry_id in known and each.counts_as is CountsAs.SPENDING and row_of(each, row.by, row.period) == place
    ]
    said = "All spending" if row.by is By.ALL else f"Spending on {row.name or 'merchants without a name'}"
    return _explained(f"{said}{_since(row.start, row.period)}", row.spent, mine, spending=True)


@checked
def explain_cash_flow(row: CashFlowMonth, counted: Iterable[Counted], of: Figure = Figure.NET) -> Explanation:
    """Return what a column of a month of `cash_flow` is made of.

    Args:
        counted: what `cash_flow` was asked with; of other months nothing is taken.

    Raises:
        InvalidInput: the transactions do not add up to the month, so it is of other ones.
    """
    known, currency, ways = set(row.entry_ids), row.net.currency, _COUNTED[of]
    mine = [
        each
        for each in between(counted, None, None)
        if each.entry_id in known and each.amount.currency == currency and each.counts_as in ways
    ]
    amounts = {Figure.INCOME: row.income, Figure.SPENDING: row.spending, Figure.TRANSFERS: row.transfers}
    name = f"{of.value.replace('_', ' ').capitalize()}{_since(row.month, Period.MONTH)}"
    found = _explained(name, amounts.get(of, row.net), mine, spending=of is Figure.SPENDING)
    if of is not Figure.SAVINGS_RATE:
        return found
    rate = f"is {row.savings_rate}" if row.savings_rate is not None else "has no rate, because there is no income"
    sentence = f"{name}: net {row.net} of income {row.income} {rate}; the net is of {_many(len(mine))}."
    return Explanation(figure=name, amount=row.net, sentence=sentence, lines=found.lines)


def _since(start: dt.date | None, period: Period) -> str:
    if start is None:
        return ""
    match period:
        case Period.QUARTER:
            return f" in quarter {(start.month + 2) // 3} of {start.year}"
        case Period.YEAR:
            return f" in {start.year}"
        case _:
            return f" in {start.isoformat()[:7]}"


def _explained(name: str, amount: Money, mine: list[Counted], *, spending: bool) -> Explanation:
    lines = tuple(_line(each, -each.amount if spending else each.amount) for each in mine)
    if Money.total((line.amount for line in lines), amount.currency) != amount:
        raise InvalidInput(f"{name} is not made of these transactions; ask with those that gave the figure.")
    return Explanation(figure=name, amount=amount, sentence=f"{name}: {amount} from {_many(len(lines))}.", lines=lines)


def _many(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _line(each: Counted, amount: Money) -> ExplainedLine:
    who = each.merchant or "no name"
    way = {
        CountsAs.SPENDING: f"counts as spending on {each.category}",
        CountsAs.INCOME: f"counts as income, {each.category}",
        CountsAs.TRANSFER: "only moved",
    }[each.counts_as]
    if each.counts_as is CountsAs.SPENDING and each.amount > 0:
        way = f"reduces the spending on {each.category}"
    return ExplainedLine(
        entry_id=each.entry_id,
        date=each.date,
        amount=amount,
        counts_as=each.counts_as,
        category=each.category,
        confidence=each.confidence,
        sentence=f"{each.date.isoformat()}, {who}, {each.amount}: {way}. {each.reason}",
    )


__all__ = ["ExplainedLine", "Explanation", "Figure", "explain_cash_flow", "explain_spending"]
