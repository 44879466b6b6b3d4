"""Work out what CoinGecko says about a coin: price in any currency, market value, turnover, change, rank.
Floor 8: numbers come from the world as Decimal; None stands for the vendor's null.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from starlette.requests import Request

from fin_infra.sandbox.kernel.reply import number
from fin_infra.sandbox.world.catalog import COINS, CURRENCIES, Coin
from fin_infra.sandbox.world.days import utc_midnight
from fin_infra.sandbox.world.prices import MATH

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.coingecko.vendor import CoinGecko

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CRYPTO_QUOTES = {"btc": "bitcoin", "eth": "ethereum"}
SATS_PER_BTC = 100_000_000
RECORD_YEARS = 3


class Refused(Exception):
    """The vendor says no with this status and body."""

    def __init__(self, status: int, body: dict[str, object]) -> None:
        super().__init__(str(status))
        self.status, self.body = status, body


def symbol_of(coin: Coin) -> str:
    """Return the ticker as compared."""
    return coin.symbol.casefold()


def milliseconds(at: datetime) -> int:
    """Return an instant as whole milliseconds since 1970, without floating point."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def precision_of(text: str | None) -> str | None:
    """Return the precision parameter when the vendor takes it: absent, full or 0 to 18."""
    if text is None or text == "full" or (text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= 18):
        return text
    raise Refused(422, {"error": "invalid precision"})


