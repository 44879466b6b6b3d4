"""Keep what an Item's transactions did, as events in order, and hand them out by cursor.
Floor 8: a cursor is a place in the events of one Item; what changes inside a run is summed up as of the run's start.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from fin_infra.sandbox.vendors.plaid.accounts import Row, Source, ident
from fin_infra.sandbox.vendors.plaid.refusals import Refused

FOREIGN = "cursor not associated with access_token"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one transaction: added, modified or removed."""

    kind: str
    id: str
    account_id: str
    row: Row


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a client is: the run began at `base`, has had everything before `at`, and saw the events up to `end`."""

    base: int
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """What one call of the sync gets; `events` carry the kind as of the run's start."""

    events: list[Event]
    cursor: Cursor
    has_more: bool


@dataclass(slots=True)
class Feed:
    """The events of one Item, and its transactions as of the last look at the bank."""

    item_id: str
    since: date
    events: list[Event] = field(default_factory=list[Event])
    known: dict[str, Event] = field(default_factory=dict[str, Event])
    created: list[tuple[str, Row]] = field(default_factory=list[tuple[str, Row]])
    """Account id and row of transactions that the client made up."""
    renamed: dict[str, str] = field(default_factory=dict[str, str])
    """Names that the control plane has given to transactions, by their id."""
    looks: int = 0

    def look(self, sources: Sequence[tuple[str, Source]], now: datetime, since: date | None = None) -> int:
        """Compare with the bank at `now`, note what changed since the last look, and return how many changes."""
        first = self.since if since is None else since
        seen = {
            ident(self.item_id, row.key): (account_id, row)
            for account_id, source in sources
            for row in source.rows(now)
            if row.day >= first
        }
        seen |= {ident(self.item_id, row.key): (account_id, row) for account_id, row in self.created}
        fresh: list[Event] = []
        for ident_, (account_id, real) in seen.items():
            row = replace(real, name=self.renamed[ident_]) if ident_ in self.renamed else real
            before = self.known.get(ident_)
            if before is None or before.row != row:
                fresh.append(Event("modified" if before else "added", ident_, account_id, row))
        fresh.sort(key=lambda event: (event.row.at, event.id))
        gone = [Event("removed", e.id, e.account_id, e.row) for e in self.known.values() if e.id not in seen]
        # the vendor promises no order between the lists, so that a pending row may go before or after its posting comes
        changes = [*gone, *fresh] if self.looks % 2 else [*fresh, *gone]
        self.looks += 1
        for event in changes:
            self.note(event)
        return len(changes)

    def note(self, event: Event) -> None:
        """Append an event and keep what is known in step."""
        self.events.append(event)
        if event.kind == "removed":
            self.known.pop(event.id, None)
        else:
            self.known[event.id] = event

    def page(self, cursor: Cursor, count: int, account_id: str = "") -> Page:
        """Return the next `count` changes after the cursor, of one account where one is named.

        Raises:
            Refused: the data changed since the run's first page.
        """
        mine = [not account_id or event.account_id == account_id for event in self.events]
        running = cursor.at > cursor.base
        if running and any(mine[cursor.end :]):
            raise Refused("TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION")
        end = cursor.end if running else len(self.events)
        first, last = dict[str, str](), dict[str, int]()
        for place in range(cursor.base, end):
            if mine[place]:
                event = self.events[place]
                first.setdefault(event.id, event.kind)
                last[event.id] = place
        left = [
            (place, Event(kind, ident_, self.events[place].account_id, self.events[place].row))
            for ident_, place in sorted(last.items(), key=lambda pair: pair[1])
            if place >= cursor.at and (kind := _summed(first[ident_], self.events[place].kind)) is not None
        ]
        taken, more = left[:count], left[count:]
        after = Cursor(cursor.base, taken[-1][0] + 1, end) if more else Cursor(end, end, end)
        return Page([event for _, event in taken], after, bool(more))

    def write(self, cursor: Cursor, account_id: str = "") -> str:
        """Return a cursor as the client keeps it."""
        parts = [self.item_id, account_id, cursor.base, cursor.at, cursor.end]
        return base64.b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode()

    def read(self, text: str, account_id: str = "") -> Cursor:
        """Return the cursor in a client's text; Refused when it is not one of this Item and stream."""
        if not text:
            return Cursor(0, 0, 0)
        if text == "now":
            return Cursor(len(self.events), len(self.events), len(self.events))
        parts = _parts(text)
        if parts is None or parts[:2] != [self.item_id, account_id]:
            raise Refused("INVALID_FIELD", FOREIGN)
        base, at, end = parts[2:]
        if not 0 <= base <= at <= end <= len(self.events):
            raise Refused("INVALID_FIELD", FOREIGN)
        return Cursor(base, at, end)


def _summed(first: str, last: str) -> str | None:
    """Return what a transaction's first and last change in a run come to; None for what came and went."""
    if first == "added":
        return None if last == "removed" else "added"
    return "removed" if last == "removed" else "modified"


def _parts(text: str) -> list[Any] | None:
    try:
        found: Any = json.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(found, list):
        return None
    parts: list[Any] = list(found)  # pyright: ignore[reportUnknownArgumentType]  # JSON
    return parts if len(parts) == 5 and all(type(part) is int for part in parts[2:]) else None
