"""What a run of a source changes in the book: which rows are new, which are known, which are gone, what to ask.
Floor 6: pure; takes rows as they stand in the book and transactions as the vendor tells them, and touches no database.

A transaction is a row of the book by the first of these that holds:
1. the vendor's own link to the pending one that it was;
2. its id at this source;
3. equal content (account, day, amount, text) in a row that is gone, or that another source brought and this one has
   not named yet, each as often as it occurs;
4. a pending row that is gone, with the same amount, on a day not after it: one whose text is alike, or the only one.
A row that comes to have the content of one that another source brought, as when it posts, takes that one in.
What is merely near (a tip on top, a hold at a pump, another wording in a file, a corrected amount under another id) is
new, and a person is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from fin_infra.book.columns import decimal_text, e4
from fin_infra.book.pages import VendorTransaction
from fin_infra.imports.statements.likeness import fold, is_part, words

PENDING, POSTED, REMOVED = "pending", "posted", "removed"
TIP, HOLD, WORDING, AMOUNT = "tip", "hold", "wording", "amount"
PENDING_DAYS = 10
"""Days from a pending transaction to its posted one: over a long weekend, and more at hotels."""
TIP_SHARE = Decimal("1.3")
"""A posted amount up to 30 % above the pending one is asked about: we-promise/sure#602."""
HOLD_AMOUNT = Decimal(1)
"""Pumps hold 1.00 until they know the amount."""
NEAR_DAYS = 5


class Facts(NamedTuple):
    """A transaction as it is stored, in the order of the columns of `transactions` after its id."""

    account: int
    source: str
    vendor_id: str
    day: str
    text: str
    currency: str
    amount: str
    e4: int | None
    state: str
    category: str
    category_text: str | None
    type_text: str | None
    counterparty: str | None

    @property
    def content(self) -> tuple[Any, ...]:
        return self.account, self.currency, Decimal(self.amount), self.day, fold(self.text)

    @property
    def money(self) -> tuple[Any, ...]:
        return self.account, self.currency, Decimal(self.amount)


class Entry(NamedTuple):
    """One line of the log; `before` has the old values of what changed."""

    position: int
    kind: str
    id: int
    before: str | None


class Doubt(NamedTuple):
    """A new row that may be the same transaction as another one."""

    row: int
    other: int
    kind: str
    pattern: str


@dataclass(slots=True)
class Known:
    """What the book has that a run may touch."""

    names: dict[str, int] = field(default_factory=dict[str, int])
    """Row by vendor id, of every id this source ever gave it."""
    rows: dict[int, Facts] = field(default_factory=dict[int, Facts])
    gone: set[int] = field(default_factory=set[int])
    """Rows that the vendor took back or does not show any more."""
    foreign: set[int] = field(default_factory=set[int])
    """Rows of other sources in the same accounts, which this source has not named."""


@dataclass(slots=True)
class Merged:
    """What is to be written."""

    rows: dict[int, Facts] = field(default_factory=dict[int, Facts])
    log: list[Entry] = field(default_factory=list[Entry])
    names: dict[str, int] = field(default_factory=dict[str, int])
    doubts: list[Doubt] = field(default_factory=list[Doubt])
    united: dict[int, int] = field(default_factory=dict[int, int])
    """Rows of other sources that turned out to be a row of this one: their ids and words go over to it."""


Settled = Callable[[int, str], bool | None]
"""What a person said of a pattern at the institution of an account; None where nobody was asked."""


def facts_of(told: VendorTransaction, account: int, source: str) -> Facts:
    """Return a transaction as it is stored."""
    amount = told.amount
    return Facts(
        account,
        source,
        told.vendor_id,
        told.day.isoformat(),
        told.text,
        told.currency,
        decimal_text(amount),
        e4(amount),
        PENDING if told.pending else POSTED,
        told.category,
        told.category_text,
        told.type_text,
        told.counterparty,
    )


def never_asked(_account: int, _pattern: str) -> bool | None:
    return None


