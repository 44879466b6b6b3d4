"""One request, one order, and nobody given an untrue answer: random schedules of faults, crashes and clients.

Orders, changes, closings and cancellations, in virtual time; what must hold is in `schedules/truths.py`. Run one
schedule again with FIN_INFRA_TEST_SEED=<the seed of the message>, more with FIN_INFRA_TEST_SCHEDULES. The tiers take
the first 200, 1,000 and 10,000 of the same seeds.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from fin_infra.trading import SqliteJournal
from tests.support.effort import share
from tests.trading.schedules.effects import Cancel
from tests.trading.schedules.world import World

SCHEDULES = int(os.environ.get("FIN_INFRA_TEST_SCHEDULES", share(10_000, test=1_000, quick=200)))
PARTS = 8
ENDS = {"Order", "OrderRejected", "OrderStateUnknown", "OrderChecksFailed", "IdempotencyConflict", "RateLimited"}
ENDINGS = {
    "Submit": {*ENDS, "AuthenticationFailed", "OrderInFlight", "NoneType"},
    "Change": {*ENDS, "NoneType"},
    "Close": {*ENDS, "NotFound", "NoneType"},
    "Cancel": {"str", "OrderRejected", "ProviderUnavailable", "NoneType"},
    "CancelAll": {"list", "ProviderUnavailable", "NoneType"},
}
"""How requests of each kind end among enough schedules; NoneType is a process that was killed."""


def play(seed: int, journals: list[SqliteJournal]) -> World:
    world = World(seed, journals)
    try:
        world.run()
    except Exception as exc:
        raise AssertionError(f"seed {seed}: {exc}; run it alone with FIN_INFRA_TEST_SEED={seed}") from exc
    return world


def kind_of(wanted: object) -> str:
    return "CancelAll" if wanted == Cancel() else type(wanted).__name__


@pytest.mark.parametrize(
    "part", [pytest.param(n, marks=pytest.mark.xdist_group(f"schedules-{n}")) for n in range(PARTS)]
)
def test_requests_when_everything_fails_then_each_makes_one_order(part: int) -> None:
    alone = os.environ.get("FIN_INFRA_TEST_SEED")
    seeds = [int(alone)] if alone else range(part, SCHEDULES, PARTS)
    journals = [SqliteJournal(":memory:") for _ in range(3)]
    met: Counter[tuple[str, str]] = Counter()
    try:
        for seed in seeds:
            world = play(seed, journals)
            met.update((kind_of(client.wanted), type(client.outcome).__name__) for client in world.clients)
    finally:
        for journal in journals:
            journal.close()
    if not alone and SCHEDULES >= 10_000:  # the schedules reach every ending there is
        assert {(kind, end) for kind, ends in ENDINGS.items() for end in ends} <= met.keys()
