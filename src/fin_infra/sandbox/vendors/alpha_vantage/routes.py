"""Imitate Alpha Vantage's one endpoint: /query?function=..., all values strings, nearly all errors with HTTP 200.
Floor 8: the functions are in `market_data` (candles) and here (quote, search, overview, rates, status).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from difflib import SequenceMatcher
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import csv_reply, html_reply, json_reply
from fin_infra.sandbox.vendors.alpha_vantage import API_KEY
from fin_infra.sandbox.vendors.alpha_vantage.market_data import SERIES, InvalidCall, Premium, wants_csv
from fin_infra.sandbox.world.catalog import COINS, CURRENCIES, LISTINGS, NAMED_COIN_IDS, Listing
from fin_infra.sandbox.world.days import is_open
from fin_infra.sandbox.world.prices import MATH

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.alpha_vantage.vendor import AlphaVantage

FREE_KEY = "SANDBOXFREEKEY000"
DAILY_QUOTA, BURST_GAP_S = 25, 1.0
Params = dict[str, str]

INVALID_KEY = (
    "the parameter apikey is invalid or missing. Please claim your free API key on "
    "(https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds."
)
BURST_NOTE = (
    "Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly "
    "(1 request per second). You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ "
    "to lift the free key rate limit (25 requests per day), raise the per-second burst limit, and instantly unlock "
    "all premium endpoints"
)
PREMIUM_NOTE = (
    "Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the premium plans at "
    "https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints"
)


def quota_note(api_key: str) -> str:
    """Return the daily-quota message, which echoes the key as the vendor's does."""
    return (
        f"We have detected your API key as {api_key} and our standard API rate limit is 25 requests per day. Please "
        "subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to instantly remove all daily "
        "rate limits."
    )


def invalid_call(function: str) -> dict[str, object]:
    """Return the one error that means an unknown symbol or a bad parameter."""
    visit = "Please retry or visit the documentation (https://www.alphavantage.co/documentation/)"
    return {"Error Message": f"Invalid API call. {visit} for {function}."}


def router(vendor: AlphaVantage) -> Router:
    """Return the Alpha Vantage mount."""

    async def query(request: Request) -> Response:
        return _query(vendor, dict(request.query_params))

    return Router([Route("/query", query)], redirect_slashes=False, default=_not_found)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await html_reply("Not Found", 404)(scope, receive, send)


def _query(vendor: AlphaVantage, params: Params) -> Response:
    api_key, name = params.get("apikey", ""), params.get("function", "").upper()
    if api_key not in (API_KEY, FREE_KEY):
        return _json({"Error Message": INVALID_KEY})
    if note := _over_quota(vendor, api_key):
        return _json({"Information": note})
    function = _FUNCTIONS.get(name)
    if function is None:
        return _json({"Error Message": f"This API function ({params.get('function', '')}) does not exist."})
    try:
        return function(vendor, {**params, "function": name, "free": "1" if api_key == FREE_KEY else ""})
    except InvalidCall:
        return _json(invalid_call(name))
    except Premium:
        return _json({"Information": PREMIUM_NOTE})


def _over_quota(vendor: AlphaVantage, api_key: str) -> str | None:
    """Return the quota message when quotas are switched on and one is used up."""
    quota = vendor.quota
    if not quota.enforced:
        return None
    last, quota.last_call_s = quota.last_call_s, time.monotonic()
    if last is not None and quota.last_call_s - last < BURST_GAP_S:
        return BURST_NOTE
    day = vendor.clock.now.astimezone(ZoneInfo("America/New_York")).date()
    quota.calls[day] = quota.calls.get(day, 0) + 1
    return quota_note(api_key) if quota.calls[day] > DAILY_QUOTA else None


def _json(body: object) -> Response:
    return json_reply(body, indent=4)


def _global_quote(vendor: AlphaVantage, params: Params) -> Response:
    if "symbol" not in params:
        raise InvalidCall
    row = LISTINGS.get(params["symbol"].upper())
    if row is None:
        return _json({"Global Quote": {}})
    equities, now = vendor.world.equities, vendor.clock.now
    day = equities.last_session(row, now)
    before = next(d for d in equities.sessions(row, now) if d < day)
    bar, previous = equities.bar(row, day), equities.close(row, before)
    change = bar.close - previous
    percent = MATH.divide(change * 100, previous)
    values = [row.symbol, *(f"{p:.4f}" for p in (bar.open, bar.high, bar.low, bar.close)), str(bar.volume)]
    values += [day.isoformat(), f"{previous:.4f}", f"{change:.4f}", f"{percent:.4f}%"]
    if wants_csv(params):
        return csv_reply("symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent", [values])
    names = ("symbol", "open", "high", "low", "price", "volume", "latest trading day", "previous close")
    numbered = [f"{n:02d}. {name}" for n, name in enumerate((*names, "change", "change percent"), 1)]
    return _json({"Global Quote": dict(zip(numbered, values, strict=True))})


