"""Time XIRR of 10,000 flows against pyxirr, and the import: `python benchmarks/cashflows.py [flows]`.

pyxirr starts to look at 10 %, so that its time depends on how far away the answer is, and ours hardly does: each rate
has a row. Rounds in turns, medians and the best; trust the ratios, not the seconds. Bounds: 1.1 times, and 60 ms.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta

import pyxirr

from fin_infra.cashflows import xirr, xirr_all

ROUNDS = 60
RATES = (-0.30, -0.05, 0.02, 0.05, 0.07, 0.10, 0.15, 0.20, 0.37, 1.00)


def savings(flows: int, rate: float) -> tuple[list[date], list[float]]:
    """Return deposits over ten years, and a last value that makes `rate` the answer."""
    days = [date(2016, 1, 1) + timedelta(days=place * 3650 // flows) for place in range(flows)]
    paid = [-float(100 + place * 37 % 900) for place in range(flows - 1)]
    worth = sum(-flow * (1 + rate) ** ((days[-1] - day).days / 365) for flow, day in zip(paid, days, strict=False))
    return days, [*paid, worth]


def times(works: list[Callable[[], object]]) -> list[list[float]]:
    found: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, found, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return found


def import_seconds(statement: str) -> float:
    """Return the best of several fresh interpreters."""
    taken = []
    for _ in range(15):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    flows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(f"XIRR of {flows} flows\n{'rate':>6} {'pyxirr':>9} {'ours':>9} {'median':>8} {'best':>6}")
    for rate in RATES:
        days, paid = savings(flows, rate)
        if abs((xirr(days, paid) or 0) - rate) > 1e-9:
            raise SystemExit(f"The rate is {xirr(days, paid)} and should be {rate}: the times would mean nothing")
        theirs, ours = times([lambda: pyxirr.xirr(days, paid), lambda: xirr(days, paid)])  # noqa: B023  # called at once
        middle, best = statistics.median(ours) / statistics.median(theirs), min(ours) / min(theirs)
        print(f"{rate:6.2f} {min(theirs) * 1e6:6.0f} us {min(ours) * 1e6:6.0f} us {middle:6.2f} x {best:4.2f} x")
    start = time.perf_counter()
    xirr_all(days, paid)
    print(f"all rates, proved by bounds: {(time.perf_counter() - start) * 1e3:.0f} ms")
    base, ours_import = import_seconds("import fin_infra"), import_seconds("import fin_infra.cashflows")
    used = import_seconds("from fin_infra.cashflows import irr; irr([-1, 2])")
    print(f"import fin_infra.cashflows: {(ours_import - base) * 1e3:+.1f} ms on top of fin_infra (bound 60)")
    print(f"and a first irr, which loads pyxirr: {(used - base) * 1e3:+.1f} ms")


if __name__ == "__main__":
    main()
