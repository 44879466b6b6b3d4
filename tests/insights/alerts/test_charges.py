"""Unusual amounts, doubled charges and fees, each worked out by hand, with the near misses that are silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fin_infra.insights import Entry
from fin_infra.insights.alerts import Alert, AlertKind, AlertSettings, Facts, Severity, find_alerts
from tests.insights.alerts.facts import TODAY, label, monthly, spent

USUAL = [
    spent(f"old{at}", f"2026-0{at}-10", amount)
    for at, amount in enumerate(("-40.00", "-44.00", "-50.00", "-52.00", "-56.00", "-60.00"), 1)
]
"""Median 51.00; distances 11, 7, 1, 1, 5, 9: MAD 6.00, spread 8.8956, so that 95.478 is still usual."""


def found(*entries: Entry, **more: object) -> list[Alert]:
    return find_alerts(replace(Facts(entries=entries), **more), today=TODAY)


@pytest.mark.parametrize(
    ("amount", "count"), [("-95.47", 0), ("-95.48", 1), ("-300.00", 1), ("-0.50", 0), ("95.48", 0)]
)
def test_unusual_amount_when_it_is_beyond_five_spreads_then_it_is_told(amount: str, count: int) -> None:
    assert len(found(*USUAL, spent("new", "2026-11-20", amount))) == count


def test_unusual_amount_when_it_is_told_then_the_usual_range_is_said() -> None:
    [alert] = found(*USUAL, spent("new", "2026-11-20", "-300.00"))
    assert alert.kind is AlertKind.UNUSUAL_AMOUNT
    assert alert.severity is Severity.WARNING
    assert alert.text == "300.00 USD to CORNER MARKET on 2026-11-20 is unusual: it is usually 40.00 USD to 60.00 USD."
    assert alert.entry_ids == ("new", *(each.id for each in USUAL))


def test_unusual_amount_when_there_are_too_few_earlier_ones_then_it_is_silent() -> None:
    assert not found(*USUAL[1:], spent("new", "2026-11-20", "-300.00"))


def test_unusual_amount_when_others_are_of_the_same_day_then_they_are_not_earlier() -> None:
    assert not found(*USUAL[1:], spent("same", "2026-11-20", "-50.00"), spent("new", "2026-11-20", "-300.00"))


@pytest.mark.parametrize(
    "new",
    [
        spent("new", "2026-10-20", "-300.00"),  # long ago
        spent("new", "2026-11-29", "-300.00"),  # tomorrow
        spent("new", "2026-11-20", "-300.00", pending=True),
        spent("new", "2026-11-20", "-300.00", "OTHER PLACE"),
        spent("new", "2026-11-20", "-300.00", currency="EUR"),
    ],
)
def test_unusual_amount_when_it_does_not_count_then_it_is_silent(new: Entry) -> None:
    assert not found(*USUAL, new)


def test_unusual_amount_when_it_is_a_transfer_then_it_is_silent() -> None:
    assert not found(*USUAL, spent("new", "2026-11-20", "-300.00"), exclude=("new",))


def test_unusual_amount_when_the_price_was_always_the_same_then_half_as_much_again_is_usual() -> None:
    same = [spent(f"old{at}", f"2026-0{at}-10", "-20.00") for at in range(1, 7)]
    assert not found(*same, spent("new", "2026-11-20", "-30.00"))
    assert len(found(*same, spent("new", "2026-11-20", "-30.01"))) == 1


def test_unusual_amount_when_the_merchant_is_new_then_twelve_of_its_category_say_what_is_usual() -> None:
    shops = [spent(f"s{at}", f"2026-{at:02}-10", f"-{40 + at}.00", f"{letter * 4} BOOKS")
             for at, letter in zip(range(1, 12), "ABCDEFGHIJK", strict=True)]  # fmt: skip
    shops.append(spent("s12", "2026-01-11", "-50.00", "LLLL BOOKS"))
    new = spent("new", "2026-11-20", "-500.00", "ZZZZ BOOKS")
    labels = {each.id: label("GENERAL_MERCHANDISE_BOOKSTORES_AND_NEWSSTANDS") for each in (*shops, new)}
    assert [each.entry_ids[0] for each in found(*shops, new, labels=labels)] == ["new"]
    assert not found(*shops[1:], new, labels=labels)


@pytest.mark.parametrize(("day", "count"), [("2026-11-20", 1), ("2026-11-21", 1), ("2026-11-22", 1), ("2026-11-23", 0)])
def test_duplicate_when_the_same_charge_comes_within_two_days_then_it_is_told(day: str, count: int) -> None:
    assert len(found(spent("a", "2026-11-20", "-19.99"), spent("b", day, "-19.99"))) == count


def test_duplicate_when_it_is_told_then_both_are_named_and_its_id_stays() -> None:
    one, two = spent("a", "2026-11-20", "-19.99"), spent("b", "2026-11-21", "-19.99")
    [alert] = found(one, two)
    assert alert.kind is AlertKind.DUPLICATE_CHARGE
    assert alert.entry_ids == ("a", "b")
    assert alert.text == (
        "CORNER MARKET took 19.99 USD 2 times, on 2026-11-20 and 2026-11-21; check that each is right."
    )
    [later] = find_alerts(Facts(entries=[two, one]), today=TODAY.replace(day=30))
    assert later.id == alert.id
    assert not find_alerts(Facts(entries=[two, one]), today=TODAY, dismissed=[alert.id])


@pytest.mark.parametrize(
    "other",
    [
        spent("b", "2026-11-20", "-19.98"),
        spent("b", "2026-11-20", "19.99"),
        spent("b", "2026-11-20", "-19.99", account_id="2"),
        spent("b", "2026-11-20", "-19.99", "OTHER PLACE"),
        spent("b", "2026-11-20", "-19.99", currency="EUR"),
        spent("b", "2026-11-20", "-19.99", pending=True),
    ],
)
def test_duplicate_when_something_differs_then_it_is_silent(other: Entry) -> None:
    assert not found(spent("a", "2026-11-20", "-19.99"), other)


def test_duplicate_when_the_money_came_back_then_it_is_silent() -> None:
    pair = [spent("a", "2026-11-20", "-19.99"), spent("b", "2026-11-20", "-19.99")]
    assert not found(*pair, spent("c", "2026-11-24", "19.99"))
    assert len(found(*pair, spent("c", "2026-11-19", "19.99"))) == 1  # before, it was for something else


def test_duplicate_when_both_are_of_streams_then_it_is_silent_and_beside_one_it_is_told() -> None:
    pair = [spent("a-3", "2026-11-01", "-9.99", "STREAMFLIX"), spent("b-3", "2026-11-02", "-9.99", "STREAMFLIX")]
    streams = (monthly("a", "-9.99", "2026-12-20"), monthly("b", "-9.99", "2026-12-20"))
    assert not found(*pair, streams=streams)
    assert len(found(*pair, streams=streams[:1])) == 1


def test_duplicate_when_twins_come_at_other_times_too_then_they_are_usual() -> None:
    def twins(month: int) -> list[Entry]:
        return [spent(f"{month}{which}", f"2026-{month:02}-05", "-2.90", "CITY TRAM") for which in "ab"]

    assert not found(*twins(9), *twins(10), *twins(11))
    assert len(found(*twins(10), *twins(11))) == 1


def test_duplicate_when_a_coffee_is_bought_each_day_then_it_is_a_habit() -> None:
    coffee = [spent(str(day), f"2026-11-{day:02}", "-3.50", "CUP AND BEAN") for day in range(16, 20)]
    assert not found(*coffee)
    assert len(found(*coffee[:3])) == 1


FEE = spent("f", "2026-11-20", "-35.00", "OVERDRAFT FEE")


def test_fee_when_its_category_says_so_then_it_is_told_whatever_its_words() -> None:
    entry = replace(FEE, description="PKG 00123")
    [alert] = found(entry, labels={"f": label("BANK_FEES_OTHER_BANK_FEES")})
    assert (alert.kind, alert.entry_ids) == (AlertKind.FEE, ("f",))
    assert alert.text == "A fee of 35.00 USD was charged on 2026-11-20: PKG 00123."


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("OVERDRAFT FEE", 1), ("Late fees", 1), ("FINANCE CHARGE", 1), ("MONTHLY MAINTENANCE FEE", 1),
        ("FEED STORE", 0), ("SCHOOL FEES", 0), ("COFFEE", 0), ("LATE NIGHT CAFE", 0),
    ],
)  # fmt: skip
def test_fee_when_nobody_knows_the_category_then_its_words_say_so(words: str, count: int) -> None:
    assert len(found(replace(FEE, description=words))) == count
    assert len(found(replace(FEE, description=words), labels={"f": label("UNCATEGORIZED")})) == count


def test_fee_when_the_category_is_another_or_it_came_back_or_is_old_then_it_is_silent() -> None:
    assert not found(FEE, labels={"f": label("GENERAL_SERVICES_EDUCATION")})
    assert not found(replace(FEE, amount=-FEE.amount))
    assert not found(replace(FEE, date=TODAY.replace(month=10, day=28)))
    assert not find_alerts(Facts(entries=[FEE]), today=TODAY, settings=AlertSettings(fees=False))
