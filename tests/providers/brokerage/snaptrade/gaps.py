"""What the sandbox's SnapTrade portfolio lacks on its first day, Friday 2026-11-20; a net worth lacks this and no more.

Worked out from `_ROBINHOOD`, `_FIDELITY`, `_TFSA` and `CONNECTIONS` in `fin_infra/sandbox/world/portfolio.py`. The
sentences of SOURCES are `_stale_error` of `fin_infra/holdings.py` and code 3002 in the adapter's `refusals.py`.

- Robinhood Q6542138443 bought 40 SIVBQ and never sold them; INSTRUMENTS gives SIVBQ no listing, coin or price.
- Fidelity ****6602 holds BRK.B, VTI and AAPL, and its connection broke on Thursday 2026-11-12. Sessions after that day
  and before 2026-11-20 are those of the 13th, 16th, 17th, 18th and 19th: five, more than three. Its cash is 8 days old,
  less than 45, so it counts. Of a number with four signs half are shown: 02.
- Questrade 27518857 is `unavailable`: neither its positions nor its balances are answered.
"""

from __future__ import annotations

FAILED = [
    ("brokerage:snaptrade", "connections", "fin.reauth_required"),
    ("brokerage:snaptrade", "balances", "fin.provider_unavailable"),
    ("brokerage:snaptrade", "positions", "fin.provider_unavailable"),
]
_UNUSABLE = "the broker behind this account gives SnapTrade no usable answer; try later"
_OLD = "old: of 2026-11-12, more than 3 sessions before 2026-11-20"
LINES = [
    f"brokerage:snaptrade US:AAPL at Fidelity 02: {_OLD}",
    f"brokerage:snaptrade US:BRK.B at Fidelity 02: {_OLD}",
    f"brokerage:snaptrade US:VTI at Fidelity 02: {_OLD}",
    "brokerage:snaptrade everything at Questrade 8857: the account was not read",
    "brokerage:snaptrade OOTC:SIVBQ at Robinhood 8443: the broker gives no market value",
]
SOURCES = [
    "brokerage:snaptrade connections: the connection to Fidelity is disabled since 2026-11-12T18:22:10.345612+00:00; "
    "what is shown is older than that",
    f"brokerage:snaptrade balances: {_UNUSABLE}",
    f"brokerage:snaptrade positions: {_UNUSABLE}",
]
MISSING = LINES + SOURCES


def failed(body: dict) -> list[tuple[str, str, str]]:
    """Return who did not answer what, and with which code."""
    return [(error["provider"], error["operation"], error["code"]) for error in body["errors"]]
