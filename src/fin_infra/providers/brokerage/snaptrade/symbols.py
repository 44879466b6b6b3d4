"""Which instrument SnapTrade's symbols mean: one share is BRK.B, BRK/B or BRK-B by broker, one coin BTC or XXBT.
Floor 3: what no key can name has None for a key and keeps its text, so that nothing is dropped for its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from fin_infra.errors import InvalidInput
from fin_infra.model import AssetClass, InstrumentKey
from fin_infra.normalize import SUFFIXES, crypto_id, instrument
from fin_infra.normalize.spelling import has_us_class
from fin_infra.normalize.tables import VENUE_NAMES
from fin_infra.providers import fields

_ONE, _CONTRACT, _MINI = Decimal(1), Decimal(100), Decimal(10)
KINDS: Mapping[str, AssetClass] = {
    "stock": AssetClass.EQUITY,
    "etf": AssetClass.EQUITY,
    "adr": AssetClass.EQUITY,
    "cef": AssetClass.EQUITY,
    "mutualfund": AssetClass.EQUITY,
    "option": AssetClass.OPTION,
    "crypto": AssetClass.CRYPTO,
}
"""Of positions. What is worth something else than units times price, such as a future, a bond or a CFD, is missing.

`kind` in the positions of api.yaml of https://github.com/passiv/snaptrade-sdks.
"""
TYPES: Mapping[str, AssetClass] = {
    "cs": AssetClass.EQUITY,
    "ps": AssetClass.EQUITY,
    "et": AssetClass.EQUITY,
    "ad": AssetClass.EQUITY,
    "cef": AssetClass.EQUITY,
    "oef": AssetClass.EQUITY,
    "crypto": AssetClass.CRYPTO,
}
"""Of symbols in orders and activities: the `code` of their type in the same api.yaml."""
COINS: Mapping[str, str] = {
    "XXBT": "BTC",
    "XETH": "ETH",
    "XETC": "ETC",
    "XLTC": "LTC",
    "XXRP": "XRP",
    "XXLM": "XLM",
    "XXMR": "XMR",
    "XZEC": "ZEC",
    "XDG": "DOGE",
    "XXDG": "DOGE",
}
"""Kraken's own names of coins, to everybody's.

`altname` of https://api.kraken.com/0/public/Assets, where it calls bitcoin XBT and dogecoin XDG.
"""


@dataclass(frozen=True, slots=True)
class Named:
    """An instrument as far as it is known. `multiplier` is None where units times price is not its worth."""

    key: InstrumentKey | None
    text: str
    asset_class: AssetClass
    multiplier: Decimal | None
    currency: str | None = None
    identifier: str | None = None


def of_position(row: fields.Row) -> Named:
    """Read an instrument of `positions/all`, where `kind` tells the shapes apart."""
    kind, symbol = fields.text(row, "kind"), fields.text(row, "symbol")
    asset_class = KINDS.get(kind, AssetClass.UNKNOWN)
    figi = row.get("figi_code") or _loose(row.get("figi_instrument"), "figi_code")
    identifier = f"figi:{figi}" if type(figi) is str else None
    if asset_class is AssetClass.OPTION:
        under = fields.child(row, "underlying") if row.get("underlying") is not None else {}
        multiplier = fields.maybe_amount(row, "multiplier")
        return Named(_option(symbol), symbol, asset_class, multiplier, fields.maybe_text(under, "currency"))
    currency = fields.maybe_text(row, "currency")
    if asset_class is AssetClass.UNKNOWN:
        return Named(None, symbol, asset_class, None, currency)
    raw = fields.maybe_text(row, "raw_symbol") or symbol
    if asset_class is AssetClass.CRYPTO:
        return Named(_coin(raw), symbol, asset_class, _ONE, currency)
    key = _listed(symbol, raw, fields.maybe_text(row, "exchange"), currency)
    return Named(key, symbol, asset_class, _ONE, currency, identifier)


def of_symbols(row: fields.Row, symbol_name: str) -> Named | None:
    """Read the instrument of an order or activity: its option, or else its symbol; None where it has neither."""
    if row.get("option_symbol") is not None:
        option = fields.child(row, "option_symbol")
        ticker = fields.text(option, "ticker")
        size = _MINI if option.get("is_mini_option") is True else _CONTRACT
        return Named(_option(ticker), ticker, AssetClass.OPTION, size)
    if row.get(symbol_name) is None:
        return None
    found = fields.child(row, symbol_name)
    text, kind = fields.text(found, "symbol"), _inner(found, "type", "code")
    asset_class = TYPES.get(kind or "", AssetClass.UNKNOWN)
    raw, currency = fields.maybe_text(found, "raw_symbol") or text, _inner(found, "currency", "code")
    if asset_class is AssetClass.CRYPTO:
        return Named(_coin(raw), text, asset_class, _ONE, currency)
    if asset_class is AssetClass.UNKNOWN and kind:  # whatever it is, it must not pass for a share
        return Named(None, text, asset_class, None, currency)
    venue = _inner(found, "exchange", "mic_code") or _inner(found, "exchange", "code")
    return Named(_listed(text, raw, venue, currency), text, asset_class, _ONE, currency)


def _inner(row: fields.Row, name: str, field: str) -> str | None:
    return None if row.get(name) is None else fields.maybe_text(fields.child(row, name), field)


def _loose(value: object, name: str) -> object:
    """Return a field of something that is an object or not: what only describes must not hide a row."""
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None


def _option(symbol: str) -> InstrumentKey | None:
    return _key("OCC:" + "".join(symbol.split()))


def _coin(symbol: str) -> InstrumentKey | None:
    ticker = symbol.upper()
    try:
        return crypto_id(COINS.get(ticker, ticker))
    except InvalidInput:
        return None


def _listed(symbol: str, raw: str, mic: str | None, currency: str | None) -> InstrumentKey | None:
    """Read a listing by its venue, or by the venue's suffix; a bare dollar symbol is one of the United States."""
    venue = (mic or "").upper()
    if venue:
        return _key(f"{VENUE_NAMES.get(venue, venue)}:{raw.upper()}")
    bare, _, suffix = symbol.upper().rpartition(".")
    if bare and suffix in SUFFIXES:
        return _key(f"{SUFFIXES[suffix]}:{bare}")
    key = _key(f"US:{raw.upper()}") if currency == "USD" else None
    return key if key is None or "." not in key.symbol or has_us_class(key.symbol) else None


def _key(text: str) -> InstrumentKey | None:
    try:
        return InstrumentKey.parse(text) if text.startswith("OCC:") else instrument(text)
    except InvalidInput:
        return None
