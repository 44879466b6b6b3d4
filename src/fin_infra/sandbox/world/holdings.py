"""Work out what each brokerage account holds at an instant, from its movements up to then, and what it is worth.
Floor 8: units are the sum of the movements' units, and cash is the sum of their amounts per currency.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from fin_infra.sandbox.world.catalog import ANCHOR_DAY, LISTINGS
from fin_infra.sandbox.world.days import DAY, utc_midnight, weekday_number
from fin_infra.sandbox.world.portfolio import (
    CASH_EQUIVALENT,
    CHANGES,
    CONNECTIONS,
    INSTRUMENTS,
    OPENS_AT,
    Connection,
    Holder,
    Instrument,
    Step,
    changes_of,
)
from fin_infra.sandbox.world.prices import CENT, MATH, Crypto, Equities, Fx, Walk, stream

MICRO = Decimal("0.000001")
BOOKED_AFTER = timedelta(hours=16)  # a day's activities are there the next morning at 06:30 UTC
_TRADES = ("BUY", "SELL", "REI")
_PAYS_OUT, _CONTRIBUTES = time(12, tzinfo=UTC), time(6, tzinfo=UTC)


def uid(*parts: object) -> str:
    """Return the UUID that belongs to these words."""
    return str(UUID(int=stream("uid", *parts).getrandbits(128), version=4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One line of an account's history; `amount` is the signed effect on cash, fee included."""

    id: str
    at: datetime
    type: str
    instrument: Instrument | None
    units: Decimal
    price: Decimal | None
    amount: Decimal
    currency: str
    fee: Decimal


@dataclass(slots=True)
class Position:
    """Units held of one instrument (negative when short) and their average cost per share, None when unknown."""

    instrument: Instrument
    units: Decimal
    cost: Decimal | None


@dataclass(slots=True)
class Standing:
    """What an account looks like after its movements; `cash` is without the money market funds."""

    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    cash: dict[str, Decimal] = field(default_factory=dict[str, Decimal])
    movements: list[Movement] = field(default_factory=list[Movement])


class Market:
    """The prices of what is held, in the instrument's currency."""

    def __init__(self, seed: int, fx: Fx, equities: Equities, crypto: Crypto) -> None:
        self._fx, self._equities, self._crypto = fx, equities, crypto
        walking = [row for row in INSTRUMENTS.values() if row.price is not None]
        self._walks = {row.key: Walk(f"{seed}:held:{row.key}", row.price or CENT, row.step_bp) for row in walking}

    def price(self, row: Instrument, now: datetime) -> Decimal | None:
        """Return the newest price at `now`, None for what has no market."""
        if row.coin is not None:
            return self._crypto.usd(row.coin, now)
        session = self._equities.last_session(LISTINGS["SPY"], now)
        if row.listing is not None:
            return self._equities.close(LISTINGS[row.listing], session)
        if row.follows is not None:
            there = INSTRUMENTS[row.follows]
            rate = self._fx.cross(there.currency, row.currency, self._fx.published_day(now))
            return MATH.multiply(self.price(there, now) or CENT, rate).quantize(CENT)
        if row.underlying is not None:
            return self._option(row, now)
        if row.price is None:
            return None
        value = self._walks[row.key].at(weekday_number(session) - weekday_number(ANCHOR_DAY)).quantize(CENT)
        if row.split is not None and now < datetime.combine(row.split[0], OPENS_AT):
            value *= row.split[1]  # the walk is in the shares of today, one of before was worth several
        return value

    def _option(self, row: Instrument, now: datetime) -> Decimal:
        """Return a made-up premium per share: what exercise would give, and two percent of the strike per year left."""
        spot = self.price(INSTRUMENTS[row.underlying or ""], now) or CENT
        inside = spot - row.strike if row.right == "CALL" else row.strike - spot
        left = max((row.expires - now.date()).days, 0)
        return (max(inside, Decimal(0)) + row.strike * left / 365 / 50).quantize(CENT) + CENT

    def rate(self, base: str, quote: str, now: datetime) -> Decimal:
        """Return units of `quote` for one `base`."""
        return self._fx.cross(base, quote, self._fx.published_day(now))

    def dividend(self, row: Instrument, day: date) -> Decimal:
        """Return what goes ex on `day` per share, 0 on other days."""
        return self._equities.dividend(LISTINGS[row.listing], day) if row.listing else Decimal(0)


