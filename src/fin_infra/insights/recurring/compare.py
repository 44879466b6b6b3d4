"""Streams beside each other: those found here and those that a vendor has found.
Floor 5: neither changes the other; a stream is the same where most of its transactions are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fin_infra.arguments import checked
from fin_infra.insights.categories.cleaning import clean
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED, in_version_2
from fin_infra.insights.records import Frequency, Stream, StreamStatus
from fin_infra.model.liabilities import RecurringStream
from fin_infra.model.record import Model

SHARED = 2
"""One of so many transactions, of both streams together, has to be in both for them to be the same."""


class Agreement(StrEnum):
    """How a stream stands in two lists."""

    AGREES = "agrees"
    FREQUENCY_DIFFERS = "frequency_differs"
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared(Model):
    """A stream of one list, and what it is in the other."""

    agreement: Agreement
    ours: Stream | None
    theirs: Stream | None
    shared_ids: tuple[str, ...] = ()
    """The transactions that are in both."""


@checked
def stream_of(
    vendor: RecurringStream,
    *,
    account_ids: Mapping[str, str] | None = None,
    entry_ids: Mapping[str, str] | None = None,
) -> Stream | None:
    """Return a vendor's stream as a `Stream`; None where the vendor says no amount.

    Args:
        vendor: as `banking.recurring()` gives it.
        account_ids: the account's id in the book by the vendor's; without one the vendor's stays.
        entry_ids: the same of transactions.
    """
    if vendor.average is None or vendor.last is None:
        return None
    known = {each.value for each in Frequency}
    return Stream(
        id=vendor.id,
        account_id=(account_ids or {}).get(vendor.account_id, vendor.account_id),
        merchant=clean(vendor.description) or clean(vendor.counterparty or ""),
        description=vendor.description,
        category=in_version_2(vendor.category_text or "") or UNCATEGORIZED,
        frequency=Frequency(vendor.frequency_text) if vendor.frequency_text in known else Frequency.UNKNOWN,
        status=StreamStatus(vendor.status.value) if vendor.is_active else StreamStatus.TOMBSTONED,
        first_date=vendor.first_on,
        last_date=vendor.last_on,
        next_date=vendor.next_on,
        average_amount=vendor.average,
        last_amount=vendor.last,
        entry_ids=tuple((entry_ids or {}).get(each, each) for each in vendor.transaction_ids),
    )


@checked
def compare_streams(ours: Iterable[Stream], theirs: Iterable[Stream]) -> list[Compared]:
    """Return each stream of both lists once, with the one it is in the other list.

    Two streams are the same where half of all their transactions are in both. Plaid has no word for streams that come
    every four weeks, quarter or half year: where it says UNKNOWN, the frequency differs.
    """
    mine, other = list(ours), {each.id: each for each in theirs}
    owners = {entry_id: each.id for each in other.values() for entry_id in each.entry_ids}
    found: list[Compared] = []
    for stream in mine:
        candidates = {owners[entry_id] for entry_id in stream.entry_ids if entry_id in owners} & other.keys()
        best = max(candidates, key=lambda one: (len(_shared(stream, other[one])), one), default=None)
        if best is None or not _is_same(stream, other[best]):
            found.append(Compared(agreement=Agreement.ONLY_OURS, ours=stream, theirs=None))
        else:
            found.append(_both(stream, other.pop(best)))
    left = sorted(other.values(), key=lambda one: one.id)
    return found + [Compared(agreement=Agreement.ONLY_THEIRS, ours=None, theirs=each) for each in left]


def _shared(one: Stream, other: Stream) -> frozenset[str]:
    return frozenset(one.entry_ids) & frozenset(other.entry_ids)


def _is_same(one: Stream, other: Stream) -> bool:
    return len(_shared(one, other)) * SHARED >= len({*one.entry_ids, *other.entry_ids})


def _both(ours: Stream, theirs: Stream) -> Compared:
    same = ours.frequency is theirs.frequency
    return Compared(
        agreement=Agreement.AGREES if same else Agreement.FREQUENCY_DIFFERS,
        ours=ours,
        theirs=theirs,
        shared_ids=tuple(each for each in ours.entry_ids if each in _shared(ours, theirs)),
    )
