"""Exchange rates as published, and rates worked out from them.
Floor 0: a rate is units of `quote` for one unit of `base`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from fin_infra.errors import RateUnavailable
from fin_infra.model.money import Money
from fin_infra.model.record import Record, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class FxRate(Record):
    """One rate: `base` 1 is `rate` units of `quote`.

    `via` names the publishing bank's base currency where the rate was worked out from two published ones; `bid` and
    `ask` are None where the vendor gives none.
    """

    base: str
    quote: str
    rate: Decimal
    """Units of `quote` for one `base`."""
    date: dt.date
    via: str | None = None
    bid: Decimal | None = None
    """As `rate`; what the market pays for one `base`."""
    ask: Decimal | None = None
    """As `rate`; what one `base` costs in the market."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion(Record):
    """Money in another currency, and the rate that was taken.

    `converted` is `amount` times `rate`, rounded half to even to the smallest unit of its currency.
    """

    amount: Money
    converted: Money
    rate: Decimal
    """Units of the currency of `converted` for one of `amount`."""
    date: dt.date
    """The day of the rate."""
    via: str | None = None
    """As `FxRate.via`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable(Record, Rows[FxRate]):
    """All rates a bank published for one day, in the direction in which it prints them: units of each currency for one
    unit of `base`, or, with `base_per_unit`, units of `base` for one unit of each currency.

    `table["USD"]` is a rate as printed, `len` and iteration go over the currencies, and `to_frame` has one row each.
    """

    ROWS: ClassVar[str] = "published"

    base: str
    date: dt.date
    rates: Mapping[str, Decimal]
    base_per_unit: bool = False
    """The Polish bank prints 3.6412 PLN for one USD: kept so, it is never inverted and rounded."""
    unread: tuple[str, ...] = ()
    """Currencies that are listed for this day without a rate that can be read."""

    @property
    def published(self) -> tuple[FxRate, ...]:
        """The rates one by one, in the order of the table."""

        def pair(code: str) -> tuple[str, str]:
            return (code, self.base) if self.base_per_unit else (self.base, code)

        return tuple(
            FxRate(base=base, quote=quote, rate=rate, date=self.date, source=self.source, as_of=self.as_of)
            for (base, quote), rate in ((pair(code), rate) for code, rate in self.rates.items())
        )

    def __getitem__(self, currency: str) -> Decimal:
        """Return the rate of a currency as printed; raise RateUnavailable where the table has none."""
        try:
            return self.rates[currency]
        except KeyError:
            raise RateUnavailable(f"{self.source} has no {currency} rate for {self.date}.") from None

    def __contains__(self, currency: object) -> bool:
        return currency in self.rates

    def __iter__(self) -> Iterator[str]:
        return iter(self.rates)

    def __len__(self) -> int:
        return len(self.rates)

    def __bool__(self) -> bool:
        """Say that there is an answer, even one without rates."""
        return True
