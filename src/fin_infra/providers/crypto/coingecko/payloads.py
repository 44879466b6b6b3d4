"""What CoinGecko answers and what it means: pure functions from replies to records and errors.
Floor 3: numbers come exactly as sent, stamps are unix seconds or milliseconds, and error texts never quote the body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from fin_infra.errors import (
    AmbiguousSymbol,
    InvalidInput,
    InvalidInstrument,
    InvalidRequest,
    ProviderError,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import json_of
from fin_infra.model import (
    CryptoAsset,
    CryptoPrice,
    InstrumentKey,
    Listing,
)
from fin_infra.normalize import from_unix, from_unix_ms
from fin_infra.normalize.tables import CLASHING_COINS
from fin_infra.providers import fields
from fin_infra.transport import Reply

KEY = "crypto:coingecko"
Priced: TypeAlias = tuple[dict[InstrumentKey, CryptoPrice], dict[InstrumentKey, ProviderError]]
"""Prices by key, and why the other keys have none."""
ALWAYS_QUOTED = frozenset({"usd", "eur", "gbp", "jpy", "btc", "eth"})
"""Where one of these is missing the coin has no market; any other code may be one that CoinGecko does not quote in."""


def price_list(reply: Reply, keys: Iterable[InstrumentKey], currency: str) -> Priced:
    """Return the price of each key, and why the others have none; InvalidRequest where no coin is quoted so."""
    body: dict[str, Any] = json_of(reply, dict)
    vs, found, failed = currency.lower(), dict[InstrumentKey, CryptoPrice](), dict[InstrumentKey, ProviderError]()
    for key in dict.fromkeys(keys):
        try:
            if key.symbol not in body:
                raise UnknownSymbol(f"CoinGecko does not know {key}; search for the id it uses")
            row = fields.child(body, key.symbol)
            if row.get(vs) is None:
                raise UnknownSymbol(f"CoinGecko has no {currency} price for {key} at present; leave it out")
            found[key] = _price(row, key, currency, reply)
        except ProviderError as exc:
            failed[key] = exc
    rows = [body[key.symbol] for key in failed if key.symbol in body]
    if not found and rows and vs not in ALWAYS_QUOTED and all(type(row) is dict and vs not in row for row in rows):
        raise InvalidRequest(
            f"CoinGecko gives no {currency} price for {', '.join(map(str, failed))}; use USD or another it quotes"
        )
    return found, failed


def _price(row: fields.Row, key: InstrumentKey, currency: str, reply: Reply) -> CryptoPrice:
    vs = currency.lower()
    stamp = row.get("last_updated_at")
    return CryptoPrice(
        source=KEY,
        as_of=reply.received_at if stamp is None else instant_of(stamp, "last_updated_at"),
        raw=row,
        key=key,
        price=positive(row, vs),
        currency=currency,
        market_cap=fields.maybe_amount(row, f"{vs}_market_cap"),
        volume_24h=fields.maybe_amount(row, f"{vs}_24h_vol"),
        change_24h_percent=fields.maybe_amount(row, f"{vs}_24h_change"),
    )


def positive(row: fields.Row, name: str) -> Decimal:
    """Return a price; nought is what dust rounds to, so it stays, but no price is negative."""
    value = fields.amount(row, name)
    if value < 0:
        raise fields.wrong(name, "a price, which is never negative")
    return value


def instant_of(stamp: Any, name: str, milliseconds: bool = False) -> datetime:
    try:
        moment = from_unix_ms(stamp) if milliseconds else from_unix(stamp)
    except InvalidInput:
        moment = None
    if moment is None or moment.year < 1970:
        raise fields.wrong(name, "a unix time")
    return moment


def asset(reply: Reply, key: InstrumentKey) -> CryptoAsset:
    body: dict[str, Any] = json_of(reply, dict)
    if fields.ident(body, "id") != key.symbol:
        raise UnexpectedPayload(f"CoinGecko was asked for {key} and described another coin")
    market = fields.child(body, "market_data") if body.get("market_data") is not None else {}
    links = fields.child(body, "links") if body.get("links") is not None else {}
    return CryptoAsset(
        source=KEY,
        as_of=reply.received_at if body.get("last_updated") is None else fields.when(body, "last_updated"),
        raw=body,
        key=key,
        ticker=fields.text(body, "symbol").upper(),
        name=fields.text(body, "name"),
        rank=_rank(body),
        platforms=_platforms(body),
        circulating_supply=fields.maybe_amount(market, "circulating_supply"),
        total_supply=fields.maybe_amount(market, "total_supply"),
        max_supply=fields.maybe_amount(market, "max_supply"),
        categories=tuple(_texts(body, "categories")),
        homepage=next(iter(_texts(links, "homepage")), None),
    )


def _platforms(row: fields.Row) -> dict[str, str]:
    """Return contracts by chain; a coin with a chain of its own has one entry, of empty texts."""
    platforms = fields.child(row, "platforms") if row.get("platforms") is not None else {}
    return {chain: address for chain in platforms if (address := fields.maybe_text(platforms, chain)) and chain}


def _texts(row: fields.Row, name: str) -> list[str]:
    found: Any = row.get(name)
    items: list[str | None] = [] if found is None else found
    if type(items) is not list or any(item is not None and type(item) is not str for item in items):
        raise fields.wrong(name, "a list of strings")
    return [item for item in items if item]


def _rank(row: fields.Row) -> int | None:
    rank: Any = row.get("market_cap_rank")
    if rank is not None and type(rank) is not int:
        raise fields.wrong("market_cap_rank", "a whole number or null")
    return rank


def by_ticker(reply: Reply) -> tuple[Mapping[str, list[str]], int]:
    """Return every id of every ticker, and how many rows could not be read.

    The list is sorted by id, and clones of a coin share its ticker. A row whose ticker alone can be read counts with
    an empty id, so that nobody takes another coin for the only one of that ticker.
    """
    listed: list[Any] = reply.json()
    if type(listed) is not list:
        raise fields.wrong("coins", "a list")
    table: dict[str, list[str]] = {}
    unread = 0
    for row in map(fields.object_of, listed):
        ticker, ident = row.get("symbol"), row.get("id")
        coin: str = ident if type(ident) is str else ""
        unread += type(ticker) is not str or not coin
        if type(ticker) is str and coin not in (ids := table.setdefault(ticker.upper(), [])):
            ids.append(coin)
    if listed and unread == len(listed):
        raise fields.wrong("coins", "a list of coins with id and symbol")
    return table, unread


def ids_of(tickers: Mapping[str, list[str]], ticker: str) -> list[str]:
    """Return the coins that have a ticker, or had it; UnexpectedPayload where one of them cannot be read."""
    ids = list(dict.fromkeys((*tickers.get(ticker, ()), *CLASHING_COINS.get(ticker, ()))))
    if "" in ids:
        raise UnexpectedPayload(f"CoinGecko lists a coin with the ticker {ticker} whose id cannot be read")
    return ids


def only(ids: Sequence[str], ticker: str) -> InstrumentKey:
    if not ids:
        raise UnknownSymbol(f"CoinGecko lists no coin with the ticker {ticker}; search for it by name")
    if len(ids) > 1:
        candidates = [f"CRYPTO:{coin}" for coin in ids]
        more = f" or {len(ids) - 5} more" if len(ids) > 5 else ""
        raise AmbiguousSymbol(
            f"{len(ids)} coins have the ticker {ticker}; use the key of one: {', '.join(candidates[:5])}{more}.",
            candidates,
        )
    key = _key(ids[0])
    if key is None:
        raise UnexpectedPayload(f"CoinGecko's id of {ticker} cannot be part of an instrument key")
    return key


def _key(coin: str) -> InstrumentKey | None:
    try:
        return InstrumentKey("CRYPTO", coin)
    except InvalidInstrument:
        return None


def hits(reply: Reply) -> Listing[CryptoAsset]:
    """Read the coins of a search; the few whose id no key can hold (capitals, blanks) cannot be asked for."""
    found: Any = json_of(reply, dict).get("coins")
    hits = fields.rows(found, "coins", lambda row: _hit(row, reply))
    if hits.errors and not hits and not any(error.id for error in hits.errors):
        raise UnexpectedPayload(hits.errors[0].reason)
    return hits


def _hit(row: fields.Row, reply: Reply) -> CryptoAsset:
    return CryptoAsset(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        key=InstrumentKey("CRYPTO", fields.ident(row, "id")),
        ticker=fields.text(row, "symbol").upper(),
        name=fields.text(row, "name"),
        rank=_rank(row),
    )
