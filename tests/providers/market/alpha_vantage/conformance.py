"""Alpha Vantage in the suite of market data."""

from __future__ import annotations

from fin_infra.model import InstrumentKey
from fin_infra.providers.market.alpha_vantage.adapter import AlphaVantage
from tests.support.rows import Market

ROW = Market(cls=AlphaVantage, not_covered=InstrumentKey("XTKS", "7203"))
