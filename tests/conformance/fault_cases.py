"""The tables of the fault matrix: what is asked of each adapter, and what may come of each kind of fault.

An operation or a fault kind without a row here fails `test_faults.py`, so that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
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
from fin_infra.model import Adjustment, InstrumentKey, Interval

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
IBM, NVIDIA, TESCO = InstrumentKey("US", "IBM"), InstrumentKey("XNAS", "NVDA"), InstrumentKey("XLON", "TSCO")
BITCOIN, ETHEREUM = InstrumentKey("CRYPTO", "bitcoin"), InstrumentKey("CRYPTO", "ethereum")


@dataclass(frozen=True)
class Names:
    """Ids of the seeded household that arguments need."""

    checking: str
    card: str
    transaction: str


@dataclass(frozen=True)
class Case:
    """One call of an operation.

    `deletes` marks what retry must never repeat; `heavy` what costs the sandbox so much that only the last request is
    struck: the first ones are those of a lighter case.
    """

    name: str
    operation: str
    args: Callable[[Names], tuple[Any, ...]] = lambda names: ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    deletes: bool = False
    heavy: bool = False


def _plain(name: str, operation: str, *args: Any, **kwargs: Any) -> Case:
    return Case(name, operation, lambda names: args, kwargs)


CASES: dict[str, list[Case]] = {
    "banking:teller": [
        _plain("ping", "ping"),
        _plain("accounts", "accounts"),
        Case("account", "account", lambda names: (names.checking,)),
        Case("details", "details", lambda names: (names.checking,)),
        Case("balance", "balance", lambda names: (names.card,)),
        Case(
            "transactions",
            "transactions",
            lambda names: (names.checking,),
            {"start": date(2026, 10, 20)},
            {"page_size": 20},
        ),
        Case("transactions of a card", "transactions", lambda names: (names.card,), {"start": date(2026, 11, 1)}),
        Case("transaction", "transaction", lambda names: (names.checking, names.transaction)),
        _plain("identity", "identity"),
        _plain("institutions", "institutions"),
        Case("delete_account", "delete_account", lambda names: (names.checking,), deletes=True),
        Case("delete_enrollment", "delete_enrollment", deletes=True),
    ],
    "market:alpha_vantage": [
        _plain("ping", "ping"),
        _plain("quote", "quote", IBM),
        _plain("quote in pence", "quote", TESCO),
        _plain("quotes", "quotes", [IBM, NVIDIA]),
        _plain("daily candles", "candles", IBM),
        _plain("adjusted candles", "candles", IBM, adjustment=Adjustment.SPLITS_AND_DIVIDENDS),
        Case(
            "intraday candles of two months",
            "candles",
            lambda names: (IBM,),
            {
                "interval": Interval.HOUR_1,
                "start": datetime(2026, 5, 28, tzinfo=UTC),
                "end": datetime(2026, 6, 3, tzinfo=UTC),
            },
            heavy=True,
        ),
        _plain("search", "search", "tesco"),
        _plain("overview", "overview", IBM),
        _plain("fx_rate", "fx_rate", "EUR", "USD"),
        _plain("fx_candles", "fx_candles", "EUR", "USD"),
    ],
    "crypto:coingecko": [
        _plain("ping", "ping"),
        _plain("price", "price", BITCOIN),
        _plain("prices", "prices", [ETHEREUM, BITCOIN]),
        _plain("asset", "asset", BITCOIN),
        _plain("lookup", "lookup", "PEPE"),
        _plain("candles", "candles", BITCOIN, days=7),
        _plain("market_chart", "market_chart", BITCOIN, start=NOW - timedelta(days=2), end=NOW),
        _plain("search", "search", "bitcoin"),
    ],
    "fx:ecb": [
        _plain("ping", "ping"),
        _plain("latest", "latest"),
        _plain("history", "history", start=date(2026, 11, 2), end=date(2026, 11, 20)),
        Case(
            "history of a year ago",
            "history",
            kwargs={"start": date(2025, 11, 2), "end": date(2025, 11, 20)},
            heavy=True,
        ),
        _plain("rate", "rate", "USD", "JPY"),
        _plain("rate on a day", "rate", "EUR", "USD", on=date(2026, 11, 15)),
    ],
}


@dataclass(frozen=True)
class Verdict:
    """What may come of a fault that stays. `heals`: one that strikes once leaves the undisturbed answer behind."""

    errors: tuple[type[ProviderError], ...]
    heals: bool = False
    scope: Mapping[str, Any] = field(default_factory=dict[str, Any])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
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
    "latency": Verdict((), heals=True, scope={"seconds": 0.01}),
    "timeout": Verdict(_down, heals=True, scope={"seconds": 5}, settings={"timeout_s": TIMEOUT_S, "max_attempts": 2}),
    "drop_before": Verdict(_down, heals=True),
    "drop_after": Verdict(_down, heals=True),
    "truncated": _garbage,
    "malformed": _garbage,
    "html": _garbage,
    "empty": _garbage,
    "expired_token": Verdict((AuthenticationFailed, ReauthRequired)),
    "quota_note": Verdict(_limited, settings={"deadline_s": 5}),  # midnight in New York is hardly ever that near
    "burst_note": Verdict(_limited, heals=True, least_pause_s=1),
    "premium_note": Verdict((PermissionDenied,)),
}
