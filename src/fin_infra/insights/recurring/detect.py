"""Find what comes again and again in a household's transactions: salary, rent, subscriptions, insurance, taxes.
Floor 5: pure; equal transactions give equal streams, in whatever order they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.insights.categories.cleaning import clean
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED
from fin_infra.insights.records import Entry, Frequency, Label, Stream, StreamStatus
from fin_infra.insights.recurring.chains import Row
from fin_infra.insights.recurring.fitting import schedule_of
from fin_infra.insights.recurring.states import next_date, status_of
from fin_infra.insights.recurring.streams import Found, is_fixed, streams_of
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money

YEAR = 366
"""Days before the last transaction whose amounts make the range of the next one."""

Group = tuple[str, str, str, bool]
"""Account, merchant, currency, and whether money comes in."""


@checked
def find_streams(
    entries: Iterable[Entry],
    *,
    today: dt.date,
    labels: Mapping[str, Label] | None = None,
    exclude: Collection[str] = (),
) -> list[Stream]:
    """Return the streams in transactions, those that go on first, by their next date.

    Args:
        today: decides what has ended and what comes next; later transactions are left out.
        labels: by id of the transaction; without one its text is cleaned here and its category is UNCATEGORIZED.
        exclude: ids of transactions that are not looked at, such as transfers between own accounts.

    Pending transactions are left out: they come again as posted ones.

    Raises:
        InvalidInput: two transactions have the same id.
    """
    found: list[Stream] = []
    for (account_id, merchant, _, _), rows in _groups(entries, today, labels or {}, frozenset(exclude)).items():
        if len(rows) > 1:
            rows.sort()
            found += [_stream(each, account_id, merchant, (labels or {}, today)) for each in streams_of(rows)]
    return sorted(found, key=lambda stream: (not stream.is_active, stream.next_date or dt.date.max, stream.id))


def _groups(
    entries: Iterable[Entry], today: dt.date, labels: Mapping[str, Label], exclude: frozenset[str]
) -> dict[Group, list[Row]]:
    groups: dict[Group, list[Row]] = {}
    names: dict[str, str] = {}
    seen: set[str] = set()
    size = 0
    for entry in entries:
        size += 1
        seen.add(entry.id)
        if entry.pending or entry.date > today or entry.id in exclude or not entry.amount.amount:
            continue
        text = entry.description
        label = labels.get(entry.id)
        name = label.merchant if label is not None and label.merchant else names.get(text)
        if name is None:
            name = names[text] = clean(text)
        amount = entry.amount.amount
        group = (entry.account_id, name or _no_name(entry), entry.amount.currency, amount > 0)
        row = Row(entry.date.toordinal(), amount, entry.id, entry)
        if (rows := groups.get(group)) is None:
            groups[group] = [row]
        else:
            rows.append(row)
    if len(seen) != size:
        raise InvalidInput("Two transactions have the same id; give each one once.")
    return groups


def _no_name(entry: Entry) -> str:
    """Return what a transaction goes by whose text names nobody, such as the number of a check."""
    words = clean(entry.counterparty or "") or " ".join(entry.description.upper().split())
    return "".join(letter for letter in words if not letter.isdigit()).strip(" #-")


def _stream(found: Found, account_id: str, merchant: str, seen: tuple[Mapping[str, Label], dt.date]) -> Stream:
    labels, today = seen
    rows, first, last = found.rows, found.rows[0].entry, found.rows[-1].entry
    frequency = Frequency.SEMI_MONTHLY if found.halves else found.pace.frequency
    schedule = schedule_of(found.pace, rows, found.halves or ())
    status = status_of(frequency, schedule, seen=len(rows), today=today)
    label = labels.get(last.id)
    low, high = _range(rows)
    return Stream(
        id=first.id,
        account_id=account_id,
        merchant=merchant,
        description=last.description,
        category=label.category if label else UNCATEGORIZED,
        frequency=frequency,
        status=status,
        first_date=first.date,
        last_date=last.date,
        next_date=None if status is StreamStatus.TOMBSTONED else next_date(frequency, schedule, today=today),
        average_amount=average([row.amount for row in rows], last.amount.currency),
        last_amount=last.amount,
        entry_ids=tuple(row.id for row in rows),
        low_amount=Money(low, last.amount.currency),
        high_amount=Money(high, last.amount.currency),
        schedule=schedule,
    )


def average(amounts: Sequence[Decimal], currency: str) -> Money:
    """Return the mean of amounts in whole minor units of the currency, where it has any."""
    mean = Money.total((Money(each, currency) for each in amounts), currency) / len(amounts)
    return mean.quantize() if CURRENCIES[currency] is not None else mean


def _range(rows: Sequence[Row]) -> tuple[Decimal, Decimal]:
    """Return least and most of the last year where amounts vary, and the last one twice where they do not."""
    if is_fixed(rows[-6:]) or rows[-1].amount == rows[-2].amount:
        return rows[-1].amount, rows[-1].amount
    late = [row.amount for row in rows if row.day > rows[-1].day - YEAR]
    return min(late), max(late)
