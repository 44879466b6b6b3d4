"""CoinGecko: prices, descriptions, candles and charts of some 17,000 crypto assets.
Floor 3: `adapter` asks, `payloads` reads what comes back."""

from fin_infra.providers.crypto.coingecko.adapter import CoinGecko, Settings

__all__ = ["CoinGecko", "Settings"]
