"""What a person holds and says so: houses and debts valued day by day, shares and coins by their number of units.
Floor 6: each function is one transaction; a word that is there already changes nothing, and nothing is deleted.

Units stand in one account of the source `person`. A day on which something was said has a list of all units; what was
not said on that day is carried on from the one before, so that a word about an earlier day holds until the next one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, Inexact
from typing import Any

import msgspec
import sqlalchemy as sa

from fin_infra.book import history
from fin_infra.book.accounts import Accounts, Kept
from fin_infra.book.columns import decimal_text
from fin_infra.book.engine import put, writing
from fin_infra.book.lease import Owner
from fin_infra.book.levels import position_row, put_snapshot
from fin_infra.book.log import PERSON, Log
from fin_infra.book.pages import CARRIED, NO_CURRENCY, SET, Position
from fin_infra.book.records import BookAsset
from fin_infra.book.tables import asset_values, assets, holdings, snapshots
from fin_infra.errors import InvalidInput
from fin_infra.model import AccountStatus, AccountSubtype, AccountType, InstrumentKey, Money

OWNED, REMOVED = "owned", "removed"
HOLDINGS = "holdings"
"""The vendor id of the account of what is held by hand."""
_NAME = "Held by hand"
_UNITS = Context(prec=60, traps=[Inexact])
Units = dict[str, tuple[Decimal, str]]
"""Quantity and kind (SET or CARRIED) by instrument."""


def add_asset(engine: sa.Engine, owner: Owner, name: str, kind: str, value: Money, on: date, now: datetime) -> int:
    """Write a thing with its first value; return its id."""
    amount = decimal_text(value.amount)
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        row = log.add("asset", "added")
        put(db, assets, [(owner.tenant, owner.user_id, row, name, kind, value.currency, OWNED, None)])
        put(db, asset_values, [(owner.tenant, owner.user_id, row, on.isoformat(), amount)])
        log.close()
        return row


def value_asset(engine: sa.Engine, owner: Owner, id: int, value: Money, on: date, now: datetime) -> int:
    """Write what a thing was worth on a day; return the number of changes.

    Raises:
        InvalidInput: the book has no such thing, or it is valued in another currency.
    """
    amount = decimal_text(value.amount)
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        row = _asset(db, owner, id)
        if row.currency != value.currency:
            raise InvalidInput(f"Asset {id} is valued in {row.currency}, not in {value.currency}; give it in that.")
        mine = owner.of(asset_values, asset=id, day=on)
        old = db.scalar(sa.select(sa.type_coerce(asset_values.c.amount, sa.Text())).where(mine))
        if old != amount:
            put(db, asset_values, [(owner.tenant, owner.user_id, id, on.isoformat(), amount)])
            log.add("asset", "valued", id, _json({"day": on.isoformat(), "amount": old}))
        log.close()
        return log.count


def remove_asset(engine: sa.Engine, owner: Owner, id: int, on: date, now: datetime) -> int:
    """Write that a thing is not owned any more from a day on; its history stays. Return the number of changes."""
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        row = _asset(db, owner, id)
        if row.removed_on != on:
            changed = sa.update(assets).where(owner.of(assets, id=id)).values(state=REMOVED, removed_on=on)
            db.execute(changed)
            old = row.removed_on.isoformat() if row.removed_on else None
            log.add("asset", "removed", id, _json({"state": row.state, "removed_on": old}))
        log.close()
        return log.count


def _asset(db: sa.Connection, owner: Owner, id: int) -> Any:
    row = db.execute(sa.select(assets).where(owner.of(assets, id=id))).first()
    if row is None:
        raise InvalidInput(f"The book has no asset {id}; list them to see which there are.")
    return row


def asset_rows(db: sa.Connection, owner: Owner, on: date, *, removed: bool = False) -> list[BookAsset]:
    """Return what was owned and owed on a day, with the last value that is not after it."""
    v = asset_values.c
    ask = sa.select(v.asset, v.day, v.amount).where(owner.of(asset_values), v.day <= on).order_by(v.asset, v.day)
    last = {row.asset: (row.day, row.amount) for row in db.execute(ask)}
    found: list[BookAsset] = []
    for row in db.execute(sa.select(assets).where(owner.of(assets)).order_by(assets.c.id)):
        gone = row.removed_on is not None and row.removed_on <= on
        if not gone or removed:
            day, amount = last.get(row.id, (None, None))
            value = None if amount is None else Money(amount, row.currency)
            found.append(BookAsset(id=row.id, name=row.name, kind=row.kind, value=value, day=day, removed=gone))
    return found


def hold(
    engine: sa.Engine, owner: Owner, key: InstrumentKey, quantity: Decimal, on: date, now: datetime, *, more: bool
) -> int:
    """Write how many units are held from a day on, until the next day of which that was said; return the changes.

    Args:
        more: whether `quantity` comes on top of what was held on that day.
    """
    decimal_text(quantity)
    with writing(engine) as db:
        log = Log(db, owner, PERSON, now)
        account = _account(db, owner, log)
        days = _said(db, owner, account)
        name = str(key)
        if more:
            quantity = _on_top(days, history.splits_of(db, history.subject_of(key)), name, quantity, on)
        before = _last(days, name, on)
        if days.get(on, {}).get(name) != (quantity, SET):
            for day in _spread(days, name, quantity, on):
                at = datetime.combine(day, time(), UTC)
                put_snapshot(db, owner, PERSON, account, at, _rows(days[day]))
            old = None if before is None else str(before[1])
            log.add("holdings", "modified", account, _json({"instrument": name, "day": str(on), "quantity": old}))
        log.close()
        return log.count


def _on_top(
    days: dict[date, Units], splits: list[tuple[date, Decimal]], name: str, quantity: Decimal, on: date
) -> Decimal:
    """Add to what was held: in units of that day, where shares were split since it was said."""
    before = _last(days, name, on)
    if before is None:
        return quantity
    said_on, held = before
    return _UNITS.add(_UNITS.multiply(held, history.factor(splits, said_on, on)), quantity)


def _last(days: dict[date, Units], name: str, on: date) -> tuple[date, Decimal] | None:
    """Return what was last said of an instrument by the end of a day, and when."""
    said = [day for day, units in days.items() if day <= on and units.get(name, (None, None))[1] == SET]
    return (max(said), days[max(said)][name][0]) if said else None


def _spread(days: dict[date, Units], name: str, quantity: Decimal, on: date) -> list[date]:
    """Put a word of a day into its list and into those after it, up to the next word; return the days that changed."""
    if on not in days:
        earlier = [day for day in days if day < on]
        before = days[max(earlier)] if earlier else {}
        days[on] = {each: (units, CARRIED) for each, (units, _) in before.items() if units}
    days[on][name] = (quantity, SET)
    changed = [on]
    for day in sorted(each for each in days if each > on):
        if days[day].get(name, (None, None))[1] == SET:
            break
        days[day].pop(name, None)
        if quantity:
            days[day][name] = (quantity, CARRIED)
        changed.append(day)
    return changed


def _account(db: sa.Connection, owner: Owner, log: Log) -> int:
    accounts = Accounts(db, owner)
    found = [row for row, kept in accounts.kept.items() if (kept.source, kept.vendor_id) == (PERSON, HOLDINGS)]
    if found:
        return found[0]
    new = Kept(
        source=PERSON,
        vendor_id=HOLDINGS,
        name=_NAME,
        type=AccountType.INVESTMENT.value,
        subtype=AccountSubtype.UNKNOWN.value,
        currency=NO_CURRENCY,
        institution=_NAME,
        ending=None,
        status=AccountStatus.OPEN.value,
        joined=None,
        sealed=None,
    )
    return accounts.put(log, None, new)


def _said(db: sa.Connection, owner: Owner, account: int) -> dict[date, Units]:
    ask = sa.select(snapshots.c.day).where(owner.of(snapshots, account=account))
    days: dict[date, Units] = {day: {} for day in db.scalars(ask)}
    h = holdings.c
    for row in db.execute(
        sa.select(h.day, h.instrument, h.quantity, h.kind).where(owner.of(holdings, account=account))
    ):
        days[row.day][row.instrument] = (row.quantity, row.kind)
    return days


def _rows(units: Units) -> list[tuple[Any, ...]]:
    return [position_row(_position(name, quantity, kind)) for name, (quantity, kind) in sorted(units.items())]


def _position(name: str, quantity: Decimal, kind: str) -> Position:
    return Position(
        account=HOLDINGS,
        vendor_id=name,
        instrument=name,
        name=name,
        quantity=quantity,
        price=None,
        value=None,
        basis=None,
        currency=NO_CURRENCY,
        kind=kind,
    )


def _json(before: dict[str, Any]) -> str:
    return msgspec.json.encode(before).decode()
