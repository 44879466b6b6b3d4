"""Crypto assets and their prices.
Floor 0: an asset is named by its CoinGecko id (`CRYPTO:bitcoin`), because tickers clash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.record import Model, Record, RowError, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class CryptoPrice(Record):
    """Spot price of one asset in one currency. `currency` is upper case: ISO 4217, or a ticker such as BTC."""

    key: InstrumentKey
    price: Decimal
    currency: str
    market_cap: Decimal | None = None
    volume_24h: Decimal | None = None
    change_24h_percent: Decimal | None = None
    """None where the price is stale or the market illiquid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CryptoAsset(Record):
    """What an asset is. `platforms` maps a chain to the contract address there."""

    key: InstrumentKey
    ticker: str
    name: str
    rank: int | None = None
    platforms: Mapping[str, str] | None = None
    circulating_supply: Decimal | None = None
    total_supply: Decimal | None = None
    max_supply: Decimal | None = None
    """None where the supply has no limit or the vendor does not know."""
    categories: tuple[str, ...] = ()
    homepage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPoint(Model):
    at: datetime
    price: Decimal
    market_cap: Decimal | None = None
    volume: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChart(Record, Series[ChartPoint]):
    """Prices over time, oldest first; iterating, `len` and indexing go over `points`.

    The last point may be the moment of the call and not a grid point.
    """

    ROWS: ClassVar[str] = "points"
    BESIDE: ClassVar[tuple[str, ...]] = ("key", "currency")

    key: InstrumentKey
    currency: str
    points: tuple[ChartPoint, ...]
    errors: tuple[RowError, ...] = ()
    """Rows that could not be read, by series and place; a point that lacks its value of one has None there."""
