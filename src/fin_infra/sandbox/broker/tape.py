"""Price every asset at every instant: last, bid, ask and volume as a pure function of seed, symbol and instant.
Floor 8: the one source behind fills, positions and market data; a price stands for a minute, a coin's for five.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from fin_infra.sandbox.broker import hours
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.world.catalog import LISTINGS, Listing
from fin_infra.sandbox.world.days import DAY, utc_midnight
from fin_infra.sandbox.world.prices import CENT, Bar
from fin_infra.sandbox.world.world import World

SPREAD = Decimal("0.0001")  # each side of an equity's last price, at least a cent
CRYPTO_SPREAD = Decimal("0.0005")


@dataclass(frozen=True, slots=True)
class Quote:
    """What the market shows at an instant; sizes are shares or coins."""

    at: datetime
    bid: Decimal
    ask: Decimal
    last: Decimal
    bid_size: int
    ask_size: int


class Tape:
    """The prices of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._minutes = lru_cache(maxsize=4096)(self._make_minutes)

    def quote(self, asset: Asset, at: datetime) -> Quote:
        """Return bid, ask and last at an instant; while the market is shut the last close stands."""
        last = self.last(asset, at)
        if asset.coin is not None:
            step = price_increment(last)
            half = max((last * CRYPTO_SPREAD).quantize(step), step)
        else:
            half = max((last * SPREAD).quantize(CENT), CENT)
        size = max(self.volume(asset, at) // 50, 1)
        return Quote(at, last - half, last + half, last, size, size + size // 4)

    def last(self, asset: Asset, at: datetime) -> Decimal:
        """Return the last price, in cents for equities; before a coin was listed its first one."""
        if asset.coin is not None:
            price = self._world.crypto.usd(asset.coin.id, max(at, utc_midnight(asset.coin.listed)))
            if price is None:
                raise LookupError(f"{asset.symbol} has no market.")
            return price.quantize(price_increment(price))
        row, day = _listing(asset), hours.local_day(at)
        today = hours.session(day)
        if today is None or not today.starts <= at < today.ends:
            finished = today if today is not None and at >= today.ends else hours.session_before(day)
            return self.close(asset, finished.day)
        cents = self._minutes(row.symbol, day)[(at - today.starts) // hours.MINUTE]
        return Decimal(cents) / 100

    def bar(self, asset: Asset, day: date) -> Bar:
        """Return the candle of an equity's session, its open and close being the auction prices."""
        return self._world.equities.bar(_listing(asset), day)

    def close(self, asset: Asset, day: date) -> Decimal:
        """Return the price of the closing auction of a session."""
        return self._world.equities.close(_listing(asset), day)

    def previous_close(self, asset: Asset, at: datetime) -> Decimal:
        """Return the close of the newest session before an instant's New York day; for a coin the price a day ago."""
        if asset.coin is not None:
            return self.last(asset, at - DAY)
        return self.close(asset, last_closed(at).day)

    def volume(self, asset: Asset, at: datetime) -> int:
        """Return how many shares change hands in the minute of an instant; a coin's market has no bottom."""
        if asset.coin is not None:
            return 1_000_000
        day = hours.local_day(at)
        found = hours.session(day) or hours.session_before(day)
        return max(self.bar(asset, found.day).volume // 390, 1)

    def _make_minutes(self, symbol: str, day: date) -> list[int]:
        """Return the price in cents at each minute from 4:00 to the end of the day's after hours."""
        row = LISTINGS[symbol]
        path, _ = self._world.equities.minute_path(
            row, day, extended=True, closes=13 * 60 if hours.is_early_close(day) else None
        )
        return [max((price + 50) // 100, 1) for price in path]


def last_closed(at: datetime) -> hours.Session:
    """Return the newest session that was over before the New York day of an instant."""
    return hours.session_before(hours.local_day(at))


def price_increment(price: Decimal) -> Decimal:
    """Return the step in which a coin of this price trades: seven significant digits."""
    return Decimal(1).scaleb(price.adjusted() - 6)


def _listing(asset: Asset) -> Listing:
    if asset.listing is None:
        raise LookupError(f"{asset.symbol} is a coin and has no sessions.")
    return asset.listing
