"""Find what comes again and again in a household's transactions: salary, rent, subscriptions, insurance, taxes.
Floor 5: pure; equal transactions give equal streams, in whatever order they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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

_row: Callable[..., Row] = tuple.__new__  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # it is generic
"""Half the time of `Row(...)`, once for each transaction."""

Group = tuple[str, str, str]
"""Account, merchant and currency."""


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
    given = list(entries)
    if len({entry.id for entry in given}) != len(given):
        raise InvalidInput("Two transactions have the same id; give each one once.")
    known = labels or {}
    found: list[Stream] = []
    for (account_id, merchant, _), rows in _groups(_looked_at(given, today, exclude), known).items():
        found += [_stream(each, account_id, merchant, (known, today)) for each in _all_streams(rows)]
    return sorted(found, key=lambda stream: (not stream.is_active, stream.next_date or dt.date.max, stream.id))


def _looked_at(entries: list[Entry], today: dt.date, exclude: Collection[str]) -> list[Entry]:
    left_out = frozenset(exclude)
    return [entry for entry in entries if not entry.pending and entry.date <= today and entry.id not in left_out]


def _groups(entries: Iterable[Entry], labels: Mapping[str, Label]) -> dict[Group, list[Row]]:
    """Return the rows of each group; a merchant is made out once for each text of a bank."""
    by_text: dict[Group, list[Entry]] = {}
    for entry in entries:
        label = labels.get(entry.id) if labels else None
        place = (entry.account_id, (label.merchant if label else "") or entry.description, entry.amount.currency)
        if (same := by_text.get(place)) is None:
            by_text[place] = [entry]
        else:
            same.append(entry)
    groups: dict[Group, list[Row]] = {}
    for (account_id, text, currency), same in by_text.items():
        rows = [_row(Row, (entry.date.toordinal(), entry.amount.amount, entry.id, entry)) for entry in same]
        groups.setdefault((account_id, clean(text) or _no_name(same[0]), currency), []).extend(rows)
    return groups


def _all_streams(rows: list[Row]) -> list[Found]:
    """Return the streams of a group: those of money in, and of money out."""
    if len(rows) < 2:
        return []
    rows.sort()
    amounts = [row.amount for row in rows]
    if min(amounts) > 0 or max(amounts) < 0:
        return streams_of(rows)
    money_in, money_out = [row for row in rows if row.amount > 0], [row for row in rows if row.amount < 0]
    return [*streams_of(money_in), *streams_of(money_out)]


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
    low, high = (Money(each, last.amount.currency) for each in _range(rows))
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
        average_amount=average([row.entry.amount for row in rows]),
        last_amount=last.amount,
        entry_ids=tuple(row.id for row in rows),
        low_amount=low,
        high_amount=high,
        schedule=schedule,
    )


def average(amounts: Sequence[Money]) -> Money:
    """Return the mean of amounts of one currency, in whole minor units where it has any."""
    currency = amounts[0].currency
    mean = Money.total(amounts, currency) / len(amounts)
    return mean.quantize() if CURRENCIES[currency] is not None else mean


def _range(rows: Sequence[Row]) -> tuple[Decimal, Decimal]:
    """Return least and most of the last year where amounts vary, and the last one twice where they do not."""
    if is_fixed(rows[-6:]) or rows[-1].amount == rows[-2].amount:
        return rows[-1].amount, rows[-1].amount
    late = [row.amount for row in rows if row.day > rows[-1].day - YEAR]
    return min(late), max(late)
