"""Check digits and number plans, by numbers that networks, banks and offices publish as examples."""

from __future__ import annotations

import pytest
from faker import Faker

from fin_infra.pii import digits

CARDS = {
    # https://docs.stripe.com/testing and https://developer.paypal.com/api/rest/sandbox/card-testing
    "4111111111111111": "Visa",
    "4222222222222": "Visa",
    "5555555555554444": "Mastercard",
    "2223003122003222": "Mastercard",
    "378282246310005": "American Express",
    "6011111111111117": "Discover",
    "30569309025904": "Diners Club",
    "3566002020360505": "JCB",
    "6200000000000005": "UnionPay",
    "6759649826438453": "Maestro",
    "2200700000000000": None,
    "4111111111111112": None,
    "1764234909123": None,
    "1234567812345670": None,
}
IBANS = {
    # examples of the SWIFT IBAN Registry
    "DE89370400440532013000": 22,
    "GB29NWBK60161331926819": 22,
    "NO9386011117947": 15,
    "MT84MALT011000012345MTLCAST001S": 31,
    "LC55HEMM000100010012001200023015": 32,
    "CH9300762011623852957": 21,
    "DE89370400440532013001": None,
    "DE8937040044053201300": None,
    "ZZ89370400440532013000": None,
    "US0378331005": None,
}


@pytest.mark.parametrize(("number", "network"), CARDS.items())
def test_card_network_when_asked_then_range_length_and_check_digit_decide(number: str, network: str | None) -> None:
    assert digits.card_network(number) == network


@pytest.mark.parametrize(("text", "length"), IBANS.items())
def test_iban_when_asked_then_country_length_and_check_digits_decide(text: str, length: int | None) -> None:
    assert digits.iban(text) == length
    assert digits.iban(text + "1") == length
    assert digits.iban(text.lower()) == length


@pytest.mark.parametrize("one", range(16))
def test_luhn_when_one_digit_is_wrong_then_refused(one: int) -> None:
    right = "4012888888881881"
    for wrong in "0123456789":
        assert digits.luhn(right[:one] + wrong + right[one + 1 :]) == (wrong == right[one])


@pytest.mark.parametrize(
    ("number", "ssn", "itin"),
    [
        ("123456789", True, False),
        ("000456789", False, False),
        ("666456789", False, False),
        ("899456789", True, False),
        ("123006789", False, False),
        ("123450000", False, False),
        ("900501234", False, True),
        ("912651234", False, True),
        ("912661234", False, False),
        ("912701234", False, True),
        ("912881234", False, True),
        ("912891234", False, False),
        ("912931234", False, True),
        ("912991234", False, True),
        ("912491234", False, False),
    ],
)
def test_taxpayer_when_asked_then_the_areas_and_groups_that_are_given_out(number: str, ssn: bool, itin: bool) -> None:
    assert (digits.ssn(number), digits.itin(number)) == (ssn, itin)


def test_taxpayer_when_an_independent_generator_makes_them_then_all_are_recognized() -> None:
    fake = Faker("en_US")
    fake.seed_instance(7)
    for _ in range(300):
        assert digits.ssn(fake.ssn().replace("-", ""))
        assert digits.itin(fake.itin().replace("-", ""))
