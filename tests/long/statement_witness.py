"""What bankstatementparser reads of the files in its arguments; prints their amounts, or the name of the error.

It runs in an environment of its own: the library wants pandas and more. Arguments: pairs of a format and a path.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import json
import sys
from decimal import Decimal

import bankstatementparser as witness

PARSERS = {"camt": witness.CamtParser, "mt940": witness.Mt940Parser, "bai2": witness.Bai2Parser}


def amounts(kind: str, path: str) -> list[str] | str:
    try:
        parser = PARSERS[kind](path)
        rows = parser.get_transactions() if kind == "camt" else parser.parse()
    except Exception as error:  # what it cannot read is an answer too
        return type(error).__name__
    column = "Amount" if "Amount" in rows.columns else "amount"
    return [str(Decimal(str(value)).normalize()) for value in rows[column]] if len(rows) else []


pairs = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
print(json.dumps([[path, amounts(kind, path)] for kind, path in pairs]))
