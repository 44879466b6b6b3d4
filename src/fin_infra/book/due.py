"""Which connections are due for a sync, and how often each kind of provider is asked.
Floor 6: the one question over all households: it gives ids to plan work by, and nothing of what is in a book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from fin_infra.book.engine import reading
from fin_infra.book.lease import Owner
from fin_infra.book.records import ConnectionState
from fin_infra.book.tables import connections, streams
from fin_infra.calendars import calendar
from fin_infra.errors import BeyondCalendar, InvalidInput

EVERY: Mapping[str, timedelta] = MappingProxyType({"banking": timedelta(hours=6), "brokerage": timedelta(hours=1)})
"""Banks post a few times a day; what a broker holds changes while its venue is open."""
OTHERWISE = timedelta(hours=6)
"""Of every other kind, and of brokers while the venue is closed, unless theirs is longer."""
FAILED = timedelta(minutes=30)
"""Until a vendor that failed is asked again, or told again of an end, unless its kind is asked more often."""
PERSON = timedelta(hours=24)
"""Until a vendor that wants the person is asked again: some take a login back that they had refused."""
NEWS = timedelta(seconds=10)
"""Between two syncs of a connection whose vendor tells of news: several messages of one event make one sync."""
_VENUE = "XNYS"
_NEVER = (ConnectionState.PAUSED, ConnectionState.REVOKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often a connection is synced by itself, by the domain of its provider."""

    every: Mapping[str, timedelta] = field(default_factory=lambda: EVERY)

    @classmethod
    def from_text(cls, text: str) -> Cadence:
        """Read `banking=6,brokerage=0.5`, in hours; a kind that is not named keeps its own.

        Raises:
            InvalidInput: it is not of that form, or a number is not from 0.1 to 720.
        """
        found = dict(EVERY)
        for part in filter(None, (each.strip() for each in text.split(","))):
            domain, _, hours = part.partition("=")
            try:
                minutes = round(float(hours) * 60)
            except (ValueError, OverflowError):
                minutes = 0
            if not domain.strip().isidentifier() or not 6 <= minutes <= 43_200:
                raise InvalidInput("Write how often to sync in hours, such as banking=6,brokerage=1; from 0.1 to 720.")
            found[domain.strip()] = timedelta(minutes=minutes)
        return cls(every=found)

    def wait(self, provider: str, state: ConnectionState, now: datetime) -> timedelta:
        """Return how long after the last try a connection is due again."""
        domain = provider.partition(":")[0]
        every = self.every.get(domain, OTHERWISE)
        if state is ConnectionState.PERSON_MUST_ACT:
            return max(every, PERSON)
        if state in (ConnectionState.STALE, ConnectionState.LINKING, ConnectionState.REVOKED):
            return min(every, FAILED)
        return max(every, OTHERWISE) if domain == "brokerage" and not _in_session(now) else every


def _in_session(now: datetime) -> bool:
    try:
        return calendar(_VENUE).is_open(now)
    except BeyondCalendar:
        return True


@dataclass(frozen=True, slots=True)
class Due:
    """A connection that is to be synced, by ids only."""

    owner: Owner
    connection: str
    provider: str


def due(engine: sa.Engine, now: datetime, cadence: Cadence, limit: int = 1_000) -> list[Due]:
    """Return the connections that are due, those that wait longest first; one that is being synced now is not.

    Raises:
        BookUnavailable: the database cannot be read now.
    """
    found: list[Due] = []
    with reading(engine) as db:
        for row in db.execute(_planned(now).order_by(sa.func.coalesce(streams.c.tried_at, 0), *_IDS)):
            if _is_due(row, now, cadence):
                found.append(Due(Owner(row.tenant, row.user_id), row.id, row.provider))
                if len(found) == limit:
                    break
    return found


def still_due(engine: sa.Engine, planned: Due, now: datetime, cadence: Cadence) -> bool:
    """Tell whether a connection that was planned is due now: another worker may have been there, or a person.

    Raises:
        BookUnavailable: the database cannot be read now.
    """
    with reading(engine) as db:
        row = db.execute(_planned(now).where(planned.owner.of(connections, id=planned.connection))).first()
        return row is not None and _is_due(row, now, cadence)


_IDS = (connections.c.tenant, connections.c.user_id, connections.c.id)
_UNHEARD = sa.func.coalesce(streams.c.news, 0) > sa.func.coalesce(streams.c.heard, 0)
"""The vendor has told of news that no sync has asked for; counted, because the clocks of two machines differ."""


def _planned(now: datetime) -> sa.Select[Any]:
    c, s = connections.c, streams.c
    same = sa.and_(s.tenant == c.tenant, s.user_id == c.user_id, s.connection == c.id)
    told = (s.tried_at, _UNHEARD.label("has_news"))
    ask = sa.select(*_IDS, c.provider, c.state, *told).select_from(connections.outerjoin(streams, same))
    ending = sa.and_(c.state == ConnectionState.REVOKED.value, c.sealed.is_not(None))
    wanted = sa.or_(c.state.not_in([state.value for state in _NEVER]), ending)
    return ask.where(wanted, sa.or_(s.until.is_(None), s.until <= now))


def _is_due(row: Any, now: datetime, cadence: Cadence) -> bool:
    tried: datetime | None = row.tried_at
    over = row.state == ConnectionState.REVOKED.value  # its end is still to be told, and no news count
    if tried is None or (row.has_news and not over and tried + NEWS <= now):
        return True
    return tried + cadence.wait(row.provider, ConnectionState(row.state), now) <= now
