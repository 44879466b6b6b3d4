"""Households whose streams are known: years of transactions up to a day, and what the same streams bring after it.

Knows nothing of the search: dates are made forward from calendar rules, with weekends, holidays, skipped months and
drifting days, among shopping that has no rule.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from fin_infra.insights import Entry, Frequency
from fin_infra.model import Money

TODAY = dt.date(2026, 11, 28)
BEGIN = dt.date(2023, 10, 1)
END = dt.date(2027, 11, 28)
DAY = dt.timedelta(days=1)

Dates = Iterator[dt.date]
Amount = Callable[[int, dt.date], Decimal]
"""The amount of the so manieth one, on a date."""


@dataclass
class Truth:
    """A stream as it was made."""

    name: str
    frequency: Frequency
    ids: list[str] = field(default_factory=list)
    future: list[tuple[dt.date, Decimal]] = field(default_factory=list)
    """After today; empty where it has ended."""
    fixed: bool = True
    """Whether its amounts and dates are exact, so that a forecast can be."""
    ended: bool = False


@dataclass
class Household:
    entries: list[Entry] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)


def holidays(year: int) -> set[dt.date]:
    """Return days on which banks of the United States are closed, of those that matter here."""
    mondays = [day for month in (5, 9) for day in _weekdays(year, month, 0)]
    memorial = max(day for day in mondays if day.month == 5)
    labor = min(day for day in mondays if day.month == 9)
    return {
        dt.date(year, 1, 1), memorial, dt.date(year, 7, 4), labor, _weekdays(year, 11, 3)[3], dt.date(year, 12, 25)
    }  # fmt: skip


def _weekdays(year: int, month: int, weekday: int) -> list[dt.date]:
    days = calendar.monthrange(year, month)[1]
    return [day for n in range(1, days + 1) if (day := dt.date(year, month, n)).weekday() == weekday]


def open_day(day: dt.date, step: int) -> dt.date:
    """Return the day, or the next one in the direction of `step` on which banks are open; 0 keeps it."""
    while step and (day.weekday() > 4 or day in holidays(day.year)):
        day += step * DAY
    return day


def by_month(days: tuple[int, ...], *, every: int = 1, first: int = 1, step: int = 0) -> Dates:
    """Yield these days of every so manieth month, cut to its length, on open days."""
    for number in range(BEGIN.year * 12 + first - 1, END.year * 12 + 12, every):
        year, month = number // 12, number % 12 + 1
        for day in days:
            last = calendar.monthrange(year, month)[1]
            yield open_day(dt.date(year, month, min(day, last)), step)


def by_days(every: int, weekday: int, *, step: int = 0) -> Dates:
    """Yield a weekday every so many days, on open days."""
    day = BEGIN + ((weekday - BEGIN.weekday()) % 7) * DAY
    while day <= END:
        yield open_day(day, step)
        day += every * DAY


def same(amount: str) -> Amount:
    return lambda _, __: Decimal(amount)


def rising(amount: str, percent: int, month: int) -> Amount:
    """Return an amount that rises once a year, in a month."""

    def of(_: int, day: dt.date) -> Decimal:
        years = day.year - BEGIN.year - (day.month < month) + 1
        return (Decimal(amount) * (1 + Decimal(percent) / 100) ** years).quantize(Decimal("0.01"))

    return of


class Maker:
    """Makes one household from a seed."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.made = Household()
        self._count = 0

    def row(self, day: dt.date, amount: Decimal, text: str, account: str = "checking") -> str:
        self._count += 1
        name = f"{self.chance.randrange(10**9):09d}-{self._count}"
        self.made.entries.append(
            Entry(id=name, account_id=account, date=day, amount=Money(amount, "USD"), description=text)
        )
        return name

    def stream(self, truth: Truth, dates: Dates, amount: Amount, text: str, **how: object) -> None:
        """Put a stream in; `since`, `till`, `skip` (share of dates left out), `jitter` (days), `account` say how."""
        since, till = how.get("since", BEGIN), how.get("till", END)
        assert isinstance(since, dt.date)
        assert isinstance(till, dt.date)
        skip, jitter = float(str(how.get("skip", 0))), int(str(how.get("jitter", 0)))
        skipped = False
        truth.ended = till < TODAY
        truth.fixed = truth.fixed and not skip and not jitter
        for number, nominal in enumerate(dates):
            day = nominal + self.chance.randint(-jitter, jitter) * DAY
            skipped = not skipped and self.chance.random() < skip
            if not since <= nominal <= till or day > END or skipped:
                continue
            if day <= TODAY:
                truth.ids.append(self.row(day, amount(number, day), text, str(how.get("account", "checking"))))
            else:
                truth.future.append((day, amount(number, day)))
        self.made.truths.append(truth)

    def shopping(self, text: str, per_month: float, low: int, high: int, *, prices: tuple[str, ...] = ()) -> None:
        """Put purchases in on days without a rule, of any amount in cents or of some prices."""
        day = BEGIN
        while day <= TODAY:
            if self.chance.random() < per_month / 30.4:
                cents = Decimal(self.chance.randint(low, high)) / 100
                self.row(day, -(Decimal(self.chance.choice(prices)) if prices else cents), text, "card")
            day += DAY

    def some_day(self, low: int, high: int) -> dt.date:
        """Return a day so many days after the beginning."""
        return BEGIN + self.chance.randint(low, high) * DAY


