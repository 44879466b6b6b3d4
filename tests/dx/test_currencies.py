"""The reader of the ISO 4217 tables, on small tables written by hand in their form."""

from __future__ import annotations

from pathlib import Path

import pytest

from dx.make_currencies import active, extract, historic, units

IN_USE = """<ISO_4217 Pblshd="2024-06-25"><CcyTbl>
<CcyNtry><CtryNm>JAPAN</CtryNm><CcyNm>Yen</CcyNm><Ccy>JPY</Ccy><CcyNbr>392</CcyNbr><CcyMnrUnts>0</CcyMnrUnts></CcyNtry>
<CcyNtry><CtryNm>CHILE</CtryNm><CcyNm IsFund="true">Unidad de Fomento</CcyNm><Ccy>CLF</Ccy><CcyNbr>990</CcyNbr>
<CcyMnrUnts>4</CcyMnrUnts></CcyNtry>
<CcyNtry><CtryNm>ZZ08_Gold</CtryNm><CcyNm>Gold</CcyNm><Ccy>XAU</Ccy><CcyMnrUnts>N.A.</CcyMnrUnts></CcyNtry>
<CcyNtry><CtryNm>ANTARCTICA</CtryNm><CcyNm>No universal currency</CcyNm></CcyNtry>
</CcyTbl></ISO_4217>"""
WITHDRAWN = """<ISO_4217 Pblshd="2024-06-25"><HstrcCcyTbl>
<HstrcCcyNtry><CcyNm>Old name</CcyNm><Ccy>DEM</Ccy><WthdrwlDt>1990-10</WthdrwlDt></HstrcCcyNtry>
<HstrcCcyNtry><CcyNm>Deutsche Mark</CcyNm><Ccy>DEM</Ccy><WthdrwlDt>2002-03</WthdrwlDt></HstrcCcyNtry>
</HstrcCcyTbl></ISO_4217>"""
EXTRACT = """Entity,Currency,AlphabeticCode,NumericCode,MinorUnit,WithdrawalDate
BULGARIA,Bulgarian Lev,BGN,975,2,2026-01
OLDLAND,Euro,EUR,978,2,2010-01
GERMANY,Euro,EUR,978,2,
NOWHERE,No currency,,,,
"""


@pytest.mark.parametrize(("text", "read"), [("2", 2), ("0", 0), ("N.A.", None), ("-", None), ("", None), (None, None)])
def test_units_when_read_then_missing_is_none_and_zero_is_zero(text: str | None, read: int | None) -> None:
    assert units(text) == read


def test_active_when_read_then_each_code_has_its_units_and_no_currency_is_no_code(tmp_path: Path) -> None:
    file = tmp_path / "one.xml"
    file.write_text(IN_USE, "utf-8")
    published, found = active(file)
    assert published == "2024-06-25"
    assert {code: (row.units, row.fund) for code, row in found.items()} == {
        "JPY": (0, False),
        "CLF": (4, True),
        "XAU": (None, False),
    }


def test_historic_when_a_code_comes_twice_then_the_name_it_had_last(tmp_path: Path) -> None:
    file = tmp_path / "three.xml"
    file.write_text(WITHDRAWN, "utf-8")
    _, found = historic(file)
    assert [(code, row.name, row.withdrawn) for code, row in found.items()] == [("DEM", "Deutsche Mark", "2002-03")]


def test_extract_when_one_entry_lives_then_the_code_is_in_use(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(EXTRACT, "utf-8")
    assert {code: row.withdrawn for code, row in extract(file).items()} == {"BGN": "2026-01", "EUR": None}
