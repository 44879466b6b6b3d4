"""The tables of the fault matrix: what may come of each kind of fault, and in which modes each cell is tried.

What is asked stands in the vendor's own `cases.py`, and so do the verdicts of faults that only it has. An operation
or a fault kind without a row fails `test_faults.py`, so that none is forgotten.

Modes: an adapter is one text for both drivers, and the drivers have suites of their own (`tests/transport`,
`tests/flow`). So the matrix asks the first adapter of each domain (`leads`) in both modes, and the others in one, which
alternates from kind to kind so that each adapter meets both; there a fault strikes an operation once or for good, by
turns. `make long` asks everything in both, both ways.
"""

from __future__ import annotations

from typing import Any

from fin_infra.errors import (
    AuthenticationFailed,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.providers.provider import Provider
from tests.support.cases import Verdict
from tests.support.effort import TIER
from tests.support.sandbox_kinds import kinds_of
from tests.support.vendors import VENDORS, every_provider

MODES = ("sync", "async")
PROVIDERS: list[type[Provider[Any]]] = every_provider()
PARTIAL = ("bad_row",)
"""Answers that lack something are no errors: `test_unread_rows.py` looks at what is left."""


def vendor(cls: type[Provider[Any]]) -> str:
    """Return the sandbox's name of an adapter's vendor."""
    return cls.info.sandbox_path.strip("/")


def leads(cls: type[Provider[Any]]) -> bool:
    """Return whether an adapter is the first of its domain, and stands for the drivers there."""
    domain = cls.info.provider_key.partition(":")[0]
    return cls is next(one for one in PROVIDERS if one.info.provider_key.startswith(f"{domain}:"))


def modes_of(cls: type[Provider[Any]], kind: str, tier: str = TIER) -> tuple[str, ...]:
    """Return the modes in which an adapter meets a kind of fault."""
    return MODES if leads(cls) else turns(cls, kind, tier)


def turns(cls: type[Provider[Any]], kind: str, tier: str = TIER) -> tuple[str, ...]:
    """Return one mode of the two, by turns; both in `make long`."""
    return MODES if tier == "long" else (MODES[kinds_of(vendor(cls)).index(kind) % len(MODES)],)


def strikes(cls: type[Provider[Any]], kind: str, case: int, tier: str = TIER) -> tuple[bool, bool]:
    """Return whether a kind of fault strikes a case once, and for good: both, or by turns where modes alternate too."""
    if tier == "long" or leads(cls):
        return True, True
    once = (kinds_of(vendor(cls)).index(kind) // len(MODES) + case) % 2 == 0
    return once, not once


def verdict_of(cls: type[Provider[Any]], kind: str) -> Verdict:
    """Return what may come of a fault: the vendor's own word first."""
    return {**VERDICTS, **VENDORS[cls.info.provider_key].verdicts}[kind]


RETRY_AFTER_S = 7
TIMEOUT_S = 0.1
_limited = (RateLimited,)
_down = (ProviderUnavailable,)
_garbage = Verdict((UnexpectedPayload,))
VERDICTS: dict[str, Verdict] = {
    "rate_limit": Verdict(_limited, heals=True, scope={"retry_after": RETRY_AFTER_S}, least_pause_s=RETRY_AFTER_S),
    # a date has whole seconds, so that seven of them may be six and a little from the answer on
    "rate_limit_date": Verdict(
        _limited, heals=True, scope={"retry_after": RETRY_AFTER_S}, least_pause_s=RETRY_AFTER_S - 1.1
    ),
    "rate_limit_bare": Verdict(_limited, heals=True),
    "status_500": Verdict(_down, heals=True),
    "status_502": Verdict(_down, heals=True),
    "status_503": Verdict(_down, heals=True, scope={"retry_after": 3}, least_pause_s=3),
    "status_504": Verdict(_down, heals=True),
    "status_504_after": Verdict(_down, heals=True),
    "latency": Verdict((), heals=True, scope={"seconds": 0.01}),
    "timeout": Verdict(_down, heals=True, scope={"seconds": 5}, settings={"timeout_s": TIMEOUT_S, "max_attempts": 2}),
    "timeout_after": Verdict(
        _down, heals=True, scope={"seconds": 5}, settings={"timeout_s": TIMEOUT_S, "max_attempts": 2}
    ),
    "drop_before": Verdict(_down, heals=True),
    "drop_after": Verdict(_down, heals=True),
    "truncated": _garbage,
    "malformed": _garbage,
    "html": _garbage,
    "empty": _garbage,
    "expired_token": Verdict((AuthenticationFailed, ReauthRequired), renewable=True),
}
