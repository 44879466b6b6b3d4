"""Hold the faults that are switched on, and decide which of them hits a request.
Floor 8: what a kind does on the wire is in gate.py, what a vendor says while it does is the vendor's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, Any, cast

from fin_infra.sandbox.world.prices import stream

if TYPE_CHECKING:
    from fin_infra.sandbox.kernel.vendor import Vendor

KINDS: Mapping[str, str] = {
    "rate_limit": "429 with Retry-After in seconds",
    "rate_limit_date": "429 with Retry-After as an HTTP date",
    "rate_limit_bare": "429 without Retry-After",
    "status_500": "500 in the vendor's own body",
    "status_502": "502 in the vendor's own body",
    "status_503": "503 in the vendor's own body, with Retry-After when retry_after is given",
    "status_504": "504 in the vendor's own body; the request had no effect",
    "status_504_after": "lets the request take effect, then answers 504",
    "latency": "answers after `seconds`; combines with other faults",
    "timeout": "says nothing until the client leaves or `seconds` (default 30) are over, then hangs up",
    "timeout_after": "lets the request take effect, then says nothing like timeout",
    "drop_before": "hangs up before the request has any effect",
    "drop_after": "lets the request take effect, then hangs up without an answer",
    "truncated": "the first half of the real body, with an honest Content-Length",
    "malformed": "200 with a body that is neither JSON nor XML",
    "html": "200 with an HTML page",
    "empty": "200 with an empty body",
    "expired_token": "the vendor's own answer to credentials that are no longer good",  # nosec B105: a description
}
MAX_SECONDS, MAX_RETRY_AFTER_S = 300.0, 86_400
DEFAULT_SECONDS = {"latency": 1.0, "timeout": 30.0, "timeout_after": 30.0}
_FIELDS = ("vendor", "path", "query", "method", "kind", "count", "probability", "seconds", "retry_after")


def kinds_of(vendor: Vendor) -> Mapping[str, str]:
    """Return the fault kinds that make sense for a vendor, with what they do."""
    shared = {kind: text for kind, text in KINDS.items() if kind != "expired_token" or vendor.expired() is not None}
    return {**shared, **vendor.fault_kinds}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One switched-on fault; `remaining` None means until it is removed."""

    id: str
    vendor: str
    path: str
    query: dict[str, str]
    method: str
    kind: str
    probability: float
    seconds: float
    retry_after: int | None
    remaining: int | None
    applied: int = 0
    rng: Random = field(repr=False)

    def matches(self, vendor: str, method: str, path: str, query: Mapping[str, str]) -> bool:
        """Return whether the request is in scope, whatever chance says."""
        return (
            self.vendor in ("*", vendor)
            and self.method in ("*", method)
            and _path_matches(path, self.path)
            and all(fnmatchcase(query.get(name, ""), pattern) for name, pattern in self.query.items())
        )

    def describe(self) -> dict[str, object]:
        """Return the fault as plain data."""
        shown = (
            "id",
            "vendor",
            "path",
            "query",
            "method",
            "kind",
            "probability",
            "seconds",
            "retry_after",
            "remaining",
            "applied",
        )
        return {name: getattr(self, name) for name in shown}


def _path_matches(path: str, pattern: str) -> bool:
    if any(sign in pattern for sign in "*?["):
        return fnmatchcase(path, pattern)
    return path == pattern or path.startswith(pattern.rstrip("/") + "/")


