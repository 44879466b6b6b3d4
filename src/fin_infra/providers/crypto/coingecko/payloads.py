"""What CoinGecko answers and what it means: pure functions from replies to records and errors.
Floor 3: numbers come exactly as sent, stamps are unix seconds or milliseconds, and error texts never quote the body."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from fin_infra.errors import (
    AmbiguousSymbol,
    AuthenticationFailed,
    InvalidInput,
    InvalidInstrument,
    InvalidRequest,
    PermissionDenied,
    ProviderError,
    RateLimited,
    UnexpectedPayload,
    UnknownSymbol,
)
from fin_infra.flow import by_status, json_of, retry_after
from fin_infra.model import (
    Adjustment,
    BarError,
    Candle,
    CandleSeries,
    ChartPoint,
    CryptoAsset,
    CryptoPrice,
    InstrumentKey,
    Interval,
    MarketChart,
)
from fin_infra.normalize import from_unix, from_unix_ms
from fin_infra.normalize.tables import CLASHING_COINS
from fin_infra.providers import fields
from fin_infra.providers.bars import impossible
from fin_infra.transport import Reply

KEY = "crypto:coingecko"
LENGTHS = {
    Interval.MIN_30: timedelta(minutes=30),
    Interval.HOUR_4: timedelta(hours=4),
    Interval.DAY_4: timedelta(days=4),
}

ALWAYS_QUOTED = frozenset({"usd", "eur", "gbp", "jpy", "btc", "eth"})
"""Where one of these is missing the coin has no market; any other code may be one that CoinGecko does not quote in."""

GET_KEY = "set COINGECKO_API_KEY to a valid key (https://www.coingecko.com/en/developers/dashboard)"
# https://docs.coingecko.com/docs/errors-and-rate-limits
CODES: Mapping[int, tuple[type[ProviderError], str]] = {
    429: (
        RateLimited,
        "CoinGecko's rate limit is reached; wait, lower COINGECKO_PER_MINUTE, or set COINGECKO_API_KEY for a quota "
        "of your own",
    ),
    1020: (PermissionDenied, "CoinGecko's firewall refuses this network address; try from another network"),
    10002: (AuthenticationFailed, f"CoinGecko misses a key or does not know this one; {GET_KEY}"),
    10005: (
        PermissionDenied,
        "CoinGecko gives this to paying subscribers only; use a paid key with COINGECKO_PLAN=pro",
    ),
    10010: (AuthenticationFailed, "this is a key of CoinGecko's paid plans; set COINGECKO_PLAN=pro"),
    10011: (AuthenticationFailed, "this is a CoinGecko demo key; set COINGECKO_PLAN=demo"),
    10012: (
        PermissionDenied,
        "without a paid plan CoinGecko gives the last 365 days only; ask for a later start, or use a paid key with "
        "COINGECKO_PLAN=pro",
    ),
}
"""CoinGecko's error codes, https://docs.coingecko.com/docs/errors-and-rate-limits."""
TEXTS: Mapping[str, tuple[type[ProviderError], str]] = {
    "coin not found": (
        UnknownSymbol,
        "CoinGecko does not know this coin; search for it and use its id, such as CRYPTO:bitcoin",
    ),
    "invalid vs_currency": (
        InvalidRequest,
        "CoinGecko quotes no prices in this currency; use USD, EUR, BTC or another it supports",
    ),
}
"""Refusals that come without a code."""


def refusal(reply: Reply) -> ProviderError | None:
    """Find the complaint in the body, which CoinGecko also sends with status 200; else the status decides."""
    good = 200 <= reply.status < 300
    if good and (len(reply.content) > 4096 or b'"error' not in reply.content):
        return None
    code, text = _complaint(reply)
    kind, message = CODES.get(code or reply.status, (None, ""))
    if kind is None:
        kind, message = TEXTS.get(text, (None, ""))
    if kind is not None:
        limited = kind is RateLimited
        return kind(
            message,
            retryable=limited,
            retry_after=retry_after(reply) if limited else None,
            vendor_code=str(code) if code else None,
            http_status=reply.status,
        )
    if not good:
        advice = f"CoinGecko does not accept the key; {GET_KEY}" if reply.status == 401 else None
        return by_status(reply, advice, str(code) if code else None)
    if code is None and not text:
        return None
    if code is not None and 400 <= code < 600:
        return by_status(replace(reply, status=code), vendor_code=str(code))
    return UnexpectedPayload(
        "CoinGecko reports an error that it does not document", vendor_code=str(code or "") or None
    )


