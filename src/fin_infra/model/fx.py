"""Exchange rates as published, and rates worked out from them.
Floor 0: a rate is units of `quote` for one unit of `base`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from fin_infra.errors import RateUnavailable
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
    date: dt.date
    via: str | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable(Record, Rows[FxRate]):
    """All rates a bank published for one day: units of each currency for one unit of `base`.

    `table["USD"]` is a rate, and `len` and iteration go over the currencies; `to_frame` has one row a currency.
    """

    ROWS: ClassVar[str] = "published"

    base: str
    date: dt.date
    rates: Mapping[str, Decimal]
    unread: tuple[str, ...] = ()
    """Currencies that are listed for this day without a rate that can be read."""

    @property
    def published(self) -> tuple[FxRate, ...]:
        """The rates one by one, in the order of the table."""
        return tuple(
            FxRate(base=self.base, quote=code, rate=rate, date=self.date, source=self.source, as_of=self.as_of)
            for code, rate in self.rates.items()
        )

    def __getitem__(self, currency: str) -> Decimal:
        """Return units of `currency` for one unit of `base`; raise RateUnavailable where the table has none."""
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
