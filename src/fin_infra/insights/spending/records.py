"""How a transaction counts, and the figures that are made of what counts.
Floor 5: plain frozen records; a figure carries the ids of the transactions that it is made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from fin_infra.model.money import Money
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model


class CountsAs(StrEnum):
    SPENDING = "spending"
    """Money that left, and what came back of it."""
    INCOME = "income"
    TRANSFER = "transfer"
    """Money that only moved; neither spent nor earned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Model):
    """How a transaction counts, or a part of one that a person split."""

    entry_id: str
    account_id: str
    date: dt.date
    amount: Money
    """Positive is money in."""
    counts_as: CountsAs
    category: str
    """A detailed code, the person's own word, or UNCATEGORIZED; of a refund its purchase's."""
    merchant: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """As `clean` gives it; empty where the text names nobody."""
    reason: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """One sentence: the pair, the refund, the person's word or the label that decided."""
    confidence: Decimal
    other_id: str | None = None
    """The other side of a transfer, or the purchase of a refund."""


class By(StrEnum):
    """What spending is added up by."""

    CATEGORY = "category"
    PRIMARY = "primary"
    MERCHANT = "merchant"
    ACCOUNT = "account"
    ALL = "all"
    """All of a currency in one row."""


class Period(StrEnum):
    ALL = "all"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent(Model):
    """What was spent on one thing in one currency."""

    by: By
    period: Period
    name: str = field(repr=False, metadata=pii(Personal.FREE_TEXT))
    """A category, a cleaned merchant or the id of an account, by what was asked for; `all` where nothing was."""
    start: dt.date | None
    """The first day of the period; None where there is one for everything."""
    spent: Money
    """Positive; negative where more was refunded than spent."""
    count: int
    entry_ids: tuple[str, ...]
    """What it is made of, the oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending(Model):
    """Spending, the oldest period first, and the largest amount first in each."""

    rows: tuple[Spent, ...]
    totals: tuple[Spent, ...]
    """All rows of a currency, one for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlowMonth(Model):
    """What came in, was spent and moved in one month and one currency, or in all months of it."""

    month: dt.date | None
    """Its first day; None for a total."""
    income: Money
    spending: Money
    """Positive; negative where more was refunded than spent."""
    net: Money
    """`income` less `spending`."""
    transfers: Money
    """What transfers left over: zero where both sides are in the month, positive where more came in than went out.
    `net` and this add up to the change of the balances."""
    savings_rate: Decimal | None
    """`net` as a part of `income`, to four places; None without income."""
    entry_ids: tuple[str, ...]
    """What it is made of, transfers too, the oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlow(Model):
    """Months by currency, the oldest first; months without a transaction are there between the first and the last."""

    rows: tuple[CashFlowMonth, ...]
    totals: tuple[CashFlowMonth, ...]
    """All months of a currency, one for each."""
