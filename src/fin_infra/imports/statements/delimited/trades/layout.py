"""How one broker or exchange lays out its CSV file.
Floor 4: `rows` says what any CSV layout says: names, days, currency, account; the rest is about what was traded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fin_infra.imports.statements.delimited.layout import Layout

Kind = Literal["broker", "coinbase", "kraken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLayout:
    rows: Layout
    kind: Kind = "broker"
    type_text: str
    ticker: str
    units: str
    unit_price: str | None = None
    name: str | None = None
    settled: str | None = None
    fees: tuple[str, ...] = ()
    memo: str | None = None
    id: str | None = None
    unsigned_units: bool = False
    """True where a sale prints its units without a minus: then money in means that units went out."""
    holdings: tuple[str, ...] = ()
    """The column names of a list of holdings that stands above the transactions."""
