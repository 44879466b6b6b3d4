"""What each record says of one account, and which records still count.
Floor 5: a later record that says everything about an account replaces the earlier; two of one moment must agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from fin_infra.model import Money, WorthItem

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one record says of one account, or of a thing that is in no account."""

    items: tuple[WorthItem, ...] = ()
    gaps: tuple[WorthItem, ...] = ()
    """What the record speaks of and does not give."""
    account: str | None = None
    moment: datetime = _NEVER
    """When it was true; for a day its beginning in UTC."""
    whole: bool = False
    """True where it says everything the account has: what is not in it is not held."""
    doubts: tuple[str, ...] = ()


def moment_of(day: date | None) -> datetime:
    return datetime.combine(day, time(), UTC) if day else _NEVER


def newest(views: Sequence[View], last_day: date) -> list[View]:
    """Return the views that count on `last_day`: of each account the last whole one, and what came after it."""
    accounts: dict[str, list[View]] = {}
    for view in views:
        if view.account is not None:
            accounts.setdefault(view.account, []).append(view)
    found: list[View] = []
    for view in views:
        kept = view if view.account is None else _kept(view, _in_time(accounts[view.account], last_day))
        if kept is not None:
            found.append(kept)
    return found


def summed(items: Iterable[WorthItem]) -> tuple[WorthItem, ...]:
    """Add up what a record gives in several rows, such as one security held in cash and on margin."""
    things: dict[str | None, list[WorthItem]] = {}
    for item in items:
        things.setdefault(item.reading_of, []).append(item)
    return tuple(item for rows in things.values() for item in _sums(rows))


def _in_time(views: Sequence[View], last_day: date) -> Sequence[View]:
    return [view for view in views if view.moment.date() <= last_day] or views


def _kept(view: View, views: Sequence[View]) -> View | None:
    if view not in views:
        return None
    last = max((each.moment for each in views if each.whole), default=None)
    if last is None:
        return view
    if not view.whole:
        later = tuple(item for item in view.items if (item.at or date.min) >= last.date())
        after = view.moment > last
        return replace(view, items=later, gaps=view.gaps if after else (), doubts=view.doubts if after else ())
    return _agreed(view, [each for each in views if each.whole and each.moment == last])


def _agreed(view: View, lists: Sequence[View]) -> View | None:
    """Take the amount from what only some of the lists of one moment have; None for a list of another moment."""
    if view not in lists:
        return None
    named = [{item.reading_of for item in each.items} for each in lists]

    def item(each: WorthItem) -> WorthItem:
        having = sum(each.reading_of in names for names in named)
        if having == len(lists) or each.amount is None:
            return each
        day = view.moment.date()
        return replace(each, amount=None, missing=f"only in {having} of {len(lists)} lists of holdings of {day}")

    return replace(view, items=tuple(map(item, view.items)))


def _sums(rows: Sequence[WorthItem]) -> list[WorthItem]:
    if len(rows) == 1:
        return [*rows]
    amounts: dict[str, list[Money]] = {}
    for row in rows:
        if row.amount is not None:
            amounts.setdefault(row.amount.currency, []).append(row.amount)
    first = replace(
        rows[0],
        at=min((row.at for row in rows if row.at), default=None),
        instant=min((row.instant for row in rows if row.instant), default=None),
    )
    found = [
        replace(
            first,
            amount=Money.total(each, currency),
            missing=None,
            reading_of=first.reading_of if len(amounts) == 1 else f"{first.reading_of} {currency}",
        )
        for currency, each in sorted(amounts.items())
    ]
    unknown = [row for row in rows if row.amount is None]
    more = [replace(row, reading_of=f"{row.reading_of} unknown" if found else row.reading_of) for row in unknown[:1]]
    return found + more
