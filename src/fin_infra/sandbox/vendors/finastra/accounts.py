"""Make the corporate accounts behind Finastra's channel API: who holds what, and every movement since the opening.
Floor 8: a CREDIT adds and a DEBIT subtracts for every type, so that what is owed is a negative ledger balance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from fin_infra.sandbox.vendors.finastra.login import REALMS
from fin_infra.sandbox.vendors.finastra.replies import MINOR_UNITS
from fin_infra.sandbox.world.ledger import ident
from fin_infra.sandbox.world.prices import stream

FIRST_DAY = date(2024, 1, 8)
ALL_CONTEXTS = ("ViewAccount", "INT", "TPT", "DOM", "MT103")
VIEW_ONLY = ALL_CONTEXTS[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How an account is set up; `credit` and `debit` are the largest movements, in units of the currency."""

    slug: str
    type: str
    currency: str
    opening: Decimal
    credit: int
    debit: int
    every_days: int = 7
    format: str = "IBAN"
    country: str | None = "DE"
    contexts: tuple[str, ...] = VIEW_ONLY
    active: bool = True
    interest_rate: str | None = None
    overdraft: Decimal = Decimal(0)
    reference: bool = True


PLANS: dict[str, tuple[Plan, ...]] = {
    "sandbox": (
        Plan(slug="operating", type="CURRENT", currency="EUR", opening=Decimal("55456.72"), credit=9_000, debit=8_000,
             every_days=2, contexts=ALL_CONTEXTS, overdraft=Decimal("25000.00")),
        Plan(slug="payroll", type="CURRENT", currency="USD", opening=Decimal("1250000.00"), credit=60_000,
             debit=60_000, format="BBAN", country="US", contexts=ALL_CONTEXTS, reference=False),
        Plan(slug="reserve", type="SAVINGS", currency="EUR", opening=Decimal("310000.50"), credit=2_500, debit=900,
             every_days=30, interest_rate="1.75"),
        Plan(slug="tokyo", type="SAVINGS", currency="JPY", opening=Decimal(48_200_000), credit=900_000,
             debit=700_000, every_days=14, format="OTHER", country="JP"),
        Plan(slug="plant-loan", type="LOAN", currency="EUR", opening=Decimal("-1820000.00"), credit=12_000, debit=4_000,
             every_days=30, format="DMST", interest_rate="4.125"),
        Plan(slug="travel-card", type="CREDITCARD", currency="USD", opening=Decimal("-2310.45"), credit=900, debit=850,
             every_days=3, format="OTHER", country=None, overdraft=Decimal("20000.00")),
        Plan(slug="deposit", type="TERMDEPOSIT", currency="USD", opening=Decimal("500000.00"), credit=1_900, debit=0,
             every_days=90, format="UPIC", country="US", interest_rate="3.4"),
        Plan(slug="dormant", type="CURRENT", currency="EUR", opening=Decimal("0.00"), credit=0, debit=0, active=False),
    ),
    "finastra-dev": (
        Plan(slug="dev-current", type="CURRENT", currency="EUR", opening=Decimal("1000.00"), credit=300, debit=250,
             contexts=ALL_CONTEXTS),
        Plan(slug="dev-savings", type="SAVINGS", currency="USD", opening=Decimal("2000.00"), credit=100, debit=0,
             every_days=30),
    ),
    "bank-north": (
        Plan(slug="north-current", type="CURRENT", currency="USD", opening=Decimal("88000.00"), credit=5_000,
             debit=4_500, contexts=ALL_CONTEXTS, country="US"),
    ),
    "bank-south": (),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Movement:
    """One statement row: `signed` is positive for a CREDIT, `balance` what the ledger was after it."""

    posted: date
    valued: date
    signed: Decimal
    balance: Decimal
    reference: str


@dataclass(frozen=True, slots=True)
class ChannelAccount:
    """A plan with its numbers under one seed."""

    id: str
    number: str
    plan: Plan
    seed: int

    def movements(self, now: datetime) -> list[Movement]:
        """Return what has been posted by now, oldest first."""
        return list(self._movements(now.date()))

    def _movements(self, today: date) -> Iterator[Movement]:
        plan, balance, day = self.plan, self.plan.opening, FIRST_DAY
        rng = stream(self.seed, "finastra-movements", plan.slug)
        while plan.credit and day <= today:
            credited = not plan.debit or rng.random() < 0.5
            units = MINOR_UNITS[plan.currency]
            cents = rng.randint(1, (plan.credit if credited else plan.debit) * 10**units)
            signed = Decimal(cents if credited else -cents).scaleb(-units)
            if (balance + signed) * plan.opening < 0:
                signed = -signed  # what is held stays held, and what is owed stays owed
            balance += signed
            valued = day + timedelta(days=rng.choice((0, 0, 1)))
            yield Movement(day, valued, signed, balance, f"BO{rng.randint(10**9, 10**10 - 1)}")
            day += timedelta(days=rng.randint(1, 2 * plan.every_days - 1))

    def ledger(self, now: datetime) -> Decimal:
        """Return the opening balance with everything posted by now."""
        rows = self.movements(now)
        return rows[-1].balance if rows else self.plan.opening

    def available(self, now: datetime) -> Decimal:
        """Return what can be spent: the ledger with the agreed limit, nothing from loans and term deposits."""
        if self.plan.type in ("LOAN", "TERMDEPOSIT"):
            return Decimal(0)
        return self.ledger(now) + self.plan.overdraft


def accounts(seed: int, realm: str) -> list[ChannelAccount]:
    """Return a realm's accounts in the order of the list."""
    return [_opened(seed, realm, plan) for plan in PLANS[realm]]


def _opened(seed: int, realm: str, plan: Plan) -> ChannelAccount:
    rng = stream(seed, "finastra-account", realm, plan.slug)
    digits = "".join(rng.choices("0123456789", k=10))
    number = _iban(digits) if plan.format == "IBAN" else digits
    return ChannelAccount(ident("fac", rng), number, plan, seed)


def _iban(digits: str) -> str:
    """Return a German IBAN at a bank code that nobody has, with right check digits (ISO 7064 mod 97-10)."""
    bban = f"00000000{digits}"
    return f"DE{98 - int(f'{bban}131400') % 97:02d}{bban}"


def summary(seed: int, now: datetime) -> dict[str, list[dict[str, str]]]:
    """Return the truths of every realm's accounts."""
    return {realm: [_truth(account, now) for account in accounts(seed, realm)] for realm in REALMS}


def _truth(account: ChannelAccount, now: datetime) -> dict[str, str]:
    plan = account.plan
    return {
        "id": account.id,
        "type": plan.type,
        "currency": plan.currency,
        "status": "ACTIVE" if plan.active else "INACTIVE",
        "opening_balance": str(plan.opening),
        "ledger": str(account.ledger(now)),
        "available": str(account.available(now)),
    }
