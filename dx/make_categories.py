"""Write `src/fin_infra/insights/categories/codes.py`: Plaid's personal finance categories, version 2.
Floor 8: a developer's script; run it as `python dx/make_categories.py pfc_taxonomy_v2_v1.json`.

The file is the pairing of both versions that Plaid publishes (https://plaid.com/documents/pfc-taxonomy-all.csv), as a
list of `primary`, `detailed` and `v1_detailed`. Codes are facts and taken as they are; the descriptions are ours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "src" / "fin_infra" / "insights" / "categories" / "codes.py"

OURS = {
    "INCOME": "child support received; dividends; gig work; interest; disability benefits; military pay; "
    "rent received; pension; salary and wages; tax refund; unemployment benefits; other income",
    "LOAN_DISBURSEMENTS": "car loan paid out; pay-later credit; cash advance; wages ahead of payday; "
    "mortgage paid out; personal loan paid out; student loan paid out; other loan paid out",
    "LOAN_PAYMENTS": "car loan; cash advance paid back; credit card paid; early wages paid back; mortgage; "
    "personal loan; student loan; other loan",
    "TRANSFER_IN": "from another account; cash or check deposited; from investments; from savings; wire received; "
    "other transfer in",
    "TRANSFER_OUT": "to another account; to investments; to savings; wire sent; cash withdrawn; other transfer out",
    "BANK_FEES": "cash machine fee; returned payment; interest charged; foreign transaction fee; overdraft fee; "
    "late fee; cash advance fee; other bank fee",
    "ENTERTAINMENT": "gambling; music; sights, sport and parks; television and movies; video games; "
    "other entertainment",
    "FOOD_AND_DRINK": "beer, wine and liquor; coffee; fast food; groceries; restaurants; vending machines; other food",
    "GENERAL_MERCHANDISE": "books and newspapers; clothing; convenience stores; department stores; discount stores; "
    "electronics; gifts; office supplies; online marketplaces; pet supplies; sporting goods; superstores; tobacco; "
    "other shopping",
    "HOME_IMPROVEMENT": "furniture; hardware and garden; repairs; security; other home improvement",
    "MEDICAL": "dentist; eye care; nursing; pharmacy; doctor; veterinarian; other medical",
    "PERSONAL_CARE": "gyms; hair and beauty; laundry; other personal care",
    "GENERAL_SERVICES": "accounting and advice; car repair; child care; legal and consulting; education; insurance; "
    "post and shipping; storage; other services",
    "GOVERNMENT_AND_NON_PROFIT": "donations; government offices; taxes paid; other public bodies",
    "TRANSPORTATION": "bikes and scooters; fuel; parking; public transit; taxis; tolls; other transportation",
    "TRAVEL": "flights; lodging; car rental; other travel",
    "RENT_AND_UTILITIES": "gas and electricity; internet and cable; rent; sewage and waste; telephone; water; "
    "other utilities",
    "OTHER": "other",
}
"""Our words for the detailed codes of each primary one, in the order of the file."""


def main(source: Path) -> None:
    """Read Plaid's pairing and write the module."""
    groups: dict[str, list[tuple[str, str | None]]] = {}
    for row in json.loads(source.read_text("utf-8")):
        groups.setdefault(row["primary"], []).append((row["detailed"], row["v1_detailed"]))
    lines = [
        '"""Plaid\'s personal finance categories, version 2, in the words of this project.',
        "Floor 5: written by a script from https://plaid.com/documents/pfc-taxonomy-all.csv.",
        '"""',
        "",
        "from collections.abc import Mapping",
        "",
        "CODES: Mapping[str, tuple[str, str]] = {",
    ]
    renamed: dict[str, str] = {}
    for primary, rows in groups.items():
        words = [part.strip() for part in OURS[primary].split(";")]
        for (detailed, old), said in zip(rows, words, strict=True):
            lines.append(f'    "{detailed}": ("{primary}", "{said}"),')
            renamed |= {each: detailed for each in (old or "").split("|") if each and each != detailed}
    lines += ["}", '"""Detailed code: its primary one, and what it is for."""']
    kept = {
        old: new for old, new in renamed.items() if old not in {code for rows in groups.values() for code, _ in rows}
    }
    lines += ["RENAMED: Mapping[str, str] = {", *(f'    "{old}": "{new}",' for old, new in kept.items()), "}"]
    lines += [
        '"""Detailed codes of version 1 that version 2 calls otherwise; it has all others under the same name."""'
    ]
    TARGET.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
