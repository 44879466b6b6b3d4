"""Events of vendors in the book: each counts once, whoever sends it again; in whatever order, in whatever household."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from fin_infra.book import endings, erasure, logins, schema, webhooks
from fin_infra.book.due import FAILED, NEWS, Cadence, Due, due, still_due
from fin_infra.book.engine import Database, reading, writing
from fin_infra.book.lease import LEASE, Owner, release, take
from fin_infra.book.read import connection_rows, read
from fin_infra.book.records import Connection, ConnectionState
from fin_infra.book.tables import accounts, connections, meta, streams
from fin_infra.book.webhooks import KEPT, MOST, Outcome, settle
from fin_infra.errors import ProviderUnavailable
from fin_infra.providers.interfaces.webhooks import EventKind, WebhookEvent
from fin_infra.security.vault import demo_vault
from tests.support.postgres_server import PostgresServer

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
ANA, BEN = Owner("default", "ana"), Owner("north", "ben")
BANK = "banking:one"
NEWS_EVENT = WebhookEvent(event_id="e-1", kind=EventKind.NEWS, type="transactions", login="login-1")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.process)])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A book for all of these: making one in PostgreSQL takes longer than what is tried here."""
    if request.param == "sqlite":
        found = Database(f"sqlite:///{tmp_path_factory.mktemp('book') / 'book.db'}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        found = Database(server.url(server.database()))
    schema.check(found)
    yield found
    found.engine.dispose()


@pytest.fixture
def database(shared: Database) -> Database:
    with writing(shared.engine) as db:
        for table in meta.sorted_tables:
            db.execute(table.delete())
    return shared


def connect(database: Database, owner: Owner = ANA, login: str | None = "login-1", provider: str = BANK) -> Due:
    """Make a connection that a sync has just filled."""
    made = logins.add(database.engine, owner, provider, {"token": "planted-token"}, demo_vault(), NOON)
    with writing(database.engine) as db:
        mine = owner.of(connections, id=made)
        db.execute(sa.update(connections).where(mine).values(vendor_id=login, state=ConnectionState.HEALTHY.value))
    synced(database, owner, made, NOON)
    return Due(owner, made, provider)


def synced(database: Database, owner: Owner, connection: str, at: datetime) -> None:
    lease = take(database.engine, owner, connection, at)
    assert lease is not None
    release(database.engine, lease)
    logins.told(database.engine, owner, connection, None, at, news=lease.news)


def event(kind: EventKind, **more: object) -> WebhookEvent:
    return replace(NEWS_EVENT, kind=kind, type=kind.value, **more)  # type: ignore[arg-type]  # fields of the event


def tell(database: Database, *events: WebhookEvent, provider: str = BANK, at: datetime = NOON) -> list[bool]:
    return [webhooks.take(database.engine, provider, each, at) for each in events]


def row_of(database: Database, item: Due) -> Connection:
    rows = read(database.engine, connection_rows, item.owner)
    return next(row for row in rows if row.id == item.connection)


def planned(database: Database, at: datetime = NOON + NEWS) -> list[Due]:
    return due(database.engine, at, Cadence())


def test_event_when_it_comes_again_then_it_is_known_also_after_a_restart(database: Database) -> None:
    item = connect(database)
    assert tell(database, NEWS_EVENT, NEWS_EVENT) == [True, False]
    assert settle(database.engine, NOON).nudged == 1
    assert planned(database) == [item]
    synced(database, item.owner, item.connection, NOON + NEWS)
    again = Database(database.engine.url.render_as_string(hide_password=False))
    assert tell(again, NEWS_EVENT) == [False]
    assert settle(again.engine, NOON).done == 0
    assert planned(again, NOON + NEWS * 2) == []
    again.engine.dispose()


def test_event_when_it_is_twice_in_what_arrives_together_then_the_first_counts(database: Database) -> None:
    other = replace(NEWS_EVENT, event_id="e-2")
    tell(database, other)
    both = [(BANK, NEWS_EVENT), (BANK, other), (BANK, NEWS_EVENT), ("banking:two", NEWS_EVENT)]
    assert webhooks.take_all(database.engine, both, NOON) == [True, False, False, True]
    assert webhooks.take_all(database.engine, [], NOON) == []
    assert len(webhooks.waiting(database.engine)) == 3


def test_event_when_it_comes_fifty_times_at_once_then_one_of_them_counts(database: Database) -> None:
    item = connect(database)
    with ThreadPoolExecutor(10) as pool:
        taken = list(pool.map(lambda _: tell(database, NEWS_EVENT), range(50)))
    assert sum(found for [found] in taken) == 1
    assert settle(database.engine, NOON).nudged == 1
    assert planned(database) == [item]


def test_news_when_they_come_in_a_burst_then_one_sync_hears_them_all(database: Database) -> None:
    item = connect(database)
    tell(database, *(replace(NEWS_EVENT, event_id=f"e-{n}") for n in range(30)))
    assert settle(database.engine, NOON).nudged == 1
    assert planned(database, NOON + NEWS - timedelta(seconds=1)) == [], "a sync began a moment ago"
    assert planned(database) == [item]
    assert still_due(database.engine, item, NOON + NEWS, Cadence())
    synced(database, item.owner, item.connection, NOON + NEWS)
    assert planned(database, NOON + NEWS * 3) == []


def test_news_when_a_sync_is_at_work_then_another_one_follows_it(database: Database) -> None:
    item = connect(database)
    lease = take(database.engine, item.owner, item.connection, NOON + NEWS)
    assert lease is not None
    tell(database, NEWS_EVENT)
    settle(database.engine, NOON)
    assert planned(database, NOON + NEWS * 2) == [], "it is being synced"
    release(database.engine, lease)
    assert planned(database, NOON + NEWS * 2) == [item]


def test_news_when_a_worker_died_over_them_then_they_are_not_lost_with_it(database: Database) -> None:
    item = connect(database)
    take(database.engine, item.owner, item.connection, NOON + NEWS)
    tell(database, NEWS_EVENT)
    settle(database.engine, NOON)
    assert planned(database, NOON + NEWS + LEASE) == [item]


def test_news_when_the_sync_that_was_to_fetch_them_is_cut_off_then_they_are_still_to_be_fetched(
    database: Database,
) -> None:
    item = connect(database)
    tell(database, NEWS_EVENT)
    settle(database.engine, NOON)
    lease = take(database.engine, item.owner, item.connection, NOON + NEWS)
    assert lease is not None
    assert planned(database, NOON + NEWS + LEASE) == [item], "the worker died"
    release(database.engine, lease)
    assert planned(database, NOON + NEWS * 2) == [item], "the service was stopped, and nobody knows how it ended"
    logins.told(database.engine, item.owner, item.connection, None, NOON + NEWS, news=lease.news)
    assert planned(database, NOON + NEWS + LEASE) == []


def test_news_when_the_sync_of_them_failed_then_the_vendor_is_left_alone_for_a_while(database: Database) -> None:
    item = connect(database)
    tell(database, NEWS_EVENT)
    settle(database.engine, NOON)
    lease = take(database.engine, item.owner, item.connection, NOON + NEWS)
    assert lease is not None
    release(database.engine, lease)
    down = ProviderUnavailable("one: down")
    logins.told(database.engine, item.owner, item.connection, down, NOON + NEWS, news=lease.news)
    assert planned(database, NOON + NEWS + FAILED - timedelta(seconds=1)) == []
    assert planned(database, NOON + NEWS + FAILED) == [item]


def test_first_sync_when_it_fails_before_it_begins_then_it_is_not_tried_at_every_look(database: Database) -> None:
    made = logins.add(database.engine, ANA, BANK, {}, None, NOON)
    assert planned(database, NOON) == [Due(ANA, made, BANK)]
    logins.told(database.engine, ANA, made, ProviderUnavailable("one: down"), NOON)
    assert planned(database, NOON + FAILED - timedelta(seconds=1)) == []
    assert planned(database, NOON + FAILED) == [Due(ANA, made, BANK)]


def test_news_when_the_first_sync_learns_the_login_after_them_then_another_sync_fetches_them(
    database: Database,
) -> None:
    made = connect(database, login=None)
    tell(database, NEWS_EVENT, replace(NEWS_EVENT, event_id="e-2", login=None, account="acc-1"))
    assert len(settle(database.engine, NOON).unknown) == 2
    assert planned(database) == []
    logins.met(database.engine, ANA, made.connection, "login-1", None)
    assert settle(database.engine, NOON).nudged == 1
    assert [each.event.account for each in webhooks.unknown(database.engine)] == ["acc-1"]
    assert planned(database) == [made]


def test_event_when_the_connection_was_made_after_it_then_it_stays_unknown(database: Database) -> None:
    tell(database, event(EventKind.ENDED), at=NOON - timedelta(seconds=1))
    settle(database.engine, NOON)
    item = connect(database)
    assert settle(database.engine, NOON).done == 0
    assert len(webhooks.unknown(database.engine)) == 1
    assert row_of(database, item).state is ConnectionState.HEALTHY


def test_event_when_it_waited_while_the_connection_was_made_then_it_is_of_another_one(database: Database) -> None:
    tell(database, event(EventKind.ENDED), at=NOON - timedelta(seconds=1))
    item = connect(database)
    assert settle(database.engine, NOON).done == 1
    assert row_of(database, item).state is ConnectionState.HEALTHY


@pytest.mark.parametrize("kind", [EventKind.NEWS, EventKind.PERSON_MUST_ACT])
def test_event_when_the_vendor_tells_whole_seconds_then_one_of_the_same_second_counts(
    database: Database, kind: EventKind
) -> None:
    item = connect(database)
    moment = NOON + timedelta(milliseconds=900)
    with writing(database.engine) as db:
        db.execute(sa.update(connections).where(ANA.of(connections, id=item.connection)).values(made_at=moment))
    synced(database, item.owner, item.connection, moment)
    tell(database, event(kind, said_at=NOON), at=NOON + timedelta(seconds=2))
    assert settle(database.engine, NOON).nudged == 1


def test_storm_when_it_is_longer_than_one_look_reads_then_it_is_one_sync_all_the_same(database: Database) -> None:
    item = connect(database)
    storm = [(BANK, replace(NEWS_EVENT, event_id=f"e-{n}")) for n in range(2 * MOST + 1)]
    webhooks.take_all(database.engine, storm, NOON)
    found = settle(database.engine, NOON)
    assert (found.done, found.nudged, webhooks.waiting(database.engine)) == (2 * MOST + 1, 1, [])
    synced(database, item.owner, item.connection, NOON + NEWS)
    assert planned(database, NOON + NEWS * 3) == []


def test_settle_when_many_wait_for_somebody_else_then_those_behind_them_are_done(database: Database) -> None:
    item = connect(database)
    waits = [(BANK, event(EventKind.VERIFICATION_CHANGED, event_id=f"a-{n}")) for n in range(MOST)]
    webhooks.take_all(database.engine, waits, NOON)
    tell(database, NEWS_EVENT, at=NOON + timedelta(seconds=1))
    settle(database.engine, NOON, keep_waiting=lambda taken: taken.event.kind is EventKind.VERIFICATION_CHANGED)
    assert planned(database) == [item]


def test_news_when_the_login_is_in_two_households_then_both_and_no_third(database: Database) -> None:
    ana, ben = connect(database), connect(database, BEN)
    connect(database, BEN, "login-2")
    connect(database, BEN, provider="banking:two")
    tell(database, NEWS_EVENT)
    settle(database.engine, NOON)
    assert set(map(str, planned(database))) == {str(ana), str(ben)}


def test_news_when_only_an_account_is_named_then_the_connection_that_tells_about_it(database: Database) -> None:
    item, _ = connect(database), connect(database, BEN, "login-2")
    row = {"id": 1, "source": item.connection, "vendor_id": "acc-1", "name": "a", "type": "depository", "subtype": ""}
    with writing(database.engine) as db:
        db.execute(accounts.insert(), {**ANA.scope, **row, "currency": "USD", "institution": "b", "status": "open"})
    tell(database, replace(NEWS_EVENT, login=None, account="acc-1"))
    settle(database.engine, NOON)
    assert planned(database) == [item]


@pytest.mark.parametrize("state", [ConnectionState.PAUSED, ConnectionState.REVOKED])
def test_news_when_a_person_does_not_want_syncs_then_none_is_due(database: Database, state: ConnectionState) -> None:
    item = connect(database)
    if state is ConnectionState.PAUSED:
        logins.paused(database.engine, item.owner, item.connection, NOON, on=True)
    else:
        endings.end(database.engine, item.owner, item.connection, NOON)
        endings.destroy(database.engine, item.owner, item.connection)
    tell(database, NEWS_EVENT, event(EventKind.PERSON_MUST_ACT, event_id="e-2"))
    assert settle(database.engine, NOON).unknown == []
    assert planned(database) == []
    assert row_of(database, item).state is state


def test_event_when_nobody_has_its_login_then_it_is_kept_and_named(database: Database) -> None:
    connect(database)
    stranger = replace(NEWS_EVENT, event_id="e-2", login="login-of-nobody")
    tell(database, stranger)
    assert [each.event for each in settle(database.engine, NOON).unknown] == [stranger]
    assert [each.event for each in webhooks.unknown(database.engine)] == [stranger]
    assert settle(database.engine, NOON).done == 0, "it is named once"
    assert planned(database) == []


def test_event_when_the_login_needs_the_person_then_state_reason_and_step_and_the_vendor_is_asked(
    database: Database,
) -> None:
    item = connect(database)
    tell(database, event(EventKind.PERSON_MUST_ACT, reason="the bank wants the person to sign in again"))
    settle(database.engine, NOON)
    row = row_of(database, item)
    assert (row.state, row.reason, row.next_step) == (
        ConnectionState.PERSON_MUST_ACT,
        "The bank wants the person to sign in again.",
        "Sign in at the vendor again.",
    )
    assert planned(database) == [item], "its answer is newer than the message"


def test_event_when_the_login_ended_then_no_sync_has_it_and_the_vendor_is_asked_to_forget_it(
    database: Database,
) -> None:
    item = connect(database)
    tell(database, event(EventKind.ENDED))
    settle(database.engine, NOON)
    row = row_of(database, item)
    assert (row.state, row.reason, row.ending) == (ConnectionState.REVOKED, "The access was ended at the vendor.", True)
    assert planned(database, NOON) == [item], "the next sync tells the vendor, and destroys the token"
    tell(database, event(EventKind.REPAIRED, event_id="e-2"), event(EventKind.PERSON_MUST_ACT, event_id="e-3"))
    settle(database.engine, NOON)
    endings.destroy(database.engine, item.owner, item.connection)
    assert row_of(database, item).state is ConnectionState.REVOKED
    with reading(database.engine) as db:
        assert tuple(db.execute(sa.select(connections.c.sealed, connections.c.data_key)).one()) == (None, None)
    assert row_of(database, item).reason == "The access was ended at the vendor."
    assert planned(database) == []


def test_event_when_the_login_expires_then_the_day_is_shown_until_it_is_repaired(database: Database) -> None:
    item, ends = connect(database), NOON + timedelta(days=7)
    tell(database, event(EventKind.EXPIRING, ends_at=ends))
    settle(database.engine, NOON)
    synced(database, item.owner, item.connection, NOON + timedelta(hours=1))
    assert (row_of(database, item).state, row_of(database, item).ends_at) == (ConnectionState.HEALTHY, ends)
    tell(database, event(EventKind.REPAIRED, event_id="e-2"))
    settle(database.engine, NOON)
    assert row_of(database, item).ends_at is None
    assert planned(database, NOON + timedelta(hours=2)) == [item]


def test_event_when_it_expires_by_a_message_that_came_late_then_the_day_goes_with_the_first_sync_after_it(
    database: Database,
) -> None:
    item, ends = connect(database), NOON + timedelta(days=7)
    tell(database, event(EventKind.REPAIRED, event_id="e-2"))
    tell(database, event(EventKind.EXPIRING, ends_at=ends), at=NOON + timedelta(seconds=1))
    settle(database.engine, NOON)
    synced(database, item.owner, item.connection, ends - timedelta(seconds=1))
    assert row_of(database, item).ends_at == ends
    logins.told(database.engine, item.owner, item.connection, ProviderUnavailable("one: down"), ends)
    assert row_of(database, item).ends_at == ends, "nobody knows whether it works"
    synced(database, item.owner, item.connection, ends + timedelta(hours=1))
    assert row_of(database, item).ends_at is None


def test_event_when_it_is_about_no_login_then_nothing_is_done_and_nobody_is_unknown(database: Database) -> None:
    connect(database)
    tell(database, event(EventKind.OTHER, login="x"), event(EventKind.VERIFICATION_CHANGED, event_id="e-2", login="vs"))
    found = settle(database.engine, NOON)
    assert (found.done, found.nudged, found.unknown) == (2, 0, [])


def test_event_when_somebody_else_settles_it_then_it_waits_until_that_is_done(database: Database) -> None:
    tell(database, event(EventKind.VERIFICATION_CHANGED))
    assert settle(database.engine, NOON, keep_waiting=lambda _: True).done == 0
    [waits] = webhooks.waiting(database.engine)
    webhooks.finish(database.engine, [waits])
    webhooks.finish(database.engine, [waits], Outcome.UNKNOWN)
    assert webhooks.waiting(database.engine) == webhooks.unknown(database.engine) == []


@pytest.mark.parametrize("late", [EventKind.PERSON_MUST_ACT, EventKind.ENDED, EventKind.NEWS])
def test_event_when_it_is_of_before_the_connection_then_it_is_of_another_one(
    database: Database, late: EventKind
) -> None:
    item = connect(database)
    tell(database, event(late, said_at=NOON - timedelta(seconds=3)))
    settle(database.engine, NOON)
    assert row_of(database, item).state is ConnectionState.HEALTHY
    assert planned(database) == []


@pytest.mark.parametrize("early_s", [0.9, 1.9])
def test_event_when_it_is_of_the_second_of_the_connection_then_it_counts(database: Database, early_s: float) -> None:
    """A vendor writes 12:00:00 of what happens at 12:00:00.9, to a connection made at 12:00:00.5."""
    item = connect(database)
    tell(database, event(EventKind.NEWS, said_at=NOON - timedelta(seconds=early_s)))
    settle(database.engine, NOON)
    assert planned(database, NOON + NEWS) == [item]


def test_event_when_it_is_of_the_second_of_a_sync_then_the_person_is_asked(database: Database) -> None:
    item = connect(database)
    synced(database, item.owner, item.connection, NOON + timedelta(seconds=60.5))
    tell(database, event(EventKind.PERSON_MUST_ACT, said_at=NOON + timedelta(seconds=60)))
    settle(database.engine, NOON)
    assert row_of(database, item).state is ConnectionState.PERSON_MUST_ACT


def test_event_when_a_sync_has_worked_since_then_the_login_does_not_need_the_person(database: Database) -> None:
    item = connect(database)
    synced(database, item.owner, item.connection, NOON + timedelta(hours=1))
    tell(database, event(EventKind.PERSON_MUST_ACT, said_at=NOON + timedelta(minutes=59)))
    settle(database.engine, NOON)
    assert row_of(database, item).state is ConnectionState.HEALTHY
    tell(database, event(EventKind.PERSON_MUST_ACT, event_id="e-2", said_at=NOON + timedelta(minutes=61)))
    settle(database.engine, NOON)
    assert row_of(database, item).state is ConnectionState.PERSON_MUST_ACT


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_events_when_in_any_order_then_the_vendors_answer_decides(database: Database, order: tuple[int, ...]) -> None:
    item = connect(database)
    told = [
        event(EventKind.PERSON_MUST_ACT),
        event(EventKind.REPAIRED, event_id="e-2"),
        replace(NEWS_EVENT, event_id="3"),
    ]
    for at in order:
        tell(database, told[at])
        settle(database.engine, NOON)
    assert planned(database) == [item]
    synced(database, item.owner, item.connection, NOON + NEWS)
    assert row_of(database, item).state is ConnectionState.HEALTHY
    assert planned(database, NOON + NEWS * 2) == []


def test_settle_when_two_processes_do_it_at_once_then_nothing_is_done_wrongly(database: Database) -> None:
    item = connect(database)
    tell(database, *(event(kind, event_id=kind.value) for kind in (EventKind.PERSON_MUST_ACT, EventKind.NEWS)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: settle(database.engine, NOON), range(8)))
    assert row_of(database, item).state is ConnectionState.PERSON_MUST_ACT
    assert webhooks.waiting(database.engine) == []
    assert planned(database) == [item]


def test_forget_when_events_are_old_then_settled_ones_go_and_waiting_ones_stay(database: Database) -> None:
    tell(database, NEWS_EVENT, at=NOON - KEPT)
    settle(database.engine, NOON)
    tell(database, replace(NEWS_EVENT, event_id="e-2"), at=NOON - KEPT)
    assert webhooks.forget(database.engine, NOON - KEPT) == 0
    assert webhooks.forget(database.engine, NOON - KEPT + timedelta(seconds=1)) == 1
    assert [each.event.event_id for each in webhooks.waiting(database.engine)] == ["e-2"]


def test_erasure_when_a_household_goes_then_so_does_what_vendors_told_of_it(database: Database) -> None:
    connect(database)
    connect(database, BEN, "login-2")
    tell(database, NEWS_EVENT, replace(NEWS_EVENT, event_id="e-2", login="login-2"))
    erasure.destroy_keys(database, ANA, NOON)
    assert erasure.delete_rows(database, ANA)["webhooks"] == 1
    assert [each.event.login for each in webhooks.waiting(database.engine)] == ["login-2"]


def test_event_when_it_is_kept_then_no_body_and_nothing_of_a_person_is_there(database: Database) -> None:
    tell(database, NEWS_EVENT)
    names = {column.name for column in webhooks.webhooks.c}
    assert names == {"provider", "event_id", "kind", "type", "login", "account", "said_at", "ends_at", "reason"} | {
        "taken_at",
        "outcome",
    }


def test_stream_when_never_synced_then_it_is_due_without_a_message(database: Database) -> None:
    made = logins.add(database.engine, ANA, BANK, {}, None, NOON)
    with writing(database.engine) as db:
        db.execute(sa.update(connections).where(ANA.of(connections, id=made)).values(vendor_id="login-1"))
    tell(database, NEWS_EVENT)
    settle(database.engine, NOON)
    with reading(database.engine) as db:
        assert db.execute(sa.select(streams)).all() == []
    assert planned(database, NOON) == [Due(ANA, made, BANK)]