class Market:
    """Prices of coins in quote currencies at the sandbox clock."""

    def __init__(self, vendor: CoinGecko) -> None:
        self._vendor = vendor

    def now(self) -> datetime:
        """Return the sandbox instant."""
        return self._vendor.clock.now

    def tick(self) -> datetime:
        """Return the instant of the newest price: the clock floored to five minutes."""
        now = self.now()
        return now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0)

    def quotes(self) -> list[str]:
        """Return the quote currencies in lower case."""
        fiat = [code.lower() for code, row in CURRENCIES.items() if row.until is None]
        return [*_CRYPTO_QUOTES, "sats", "eur", *fiat]

    def one(self, request: Request) -> Coin:
        """Return the coin of the path; 404 for an unknown or retired id."""
        coin = COINS.get(request.path_params["coin_id"])
        if coin is None or not coin.active:
            raise Refused(404, {"error": "coin not found"})
        return coin

    def price(self, coin: Coin, vs: str, at: datetime) -> Decimal | None:
        """Return the unrounded price of one coin in `vs` at an instant."""
        world = self._vendor.world
        dollars = world.crypto.usd(coin.id, at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0))
        if dollars is None or vs == "usd":
            return dollars
        if vs in _CRYPTO_QUOTES or vs == "sats":
            quote = world.crypto.usd(_CRYPTO_QUOTES.get(vs, "bitcoin"), at)
            factor = SATS_PER_BTC if vs == "sats" else 1
            return None if quote is None else MATH.divide(dollars * factor, quote)
        return MATH.multiply(dollars, world.fx.cross("USD", vs.upper(), world.fx.published_day(at)))

    @staticmethod
    def rounded(price: Decimal, precision: str | None) -> Decimal:
        """Return the price as shown: full, to so many decimals, or by the size of the number."""
        if precision == "full":
            return price
        if precision is not None:
            return price.quantize(Decimal(1).scaleb(-int(precision)))
        if price >= 50_000:
            return price.quantize(Decimal(1))
        if price >= 1:
            return price.quantize(Decimal("0.01") if price >= 1000 else Decimal("0.0001"))
        return price.quantize(Decimal(1).scaleb(price.adjusted() - 5)) if price else price

    def cap(self, coin: Coin, price: Decimal) -> Decimal | None:
        """Return the market value in the price's currency, None for a stale coin."""
        return None if coin.stale else MATH.multiply(price, Decimal(coin.supply)).quantize(Decimal(1))

    def turnover(self, coin: Coin, price: Decimal) -> Decimal:
        """Return the day's volume in the price's currency."""
        share = self._vendor.world.crypto.volume(coin, self.now().date())
        return MATH.multiply(price * coin.supply, share).quantize(Decimal(1))

    def change(self, coin: Coin, vs: str, hours: int) -> Decimal | None:
        """Return the change in percent over so many hours, None for a stale or too young coin."""
        if coin.stale:
            return None
        new, old = (self.price(coin, vs, at) for at in (self.now(), self.now() - timedelta(hours=hours)))
        if new is None or not old:
            return None
        return (MATH.divide(new, old) * 100 - 100).quantize(Decimal("0.00001"))

    def by_value(self) -> list[Coin]:
        """Return all coins, highest market value first, those without one last."""
        value: dict[str, Decimal] = {}
        for coin in COINS.values():
            price = coin.price or Decimal(0)  # the order is fixed at the anchor day, so that ranks do not flicker
            value[coin.id] = Decimal(-1) if coin.stale else price * coin.supply
        return sorted(COINS.values(), key=lambda coin: (-value[coin.id], coin.id))

    def rank(self, coin: Coin) -> int | None:
        """Return the place by market value, None for a coin without one."""
        if coin.stale or coin.price is None or not coin.active:
            return None
        return [c.id for c in self.by_value() if c.active].index(coin.id) + 1

    def extremes(self, coin: Coin, vs: str) -> tuple[tuple[date, Decimal], tuple[date, Decimal]] | None:
        """Return day and price of the highest and lowest midnight of the last three years, month by month."""
        today = self.now().date()
        days = [today - timedelta(days=30 * n) for n in range(12 * RECORD_YEARS)]
        known = [(day, price) for day in days if (price := self.price(coin, vs, utc_midnight(day))) is not None]
        if not known:
            return None
        return max(known, key=lambda pair: pair[1]), min(known, key=lambda pair: pair[1])

    def day_range(self, coin: Coin, vs: str) -> tuple[Decimal, Decimal] | None:
        """Return the highest and lowest price of the last 24 hours."""
        prices = [self.price(coin, vs, self.tick() - timedelta(minutes=15 * n)) for n in range(97)]
        known = [price for price in prices if price is not None]
        return (max(known), min(known)) if known else None

    def market_row(self, coin: Coin, vs: str, precision: str | None) -> dict[str, object]:
        """Return a coin as /coins/markets shows it; null for what a stale or unpriced coin lacks."""
        price = self.price(coin, vs, self.now())
        span = None if price is None or coin.stale else self.day_range(coin, vs)
        ends = None if price is None else self.extremes(coin, vs)
        day_ago = self.price(coin, vs, self.now() - timedelta(hours=24))
        moved = None if span is None or price is None or day_ago is None else price - day_ago
        cap = None if price is None else self.cap(coin, price)

        def show(value: Decimal | None) -> int | float | None:
            return None if value is None else number(self.rounded(value, precision))

        return {
            "id": coin.id,
            "symbol": coin.symbol,
            "name": coin.name,
            "image": f"https://assets.coingecko.com/coins/images/0/large/{coin.id}.png",
            "current_price": show(price),
            "market_cap": number(cap),
            "market_cap_rank": self.rank(coin),
            "fully_diluted_valuation": None if price is None or coin.stale else number(_diluted(coin, price)),
            "total_volume": None if price is None else number(self.turnover(coin, price)),
            "high_24h": show(span[0] if span else None),
            "low_24h": show(span[1] if span else None),
            "price_change_24h": None if moved is None else number(moved),
            "price_change_percentage_24h": number(self.change(coin, vs, 24)),
            "market_cap_change_24h": None if moved is None else number((moved * coin.supply).quantize(Decimal(1))),
            "market_cap_change_percentage_24h": number(self.change(coin, vs, 24)),
            "circulating_supply": coin.supply,
            "total_supply": coin.max_supply or coin.supply,
            "max_supply": coin.max_supply,
            "ath": show(ends[0][1] if ends else None),
            "ath_change_percentage": number(_percent(price, ends[0][1] if ends else None)),
            "ath_date": f"{ends[0][0].isoformat()}T00:00:00.000Z" if ends else None,
            "atl": show(ends[1][1] if ends else None),
            "atl_change_percentage": number(_percent(price, ends[1][1] if ends else None)),
            "atl_date": f"{ends[1][0].isoformat()}T00:00:00.000Z" if ends else None,
            "roi": None,
            "last_updated": f"{self.tick():%Y-%m-%dT%H:%M:%S}.000Z",
        }

    def market_data(self, coin: Coin) -> dict[str, object]:
        """Return a coin's numbers keyed by currency, as /coins/{id} shows them."""
        prices = {vs: p for vs in self.quotes() if (p := self.price(coin, vs, self.now())) is not None}
        caps = {vs: cap for vs, p in prices.items() if (cap := self.cap(coin, p)) is not None}
        span = None if coin.stale else self.day_range(coin, "usd")
        return {
            "current_price": {vs: number(self.rounded(p, None)) for vs, p in prices.items()},
            "market_cap": {vs: number(cap) for vs, cap in caps.items()},
            "market_cap_rank": self.rank(coin),
            "fully_diluted_valuation": {}
            if coin.stale
            else {vs: number(_diluted(coin, p)) for vs, p in prices.items()},
            "total_volume": {vs: number(self.turnover(coin, p)) for vs, p in prices.items()},
            "high_24h": {"usd": number(self.rounded(span[0], None))} if span else {},
            "low_24h": {"usd": number(self.rounded(span[1], None))} if span else {},
            "price_change_percentage_24h": number(self.change(coin, "usd", 24)),
            "price_change_percentage_7d": number(self.change(coin, "usd", 168)),
            "price_change_percentage_30d": number(self.change(coin, "usd", 720)),
            "total_supply": coin.max_supply or coin.supply,
            "max_supply": coin.max_supply,
            "circulating_supply": coin.supply,
            "last_updated": f"{self.tick():%Y-%m-%dT%H:%M:%S}.000Z",
        }


def _diluted(coin: Coin, price: Decimal) -> Decimal:
    return MATH.multiply(price, Decimal(coin.max_supply or coin.supply)).quantize(Decimal(1))


def _percent(price: Decimal | None, base: Decimal | None) -> Decimal | None:
    if price is None or not base:
        return None
    return (MATH.divide(price, base) * 100 - 100).quantize(Decimal("0.00001"))
