"""What `import fin_infra` and a first provider cost in time and memory: `python benchmarks/import_cost.py`.

Each line is a fresh interpreter, in turns, and its start is included. Targets, by the best of all rounds:
`import fin_infra` at most twice its part of the standard library and 40 MB, `easy_banking()` at most 0.30 s.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
STDLIB = "import dataclasses, decimal, datetime, enum, re"
EASY = "from fin_infra.banking import easy_banking; easy_banking()"
CASES = {
    "python -c pass": "pass",
    STDLIB: STDLIB,
    "import fin_infra": "import fin_infra",
    "easy_banking()": EASY,
    "import fin_infra.flow": "import fin_infra.flow",
    "import fin_infra.transport.engine": "import fin_infra.transport.engine",
    "import httpx2": "import httpx2",
}
MEMORY = "; import resource, sys; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(sys.modules))"


def once(statement: str) -> tuple[float, float, int]:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    seconds = time.perf_counter() - start
    done = subprocess.run([sys.executable, "-c", statement + MEMORY], capture_output=True, text=True, check=True)
    megabytes, modules = done.stdout.split()
    return seconds, float(megabytes), int(modules)


def main() -> None:
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, statement in CASES.items():
            found[name].append(once(statement))
    base = statistics.median(seconds for seconds, _, _ in found["python -c pass"])
    print(f"{'':52} {'median':>8} {'best':>8} {'on top':>8} {'memory':>9} {'modules':>8}")
    for name, runs in found.items():
        times = [seconds for seconds, _, _ in runs]
        middle = statistics.median(times)
        _, megabytes, modules = runs[-1]
        print(f"{name:52} {middle:7.3f}s {min(times):7.3f}s {middle - base:+7.3f}s {megabytes:6.1f} MB {modules:8}")
    best = {name: min(seconds for seconds, _, _ in runs) for name, runs in found.items()}
    start, ours, theirs = best["python -c pass"], best["import fin_infra"], best[STDLIB]
    print(f"\nimport fin_infra: {ours / theirs:.2f} times that part of the standard library", end="; ")
    print(f"{(ours - start) / (theirs - start):.2f} times without the start of the interpreter")
    print(f"easy_banking(): {best['easy_banking()']:.3f} s of 0.30 s")


if __name__ == "__main__":
    main()
