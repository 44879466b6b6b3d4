"""Nothing lost, nothing doubled: histories of a bank against faults, on both databases, seed by seed.

1,000 histories in `make long`, 100 in `make test`, half of them of each kind of bank, and a third of a half by an
adapter with a list of changes; a quarter of all again on PostgreSQL; a few in `make quick`.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from fin_infra.book.engine import Database
from fin_infra.book.lease import LEASE
from tests.book.model import Bank
from tests.book.world import AT_LEAST, World
from tests.support import effort

HISTORIES = int(os.environ.get("FIN_INFRA_TEST_HISTORIES", {"quick": 6, "test": 50, "long": 500}[effort.TIER]))
FIRST = int(os.environ.get("FIN_INFRA_TEST_SEED", "0"))
EVENTS = frozenset(name[1:] for name in vars(Bank) if name.startswith("_") and not name.startswith("__")) - {
    "new",
    "name",
    "pending",
    "recent",
    "settle_as",
    "open",
    "able_to_echo",
}
FAULTS = (
    "killed",
    "killed_after",
    "before",
    "answer_lost",
    "bank_moves",
    "paused",
    "second_worker",
    "BookUnavailable",
    "LeaseLost",
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


def history(database: Database, seed: int, *, links: bool, adapter: bool = False) -> World:
    world = World(database, seed, links=links, adapter=adapter)
    for _ in range(4):
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


@pytest.mark.parametrize(
    ("links", "adapter"),
    [(True, False), (False, False), (True, True)],
    ids=["differences", "windows", "changes by an adapter"],
)
def test_histories_when_all_is_quiet_then_the_book_is_what_the_bank_says(
    database: Database, links: bool, adapter: bool
) -> None:
    happened: Counter[str] = Counter()
    count = HISTORIES if database.engine.dialect.name == "sqlite" else max(5, HISTORIES // 4)
    count = max(3, count // 3) if adapter else count  # the engine under it is that of the differences
    for seed in range(FIRST, FIRST + count):
        try:
            world = history(database, seed, links=links, adapter=adapter)
        except BaseException as exc:
            raise AssertionError(f"history {seed}: {exc}; again with FIN_INFRA_TEST_SEED={seed}") from exc
        happened += world.bank.happened + world.faults
    if count >= 50:
        wanted = [
            *EVENTS,
            *FAULTS,
            *(["restart"] if links else ["answer_same"]),
            *(["foreign_cursor"] if adapter else []),
        ]
        rare = {name: happened[name] for name in wanted if happened[name] < AT_LEAST}
        assert not rare, "these happened too rarely to prove anything"
