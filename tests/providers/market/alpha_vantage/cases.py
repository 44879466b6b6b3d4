"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once."""

from __future__ import annotations

from datetime import UTC, datetime

from fin_infra.errors import PermissionDenied, RateLimited
from fin_infra.model import Adjustment, InstrumentKey, Interval
from tests.support.cases import Case, Verdict, plain

IBM, TESCO = InstrumentKey("US", "IBM"), InstrumentKey("XLON", "TSCO")
VERDICTS = {
    "quota_note": Verdict((RateLimited,), settings={"deadline_s": 5}),  # midnight in New York is hardly ever that near
    "burst_note": Verdict((RateLimited,), heals=True, least_pause_s=1),
    "premium_note": Verdict((PermissionDenied,)),
}
SIX = [InstrumentKey("US", symbol) for symbol in ("IBM", "AAPL", "MSFT", "NVDA", "AMZN", "GOOGL")]
IN_QUERY = ("api_key",)
"""Alpha Vantage takes it in no other way."""
CASES = [
    plain("ping", "ping"),
    plain("quote", "quote", IBM),
    plain("quote in pence", "quote", TESCO),
    plain("quotes", "quotes", SIX),
    Case(
        "quotes one by one",  # where the plan has no batch
        "quotes",
        lambda ids: ([*SIX[:2], TESCO],),
        settings={"api_key": "SANDBOXFREEKEY000"},
        partial=True,
    ),
    plain("daily candles", "candles", IBM),
    plain("adjusted candles", "candles", IBM, adjustment=Adjustment.SPLITS_AND_DIVIDENDS),
    Case(
        "intraday candles of two months",
        "candles",
        lambda ids: (IBM,),
        {
            "interval": Interval.HOUR_1,
            "start": datetime(2026, 5, 28, tzinfo=UTC),
            "end": datetime(2026, 6, 3, tzinfo=UTC),
        },
        heavy=True,
    ),
    plain("search", "search", "tesco"),
    plain("overview", "overview", IBM),
    plain("fx_rate", "fx_rate", "EUR", "USD"),
    plain("fx_candles", "fx_candles", "EUR", "USD"),
]
