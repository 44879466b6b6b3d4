"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fin_infra.model import InstrumentKey
from tests.support.cases import plain

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
BITCOIN, ETHEREUM = InstrumentKey("CRYPTO", "bitcoin"), InstrumentKey("CRYPTO", "ethereum")
CASES = [
    plain("ping", "ping"),
    plain("price", "price", BITCOIN),
    plain("prices", "prices", [ETHEREUM, BITCOIN]),
    plain("asset", "asset", BITCOIN),
    plain("lookup", "lookup", "ULP"),
    plain("candles", "candles", BITCOIN, days=7),
    plain("market_chart", "market_chart", BITCOIN, start=NOW - timedelta(days=2), end=NOW),
    plain("search", "search", "bitcoin"),
]