def household(seed: int) -> Household:
    """Return a household with every kind of stream that the detector is asked for."""
    maker = Maker(seed)
    for part in (_salary, _home, _subscriptions, _twins, _seldom, _utilities, _weeks, _shopping):
        part(maker)
    maker.chance.shuffle(maker.made.entries)
    return maker.made


def _salary(maker: Maker) -> None:
    chance, pay = maker.chance, rising(f"{maker.chance.randint(1500, 4000)}.37", 3, maker.chance.randint(1, 12))
    kind = chance.choice(["semi", "first", "biweekly", "monthly"])
    dates, frequency = {
        "semi": (by_month((15, 31), step=-1), Frequency.SEMI_MONTHLY),
        "first": (by_month((1, 15), step=-1), Frequency.SEMI_MONTHLY),
        "biweekly": (by_days(14, 4, step=-1), Frequency.BIWEEKLY),
        "monthly": (by_month((31,), step=-1), Frequency.MONTHLY),
    }[kind]
    maker.stream(Truth("salary", frequency), dates, pay, "ACME CORP DES:PAYROLL ID:00123 INDN:A LOVELACE")
    if chance.random() < 0.5:
        wages = by_days(14, 3, step=-1)
        hours: Amount = lambda _, __: Decimal(chance.randint(90_000, 160_000)) / 100  # noqa: E731  # drawn each time
        maker.stream(Truth("wages", Frequency.BIWEEKLY, fixed=False), wages, hours, "HARBOR CAFE PAYROLL")


def _home(maker: Maker) -> None:
    chance = maker.chance
    amount = rising(f"-{chance.randint(900, 2800)}.00", chance.choice([0, 4]), chance.randint(1, 12))
    dates = by_month((chance.choice([1, 1, 1, 5]),), step=chance.choice([1, -1]))
    maker.stream(Truth("rent", Frequency.MONTHLY), dates, amount, "GREENFIELD PROPERTIES RENT")


def _subscriptions(maker: Maker) -> None:
    chance = maker.chance
    gym = maker.some_day(250, 900)
    maker.stream(
        Truth("gym", Frequency.MONTHLY), by_month((chance.randint(1, 28),)), same("-39.00"), "PLANET FITNESS CLUB FEES",
        till=gym, skip=0.06,
    )  # fmt: skip
    for day, text in ((29, "ADOBE CREATIVE CLOUD"), (30, "SPOTIFY USA"), (31, "THE NEW YORK TIMES")):
        cents = chance.choice(["9.99", "12.49", "24.99"])
        since = maker.some_day(0, 900)
        maker.stream(Truth(text, Frequency.MONTHLY), by_month((day,)), same(f"-{cents}"), text, since=since)
    rise = chance.randint(2, 12)
    maker.stream(
        Truth("video", Frequency.MONTHLY), by_month((chance.randint(2, 27),)), rising("-9.99", 15, rise),
        "HULU 877-8244858", jitter=0,
    )  # fmt: skip
    prime = by_month((chance.randint(1, 28),))
    maker.stream(Truth("prime", Frequency.MONTHLY), prime, same("-14.99"), "AMAZON.COM", account="card")
    drifting = by_month((chance.randint(5, 24),))
    maker.stream(Truth("garden", Frequency.MONTHLY), drifting, same("-65.00"), "GREEN THUMB LAWN CARE", jitter=3)


