"""A vendor's streams beside those found here."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from fin_infra.insights import Frequency, StreamStatus
from fin_infra.insights.recurring import Agreement, compare_streams, find_streams, stream_of
from fin_infra.model import Money, RecurringStatus, RecurringStream
from tests.insights.recurring.payments import TODAY, every, months, paid

D = dt.date
HULU = paid("HULU", "-17.99", *months(5, "2026-01", 11))
CARE = paid("LITTLE OAKS CHILDCARE", "-320.00", *every(28, "2026-03-06", 10))
RENT = paid("GREENFIELD RENT", "-1200.00", *months(1, "2026-01", 11))


def vendor(name: str, frequency: str, ids: tuple[str, ...], *, active: bool = True) -> RecurringStream:
    return RecurringStream(
        source="banking:plaid",
        as_of=dt.datetime(2026, 11, 28, tzinfo=dt.UTC),
        id=f"stream-{name}",
        account_id="plaid-1",
        description=name,
        first_on=D(2026, 1, 5),
        last_on=D(2026, 11, 5),
        next_on=D(2026, 12, 5),
        frequency_text=frequency,
        average=Money(Decimal("-17.99"), "USD"),
        last=Money(Decimal("-17.99"), "USD"),
        transaction_ids=ids,
        is_active=active,
        status=RecurringStatus.MATURE,
        status_text="MATURE",
        category_text="ENTERTAINMENT_TV_AND_MOVIES",
    )


def test_compare_when_lists_agree_differ_and_miss_then_each_stream_is_said_once() -> None:
    ours = find_streams([*HULU, *CARE, *RENT], today=TODAY)
    ids = {f"p-{each.id}": each.id for each in [*HULU, *CARE, *RENT]}
    rows = [
        vendor("HULU", "monthly", tuple(f"p-{each.id}" for each in HULU[:10])),
        vendor("LITTLE OAKS", "unknown", tuple(f"p-{each.id}" for each in CARE)),
        vendor("STARBUCKS", "weekly", ("p-9", "p-10")),
    ]
    theirs = [stream for row in rows if (stream := stream_of(row, entry_ids=ids, account_ids={"plaid-1": "checking"}))]
    found = {
        (each.ours or each.theirs).merchant: each.agreement  # type: ignore[union-attr]  # one of them is there
        for each in compare_streams(ours, theirs)
    }
    assert found == {
        "HULU": Agreement.AGREES,
        "LITTLE OAKS CHILDCARE": Agreement.FREQUENCY_DIFFERS,
        "GREENFIELD RENT": Agreement.ONLY_OURS,
        "STARBUCKS": Agreement.ONLY_THEIRS,
    }


def test_compare_when_fewer_than_half_are_shared_then_they_are_two() -> None:
    ours = find_streams(HULU, today=TODAY)
    theirs = replace(ours[0], id="v", entry_ids=(*ours[0].entry_ids[:5], "x"))
    assert [each.agreement for each in compare_streams(ours, [theirs])] == [
        Agreement.ONLY_OURS, Agreement.ONLY_THEIRS,
    ]  # fmt: skip
    six = replace(ours[0], id="v", entry_ids=ours[0].entry_ids[:6])
    (same,) = compare_streams(ours, [six])
    assert (same.agreement, len(same.shared_ids)) == (Agreement.AGREES, 6)


@pytest.mark.parametrize(
    ("word", "frequency"), [("semi_monthly", Frequency.SEMI_MONTHLY), ("every_blue_moon", Frequency.UNKNOWN)]
)
def test_stream_of_when_the_vendor_has_a_word_then_it_is_ours_or_unknown(word: str, frequency: Frequency) -> None:
    stream = stream_of(vendor("HULU", word, ("p-1",)))
    assert stream is not None
    assert (stream.frequency, stream.account_id, stream.entry_ids) == (frequency, "plaid-1", ("p-1",))
    assert stream.category == "ENTERTAINMENT_TV_AND_MOVIES"


def test_stream_of_when_the_vendor_says_it_is_not_active_then_it_has_ended() -> None:
    stream = stream_of(vendor("HULU", "monthly", ("p-1",), active=False))
    assert stream is not None
    assert stream.status is StreamStatus.TOMBSTONED


def test_stream_of_when_the_vendor_has_no_amount_then_none() -> None:
    assert stream_of(replace(vendor("HULU", "monthly", ("p-1",)), last=None)) is None
