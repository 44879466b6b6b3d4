"""The tables of the fault matrix: what is asked of each adapter, and what may come of each kind of fault.

What is asked stands in the adapter's own fixture folder. An operation or a fault kind without a row fails
`test_faults.py`, so that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from fin_infra.errors import (
    AuthenticationFailed,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
    UnexpectedPayload,
)
from tests.support.cases import Case

FOLDERS = Path(__file__).resolve().parents[1] / "providers"


def _cases() -> dict[str, list[Case]]:
    """Return the calls by provider key, from `tests/providers/<domain>/<vendor>/cases.py`."""
    found = sorted(FOLDERS.glob("*/*/cases.py"))
    return {
        f"{file.parts[-3]}:{file.parts[-2]}": import_module(
            f"tests.providers.{file.parts[-3]}.{file.parts[-2]}.cases"
        ).CASES
        for file in found
    }


CASES = _cases()


@dataclass(frozen=True)
class Verdict:
    """What may come of a fault that stays. `heals`: one that strikes once leaves the undisturbed answer behind."""

    errors: tuple[type[ProviderError], ...]
    heals: bool = False
    scope: Mapping[str, Any] = field(default_factory=dict[str, Any])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    renewable: bool = False
    """Striking once heals also where access is fetched: the adapter fetches another and asks again."""
    lists_only: bool = False
    """Answers without a list stay as they are."""
    least_pause_s: float = 0.0
    """Retries come no earlier than this, where the vendor says so otherwise than in Retry-After."""


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
    "quota_note": Verdict(_limited, settings={"deadline_s": 5}),  # midnight in New York is hardly ever that near
    "burst_note": Verdict(_limited, heals=True, least_pause_s=1),
    "premium_note": Verdict((PermissionDenied,)),
    "short_page": Verdict((UnexpectedPayload,), lists_only=True),  # fewer rows than the answer itself counts
    "empty_page": Verdict((UnexpectedPayload,), lists_only=True),
}
