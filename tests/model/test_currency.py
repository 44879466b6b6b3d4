"""ISO 4217 as shipped, against the published tables."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from fin_infra.errors import InvalidInput, UnknownCurrency
from fin_infra.model.currency import CURRENCIES, currency_name, is_active, is_fund, minor_units

# Read by eye from list one of 2024-06-25, not from the code under test.
NO_DECIMALS = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
THREE_DECIMALS = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
FOUR_DECIMALS = ["CLF", "UYW"]
NO_MINOR_UNIT = ["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
FUNDS = ["BOV", "CHE", "CHW", "CLF", "COU", "MXV", "USN", "UYI", "XAD"]


@pytest.mark.parametrize(
    ("codes", "digits"), [(NO_DECIMALS, 0), (THREE_DECIMALS, 3), (FOUR_DECIMALS, 4), (["USD", "MRU", "MGA", "XCG"], 2)]
)
def test_minor_units_of_code_given_equal_list_one(codes: list[str], digits: int) -> None:
    assert {code: minor_units(code) for code in codes} == dict.fromkeys(codes, digits)


def test_minor_units_of_every_active_code_fall_in_the_four_groups() -> None:
    special = {*NO_DECIMALS, *THREE_DECIMALS, *FOUR_DECIMALS, *NO_MINOR_UNIT}
    rest = {code: digits for code, digits in CURRENCIES.items() if is_active(code) and code not in special}
    assert set(rest.values()) == {2}
    assert len(rest) > 130


@pytest.mark.parametrize("code", NO_MINOR_UNIT)
def test_minor_units_of_code_without_one_raise_and_name_it(code: str) -> None:
    assert is_active(code)
    assert CURRENCIES[code] is None
    with pytest.raises(InvalidInput, match=f"{code} .*has no minor unit"):
        minor_units(code)


def test_minor_units_of_withdrawn_code_raise_with_the_date() -> None:
    with pytest.raises(InvalidInput, match=r"SUR \(Rouble\) was withdrawn \(1990-12\)"):
        minor_units("SUR")


# The published table of EUROCONVERT: the display precision of each currency that the euro replaced.
EURO_DECIMALS = {
    0: "BEF ESP GRD ITL LUF PTE",
    2: "ATS CYP DEM EEK FIM FRF IEP LTL LVL MTL NLG SIT SKK",
}


@pytest.mark.parametrize(
    ("digits", "codes"), [*EURO_DECIMALS.items(), (2, "HRK ROL RUR SLL STD MRO ZMK"), (0, "TRL BYR MGF")]
)
def test_minor_units_of_withdrawn_code_are_those_it_had_in_use(digits: int, codes: str) -> None:
    for code in codes.split():
        assert (code, is_active(code), minor_units(code)) == (code, False, digits)


@pytest.mark.parametrize("code", ["BGN", "ANG", "CUC"])
def test_minor_units_of_code_withdrawn_after_list_one_keep_what_it_said(code: str) -> None:
    assert not is_active(code)
    assert minor_units(code) == 2


@pytest.mark.parametrize("code", ["GBX", "GBp", "usd", "BTC", "CNH", "", "US"])
def test_any_question_about_unknown_code_raises(code: str) -> None:
    for question in (minor_units, is_active, is_fund, currency_name):
        with pytest.raises(UnknownCurrency, match="not an ISO 4217"):
            question(code)


@pytest.mark.parametrize("code", ["XCG", "ZWG", "XAD"])
def test_codes_newer_than_the_table_are_active_with_two_decimals(code: str) -> None:
    assert is_active(code)
    assert minor_units(code) == 2


def test_is_fund_of_active_codes_equals_the_published_marks() -> None:
    assert [code for code in CURRENCIES if is_active(code) and is_fund(code)] == FUNDS


@pytest.mark.parametrize(
    ("code", "name"), [("USD", "US Dollar"), ("DEM", "Deutsche Mark"), ("XAU", "Gold"), ("PEN", "Sol")]
)
def test_currency_name_of_code_is_the_latest_english_name(code: str, name: str) -> None:
    assert currency_name(code) == name


def test_list_one_as_published_is_contained_with_its_minor_units(samples: Path) -> None:
    root = ElementTree.parse(samples / "iso4217" / "table_a1.xml").getroot()
    published = {entry.findtext("Ccy"): entry.findtext("CcyMnrUnts") for entry in root.iter("CcyNtry")}
    published.pop(None)
    assert len(published) == 179
    shipped = {code: "N.A." if CURRENCIES[code] is None else str(CURRENCIES[code]) for code in published if code}
    assert shipped == published


def test_list_three_as_published_is_withdrawn_unless_still_in_list_one(samples: Path) -> None:
    folder = samples / "iso4217"
    codes = {
        name: {entry.text for entry in ElementTree.parse(folder / name).getroot().iter("Ccy")}
        for name in ("table_a1.xml", "table_a2.xml")
    }
    gone = codes["table_a2.xml"] - codes["table_a1.xml"]
    assert len(gone) > 100
    assert {code for code in gone if code and is_active(code)} == set()
