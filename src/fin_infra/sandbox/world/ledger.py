"""Write each account's entries day by day, and tell what of them is visible, pending or posted at an instant.
Floor 8: amounts here are signed as the bank sends them (a card's charge is positive); nothing depends on the clock
but visibility, so a posted entry never changes and a balance is always the opening balance plus what has posted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from fin_infra.sandbox.world.days import DAY, utc_midnight
from fin_infra.sandbox.world.household import CLIENTS, FIRST_DAY, MERCHANTS, SUPPLIERS, TIPPED, AccountPlan, Merchant
from fin_infra.sandbox.world.prices import stream

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
STATEMENT_PAID_ON = 25
Draft = tuple[str, str, str, int, str, str]  # type, description, category, cents, counterparty, its type


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement; `posts` None is an authorization that lapses at `lapses` without ever posting."""

    id: str
    pending_id: str
    authorized: datetime
    posts: datetime | None
    lapses: datetime | None
    amount: Decimal
    pending_amount: Decimal
    description: str
    kind: str
    category: str | None
    counterparty: str | None
    counterparty_type: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as it looks at one instant."""

    id: str
    day: date
    at: datetime
    amount: Decimal
    posted: bool
    running: Decimal | None
    entry: Entry


class Ledger:
    """The entries of one account, made once per day of the world and kept."""

    def __init__(self, seed: int, plan: AccountPlan, statement: Callable[[date], Decimal] | None = None) -> None:
        self._seed, self.plan, self._statement = seed, plan, statement
        self._entries: list[Entry] = []
        self._next_day = FIRST_DAY

    def _until(self, day: date) -> list[Entry]:
        while self._next_day <= day:
            self._entries.extend(self._make_day(self._next_day))
            self._next_day += DAY
        return self._entries

    def _make_day(self, day: date) -> Iterator[Entry]:
        rng = stream(self._seed, "entries", self.plan.slug, day)
        for kind, description, category, cents, party, party_type in _PATTERNS[self.plan.pattern](
            rng, day, self._statement
        ):
            yield self._entry(rng, day, kind, description, category, cents, party, party_type)

    def _entry(
        self, rng: Random, day: date, kind: str, text: str, category: str, cents: int, party: str, sort: str
    ) -> Entry:
        amount = Decimal(cents if self.plan.is_credit else -cents) / 100
        authorized = datetime.combine(day, time(rng.randint(12, 22), rng.randint(0, 59), rng.randint(0, 59)), UTC)
        first_id, second_id = ident("txn", rng), ident("txn", rng)
        if kind != "card_payment":  # transfers and direct debits post at once
            at = datetime.combine(day, time(11, rng.randint(0, 59), rng.randint(0, 59)), UTC)
            return Entry(id=first_id, pending_id=first_id, authorized=at, posts=at, lapses=None, amount=amount,
                         pending_amount=amount, description=text, kind=kind, category=category, counterparty=party,
                         counterparty_type=sort)  # fmt: skip
        fate, delay = rng.random(), rng.randint(1, 3)
        morning = datetime.combine(day + timedelta(days=delay), time(6, rng.randint(0, 59), rng.randint(0, 59)), UTC)
        tip = rng.randint(10, 22) if category in TIPPED and fate < 0.6 else 0
        return Entry(
            id=second_id if fate < 0.35 else first_id,
            pending_id=first_id,
            authorized=authorized,
            posts=None if fate > 0.98 else morning,
            lapses=morning + timedelta(days=4) if fate > 0.98 else None,
            amount=(amount * (100 + tip) / 100).quantize(Decimal("0.01")),
            pending_amount=amount,
            description=text,
            kind=kind,
            category=None if fate > 0.95 else category,
            counterparty=None if fate > 0.97 else party,
            counterparty_type=None if fate > 0.97 else sort,
        )

    def posted_total(self, until: datetime) -> Decimal:
        """Return the opening balance plus all that has posted before `until`."""
        made = self._until(until.date())
        return self.plan.opening + sum((e.amount for e in made if e.posts and e.posts < until), Decimal(0))

    def shown(self, now: datetime) -> list[Shown]:
        """Return what is visible at `now`, newest first."""
        seen = [e for e in self._until(now.date()) if e.authorized <= now and not (e.lapses and e.lapses <= now)]
        posted = sorted(((e.posts, e.id, e) for e in seen if e.posts and e.posts <= now), key=lambda row: row[:2])
        total, rows = self.plan.opening, list[Shown]()
        for at, ident_, entry in posted:
            total += entry.amount
            rows.append(Shown(ident_, at.date(), at, entry.amount, True, total, entry))
        for entry in seen:
            if entry.posts is None or entry.posts > now:
                at = entry.authorized
                rows.append(Shown(entry.pending_id, at.date(), at, entry.pending_amount, False, None, entry))
        rows.sort(key=lambda row: (row.at, row.id), reverse=True)
        return rows


class Statements:
    """What a card's monthly statement asks for, from a ledger of the card that holds no payments.

    Each payment clears the statement before it, so a statement is the month's purchases less refunds, plus the
    opening balance in the first month.
    """

    def __init__(self, charges: Ledger) -> None:
        self._charges = charges

    def due(self, day: date) -> Decimal:
        """Return what the statement of `day`'s month asks for, 0 when nothing is owed."""
        month = day.replace(day=1)
        before = (month - DAY).replace(day=1)
        earlier = Decimal(0) if month <= FIRST_DAY else self._charges.posted_total(utc_midnight(before))
        return max(self._charges.posted_total(utc_midnight(month)) - earlier, Decimal(0))


