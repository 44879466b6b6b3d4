"""What a broker may offer beside orders and positions: history, lists, market data.
Floor 3: each operation is refused with `FeatureDisabled` until an adapter has it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime
from inspect import getattr_static

from fin_infra.errors import FeatureDisabled
from fin_infra.flow import operation, paged
from fin_infra.model import (
    Adjustment,
    Asset,
    AssetClass,
    BidAsk,
    BrokerActivity,
    CandleSeries,
    InstrumentKey,
    Interval,
    Listing,
    MarketDay,
    PortfolioHistory,
    Trade,
    TradeUpdate,
    Watchlist,
)
from fin_infra.providers.provider import Provider, optional
from fin_infra.transport import Async, Flow, M, Pages


class BrokerageExtras(Provider[M]):
    """The part of `BrokerageProvider` that no order needs."""

    @operation
    @optional
    def calendar(self, *, start: date, end: date) -> Flow[Listing[MarketDay]]:
        """Return the trading days from `start` to before `end`, oldest first."""
        return (yield from self.not_offered("calendar"))

    @operation
    @optional
    def assets(self, *, asset_class: AssetClass = AssetClass.EQUITY) -> Flow[Listing[Asset]]:
        """Return what can be traded; thousands of rows."""
        return (yield from self.not_offered("assets"))

    @operation
    @optional
    def portfolio_history(
        self, *, period: str = "1M", timeframe: str = "1D", start: datetime | None = None, end: datetime | None = None
    ) -> Flow[PortfolioHistory]:
        """Return what the account was worth over time, in the broker's words for `period` and `timeframe`."""
        return (yield from self.not_offered("portfolio_history"))

    @paged
    @optional
    def activities(
        self, *, types: Sequence[str] = (), start: datetime | None = None, end: datetime | None = None
    ) -> Pages[BrokerActivity]:
        """Yield what happened in the account, newest first, each once; `types` are the broker's words, such as FILL."""
        yield from self.not_offered("activities")

    @operation
    @optional
    def watchlists(self) -> Flow[Listing[Watchlist]]:
        """Return the watchlists; their instruments may come only with `watchlist`."""
        return (yield from self.not_offered("watchlists"))

    @operation
    @optional
    def watchlist(self, watchlist_id: str) -> Flow[Watchlist]:
        """Return one watchlist with its instruments; raise NotFound."""
        return (yield from self.not_offered("watchlist"))

    @operation
    @optional
    def create_watchlist(self, name: str, keys: Sequence[InstrumentKey]) -> Flow[Watchlist]:
        """Make a watchlist. Never repeated by retry."""
        return (yield from self.not_offered("create_watchlist"))

    @operation
    @optional
    def update_watchlist(self, watchlist_id: str, *, name: str, keys: Sequence[InstrumentKey]) -> Flow[Watchlist]:
        """Give a watchlist this name and these instruments."""
        return (yield from self.not_offered("update_watchlist"))

    @operation
    @optional
    def delete_watchlist(self, watchlist_id: str) -> Flow[None]:
        """Delete a watchlist. Never repeated by retry."""
        yield from self.not_offered("delete_watchlist")

    @operation
    @optional
    def bid_ask(self, key: InstrumentKey) -> Flow[BidAsk]:
        """Return the best bid and offer; raise UnknownSymbol."""
        return (yield from self.not_offered("bid_ask"))

    @operation
    @optional
    def last_trade(self, key: InstrumentKey) -> Flow[Trade]:
        """Return the last trade; raise UnknownSymbol."""
        return (yield from self.not_offered("last_trade"))

    @operation
    @optional
    def candles(
        self,
        key: InstrumentKey,
        *,
        interval: Interval = Interval.DAY_1,
        adjustment: Adjustment = Adjustment.RAW,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Flow[CandleSeries]:
        """Return candles oldest first that open from `start` to before `end`; both aware."""
        return (yield from self.not_offered("candles"))

    def trade_updates(self: BrokerageExtras[Async], *, since: datetime | None = None) -> AsyncGenerator[TradeUpdate]:
        """Yield what happens to the account's orders as it happens: from now on, or from `since`.

        For async clients only. Leave it with `contextlib.aclosing`, which ends the subscription at once.

        Raises:
            FeatureDisabled: the broker does not stream; `streams()` says so before.
        """
        raise FeatureDisabled(f"{self.source} does not stream trade updates; ask for `orders` from time to time.")

    @classmethod
    def streams(cls) -> bool:
        """Return whether the broker has `trade_updates`."""
        return getattr_static(cls, "trade_updates") is not vars(BrokerageExtras)["trade_updates"]
