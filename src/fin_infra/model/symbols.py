"""Instruments as a search over several sources finds them.
Floor 0: a source that did not answer is named beside the hits of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.networth import SourceError
from fin_infra.model.record import Model, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolHit(Model):
    """One instrument; `key` is None where the vendor's spelling maps to no venue we know."""

    key: InstrumentKey | None
    symbol: str
    """The vendor's own spelling."""
    name: str
    source: str
    currency: str | None = None
    region: str | None = None
    type: str | None = None
    """The vendor's own word; `crypto` for a coin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolHits(Rows[SymbolHit]):
    """Listed instruments first, then coins, each in its vendor's order.

    Iterating and `len` go over `hits`.
    """

    ROWS: ClassVar[str] = "hits"

    hits: tuple[SymbolHit, ...]
    errors: tuple[SourceError, ...] = ()
    """Sources that did not answer; what they know is missing."""

    def __iter__(self) -> Iterator[SymbolHit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def __bool__(self) -> bool:
        """Say that there is an answer, even one without hits."""
        return True
