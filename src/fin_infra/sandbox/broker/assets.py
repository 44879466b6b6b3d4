"""List what the broker trades: the catalog's dollar listings under the broker's spelling, and its coins.
Floor 8: ids follow from the symbol alone, so that they are the same in every world.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from fin_infra.sandbox.world.catalog import COINS, LISTINGS, Coin, Listing
from fin_infra.sandbox.world.prices import stream

EXCHANGES = {"NYSE ARCA": "ARCA"}
COIN_SYMBOLS = {
    "BTC/USD": "bitcoin",
    "ETH/USD": "ethereum",
    "SOL/USD": "solana",
    "XRP/USD": "ripple",
    "DOGE/USD": "dogecoin",
    "LTC/USD": "litecoin",
    "BCH/USD": "bitcoin-cash",
    "LINK/USD": "chainlink",
    "UNI/USD": "uniswap",
    "USDT/USD": "tether",
    "USDC/USD": "usd-coin",
    "PEPE/USD": "pepe",
}
NOT_FRACTIONABLE = ("BRK.A", "TSCDY")
NOT_TRADABLE = ("TSCDY",)
MIN_CRYPTO_NOTIONAL = Decimal(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One tradable thing; exactly one of `listing` and `coin` is set."""

    symbol: str
    id: str
    name: str
    exchange: str
    tradable: bool = True
    fractionable: bool = True
    shortable: bool = True
    listing: Listing | None = None
    coin: Coin | None = None

    @property
    def is_crypto(self) -> bool:
        """Return whether this is a coin, which trades all day and cannot be shorted or lent against."""
        return self.coin is not None

    @property
    def kind(self) -> str:
        """Return the asset class."""
        return "crypto" if self.coin else "us_equity"

    @property
    def position_symbol(self) -> str:
        """Return the spelling in positions, where coins lose their slash."""
        return self.symbol.replace("/", "")


def random_uuid(*parts: object) -> str:
    """Return the version 4 UUID that belongs to these words only."""
    return str(UUID(int=stream(*parts).getrandbits(128), version=4))


def tradable_assets() -> dict[str, Asset]:
    """Return every asset by its symbol."""
    found: list[Asset] = []
    for row in LISTINGS.values():
        if row.currency == "USD":
            symbol = row.symbol.replace("-", ".")
            found.append(
                Asset(
                    symbol=symbol,
                    id=random_uuid("asset", symbol),
                    name=row.name,
                    exchange=EXCHANGES.get(row.exchange, row.exchange),
                    tradable=symbol not in NOT_TRADABLE,
                    fractionable=symbol not in NOT_FRACTIONABLE,
                    shortable=symbol not in NOT_TRADABLE,
                    listing=row,
                )
            )
    for symbol, coin_id in COIN_SYMBOLS.items():
        coin = COINS[coin_id]
        name = f"{coin.name} / US Dollar"
        found.append(
            Asset(
                symbol=symbol, id=random_uuid("asset", symbol), name=name, exchange="CRYPTO", shortable=False, coin=coin
            )
        )
    return {asset.symbol: asset for asset in found}
