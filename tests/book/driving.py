"""What histories of banks and brokers have in common: a book that is synced through faults, and a feed to follow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from fin_infra.book.engine import Database, reading
from fin_infra.book.feed import read_changes
from fin_infra.book.lease import LEASE, Owner
from fin_infra.book.sync import Progress, sync
from fin_infra.errors import BookUnavailable, LeaseLost, ProviderUnavailable
from fin_infra.transport import Invoke

AT_LEAST = 30
"""How often each event and fault must have happened in a run of histories, or it proves nothing."""
KINDS = (
    *("killed", "killed_after", "before", "answer_lost", "paused", "paused", "second_worker"),
    *("vendor_fails",) * 2,
    *("vendor_moves",) * 6,
)

LEFT: list[Any] = []
"""Flows of workers that were killed: never closed, as a dead process closes nothing."""


class Driven(ABC):
    """A household with one connection, whose syncs are driven step by step."""

    owner: Owner
    connection: str

    def __init__(self, database: Database, seed: int) -> None:
        self.random = Random(seed)
        self.database = database
        self.engine = database.engine
        self.faults: Counter[str] = Counter()
        self.seen: dict[tuple[str, int], Any] = {}
        self.position = 0
        self.sizes = self.random.choice(((2, 50), (5, 50), (10, 50)))
        """Rows to a page, while there are faults and while all is quiet."""

    @abstractmethod
    def source(self, size: int) -> Any:
        """Return the vendor as a source of the book with so many rows to a page, as a worker has it that starts."""

    @abstractmethod
    def vendor_moves(self) -> None:
        """Let something happen at the vendor."""

    @abstractmethod
    def counts(self) -> Counter[str]:
        """Return how often each event and fault has happened."""

    @abstractmethod
    def clock(self) -> datetime:
        """Return the time, a moment later at each look."""

    @abstractmethod
    def pass_time(self, time: timedelta) -> None: ...

    def flow(self, *, quiet: bool = False) -> Any:
        source = self.source(self.sizes[quiet])
        return sync(self.engine, self.owner, self.connection, source, self.clock, Progress())

    def run(self, flow: Any, fault: Callable[[], str | None] = lambda: None) -> Any:
        """Drive a sync; `fault` says before each step what befalls it."""
        try:
            effect = next(flow)
            while True:
                match fault():
                    case "killed":
                        LEFT.append(flow)
                        return None
                    case "killed_after":
                        effect.fn()
                        LEFT.append(flow)
                        return None
                    case "before":
                        effect = flow.throw(BookUnavailable("the database went away"))
                    case "answer_lost":
                        effect.fn()
                        effect = flow.throw(BookUnavailable("the database went away"))
                    case "vendor_fails" if isinstance(effect, Invoke):
                        self.faults["call_failed"] += 1
                        effect = flow.throw(ProviderUnavailable("model: down"))
                    case "vendor_moves":
                        self.vendor_moves()
                        effect = self._step(flow, effect)
                    case "paused":
                        self.pass_time(LEASE)
                        self.run(self.flow())
                        effect = self._step(flow, effect)
                    case "second_worker":
                        assert self.run(self.flow()) in (False, True)
                        effect = self._step(flow, effect)
                    case _:
                        effect = self._step(flow, effect)
        except StopIteration as stop:
            return stop.value

    @staticmethod
    def _step(flow: Any, effect: Any) -> Any:
        try:
            reply = effect.fn()
        except Exception as exc:
            return flow.throw(exc)
        return flow.send(reply)

    def sync_with_faults(self) -> None:
        def fault() -> str | None:
            if self.random.random() < 0.6:
                return None
            kind = self.random.choice(KINDS)
            self.faults[kind] += 1
            return kind

        try:
            self.run(self.flow(), fault)
        except (BookUnavailable, LeaseLost, ProviderUnavailable) as exc:
            self.faults[type(exc).__name__] += 1

    # --- the feed -----------------------------------------------------------------------------------------------
    def head(self) -> int:
        with reading(self.engine) as db:
            ask = sa.text("SELECT head FROM households WHERE tenant = :tenant AND user_id = :user_id")
            return int(db.execute(ask, self.owner.scope).scalar_one())

    def follow(self) -> list[Any]:
        """Read the feed as a consumer does, and keep what it says."""
        told: list[Any] = []
        while part := read_changes(self.engine, self.owner, self.position, 40):
            for change in part:
                assert change.position == self.position + 1, "the feed skips or repeats a position"
                self.position = change.position
                if change.record is not None:
                    self.seen[(change.subject, change.id)] = change.record
            told += part
        return told

    def check_feed(self, subject: str, table: sa.Table) -> None:
        """Compare what a consumer of the feed has with what stands in the table."""
        self.follow()
        with reading(self.engine) as db:
            rows = db.execute(sa.select(table).where(self.owner.of(table))).mappings().all()
        stored = {row["id"]: {**row} for row in rows}
        replayed = {id: record for (of, id), record in self.seen.items() if of == subject}
        assert replayed.keys() == stored.keys()
        for id, record in replayed.items():
            assert {name: stored[id][name] for name in record} == record, "the feed tells another state"
        assert self.position == self.head()