def _complaint(reply: Reply) -> tuple[int | None, str]:
    """Return the code and the message of an error body: `error_code` stands in one of four places."""
    try:
        body = _object(reply.json())
    except UnexpectedPayload:
        return None, ""
    error: Any = body.get("error")
    objects = (body.get("status"), _object(error).get("status"), error, body)
    codes = [_object(found).get("error_code") for found in objects]
    code = next((code for code in codes if type(code) is int and code), None)
    return code, error.strip().lower() if type(error) is str else ""


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if type(value) is dict else {}


def price_list(reply: Reply, keys: Iterable[InstrumentKey], currency: str) -> Iterable[CryptoPrice]:
    body: dict[str, Any] = json_of(reply, dict)
    keys, vs = list(keys), currency.lower()
    unknown = [str(key) for key in dict.fromkeys(keys) if key.symbol not in body]
    if unknown:
        raise UnknownSymbol(f"CoinGecko does not know {', '.join(unknown)}; search for the id it uses")
    rows = {key: fields.child(body, key.symbol) for key in keys}
    if vs not in ALWAYS_QUOTED and all(vs not in row for row in rows.values()):
        raise InvalidRequest(
            f"CoinGecko gives no {currency} price for {', '.join(map(str, rows))}; use USD or another it quotes"
        )
    silent = [str(key) for key, row in rows.items() if row.get(vs) is None]
    if silent:
        raise UnknownSymbol(f"CoinGecko has no {currency} price for {', '.join(silent)} at present; leave it out")
    return [_price(rows[key], key, currency, reply) for key in keys]


def _price(row: fields.Row, key: InstrumentKey, currency: str, reply: Reply) -> CryptoPrice:
    vs = currency.lower()
    stamp = row.get("last_updated_at")
    return CryptoPrice(
        source=KEY,
        as_of=reply.received_at if stamp is None else _instant(stamp, "last_updated_at"),
        raw=row,
        key=key,
        price=_positive(row, vs),
        currency=currency,
        market_cap=fields.maybe_amount(row, f"{vs}_market_cap"),
        volume_24h=fields.maybe_amount(row, f"{vs}_24h_vol"),
        change_24h_percent=fields.maybe_amount(row, f"{vs}_24h_change"),
    )


def _positive(row: fields.Row, name: str) -> Decimal:
    """Return a price; nought is what dust rounds to, so it stays, but no price is negative."""
    value = fields.amount(row, name)
    if value < 0:
        raise fields.wrong(name, "a price, which is never negative")
    return value


def _instant(stamp: Any, name: str, milliseconds: bool = False) -> datetime:
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


def by_ticker(reply: Reply) -> Mapping[str, list[str]]:
    """Return every id of every ticker: the list is sorted by id, and clones of a coin share its ticker."""
    table: dict[str, list[str]] = {}
    for row in fields.objects(reply.json(), "coins"):
        ids = table.setdefault(fields.text(row, "symbol").upper(), [])
        if (coin := fields.ident(row, "id")) not in ids:
            ids.append(coin)
    return table


def coins_of(tickers: Mapping[str, list[str]], ticker: str) -> list[str]:
    return list(dict.fromkeys((*tickers.get(ticker, ()), *CLASHING_COINS.get(ticker, ()))))


def ranked(ids: list[str], reply: Reply) -> list[str]:
    """Put the coins in the order of the ranks a search gives; those without one keep theirs and come last."""
    ranks = {hit.key.symbol: hit.rank for hit in hits(reply) if hit.rank is not None}
    return sorted(ids, key=lambda coin: ranks.get(coin, sys.maxsize))


