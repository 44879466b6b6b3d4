"""What the protection of a call costs: `python benchmarks/policies.py`.

Drives the same flow bare and under limiter, breaker and retry; target: at most 5 microseconds on top.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Generator
from typing import Any

from fin_infra.flow import Backoff, Breaker, Client, Limiter, Policy, Quota, by_status, operation, survive
from fin_infra.transport import Flow, M, Reply, Request, Sync

CALLS = 20_000
ROUNDS = 7
REPLY = Reply(200, b"{}")
REQUEST = Request("GET", "/x", repeatable=True)


def bare() -> Generator[Any, Any, Reply]:
    reply: Reply = yield REQUEST
    error = by_status(reply)
    if error is not None:
        raise error
    return reply


def drive(flow: Generator[Any, Any, Any]) -> None:
    try:
        next(flow)
        flow.send(REPLY)
    except StopIteration:
        return


class Bank(Client[M]):
    @operation
    def ping(self) -> Flow[None]:
        yield from self.get("/x")


class Instant:
    """A transport whose every answer is there already."""

    monotonic = staticmethod(time.monotonic)

    def run(self, flow: Generator[Any, Any, Any]) -> None:
        drive(flow)


def per_call(once: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(CALLS):
        once()
    return (time.perf_counter() - start) / CALLS * 1e6


def main() -> None:
    clock = time.monotonic
    policy = Policy(Breaker(5, 30.0, clock), Limiter([Quota(10**9, 1.0), Quota(10**9, 60.0)], clock), Backoff(), clock)
    bank: Bank[Sync] = Bank(Instant(), source="banking:test")  # type: ignore[arg-type]  # all a Client needs of a transport
    cases: dict[str, Callable[[], object]] = {
        "bare flow": lambda: drive(bare()),
        "limiter + breaker + retry": lambda: drive(survive(REQUEST, clock() + 30.0, policy, by_status)),
        "whole operation (with request, telemetry)": bank.ping,
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, once in cases.items():
            found[name].append(per_call(once))
    base = statistics.median(found["bare flow"])
    for name, times in found.items():
        middle = statistics.median(times)
        print(f"{name:45} {middle:7.2f} us a call   {middle - base:+7.2f} us on top of bare   {middle / base:5.1f} x")


if __name__ == "__main__":
    main()
