"""How Alpaca spells instruments: shares with a dot before the class, coins as a pair, options as the OCC does.
Floor 3: positions write a pair without its slash, so reading needs the asset class that stands beside the symbol."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fin_infra.errors import InvalidInstrument, UnexpectedPayload
from fin_infra.model import AssetClass, InstrumentKey
from fin_infra.normalize import Spelling

SPELLING = Spelling(class_separator=".")
QUOTES = ("USDT", "USDC", "USD", "BTC")
"""What coins are priced in there (https://docs.alpaca.markets/docs/crypto-trading); we write dollars and read all."""
COINS: Mapping[str, str] = {
    "AAVE": "aave",
    "AVAX": "avalanche-2",
    "BAT": "basic-attention-token",
    "BCH": "bitcoin-cash",
    "BTC": "bitcoin",
    "CRV": "curve-dao-token",
    "DOGE": "dogecoin",
    "DOT": "polkadot",
    "ETH": "ethereum",
    "GRT": "the-graph",
    "LINK": "chainlink",
    "LTC": "litecoin",
    "MKR": "maker",
    "PEPE": "pepe",
    "SHIB": "shiba-inu",
    "SOL": "solana",
    "SUSHI": "sushi",
    "TRUMP": "official-trump",
    "UNI": "uniswap",
    "USDC": "usd-coin",
    "USDG": "global-dollar",  # that Alpaca lists it is unconfirmed
    "USDT": "tether",
    "XRP": "ripple",
    "XTZ": "tezos",
    "YFI": "yearn-finance",
}
"""Alpaca's tickers to CoinGecko ids: at this broker each means one coin, also where others share the ticker.

Tickers: https://docs.alpaca.markets/docs/crypto-trading. Ids: /coins/list of https://docs.coingecko.com.
"""
_TICKERS = {coin: ticker for ticker, coin in COINS.items()}
_TICKER = re.compile(r"[A-Z]{1,5}(?:\.[A-Z]{1,3}){0,2}").fullmatch
"""A share of the United States. Delisted ones have their CUSIP for a symbol there, perpetual coins BTC-PERP, and
activities, which name no class, coins as pairs: none of them may pass for a share."""
# `class` of assets in trading-api.json of https://github.com/alpacahq/alpaca-mcp-server
_CLASSES = {"us_equity": AssetClass.EQUITY, "us_option": AssetClass.OPTION, "crypto": AssetClass.CRYPTO}


def write(key: InstrumentKey) -> str:
    """Return the symbol of orders and market data; raise InvalidInstrument for what cannot be traded there."""
    if isinstance(key, InstrumentKey) and key.is_option:  # pyright: ignore[reportUnnecessaryIsInstance]  # see SPELLING
        return key.symbol
    if isinstance(key, InstrumentKey) and key.is_crypto:  # pyright: ignore[reportUnnecessaryIsInstance]  # see SPELLING
        ticker = _TICKERS.get(key.symbol)
        if ticker is None:
            raise InvalidInstrument(f"Alpaca does not trade {key}; it has {', '.join(sorted(_TICKERS))}.")
        return f"{ticker}/USD"
    return SPELLING.write(key)


def kind_of(key: InstrumentKey) -> AssetClass:
    """Return which part of the API an instrument belongs to."""
    return AssetClass.CRYPTO if key.is_crypto else AssetClass.OPTION if key.is_option else AssetClass.EQUITY


def asset_class(word: str | None) -> AssetClass:
    return _CLASSES.get(word or "", AssetClass.UNKNOWN)


def maybe_read(symbol: str, kind: AssetClass) -> tuple[InstrumentKey, str] | None:
    """Return the instrument and the currency of its prices, or None for a symbol that no key can hold."""
    try:
        if kind is AssetClass.CRYPTO:
            ticker, quote = _pair(symbol)
            return InstrumentKey("CRYPTO", COINS[ticker]), quote
        if kind is AssetClass.OPTION:
            return InstrumentKey("OCC", symbol), "USD"
        if kind is AssetClass.UNKNOWN:  # whatever it is, it must not pass for a share
            return None
        return (SPELLING.read(symbol), "USD") if _TICKER(symbol) else None
    except (InvalidInstrument, KeyError):
        return None


def read(symbol: str, kind: AssetClass) -> tuple[InstrumentKey, str]:
    """Return the instrument and the currency of its prices; raise UnexpectedPayload where we know none."""
    found = maybe_read(symbol, kind)
    if found is None:
        raise UnexpectedPayload(f"the answer's field 'symbol' names {symbol[:40]!r}, not an instrument we know")
    return found


def _pair(symbol: str) -> tuple[str, str]:
    """Split `BTC/USD`, or `BTCUSD` as positions have it; `USDTUSD` ends with the shorter quote."""
    ticker, slash, quote = symbol.partition("/")
    if slash:
        return ticker, quote
    ends = [(symbol.removesuffix(quote), quote) for quote in QUOTES if symbol.endswith(quote)]
    return next(pair for pair in [*ends, (symbol, "")] if pair[0] in COINS or not pair[1])