class Merge:
    """One run at work, a chunk of transactions at a time."""

    def __init__(self, known: Known, head: int, settled: Settled = never_asked) -> None:
        self.known = known
        self.head = head
        self.settled = settled
        self.out = Merged()
        self._renewed: list[int] = []
        """Rows whose content is another one than it was."""

    def take(self, told: Iterable[tuple[Facts, str | None]]) -> None:
        """Take transactions, each with the vendor's link to its pending one."""
        told = list(told)
        posted = {link for _, link in told if link}
        told = [(facts, link) for facts, link in told if facts.state == POSTED or facts.vendor_id not in posted]
        fresh = {facts.vendor_id: facts for facts, link in told if not self._by_name(facts, link)}
        unnamed = list(fresh.values())
        if unnamed and (self.known.gone or self.known.foreign):
            unnamed = self._match(unnamed)
        for facts in unnamed:
            self._name(facts, self._put(None, facts))
        for facts, link in told:  # a pending one that is first shown after it was posted is an echo all the same
            if link and link not in self.known.names:
                self.known.names[link] = self.out.names[link] = self.known.names[facts.vendor_id]
        self._take_in()

    def remove_gone(self) -> None:
        """Mark what is still gone as removed."""
        for row in sorted(self.known.gone):
            facts = self.known.rows[row]
            if facts.state != REMOVED:
                self._put(row, facts._replace(state=REMOVED))
        self.known.gone.clear()

    def settle(self, row: int, facts: Facts) -> None:
        """Let a row be what a person's answer makes of it."""
        self._put(row, facts)

    def add(self, facts: Facts) -> int:
        """Add a row that nothing is to be matched with; return its id."""
        return self._put(None, facts)

    def _by_name(self, facts: Facts, link: str | None) -> bool:
        """Put a transaction that its id or its vendor's link tells; say whether one did."""
        row = self.known.names.get(facts.vendor_id)
        if row is None:
            row = self.known.names.get(link) if link else None
            if row is None or not self._is_free(row, link):
                return False
            self._name(facts, row)
        stored = self.known.rows[row]
        if stored.source != facts.source and stored.state == POSTED:
            return True  # another connection of the same account tells it
        if stored.state != POSTED or row in self.known.gone or stored.vendor_id in (facts.vendor_id, link):
            self._put(row, facts)
        elif facts.state == POSTED:  # taken for the pending one of that row, it was another transaction all the time
            self._name(facts, self._put(None, facts))
        return True  # what is pending is an echo of what has been posted since

    def _is_free(self, row: int, link: str | None) -> bool:
        """Tell whether the pending one that a vendor links to has not been posted under another id."""
        stored = self.known.rows[row]
        return stored.state != POSTED or stored.vendor_id == link or row in self.known.gone

    def _match(self, unnamed: list[Facts]) -> list[Facts]:
        left = self._match_content(unnamed, self.known.gone)
        left = self._match_pending(left, alone=False)
        left = self._match_pending(left, alone=True)
        rest = self._match_content(left, self.known.foreign)
        taken = {facts.vendor_id for facts in left} - {facts.vendor_id for facts in rest}
        for facts in left:
            if facts.vendor_id in taken:
                self._ask_raised(facts)
        return [facts for facts in rest if not self._ask(facts)]

    def _match_content(self, unnamed: list[Facts], rows: set[int]) -> list[Facts]:
        pool = self._by_content(rows)
        left: list[Facts] = []
        for facts in unnamed:
            found = pool.get(facts.content)
            if found:
                self._take_over(found.pop(0), facts)
            else:
                left.append(facts)
        return left

    def _by_content(self, rows: set[int]) -> dict[tuple[Any, ...], list[int]]:
        pool: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
        for row in sorted(rows):
            pool[self.known.rows[row].content].append(row)
        return pool

    def _take_in(self) -> None:
        """Take in rows of other sources whose content a row of this one has come to have, each once."""
        pool = self._by_content(self.known.foreign)
        renewed = [row for row in dict.fromkeys(self._renewed) if self.known.rows[row].state == POSTED] if pool else []
        self._renewed.clear()
        left: list[int] = []
        for row in renewed:
            found = pool.get(self.known.rows[row].content)
            if found:
                self._unite(found.pop(0), row)
            else:
                left.append(row)
        asked = {doubt.row for doubt in self.out.doubts}
        for row in left:
            if row not in asked:
                self._ask_reworded(row)

    def _ask_reworded(self, row: int) -> None:
        """Ask whether a row of another source is this one in other words, or take an earlier answer."""
        facts = self.known.rows[row]
        for other in sorted(self.known.foreign):
            its = self.known.rows[other]
            if (its.account, its.currency) != (facts.account, facts.currency) or _reworded(its, facts) != WORDING:
                continue
            pattern = f"{WORDING}:{fold(facts.text)}|{fold(its.text)}"
            said = self.settled(facts.account, pattern)
            if said:
                self._unite(other, row)
                return
            if said is None:
                self.out.doubts.append(Doubt(other, row, WORDING, pattern))

    def _unite(self, other: int, row: int) -> None:
        """Let a row of another source be a row of this one."""
        self.known.foreign.discard(other)
        self._put(other, united(self.known.rows[other], row))
        self.out.united[other] = row

    def _match_pending(self, unnamed: list[Facts], *, alone: bool) -> list[Facts]:
        """Match posted transactions with pending rows of their amount: by the texts, or where only one is there."""
        pool = self._gone_pending(lambda facts: facts.money)
        left: list[Facts] = []
        for facts in unnamed:
            near = [row for row in pool.get(facts.money, ()) if _posts(self.known.rows[row], facts)]
            alike = [row for row in near if _alike(self.known.rows[row].text, facts.text)]
            found = near if alone and len(near) == 1 else alike
            if facts.state == POSTED and found:
                row = min(found, key=lambda row: (-date_of(self.known.rows[row]).toordinal(), row))
                pool[facts.money].remove(row)
                self._take_over(row, facts)
            else:
                left.append(facts)
        return left

    def _gone_pending(self, part: Callable[[Facts], Any]) -> dict[Any, list[int]]:
        pool: defaultdict[Any, list[int]] = defaultdict(list)
        for row in sorted(self.known.gone):
            facts = self.known.rows[row]
            if facts.state == PENDING:
                pool[part(facts)].append(row)
        return pool

    def _ask(self, facts: Facts) -> bool:
        """Look for what a transaction may be; say whether an earlier answer has settled it."""
        found = [] if facts.state == PENDING else list(self._near(facts))
        asked: list[tuple[int, str, str]] = []
        for row, kind in found:
            pattern = f"{kind}:{fold(self.known.rows[row].text)}|{fold(facts.text)}"
            said = self.settled(facts.account, pattern)
            if said:
                self._take_over(row, facts)
                return True
            if said is None:
                asked.append((row, kind, pattern))
        if not asked:
            return False
        new = self._put(None, facts)
        self._name(facts, new)
        self.out.doubts += [Doubt(new, row, kind, pattern) for row, kind, pattern in asked]
        return True

    def _ask_raised(self, facts: Facts) -> None:
        """Ask about a transaction that another source told first: it may be a pending one with a tip on top."""
        row = self.known.names[facts.vendor_id]
        for other, kind in self._near(facts):
            if kind in (TIP, HOLD):
                pattern = f"{kind}:{fold(self.known.rows[other].text)}|{fold(facts.text)}"
                self.out.doubts.append(Doubt(row, other, kind, pattern))

    def _near(self, facts: Facts) -> Iterable[tuple[int, str]]:
        for row in sorted(self.known.gone | self.known.foreign):
            other = self.known.rows[row]
            if (other.account, other.currency) != (facts.account, facts.currency):
                continue
            kind = _raised(other, facts) if other.state == PENDING else _reworded(other, facts)
            if kind == WORDING or (kind and row in self.known.gone):
                yield row, kind

    def _take_over(self, row: int, facts: Facts) -> None:
        self.known.gone.discard(row)
        self.known.foreign.discard(row)
        self._name(facts, row)
        self._put(row, facts)

    def _name(self, facts: Facts, row: int) -> None:
        self.known.names[facts.vendor_id] = self.out.names[facts.vendor_id] = row

    def _put(self, row: int | None, facts: Facts) -> int:
        """Write down what a row is now, unless it is that already; return its id."""
        position = self.head + len(self.out.log) + 1
        if row is None:
            entry = Entry(position, "added", position, None)
            self._renewed.append(position)
        else:
            old = self.known.rows[row]
            self.known.gone.discard(row)
            if old == facts:
                return row
            if old.state != POSTED or old.content != facts.content:
                self._renewed.append(row)
            entry = Entry(position, _kind(old, facts), row, before(old._asdict(), facts._asdict()))
        self.out.log.append(entry)
        self.known.rows[entry.id] = self.out.rows[entry.id] = facts
        return entry.id


