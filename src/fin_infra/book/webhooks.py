"""Events that vendors tell by themselves: each is kept once, then does something about the connections it names.
Floor 6: each function is one transaction, and doing the same twice is the same as once; a message never makes a
connection healthy, and what it says of a login is asked for at the vendor, whose answer is newer than any message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from fin_infra.book import endings, logins
from fin_infra.book.engine import reading, writing
from fin_infra.book.lease import Owner
from fin_infra.book.records import ConnectionState
from fin_infra.book.tables import accounts, connections, streams, webhooks
from fin_infra.errors import NotRemembered
from fin_infra.providers.interfaces.webhooks import EventKind, WebhookEvent

KEPT = timedelta(days=30)
"""How long an event is known, and not taken a second time: vendors repeat for three days at most."""
MOST = 200
"""Events that are read at once."""
CLOCKS_DIFFER = timedelta(seconds=2)
"""How much later than it says an event may have happened: vendors write whole seconds, by clocks of their own. One sync
too many costs a call; an event that is taken for an old one is lost."""


class Outcome(StrEnum):
    """What became of an event."""

    WAITING = "waiting"
    DONE = "done"
    UNKNOWN = "unknown"
    """It names a login that no household has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenEvent:
    """An event as it is kept."""

    provider: str
    event: WebhookEvent
    taken_at: datetime


@dataclass(slots=True)
class Settled:
    """What a step has done."""

    done: int = 0
    nudged: int = 0
    """Connections that a sync is due of now."""
    unknown: list[TakenEvent] = field(default_factory=list[TakenEvent])


@dataclass(frozen=True, slots=True)
class _Reached:
    """A connection that an event is about."""

    owner: Owner
    connection: str
    state: ConnectionState
    made_at: datetime
    tried_at: datetime | None

    def overtaken(self, taken: TakenEvent) -> bool:
        """Say whether an event comes too late: it is of before this connection, or a sync has worked since.

        The latter only of vendors that say when it happened: deliveries have no order.
        """
        event = taken.event
        latest = taken.taken_at if event.said_at is None else event.said_at + CLOCKS_DIFFER
        if latest < self.made_at:
            return True
        if event.said_at is None or event.kind is not EventKind.PERSON_MUST_ACT:
            return False
        return self.state is ConnectionState.HEALTHY and self.tried_at is not None and latest < self.tried_at


def take(engine: sa.Engine, provider: str, event: WebhookEvent, now: datetime) -> bool:
    """Keep an event, to be settled soon; return False for one that is there already, which changes nothing.

    Raises:
        BookUnavailable: the database cannot be written now; the vendor has to send it again.
    """
    return take_all(engine, [(provider, event)], now)[0]


def take_all(engine: sa.Engine, events: Sequence[tuple[str, WebhookEvent]], now: datetime) -> list[bool]:
    """Keep events of providers in one transaction; say of each whether it is a new one.

    Raises:
        BookUnavailable: the database cannot be written now; none is kept.
    """
    if not events:
        return []
    with writing(engine) as db:
        insert = sqlite.insert if db.dialect.name == "sqlite" else postgresql.insert
        taken = insert(webhooks).on_conflict_do_nothing().returning(webhooks.c.provider, webhooks.c.event_id)
        rows = db.execute(taken, [_row(provider, event, now) for provider, event in events])
        new = {(row.provider, row.event_id) for row in rows}
    found: list[bool] = []
    for provider, event in events:  # of one that is there twice, the first is the new one
        found.append((provider, event.event_id) in new)
        new.discard((provider, event.event_id))
    return found


def _row(provider: str, event: WebhookEvent, now: datetime) -> dict[str, Any]:
    return {
        "provider": provider, "event_id": event.event_id, "kind": event.kind.value, "type": event.type,
        "login": event.login, "account": event.account, "said_at": event.said_at, "ends_at": event.ends_at,
        "reason": event.reason, "taken_at": now, "outcome": Outcome.WAITING.value,
    }  # fmt: skip


def settle(
    engine: sa.Engine, now: datetime, *, keep_waiting: Callable[[TakenEvent], bool] = lambda _: False
) -> Settled:
    """Do what the waiting events ask for, and those that named a login nobody had at that time; the oldest first.

    All of them in one go, however many there are: a connection's are one sync together.

    Args:
        keep_waiting: says of an event that somebody else settles it and calls `finish`.

    Raises:
        BookUnavailable: the database cannot be used now; the next step goes on.
    """
    found, work = Settled(), _Settling(engine, now)
    mine = [taken for taken in waiting(engine) if not keep_waiting(taken)]
    for taken in sorted(mine + _known_since(engine), key=_order):
        work.take(taken)
    for owner, connection in work.nudged:  # before they count as done, or a crash in between would lose them
        _nudge(engine, owner, connection)
    for outcome, these in work.outcomes.items():
        finish(engine, these, outcome)
        found.done += len(these)
    found.unknown, found.nudged = work.outcomes[Outcome.UNKNOWN], len(work.nudged)
    return found


