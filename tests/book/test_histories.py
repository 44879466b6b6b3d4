"""Nothing lost, nothing doubled: histories of banks and brokers against faults, on both databases, seed by seed.

1,000 histories in `make long` and 100 in `make test`, a quarter of them of each kind of bank and broker, as many again
as a third of the banks by an adapter with a list of changes, and as an eighth of them by vendors with webhooks; a tenth
of all again on PostgreSQL; a few in `make quick`.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from fin_infra.book import syncs, write
from fin_infra.book.engine import Database
from fin_infra.book.lease import LEASE
from tests.book.broker import Broker
from tests.book.broker_world import BrokerWorld
from tests.book.driving import AT_LEAST, Driven
from tests.book.hooked import HookedBank, HookedBroker, hooked_history
from tests.book.model import Bank
from tests.book.world import World
from tests.support import effort

HISTORIES = int(os.environ.get("FIN_INFRA_TEST_HISTORIES", {"quick": 4, "test": 50, "long": 500}[effort.TIER]))
ROUNDS = effort.share(4, test=3, quick=2)
FIRST = int(os.environ.get("FIN_INFRA_TEST_SEED", "0"))
BANK = frozenset(name[1:] for name in vars(Bank) if name.startswith("_") and not name.startswith("__")) - {
    "new",
    "name",
    "pending",
    "recent",
    "settle_as",
    "open",
    "able_to_echo",
    "single",
}
BROKER = frozenset(name[1:] for name in vars(Broker) if name.startswith("_") and not name.startswith("__")) - {
    "account",
    "do",
    "give_id",
    "count",
    "trade",
    "held",
    "money",
    "late",
    "recent",
    "change",
    "retract_one",
}
FAULTS = (
    "killed",
    "killed_after",
    "before",
    "answer_lost",
    "vendor_moves",
    "paused",
    "second_worker",
    "BookUnavailable",
    "LeaseLost",
    "call_failed",
)
FILES = (
    "note",
    "import",
    "import_none",
    "import_kept",
    "import_numbered",
    "import_overlaps",
    "import_before_the_sync",
    "undo",
    "undo_before_the_sync",
    "join",
)
MAIL = (
    *("reordered", "again", "lost", "altered", "other_secret", "unsigned", "stale", "future", "refused_for_now"),
    *(
        "answer_to_vendor_lost",
        "settling_cut_off",
        "cut_off",
        "during_a_sync",
        "stranger",
        "restart",
        "broken",
        "repaired",
    ),
    *("expiring", "burst", "flood", "ended", "killed", "killed_after", "paused", "second_worker", "BookUnavailable"),
)
WANTED = {
    "banks": (*BANK, *FAULTS, *FILES, "restart", "answer_same"),
    "brokers": (*BROKER, *FAULTS),
    "changes by an adapter": (*BANK, *FAULTS, *FILES, "restart", "foreign_cursor"),
    "webhooks": MAIL,
}

FEWER = {"changes by an adapter": 3, "webhooks": 8}
"""Kinds under which the engine is the same as under the others."""


def history(database: Database, seed: int, who: str) -> Driven:
    """Live one history: every other one of a vendor of either kind."""
    if who == "brokers":
        return broker_history(BrokerWorld(database, seed, aggregator=seed % 2 == 1))
    if who == "webhooks":
        return hooked_history(hooked(database, seed), ROUNDS)
    if who == "changes by an adapter":
        return bank_history(World(database, seed, links=True, adapter=True))
    return bank_history(World(database, seed, links=seed % 2 == 1))


def hooked(database: Database, seed: int) -> HookedBank | HookedBroker:
    if seed % 4 == 3:
        return HookedBroker(database, seed, aggregator=seed % 8 == 3)
    return HookedBank(database, seed, links=seed % 4 > 0, adapter=seed % 4 == 2)


def bank_history(world: World) -> World:
    for _ in range(ROUNDS):
        for _ in range(world.random.randint(6, 20)):
            world.bank.happen()
        if world.files:
            world.file_comes()
        for _ in range(3):
            world.sync_with_faults()
            world.now += LEASE * world.random.randint(0, 1)
        if world.files:
            world.file_comes()
        if world.random.random() < 0.6:
            world.quiet()
            world.check()
            world.say_something()
        world.follow()
    world.quiet()
    world.check()
    if world.files:
        for _ in range(2):
            world.import_one()
            world.undo_something("undo")
        world.quiet()
        world.check()
    return world


def broker_history(world: BrokerWorld) -> BrokerWorld:
    for _ in range(ROUNDS):
        for _ in range(world.random.randint(6, 20)):
            world.broker.happen()
        for _ in range(3):
            world.sync_with_faults()
            world.check_nothing_invented()
            world.pass_time(LEASE * world.random.randint(0, 1))
        if world.random.random() < 0.6:
            world.quiet()
        world.follow()
    world.quiet()
    world.check_days()
    return world


@pytest.mark.parametrize("who", WANTED)
def test_histories_when_all_is_quiet_then_the_book_is_what_the_vendor_says(
    database: Database, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "CHUNK", 5)  # so that a run of few pages is written in steps, too
    monkeypatch.setattr(syncs, "source_of", lambda client: client)  # the model is a source already
    happened: Counter[str] = Counter()
    count = HISTORIES if database.engine.dialect.name == "sqlite" else max(4, HISTORIES // 10)
    count = max(3, count // FEWER.get(who, 1))
    for seed in range(FIRST, FIRST + count):
        try:
            world = history(database, seed, who)
        except BaseException as exc:
            raise AssertionError(f"history {seed}: {exc}; again with FIN_INFRA_TEST_SEED={seed}") from exc
        happened += world.counts()
    if count >= 50:
        rare = {name: happened[name] for name in WANTED[who] if happened[name] < AT_LEAST}
        assert not rare, "these happened too rarely to prove anything"


def test_history_when_twins_are_joined_while_questions_are_open_then_each_finds_its_own(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """History 366, in which two accounts are joined before the questions of the files are answered."""
    if database.engine.dialect.name != "sqlite":
        pytest.skip("one database shows it")
    monkeypatch.setattr(write, "CHUNK", 5)
    monkeypatch.setattr(syncs, "source_of", lambda client: client)
    assert history(database, 366, "banks").faults["join"] > 0
