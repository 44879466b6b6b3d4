"""Streams found: in households whose streams are known, and in single cases written by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput
from fin_infra.insights import Entry, Frequency, Judge, Label, Stream, StreamStatus
from fin_infra.insights.recurring import find_streams
from fin_infra.model import Money
from tests.insights.households import TODAY as HOUSEHOLD_TODAY
from tests.insights.households import Household, Truth, household
from tests.insights.recurring.payments import TODAY, every, months, paid
from tests.support.effort import effort, share

D = dt.date
SAME_FROM = 0.8
"""The share of the transactions of both that a found stream and a made one have to share."""
LEAST_F1 = 0.95


def found(*entries: list[Entry], today: dt.date = TODAY) -> list[Stream]:
    return find_streams([each for group in entries for each in group], today=today)


def only(*entries: list[Entry], today: dt.date = TODAY) -> Stream:
    streams = found(*entries, today=today)
    assert len(streams) == 1, streams
    return streams[0]


def is_found(truth: Truth, stream: Stream) -> bool:
    made, seen = set(truth.ids), set(stream.entry_ids)
    return stream.frequency is truth.frequency and len(made & seen) >= SAME_FROM * len(made | seen)


def scores(home: Household, streams: list[Stream]) -> tuple[int, int, int]:
    """Return right, wrong and missing; what has come too few times to be seen is neither missing nor wrong."""
    left, right, missing = list(streams), 0, 0
    for truth in home.truths:
        match = next((each for each in left if is_found(truth, each)), None)
        if match is not None:
            left.remove(match)
        if len(truth.ids) >= (2 if truth.frequency is Frequency.ANNUALLY else 3):
            right, missing = right + (match is not None), missing + (match is None)
    return right, len(left), missing


def test_streams_when_households_are_known_then_f1_is_at_least_95_percent() -> None:
    right = wrong = missing = 0
    for seed in range(share(200, test=40, quick=8)):
        home = household(seed)
        one = scores(home, find_streams(home.entries, today=HOUSEHOLD_TODAY))
        right, wrong, missing = right + one[0], wrong + one[1], missing + one[2]
    f1 = 2 * right / (2 * right + wrong + missing)
    assert right > share(4000, test=800, quick=150)
    assert f1 >= LEAST_F1, (right, wrong, missing)


def test_streams_when_a_household_ends_some_then_those_and_only_those_have_ended() -> None:
    wrong = total = 0
    for seed in range(share(100, test=30, quick=5)):
        home = household(seed)
        streams = find_streams(home.entries, today=HOUSEHOLD_TODAY)
        for truth in home.truths:
            match = next((each for each in streams if is_found(truth, each)), None)
            fresh = match is not None and (HOUSEHOLD_TODAY - match.last_date).days < 75
            if match is not None and not (truth.ended and fresh):  # one that has just ended cannot be told yet
                total += 1
                wrong += match.is_active is truth.ended
    assert total > 50
    assert wrong <= total * 0.01


@settings(max_examples=effort(50))
@given(st.integers(0, 5_000), st.randoms(use_true_random=False))
def test_streams_when_the_order_is_another_then_they_are_equal(seed: int, chance: Random) -> None:
    entries = household(seed).entries[:900]
    shuffled = chance.sample(entries, len(entries))
    assert find_streams(shuffled, today=HOUSEHOLD_TODAY) == find_streams(entries, today=HOUSEHOLD_TODAY)


@settings(max_examples=effort(200))
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(-3, 3), st.sampled_from("abc"), st.sampled_from(["USD", "EUR"])),
        max_size=60,
    )
)
def test_streams_when_rows_are_random_then_each_is_in_one_stream_at_most_and_adds_up(
    rows: list[tuple[int, int, str, str]],
) -> None:
    entries = [
        Entry(id=str(n), account_id="a", date=D(2024, 1, 1) + dt.timedelta(days=day), amount=Money.of(amount, currency),
              description=f"SHOP {text * 3}")
        for n, (day, amount, text, currency) in enumerate(rows)
    ]  # fmt: skip
    streams = find_streams(entries, today=TODAY)
    used = [entry_id for stream in streams for entry_id in stream.entry_ids]
    assert len(used) == len(set(used))
    by_id = {entry.id: entry for entry in entries}
    for stream in streams:
        own = [by_id[entry_id] for entry_id in stream.entry_ids]
        assert [one.date for one in own] == sorted(one.date for one in own)
        assert {one.amount.currency for one in own} == {stream.last_amount.currency}
        assert len({one.amount > 0 for one in own}) == 1
        assert (stream.first_date, stream.last_date) == (own[0].date, own[-1].date)
        assert stream.last_amount == own[-1].amount
        assert stream.next_date is None or stream.next_date > stream.last_date


# the bugs that others' users have reported


@pytest.mark.parametrize(("day", "march"), [(29, 29), (30, 30), (31, 31)])
def test_stream_when_the_day_is_cut_in_february_then_the_next_is_on_its_day_again(day: int, march: int) -> None:
    dates = [f"2025-12-{day}", f"2026-01-{day}", "2026-02-28"]
    stream = only(paid("SPOTIFY USA", "-9.99", *dates), today=D(2026, 3, 5))
    assert (stream.frequency, stream.next_date) == (Frequency.MONTHLY, D(2026, 3, march))


def test_stream_when_quarterly_then_the_next_is_three_months_after_the_last_and_so_on() -> None:
    stream = only(paid("MUTUAL LIFE", "-212.00", "2026-01-15", "2026-04-15", "2026-07-15", "2026-10-15"))
    assert (stream.frequency, stream.next_date) == (Frequency.QUARTERLY, D(2027, 1, 15))
    assert stream.schedule is not None
    assert stream.schedule.dates_to(D(2027, 2, 1), D(2027, 12, 31)) == [D(2027, m, 15) for m in (4, 7, 10)]


def test_stream_when_half_yearly_then_it_is_not_monthly_nor_yearly() -> None:
    stream = only(paid("CITY SEWER DISTRICT", "-148.00", "2025-03-10", "2025-09-10", "2026-03-10", "2026-09-10"))
    assert (stream.frequency, stream.next_date) == (Frequency.HALF_YEARLY, D(2027, 3, 10))


def test_stream_when_biweekly_then_the_next_is_two_weeks_on_and_not_one() -> None:
    stream = only(paid("ACME PAYROLL", "1500.00", *every(14, "2026-09-04", 6)))
    assert (stream.frequency, stream.last_date, stream.next_date) == (
        Frequency.BIWEEKLY, D(2026, 11, 13), D(2026, 11, 27),
    )  # fmt: skip


def test_stream_when_a_bill_was_paid_once_then_there_is_none_and_nothing_a_year_later() -> None:
    assert found(paid("SMITH PLUMBING", "-480.00", "2025-11-20")) == []


def test_stream_when_a_payment_came_a_day_early_then_the_next_is_a_month_on_and_not_a_day() -> None:
    # due on the 1st; 1 November 2026 is a Sunday, and it came on Friday
    dates = ["2026-06-01", "2026-07-01", "2026-07-31", "2026-09-01", "2026-10-01", "2026-10-30"]
    stream = only(paid("GREENFIELD RENT", "-1200.00", *dates), today=D(2026, 10, 31))
    assert stream.next_date == D(2026, 12, 1)


def test_stream_when_a_payment_is_there_twice_on_a_day_then_it_is_one_stream_without_the_double() -> None:
    dates = months(5, "2026-01", 11)
    stream = only(paid("HULU", "-17.99", *dates), paid("HULU", "-17.99", "2026-08-05", name="twice"))
    assert len(stream.entry_ids) == 11
    assert stream.frequency is Frequency.MONTHLY


def test_stream_when_the_posted_one_is_there_beside_the_pending_then_only_posted_ones_count() -> None:
    posted = paid("HULU", "-17.99", *months(5, "2026-06", 6))
    pending = paid("HULU", "-17.99", "2026-11-04", name="pending", pending=True)
    assert only(posted, pending).entry_ids == tuple(each.id for each in posted)


# what the issue names


def test_stream_when_salary_comes_on_the_15th_and_the_last_then_it_is_one_twice_a_month() -> None:
    dates = ["2026-07-15", "2026-07-31", "2026-08-14", "2026-08-31", "2026-09-15", "2026-09-30",
             "2026-10-15", "2026-10-30", "2026-11-13"]  # fmt: skip
    stream = only(paid("ACME PAYROLL", "2000.00", *dates))
    assert (stream.frequency, stream.next_date) == (Frequency.SEMI_MONTHLY, D(2026, 11, 30))
    assert stream.schedule is not None
    assert stream.schedule.days == (15, 31)
    assert stream.schedule.dates_to(D(2027, 1, 16), D(2027, 2, 28)) == [D(2027, 1, 29), D(2027, 2, 15), D(2027, 2, 26)]


def test_stream_when_two_equal_services_are_at_one_merchant_then_each_is_one() -> None:
    streams = found(
        paid("NETFLIX.COM", "-15.49", *months(3, "2026-01", 11)),
        paid("NETFLIX.COM", "-15.49", *months(17, "2026-04", 8), name="second"),
    )
    assert [(each.frequency, len(each.entry_ids), each.next_date) for each in streams] == [
        (Frequency.MONTHLY, 11, D(2026, 12, 3)),
        (Frequency.MONTHLY, 8, D(2026, 12, 17)),
    ]


def test_stream_when_two_equal_services_are_charged_on_one_day_then_each_is_one() -> None:
    both = [paid("NETFLIX.COM", "-15.49", *months(3, "2026-01", 11), name=name) for name in ("one", "two")]
    assert [len(each.entry_ids) for each in found(*both)] == [11, 11]


def test_stream_when_two_amounts_are_at_one_merchant_then_each_is_one() -> None:
    streams = found(
        paid("GEICO AUTO PAY", "-118.40", *months(8, "2026-01", 11)),
        paid("GEICO AUTO PAY", "-64.15", *months(10, "2026-01", 11), name="home"),
    )
    assert {(str(each.last_amount), len(each.entry_ids)) for each in streams} == {
        ("-118.40 USD", 11), ("-64.15 USD", 11),
    }  # fmt: skip


def test_stream_when_a_weekend_and_a_holiday_move_one_by_three_days_then_it_goes_on() -> None:
    # 5 September 2026 is a Saturday, and the Monday after it is Labor Day
    dates = [*months(5, "2026-01", 8), "2026-09-08", "2026-10-05", "2026-11-05"]
    streams = found(
        paid("GEICO AUTO PAY", "-118.40", *dates),
        paid("GEICO AUTO PAY", "-64.15", *months(22, "2026-01", 11), name="home"),
    )
    assert [(len(each.entry_ids), each.is_active) for each in streams] == [(11, True), (11, True)]


def test_stream_when_two_varying_bills_come_by_day_then_each_is_one() -> None:
    power = ["-80.10", "-95.20", "-70.31", "-66.40", "-88.52", "-120.07", "-119.11", "-84.12"]
    gas = ["-90.33", "-71.20", "-69.10", "-82.75", "-77.00", "-101.40", "-93.93", "-112.66"]
    streams = found(
        paid("CITY UTILITIES", power, *months(4, "2026-04", 8)),
        paid("CITY UTILITIES", gas, *months(20, "2026-04", 8), name="gas"),
    )
    assert [(each.frequency, len(each.entry_ids)) for each in streams] == [(Frequency.MONTHLY, 8)] * 2


def test_stream_when_the_price_has_risen_then_it_goes_on_and_is_expected_at_the_new_one() -> None:
    prices = ["-9.99"] * 7 + ["-11.49"] * 4
    shopping = paid("AMAZON.COM", ["-23.10", "-80.00", "-5.49"], "2026-02-11", "2026-03-30", "2026-07-19", name="x")
    stream = only(paid("AMAZON.COM", prices, *months(5, "2026-01", 11)), shopping)
    assert len(stream.entry_ids) == 11
    assert (stream.last_amount, stream.average_amount) == (Money.of("-11.49", "USD"), Money.of("-10.54", "USD"))
    assert (stream.is_variable, stream.expected_amount) == (False, Money.of("-11.49", "USD"))


def test_stream_when_amounts_vary_then_average_and_range_of_a_year_are_said() -> None:
    amounts = ["-60.00", "-64.00", "-90.00", "-110.00", "-76.00", "-80.00"]
    stream = only(paid("EDISON ELECTRIC", amounts, *months(12, "2026-06", 6)))
    assert (stream.low_amount, stream.high_amount) == (Money.of("-110.00", "USD"), Money.of("-60.00", "USD"))
    assert stream.expected_amount == stream.average_amount == Money.of("-80.00", "USD")


def test_stream_when_a_gym_was_canceled_then_it_has_ended_and_no_date_comes() -> None:
    stream = only(paid("PLANET FITNESS", "-39.00", *months(9, "2026-01", 6)))
    assert (stream.status, stream.next_date, stream.is_active) == (StreamStatus.TOMBSTONED, None, False)


def test_stream_when_a_month_was_skipped_then_it_is_one_and_goes_on() -> None:
    dates = [day for day in months(9, "2026-01", 11) if day[:7] not in ("2026-05", "2026-08")]
    stream = only(paid("GREEN THUMB LAWN", "-65.00", *dates))
    assert (len(stream.entry_ids), stream.status, stream.next_date) == (9, StreamStatus.MATURE, D(2026, 12, 9))


def test_stream_when_rent_is_moved_by_weekends_then_the_next_is_moved_as_it_is() -> None:
    # Saturdays or Sundays: 1 February, 1 March, 1 August, 1 November 2026 and 1 May 2027
    dates = ["2026-02-02", "2026-03-02", "2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01", "2026-08-03",
             "2026-09-01", "2026-10-01", "2026-11-02"]  # fmt: skip
    stream = only(paid("GREENFIELD RENT", "-1200.00", *dates))
    assert stream.next_date == D(2026, 12, 1)
    assert stream.schedule is not None
    assert stream.schedule.dates_to(D(2027, 4, 2), D(2027, 6, 1)) == [D(2027, 5, 3), D(2027, 6, 1)]


def test_stream_when_days_drift_then_it_is_monthly() -> None:
    dates = ["2026-05-11", "2026-06-14", "2026-07-10", "2026-08-13", "2026-09-12", "2026-10-09", "2026-11-13"]
    assert only(paid("GREEN THUMB LAWN", "-65.00", *dates)).frequency is Frequency.MONTHLY


def test_stream_when_it_renews_after_thirty_days_then_the_next_is_thirty_days_on() -> None:
    stream = only(paid("MINT MOBILE PLAN", "-25.00", *every(30, "2026-02-03", 10)))
    assert (stream.frequency, stream.last_date, stream.next_date) == (
        Frequency.MONTHLY, D(2026, 10, 31), D(2026, 11, 30),
    )  # fmt: skip


def test_stream_when_every_four_weeks_then_it_is_not_monthly() -> None:
    stream = only(paid("LITTLE OAKS CHILDCARE", "-320.00", *every(28, "2026-03-06", 10)))
    assert (stream.frequency, stream.next_date) == (Frequency.FOUR_WEEKLY, D(2026, 12, 11))


def test_stream_when_a_tax_comes_each_year_and_rises_then_two_are_enough() -> None:
    stream = only(paid("COUNTY PROPERTY TAX", ["-2140.00", "-2225.60"], "2024-12-16", "2025-12-15"))
    assert (stream.frequency, stream.status) == (Frequency.ANNUALLY, StreamStatus.MATURE)
    assert stream.next_date in (D(2026, 12, 15), D(2026, 12, 16))


def test_stream_when_two_equal_payments_are_a_month_apart_then_it_is_early() -> None:
    stream = only(paid("DISNEY PLUS", "-10.99", "2026-10-20", "2026-11-20"))
    assert (stream.frequency, stream.status) == (Frequency.MONTHLY, StreamStatus.EARLY_DETECTION)
    assert stream.next_date == D(2026, 12, 20)


def test_stream_when_refunds_come_from_the_merchant_then_they_are_not_in_it() -> None:
    refund = paid("HULU", "17.99", "2026-08-12", name="refund")
    assert len(only(paid("HULU", "-17.99", *months(5, "2026-01", 11)), refund).entry_ids) == 11


def test_stream_when_accounts_or_currencies_differ_then_each_is_one() -> None:
    dates = months(5, "2026-01", 11)
    streams = found(
        paid("HULU", "-17.99", *dates),
        paid("HULU", "-17.99", *dates, account_id="card", name="card"),
        paid("HULU", "-17.99", *dates, currency="EUR", name="euro"),
    )
    assert {(each.account_id, each.last_amount.currency) for each in streams} == {
        ("checking", "USD"), ("card", "USD"), ("checking", "EUR"),
    }  # fmt: skip


def test_stream_when_transactions_are_excluded_then_they_are_not_looked_at() -> None:
    saving = paid("TRANSFER TO SAVINGS", "-300.00", *months(2, "2026-01", 11))
    assert len(found(saving)) == 1
    assert find_streams(saving, today=TODAY, exclude={each.id for each in saving}) == []


def test_stream_when_labels_are_given_then_merchant_and_category_are_theirs() -> None:
    entries = paid("XYZ 8472 PMT", "-40.00", *months(2, "2026-06", 6))
    label = Label(
        category="RENT_AND_UTILITIES_RENT", judge=Judge.PERSON, reason="x", confidence=Decimal(1), merchant="LANDLORD"
    )
    (stream,) = find_streams(entries, today=TODAY, labels={each.id: label for each in entries})
    assert (stream.merchant, stream.category) == ("LANDLORD", "RENT_AND_UTILITIES_RENT")


def test_streams_when_two_transactions_have_one_id_then_a_sentence_says_so() -> None:
    with pytest.raises(InvalidInput, match="same id"):
        found(paid("HULU", "-1.00", "2026-01-01"), paid("HULU", "-1.00", "2026-02-01"))


def test_streams_when_there_is_nothing_then_none() -> None:
    assert find_streams([], today=TODAY) == []
    assert found(paid("HULU", "0.00", *months(5, "2026-01", 11))) == []


def test_streams_when_later_than_today_then_left_out() -> None:
    entries = paid("HULU", "-17.99", *months(5, "2026-01", 11))
    assert only(entries, today=D(2026, 6, 10)).entry_ids == tuple(each.id for each in entries[:6])