BULK_SYMBOLS = 100
BULK_SAMPLE: dict[str, object] = {
    "endpoint": "Realtime Bulk Quotes",
    "message": (
        "This is a premium endpoint. ***THE SAMPLE DATA SCHEMA BELOW IS ARTIFICIAL AND FOR ILLUSTRATION PURPOSES "
        "ONLY***."
    ),
    "data": [
        {"symbol": symbol, "timestamp": "2024-10-18 19:54:00.879", "close": "232.22", "volume": "1"}
        for symbol in ("MSFT", "AAPL", "IBM")
    ],
}
"""What a key without the batch gets: a refusal beside invented rows, whatever was asked for.

The sentence, the symbols, the stamp and IBM's close are those of REALTIME_BULK_QUOTES_505ed5cc.json of
portfoliotree/alphavantage. Its other figures are not kept here: the two other rows repeat IBM's."""


def _bulk_quotes(vendor: AlphaVantage, params: Params) -> Response:
    """Return up to a hundred US listings; the vendor says nothing about others, so they are left out."""
    if "symbol" not in params:
        raise InvalidCall
    if params["free"]:
        return _json(BULK_SAMPLE)
    equities, now, data = vendor.world.equities, vendor.clock.now, list[dict[str, str]]()
    for symbol in params["symbol"].upper().split(",")[:BULK_SYMBOLS]:
        row = LISTINGS.get(symbol)
        if row is None or row.venue.calendar != "US":
            continue
        day = equities.last_session(row, now)
        before = next(d for d in equities.sessions(row, now) if d < day)
        bar, previous = equities.bar(row, day), equities.close(row, before)
        change = bar.close - previous
        prices = zip(("open", "high", "low", "close"), (bar.open, bar.high, bar.low, bar.close), strict=True)
        data.append(
            {
                "symbol": symbol,
                "timestamp": f"{day} 16:00:00.000",
                **{name: f"{price:.2f}" for name, price in prices},
                "volume": str(bar.volume),
                "previous_close": f"{previous:.2f}",
                "change": f"{change:.2f}",
                "change_percent": f"{MATH.divide(change * 100, previous):.4f}",
            }
        )
    return _json({"endpoint": "Realtime Bulk Quotes", "message": "success", "data": data})


def _symbol_search(_: AlphaVantage, params: Params) -> Response:
    words = params.get("keywords", "").strip().casefold()
    if not words:
        raise InvalidCall
    scored = sorted(
        ((_score(words, row), row) for row in LISTINGS.values()), key=lambda pair: (-pair[0], pair[1].symbol)
    )
    names = ("symbol", "name", "type", "region", "marketOpen", "marketClose", "timezone", "currency", "matchScore")
    rows = [
        [
            r.symbol,
            r.name,
            r.kind,
            r.venue.region,
            r.venue.opens,
            r.venue.closes,
            r.venue.utc,
            r.currency,
            f"{score:.4f}",
        ]
        for score, r in scored[:10]
        if score >= Decimal("0.4")
    ]
    if wants_csv(params):
        return csv_reply(",".join(names), rows)
    keys = [f"{n}. {name}" for n, name in enumerate(names, 1)]
    return _json({"bestMatches": [dict(zip(keys, row, strict=True)) for row in rows]})


def _score(words: str, row: Listing) -> Decimal:
    symbol, name = row.symbol.casefold(), row.name.casefold()
    if words == symbol:
        return Decimal(1)
    root = symbol.partition(".")[0].partition("-")[0]
    if words in (root, name) or name.startswith(words):
        return Decimal("0.8889")
    if words in name or symbol.startswith(words):
        return Decimal("0.7273")
    return Decimal(int(SequenceMatcher(None, words, name).ratio() * 10_000) if len(words) > 3 else 0) / 10_000


