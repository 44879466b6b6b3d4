"""CoinGecko: prices, descriptions, candles and charts of some 17,000 crypto assets.
Floor 3: `adapter` asks, `payloads` and `market_data` read what comes back, `refusals` says what a no means."""

from fin_infra.providers.crypto.coingecko.adapter import (
    CANDLES,
    DEMO_PER_MINUTE,
    KEY_HEADERS,
    KEYLESS_PER_MINUTE,
    LIGHT,
    LIST_KEPT_S,
    MAX_IDS,
    PRO_URL,
    CoinGecko,
    Settings,
)

__all__ = [
    "CANDLES",
    "DEMO_PER_MINUTE",
    "KEYLESS_PER_MINUTE",
    "KEY_HEADERS",
    "LIGHT",
    "LIST_KEPT_S",
    "MAX_IDS",
    "PRO_URL",
    "CoinGecko",
    "Settings",
]
