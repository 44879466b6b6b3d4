"""Make prices: seeded walks for equities, euro reference rates and coins that agree where they overlap.
Floor 8: every walk is fixed at the anchor day and grown both ways on demand, so the clock never changes the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from fin_infra.sandbox.world.catalog import ANCHOR_DAY, COINS, CURRENCIES, FX_FIRST_DAY, LISTINGS, Coin, Listing
from fin_infra.sandbox.world.days import DAY, last_open, open_days, weekday_number

MATH = Context(prec=20, rounding=ROUND_HALF_EVEN)
CENT, PIP4 = Decimal("0.01"), Decimal("0.0001")
FRANKFURT = ZoneInfo("Europe/Berlin")
ECB_PUBLISHES = time(16, 0)
SESSION_PUBLISHED = time(20, 30)
STEPS_PER_DAY = 288
_ANCHOR_WEEKDAY, _ANCHOR_ORDINAL = weekday_number(ANCHOR_DAY), ANCHOR_DAY.toordinal()


def stream(*parts: object) -> Random:
    """Return the random stream that belongs to these words only, so that adding one thing shifts no other."""
    return Random(":".join(str(part) for part in parts))  # noqa: S311  # nosec B311: a made-up world, not a secret


class Walk:
    """A random walk over whole-numbered steps, `price` at step 0, grown forwards and backwards on demand."""

    def __init__(self, name: str, price: Decimal, step_bp: int, *, drift_bp: int = 0) -> None:
        self._low, self._high = drift_bp - step_bp, drift_bp + step_bp
        self._ahead, self._behind = [price], [price]
        self._rng_ahead, self._rng_behind = stream(name, "ahead"), stream(name, "behind")

    def at(self, step: int) -> Decimal:
        """Return the value at `step`, to 20 significant digits."""
        path, rng = (self._ahead, self._rng_ahead) if step >= 0 else (self._behind, self._rng_behind)
        while len(path) <= abs(step):
            move = Decimal(10_000 + rng.randint(self._low, self._high)) / 10_000
            path.append(MATH.multiply(path[-1], move) if step >= 0 else MATH.divide(path[-1], move))
        return path[abs(step)]


def _growing(name: str, price: Decimal, step_bp: int, divisor: int = 60) -> Walk:
    """Return a walk with enough drift that the distant past is cheaper than the present."""
    return Walk(name, price, step_bp, drift_bp=step_bp // divisor)


@dataclass(frozen=True, slots=True)
class Bar:
    """One candle; `start` is a day, or an aware instant for intraday."""

    start: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int


class Fx:
    """Euro reference rates on TARGET days, published at 16:00 Frankfurt time."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._walks = {row.code: Walk(f"{seed}:fx:{row.code}", row.rate, row.step_bp) for row in CURRENCIES.values()}

    def published_day(self, now: datetime) -> date:
        """Return the newest day whose rates were out at `now`."""
        local = now.astimezone(FRANKFURT)
        return last_open("TARGET", local.date() if local.time() >= ECB_PUBLISHES else local.date() - DAY)

    def codes(self, day: date) -> list[str]:
        """Return the currencies quoted on `day` in the central bank's order."""
        return [row.code for row in CURRENCIES.values() if row.until is None or day <= row.until]

    def reference(self, code: str, day: date) -> Decimal:
        """Return units of `code` per euro on `day` (a weekend takes Friday's), with the central bank's decimals."""
        if code == "EUR":
            return Decimal(1)
        value = self._walks[code].at(weekday_number(day) - _ANCHOR_WEEKDAY)
        return value.quantize(Decimal(1).scaleb(-CURRENCIES[code].places))

    def cross(self, base: str, quote: str, day: date) -> Decimal:
        """Return units of `quote` for one `base` through the euro, unrounded."""
        return MATH.divide(self.reference(quote, day), self.reference(base, day))

    def knows(self, code: str, day: date) -> bool:
        """Return whether `code` can be converted on `day`."""
        return code == "EUR" or (code in CURRENCIES and code in self.codes(day))

    def days(self, now: datetime, limit: int | None = None) -> list[date]:
        """Return the published days, newest first, at most `limit` calendar days back."""
        newest = self.published_day(now)
        first = FX_FIRST_DAY if limit is None else max(FX_FIRST_DAY, newest - timedelta(days=limit))
        return list(open_days("TARGET", first, newest))

    def bar(self, base: str, quote: str, day: date) -> Bar:
        """Return a day's candle of a pair; its close is the reference cross."""
        rng = stream(self._seed, "fxbar", base, quote, day)
        close = self.cross(base, quote, day)
        opened = self.cross(base, quote, last_open("TARGET", day - DAY))
        high = MATH.multiply(max(opened, close), Decimal(10_000 + rng.randint(2, 35)) / 10_000)
        low = MATH.multiply(min(opened, close), Decimal(10_000 - rng.randint(2, 35)) / 10_000)
        return Bar(day, opened, high, low, close, 0)


