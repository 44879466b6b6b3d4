"""No order twice, and nobody given an untrue answer: random schedules of faults, crashes and clients in virtual time.

Run one schedule again with FIN_INFRA_TEST_SEED=<the seed of the message>, more with FIN_INFRA_TEST_SCHEDULES. The tiers
take the first 200, 1,500 and 10,000 of the same seeds.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from fin_infra.model import Order
from fin_infra.trading import SqliteJournal
from tests.support.effort import share
from tests.trading.order_simulation import World

SCHEDULES = int(os.environ.get("FIN_INFRA_TEST_SCHEDULES", share(10_000, test=1_500, quick=200)))
PARTS = 8


def play(seed: int, journals: list[SqliteJournal]) -> World:
    world = World(seed, journals)
    try:
        world.run()
    except Exception as exc:
        raise AssertionError(f"seed {seed}: {exc}; run it alone with FIN_INFRA_TEST_SEED={seed}") from exc
    return world


@pytest.mark.parametrize(
    "part", [pytest.param(n, marks=pytest.mark.xdist_group(f"schedules-{n}")) for n in range(PARTS)]
)
def test_orders_when_everything_fails_then_none_is_placed_twice(part: int) -> None:
    alone = os.environ.get("FIN_INFRA_TEST_SEED")
    seeds = [int(alone)] if alone else range(part, SCHEDULES, PARTS)
    journals = [SqliteJournal(":memory:") for _ in range(3)]
    met: Counter[str] = Counter()
    try:
        for seed in seeds:
            world = play(seed, journals)
            met.update(type(client.outcome).__name__ for client in world.clients)
    finally:
        for journal in journals:
            journal.close()
    if not alone and SCHEDULES >= 1000:  # the schedules reach every ending there is
        assert {Order.__name__, "OrderRejected", "OrderStateUnknown", "OrderChecksFailed"} <= met.keys()
        assert {"IdempotencyConflict", "RateLimited", "AuthenticationFailed", "OrderInFlight", "NoneType"} <= met.keys()
