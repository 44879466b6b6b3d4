"""What rows of balances and closing prices say over time, out of the texts in which a database hands them over.
Floor 6: pure; nothing is rounded, and what nobody knows is None."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal

from fin_infra.book import history
from fin_infra.book.columns import EXACT, of_e4
from fin_infra.book.timeline import Reading

_RATIO = Context(prec=34)
_DAY = 10
"""Letters of an ISO day."""


@dataclass(frozen=True, slots=True)
class Balances:
    """The balances of an account by day: `whole` ten-thousandths where all of them are that and in one currency."""

    days: list[str]
    currency: str
    whole: list[int] | None
    rows: list[Reading]

    @classmethod
    def of(cls, text: str, currency: str) -> Balances:
        """Read `day|amount` rows: ten-thousandths, `=` and a decimal, or `?` where the amount is not known."""
        rows = sorted(text.split(","))
        days = [row[:_DAY] for row in rows]
        amounts = [row[_DAY + 1 :] for row in rows]
        if "=" not in text and "?" not in text:
            return cls(days, currency, [*map(int, amounts)], [])
        return cls(
            days,
            currency,
            None,
            [Reading(day, day, _amount(amount), currency) for day, amount in zip(days, amounts, strict=True)],
        )

    @classmethod
    def of_columns(cls, days: str, amounts: str, currency: str) -> Balances:
        """Read days and their ten-thousandths, in any one order."""
        first, second = days.split(","), [*map(int, amounts.split(","))]
        ordered = sorted(first)
        if ordered != first:
            second = [amount for _, amount in sorted(zip(first, second, strict=True))]
        return cls(ordered, currency, second, [])

    def readings(self) -> list[Reading]:
        if self.whole is None:
            return self.rows
        pairs = zip(self.days, self.whole, strict=True)
        return [Reading(day, day, of_e4(whole), self.currency) for day, whole in pairs]

    def joined(self, other: Balances) -> Balances:
        """Return both together; of a day that both tell, the later one given counts."""
        one, two = self.whole, other.whole
        if one is not None and two is not None and self.currency == other.currency and self.days[-1] < other.days[0]:
            return Balances([*self.days, *other.days], self.currency, [*one, *two], [])
        by_day = {reading.since: reading for reading in (*self.readings(), *other.readings())}
        rows = [by_day[day] for day in sorted(by_day)]
        return Balances([row.since for row in rows], other.currency, None, rows)


def _amount(text: str) -> Decimal | None:
    if text == "?":
        return None
    return Decimal(text[1:]) if text[0] == "=" else of_e4(int(text))


@dataclass(frozen=True, slots=True)
class Market:
    """The closes of one instrument as they were traded, oldest first, and its splits."""

    closes: Sequence[tuple[str, Decimal, str]]
    """Day, price of one unit, and its currency."""
    splits: list[tuple[date, Decimal]]

    def readings(
        self, day: str, until: str | None, quantity: Decimal, value: Decimal | None, currency: str
    ) -> Iterator[Reading]:
        """Yield what so many units of a day are worth on it and after it, to before `until`.

        Args:
            value: what the broker says they are worth on that day, which comes before the market's word.
        """
        days = [each for each, _, _ in self.closes]
        place = bisect_right(days, day)
        if value is not None:
            yield Reading(day, day, value, currency)
        elif place:
            at, close, of = self.closes[place - 1]
            ratio = history.factor(self.splits, date.fromisoformat(at), date.fromisoformat(day))
            worth = EXACT.multiply(quantity, close)
            yield Reading(day, at, worth if ratio == 1 else _RATIO.divide(worth, ratio), of)
        else:
            yield Reading(day, day, None, self.closes[0][2] if self.closes else currency)
        for at, close, of in self.closes[place:]:
            if until is not None and at >= until:
                return
            units = quantity
            if self.splits:
                ratio = history.factor(self.splits, date.fromisoformat(day), date.fromisoformat(at))
                units = EXACT.multiply(quantity, ratio)
            yield Reading(at, at, EXACT.multiply(units, close), of)