def united(facts: Facts, row: int) -> Facts:
    """Return what is left of a row that turned out to be another one: removed, and named after it."""
    return facts._replace(state=REMOVED, vendor_id=f"{facts.vendor_id} ={row}")


def before(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return the old values of what differs, as JSON."""
    return msgspec.json.encode({name: value for name, value in old.items() if value != new[name]}).decode()


def _kind(old: Facts, new: Facts) -> str:
    if new.state == REMOVED:
        return "removed"
    if old.state == REMOVED:
        return "restored"
    return "posted" if old.state == PENDING and new.state == POSTED else "modified"


def date_of(facts: Facts) -> date:
    return date.fromisoformat(facts.day)


def _posts(pending: Facts, posted: Facts) -> bool:
    """Tell whether a pending transaction may have become a posted one of that day: only forward in time."""
    return 0 <= (date_of(posted) - date_of(pending)).days <= PENDING_DAYS


def _raised(pending: Facts, posted: Facts) -> str | None:
    """Tell what a posted amount above the pending one may be."""
    before, after = Decimal(pending.amount), Decimal(posted.amount)
    if not _posts(pending, posted) or not _alike(pending.text, posted.text):
        return None
    if after.is_signed() != before.is_signed() or not before:
        return None
    if abs(before) < abs(after) <= abs(before) * TIP_SHARE:
        return TIP
    return HOLD if abs(before) == HOLD_AMOUNT and abs(after) > HOLD_AMOUNT else None


def _reworded(one: Facts, other: Facts) -> str | None:
    """Tell what may differ between two records of one posted transaction: its words, or a corrected amount."""
    if abs((date_of(one) - date_of(other)).days) > NEAR_DAYS or not _holds(one.text, other.text):
        return None
    if Decimal(one.amount) == Decimal(other.amount):
        return WORDING
    return AMOUNT if Decimal(one.amount).is_signed() == Decimal(other.amount).is_signed() else None


def _alike(one: str, other: str) -> bool:
    first, second = fold(one), fold(other)
    return _folded_hold(first, second) or not words(first).isdisjoint(words(second))


def _holds(one: str, other: str) -> bool:
    return _folded_hold(fold(one), fold(other))


def _folded_hold(first: str, second: str) -> bool:
    return is_part(first, second) or is_part(second, first)
