"""What every source of market data is asked: quotes, candles, symbols and company facts.
Floor 3: instruments by `InstrumentKey`, prices in their major unit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import date, datetime

from fin_infra.flow import operation
from fin_infra.model import (
    Adjustment,
    CandleSeries,
    FxRate,
    InstrumentKey,
    Interval,
    Listing,
    Overview,
    Quote,
    Quotes,
    SymbolMatch,
)
from fin_infra.providers.provider import Provider, optional
from fin_infra.transport import Flow, M


class MarketDataProvider(Provider[M]):
    @operation
    @abstractmethod
    def quote(self, key: InstrumentKey) -> Flow[Quote]:
        """Return the latest price; raise UnknownSymbol."""
        ...

    @operation
    @optional
    def quotes(self, keys: Sequence[InstrumentKey]) -> Flow[Quotes]:
        """Return the latest prices in the order of `keys`; `errors` names those without one.

        Raises:
            UnknownSymbol: there is a price of none of them.
        """
        return (yield from self.not_offered("quotes"))

    @operation
    @abstractmethod
    def candles(
        self,
        key: InstrumentKey,
        *,
        interval: Interval = Interval.DAY_1,
        adjustment: Adjustment = Adjustment.RAW,
        start: date | datetime | None = None,
        end: date | datetime | None = None,
        extended_hours: bool = False,
    ) -> Flow[CandleSeries]:
        """Return candles oldest first that open from `start` to before `end`.

        A date is the trading day at the venue, and so is midnight UTC where bars are a day or longer; other instants
        are aware. Bars outside the regular session come where `extended_hours` asks for them and the vendor has them.
        """
        ...

    @operation
    @optional
    def search(self, text: str) -> Flow[Listing[SymbolMatch]]:
        """Return instruments whose symbol or name resembles `text`, best match first."""
        return (yield from self.not_offered("search"))

    @operation
    @optional
    def overview(self, key: InstrumentKey) -> Flow[Overview]:
        """Return facts about the company; raise UnknownSymbol."""
        return (yield from self.not_offered("overview"))

    @operation
    @optional
    def fx_rate(self, base: str, quote: str) -> Flow[FxRate]:
        """Return units of `quote` for one `base` now."""
        return (yield from self.not_offered("fx_rate"))

    @operation
    @optional
    def fx_candles(
        self,
        base: str,
        quote: str,
        *,
        interval: Interval = Interval.DAY_1,
        start: date | datetime | None = None,
        end: date | datetime | None = None,
    ) -> Flow[CandleSeries]:
        """Return candles of a currency pair oldest first, in units of `quote` for one `base`; days are UTC days."""
        return (yield from self.not_offered("fx_candles"))
