"""A person's rules for categories as they are stored: in an order without gaps, and each change of them in the log.
Floor 6: each function is one transaction; a rule that cannot be used is refused before it is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book.accounts import Accounts
from fin_infra.book.columns import decimal_text, microseconds
from fin_infra.book.engine import put, writing
from fin_infra.book.lease import Owner
from fin_infra.book.log import PERSON, Log
from fin_infra.book.tables import rules
from fin_infra.errors import InvalidInput, NotRemembered
from fin_infra.insights.categories import Rule, Rules, Sign
from fin_infra.insights.categories.taxonomy import in_version_2

MOST = 1_000
"""Rules of a household: each is looked at for every transaction."""


def rule_rows(db: sa.Connection, owner: Owner) -> list[Rule]:
    """Return the rules in the order in which they are asked; of a joined account, as the one it is joined to."""
    accounts = Accounts(db, owner)
    ask = sa.select(rules).where(owner.of(rules)).order_by(rules.c.place)
    return [
        Rule(
            id=str(row.id),
            category=row.category,
            contains=row.contains,
            pattern=row.pattern,
            low=row.low,
            high=row.high,
            account_id=None if row.account is None else str(accounts.target(row.account)),
            sign=None if row.sign is None else Sign(row.sign),
        )
        for row in db.execute(ask)
    ]


def add_rule(engine: sa.Engine, owner: Owner, rule: Rule, place: int | None, now: datetime) -> str:
    """Write a rule, whose id is made; return that. It stands at `place`, counted from 1, and last where None.

    Raises:
        InvalidInput: it cannot be used, its account is not in the book, there is no such place, or there are too many.
    """
    Rules([rule])
    with writing(engine) as db:
        account = None if rule.account_id is None else account_of(db, owner, rule.account_id)
        log = Log(db, owner, PERSON, now)
        order = _order(db, owner)
        if len(order) >= MOST:
            raise InvalidInput(f"A book has at most {MOST:,} rules; remove one that is not needed any more.")
        at = len(order) + 1 if place is None else _place(place, len(order) + 1)
        id = log.add("rule", "added")
        facts = (
            in_version_2(rule.category),
            rule.contains,
            rule.pattern,
            None if rule.low is None else decimal_text(rule.low),
            None if rule.high is None else decimal_text(rule.high),
            account,
            None if rule.sign is None else rule.sign.value,
            microseconds(now),
        )
        put(db, rules, [(owner.tenant, owner.user_id, id, at, *facts)])
        order.insert(at - 1, id)
        _write_order(db, owner, order)
        log.close()
        return str(id)


def remove_rule(engine: sa.Engine, owner: Owner, id: str, now: datetime) -> int:
    """Delete a rule; the log has what it was. Return the number of changes.

    Raises:
        NotRemembered: the book has no such rule.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        order = _order(db, owner)
        row = _known(order, id)
        old = db.execute(sa.select(rules).where(owner.of(rules, id=row))).one()._asdict()
        shown = {name: _plain(old[name]) for name in old if name not in ("tenant", "user_id", "id", "made_at")}
        db.execute(rules.delete().where(owner.of(rules, id=row)))
        log.add("rule", "removed", row, msgspec.json.encode(shown).decode())
        order.remove(row)
        _write_order(db, owner, order)
        log.close()
        return log.count


def move_rule(engine: sa.Engine, owner: Owner, id: str, place: int, now: datetime) -> int:
    """Put a rule at another place, counted from 1. Return the number of changes; 0 where it stands there.

    Raises:
        NotRemembered: the book has no such rule.
        InvalidInput: there is no such place.
    """
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        order = _order(db, owner)
        row = _known(order, id)
        before, after = order.index(row) + 1, _place(place, len(order))
        if before != after:
            order.remove(row)
            order.insert(after - 1, row)
            _write_order(db, owner, order)
            log.add("rule", "moved", row, msgspec.json.encode({"place": before}).decode())
        log.close()
        return log.count


def placed(rules: Sequence[Rule], rule: Rule, place: int | None) -> list[Rule]:
    """Return rules with one more at `place`, counted from 1, and last where None.

    Raises:
        InvalidInput: there is no such place.
    """
    at = len(rules) + 1 if place is None else _place(place, len(rules) + 1)
    return [*rules[: at - 1], rule, *rules[at - 1 :]]


def account_of(db: sa.Connection, owner: Owner, account_id: str) -> int:
    """Return the account of a rule.

    Raises:
        InvalidInput: the book does not have it.
    """
    known = Accounts(db, owner).kept
    row = _number(account_id)
    if row not in known:
        raise InvalidInput(f"The book has no account {account_id}; `accounts` lists them.")
    return row


def check_accounts(db: sa.Connection, owner: Owner, rules: Sequence[Rule]) -> None:
    """Raise InvalidInput where a rule is of an account that the book does not have."""
    for rule in rules:
        if rule.account_id is not None:
            account_of(db, owner, rule.account_id)


def _order(db: sa.Connection, owner: Owner) -> list[int]:
    return list(db.scalars(sa.select(rules.c.id).where(owner.of(rules)).order_by(rules.c.place)))


def _write_order(db: sa.Connection, owner: Owner, order: list[int]) -> None:
    places = dict(db.execute(sa.select(rules.c.id, rules.c.place).where(owner.of(rules))).tuples().all())
    for at, row in enumerate(order, 1):
        if places[row] != at:
            db.execute(sa.update(rules).where(owner.of(rules, id=row)).values(place=at))


def _known(order: list[int], id: str) -> int:
    row = _number(id)
    if row not in order:
        raise NotRemembered(f"The book has no rule {id}; list the rules to see which there are.")
    return row


def _place(place: int, most: int) -> int:
    if not 1 <= place <= most:
        raise InvalidInput(f"A rule has a place from 1 to {most}, not {place}.")
    return place


def _number(id: str) -> int:
    return int(id) if id.isascii() and id.isdigit() and len(id) < 17 else -1


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, str)) else str(value)
