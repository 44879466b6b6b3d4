"""Which connections are due: by kind, by how the last try ended, by the venue's hours; never one that somebody has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fin_infra.book import ConnectionState
from fin_infra.book.due import Cadence, Due, due, still_due
from fin_infra.book.engine import Database, writing
from fin_infra.book.lease import LEASE, NEVER, Owner, release, take
from fin_infra.book.tables import connections, streams
from fin_infra.errors import InvalidInput

OPEN = datetime(2026, 3, 3, 16, tzinfo=UTC)
"""A Tuesday, 11:00 in New York: the venue trades from 9:30 to 16:00."""
SUNDAY = datetime(2026, 3, 1, 16, tzinfo=UTC)
ANA, BEN = Owner("default", "ana"), Owner("north", "ben")


def connect(
    database: Database,
    owner: Owner,
    name: str,
    provider: str = "banking:one",
    state: str = "healthy",
    tried: datetime | None = None,
    until: datetime = NEVER,
) -> Due:
    row = {"id": name, "provider": provider, "state": state, "since": NEVER, "generation": 1, "sealed_times": 0}
    zero = {"fence": 0, "cursor": "", "run_cursor": "", "kept": 0, "applied": 0, "whole": 0}
    with writing(database.engine) as db:
        db.execute(connections.insert(), {**owner.scope, **row, "made_at": NEVER})
        if tried is not None:
            db.execute(streams.insert(), {**owner.scope, "connection": name, "until": until, "tried_at": tried, **zero})
    return Due(owner, name, provider)


def test_due_when_the_last_try_is_as_old_as_the_cadence_then_it_is_and_before_it_is_not(database: Database) -> None:
    old = connect(database, ANA, "c-old", tried=OPEN - timedelta(hours=6))
    connect(database, ANA, "c-new", tried=OPEN - timedelta(hours=6) + timedelta(seconds=1))
    never = connect(database, BEN, "c-never")
    assert due(database.engine, OPEN, Cadence()) == [never, old]
    assert due(database.engine, OPEN, Cadence(), limit=1) == [never]


@pytest.mark.parametrize(
    ("state", "hours", "is_due"),
    [
        ("healthy", 5, False),
        ("healthy", 6, True),
        ("stale", 0.49, False),
        ("stale", 0.5, True),
        ("linking", 0.5, True),
        ("person_must_act", 23, False),
        ("person_must_act", 24, True),
        ("paused", 1000, False),
        ("revoked", 1000, False),
    ],
)
def test_due_when_the_connection_stands_so_then_it_waits_so_long(
    database: Database, state: str, hours: float, is_due: bool
) -> None:
    item = connect(database, ANA, "c-1", state=state, tried=OPEN - timedelta(hours=hours))
    assert due(database.engine, OPEN, Cadence()) == ([item] if is_due else [])
    assert still_due(database.engine, item, OPEN, Cadence()) is is_due


def test_broker_when_the_venue_is_open_then_every_hour_and_when_it_is_closed_every_six() -> None:
    cadence = Cadence()
    healthy = ConnectionState.HEALTHY
    assert cadence.wait("brokerage:one", healthy, OPEN) == timedelta(hours=1)
    assert cadence.wait("brokerage:one", healthy, SUNDAY) == timedelta(hours=6)
    assert cadence.wait("brokerage:one", healthy, datetime(2026, 3, 3, 14, 29, tzinfo=UTC)) == timedelta(hours=6)
    assert cadence.wait("brokerage:one", healthy, datetime(2026, 3, 3, 14, 31, tzinfo=UTC)) == timedelta(hours=1)
    assert cadence.wait("brokerage:one", healthy, datetime(2199, 1, 1, tzinfo=UTC)) == timedelta(hours=1)
    assert cadence.wait("banking:one", healthy, SUNDAY) == timedelta(hours=6)


def test_due_when_a_worker_has_it_then_it_is_not_and_after_its_lease_it_is(database: Database) -> None:
    item = connect(database, ANA, "c-1", tried=OPEN - timedelta(hours=7))
    lease = take(database.engine, ANA, "c-1", OPEN)
    assert lease is not None
    assert due(database.engine, OPEN, Cadence()) == []
    release(database.engine, lease)
    assert due(database.engine, OPEN, Cadence()) == [], "a try that has just ended counts, whatever came of it"
    assert due(database.engine, OPEN + timedelta(hours=6), Cadence()) == [item]
    assert take(database.engine, ANA, "c-1", OPEN + timedelta(hours=6)) is not None
    assert due(database.engine, OPEN + timedelta(hours=6) + LEASE / 2, Cadence()) == []


def test_still_due_when_the_name_is_another_households_then_it_is_not(database: Database) -> None:
    connect(database, ANA, "c-1")
    assert still_due(database.engine, Due(ANA, "c-1", "banking:one"), OPEN, Cadence())
    assert not still_due(database.engine, Due(BEN, "c-1", "banking:one"), OPEN, Cadence())


def test_cadence_when_written_in_hours_then_kinds_that_are_not_named_keep_theirs() -> None:
    cadence = Cadence.from_text("banking=2, crypto=0.5")
    assert cadence.every == {
        "banking": timedelta(hours=2),
        "brokerage": timedelta(hours=1),
        "crypto": timedelta(minutes=30),
    }
    assert Cadence.from_text("").every == Cadence().every


@pytest.mark.parametrize("text", ["banking", "banking=", "banking=0", "banking=721", "=3", "banking=nan", "a b=1"])
def test_cadence_when_it_cannot_be_meant_then_the_sentence_shows_how(text: str) -> None:
    with pytest.raises(InvalidInput, match="banking=6,brokerage=1"):
        Cadence.from_text(text)
