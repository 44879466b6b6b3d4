"""Prometheus series of the Finastra clients, where prometheus-client is installed; without it nothing is counted.
Floor 3: bankersbank. Labels come from closed sets, so that the number of series stays bounded."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MAX_ENDPOINTS = 100
"""Endpoints beyond so many share the label `other`: `get_json` may be asked for anything."""
_WORD = re.compile(r"[A-Za-z-]{1,40}").fullmatch
_VERSION = re.compile(r"v\d{1,3}", re.ASCII).fullmatch
_PRODUCT_WORD = re.compile(r"(?=.{1,40}$)[A-Za-z-]+(?:\d[A-Za-z-]*)?", re.ASCII).fullmatch
_NOT_IDS = frozenset({"balances-by-account-type"})
"""Names that stand where ids do."""


@dataclass(frozen=True, slots=True)
class Families:
    """`finastra_api_calls_total`, `finastra_api_latency_seconds` and `finastra_breaker_state`."""

    calls: Counter
    latency: Histogram
    breaker: Gauge


_lock = Lock()


def _after_fork() -> None:
    """Take a new lock in a forked child: another thread of the parent may have held this one, for good here."""
    global _lock
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def families() -> Families | None:
    """Register the families on the default registry, once in a process; None without prometheus-client."""
    with _lock:  # `cache` alone lets every thread in that comes before the first is done
        return _registered()


@cache
def _registered() -> Families | None:
    if find_spec("prometheus_client") is None:
        return None
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        import_module("prometheus_client.multiprocess")  # makes the registry serve all workers
    from prometheus_client import Counter, Gauge, Histogram

    return Families(
        Counter("finastra_api_calls", "Calls to Finastra by terminal status, after retries.", ["endpoint", "status"]),
        Histogram(
            "finastra_api_latency_seconds",
            "Time of a call to Finastra, retries included; without calls the breaker refused.",
            ["endpoint"],
            buckets=BUCKETS_S,
        ),
        Gauge(
            "finastra_breaker_state",
            "0 closed, 1 half open, 2 open.",
            ["client"],
            multiprocess_mode="livemax",
        ),
    )


def called(endpoint: str, status: str, elapsed_s: float) -> None:
    """Count one call at its end."""
    found = families()
    if found is not None:
        endpoint = _bounded(endpoint)
        found.calls.labels(endpoint, status).inc()
        if status != "circuit_open":
            found.latency.labels(endpoint).observe(elapsed_s)


def breaker(client: str, state: int) -> None:
    """Show the state of a client's breaker."""
    found = families()
    if found is not None:
        found.breaker.labels(client).set(state)


def split(path: str) -> tuple[str, str]:
    """Return the product root, which ends with its version, and the rest of a path.

    The root is empty where what comes before the version may hold an id.

    >>> split("/total-lending/collaterals/b2b/v2/collaterals")
    ('total-lending/collaterals/b2b/v2', '/collaterals')
    """
    segments = path.strip("/").split("/")
    root = next((n for n, segment in enumerate(segments, 1) if _VERSION(segment)), 0)
    if not all(_PRODUCT_WORD(segment) for segment in segments[: max(root - 1, 0)]):
        root = 0
    return "/".join(segments[:root]), "".join(f"/{segment}" for segment in segments[root:])


def templated(path: str) -> str:
    """Return a path with everything in it that may be an id replaced: each second segment, and whatever is not a word.

    >>> templated("/accounts/acme/balances")
    '/accounts/{id}/balances'
    """
    segments = enumerate(segment for segment in path.split("/") if segment)
    return "".join(
        "/" + (segment if segment in _NOT_IDS or (n % 2 == 0 and _WORD(segment)) else "{id}") for n, segment in segments
    )


_seen: set[str] = set()


def _bounded(endpoint: str) -> str:
    with _lock:
        if endpoint in _seen:
            return endpoint
        if len(_seen) >= MAX_ENDPOINTS:
            return "other"
        _seen.add(endpoint)
        return endpoint
