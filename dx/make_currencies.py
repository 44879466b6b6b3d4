"""Write `src/fin_infra/model/_iso4217.py` from the published ISO 4217 tables.
Floor 8: a developer's script; run it as `python dx/make_currencies.py table_a1.xml table_a2.xml codes-all.csv`.

The files are those of the `datasets/currency-codes` collection (ODC-PDDL-1.0, public domain): list one and list
three as the maintenance agency published them, and the collection's own newer extract of both. Names, minor units
and withdrawal dates come from whichever file is newest; the fund mark is in the XML only.
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

TARGET = Path(__file__).resolve().parents[1] / "src" / "fin_infra" / "model" / "_iso4217.py"

AMENDMENTS = (
    "176: XCG for ANG in Curacao and Sint Maarten from 2025-03-31",
    "177: ZWG for ZWL in Zimbabwe",
    "179: XAD (2 minor units), also as a fund code, from 2025-05-12",
    "180: EUR for BGN in Bulgaria from 2026-01-01; BGN keeps 2 minor units",
)
"""What the maintenance agency published after the XML tables; the CSV has them; 179 is the source of FUNDS_SINCE."""

FUNDS_SINCE = {"XAD"}
"""Fund codes newer than the XML tables."""

LAST_UNITS = {
    0: "ADP BEF BYB BYR ESP GRD ITL LUF MGF PTE TPE TRL",
    2: (
        "AFA ATS AYM AZM BGL CSD CYP DEM EEK FIM FRF GHC GWP HRK IEP LTL LVL MRO MTL MZM NLG ROL RUR SDD SIT SKK SLL"
        " SRG STD TMM USS VEB VEF YUM ZMK ZWD ZWN"
    ),
}
"""Minor units of withdrawn codes as the list had them while they were in use: list three does not give them.

Source: `currency.properties` of the JDK, data version 140, which is ISO 4217 with amendment 140 and keeps what earlier
amendments withdrew (`minor0`, `all`). Its euro currencies agree with the table of EUROCONVERT
(http://bettersolutions.com/excel/functions/euroconvert-function.htm). Codes it does not have stay without."""


@dataclass
class Code:
    name: str
    units: int | None
    withdrawn: str | None = None
    fund: bool = False


def units(text: str | None) -> int | None:
    """Read a minor unit; None for `N.A.`, `-` and nothing at all."""
    return int(text) if text and text.isdigit() else None


def active(path: Path) -> tuple[str, dict[str, Code]]:
    """Read list one: publication date, and the codes in use."""
    root = ElementTree.parse(path).getroot()
    found: dict[str, Code] = {}
    for entry in root.iter("CcyNtry"):
        name, code = entry.find("CcyNm"), entry.findtext("Ccy")
        if code and name is not None:  # Antarctica and its like have no currency of their own
            found[code] = Code(clean(name.text), units(entry.findtext("CcyMnrUnts")), fund=name.get("IsFund") == "true")
    return root.get("Pblshd", ""), found


def historic(path: Path) -> tuple[str, dict[str, Code]]:
    """Read list three: publication date, and the withdrawn codes with the name they had last."""
    root = ElementTree.parse(path).getroot()
    found: dict[str, Code] = {}
    for entry in root.iter("HstrcCcyNtry"):
        name, code, date = entry.find("CcyNm"), entry.findtext("Ccy"), entry.findtext("WthdrwlDt", "")
        known = found.get(code or "")
        if code and name is not None and (known is None or date >= (known.withdrawn or "")):
            found[code] = Code(clean(name.text), None, date, fund=name.get("IsFund") is not None)
    return root.get("Pblshd", ""), found


def extract(path: Path) -> dict[str, Code]:
    """Read the newer extract; a code with one living entry is in use, whatever its other entries say."""
    found: dict[str, Code] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code, date = row["AlphabeticCode"], row["WithdrawalDate"] or None
            known = found.get(code)
            if not code or (known and date and (known.withdrawn is None or known.withdrawn > date)):
                continue
            found[code] = Code(clean(row["Currency"]), units(row["MinorUnit"]), date)
    return found


def clean(text: str | None) -> str:
    return " ".join((text or "").split())


def quoted(text: str) -> str:
    """Write a Python literal with the quotes a formatter would choose."""
    return repr(text) if '"' in text or "\\" in text else f'"{text}"'


def merge(one: dict[str, Code], three: dict[str, Code], newer: dict[str, Code]) -> dict[str, Code]:
    """Let the extract decide what is in use; keep the minor unit list one gave a code withdrawn since."""
    table = three | one | newer
    for code, entry in table.items():
        earlier = one.get(code) or three.get(code)
        entry.fund = code in FUNDS_SINCE or (earlier is not None and earlier.fund)
        if entry.units is None and code in one:
            entry.units = one[code].units
        elif code in one and entry.units != one[code].units:
            raise SystemExit(f"{code}: list one says {one[code].units} minor units, the extract {entry.units}.")
    for digits, codes in LAST_UNITS.items():
        for code in codes.split():
            if table[code].withdrawn is None or table[code].units is not None:
                raise SystemExit(f"{code}: the lists say by themselves how many minor units it has.")
            table[code].units = digits
    return dict(sorted(table.items()))


def render(table: dict[str, Code], one_date: str, three_date: str) -> str:
    lines = [
        f'"""ISO 4217: list one as published {one_date}, list three as published {three_date}, and later amendments.',
        "Floor 0: plain tables, made from the lists of the agency.",
        "",
        "Source: the `datasets/currency-codes` collection, Open Data Commons Public Domain Dedication and License",
        "(ODC-PDDL-1.0). A minor unit of None means that the list gives none. Those of withdrawn codes are the",
        "JDK's, as `LAST_UNITS` there says. Amendments newer than the tables:",
        *(f"- {text}." for text in AMENDMENTS),
        '"""',
        "# Written by dx/make_currencies.py; edit that, not this.",
        "",
        "from __future__ import annotations",
        "",
        "MINOR_UNITS: dict[str, int | None] = {",
        *(f'    "{code}": {entry.units},' for code, entry in table.items()),
        "}",
        "",
        "WITHDRAWN: dict[str, str] = {",
        *(f'    "{code}": "{entry.withdrawn}",' for code, entry in table.items() if entry.withdrawn),
        "}",
        "",
        "FUNDS: frozenset[str] = frozenset(",
        "    {",
        *(f'        "{code}",' for code, entry in table.items() if entry.fund),
        "    }",
        ")",
        "",
        "NAMES: dict[str, str] = {",
        *(f'    "{code}": {quoted(entry.name)},' for code, entry in table.items()),
        "}",
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    if len(arguments) != 3:
        raise SystemExit("Usage: make_currencies.py LIST_ONE.xml LIST_THREE.xml CODES_ALL.csv")
    one_date, one = active(Path(arguments[0]))
    three_date, three = historic(Path(arguments[1]))
    TARGET.write_text(render(merge(one, three, extract(Path(arguments[2]))), one_date, three_date), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
