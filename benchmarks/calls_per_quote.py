"""How many Python calls inside `fin_infra` one market quote takes: `python benchmarks/calls_per_quote.py`.

Alpha Vantage's quote is answered from memory, so that only our own code counts; the second quote is the usual one.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

import fin_infra
from fin_infra.model import InstrumentKey
from fin_infra.providers.market.alpha_vantage import AlphaVantage
from fin_infra.providers.provider import endpoint
from fin_infra.transport import Reply
from fin_infra.transport.replay import Replay

ROOT = str(Path(fin_infra.__file__).parent)
ROW = {
    "01. symbol": "IBM",
    "02. open": "231.00",
    "03. high": "233.10",
    "04. low": "230.20",
    "05. price": "232.50",
    "06. volume": "3456789",
    "07. latest trading day": "2026-11-25",
    "08. previous close": "230.00",
    "09. change": "2.5000",
    "10. change percent": "1.0870%",
}


def quotes() -> list[Counter[str]]:
    """Return the calls by module of two quotes, one after the other."""
    reply = Reply(200, json.dumps({"Global Quote": ROW}).encode())
    provider = AlphaVantage(Replay(lambda request: reply), endpoint(AlphaVantage.info))
    key = InstrumentKey("US", "IBM")
    found: list[Counter[str]] = []
    for _ in range(2):
        calls: Counter[str] = Counter()

        def count(frame: FrameType, event: str, arg: Any, calls: Counter[str] = calls) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(ROOT):
                calls[frame.f_code.co_filename.removeprefix(ROOT + "/")] += 1

        sys.setprofile(count)
        try:
            provider.quote(key)
        finally:
            sys.setprofile(None)
        found.append(calls)
    return found


def main() -> None:
    for name, calls in zip(("first quote", "second quote"), quotes(), strict=True):
        print(f"{name}: {calls.total()} calls, {calls['normalize/spelling.py']} of them in normalize/spelling.py")
        for module, count in calls.most_common(8):
            print(f"    {count:4} {module}")


if __name__ == "__main__":
    main()
