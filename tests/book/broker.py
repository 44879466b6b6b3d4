"""A broker for histories: it knows what truly happened, by identities that never travel, and shows it as brokers do.

It imports nothing of the book. What an account holds and its cash are shown as they are at one moment; what was done is
a list, newest first, whose rows are corrected, canceled, taken back, and given other ids afterwards.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

SYMBOLS = ("AAPL", "KO", "MSFT", "VTI")
OFTEN = {"buy": 3, "odd_position": 2, "retract": 2, "renumber": 2, "restate": 2, "cancel": 2, "correct": 2}
RECENT = 7
"""Days after which a broker changes nothing any more."""
EXECUTED, CORRECTED, CANCELED = "executed", "correct", "canceled"
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Deed:
    """What truly happened once, as it is told now. Money and units that came in are positive."""

    identity: int
    vendor_id: str
    account: str
    day: date
    kind: str
    symbol: str | None
    quantity: Decimal | None
    price: Decimal | None
    amount: Decimal | None
    status: str = EXECUTED
    odd: bool = False
    """Whether nobody can read its row now."""

    @property
    def told(self) -> tuple[object, ...]:
        """What a reader knows of it, without ids."""
        return self.account, self.day, self.kind, self.symbol, self.quantity, self.price, self.amount


@dataclass(frozen=True)
class Lot:
    """A position as it is shown; one instrument may be in two of them."""

    symbol: str
    quantity: Decimal
    price: Decimal
    odd: bool = False

    @property
    def told(self) -> tuple[object, ...]:
        return ("unread", self.symbol) if self.odd else (self.symbol, self.quantity, self.price)


@dataclass(frozen=True)
class Look:
    """What an account held at one moment."""

    at: datetime
    lots: tuple[Lot, ...]
    cash: tuple[tuple[str, Decimal], ...]

    @property
    def held(self) -> Counter[tuple[object, ...]]:
        return Counter(lot.told for lot in self.lots)


@dataclass
class Holdings:
    """What is truly in an account."""

    units: dict[str, Decimal] = field(default_factory=dict)
    cash: dict[str, Decimal] = field(default_factory=dict)
    twofold: set[str] = field(default_factory=set)
    """What is held in cash and on margin, in a row each."""
    odd: set[str] = field(default_factory=set)
    """What is held and cannot be read."""
    stale: Look | None = None
    """What an aggregator shows until it looks at the broker again."""


class Broker:
    def __init__(self, random: Random, now: datetime, *, accounts: int) -> None:
        self.random = random
        self.now = now
        self.most = accounts
        self.accounts: dict[str, Holdings] = {}
        self.deeds: dict[int, Deed] = {}
        self.prices = dict.fromkeys(SYMBOLS, Decimal(100))
        self.happened: Counter[str] = Counter()
        self.owner_of: dict[str, int] = {}
        """Identity behind each id that was ever shown."""
        self.loose: set[int] = set()
        """Who had another id, or was once told as another one was: nobody can say which row of the book each is."""
        self.told_by: dict[tuple[object, ...], set[int]] = {}
        self.retracted: list[Deed] = []
        self.serial = 0
        self.shown_lots: dict[str, list[Counter[tuple[object, ...]]]] = {}
        self.shown_cash: dict[str, set[tuple[tuple[str, Decimal], ...]]] = {}
        self.shown_deeds: set[tuple[str, tuple[object, ...]]] = set()
        """All that was ever shown: a book may be behind, and never have anything else."""
        self._open_account()

    @property
    def today(self) -> date:
        return self.now.astimezone(UTC).date()

    # --- what happens -------------------------------------------------------------------------------------------
    def happen(self) -> None:
        """Let one thing happen, chosen among those that can happen now."""
        recent, held = self._recent(), self._held()
        can = {
            **dict.fromkeys(("buy", "twins", "fee", "deposit", "dividend", "back_date", "ahead", "price", "day"), True),
            **dict.fromkeys(("cancel", "correct", "restate", "renumber", "retract", "odd_row"), bool(recent)),
            **dict.fromkeys(("sell", "sell_all", "split", "odd_position", "twofold"), bool(held)),
            "show_again": any((self.today - deed.day).days <= RECENT for deed in self.retracted),
            "uncancel": any(deed.status == CANCELED for deed in self._late()),
            **dict.fromkeys(("purse", "stale", "look"), self.most > 1),
            "open_account": len(self.accounts) < self.most,
        }
        names = [name for name, possible in can.items() if possible]
        [name] = self.random.choices(names, [OFTEN.get(name, 1) for name in names])
        getattr(self, f"_{name}")()
        self.happened[name] += 1
        self.remember()

    def remember(self) -> None:
        """Write down all that is shown now."""
        for account in self.accounts:
            look = self.look(account)
            self.shown_lots.setdefault(account, []).append(look.held)
            self.shown_cash.setdefault(account, set()).add(look.cash)
        self.shown_deeds |= {(deed.vendor_id, deed.told) for deed in self.deeds.values()}
        for deed in self.deeds.values():
            alike = self.told_by.setdefault(deed.told, set())
            alike.add(deed.identity)
            self.loose |= alike if len(alike) > 1 else set()

    def _open_account(self) -> None:
        self.accounts[f"account-{len(self.accounts)}"] = Holdings(cash={"USD": Decimal(1000)})
        self.remember()

    def _account(self) -> str:
        return self.random.choice(sorted(self.accounts))

    def _do(self, kind: str, account: str | None = None, **facts: object) -> Deed:
        """Let something be done in an account, and let its units and cash be what they are by it."""
        self.serial += 1
        deed = Deed(self.serial, "", account or self._account(), self.today, kind, None, None, None, None)
        deed = replace(deed, **facts)  # type: ignore[arg-type]  # fields by name
        self.deeds[deed.identity] = deed
        self._give_id(deed)
        self._count(deed, 1)
        return deed

    def _give_id(self, deed: Deed) -> None:
        """Give a deed a further id, which says nothing of its identity."""
        name = f"{self.random.randrange(16**10):010x}"
        self.owner_of[name] = deed.identity
        self.deeds[deed.identity] = replace(self.deeds[deed.identity], vendor_id=name)

    def _count(self, deed: Deed, sign: int) -> None:
        inside = self.accounts[deed.account]
        if deed.amount is not None:
            inside.cash["USD"] += sign * deed.amount
        if deed.symbol is not None and deed.quantity is not None:
            left = inside.units.get(deed.symbol, Decimal(0)) + sign * deed.quantity
            if left:
                inside.units[deed.symbol] = left
            else:
                inside.units.pop(deed.symbol, None)
                inside.odd.discard(deed.symbol)

    def _trade(self, quantity: Decimal, symbol: str, account: str | None = None, **facts: object) -> Deed:
        price = self.prices[symbol]
        kind = "buy" if quantity > 0 else "sell"
        facts = {"symbol": symbol, "quantity": quantity, "price": price, "amount": -quantity * price, **facts}
        return self._do(kind, account, **facts)

    def _buy(self) -> None:
        self._trade(Decimal(self.random.randint(1, 9)), self.random.choice(SYMBOLS))

    def _back_date(self) -> None:
        day = self.today - timedelta(days=self.random.randint(1, 9))
        self._trade(Decimal(self.random.randint(1, 9)), self.random.choice(SYMBOLS), day=day)

    def _twins(self) -> None:
        first = self._trade(Decimal(2), self.random.choice(SYMBOLS))
        self._trade(Decimal(2), first.symbol or "", first.account)

    def _held(self) -> list[tuple[str, str]]:
        return [(name, symbol) for name, inside in sorted(self.accounts.items()) for symbol in sorted(inside.units)]

    def _sell(self) -> None:
        account, symbol = self.random.choice(self._held())
        self._trade(Decimal(-1), symbol, account)

    def _sell_all(self) -> None:
        account, symbol = self.random.choice(self._held())
        self._trade(-self.accounts[account].units[symbol], symbol, account)

    def _split(self) -> None:
        """Let there be two units where there was one; nothing is paid, and the broker tells what came on top."""
        account, symbol = self.random.choice(self._held())
        self._do("split", account, symbol=symbol, quantity=self.accounts[account].units[symbol])
        self.prices[symbol] = (self.prices[symbol] / 2).quantize(CENT)

    def _money(self, kind: str, most: int, **facts: object) -> None:
        cents = self.random.randint(1, 100 * abs(most))
        self._do(kind, amount=Decimal(cents if most > 0 else -cents) / 100, **facts)

    def _fee(self) -> None:
        self._money("fee", -3)

    def _deposit(self) -> None:
        self._money("deposit", 500)

    def _dividend(self) -> None:
        self._money("dividend", 30, symbol=self.random.choice(SYMBOLS))

    def _ahead(self) -> None:
        """Announce a dividend of a later day."""
        day = self.today + timedelta(days=self.random.randint(1, 25))
        self._money("dividend", 30, symbol=self.random.choice(SYMBOLS), day=day)

    def _price(self) -> None:
        symbol = self.random.choice(SYMBOLS)
        self.prices[symbol] += Decimal(self.random.randint(1, 300)) / 100

    def _day(self) -> None:
        self.now += timedelta(days=1)

    def _purse(self) -> None:
        cash = self.accounts["account-0"].cash
        cash["EUR"] = cash.get("EUR", Decimal(0)) + Decimal(self.random.randint(1, 999)) / 100

    def _twofold(self) -> None:
        account, symbol = self.random.choice(self._held())
        self.accounts[account].twofold ^= {symbol}

    def _odd_position(self) -> None:
        account, symbol = self.random.choice(self._held())
        self.accounts[account].odd ^= {symbol}

    def _stale(self) -> None:
        account = self._account()
        self.accounts[account].stale = self.look(account)

    def _look(self) -> None:
        self.accounts[self._account()].stale = None

    def _late(self) -> list[Deed]:
        return [deed for deed in self.deeds.values() if (self.today - deed.day).days <= RECENT]

    def _recent(self) -> list[Deed]:
        return [deed for deed in self._late() if deed.status != CANCELED]

    def _change(self, deed: Deed, **facts: object) -> None:
        """Let a deed be told in another way, with what that does to the account."""
        self._count(deed, 0 if deed.status == CANCELED else -1)
        new = replace(deed, **facts)  # type: ignore[arg-type]  # fields by name
        self.deeds[deed.identity] = new
        self._count(new, 0 if new.status == CANCELED else 1)

    def _cancel(self) -> None:
        self._change(self.random.choice(self._recent()), status=CANCELED)

    def _uncancel(self) -> None:
        self._change(self.random.choice([deed for deed in self._late() if deed.status == CANCELED]), status=EXECUTED)

    def _correct(self) -> None:
        deed = self.random.choice(self._recent())
        if deed.amount is None:
            self._change(deed, price=Decimal(self.random.randint(1, 99)), status=CORRECTED)
        else:
            self._change(deed, amount=deed.amount + CENT, status=CORRECTED)

    def _restate(self) -> None:
        """Take a deed back, and tell it with other figures under an id that says nothing of the old one."""
        deed = self.random.choice(self._recent())
        self._retract_one(deed)
        facts = {"symbol": deed.symbol, "quantity": deed.quantity, "price": deed.price, "day": deed.day}
        self._do(deed.kind, deed.account, amount=None if deed.amount is None else deed.amount - CENT, **facts)

    def _renumber(self) -> None:
        deed = self.random.choice(self._recent())
        self.loose.add(deed.identity)
        self._give_id(deed)

    def _retract(self) -> None:
        self._retract_one(self.random.choice(self._recent()))

    def _retract_one(self, deed: Deed) -> None:
        self._count(deed, -1)
        self.retracted.append(self.deeds.pop(deed.identity))

    def _show_again(self) -> None:
        """Take back that a deed was taken back."""
        late = [deed for deed in self.retracted if (self.today - deed.day).days <= RECENT]
        deed = self.random.choice(late)
        self.retracted.remove(deed)
        self.deeds[deed.identity] = deed
        self._count(deed, 1)

    def _odd_row(self) -> None:
        deed = self.random.choice(self._recent())
        self.deeds[deed.identity] = replace(deed, odd=True)

    # --- what the broker shows ----------------------------------------------------------------------------------
    def look(self, account: str) -> Look:
        inside = self.accounts[account]
        if inside.stale is not None:
            return inside.stale
        lots: list[Lot] = []
        for symbol, units in sorted(inside.units.items()):
            parts = (Decimal(1), units - 1) if symbol in inside.twofold and units > 1 else (units,)
            lots += [Lot(symbol, part, self.prices[symbol]) for part in parts if symbol not in inside.odd]
            lots += [Lot(symbol, units, self.prices[symbol], odd=True)] if symbol in inside.odd else []
        self.random.shuffle(lots)
        return Look(self.now, tuple(lots), tuple(sorted(inside.cash.items())))

    def done(self, account: str, start: date | None) -> list[Deed]:
        """Return what was done in an account from a day on, newest first."""
        rows = [each for each in self.deeds.values() if each.account == account and (not start or each.day >= start)]
        return sorted(rows, key=lambda deed: (deed.day, deed.identity), reverse=True)

    def settle(self) -> None:
        """Let all be readable, and let an aggregator show what there is."""
        self.deeds = {identity: replace(deed, odd=False) for identity, deed in self.deeds.items()}
        for inside in self.accounts.values():
            inside.stale = None
        self.remember()

    # --- what is true -------------------------------------------------------------------------------------------
    def truth(self, *, odd: bool = False) -> Counter[tuple[object, ...]]:
        """Return what was done, without what was canceled."""
        return Counter(deed.told for deed in self.deeds.values() if deed.status != CANCELED and deed.odd is odd)
