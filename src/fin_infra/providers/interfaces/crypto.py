"""What every source of crypto data is asked: prices, assets, candles and charts.
Floor 3: assets by `CRYPTO:<id>`, priced in any currency."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime

from fin_infra.flow import operation
from fin_infra.model import CandleSeries, CryptoAsset, CryptoPrice, InstrumentKey, Listing, MarketChart
from fin_infra.providers.provider import Provider, optional
from fin_infra.transport import Flow, M


class CryptoDataProvider(Provider[M]):
    @operation
    @abstractmethod
    def price(self, key: InstrumentKey, currency: str = "USD") -> Flow[CryptoPrice]:
        """Return the spot price; raise UnknownSymbol."""
        ...

    @operation
    @optional
    def prices(self, keys: Sequence[InstrumentKey], currency: str = "USD") -> Flow[Listing[CryptoPrice]]:
        """Return spot prices in the order of `keys`; `errors` are `QuoteError`s that name the keys without one.

        Raises:
            UnknownSymbol: there is a price of none of them.
        """
        return (yield from self.not_offered("prices"))

    @operation
    @optional
    def asset(self, key: InstrumentKey) -> Flow[CryptoAsset]:
        """Return what the asset is; raise UnknownSymbol."""
        return (yield from self.not_offered("asset"))

    @operation
    @optional
    def lookup(self, ticker: str) -> Flow[InstrumentKey]:
        """Return the one asset with that ticker; raise AmbiguousSymbol with all candidates where there are several."""
        return (yield from self.not_offered("lookup"))

    @operation
    @abstractmethod
    def candles(self, key: InstrumentKey, *, currency: str = "USD", days: int = 30) -> Flow[CandleSeries]:
        """Return OHLC candles of the last `days` days, oldest first."""
        ...

    @operation
    @optional
    def market_chart(
        self, key: InstrumentKey, *, currency: str = "USD", start: datetime, end: datetime
    ) -> Flow[MarketChart]:
        """Return price, market value and volume over time; both ends aware. `errors` names rows that cannot be read."""
        return (yield from self.not_offered("market_chart"))

    @operation
    @optional
    def search(self, text: str) -> Flow[Listing[CryptoAsset]]:
        """Return assets whose name or ticker resembles `text`, in the vendor's order."""
        return (yield from self.not_offered("search"))
