"""A household made up with its truth: which rows are two sides of a transfer, which give a purchase back.

It is written in the words of banks, and shares nothing with what recognizes: every row knows what it is because it was
made as that. Near-misses are made on purpose, with the amounts and the days of what they are mistaken for.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from fin_infra.insights import Entry, EntryAccount
from fin_infra.model import AccountSubtype, AccountType, Money

START = dt.date(2025, 1, 1)


def own(id: str, type: AccountType, ending: str | None = None, *, currency: str = "USD") -> EntryAccount:
    return EntryAccount(id=id, type=type, subtype=AccountSubtype.UNKNOWN, currency=currency, ending=ending)


ACCOUNTS = (
    own("checking", AccountType.DEPOSITORY, "4410"),
    own("joint", AccountType.DEPOSITORY, "7702"),
    own("savings", AccountType.DEPOSITORY, "9081"),
    own("visa", AccountType.CREDIT, "3316"),
    own("amex", AccountType.CREDIT, "1005"),
    own("car", AccountType.LOAN, "6650"),
    own("broker", AccountType.INVESTMENT),
    own("euro", AccountType.DEPOSITORY, "2294", currency="EUR"),
)
SHOPS = (  # what a card prints, and Plaid's word, which half of the rows have
    ("WHOLEFDS MKT 10234 AUSTIN TX", "FOOD_AND_DRINK_GROCERIES"),
    ("TRADER JOE'S #556 SAN JOSE CA", "FOOD_AND_DRINK_GROCERIES"),
    ("AMZN MKTP US*2K4 AMZN.COM/BILL WA", "GENERAL_MERCHANDISE_ONLINE_MARKETPLACES"),
    ("TARGET 00012345 DALLAS TX", "GENERAL_MERCHANDISE_SUPERSTORES"),
    ("HOME DEPOT #6901 RENO NV", "HOME_IMPROVEMENT_HARDWARE"),
    ("BESTBUY 0042 DENVER CO", "GENERAL_MERCHANDISE_ELECTRONICS"),
    ("SHELL OIL 57444 TULSA OK", "TRANSPORTATION_GAS"),
    ("NETFLIX.COM LOS GATOS CA", "ENTERTAINMENT_TV_AND_MOVIES"),
    ("IKEA SEATTLE RENTON WA", "HOME_IMPROVEMENT_FURNITURE"),
    ("CVS/PHARMACY #08833 BOSTON MA", "MEDICAL_PHARMACIES_AND_SUPPLEMENTS"),
)
BILLS = (
    ("CITY POWER & LIGHT BILL PAYMENT", "RENT_AND_UTILITIES_GAS_AND_ELECTRICITY"),
    ("COMCAST CABLE AUTOPAY", "RENT_AND_UTILITIES_INTERNET_AND_CABLE"),
    ("GEICO *AUTO PYMT", "GENERAL_SERVICES_INSURANCE"),
)
SENT = {
    "savings": ("ONLINE TRANSFER TO SAV XXXXX9081", "TRANSFER TO SAVINGS", "Internet Xfer Withdrawal", "XFER OUT"),
    "joint": ("ONLINE TRANSFER TO CHK ...7702 TRANSACTION#: 1822", "TRANSFER TO CHECKING", "XFER TO ACCT"),
    "checking": ("ONLINE TRANSFER TO CHK ...4410", "TRANSFER TO CHECKING", "WITHDRAWAL"),
    "broker": ("ACH TRANSFER OUT VANGUARD", "TRANSFER OUT"),
}  # fmt: skip
GOT = {
    "checking": ("ONLINE TRANSFER FROM CHK ...4410", "TRANSFER FROM CHECKING", "DEPOSIT", "Internet Xfer Deposit"),
    "joint": ("ONLINE TRANSFER FROM CHK ...7702", "DEPOSIT TRANSFER", "DEPOSIT"),
    "savings": ("ONLINE TRANSFER FROM SAV ...9081", "TRANSFER FROM SAVINGS", "XFER DEPOSIT"),
}
PAID = {
    "visa": ("CHASE CREDIT CRD AUTOPAY PPD ID: 47600", "PAYMENT TO CHASE CARD ENDING IN 3316", "CREDIT CARD PAYMENT"),
    "amex": ("AMERICAN EXPRESS ACH PMT", "AMEX EPAYMENT ER AM"),
    "car": ("TOYOTA FINANCIAL LOAN PAYMENT", "AUTO LOAN PMT"),
}
CREDITED = {
    "visa": ("PAYMENT THANK YOU - WEB", "AUTOMATIC PAYMENT - THANK"),
    "amex": ("AUTOPAY PAYMENT - THANK YOU", "ELECTRONIC PAYMENT RECEIVED"),
    "car": ("PAYMENT RECEIVED", "PRINCIPAL PAYMENT"),
}


@dataclass
class Truth:
    """The rows, and what each was made as."""

    entries: list[Entry] = field(default_factory=list)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    """Sides of one transfer, money out first."""
    alone: set[str] = field(default_factory=set)
    """Transfers whose other side is not in the book."""
    refunds: dict[str, str | None] = field(default_factory=dict)
    """Refund: its purchase, None where that is not in the book."""
    links: dict[str, str] = field(default_factory=dict)

    @property
    def sides(self) -> set[str]:
        return {id for pair in self.pairs for id in pair} | self.alone


class Household:
    """Makes months of one household from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.truth = Truth()

    def months(self, count: int) -> Truth:
        for month in range(count):
            first = dt.date(START.year + month // 12, month % 12 + 1, 1)
            self._everyday(first)
            self._moves(first)
            self._near_misses(first)
        self.random.shuffle(self.truth.entries)
        return self.truth

    def _row(self, account: str, day: dt.date, amount: Decimal, text: str, plaid: str = "", **more: Any) -> str:
        id = f"{len(self.truth.entries):06}"
        said = {"vendor": "plaid", "vendor_category": plaid} if plaid and self.random.random() < 0.5 else {}
        money = Money(amount, "EUR" if account == "euro" else "USD")
        self.truth.entries.append(
            Entry(id=id, account_id=account, date=day, amount=money, description=text, **said, **more)
        )
        return id

    def _amount(self, low: int, high: int) -> Decimal:
        return Decimal(self.random.randint(low * 100, high * 100)).scaleb(-2)

    def _day(self, first: dt.date) -> dt.date:
        return first + dt.timedelta(days=self.random.randint(0, 26))

    def _later(self, day: dt.date) -> dt.date:
        """Return up to two business days later."""
        for _ in range(self.random.randint(0, 2)):
            day += dt.timedelta(days=3 if day.weekday() == 4 else 2 if day.weekday() == 5 else 1)
        return day

    def _everyday(self, first: dt.date) -> None:
        for half in (0, 14):
            day = first + dt.timedelta(days=half)
            self._row("checking", day, self._amount(1800, 2600), "ACME CORP PAYROLL DES:DIRECT DEP", "INCOME_SALARY")
        self._row("checking", first, Decimal("-1450.00"), "OAKWOOD APARTMENTS RENT", "RENT_AND_UTILITIES_RENT")
        for text, plaid in BILLS:
            self._row("checking", self._day(first), -self._amount(30, 200), text, plaid)
        for _ in range(self.random.randint(20, 40)):
            text, plaid = self.random.choice(SHOPS)
            account = self.random.choice(("checking", "joint", "visa", "visa", "amex"))
            self._row(
                account, self._day(first), -self._amount(4, 180), text, plaid, pending=self.random.random() < 0.03
            )

    def _move(self, source: str, target: str, amount: Decimal, day: dt.date) -> tuple[str, str]:
        """Make both sides of a transfer or payment."""
        card = target in PAID
        sent = self.random.choice(PAID[target] if card else SENT[target])
        got = self.random.choice(CREDITED[target] if card else GOT[source])
        code = "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT" if target != "car" else "LOAN_PAYMENTS_CAR_PAYMENT"
        codes = (code, code) if card else ("TRANSFER_OUT_ACCOUNT_TRANSFER", "TRANSFER_IN_ACCOUNT_TRANSFER")
        out = self._row(source, day, -amount, sent, codes[0])
        into = self._row(target, self._later(day), amount, got, codes[1], pending=self.random.random() < 0.05)
        self.truth.pairs.add((out, into))
        return out, into

    def _moves(self, first: dt.date) -> None:
        for card in ("visa", "amex"):
            self._move("checking", card, self._amount(300, 1500), self._day(first))
        self._move("checking", "car", Decimal("389.50"), first + dt.timedelta(days=9))
        self._move("checking", "savings", Decimal(self.random.choice((200, 250, 500))), self._day(first))
        self._move("joint", "checking", self._amount(20, 400), self._day(first))
        self._move("checking", "broker", Decimal(self.random.choice((100, 300))), self._day(first))
        twice = self._day(first)
        for _ in range(2):  # two equal ones on a day
            self._move("checking", "joint", Decimal("150.00"), twice)
        day, amount = self._day(first), self._amount(50, 90)
        outside = self._row("checking", day, -amount, "TRANSFER TO ALLY BANK")
        self._label(outside, "TRANSFER_OUT_ACCOUNT_TRANSFER")
        self.truth.alone.add(outside)
        if self.random.random() < 0.1:  # nothing tells this stranger's money from the other side
            self._row("joint", day, amount, "DEPOSIT")

    def _label(self, id: str, plaid: str) -> None:
        entries = self.truth.entries
        entries[-1] = replace(entries[-1], vendor="plaid", vendor_category=plaid)
        assert entries[-1].id == id

    def _near_misses(self, first: dt.date) -> None:
        self._strangers(first)
        self._fees(first)
        self._refunds(first)
        self._abroad(first)

    def _strangers(self, first: dt.date) -> None:
        """Equal amounts on one day in two accounts which have nothing to do with each other."""
        day, amount = self._day(first), self._amount(20, 90)
        text, plaid = self.random.choice(SHOPS)
        self._row("visa", day, -amount, text, plaid)
        self._row("checking", day, amount, "ZELLE FROM ANNA LINDQVIST", "TRANSFER_IN_OTHER_TRANSFER_IN")
        day, amount = self._day(first), Decimal(self.random.choice((50, 100, 200)))
        self._row("joint", day, -amount, "ZELLE TO MARCO BIANCHI", "TRANSFER_OUT_OTHER_TRANSFER_OUT")
        self._row("savings", day, amount, "INTEREST PAID", "INCOME_INTEREST_EARNED")
        out, _ = self._move("checking", "savings", self._amount(100, 900), self._day(first))
        true = next(entry for entry in self.truth.entries if entry.id == out)
        self._row("joint", true.date, -true.amount.amount, "MOBILE CHECK DEPOSIT", "TRANSFER_IN_DEPOSIT")
        bill, plaid = self.random.choice(BILLS)
        self._row("joint", true.date, true.amount.amount, bill, plaid)

    def _fees(self, first: dt.date) -> None:
        day, amount = self._day(first), self._amount(500, 900)
        self._move("checking", "joint", amount, day)
        self._row("checking", day, Decimal("-3.00"), "EXTERNAL TRANSFER FEE", "BANK_FEES_OTHER_BANK_FEES")
        self._row("savings", day, Decimal("3.00"), "INTEREST PAID", "INCOME_INTEREST_EARNED")

    def _refunds(self, first: dt.date) -> None:
        for share in (1, 2):  # the whole, and a part
            text, plaid = self.random.choice(SHOPS)
            amount, day = self._amount(20, 90) * 2, self._day(first)
            bought = self._row("visa", day, -amount, text, plaid)
            back = self._row("visa", day + dt.timedelta(days=self.random.randint(2, 20)), amount / share, text, plaid)
            self.truth.refunds[back] = bought
        text = self.random.choice(("REI.COM SUMNER WA", "ZARA USA 3391 MIAMI FL"))
        back = self._row("amex", self._day(first), self._amount(20, 90), text)
        self._label(back, "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES")
        self.truth.refunds[back] = None

    def _abroad(self, first: dt.date) -> None:
        """Two currencies: paired where the person linked them, and one-sided by the vendor's word where not."""
        for linked in (True, False):
            day, amount = self._day(first), self._amount(100, 400)
            out = self._row("checking", day, -amount, "INTL TRANSFER TO OWN ACCOUNT")
            self._label(out, "TRANSFER_OUT_ACCOUNT_TRANSFER")
            into = self._row("euro", self._later(day), amount, "SEPA TRANSFER RECEIVED")  # the same figure in EUR
            self._label(into, "TRANSFER_IN_ACCOUNT_TRANSFER")
            if linked:
                self.truth.links |= {out: into, into: out}
                self.truth.pairs.add((out, into))
            else:
                self.truth.alone |= {out, into}