class Equities:
    """Listed prices in the unit of their listing (GBX is pence); a session is published at 20:30 local time."""

    def __init__(self, seed: int, fx: Fx) -> None:
        self._seed, self._fx = seed, fx
        self._walks = {
            row.symbol: _growing(f"{seed}:equity:{row.symbol}", row.price, row.step_bp) for row in LISTINGS.values()
        }
        self._bars: dict[tuple[str, date], Bar] = {}

    def last_session(self, row: Listing, now: datetime) -> date:
        """Return the newest finished session at `now`."""
        local = now.astimezone(ZoneInfo(row.venue.zone))
        done = local.date() if local.time() >= SESSION_PUBLISHED else local.date() - DAY
        return last_open(row.venue.calendar, done)

    def sessions(self, row: Listing, now: datetime) -> list[date]:
        """Return all finished sessions, newest first."""
        return list(open_days(row.venue.calendar, row.listed, self.last_session(row, now)))

    def _split_adjusted(self, row: Listing, day: date) -> Decimal:
        if row.follows == "BTI":  # one ADR is one London share: pence = dollars / (dollars per pound) * 100
            dollars = self._split_adjusted(LISTINGS["BTI"], day)
            return MATH.multiply(dollars, self._fx.cross("USD", "GBP", day)) * 100
        if row.follows == "BRK-A":  # 1 A converts into 1,500 B
            return MATH.divide(self._split_adjusted(LISTINGS["BRK-A"], day), Decimal(1500))
        return self._walks[row.symbol].at(weekday_number(day) - _ANCHOR_WEEKDAY)

    def close(self, row: Listing, day: date) -> Decimal:
        """Return the close as traded on `day`, before any later split."""
        price = self._split_adjusted(row, day)
        for when, ratio in row.splits:
            if day < when:
                price = MATH.multiply(price, ratio)
        return max(price.quantize(CENT), CENT)

    def bar(self, row: Listing, day: date) -> Bar:
        """Return the session's candle as traded."""
        found = self._bars.get((row.symbol, day))
        if found is None:
            found = self._bars[(row.symbol, day)] = self._make_bar(row, day)
        return found

    def _make_bar(self, row: Listing, day: date) -> Bar:
        rng = stream(self._seed, "bar", row.symbol, day)
        close = self.close(row, day)
        opened = max((close * (10_000 + rng.randint(-row.step_bp, row.step_bp)) / 10_000).quantize(CENT), CENT)
        spread = max(row.step_bp // 2, 4)
        high = (max(opened, close) * (10_000 + rng.randint(1, spread)) / 10_000).quantize(PIP4)
        low = (min(opened, close) * (10_000 - rng.randint(1, spread)) / 10_000).quantize(PIP4)
        volume = row.shares // 220 * rng.randint(60, 160) // 100 + rng.randint(0, 999)
        return Bar(day, opened, high, low, close, volume)

    def dividend(self, row: Listing, day: date) -> Decimal:
        """Return what goes ex on `day` per share, 0 on other days."""
        if not row.dividend or day.month % 3 != 2 or not 8 <= day.day <= 14:
            return Decimal(0)
        first = next(d for d in reversed(list(open_days(row.venue.calendar, day.replace(day=8), day.replace(day=14)))))
        return row.dividend if day == first else Decimal(0)

    def split(self, row: Listing, day: date) -> Decimal:
        """Return the split ratio that starts on `day`, 1 on other days."""
        return next((ratio for when, ratio in row.splits if when == day), Decimal(1))

    def factors(self, row: Listing, sessions: list[date]) -> dict[date, Decimal]:
        """Return what each session's close is multiplied by, from sessions newest first.

        The vendor's rule, read off a recording: before an ex-day multiply by close / (close + dividend) of that day,
        before a split divide by its ratio.
        """
        factor, found = Decimal(1), dict[date, Decimal]()
        for day in sessions:
            found[day] = factor
            if dividend := self.dividend(row, day):
                close = self.close(row, day)
                factor = MATH.multiply(factor, MATH.divide(close, close + dividend))
            factor = MATH.divide(factor, self.split(row, day))
        return found

    def intraday(self, row: Listing, day: date, minutes: int, *, extended: bool) -> list[Bar]:
        """Return the session's candles oldest first, stamped with their start in the venue's zone."""
        path, first = self.minute_path(row, day, extended=extended)
        opens = datetime.combine(day, time(first // 60, first % 60), ZoneInfo(row.venue.zone))
        bars: list[Bar] = []
        for at in range(0, len(path) - 1, minutes):
            points = path[at : at + minutes + 1]
            prices = [Decimal(p) / 10_000 for p in (points[0], max(points), min(points), points[-1])]
            volume = self.bar(row, day).volume * minutes // (len(path) - 1)
            bars.append(Bar(opens + timedelta(minutes=at), prices[0], prices[1], prices[2], prices[3], volume))
        return bars

    def minute_path(
        self, row: Listing, day: date, *, extended: bool, closes: int | None = None
    ) -> tuple[list[int], int]:
        """Return prices in 1/10,000 for each minute boundary and the minute of the day they start at.

        `closes` is the minute of the day the session ends, by default the venue's usual one.
        """
        bar, rng = self.bar(row, day), stream(self._seed, "minutes", row.symbol, day)
        opened, high, low, close = (int(p * 10_000) for p in (bar.open, bar.high, bar.low, bar.close))
        start, usual = (int(t[:2]) * 60 + int(t[3:]) for t in (row.venue.opens, row.venue.closes))
        end = closes or usual
        span, wobble = end - start, max((high - low) // 12, 1)
        path = [opened + (close - opened) * k // span + rng.randint(-wobble, wobble) for k in range(span + 1)]
        path = [min(max(p, low), high) for p in path]
        path[0], path[-1] = opened, close
        top, bottom = rng.sample(range(1, span), 2)
        path[top], path[bottom] = high, low
        if not extended or row.venue.calendar != "US":
            return path, start
        before = [opened + rng.randint(-wobble, wobble) for _ in range(start - 4 * 60)]
        after = [close + rng.randint(-wobble, wobble) for _ in range(20 * 60 - end)]
        return before + path + after, 4 * 60


class Crypto:
    """Coin prices in US dollars on a five-minute grid, all day, every day."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        priced = [(c, c.price) for c in COINS.values() if c.price is not None]
        self._walks = {c.id: _growing(f"{seed}:coin:{c.id}", p, c.step_bp, 30) for c, p in priced if c.peg is None}
        self.usd = lru_cache(maxsize=200_000)(self._usd)
        self._noise = lru_cache(maxsize=4_000)(self._make_noise)

    def _make_noise(self, coin_id: str, ordinal: int, step_bp: int) -> list[int]:
        """Return the day's deviations in basis points; midnight has none, so that daily series cost little."""
        rng, size = stream(self._seed, "noise", coin_id, ordinal), max(step_bp // 20, 1)
        return [rng.randint(-size, size) for _ in range(STEPS_PER_DAY)]

    def _usd(self, coin_id: str, at: datetime) -> Decimal | None:
        """Return the price at an instant (floored to five minutes), None before listing or without a market."""
        coin = COINS[coin_id]
        if coin.price is None or at.date() < coin.listed:
            return None
        ordinal, step = at.toordinal(), (at.hour * 60 + at.minute) // 5
        noise = Decimal(10_000 + (self._noise(coin_id, ordinal, coin.step_bp)[step] if step else 0)) / 10_000
        if coin.peg is not None:
            return self._pegged(coin, coin.price, at, noise)
        walk, day = self._walks[coin_id], ordinal - _ANCHOR_ORDINAL
        today, tomorrow = walk.at(day), walk.at(day + 1)
        between = today + (tomorrow - today) * step / STEPS_PER_DAY
        return MATH.multiply(between, noise).quantize(_grain(coin.price))

    def _pegged(self, coin: Coin, price: Decimal, at: datetime, noise: Decimal) -> Decimal | None:
        if coin.peg == "usd":
            return MATH.multiply(price, noise).quantize(Decimal("0.000001"))
        target = self.usd(coin.peg or "", at)
        anchor = COINS[coin.peg or ""].price
        if target is None or anchor is None:
            return None
        return MATH.multiply(MATH.multiply(target, price / anchor), noise).quantize(_grain(price))

    def volume(self, coin: Coin, day: date) -> Decimal:
        """Return the share of the market value that changes hands on `day`."""
        return Decimal(stream(self._seed, "volume", coin.id, day).randint(150, 900)) / 10_000


def _grain(price: Decimal) -> Decimal:
    """Return the step that leaves about ten significant digits at this size of price."""
    return Decimal(1).scaleb(price.adjusted() - 9)