def _overview(vendor: AlphaVantage, params: Params) -> Response:
    if "symbol" not in params:
        raise InvalidCall
    row = LISTINGS.get(params["symbol"].upper())
    if row is None or row.kind != "Equity":
        return _json({})
    equities = vendor.world.equities
    sessions = equities.sessions(row, vendor.clock.now)
    bars = [equities.bar(row, day) for day in sessions[:252]]
    price = bars[0].close
    market_value = int(price * row.shares / (100 if row.currency == "GBX" else 1))
    averages = [sum((bar.close for bar in bars[:n]), Decimal(0)) / n for n in (50, 200)]
    yearly = row.dividend * 4
    ex_day = next((day for day in sessions if equities.dividend(row, day)), None)
    return _json(
        {
            "Symbol": row.symbol,
            "AssetType": "Common Stock",
            "Name": row.name,
            "Description": f"{row.name} as the sandbox knows it: a real name with made-up numbers.",
            "CIK": "None",
            "Exchange": row.exchange,
            "Currency": row.currency,
            "Country": "USA" if row.venue.calendar == "US" else row.venue.region,
            "Sector": row.sector,
            "Industry": row.industry,
            "FiscalYearEnd": "December",
            "LatestQuarter": "2026-09-30",
            "MarketCapitalization": str(market_value),
            "EBITDA": str(market_value // 15),
            "PERatio": "21.4" if yearly else "-",
            "DividendPerShare": str(yearly) if yearly else "None",
            "DividendYield": f"{MATH.divide(yearly, price):.4f}" if yearly else "None",
            "EPS": f"{MATH.divide(price, Decimal('21.4')):.2f}" if yearly else "-",
            "Beta": "None",
            "52WeekHigh": f"{max(bar.high for bar in bars):.2f}",
            "52WeekLow": f"{min(bar.low for bar in bars):.2f}",
            "50DayMovingAverage": f"{averages[0]:.2f}",
            "200DayMovingAverage": f"{averages[1]:.2f}",
            "SharesOutstanding": str(row.shares),
            "DividendDate": (ex_day + timedelta(days=30)).isoformat() if ex_day else "None",
            "ExDividendDate": ex_day.isoformat() if ex_day else "None",
        }
    )


def _exchange_rate(vendor: AlphaVantage, params: Params) -> Response:
    base, quote = params.get("from_currency", "").upper(), params.get("to_currency", "").upper()
    (base_name, base_usd), (quote_name, quote_usd) = _usd_value(vendor, base), _usd_value(vendor, quote)
    rate = MATH.divide(base_usd, quote_usd)
    stamp = f"{vendor.clock.now:%Y-%m-%d %H:%M:%S}"
    no_book = base == quote
    values = [base, base_name, quote, quote_name, f"{rate:.8f}", stamp, "UTC"]
    values += ["-", "-"] if no_book else [f"{rate * Decimal('0.9999'):.8f}", f"{rate * Decimal('1.0001'):.8f}"]
    names = ("From_Currency Code", "From_Currency Name", "To_Currency Code", "To_Currency Name", "Exchange Rate")
    keys = [
        f"{n}. {name}" for n, name in enumerate((*names, "Last Refreshed", "Time Zone", "Bid Price", "Ask Price"), 1)
    ]
    return _json({"Realtime Currency Exchange Rate": dict(zip(keys, values, strict=True))})


def _usd_value(vendor: AlphaVantage, code: str) -> tuple[str, Decimal]:
    """Return a currency's or coin's name and its price in US dollars."""
    world, now = vendor.world, vendor.clock.now
    day = world.fx.published_day(now)
    if world.fx.knows(code, day):
        return ("Euro" if code == "EUR" else CURRENCIES[code].name), world.fx.cross(code, "USD", day)
    for coin_id in NAMED_COIN_IDS:
        if COINS[coin_id].symbol.upper() == code and (price := world.crypto.usd(coin_id, now)) is not None:
            return COINS[coin_id].name, price
    raise InvalidCall


_MARKETS = (
    ("United States", "NASDAQ, NYSE, AMEX, BATS", "US", "America/New_York", "09:30", "16:15"),
    ("United Kingdom", "London", "UK", "Europe/London", "08:00", "16:30"),
    ("Germany", "XETRA, Berlin, Frankfurt, Munich, Stuttgart", "DE", "Europe/Berlin", "08:00", "20:00"),
    ("Hong Kong", "Hong Kong", "HK", "Asia/Hong_Kong", "09:30", "16:00"),
)


def _market_status(vendor: AlphaVantage, _: Params) -> Response:
    markets: list[dict[str, str]] = []
    for region, exchanges, calendar, zone, opens, closes in _MARKETS:
        local = vendor.clock.now.astimezone(ZoneInfo(zone))
        live = is_open(calendar, local.date()) and opens <= f"{local:%H:%M}" < closes
        row = {"market_type": "Equity", "region": region, "primary_exchanges": exchanges, "local_open": opens}
        markets.append({**row, "local_close": closes, "current_status": "open" if live else "closed", "notes": ""})
    return _json({"endpoint": "Global Market Open & Close Status", "markets": markets})


_FUNCTIONS: dict[str, Callable[[AlphaVantage, Params], Response]] = {
    "GLOBAL_QUOTE": _global_quote,
    "REALTIME_BULK_QUOTES": _bulk_quotes,
    "SYMBOL_SEARCH": _symbol_search,
    "OVERVIEW": _overview,
    "CURRENCY_EXCHANGE_RATE": _exchange_rate,
    "MARKET_STATUS": _market_status,
    **SERIES,
}
