"""A book's goals and alerts, as its methods.
Floor 6: `fin_infra.insights` decides; alerts are found when asked for, and only what a person dismissed is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from fin_infra.book import goal_rows
from fin_infra.book.lease import Owner
from fin_infra.book.methods import method
from fin_infra.book.read import account_rows, balance_rows, connection_rows
from fin_infra.book.records import Connection
from fin_infra.book.recurring import Recurring, moved_within
from fin_infra.errors import NotRemembered
from fin_infra.insights import Stream
from fin_infra.insights.alerts import Alert, AlertSettings, ConnectionHealth, Facts, find_alerts
from fin_infra.insights.forecast import OpeningBalance
from fin_infra.insights.goals import Goal, GoalProgress
from fin_infra.insights.transfers import Activity
from fin_infra.model import AccountType, Listing
from fin_infra.transport import Flow, M, blocking


class Goals(Recurring[M]):
    @method
    def goals(self, *, today: date | None = None) -> Flow[Listing[GoalProgress]]:
        """Return a person's goals in the order in which they were set, each with how far it is.

        Args:
            today: the day at whose end balances count; by the clock where None.
        """
        return Listing((yield from self.ask(goal_rows.progress_rows, today or self._today())))

    @method
    def add_goal(self, goal: Goal) -> Flow[Goal]:
        """Set a goal; its account's balance says how far it is.

        Args:
            goal: its `id` is not kept; the book gives one.

        Raises:
            InvalidInput: it cannot be reached, with what would reach it; an amount, rate or day cannot be meant; or
                its account is not in the book or in another currency.
            CurrencyMismatch: its amounts are in several currencies.
        """
        made = yield from blocking(goal_rows.add_goal, self.engine, self.owner, goal, self.clock())
        return next(each for each in (yield from self.ask(goal_rows.goal_rows)) if each.id == made)

    @method
    def remove_goal(self, id: str) -> Flow[int]:
        """Remove a goal. Return the number of changes.

        Raises:
            NotRemembered: the book has no such goal.
        """
        return (yield from blocking(goal_rows.remove_goal, self.engine, self.owner, id, self.clock()))

    @method
    def alerts(self, *, today: date | None = None, settings: AlertSettings | None = None) -> Flow[Listing[Alert]]:
        """Return what a person would want to hear of, the most urgent first; what they dismissed is left out.

        Without the extra `insights` fees are told by their words alone, and what is unusual by merchant alone.

        Args:
            today: by the clock where None; balances and connections are always those of now.
            settings: from where on alerts are told.

        Raises:
            InvalidInput: a threshold is negative.
        """
        day = today or self._today()
        dismissed = yield from self.ask(goal_rows.dismissed_rows)
        facts = yield from self._facts(day)
        return Listing((yield from blocking(_alerts, facts, day, settings, dismissed)))

    @method
    def dismiss_alert(self, id: str) -> Flow[int]:
        """Do not show an alert again. Return the number of changes; 0 where it was dismissed before.

        Raises:
            NotRemembered: there is no such alert today.
        """
        if id in (yield from self.ask(goal_rows.dismissed_rows)):
            return 0
        facts = yield from self._facts(self._today())
        found = yield from blocking(_alerts, facts, self._today(), None, frozenset[str]())
        alert = next((each for each in found if each.id == id), None)
        if alert is None:
            raise NotRemembered("There is no such alert today; list the alerts to see which there are.")
        return (yield from blocking(goal_rows.dismiss, self.engine, self.owner, alert, self.clock()))

    def _facts(self, day: date) -> Flow[Facts]:
        streams = yield from self._streams(transfers=True)
        balances, connections = yield from self.ask(_standing)
        found = yield from self.known_activity()
        return (yield from blocking(_known, found, streams, balances, connections))


def _standing(db: sa.Connection, owner: Owner) -> tuple[list[OpeningBalance], list[ConnectionHealth]]:
    """Return what is in bank accounts, and how connections are; what a card owes is always below zero."""
    cash = {account.id for account in account_rows(db, owner) if account.type is AccountType.DEPOSITORY}
    balances = [
        OpeningBalance(account_id=str(row.account_id), balance=row.current)
        for row in balance_rows(db, owner, None)
        if row.account_id in cash and row.current is not None
    ]
    return balances, [_health(each) for each in connection_rows(db, owner)]


def _health(connection: Connection) -> ConnectionHealth:
    return ConnectionHealth(
        id=connection.id,
        provider=connection.provider,
        state=connection.state.value,
        since=connection.since.date(),
        synced_on=connection.synced_at and connection.synced_at.date(),
    )


def _known(
    found: Activity, streams: Iterable[Stream], balances: list[OpeningBalance], connections: list[ConnectionHealth]
) -> Facts:
    """Return what alerts are found in; only what moved between two accounts of the book is not money spent."""
    return Facts(
        entries=found.entries,
        labels=found.labels,
        exclude=frozenset(moved_within(found)),
        streams=tuple(streams),
        balances=balances,
        connections=connections,
    )


def _alerts(facts: Facts, day: date, settings: AlertSettings | None, dismissed: frozenset[str]) -> list[Alert]:
    return find_alerts(facts, today=day, settings=settings, dismissed=dismissed)
