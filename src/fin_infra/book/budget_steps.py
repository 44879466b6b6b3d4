"""Steps of a person's budget as rows, and taking one: it is written whole, or refused with the reason.
Floor 6: each function is one transaction or a part of one; rows are only added."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from fin_infra.book.columns import decimal_text, microseconds
from fin_infra.book.engine import put, writing
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.tables import budget_steps
from fin_infra.insights.budgets import (
    Activity,
    Assign,
    Budget,
    Close,
    Move,
    Overspending,
    Reopen,
    SetLimit,
    SetOverspending,
    SetTarget,
    Step,
    Undo,
)
from fin_infra.model import Money

SUBJECT = "budget"
_KINDS: dict[type[Any], str] = {
    Assign: "assign",
    Move: "move",
    SetOverspending: "overspending",
    SetTarget: "target",
    SetLimit: "limit",
    Close: "close",
    Reopen: "reopen",
    Undo: "undo",
}


def steps_of(db: sa.Connection, owner: Owner) -> tuple[Step, ...]:
    """Return a person's steps, the oldest first."""
    ask = sa.select(budget_steps).where(owner.of(budget_steps)).order_by(budget_steps.c.id)
    return tuple(_step(row) for row in db.execute(ask))


def take_steps(engine: sa.Engine, owner: Owner, steps: Sequence[Step], activity: Activity, now: datetime) -> int:
    """Write steps behind those that are there; all or none. Return the number of changes.

    One that leaves the plan as it is, such as the same amount given again, changes nothing.

    Raises:
        InvalidInput: there is not so much money, a month is closed, there is nothing to undo, or it cannot be meant.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        budget = Budget(steps_of(db, owner))
        for step in steps:
            further = budget.after(step, activity)
            if further.plan != budget.plan or isinstance(step, Undo):
                id = log.add(SUBJECT, _KINDS[type(step)])
                put(db, budget_steps, [(owner.tenant, owner.user_id, id, *_row(step), microseconds(now))])
                budget = further
        log.close()
        return log.count


def _row(step: Step) -> tuple[str | None, ...]:
    month = None if isinstance(step, Undo) else step.month
    category = None if isinstance(step, Undo | Close | Reopen) else step.category
    money = step.amount if isinstance(step, Assign | Move | SetTarget | SetLimit) else None
    return (
        _KINDS[type(step)],
        month,
        category,
        step.to if isinstance(step, Move) else None,
        None if money is None else money.currency,
        None if money is None else decimal_text(money.amount),
        step.by if isinstance(step, SetTarget) else None,
        step.overspending.value if isinstance(step, SetOverspending) else None,
    )


def _step(row: Any) -> Step:
    money = None if row.amount is None else Money(row.amount, row.currency)
    match row.kind, money:
        case "assign", Money():
            return Assign(month=row.month, category=row.category, amount=money)
        case "move", Money():
            return Move(month=row.month, category=row.category, to=row.other, amount=money)
        case "target", Money():
            return SetTarget(month=row.month, category=row.category, amount=money, by=row.until)
        case "limit", Money():
            return SetLimit(month=row.month, category=row.category, amount=money)
        case "overspending", _:
            return SetOverspending(month=row.month, category=row.category, overspending=Overspending(row.word))
        case "close", _:
            return Close(month=row.month)
        case "reopen", _:
            return Reopen(month=row.month)
        case _:
            return Undo()