class HoldingWalk:
    """The history of one account."""

    def __init__(self, seed: int, connection: Connection, holder: Holder, market: Market) -> None:
        self.connection, self.holder, self._market, self._seed = connection, holder, market, seed
        self.id = uid(seed, "account", holder.slug)
        self.connection_id = uid(seed, "connection", connection.slug)
        self._last: tuple[datetime, Standing] | None = None

    def standing(self, now: datetime) -> Standing:
        """Return positions, cash and movements at `now`, oldest movement first."""
        if self._last is None or self._last[0] != now:
            found = Standing()
            for number, (at, step) in enumerate(self._schedule(now)):
                self._apply(found, step, at, number)
            self._last = (now, found)
        return self._last[1]

    def _schedule(self, now: datetime) -> list[tuple[datetime, Step]]:
        steps = [*self.holder.steps, *changes_of(self.holder.slug)]
        keys = {step.key for step in steps if step.key is not None}
        for key in sorted(keys):
            if (split := INSTRUMENTS[key].split) is not None:
                steps.append(Step(day=split[0], type="SPLIT", key=key, units=Decimal(split[1])))
        rows = [(datetime.combine(step.day, OPENS_AT), step) for step in steps]
        first = min(step.day for step in steps)
        rows += [(datetime.combine(step.day, _PAYS_OUT), step) for step in self._dividends(keys, first, now.date())]
        if self.holder.monthly:
            rows += [(datetime.combine(day, _CONTRIBUTES), self._contribution(day)) for day in _firsts(first, now)]
        return sorted((row for row in rows if row[0] <= now), key=lambda row: row[0])

    def _contribution(self, day: date) -> Step:
        return Step(day=day, type="CONTRIBUTION", cash=self.holder.monthly, currency=self.holder.currency)

    def _dividends(self, keys: set[str], first: date, last: date) -> Iterator[Step]:
        for month in _firsts(first, utc_midnight(last)):
            for day in (month + n * DAY for n in range(7, 14)):
                for key in sorted(keys):
                    if per_share := self._market.dividend(INSTRUMENTS[key], day):
                        yield Step(day=day, type="DIVIDEND", key=key, price=per_share)

    def _apply(self, found: Standing, step: Step, at: datetime, number: int) -> None:
        row = None if step.key is None else INSTRUMENTS[step.key]
        held = found.positions[row.key].units if row and row.key in found.positions else Decimal(0)
        units, price, amount = step.units, step.price, step.cash
        if step.type in _TRADES and row is not None:
            price = self._market.price(row, at) if price is None else price
            amount = -(units * (price or 0) * row.multiplier).quantize(CENT) - step.fee
        elif step.type == "DIVIDEND":
            if held <= 0:
                return
            units, amount = Decimal(0), (held * (price or 0)).quantize(CENT)
        elif step.type == "SPLIT":
            units, price = held * (step.units - 1), Decimal(0)
        found.cash[step.currency] = found.cash.get(step.currency, Decimal(0)) + amount
        found.movements.append(
            Movement(
                id=uid(self._seed, "movement", self.holder.slug, step.day, step.type, step.key, number),
                at=at, type=step.type, instrument=row, units=units, price=price, amount=amount,
                currency=step.currency, fee=step.fee,
            )
        )  # fmt: skip
        if row is not None and units:
            _hold(found, row, units, price, split=step.type == "SPLIT")
        if step.type == "DIVIDEND" and self.holder.reinvests and row is not None:
            self._reinvest(found, row, amount, at, number)

    def _reinvest(self, found: Standing, row: Instrument, amount: Decimal, at: datetime, number: int) -> None:
        price = self._market.price(row, at) or CENT
        step = Step(day=at.date(), type="REI", key=row.key, units=(amount / price).quantize(MICRO), price=price)
        if step.units:
            self._apply(found, step, at, number)

    def booked(self, now: datetime) -> list[Movement]:
        """Return the activities the aggregator has at `now`, newest first: it fetches a day's on the next morning."""
        rows = [row for row in self.standing(now).movements if row.at + BOOKED_AFTER <= now]
        return rows[::-1]

    def cash(self, now: datetime) -> dict[str, Decimal]:
        """Return cash per currency as the broker reports it: money market funds are counted in."""
        standing = self.standing(now)
        shown = dict(standing.cash)
        for position in standing.positions.values():
            if position.instrument.key in CASH_EQUIVALENT:
                currency = position.instrument.currency
                worth = position.units * (self._market.price(position.instrument, now) or 0)
                shown[currency] = shown.get(currency, Decimal(0)) + worth
        return shown

    def total(self, now: datetime) -> Decimal:
        """Return cash and priced positions in the account's currency, to the cent."""
        worth = self.cash(now)
        for position in self.standing(now).positions.values():
            row, price = position.instrument, self._market.price(position.instrument, now)
            if price is not None and row.key not in CASH_EQUIVALENT:
                worth[row.currency] = worth.get(row.currency, Decimal(0)) + position.units * price * row.multiplier
        home = self.holder.currency
        return sum((value * self._market.rate(code, home, now) for code, value in worth.items()), Decimal(0)).quantize(
            CENT
        )


def _firsts(first: date, now: datetime) -> Iterator[date]:
    day = first.replace(day=1)
    while day <= now.date():
        if day > first:
            yield day
        day = (day + timedelta(days=31)).replace(day=1)


def _hold(found: Standing, row: Instrument, units: Decimal, price: Decimal | None, *, split: bool) -> None:
    position = found.positions.get(row.key)
    if position is None:
        found.positions[row.key] = Position(row, units, price)
        return
    after = position.units + units
    if not after:
        del found.positions[row.key]
        return
    if split and position.cost is not None:
        position.cost = position.cost * position.units / after
    elif abs(after) > abs(position.units) and position.cost is not None and price is not None:
        position.cost = ((position.cost * position.units + price * units) / after).quantize(MICRO)
    position.units = after


class Portfolios:
    """Every brokerage account of the world."""

    def __init__(self, seed: int, fx: Fx, equities: Equities, crypto: Crypto) -> None:
        self.seed, self.market = seed, Market(seed, fx, equities, crypto)
        self.books = [HoldingWalk(seed, link, holder, self.market) for link in CONNECTIONS for holder in link.holders]

    def of_connection(self, slug: str) -> list[HoldingWalk]:
        """Return the accounts behind one connection."""
        return [book for book in self.books if book.connection.slug == slug]

    def timeline(self) -> list[dict[str, object]]:
        """Return what changes after the sandbox's first day, as plain data."""
        ids = {book.holder.slug: book.id for book in self.books}
        return [
            {
                "from": datetime.combine(change.day, OPENS_AT).isoformat(),
                "kind": change.kind,
                "key": change.key,
                "account": ids[change.account],
                "to_account": None if change.to_account is None else ids[change.to_account],
                "units": str(change.units),
            }
            for change in CHANGES
        ]
