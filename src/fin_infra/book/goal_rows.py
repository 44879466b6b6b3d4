"""A person's goals and dismissed alerts as they are stored, each change of them in the log.
Floor 6: each function is one transaction; a goal that cannot be reached is refused before it is written."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.columns import decimal_text, microseconds
from fin_infra.book.engine import ensure, put, writing
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.read import balance_rows
from fin_infra.book.rule_rows import account_of
from fin_infra.book.tables import dismissed_alerts, goals
from fin_infra.errors import CurrencyMismatch, InvalidInput, NotRemembered
from fin_infra.insights.alerts import Alert
from fin_infra.insights.goals import Goal, GoalKind, GoalProgress, progress, sound_goal
from fin_infra.model import Money

MOST = 200
"""Goals of a household."""


def goal_rows(db: sa.Connection, owner: Owner) -> list[Goal]:
    """Return the goals in the order in which they were set; of a joined account, as the one it is joined to."""
    accounts = Accounts(db, owner)
    return [
        Goal(
            id=str(row.id),
            kind=GoalKind(row.kind),
            name=row.name,
            target=Money(row.target, row.currency),
            account_id=None if row.account is None else str(accounts.target(row.account)),
            monthly=None if row.monthly is None else Money(row.monthly, row.currency),
            by=row.by_day,
            annual_rate=row.annual_rate,
        )
        for row in db.execute(sa.select(goals).where(owner.of(goals)).order_by(goals.c.id))
    ]


def progress_rows(db: sa.Connection, owner: Owner, today: date) -> list[GoalProgress]:
    """Return how far each goal is by the last balance that is known of its account at the end of a day."""
    balances = {str(row.account_id): row.current for row in balance_rows(db, owner, today)}
    found: list[GoalProgress] = []
    for goal in goal_rows(db, owner):
        balance = None if goal.account_id is None else balances.get(goal.account_id)
        same = balance is not None and balance.currency == goal.target.currency
        found.append(progress(goal, balance if same else None, today=today))
    return found


def add_goal(engine: sa.Engine, owner: Owner, goal: Goal, now: datetime) -> str:
    """Write a goal, whose id is made; return that.

    Raises:
        InvalidInput: it cannot be reached, its account is not in the book, or there are too many.
        CurrencyMismatch: its account is in another currency.
    """
    sound_goal(goal, today=now.date())
    with writing(engine) as db:
        account = None if goal.account_id is None else account_of(db, owner, goal.account_id)
        if account is not None and (held := Accounts(db, owner).kept[account].currency) != goal.target.currency:
            raise CurrencyMismatch(f"Account {account} is in {held}, and the goal is in {goal.target.currency}.")
        if len(goal_rows(db, owner)) >= MOST:
            raise InvalidInput(f"A book has at most {MOST} goals; remove one that is not needed any more.")
        log = Log(db, owner, PERSON, now)
        id = log.add("goal", "added")
        facts = (
            goal.kind.value,
            goal.name.strip(),
            goal.target.currency,
            decimal_text(goal.target.amount),
            account,
            None if goal.monthly is None else decimal_text(goal.monthly.amount),
            None if goal.by is None else goal.by.isoformat(),
            decimal_text(goal.annual_rate),
            microseconds(now),
        )
        put(db, goals, [(owner.tenant, owner.user_id, id, *facts)])
        log.close()
        return str(id)


def remove_goal(engine: sa.Engine, owner: Owner, id: str, now: datetime) -> int:
    """Delete a goal; the log has what it was. Return the number of changes.

    Raises:
        NotRemembered: the book has no such goal.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        old = next((each for each in goal_rows(db, owner) if each.id == id), None)
        if old is None:
            raise NotRemembered(f"The book has no goal {id}; list the goals to see which there are.")
        db.execute(goals.delete().where(owner.of(goals, id=int(id))))
        log.add("goal", "removed", int(id), msgspec.json.encode(old.to_dict(pii=True)).decode())
        log.close()
        return log.count


def dismissed_rows(db: sa.Connection, owner: Owner) -> frozenset[str]:
    """Return the ids of alerts that a person does not want to see again."""
    return frozenset(db.scalars(sa.select(dismissed_alerts.c.alert).where(owner.of(dismissed_alerts))))


def dismiss(engine: sa.Engine, owner: Owner, alert: Alert, now: datetime) -> int:
    """Write down that an alert is not to be shown again. Return the number of changes; 0 where it was said before."""
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        if alert.id not in dismissed_rows(db, owner):
            facts = {"alert": alert.id, "kind": alert.kind.value, "dismissed_at": now}
            ensure(db, dismissed_alerts, **owner.scope, **facts)
            log.add("alert", "dismissed", before=msgspec.json.encode({"alert": alert.id}).decode())
        log.close()
        return log.count
