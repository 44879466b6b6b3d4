"""A bank for histories: it knows what truly happened, by identities that never travel, and shows it as banks do.

It imports nothing of the book. Two kinds: one that tells net differences since a cursor, with removals, links from
posted to pending and restarts when it changes under a run; and one that shows a window of each account, without links.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

ACCOUNTS = ("checking", "card")
NUMBERS = {"checking": "4000001111", "card": "4000002222"}
"""What statement files print; nothing else at the bank has them."""
MERCHANTS = ("Blue Bottle Coffee", "Corner Grocery", "Joe's Diner", "Shell Oil 5512", "Acme Payroll", "City Rent LLC")
OFTEN = {"authorize": 5, "echo": 3, "echo_ends": 3, "vanish": 2, "post": 2, "tip": 4}
SETTLING = frozenset({"settle", "settle_same_id", "settle_day_later", "tip"})
"""What seldom can happen happens more often when it can."""
PENDING, POSTED, GONE = "pending", "posted", "gone"


class Changed(Exception):
    """The bank changed while somebody was reading its pages."""


@dataclass(frozen=True)
class Shown:
    """A transaction as the bank shows it at one moment."""

    vendor_id: str
    account: str
    day: date
    text: str
    amount: Decimal
    pending: bool
    pending_id: str | None = None


@dataclass(frozen=True)
class Printed:
    """A line of a statement file."""

    id: str | None
    day: date
    text: str
    amount: Decimal


@dataclass
class Item:
    """What truly happened once."""

    identity: int
    account: str
    day: date
    text: str
    amount: Decimal
    state: str
    vendor_id: str
    pending_id: str | None = None
    echo: bool = False
    """Whether the bank shows the pending one again beside the posted one."""


@dataclass
class Bank:
    random: Random
    links: bool
    """Whether a posted transaction names the pending one that it was."""
    today: date = date(2026, 3, 2)
    items: list[Item] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    owner_of: dict[str, int] = field(default_factory=dict)
    """Identity behind each id that was ever shown."""
    versions: list[dict[str, Shown]] = field(default_factory=lambda: [{}])
    remembered: set[str] = field(default_factory=set)
    """Ids of pending ones that a reader has stored; without links nobody else could tell an echo from a new one."""
    firm: set[int] = field(default_factory=set)
    """What was printed or settled since the last quiet time: a bank does not take that back, nor change its amount."""
    file_ids: dict[int, str] = field(default_factory=dict)
    twin_of: dict[int, int] = field(default_factory=dict)
    """Who is on paper the same as an earlier one."""
    serial: int = 0
    cents: int = 100

    # --- what happens -------------------------------------------------------------------------------------------
    def happen(self) -> None:
        """Let one thing happen, chosen among those that can happen now."""
        pending = [item for item in self.items if item.state == PENDING]
        posted = [item for item in self.items if item.state == POSTED]
        recent = [item for item in posted if (self.today - item.day).days <= 7]
        echoing = [item for item in posted if item.echo]
        can = {
            "post": True,
            "authorize": True,
            "twins": True,
            "transfer": True,
            "back_date": True,
            "day": True,
            "settle": bool(pending),
            "settle_same_id": bool(pending),
            "settle_day_later": bool(pending),
            "tip": any(item.amount < -1 for item in pending),
            "vanish": bool(pending),
            "edit": bool(recent),
            "edit_amount": bool(self._single()),
            "remove": any(item.identity not in self.firm for item in recent),
            "renumber": bool(recent),
            "echo": bool(self._able_to_echo()),
            "echo_ends": bool(echoing),
        }
        names = [name for name, possible in can.items() if possible]
        often = OFTEN if self.links else OFTEN | {"echo": 20, "echo_ends": 20}
        [name] = self.random.choices(names, [often.get(name, 2 if name in SETTLING else 1) for name in names])
        getattr(self, f"_{name}")()
        self.happened[name] += 1
        self.versions.append(self.shown())

    def _new(self, state: str, **facts: object) -> Item:
        self.serial += 1
        self.cents += self.random.randint(1, 40)
        amount = Decimal(-self.cents if self.random.random() < 0.8 else self.cents) / 100
        item = Item(
            identity=self.serial,
            account=self.random.choice(ACCOUNTS),
            day=self.today,
            text=f"{self.random.choice(MERCHANTS)} {self.serial}",
            amount=amount,
            state=state,
            vendor_id="",
        )
        item = replace(item, **facts)  # type: ignore[arg-type]  # fields by name
        self._name(item)
        self.items.append(item)
        return item

    def _name(self, item: Item) -> None:
        """Give an item a further id, which says nothing of its identity."""
        item.vendor_id = f"{item.account[0]}{self.random.randrange(16**10):010x}"
        self.owner_of[item.vendor_id] = item.identity

    def _post(self) -> None:
        self._new(POSTED)

    def _authorize(self) -> None:
        self._new(PENDING)

    def _twins(self) -> None:
        first = self._new(POSTED)
        second = self._new(POSTED, account=first.account, text=first.text, amount=first.amount)
        self.twin_of[second.identity] = first.identity

    def _transfer(self) -> None:
        out = self._new(POSTED, account="checking", text=f"Payment to card {self.serial + 1}")
        self._new(POSTED, account="card", text=out.text, amount=-out.amount)

    def _back_date(self) -> None:
        self._new(POSTED, day=self.today - timedelta(days=self.random.randint(1, 9)))

    def _day(self) -> None:
        self.today += timedelta(days=1)

    def _pending(self) -> Item:
        return self.random.choice([item for item in self.items if item.state == PENDING])

    def _recent(self) -> Item:
        near = [item for item in self.items if item.state == POSTED and (self.today - item.day).days <= 7]
        return self.random.choice(near)

    def _open(self) -> Item:
        near = [item for item in self.items if item.state == POSTED and (self.today - item.day).days <= 7]
        return self.random.choice([item for item in near if item.identity not in self.firm])

    def _settle_as(self, item: Item, *, new_id: bool = True) -> None:
        item.state, item.pending_id = POSTED, item.vendor_id
        item.day = min(self.today, item.day + timedelta(days=7))
        # who saw it pending could not tell that another amount under another id is the same one
        self.firm.add(item.identity)
        if new_id:
            self._name(item)

    def _settle(self) -> None:
        self._settle_as(self._pending())

    def _settle_same_id(self) -> None:
        self._settle_as(self._pending(), new_id=False)

    def _settle_day_later(self) -> None:
        item = self._pending()
        self._settle_as(item)
        item.text = item.text.upper()

    def _tip(self) -> None:
        item = self.random.choice([item for item in self.items if item.state == PENDING and item.amount < -1])
        item.amount = (item.amount * Decimal("1.18")).quantize(Decimal("0.01"))
        self._settle_as(item)

    def _vanish(self) -> None:
        self._pending().state = GONE

    def _edit(self) -> None:
        item = self._recent()
        item.text = f"{item.text} *"

    def _edit_amount(self) -> None:
        self.random.choice(self._single()).amount += Decimal("0.01")

    def _single(self) -> list[Item]:
        """Return what may come to have another amount: of two that are one on paper, nobody could tell which has."""
        near = [item for item in self.items if item.state == POSTED and (self.today - item.day).days <= 7]
        twins = self.twin_of.keys() | self.twin_of.values()
        return [item for item in near if item.identity not in self.firm | twins]

    def _remove(self) -> None:
        item = self._open()
        item.state, item.echo = GONE, False

    def _renumber(self) -> None:
        item = self._recent()
        item.pending_id, item.echo = None, False
        self._name(item)

    def _echo(self) -> None:
        self.random.choice(self._able_to_echo()).echo = True

    def _able_to_echo(self) -> list[Item]:
        return [
            item
            for item in self.items
            if item.state == POSTED and item.pending_id and item.pending_id != item.vendor_id and not item.echo
            if self.links or item.pending_id in self.remembered
        ]

    def _echo_ends(self) -> None:
        self.random.choice([item for item in self.items if item.echo]).echo = False

    # --- what the bank shows ------------------------------------------------------------------------------------
    def shown(self) -> dict[str, Shown]:
        rows: dict[str, Shown] = {}
        for item in self.items:
            if item.state == GONE:
                continue
            link = (
                item.pending_id if self.links and item.state == POSTED and item.pending_id != item.vendor_id else None
            )
            row = Shown(item.vendor_id, item.account, item.day, item.text, item.amount, item.state == PENDING, link)
            rows[row.vendor_id] = row
            if item.echo and item.pending_id:
                rows[item.pending_id] = replace(row, vendor_id=item.pending_id, pending=True, pending_id=None)
        return rows

    def difference(self, cursor: str, size: int) -> tuple[list[Shown], list[str], str, bool]:
        """Return a page of what differs from the version of the cursor: rows, removed ids, next cursor, the end."""
        start, _, rest = cursor.partition("/")
        target, _, offset = rest.partition("/")
        now = len(self.versions) - 1
        if rest and int(target) != now:
            raise Changed
        old, new = self.versions[int(start or 0)], self.versions[now]
        told: list[Shown | str] = [row for vendor_id, row in new.items() if old.get(vendor_id) != row]
        told += [vendor_id for vendor_id in old if vendor_id not in new]
        at = int(offset or 0)
        part = told[at : at + size]
        whole = at + size >= len(told)
        after = str(now) if whole else f"{start or 0}/{now}/{at + size}"
        rows = [row for row in part if isinstance(row, Shown)]
        return rows, [name for name in part if isinstance(name, str)], after, whole

    def window(self, account: str, start: date | None) -> list[Shown]:
        """Return what the bank shows of an account from a day on, newest first."""
        rows = [row for row in self.shown().values() if row.account == account and (start is None or row.day >= start)]
        return sorted(rows, key=lambda row: row.day, reverse=True)

    def statement(self, account: str, start: date, end: date, ids: str) -> list[tuple[Printed, int]]:
        """Print what was posted in a period, oldest first, each with its identity, which is not on the paper.

        `ids` says whether this kind of file has none, keeps them from file to file, or counts the lines of each file.
        """
        items = [each for each in self.items if each.account == account and each.state == POSTED]
        items = sorted((each for each in items if start <= each.day <= end), key=lambda each: each.day)
        wording = self.random.choice(("plain", "capitals", "longer"))
        found: list[tuple[Printed, int]] = []
        for number, item in enumerate(items):
            kept = self.file_ids.setdefault(item.identity, f"{self.random.randrange(16**8):08x}")
            name = {"none": None, "kept": kept, "numbered": f"{number + 1}"}[ids]
            text = {"plain": item.text, "capitals": item.text.upper(), "longer": f"CARD {item.text}"}[wording]
            found.append((Printed(name, item.day, text, item.amount), item.identity))
            self.firm.add(item.identity)
        return found

    # --- what is true -------------------------------------------------------------------------------------------
    def truth(self, state: str) -> Counter[tuple[str, date, str, Decimal]]:
        return Counter((item.account, item.day, item.text, item.amount) for item in self.items if item.state == state)

    def balance(self, account: str) -> Decimal:
        return sum((item.amount for item in self.items if item.account == account and item.state == POSTED), Decimal(0))
