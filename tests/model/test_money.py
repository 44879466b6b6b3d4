"""Money: exact, of one currency, and never short of a cent."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fin_infra.errors import CurrencyMismatch, InvalidInput, UnknownCurrency
from fin_infra.model.currency import minor_units
from fin_infra.model.money import Money, decimal_from_text
from tests.support.effort import effort

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e40"), max_value=Decimal("1e40"))
DOLLARS = AMOUNTS.map(lambda amount: Money(amount, "USD"))
CENTS = st.integers(-(10**30), 10**30)
WEIGHTS = st.lists(st.one_of(st.integers(0, 10**9), st.decimals(0, 1000, places=4)), min_size=1, max_size=12).filter(
    lambda weights: any(weights)
)


@given(DOLLARS, DOLLARS, DOLLARS)
def test_sum_in_any_order_is_the_exact_rational_sum(a: Money, b: Money, c: Money) -> None:
    exact = Fraction(a.amount) + Fraction(b.amount) + Fraction(c.amount)
    assert (a + b) + c == a + (b + c) == c + b + a
    assert Fraction((a + b + c).amount) == exact
    assert Money.total([c, a, b], "USD") == a + b + c
    assert a + b - b == a


@given(AMOUNTS, AMOUNTS)
def test_product_is_the_exact_rational_product(amount: Decimal, factor: Decimal) -> None:
    product = Money(amount, "USD") * factor
    assert Fraction(product.amount) == Fraction(amount) * Fraction(factor)
    assert factor * Money(amount, "USD") == product


def test_sum_beyond_the_context_precision_is_still_exact() -> None:
    with localcontext() as context:
        context.prec = 5
        assert str(Money.of("123456789.01", "USD") + Money.of("0.02", "USD")) == "123456789.03 USD"
        assert Money.of("12345678901234567890123456789.01", "USD") * 3 == Money.of(
            "37037036703703703670370370367.03", "USD"
        )
        assert Money.of("1234567.885", "USD").quantize() == Money.of("1234567.88", "USD")


@pytest.mark.parametrize("action", ["sum", "product", "quantize"])
def test_result_that_cannot_be_exact_raises_instead_of_rounding(action: str) -> None:
    big = Money.of("1E+5000", "USD")
    actions = {
        "sum": lambda: big + Money.of("0.01", "USD"),
        "product": lambda: Money(Decimal("1." + "1" * 999), "USD") * Decimal("1." + "1" * 999),
        "quantize": lambda: big.quantize(),
    }
    with pytest.raises(InvalidInput, match="1000 digits"):
        actions[action]()


@given(AMOUNTS)
def test_other_currency_in_a_sum_or_comparison_is_refused(amount: Decimal) -> None:
    dollars, euros = Money(amount, "USD"), Money(amount, "EUR")
    for mixed in (lambda: dollars + euros, lambda: dollars - euros, lambda: dollars < euros, lambda: dollars >= euros):
        with pytest.raises(CurrencyMismatch, match="USD and EUR"):
            mixed()
    with pytest.raises(CurrencyMismatch):
        Money.total([euros], "USD")
    assert dollars != euros


def test_built_in_sum_adds_up_one_currency_and_refuses_two() -> None:
    assert sum([Money.of("0.10", "USD"), Money.of("0.20", "USD")]) == Money.of("0.30", "USD")
    assert sum([Money.of("5", "USD")]) == Money.of("5", "USD")
    with pytest.raises(CurrencyMismatch, match="USD and EUR"):
        sum([Money.of("1", "USD"), Money.of("1", "EUR")])


@pytest.mark.parametrize("other", [True, "2", None])
def test_arithmetic_with_what_is_no_number_is_a_type_error(other: object) -> None:
    money = Money.of("10", "USD")
    for act in (
        lambda: money * other,
        lambda: money / other,
        lambda: money + other,
        lambda: money - other,
        lambda: money < other,
        lambda: other + money,
    ):
        with pytest.raises(TypeError):
            act()
    assert money != other


@pytest.mark.parametrize("other", [5, 1.5, Decimal("0.01"), 0.0, float("nan")])
def test_bare_number_in_a_sum_or_comparison_is_refused_with_the_money_to_write(other: float) -> None:
    money = Money.of("10", "USD")
    acts: list[Callable[[], object]] = [
        lambda: money + other,
        lambda: other + money,
        lambda: money - other,
        lambda: money < other,
        lambda: money >= other,
        lambda: other < money,
    ]
    for act in acts:
        with pytest.raises(InvalidInput, match=r"has no currency; write Money\.of\("):
            act()
    assert money != other
    assert Money.zero("USD") != 5


@pytest.mark.parametrize(("amount", "sign"), [("-0.01", -1), ("0", 0), ("0.00", 0), ("0.01", 1)])
@pytest.mark.parametrize("zero", [0, Decimal(0)])
def test_zero_compares_with_every_currency(amount: str, sign: int, zero: int) -> None:
    money = Money.of(amount, "USD")
    assert (money < zero, money == zero, money > zero) == (sign < 0, sign == 0, sign > 0)
    assert (money <= zero, money != zero, money >= zero) == (sign <= 0, sign != 0, sign >= 0)
    assert (zero < money, zero == money, zero > money) == (sign > 0, sign == 0, sign < 0)
    assert money + 0 == money - 0 == 0 + money == +money == money


def test_zero_has_the_hash_of_what_it_equals() -> None:
    assert {hash(Money.zero("USD")), hash(Money.of("0.00", "EUR"))} == {hash(0)}
    assert len({Money.zero("USD"), Money.zero("EUR")}) == 2


def test_money_by_money_is_a_ratio() -> None:
    assert Money.of("1", "USD") / Money.of("4", "USD") == Decimal("0.25")
    with pytest.raises(CurrencyMismatch, match="USD and EUR"):
        Money.of("1", "USD") / Money.of("4", "EUR")
    with pytest.raises(InvalidInput, match="divided by zero"):
        Money.of("1", "USD") / Money.zero("USD")


@pytest.mark.parametrize(
    ("amount", "spec", "text"),
    [
        ("-1234.5", ",.2f", "-1,234.50 USD"),
        ("1234.565", ".2f", "1234.56 USD"),  # half to even, as `quantize`
        ("1E+3", "", "1000 USD"),
        ("12.30", "", "12.30 USD"),
        ("5", "+.2f", "+5.00 USD"),
        ("5", ">10.2f", "      5.00 USD"),
    ],
)
def test_format_is_that_of_the_amount_with_the_currency_after(amount: str, spec: str, text: str) -> None:
    assert format(Money.of(amount, "USD"), spec) == text


@pytest.mark.parametrize("spec", ["x", ".0%", "whatever"])
def test_format_that_is_none_for_money_is_refused(spec: str) -> None:
    with pytest.raises(InvalidInput, match="not a format for money"):
        format(Money.of("1", "USD"), spec)


def test_str_has_no_exponent() -> None:
    assert str(Money.of("1E+3", "USD")) == f"{Money.of('1E+3', 'USD')}" == "1000 USD"


@pytest.mark.parametrize(("code", "meant"), [("usd", "USD"), (" Eur", "EUR"), ("xxy", "three capitals such as USD")])
def test_currency_in_small_letters_is_refused_with_the_right_spelling(code: str, meant: str) -> None:
    with pytest.raises(UnknownCurrency, match=f"write {meant}"):
        Money.of("1", code)
    with pytest.raises(UnknownCurrency, match=f"write {meant}"):
        minor_units(code)


@pytest.mark.parametrize(
    "text",
    ["", " ", " 1", "1 ", "1\n", "1_000", "1,000", "１２", "NaN", "sNaN", "Infinity", "-inf", "1e", "0x1", "--1"],
)
def test_text_that_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a number"):
        Money.of(text, "USD")
    with pytest.raises(InvalidInput, match="not a number"):
        decimal_from_text(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("-12.00", "-12.00"), ("+1", "1"), (".5", "0.5"), ("1.", "1"), ("1e-8", "1E-8"), ("-0.00", "0.00")],
)
def test_text_of_a_number_keeps_its_decimals_and_loses_the_sign_of_zero(text: str, amount: str) -> None:
    assert str(Money.of(text, "USD").amount) == amount


@pytest.mark.parametrize("value", [1.5, True, None, b"1"])
def test_money_of_other_types_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="text, int or Decimal"):
        Money.of(value, "USD")  # type: ignore[arg-type]  # what a user may try
    with pytest.raises(InvalidInput, match="finite Decimal"):
        Money(value, "USD")  # type: ignore[arg-type]  # what a user may try


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_money_of_decimal_that_is_not_finite_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput):
        Money(Decimal(value), "USD")
    with pytest.raises(InvalidInput):
        Money.of("1", "USD") * Decimal(value)
    with pytest.raises(InvalidInput):
        Money.of("1", "USD") / Decimal("NaN")


@pytest.mark.parametrize("code", ["GBX", "usd", "", "BTC"])
def test_money_in_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        Money.of("1", code)


def test_zero_has_no_sign_after_negation_and_rounding() -> None:
    assert [
        str(-Money.zero("EUR")),
        str(Money.of("-0.001", "EUR").quantize()),
        str(Money.of("1", "EUR") * Decimal("-0")),
    ] == [
        "0 EUR",
        "0.00 EUR",
        "0 EUR",
    ]


@pytest.mark.parametrize(
    ("amount", "currency", "rounding", "expected"),
    [
        ("2.345", "USD", None, "2.34"),
        ("2.355", "USD", None, "2.36"),
        ("2.345", "USD", ROUND_HALF_UP, "2.35"),
        ("-2.345", "USD", ROUND_UP, "-2.35"),
        ("1234.5", "JPY", None, "1234"),
        ("1.2345", "KWD", ROUND_DOWN, "1.234"),
        ("7", "CLF", None, "7.0000"),
    ],
)
def test_quantize_to_the_minor_unit_rounds_as_asked(
    amount: str, currency: str, rounding: str | None, expected: str
) -> None:
    money = Money.of(amount, currency)
    assert str((money.quantize(rounding) if rounding else money.quantize()).amount) == expected


@pytest.mark.parametrize("currency", ["XAU", "XDR", "XXX", "SUR"])
def test_quantize_of_currency_without_minor_unit_raises(currency: str) -> None:
    with pytest.raises(InvalidInput, match="minor unit"):
        Money.of("1.5", currency).quantize()


@pytest.mark.parametrize("rounding", ["UP", "", "ROUND_NEAREST"])
def test_quantize_with_unknown_rounding_raises(rounding: str) -> None:
    with pytest.raises(InvalidInput, match="ROUND_HALF_UP"):
        Money.of("1.5", "USD").quantize(rounding)


def test_division_has_fifty_digits_and_refuses_zero() -> None:
    assert str((Money.of("1", "USD") / 3).amount) == "0." + "3" * 50
    assert Money.of("1", "USD") / 8 == Money.of("0.125", "USD")
    for nothing in (0, Decimal("0.00")):
        with pytest.raises(InvalidInput, match="divided by zero"):
            Money.of("1", "USD") / nothing


@settings(max_examples=effort(200))
@given(CENTS, WEIGHTS)
def test_allocate_adds_up_and_each_share_is_less_than_a_cent_off(cents: int, weights: list[int | Decimal]) -> None:
    money = Money(Decimal(cents).scaleb(-2), "USD") if abs(cents) < 10**27 else Money.of(f"{cents // 100}", "USD")
    shares = money.allocate(weights)
    assert len(shares) == len(weights)
    assert Money.total(shares, "USD") == money
    whole = sum(Fraction(weight) for weight in weights)
    for share, weight in zip(shares, weights, strict=True):
        assert share == share.quantize()
        assert abs(Fraction(share.amount) - Fraction(money.amount) * Fraction(weight) / whole) < Fraction(1, 100)
        assert weight or not share


@pytest.mark.parametrize(
    ("amount", "currency", "weights", "expected"),
    [
        ("0.05", "USD", [3, 7], ["0.02", "0.03"]),  # exact 1.5 and 3.5: the tie goes to the earlier
        ("100", "JPY", [1, 1, 1], ["34", "33", "33"]),
        ("-10.00", "EUR", [1, 1, 1], ["-3.34", "-3.33", "-3.33"]),
        ("1.00", "USD", [0, Decimal("0.5"), Decimal("0.5")], ["0.00", "0.50", "0.50"]),
        ("0.00", "USD", [1, 2], ["0.00", "0.00"]),
    ],
)
def test_allocate_worked_by_hand(amount: str, currency: str, weights: list[int | Decimal], expected: list[str]) -> None:
    shares = Money.of(amount, currency).allocate(weights)
    assert [share.amount for share in shares] == [Decimal(text) for text in expected]


@pytest.mark.parametrize(
    ("amount", "weights", "reason"),
    [
        ("1.005", [1, 1], "whole minor units"),
        ("1.00", [], "above zero"),
        ("1.00", [0, 0], "above zero"),
        ("1.00", [1, -1], "cannot be -1"),
        ("1.00", [Decimal("NaN")], "list with Decimal NaN"),
        ("1.00", [0.5, 0.5], "list with float 0.5"),
        ("1.00", [True], "list with True"),
    ],
)
def test_allocate_with_unusable_input_raises(amount: str, weights: list[int | Decimal], reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        Money.of(amount, "USD").allocate(weights)


@given(DOLLARS, DOLLARS)
def test_order_and_hash_follow_the_amounts(a: Money, b: Money) -> None:
    assert (a < b) == (a.amount < b.amount)
    assert (a >= b) == (a.amount >= b.amount)
    assert (a == b) == (a.amount == b.amount)
    assert a != b or hash(a) == hash(b)


def test_money_is_frozen_and_survives_pickle_and_copy() -> None:
    money = Money.of("1.10", "USD")
    with pytest.raises(AttributeError):
        money.amount = Decimal(2)  # type: ignore[misc]  # what must not work
    assert pickle.loads(pickle.dumps(money)) == copy.deepcopy(money) == money == Money.of("1.1", "USD")
    assert hash(money) == hash(Money.of("1.1", "USD"))


@pytest.mark.parametrize("divisor", ["Infinity", "-Infinity", "NaN", "sNaN"])
def test_money_when_divided_by_no_number_then_invalid_input(divisor: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be divided"):
        Money.of("1", "USD") / Decimal(divisor)
