"""Describe the sandbox household: people, institutions, enrollments, accounts and the merchants they pay.
Floor 8: everybody and every merchant is made up; telephone numbers are 555-01xx and addresses do not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

FIRST_DAY = date(2023, 11, 20)
MAIN_TOKEN = "test_token_sandbox"  # noqa: S105  # nosec B105: the published sandbox token, no secret
PARTNER_TOKEN = "test_token_sandbox_partner"  # noqa: S105  # nosec B105: the published sandbox token, no secret
BUSINESS_TOKEN = "test_token_sandbox_business"  # noqa: S105  # nosec B105: the published sandbox token, no secret


@dataclass(frozen=True, slots=True)
class Institution:
    """A bank of the sandbox."""

    id: str
    name: str
    products: tuple[str, ...] = ("balance", "identity", "transactions", "verify")


INSTITUTIONS = (
    Institution("harbor_credit_union", "Harbor Credit Union"),
    Institution("north_ridge_bank", "North Ridge Bank"),
    Institution("first_lantern", "First Lantern Business Bank"),
    Institution("quiet_river_savings", "Quiet River Savings", ("balance", "transactions")),
)


@dataclass(frozen=True, slots=True)
class Person:
    """An account owner; `kind` is person or organization."""

    name: str
    kind: str
    street: str
    city: str
    region: str
    postal_code: str
    phone: str
    email: str


ADA = Person("Ada Marlowe", "person", "18 Lantern Row", "Duluth", "MN", "55802", "+12185550114", "ada@example.com")
BEN = Person("Ben Okafor", "person", "18 Lantern Row", "Duluth", "MN", "55802", "+12185550127", "ben@example.com")
KILN = Person(
    "Marlowe Kiln LLC",
    "organization",
    "4 Foundry Yard",
    "Duluth",
    "MINNESOTA",
    "55806",
    "+12185550139",
    "hello@example.org",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    """One account: what it is, how lively it is, and which oddities of the vendor it shows.

    `details`: ok, none (no link), pending (verified two days after the start) or expired (fails after seven days).
    """

    slug: str
    name: str
    subtype: str
    owners: tuple[Person, ...]
    opening: Decimal
    pattern: str
    closed: bool = False
    details: str = "ok"
    running_balance: bool = True
    credit_limit: Decimal | None = None
    shows_available: bool = True

    @property
    def is_credit(self) -> bool:
        """Return whether the balance is what the owner owes."""
        return self.subtype == "credit_card"


@dataclass(frozen=True, slots=True)
class Enrollment:
    """What one access token reaches: accounts at one institution."""

    token: str
    slug: str
    institution: Institution
    accounts: tuple[AccountPlan, ...]


ENROLLMENTS = (
    Enrollment(
        MAIN_TOKEN,
        "ada-harbor",
        INSTITUTIONS[0],
        (
            AccountPlan(slug="ada-checking", name="Everyday Checking", subtype="checking", owners=(ADA, BEN),
                        opening=Decimal("6480.12"), pattern="household"),
            AccountPlan(slug="ada-savings", name="Rainy Day Savings", subtype="savings", owners=(ADA,),
                        opening=Decimal("11250.00"), pattern="savings"),
            AccountPlan(slug="ada-card", name="Lighthouse Rewards Card", subtype="credit_card", owners=(ADA,),
                        opening=Decimal("412.77"), pattern="card", details="none", running_balance=False,
                        credit_limit=Decimal("15000.00")),
            AccountPlan(slug="ada-student", name="Student Checking", subtype="checking", owners=(ADA,),
                        opening=Decimal("0.00"), pattern="none", closed=True),
        ),
    ),
    Enrollment(
        PARTNER_TOKEN,
        "ben-north",
        INSTITUTIONS[1],
        (
            AccountPlan(slug="ben-checking", name="Total Checking", subtype="checking", owners=(BEN,),
                        opening=Decimal("3120.55"), pattern="light"),
            AccountPlan(slug="ben-market", name="Growth Money Market", subtype="money_market", owners=(BEN,),
                        opening=Decimal("24000.00"), pattern="interest", details="pending", shows_available=False),
        ),
    ),
    Enrollment(
        BUSINESS_TOKEN,
        "kiln-lantern",
        INSTITUTIONS[2],
        (
            AccountPlan(slug="kiln-checking", name="Business Checking", subtype="checking", owners=(KILN,),
                        opening=Decimal("18904.31"), pattern="business", details="expired"),
        ),
    ),
)  # fmt: skip
DETAILS_VERIFIED_AFTER = timedelta(days=2)
DETAILS_EXPIRED_AFTER = timedelta(days=7)

# name, category, lowest and highest amount in cents; amounts of tipped places change when they post
Merchant = tuple[str, str, int, int]
MERCHANTS: tuple[Merchant, ...] = (
    ("Blue Heron Coffee", "dining", 325, 1180),
    ("Pine Street Market", "groceries", 1240, 9875),
    ("Superior Produce", "groceries", 890, 6420),
    ("Northline Transit", "transport", 225, 500),
    ("Gull & Anchor", "dining", 1890, 8650),
    ("Iron Ore Taproom", "bar", 900, 4300),
    ("Petrel Fuel", "fuel", 2100, 6800),
    ("Lakeside Pharmacy", "health", 640, 5490),
    ("Paper Lantern Books", "shopping", 950, 4600),
    ("Cedar & Wool", "clothing", 2400, 14900),
    ("Tern Electronics", "electronics", 1500, 21900),
    ("Harborlight Cinema", "entertainment", 1100, 3600),
    ("Corner Hardware", "home", 480, 9200),
    ("Streamly", "entertainment", 1099, 1699),
    ("Cloudcroft Software", "software", 500, 2900),
    ("North Shore Outfitters", "sport", 1800, 12900),
)
TIPPED = frozenset({"dining", "bar"})
CLIENTS = ("Birch Hotel Group", "Skerry Restaurants", "Copper Harbor Gallery", "Weald Home Stores")
SUPPLIERS: tuple[Merchant, ...] = (
    ("Red Wing Clay Supply", "general", 8900, 64000),
    ("Boreal Freight", "transportation", 4500, 28000),
    ("Foundry Yard Leasing", "office", 145000, 145000),
    ("Kiln Parts Direct", "general", 2300, 31000),
)
