"""Which envelope a person means, and into which one money goes."""

from __future__ import annotations

import pytest

from fin_infra.errors import InvalidInput
from fin_infra.insights.budgets.envelopes import READY, envelope_from, envelope_of, goes_to


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FOOD_AND_DRINK_GROCERIES", "FOOD_AND_DRINK_GROCERIES"),
        ("groceries", "FOOD_AND_DRINK_GROCERIES"),
        ("Food and drink", "FOOD_AND_DRINK"),
        ("uncategorized", "UNCATEGORIZED"),
        ("TRAVEL", "TRAVEL"),
    ],
)
def test_envelope_when_a_person_writes_it_then_it_is_that_category(text: str, code: str) -> None:
    assert envelope_from(text) == code


def test_envelope_when_nobody_knows_it_then_the_nearest_are_named() -> None:
    with pytest.raises(InvalidInput, match=r"^'xyzzy' is not a category; `categories\(\)` lists them\.$"):
        envelope_from("xyzzy")
    with pytest.raises(InvalidInput, match=r"^'grocerys' is not a category; did you mean FOOD_AND_DRINK_GROCERIES\?$"):
        envelope_from("grocerys")
    with pytest.raises(InvalidInput, match=r"^'travel_flight' is not a category; did you mean TRAVEL_FLIGHTS"):
        envelope_from("travel_flight")
    with pytest.raises(InvalidInput, match="is not a category"):
        envelope_from(" ")


def test_envelope_when_several_end_so_then_they_are_named_and_none_is_taken() -> None:
    with pytest.raises(
        InvalidInput, match=r"did you mean LOAN_PAYMENTS_CAR_PAYMENT or LOAN_PAYMENTS_CREDIT_CARD_PAYMENT"
    ):
        envelope_from("payment")


def test_envelope_when_it_is_income_then_it_is_ready_to_assign() -> None:
    with pytest.raises(InvalidInput, match="INCOME_SALARY is money coming in"):
        envelope_from("salary")


def test_envelope_when_it_is_a_word_of_the_persons_own_then_it_is_taken_as_it_is() -> None:
    assert envelope_from("Dog", own=["Dog"]) == "Dog"
    with pytest.raises(InvalidInput):
        envelope_from("Dog")


@pytest.mark.parametrize(
    ("category", "money_in", "place"),
    [
        ("INCOME_SALARY", True, READY),
        ("TRANSFER_IN_SAVINGS", True, READY),
        ("LOAN_DISBURSEMENTS_AUTO", True, READY),
        ("UNCATEGORIZED", True, READY),
        ("UNCATEGORIZED", False, "UNCATEGORIZED"),
        ("TRAVEL_FLIGHTS", True, "TRAVEL_FLIGHTS"),
        ("TRANSFER_OUT_SAVINGS", False, "TRANSFER_OUT_SAVINGS"),
    ],
)
def test_money_when_it_moves_then_income_is_ready_and_the_rest_is_in_its_category(
    category: str, money_in: bool, place: str
) -> None:
    assert goes_to(category, money_in=money_in) == place


def test_envelope_when_a_narrower_one_is_made_then_months_before_it_stay_as_they_were() -> None:
    named = {"FOOD_AND_DRINK": "2026-10", "FOOD_AND_DRINK_GROCERIES": "2026-12"}
    assert envelope_of("FOOD_AND_DRINK_GROCERIES", "2026-11", named) == "FOOD_AND_DRINK"
    assert envelope_of("FOOD_AND_DRINK_GROCERIES", "2026-12", named) == "FOOD_AND_DRINK_GROCERIES"
    assert envelope_of("FOOD_AND_DRINK_COFFEE", "2026-12", named) == "FOOD_AND_DRINK"
    assert envelope_of("FOOD_AND_DRINK_COFFEE", "2026-09", named) == "FOOD_AND_DRINK_COFFEE"