class _Settling:
    """What one step does about events, one after the other."""

    def __init__(self, engine: sa.Engine, now: datetime) -> None:
        self._engine, self._now = engine, now
        self._known: dict[tuple[str | None, ...], Sequence[_Reached]] = {}
        self.nudged: set[tuple[Owner, str]] = set()
        self.outcomes: dict[Outcome, list[TakenEvent]] = {Outcome.DONE: [], Outcome.UNKNOWN: []}

    def take(self, taken: TakenEvent) -> None:
        news, about = taken.event.kind is EventKind.NEWS, (taken.provider, taken.event.login, taken.event.account)
        reached = self._known[about] if news and about in self._known else _reached_by(self._engine, taken)
        self.outcomes[Outcome.UNKNOWN if reached is not None and not reached else Outcome.DONE].append(taken)
        for each in reached or ():
            if each.state is not ConnectionState.REVOKED and not each.overtaken(taken):
                if not news:
                    self._known.clear()  # it changes how a connection stands
                if _act(self._engine, each, taken.event, self._now):
                    self.nudged.add((each.owner, each.connection))
        if news and reached is not None:
            self._known[about] = reached


def waiting(engine: sa.Engine) -> list[TakenEvent]:
    """Return all events that nothing was done about yet, the oldest first."""
    found: list[TakenEvent] = []
    while part := _events(engine, Outcome.WAITING, MOST, found[-1] if found else None):
        found += part
    return found


def unknown(engine: sa.Engine, limit: int = MOST) -> list[TakenEvent]:
    """Return the events that name a login nobody here has, the oldest first: a login that was made elsewhere, or one
    that was ended here and not at the vendor."""
    return _events(engine, Outcome.UNKNOWN, limit)


def finish(engine: sa.Engine, taken: Sequence[TakenEvent], outcome: Outcome = Outcome.DONE) -> None:
    """Write what became of events; what was done stays done."""
    if not taken:
        return
    c = webhooks.c
    mine = sa.and_(c.provider == sa.bindparam("of"), c.event_id == sa.bindparam("id"))
    ended = sa.update(webhooks).where(mine, c.outcome != Outcome.DONE.value).values(outcome=outcome.value)
    with writing(engine) as db:
        db.execute(ended, [{"of": each.provider, "id": each.event.event_id} for each in taken])


def forget(engine: sa.Engine, before: datetime) -> int:
    """Throw away what was settled and taken before an instant; return how many."""
    c = webhooks.c
    with writing(engine) as db:
        return db.execute(webhooks.delete().where(c.outcome != Outcome.WAITING.value, c.taken_at < before)).rowcount


def forget_logins(db: sa.Connection, owner: Owner) -> int:
    """Throw away what vendors told about the logins of a household that is being erased."""
    mine = sa.select(connections.c.provider, connections.c.vendor_id).where(owner.of(connections))
    own = sa.select(connections.c.provider, accounts.c.vendor_id).select_from(
        accounts.join(connections, _told_by(accounts, connections))
    )
    c, count = webhooks.c, 0
    for column, pairs in ((c.login, mine), (c.account, own.where(owner.of(accounts)))):
        for provider, vendor_id in db.execute(pairs).all():
            if vendor_id is not None:
                count += db.execute(webhooks.delete().where(c.provider == provider, column == vendor_id)).rowcount
    return count


def _order(taken: TakenEvent) -> tuple[datetime, str, str]:
    return taken.taken_at, taken.provider, taken.event.event_id


def _events(engine: sa.Engine, outcome: Outcome, limit: int, after: TakenEvent | None = None) -> list[TakenEvent]:
    order = (webhooks.c.taken_at, *webhooks.primary_key)
    ask = sa.select(webhooks).where(webhooks.c.outcome == outcome.value).order_by(*order).limit(limit)
    if after is not None:
        last = (sa.literal(value, column.type) for value, column in zip(_order(after), order, strict=True))
        ask = ask.where(sa.tuple_(*order) > sa.tuple_(*last))
    with reading(engine) as db:
        return [_taken(row) for row in db.execute(ask)]


