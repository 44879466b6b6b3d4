"""Alpha Vantage: quotes, candles, symbol search, company facts and exchange rates.
Floor 3: `adapter` asks, `payloads` and `market_data` read, `refusals` says what its sentences mean."""

from fin_infra.providers.market.alpha_vantage.adapter import (
    BULK_SYMBOLS,
    PATH,
    UNITS_KEPT,
    AlphaVantage,
    Settings,
)

__all__ = ["BULK_SYMBOLS", "PATH", "UNITS_KEPT", "AlphaVantage", "Settings"]