def only(ids: list[str], ticker: str) -> InstrumentKey:
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


def candles(reply: Reply, key: InstrumentKey, currency: str, interval: Interval) -> CandleSeries:
    candles: list[Candle] = []
    previous: datetime | None = None
    errors: list[BarError] = []
    rows = _rows(reply.json(), 5, "ohlc")
    for at, row in enumerate(rows):
        close = _instant(row[0], "ohlc", milliseconds=True)
        opened = close - LENGTHS[interval]
        if previous is not None:
            if close <= previous:
                raise fields.wrong("ohlc", "in the order of time, each stamp once")
            opened = max(opened, previous)
        previous = close
        try:
            bar = _candle(opened, row[1:], complete=close - opened == LENGTHS[interval] or at < len(rows) - 1)
            reason = impossible(bar, may_be_zero=True)
        except UnexpectedPayload as exc:
            bar, reason = None, exc.message
        if bar is None or reason is not None:
            errors.append(BarError(stamp=close.isoformat(), detail=reason or ""))
        else:
            candles.append(bar)
    if errors and not candles:
        raise UnexpectedPayload(errors[0].detail)
    return CandleSeries(
        source=KEY,
        as_of=reply.received_at,
        key=key,
        interval=interval,
        adjustment=Adjustment.RAW,
        currency=currency,
        unit=currency,
        candles=tuple(candles),
        errors=tuple(errors),
    )


def _candle(opened: datetime, cells: list[Any], *, complete: bool) -> Candle:
    prices: dict[str, Any] = dict(zip(("open", "high", "low", "close"), cells, strict=True))
    return Candle(
        start=opened,
        open=_positive(prices, "open"),
        high=_positive(prices, "high"),
        low=_positive(prices, "low"),
        close=_positive(prices, "close"),
        complete=complete,
    )


def _rows(items: Any, width: int, name: str) -> list[list[Any]]:
    """Return a list of rows of `width` cells."""
    if type(items) is not list:
        raise fields.wrong(name, f"a list of rows of {width}")
    rows = cast("list[list[Any]]", items)
    if any(type(row) is not list or len(row) != width for row in rows):
        raise fields.wrong(name, f"a list of rows of {width}")
    return rows


def chart(reply: Reply, key: InstrumentKey, currency: str, start: datetime, end: datetime) -> MarketChart:
    body: dict[str, Any] = json_of(reply, dict)
    series = {name: _series(body, name) for name in ("prices", "market_caps", "total_volumes")}
    points = [
        ChartPoint(
            at=at,
            price=_positive(row, "prices"),
            market_cap=fields.maybe_amount(series["market_caps"].get(at, {}), "market_caps"),
            volume=fields.maybe_amount(series["total_volumes"].get(at, {}), "total_volumes"),
        )
        for at, row in sorted(series["prices"].items(), key=lambda item: item[0])
        if start <= at < end
    ]
    return MarketChart(source=KEY, as_of=reply.received_at, raw=body, key=key, currency=currency, points=tuple(points))


def _series(body: fields.Row, name: str) -> dict[datetime, fields.Row]:
    """Return the values of one series by their instants, each under the name of the series."""
    rows = _rows(body.get(name), 2, name)
    found: dict[datetime, fields.Row] = {
        _instant(stamp, name, milliseconds=True): {name: value} for stamp, value in rows
    }
    if len(found) != len(rows):
        raise fields.wrong(name, "a list that has each stamp once")
    return found


def hits(reply: Reply) -> Iterable[CryptoAsset]:
    """Read the coins of a search; the few whose id no key can hold (capitals, blanks) cannot be asked for."""
    for row in fields.children(json_of(reply, dict), "coins"):
        key = _key(fields.ident(row, "id"))
        if key is not None:
            yield CryptoAsset(
                source=KEY,
                as_of=reply.received_at,
                raw=row,
                key=key,
                ticker=fields.text(row, "symbol").upper(),
                name=fields.text(row, "name"),
                rank=_rank(row),
            )
