"""Histories with webhooks: nobody syncs but the planner, and it looks at what the vendor has told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from fin_infra.book import Book, read
from fin_infra.book.due import FAILED, NEWS, Cadence, Due, still_due
from fin_infra.book.engine import Database, writing
from fin_infra.book.lease import LEASE
from fin_infra.book.records import ConnectionState
from fin_infra.book.tables import connections
from fin_infra.errors import ReauthRequired
from fin_infra.providers.interfaces.webhooks import EventKind
from fin_infra.security.vault import demo_vault
from tests.book.broker_world import BrokerWorld
from tests.book.driving import LEFT, Driven
from tests.book.mail import Mail
from tests.book.model import ACCOUNTS
from tests.book.world import World

CADENCE = Cadence()
WHAT = ("forge", "stranger", "lose", "restart", "burst", "cut_off", *("login", "plan", "send") * 3)
LOOK = timedelta(seconds=5)
"""Between two looks of the planner."""
SETTLED = timedelta(seconds=30)
"""Between two looks at what other processes have taken."""


class Told:
    """A source that knows how its vendor's webhooks name the login, and fails while the login is broken."""

    def __init__(self, source: Any, mail: Mail) -> None:
        self.source, self.mail = source, mail
        self.resumes: bool = source.resumes

    def changes(self, cursor: str) -> Any:
        if self.mail.broken:
            raise ReauthRequired("model: the bank wants the person to sign in again")
        page = yield from self.source.changes(cursor)
        return replace(page, login=self.mail.login)


class ModelBook(Book[Any]):
    """A book whose connection is asked at the model."""

    source: Told

    def client_of(self, row: Any) -> Any:
        return self.source