def ident(prefix: str, rng: Random) -> str:
    """Return an id of the vendor's shape: prefix, underscore, 21 characters."""
    return f"{prefix}_{''.join(rng.choices(ALPHABET, k=21))}"


def _buy(rng: Random, merchants: tuple[Merchant, ...]) -> Draft:
    name, category, low, high = rng.choice(merchants)
    return (
        "card_payment",
        f"{name.upper()} #{rng.randint(100, 999)}",
        category,
        rng.randint(low, high),
        name,
        "organization",
    )


def _household(rng: Random, day: date, statement: Callable[[date], Decimal] | None) -> Iterator[Draft]:
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2))):
        yield _buy(rng, MERCHANTS)
    if rng.random() < 0.03:
        yield (
            "atm",
            "ATM WITHDRAWAL LAKE AVE",
            "general",
            rng.choice((4000, 6000, 10000)),
            "Harbor Credit Union ATM",
            "organization",
        )
    if (day - FIRST_DAY).days % 14 == 11:
        yield "deposit", "PAYROLL NORTHWIND ROBOTICS", "income", -362514, "Northwind Robotics", "organization"
    fixed: dict[int, Draft] = {
        1: ("ach", "RENT LANTERN ROW HOMES", "home", 228000, "Lantern Row Homes", "organization"),
        3: ("transfer", "TRANSFER TO RAINY DAY SAVINGS", "general", 90000, "Ada Marlowe", "person"),
        8: ("ach", "DULUTH WATER & GAS", "utilities", rng.randint(9800, 21400), "Duluth Water & Gas", "organization"),
        12: ("ach", "MERIDIAN MOBILE", "phone", 6500, "Meridian Mobile", "organization"),
        15: ("ach", "COVELL MUTUAL INSURANCE", "insurance", 12840, "Covell Mutual", "organization"),
        20: ("ach", "EDULOAN SERVICING", "loan", 31000, "Eduloan Servicing", "organization"),
    }
    if day.day in fixed:
        yield fixed[day.day]
    if day.day == STATEMENT_PAID_ON and statement is not None and (owed := statement(day)) > 0:
        yield (
            "transfer",
            "LIGHTHOUSE CARD AUTOPAY",
            "general",
            int(owed * 100),
            "Lighthouse Rewards Card",
            "organization",
        )


def _card(rng: Random, day: date, statement: Callable[[date], Decimal] | None) -> Iterator[Draft]:
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
        yield _buy(rng, MERCHANTS)
    if rng.random() < 0.01:
        yield "refund", "REFUND CEDAR & WOOL", "clothing", -rng.randint(900, 2400), "Cedar & Wool", "organization"
    if day.day == STATEMENT_PAID_ON and statement is not None and (owed := statement(day)) > 0:
        yield "payment", "AUTOPAY PAYMENT - THANK YOU", "general", -int(owed * 100), "Ada Marlowe", "person"


def _savings(rng: Random, day: date, statement: Callable[[date], Decimal] | None) -> Iterator[Draft]:
    if day.day == 3:
        yield "transfer", "TRANSFER FROM EVERYDAY CHECKING", "general", -90000, "Ada Marlowe", "person"
    yield from _interest(rng, day, statement)


def _interest(rng: Random, day: date, _: Callable[[date], Decimal] | None) -> Iterator[Draft]:
    if (day + DAY).day == 1:
        yield "interest", "INTEREST PAID", "income", -rng.randint(3100, 5200), "", "organization"


def _light(rng: Random, day: date, _: Callable[[date], Decimal] | None) -> Iterator[Draft]:
    if rng.random() < 0.4:
        yield _buy(rng, MERCHANTS)
    if day.day == 4:
        yield "transfer", "TRANSFER TO ADA MARLOWE", "general", 155000, "Ada Marlowe", "person"
    if day.day in (5, 20):
        yield "deposit", "PAYROLL ST LOUIS COUNTY", "income", -118230, "St Louis County", "organization"


def _business(rng: Random, day: date, _: Callable[[date], Decimal] | None) -> Iterator[Draft]:
    if day.weekday() < 5 and rng.random() < 0.35:
        client = rng.choice(CLIENTS)
        yield "deposit", f"ACH CREDIT {client.upper()}", "income", -rng.randint(42000, 310000), client, "organisation"
    if day.weekday() < 5 and rng.random() < 0.75:
        yield _buy(rng, SUPPLIERS)


def _none(_: Random, __: date, ___: Callable[[date], Decimal] | None) -> Iterator[Draft]:
    return iter(())


_PATTERNS: dict[str, Callable[[Random, date, Callable[[date], Decimal] | None], Iterator[Draft]]] = {
    "household": _household,
    "card": _card,
    "savings": _savings,
    "interest": _interest,
    "light": _light,
    "business": _business,
    "none": _none,
}
