"""Exchange rates as published, and rates worked out from them.
Floor 0: a rate is units of `quote` for one unit of `base`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fin_infra.model.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class FxRate(Record):
    """One rate: `base` 1 is `rate` units of `quote`.

    `via` names the publishing bank's base currency where the rate was worked out from two published ones; `bid` and
    `ask` are None where the vendor gives none.
    """

    base: str
    quote: str
    rate: Decimal
    date: date
    via: str | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTable(Record):
    """All rates a bank published for one day, in the direction in which it prints them: units of each currency for one
    unit of `base`, or, with `base_per_unit`, units of `base` for one unit of each currency."""

    base: str
    date: date
    rates: Mapping[str, Decimal]
    base_per_unit: bool = False
    """The Polish bank prints 3.6412 PLN for one USD: kept so, it is never inverted and rounded."""
    unread: tuple[str, ...] = ()
    """Currencies that are listed for this day without a rate that can be read."""