def _known_since(engine: sa.Engine) -> list[TakenEvent]:
    """Return the events that named a login nobody had, of which a connection that was there already has learned since.

    Some vendors say with the first pages only how they name a login and its accounts. What they told while those were
    being read is news that the pages may not have.
    """
    c, w = connections.c, webhooks.c
    theirs = sa.and_(c.provider == w.provider, c.vendor_id == w.login, c.made_at <= w.taken_at)
    holds = accounts.join(connections, _told_by(accounts, connections))
    named = sa.and_(c.provider == w.provider, accounts.c.vendor_id == w.account, c.made_at <= w.taken_at)
    by_login = sa.exists().select_from(connections).where(theirs)
    by_account = sa.and_(w.login.is_(None), sa.exists().select_from(holds).where(named))
    ask = sa.select(webhooks).where(w.outcome == Outcome.UNKNOWN.value, sa.or_(by_login, by_account))
    with reading(engine) as db:
        return [_taken(row) for row in db.execute(ask)]


def _taken(row: Any) -> TakenEvent:
    event = WebhookEvent(
        event_id=row.event_id,
        kind=EventKind(row.kind),
        type=row.type,
        login=row.login,
        account=row.account,
        said_at=row.said_at,
        ends_at=row.ends_at,
        reason=row.reason,
    )
    return TakenEvent(provider=row.provider, event=event, taken_at=row.taken_at)


_OF_LOGINS = frozenset(EventKind) - {EventKind.OTHER, EventKind.VERIFICATION_CHANGED}


def _reached_by(engine: sa.Engine, taken: TakenEvent) -> Sequence[_Reached] | None:
    """Return the connections that an event is about, in all households; None where it is about none.

    The one question of personal rows without an owner: an event comes from the vendor, which knows its own ids and
    nobody's household. It is asked after the signature was checked, gives ids and states only, and each of them is
    acted on under the household it belongs to.
    """
    event, c, s = taken.event, connections.c, streams.c
    if event.kind not in _OF_LOGINS or (event.login is None and event.account is None):
        return None
    same = sa.and_(s.tenant == c.tenant, s.user_id == c.user_id, s.connection == c.id)
    ask = sa.select(c.tenant, c.user_id, c.id, c.state, c.made_at, s.tried_at)
    if event.login is not None:
        ask = ask.select_from(connections.outerjoin(streams, same)).where(c.vendor_id == event.login)
    else:
        joined = accounts.join(connections, _told_by(accounts, connections)).outerjoin(streams, same)
        ask = ask.select_from(joined).where(accounts.c.vendor_id == event.account).distinct()
    with reading(engine) as db:
        return [
            _Reached(Owner(row.tenant, row.user_id), row.id, ConnectionState(row.state), row.made_at, row.tried_at)
            for row in db.execute(ask.where(c.provider == taken.provider).order_by(c.tenant, c.user_id, c.id))
        ]


def _told_by(account: sa.Table, connection: sa.Table) -> sa.ColumnElement[bool]:
    a, c = account.c, connection.c
    return sa.and_(c.tenant == a.tenant, c.user_id == a.user_id, c.id == a.source)


def _act(engine: sa.Engine, reached: _Reached, event: WebhookEvent, now: datetime) -> bool:
    """Do what an event asks for one connection; say whether a sync is due by it."""
    owner, connection = reached.owner, reached.connection
    try:
        match event.kind:
            case EventKind.ENDED:
                endings.end(engine, owner, connection, now, reason=logins.ENDED_THERE)
            case EventKind.EXPIRING:
                if event.ends_at is not None:
                    logins.expires(engine, owner, connection, event.ends_at, now)
                return False
            case EventKind.PERSON_MUST_ACT:
                reason = event.reason or "the vendor wants the person to sign in again"
                logins.told_by_vendor(engine, owner, connection, _sentence(reason), now)
            case EventKind.REPAIRED:
                logins.expires(engine, owner, connection, None, now)
            case _:
                pass
    except NotRemembered:  # erased in this moment
        return False
    return True


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _nudge(engine: sa.Engine, owner: Owner, connection: str) -> None:
    """Make a sync due; one that is at work has asked the vendor before, so another one comes after it.

    A connection that was never synced has no row here and is due anyway.
    """
    counted = {"news": sa.func.coalesce(streams.c.news, 0) + 1}
    with writing(engine) as db:
        db.execute(sa.update(streams).where(owner.of(streams, connection=connection)).values(**counted))
