"""Answer Alpaca's market data API: bars by pages, latest quotes, trades and bars, of shares and of coins.
Floor 8: numbers are JSON numbers, a symbol nobody knows is simply absent, and errors are a message without a code.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from starlette.responses import Response

from fin_infra.sandbox.broker import hours
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.refusals import Refused
from fin_infra.sandbox.kernel.reply import json_reply, number
from fin_infra.sandbox.vendors.alpaca import replies
from fin_infra.sandbox.vendors.alpaca.bars import ADJUSTMENTS, Bar, Bars, average, frame
from fin_infra.sandbox.vendors.alpaca.call import Call
from fin_infra.sandbox.vendors.alpaca.reference import CALENDAR_FIRST

DEFAULT_LIMIT, MAX_LIMIT = 1000, 10_000
RECENT = timedelta(minutes=15)
FIRST = datetime.combine(CALENDAR_FIRST, time(0), hours.NEW_YORK)
FEEDS = ("sip", "iex", "delayed_sip", "boats", "overnight", "otc")
_STOCK = re.compile(r"[A-Z0-9]+(?:\.[A-Z]+)?")
_COIN = re.compile(r"[A-Z0-9]+/[A-Z]+")
Json = dict[str, object]
Show = Callable[[Call, Asset], Json | None]
Handler = Callable[[Call], Response]


def routes() -> list[tuple[str, str, Handler]]:
    """Return the paths of the data host: method, path, handler."""
    found: list[tuple[str, str, Handler]] = [
        ("GET", "/v2/stocks/bars", lambda call: _pages(call, _stocks(call), None)),
        ("GET", "/v1beta3/crypto/{loc}/bars", lambda call: _pages(call, _coins(call), None)),
        ("GET", "/v2/stocks/{symbol}/bars", _single_bars),
    ]
    for name, show in (("quotes", _quote), ("trades", _trade), ("bars", _minute)):
        found += [
            ("GET", f"/v2/stocks/{name}/latest", _latest(name, show, _stocks)),
            ("GET", f"/v2/stocks/{{symbol}}/{name}/latest", _single(name.removesuffix("s"), show)),
            ("GET", f"/v1beta3/crypto/{{loc}}/latest/{name}", _latest(name, show, _coins)),
        ]
    return found


def _latest(name: str, show: Show, asked: Callable[[Call], list[str]]) -> Handler:
    def answer(call: Call) -> Response:
        _check_feed(call, newest=call.now)
        assets = [call.assets[symbol] for symbol in asked(call) if symbol in call.assets]
        return json_reply({name: {asset.symbol: found for asset in assets if (found := show(call, asset)) is not None}})

    return answer


def _single(name: str, show: Show) -> Handler:
    def answer(call: Call) -> Response:
        _check_feed(call, newest=call.now)
        [symbol] = _symbols([call.path("symbol")], _STOCK)
        asset = call.assets.get(symbol)
        if asset is None:
            raise Refused(404, None, f"no {name} found for {symbol}")
        return json_reply({"symbol": symbol, name: show(call, asset)})

    return answer


def _single_bars(call: Call) -> Response:
    [symbol] = _symbols([call.path("symbol")], _STOCK)
    return _pages(call, [symbol], symbol)


def _pages(call: Call, asked: list[str], alone: str | None) -> Response:
    """Answer a page of bars: by symbol, then by time, `limit` of them over all symbols."""
    size, order = frame(call.text("timeframe")), call.choice("sort", "asc", "desc")
    adjustment, limit = _adjustment(call), call.whole("limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    start = max(call.instant("start") or hours.opening_after(call.now - timedelta(days=1)).starts, FIRST)
    end = call.instant("end") or call.now - (RECENT if call.broker.sip_is_delayed else timedelta(0))
    _check_feed(call, newest=end)
    bars = Bars(call.vendor.world, call.broker.market.tape, call.now)
    symbol_from, after = _token(call.text("page_token"))
    rows: dict[str, list[Json]] = {}
    token: str | None = None
    count, last = 0, ""
    for symbol in sorted(set(asked)):
        asset = call.assets.get(symbol)
        if asset is None or symbol < symbol_from:
            continue
        found = bars.between(asset, size, start, end, adjustment, newest_first=order == "desc")
        for bar in _beyond(found, after if symbol == symbol_from else None, order):
            if count == limit:
                token = last
                break
            rows.setdefault(symbol, []).append(_bar(bar))
            count, last = count + 1, _page_token(symbol, bar.at)
        if token:
            break
    if alone is not None:
        return json_reply({"bars": rows.get(alone, []), "symbol": alone, "next_page_token": token})
    return json_reply({"bars": rows, "next_page_token": token})


def _beyond(bars: Iterator[Bar], after: datetime | None, order: str) -> Iterator[Bar]:
    for bar in bars:
        if after is None or (bar.at > after if order == "asc" else bar.at < after):
            yield bar


def _page_token(symbol: str, at: datetime) -> str:
    return base64.b64encode(f"{symbol}|{at.isoformat()}".encode()).decode()


def _token(text: str) -> tuple[str, datetime | None]:
    if not text:
        return "", None
    try:
        symbol, _, at = base64.b64decode(text, validate=True).decode().partition("|")
        return symbol, datetime.fromisoformat(at)
    except (binascii.Error, ValueError):
        raise Refused(400, None, "invalid page_token") from None


def _stocks(call: Call) -> list[str]:
    return _symbols(call.words("symbols"), _STOCK)


def _coins(call: Call) -> list[str]:
    return _symbols(call.words("symbols"), _COIN)


def _symbols(given: list[str], shape: re.Pattern[str]) -> list[str]:
    if not given:
        raise Refused(400, None, "symbols is required")
    for symbol in given:
        if not shape.fullmatch(symbol):
            raise Refused(400, None, f"invalid symbol: {symbol}")
    return given


def _adjustment(call: Call) -> str:
    given = call.text("adjustment", "raw").lower()
    if given not in ADJUSTMENTS:
        raise Refused(400, None, f"invalid adjustment: {given}")
    return given


def _check_feed(call: Call, *, newest: datetime) -> None:
    """Refuse SIP data of the last quarter of an hour, where the control plane says that the plan has none."""
    feed = call.text("feed")
    if feed and feed not in FEEDS:
        raise Refused(400, None, f"invalid feed: {feed}")
    is_bars = call.request.url.path.endswith("/bars")
    asks_sip = feed == "sip" or (not feed and is_bars and "/stocks/" in call.request.url.path)
    if call.broker.sip_is_delayed and asks_sip and newest > call.now - RECENT:
        raise Refused(403, None, "subscription does not permit querying recent SIP data")


def _quote(call: Call, asset: Asset) -> Json:
    quote = call.broker.market.tape.quote(asset, call.now)
    shown: Json = {
        "ap": number(quote.ask),
        "as": quote.ask_size,
        "bp": number(quote.bid),
        "bs": quote.bid_size,
        "t": replies.stamp(call.now),
    }
    return shown if asset.is_crypto else {**shown, "ax": "V", "bx": "V", "c": ["R"], "z": "C"}


def _trade(call: Call, asset: Asset) -> Json:
    price = number(call.broker.market.tape.last(asset, call.now))
    shown: Json = {"i": int(call.now.timestamp()), "p": price, "s": 100, "t": replies.stamp(call.now)}
    return {**shown, "tks": "B"} if asset.is_crypto else {**shown, "c": ["@"], "x": "V", "z": "C"}


def _minute(call: Call, asset: Asset) -> Json | None:
    """Return the newest minute; None before a coin was listed."""
    bars = Bars(call.vendor.world, call.broker.market.tape, call.now)
    start = call.now - timedelta(days=7)
    newest = next(bars.between(asset, frame("1Min"), start, call.now, "raw", newest_first=True), None)
    return None if newest is None else _bar(newest)


def _bar(bar: Bar) -> Json:
    return {
        "t": bar.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "o": number(bar.open),
        "h": number(bar.high),
        "l": number(bar.low),
        "c": number(bar.close),
        "v": number(bar.volume),
        "n": int(bar.volume // Decimal(100)) + 1,
        "vw": number(average(bar)),
    }