class Hooked(Driven):
    """A household whose syncs are begun by the planner alone, as `Syncs.sync_one` does them."""

    mail: Mail

    def __init__(self, database: Database, seed: int, **kind: bool) -> None:
        super().__init__(database, seed, **kind)
        provider = f"banking:model_{self.owner.user_id.replace('-', '_')}"
        with writing(self.engine) as db:  # a vendor of its own, so that no other history hears of its accounts
            mine = self.owner.of(connections, id=self.connection)
            db.execute(sa.update(connections).where(mine).values(provider=provider))
        self.mail = Mail(self.engine, provider, self.random, self.clock)
        self.item = Due(self.owner, self.connection, provider)

    def flow(self, *, quiet: bool = False) -> Any:
        book = ModelBook(self.database, self.owner, "sync", demo_vault, self.clock)
        book.source = Told(self.source(self.sizes[quiet]), self.mail)
        result = yield from book.sync_one(self.connection, None)
        return not result.busy

    def vendor_moves(self) -> None:
        """Let something happen at the vendor, which tells it at once, later or much later."""
        super().vendor_moves()
        self.mail.write(EventKind.NEWS)
        if self.random.random() < 0.6:
            self.mail.happened["during_a_sync"] += 1
            self.mail.send_some()
            self.mail.settle(unsteady=True)

    def counts(self) -> Counter[str]:
        return super().counts() + self.mail.happened

    # --- the planner --------------------------------------------------------------------------------------------
    def plan(self, time: timedelta, *, faults: bool = False, every: timedelta = LOOK) -> int:
        """Let a time pass in which the planner looks every few seconds; return how many syncs it began."""
        begun, end, settled = 0, self.clock() + time, self.clock()
        while (now := self.clock()) < end:
            if now - settled > SETTLED:
                self.mail.settle(unsteady=faults)
                settled = now
            if still_due(self.engine, self.item, now, CADENCE):
                begun += 1
                if faults:
                    self.sync_with_faults()
                else:
                    assert self.run(self.flow()) in (True, None)
            self.pass_time(every)
        return begun

    def burst(self) -> None:
        """Send a storm of one moment: at most one sync comes of it, however many events it has.

        One more where that is the first one, which learns how the vendor names the login: then it is told again.
        """
        most = 1 if self.row().synced_at else 2
        self.mail.storm(self.random.randint(10, 40))
        for _ in range(3):
            self.mail.send_some()
            self.mail.settle(unsteady=True)
        self.mail.send_all()
        self.mail.settle()
        assert self.plan(timedelta(seconds=60)) <= most, "a storm was several syncs"
        self.mail.happened["burst"] += 1

    def flood(self) -> None:
        """Send events for half a minute without a pause: a sync comes every ten seconds at most."""
        seconds, begun = 30, 0
        for _ in range(seconds):
            self.mail.storm(1)
            self.mail.send_all()
            self.mail.settle()
            begun += self.plan(timedelta(seconds=1), every=timedelta(seconds=1))
        assert begun <= seconds // NEWS.total_seconds() + 1, "syncs follow each other faster than every ten seconds"
        self.mail.happened["flood"] += 1

    def cut_off(self) -> None:
        """End the sync that is to fetch the last news, by a crash or a stop of the service; nobody tells them again."""
        super().vendor_moves()
        self.mail.write(EventKind.NEWS)
        self.mail.send_all()
        self.mail.settle(unsteady=True)
        self.mail.settle()
        self.pass_time(NEWS)
        flow, steps = self.flow(), self.random.randint(1, 9)
        try:
            effect = next(flow)
            for _ in range(steps):
                effect = flow.send(effect.fn())
        except StopIteration:
            return
        if self.random.random() < 0.5:
            flow.close()
        else:
            LEFT.append(flow)
        self.mail.happened["cut_off"] += 1
        self.calm()

    # --- what happens -------------------------------------------------------------------------------------------
    def something(self) -> None:
        """Let one thing happen to the mail."""
        mail, random = self.mail, self.random
        match random.choice(WHAT):
            case "forge":
                mail.forge()
            case "stranger":
                mail.write(random.choice((EventKind.NEWS, EventKind.ENDED)), stranger=True)
                mail.happened["stranger"] += 1
            case "lose":
                mail.lose()
            case "restart":
                self.engine.dispose()
                mail.happened["restart"] += 1
            case "login":
                self.login_changes()
            case "burst":
                self.burst()
            case "cut_off":
                self.cut_off()
            case "plan":
                self.plan(timedelta(seconds=random.choice((5, 30, 150))), faults=True)
            case _:
                mail.send_some()
                mail.settle(unsteady=random.random() < 0.5)

    def login_changes(self) -> None:
        """Let the login break, be repaired or come to have an end; not before the book knows its name at the vendor."""
        if self.row().synced_at is None:
            return
        kind = "repaired" if self.mail.broken else self.random.choice(("broken", "expiring", "repaired"))
        {"broken": self.mail.breaks, "expiring": self.mail.expires, "repaired": self.mail.is_repaired}[kind]()
        self.mail.happened[kind] += 1

    def calm(self) -> None:
        """Let everything arrive and the planner look; the book has all by that, and no sync was asked for beside it."""
        self.mail.send_all()
        self.mail.settle()
        self.plan(LEASE + timedelta(seconds=30))
        if self.mail.lost:
            self.pass_time(timedelta(hours=6))
            self.plan(2 * SETTLED)
        elif self.row().state in (ConnectionState.STALE, ConnectionState.LINKING):
            self.pass_time(FAILED)
            self.plan(2 * SETTLED)
        self.mail.lost = False
        self.mail.check()
        assert self.row().ends_at == self.mail.ends_at
        wanted = ConnectionState.PERSON_MUST_ACT if self.mail.broken else ConnectionState.HEALTHY
        assert self.row().state is wanted, f"the connection is {self.row().state}, and the login is {wanted}"
        if not self.mail.broken:
            before = self.content()
            assert self.run(self.flow()) is True
            assert self.content() == before, "news were lost"

    def row(self) -> Any:
        return next(each for each in read.read(self.engine, read.connection_rows, self.owner))

    def content(self) -> Any:
        raise NotImplementedError

    def end(self) -> None:
        """Let the vendor say that the login is over: nothing it tells after that has an effect, and the rows stay."""
        before = self.content()
        self.mail.write(EventKind.ENDED)
        self.mail.send_all()
        self.mail.settle()
        self.mail.storm(5)
        self.mail.write(EventKind.PERSON_MUST_ACT)
        self.mail.write(EventKind.REPAIRED)
        self.mail.send_some()
        self.mail.send_all()
        self.mail.settle()
        assert self.row().state is ConnectionState.REVOKED
        assert self.plan(LEASE + timedelta(seconds=30)) == 0, "a login that is over was asked"
        assert self.content() == before
        self.mail.check()
        self.mail.happened["ended"] += 1


class HookedBank(Hooked, World):
    def __init__(self, database: Database, seed: int, *, links: bool, adapter: bool = False) -> None:
        super().__init__(database, seed, links=links, adapter=adapter)
        self.files = False
        self.mail.accounts = ACCOUNTS

    def content(self) -> Any:
        return [
            (row.id, row.date, row.description, row.amount, row.status, row.removed)
            for row in self.rows(with_removed=True)
        ]


class HookedBroker(Hooked, BrokerWorld):
    def __init__(self, database: Database, seed: int, *, aggregator: bool) -> None:
        super().__init__(database, seed, aggregator=aggregator)
        self.mail.accounts = sorted(self.broker.accounts)

    def content(self) -> Any:
        return self.trades()


def hooked_history(world: HookedBank | HookedBroker, rounds: int) -> Hooked:
    """Live one history of a vendor that tells by itself."""
    for _ in range(rounds):
        for _ in range(world.random.randint(4, 10)):
            world.vendor_moves()
        for _ in range(world.random.randint(4, 8)):
            world.something()
        if world.random.random() < 0.6:
            world.calm()
            _quiet(world)
        world.follow()
    if world.mail.broken:
        world.login_changes()
    world.flood()
    world.calm()
    _quiet(world)
    world.end()
    return world


def _quiet(world: HookedBank | HookedBroker) -> None:
    if not world.mail.broken:
        world.quiet()
        if isinstance(world, HookedBank):
            world.check()
