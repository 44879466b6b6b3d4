"""What surrounds an order when it is checked: limits, account, market, instrument, quote and position.
Floor 2: values alone; `gather` fetches them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fin_infra.model import Asset, BidAsk, BrokerAccount, MarketClock, Position
from fin_infra.trading.limits import TradingLimits
from fin_infra.trading.matrix import VenueRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the rules look at. `queue` allows an order to wait for the market to open."""

    limits: TradingLimits
    rules: VenueRules
    account: BrokerAccount
    clock: MarketClock
    asset: Asset | None
    """None where the broker does not know the instrument."""
    quote: BidAsk | None
    position: Position | None
    queue: bool = False
    calendar: str = "XNYS"

    @property
    def now(self) -> datetime:
        return self.clock.as_of
