"""Which two rows go together, where equal amounts are many."""

from __future__ import annotations

import datetime as dt

from fin_infra.insights.transfers.pairs import BOTH, NAMED, NEAREST, ONE, SILENT, pairs
from fin_infra.insights.transfers.words import Side, side_of
from tests.insights.entries import entry
from tests.insights.household import ACCOUNTS

OWN = {facts.id: facts for facts in ACCOUNTS}


def side(text: str, amount: str, account: str, day: int = 1, **more: str) -> Side:
    id = more.get("id", f"{account} {day} {text}")
    row = entry(text, amount, id=id, account_id=account, date=dt.date(2026, 1, 1) + dt.timedelta(days=day - 1))
    return side_of(row, None, owed=OWN[account].type.is_liability)


def test_pairs_when_evidence_differs_then_the_strength_says_how_much_there_was():
    for out, into, strength in [
        ("XFER 9081", "DEPOSIT", NAMED),
        ("XFER", "XFER", BOTH),
        ("XFER", "DEPOSIT", ONE),
        ("WITHDRAWAL", "DEPOSIT", SILENT),
        ("WITHDRAWAL", "ZELLE FROM ANN", SILENT),
    ]:
        found = pairs([side(out, "-5.00", "checking"), side(into, "5.00", "savings")], OWN)
        assert [each.strength for each in found] == [strength], (out, into)


def test_pairs_when_more_evidence_is_farther_away_then_it_comes_before_the_nearer_day():
    found = pairs(
        [
            side("XFER 9081", "-5.00", "checking", 1),
            side("DEPOSIT", "5.00", "joint", 1),
            side("DEPOSIT", "5.00", "savings", 5),
        ],
        OWN,
    )
    assert [(each.into.entry.account_id, each.days) for each in found] == [("savings", 4)]


def test_pairs_when_a_fee_is_in_the_text_then_it_is_not_a_side():
    assert pairs([side("TRANSFER FEE", "-3.00", "checking"), side("XFER", "3.00", "savings")], OWN) == []


def test_pairs_when_equal_amounts_are_many_then_each_looks_at_the_nearest_and_finds_its_partner():
    many = [side("XFER", "-5.00", "checking", day, id=f"o{day:03}") for day in range(1, 200)]
    many += [side("XFER", "5.00", "savings", day, id=f"i{day:03}") for day in range(1, 200)]
    found = pairs(many, OWN)
    assert len(found) == 199 > NEAREST
    assert {each.days for each in found} == {0}


def test_pairs_when_amounts_are_written_with_more_digits_then_they_are_equal_all_the_same():
    assert len(pairs([side("XFER", "-5", "checking"), side("XFER", "5.00", "savings")], OWN)) == 1