def _twins(maker: Maker) -> None:
    chance = maker.chance
    first, second = chance.sample(range(1, 29), 2)
    for day in (first, second):
        since = maker.some_day(0, 300)
        dates = by_month((day,))
        maker.stream(Truth(f"netflix {day}", Frequency.MONTHLY), dates, same("-15.49"), "NETFLIX.COM", since=since)
    policies = (("car", "-118.40", chance.randint(1, 28)), ("home", "-64.15", chance.randint(1, 28)))
    for name, amount, day in policies:
        maker.stream(Truth(name, Frequency.MONTHLY), by_month((day,), step=1), same(amount), "GEICO AUTO PAY")


def _seldom(maker: Maker) -> None:
    chance = maker.chance
    every = {
        "life": (3, "-212.00", Frequency.QUARTERLY, "MUTUAL LIFE INSURANCE PREMIUM"),
        "water": (6, "-148.00", Frequency.HALF_YEARLY, "CITY SEWER DISTRICT"),
    }
    for name, (months, amount, frequency, text) in every.items():
        dates = by_month((chance.randint(1, 31),), every=months, first=chance.randint(1, 6), step=1)
        maker.stream(Truth(name, frequency), dates, same(amount), text)
    tax = by_month((chance.choice([15, 30]),), every=12, first=chance.randint(1, 12), step=1)
    maker.stream(Truth("tax", Frequency.ANNUALLY, fixed=False), tax, rising("-2140.00", 4, 1), "COUNTY PROPERTY TAX")
    domain = by_month((chance.randint(1, 28),), every=12, first=chance.randint(1, 12))
    maker.stream(Truth("domain", Frequency.ANNUALLY), domain, same("-18.17"), "NAMECHEAP DOMAIN")


def _utilities(maker: Maker) -> None:
    chance = maker.chance

    def power(_: int, day: dt.date) -> Decimal:
        season = 60 if day.month in (1, 2, 7, 8, 12) else 0
        return -Decimal(7000 + season * 100 + chance.randint(0, 2500)) / 100

    def phone(_: int, __: dt.date) -> Decimal:
        return -Decimal(4800 + chance.randint(0, 600)) / 100

    dates = by_month((chance.randint(3, 26),), step=1)
    maker.stream(Truth("power", Frequency.MONTHLY, fixed=False), dates, power, "EDISON ELECTRIC BILL", jitter=2)
    maker.stream(
        Truth("phone", Frequency.MONTHLY, fixed=False), by_month((chance.randint(1, 28),)), phone, "VERIZON WIRELESS"
    )


def _weeks(maker: Maker) -> None:
    chance = maker.chance
    since, till = maker.some_day(0, 400), chance.choice([maker.some_day(600, 1100), END])
    lessons = by_days(7, chance.randint(0, 4))
    piano = Truth("piano", Frequency.WEEKLY)
    maker.stream(piano, lessons, same("-45.00"), "VENMO PIANO LESSONS", skip=0.08, since=since, till=till)
    care = by_days(28, chance.randint(0, 4), step=1)
    maker.stream(Truth("care", Frequency.FOUR_WEEKLY), care, same("-320.00"), "LITTLE OAKS CHILDCARE")


def _shopping(maker: Maker) -> None:
    maker.shopping("AMAZON.COM", 5, 500, 12_000)
    maker.shopping("WHOLEFDS MKT #10203", 6, 1_200, 18_000)
    maker.shopping("STARBUCKS STORE 08812", 9, 0, 0, prices=("4.25", "4.75", "5.45", "8.10"))
    maker.shopping("SHELL OIL 57444", 3, 2_500, 6_500)
    maker.shopping("PARKMOBILE", 2, 0, 0, prices=("5.00", "5.00", "10.00"))
    maker.shopping("TARGET 00012", 1.2, 1_000, 9_000)
    maker.shopping("HOME DEPOT 4410", 0.5, 1_500, 30_000)
    maker.shopping("CHIPOTLE 1123", 1, 0, 0, prices=("11.85", "12.60"))
    maker.shopping("ATM WITHDRAWAL", 1.5, 0, 0, prices=("40.00", "60.00", "100.00"))
    maker.shopping("DELTA AIR LINES", 0.25, 15_000, 60_000)