class FaultBoard:
    """The faults in the order they were added; the first that fires wins, latency comes on top."""

    def __init__(self, seed: int, kinds: Mapping[str, Mapping[str, str]]) -> None:
        """Take the kinds that each vendor knows, by its mount."""
        self._seed = seed
        self._kinds = {**kinds, "*": _shared(kinds.values())}
        self._faults: dict[str, Fault] = {}
        self._made = 0

    def add(self, spec: Mapping[str, object]) -> Fault:
        """Switch a fault on; ValueError with one sentence when the description is wrong."""
        made = _checked(spec, self._kinds)
        self._made += 1
        ident = f"fault-{self._made}"
        fault = Fault(id=ident, rng=stream(self._seed, ident), **made)
        self._faults[ident] = fault
        return fault

    def all(self) -> list[Fault]:
        """Return the faults that are switched on, used-up ones included."""
        return list(self._faults.values())

    def remove(self, ident: str) -> bool:
        """Switch one fault off; False when there is none of that id."""
        return self._faults.pop(ident, None) is not None

    def clear(self) -> None:
        """Switch all faults off."""
        self._faults.clear()

    def strike(self, vendor: str, method: str, path: str, query: Mapping[str, str]) -> list[Fault]:
        """Return the faults that hit this request, counted as applied: latencies and at most one other, last."""
        hit: list[Fault] = []
        for fault in self._faults.values():
            if fault.remaining == 0 or not fault.matches(vendor, method, path, query):
                continue
            if fault.rng.random() >= fault.probability:
                continue
            fault.applied += 1
            if fault.remaining is not None:
                fault.remaining -= 1
            hit.append(fault)
            if fault.kind != "latency":
                break
        return hit


def _shared(kinds: Iterable[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the kinds that every vendor knows."""
    known = list(kinds)
    return {kind: text for kind, text in KINDS.items() if all(kind in each for each in known)}


def _checked(spec: Mapping[str, object], kinds: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    for name in spec:
        if name not in _FIELDS:
            raise ValueError(f"Unknown field {name!r}; a fault has {', '.join(_FIELDS)}.")
    vendor, kind = spec.get("vendor"), spec.get("kind")
    if vendor not in kinds:
        raise ValueError(f"Unknown vendor {vendor!r}; use one of {', '.join(kinds)}.")
    known = {name for each in kinds.values() for name in each}
    if kind not in known:
        near = get_close_matches(str(kind), sorted(known), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(kinds[str(vendor)])}."
        raise ValueError(f"Unknown fault kind {kind!r}; {hint}")
    if kind not in kinds[str(vendor)]:
        raise ValueError(
            f"The fault kind {kind!r} does not exist at {vendor!r}; use one of {', '.join(kinds[str(vendor)])}."
        )
    retry_default = 1 if kind in ("rate_limit", "rate_limit_date") else None
    retry_after = spec.get("retry_after", retry_default)
    return {
        "vendor": vendor,
        "kind": kind,
        "path": _text(spec, "path", "*"),
        "query": _patterns(spec.get("query", {})),
        "method": _text(spec, "method", "*").upper(),
        "probability": _amount(spec.get("probability", 1.0), "probability", 0, 1),
        "seconds": _amount(spec.get("seconds", DEFAULT_SECONDS.get(str(kind), 0.0)), "seconds", 0, MAX_SECONDS),
        "retry_after": None if retry_after is None else _whole(retry_after, "retry_after", 0, MAX_RETRY_AFTER_S),
        "remaining": None if spec.get("count") is None else _whole(spec["count"], "count", 1, 1_000_000),
    }


def _patterns(value: object) -> dict[str, str]:
    pairs = cast("dict[object, object]", value).items() if isinstance(value, dict) else [(None, None)]
    found = {name: text for name, text in pairs if isinstance(name, str) and isinstance(text, str)}
    if len(found) != len(pairs):
        raise ValueError('`query` must be an object of text patterns, for example {"function": "GLOBAL_QUOTE"}.')
    return found


def _text(spec: Mapping[str, object], name: str, default: str) -> str:
    value = spec.get(name, default)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{name}` must be text, for example {default!r}.")
    return value


def _amount(value: object, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"`{name}` must be a number from {low} to {high:g}.")
    return value


def _whole(value: object, name: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"`{name}` must be a whole number from {low} to {high}.")
    return value
