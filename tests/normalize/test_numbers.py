"""Wire numbers, quote units, and what importing this floor costs."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from fin_infra.errors import InvalidInput, UnknownCurrency
from fin_infra.normalize import decimal_from_text, minor_currency, optional_decimal


@pytest.mark.parametrize("missing", [None, "", "-", "None", "null"])
def test_missing_number_is_none(missing: str | None) -> None:
    assert optional_decimal(missing) is None


@pytest.mark.parametrize("text", ["n/a", " ", "NaN", "1,5", "--"])
def test_word_that_is_not_in_the_missing_set_raises(text: str) -> None:
    with pytest.raises(InvalidInput):
        optional_decimal(text)


def test_missing_set_can_be_chosen_and_zero_is_a_number() -> None:
    assert optional_decimal("n/a", {"n/a"}) is None
    with pytest.raises(InvalidInput):
        optional_decimal("-", {"n/a"})
    assert optional_decimal("0") == 0


def test_decimal_keeps_every_digit() -> None:
    text = "1286.5699462890625000000000000000000000000001"
    assert str(decimal_from_text(text)) == text


@pytest.mark.parametrize("value", [1.5, 1, None, Decimal(1)])
def test_decimal_from_anything_but_text_raises(value: object) -> None:
    with pytest.raises(InvalidInput):
        decimal_from_text(value)  # type: ignore[arg-type]  # what a user may try


def test_error_about_a_long_text_is_short() -> None:
    with pytest.raises(InvalidInput) as caught:
        decimal_from_text("x" * 10_000)
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize(
    ("unit", "currency", "factor"),
    [
        ("GBX", "GBP", "0.01"),
        ("GBp", "GBP", "0.01"),
        ("ZAc", "ZAR", "0.01"),
        ("ZAC", "ZAR", "0.01"),
        ("ILA", "ILS", "0.01"),
        ("GBP", "GBP", "1"),
        ("USD", "USD", "1"),
    ],
)
def test_quote_unit_gives_currency_and_factor(unit: str, currency: str, factor: str) -> None:
    assert minor_currency(unit) == (currency, Decimal(factor))


@pytest.mark.parametrize("unit", ["gbp", "GBx", "BTC", "", "USX"])
def test_unknown_quote_unit_raises(unit: str) -> None:
    with pytest.raises(UnknownCurrency, match="neither"):
        minor_currency(unit)


def test_import_of_this_floor_loads_nothing_heavy() -> None:
    program = (
        "import sys, fin_infra.normalize\n"
        "heavy = {'pydantic', 'httpx2', 'msgspec', 'yaml', 'stdnum', 'rich', 'typer', 'numpy', 'asyncio', 'ssl'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
