"""Imitate CoinGecko v3: prices, markets, coin lists, one coin, search, keys and their errors.
Floor 8: charts and candles are in coingecko_charts.py; one mount answers for the demo and the pro host alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import json_reply, number
from fin_infra.sandbox.vendors.coingecko import DEMO_KEY
from fin_infra.sandbox.vendors.coingecko.charts import Charts
from fin_infra.sandbox.vendors.coingecko.market_data import Market, Refused, milliseconds, precision_of, symbol_of
from fin_infra.sandbox.world.catalog import COINS, Coin

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.coingecko.vendor import CoinGecko

PRO_KEY = "CG-sandboxprokey"
PER_PAGE, PER_PAGE_MAX = 100, 250
_CHANGES = {"1h": 1, "24h": 24, "7d": 168, "14d": 336, "30d": 720, "200d": 4800, "1y": 8760}
_ROOTS = "https://www.coingecko.com/en/api/pricing"
KEY_MESSAGES = {
    10002: "API Key Missing. Please make sure you're using the right authentication method. "
    f"For API keys, visit: {_ROOTS}",
    10005: f"This request is limited to PRO API subscribers. Please visit {_ROOTS} to subscribe.",
    10010: "If you are using Pro API key, please change your root URL from api.coingecko.com to pro-api.coingecko.com",
    10011: "If you are using Demo API key, please change your root URL from pro-api.coingecko.com to api.coingecko.com",
}


def status_body(code: int, message: str, stamp: str | None = None) -> dict[str, object]:
    """Return the body of a rate limit or key error."""
    status: dict[str, object] = {"timestamp": stamp} if stamp else {}
    return {"status": {**status, "error_code": code, "error_message": message}}


def router(vendor: CoinGecko) -> Router:
    """Return the CoinGecko mount."""
    api, charts = CoinGeckoApi(vendor), Charts(vendor)
    table: dict[str, Callable[[Request, bool], Response]] = {
        "/ping": api.ping,
        "/simple/price": api.simple_price,
        "/simple/supported_vs_currencies": api.vs_currencies,
        "/coins/list": api.coins_list,
        "/coins/markets": api.coins_markets,
        "/coins/{coin_id}": api.coin,
        "/coins/{coin_id}/market_chart": charts.market_chart,
        "/coins/{coin_id}/market_chart/range": charts.market_chart_range,
        "/coins/{coin_id}/ohlc": charts.ohlc,
        "/coins/{coin_id}/history": charts.history,
        "/search": api.search,
        "/search/trending": api.trending,
        "/global": api.world_totals,
        "/key": api.key_usage,
    }
    routes = [Route(f"/api/v3{path}", _guarded(call)) for path, call in table.items()]
    return Router(routes, redirect_slashes=False, default=_not_found)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await json_reply({"error": "Incorrect path. Please check https://docs.coingecko.com/"}, 404)(scope, receive, send)


def _guarded(call: Callable[[Request, bool], Response]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that checks the key first; the second argument says whether the plan is pro."""

    async def endpoint(request: Request) -> Response:
        pro, refusal = _plan(request)
        if refusal is not None:
            return refusal
        try:
            return call(request, pro)
        except Refused as no:
            return json_reply(no.body, no.status)

    return endpoint


def _plan(request: Request) -> tuple[bool, Response | None]:
    """Return whether the caller is on the pro plan, or the refusal of a wrong key."""
    pro = request.headers.get("x-cg-pro-api-key") or request.query_params.get("x_cg_pro_api_key")
    demo = request.headers.get("x-cg-demo-api-key") or request.query_params.get("x_cg_demo_api_key")
    if pro == PRO_KEY:
        return True, None
    if pro:
        code = 10011 if pro == DEMO_KEY else 10002
        return False, json_reply({"error": status_body(code, KEY_MESSAGES[code])}, 401)
    if demo in (None, "", DEMO_KEY):
        return False, None
    code = 10010 if demo == PRO_KEY else 10002
    return False, json_reply(status_body(code, KEY_MESSAGES[code]), 401)


class CoinGeckoApi(Market):
    """The operations that need no series."""

    def ping(self, _: Request, __: bool) -> Response:
        """Answer the greeting."""
        return json_reply({"gecko_says": "(V3) To the Moon!"})

    def vs_currencies(self, _: Request, __: bool) -> Response:
        """Answer the quote currencies in lower case."""
        return json_reply(self.quotes())

    def key_usage(self, _: Request, pro: bool) -> Response:
        """Answer the plan's usage; paid keys only."""
        if not pro:
            raise Refused(401, status_body(10005, KEY_MESSAGES[10005]))
        usage = {"plan": "Analyst", "rate_limit_request_per_minute": 500, "monthly_call_credit": 500_000}
        return json_reply({**usage, "current_total_monthly_calls": 104, "current_remaining_monthly_calls": 499_896})

    def coins_list(self, request: Request, _: bool) -> Response:
        """Answer every coin sorted by id, active ones unless told otherwise."""
        query, active = request.query_params, request.query_params.get("status", "active") == "active"
        rows: list[dict[str, object]] = []
        for coin in sorted(COINS.values(), key=lambda coin: coin.id):
            if coin.active == active:
                row: dict[str, object] = {"id": coin.id, "symbol": coin.symbol, "name": coin.name}
                if query.get("include_platform") == "true":
                    row["platforms"] = {coin.platform[0]: coin.platform[1]} if coin.platform else {}
                rows.append(row)
        return json_reply(rows)

    def chosen(self, request: Request) -> list[Coin] | None:
        """Return the coins named by ids, names or symbols (in that priority), None when nothing is named."""
        query = request.query_params
        known = [coin for coin in self.by_value() if coin.active]
        if ids := _words(query.get("ids")):
            return [coin for coin in known if coin.id in ids]
        if names := _words(query.get("names")):
            return [coin for coin in known if coin.name.casefold() in names]
        if symbols := _words(query.get("symbols")):
            found = [coin for coin in known if symbol_of(coin) in symbols]
            if query.get("include_tokens", "top") == "all":
                return found
            return list({symbol_of(coin): coin for coin in reversed(found)}.values())[::-1]
        return None

    def simple_price(self, request: Request, _: bool) -> Response:
        """Answer prices by id; unknown ids and quote currencies are silently absent."""
        query = request.query_params
        if not query.get("vs_currencies"):
            raise Refused(422, {"error": "Missing parameter vs_currencies"})
        coins = self.chosen(request)
        if coins is None:
            raise Refused(422, {"error": "Missing parameter ids"})
        precision, body = precision_of(query.get("precision")), dict[str, dict[str, object]]()
        for coin in coins:
            row: dict[str, object] = {}
            for vs in (v for v in _words(query["vs_currencies"]) if v in self.quotes()):
                row.update(self._price_row(coin, vs, precision, request))
            if row and query.get("include_last_updated_at") == "true":
                row["last_updated_at"] = milliseconds(self.tick()) // 1000
            body[coin.id] = row
        return json_reply(body)

    def _price_row(self, coin: Coin, vs: str, precision: str | None, request: Request) -> dict[str, object]:
        price, query = self.price(coin, vs, self.now()), request.query_params
        if price is None:
            return {}
        row: dict[str, object] = {vs: number(self.rounded(price, precision))}
        if query.get("include_market_cap") == "true":
            row[f"{vs}_market_cap"] = number(self.cap(coin, price))
        if query.get("include_24hr_vol") == "true":
            row[f"{vs}_24h_vol"] = number(self.turnover(coin, price))
        if query.get("include_24hr_change") == "true":
            row[f"{vs}_24h_change"] = number(self.change(coin, vs, 24))
        return row

    def coins_markets(self, request: Request, _: bool) -> Response:
        """Answer one page of coins by market value; a short page is the last."""
        query = request.query_params
        vs = query.get("vs_currency", "").lower()
        if not vs:
            raise Refused(422, {"error": "Missing parameter vs_currency"})
        if vs not in self.quotes():
            raise Refused(422, {"error": "invalid vs_currency"})
        coins = self.chosen(request)
        coins = [coin for coin in self.by_value() if coin.active] if coins is None else coins
        coins = _ordered(coins, query.get("order", "market_cap_desc"))
        size = min(_whole(query.get("per_page"), PER_PAGE), PER_PAGE_MAX)
        first = (_whole(query.get("page"), 1) - 1) * size
        changes = [word for word in _words(query.get("price_change_percentage")) if word in _CHANGES]
        precision = precision_of(query.get("precision"))
        return json_reply([self._market_row(coin, vs, changes, precision) for coin in coins[first : first + size]])

    def _market_row(self, coin: Coin, vs: str, changes: list[str], precision: str | None) -> dict[str, object]:
        row = self.market_row(coin, vs, precision)
        for word in changes:
            row[f"price_change_percentage_{word}_in_currency"] = number(self.change(coin, vs, _CHANGES[word]))
        return row

    def coin(self, request: Request, _: bool) -> Response:
        """Answer one coin; market_data is left out when not wanted."""
        coin = self.one(request)
        query, platform = request.query_params, coin.platform
        body: dict[str, object] = {
            "id": coin.id,
            "symbol": coin.symbol,
            "name": coin.name,
            "web_slug": coin.id,
            "asset_platform_id": platform[0] if platform else None,
            "platforms": {platform[0]: platform[1]} if platform else {"": ""},
            "detail_platforms": {
                platform[0] if platform else "": {
                    "decimal_place": 8 if platform and coin.peg == "bitcoin" else 18 if platform else None,
                    "contract_address": platform[1] if platform else "",
                }
            },
            "block_time_in_minutes": 10 if coin.id == "bitcoin" else 0,
            "hashing_algorithm": "SHA-256" if coin.id == "bitcoin" else None,
            "categories": ["Cryptocurrency"],
            "public_notice": None,
            "additional_notices": [],
            "description": {"en": f"{coin.name} as the sandbox knows it: a real name with made-up numbers."},
            "links": {"homepage": ["", "", ""], "repos_url": {"github": [], "bitbucket": []}},
            "image": {size: _image(coin, size) for size in ("thumb", "small", "large")},
            "genesis_date": coin.listed.isoformat(),
            "market_cap_rank": self.rank(coin),
        }
        if query.get("localization", "true") == "true":
            body["localization"] = {"en": coin.name, "de": coin.name}
        if query.get("market_data", "true") == "true":
            body["market_data"] = self.market_data(coin)
        if query.get("tickers", "true") == "true":
            body["tickers"] = []
        body["last_updated"] = _iso(self.tick())
        return json_reply(body)

    def search(self, request: Request, _: bool) -> Response:
        """Answer coins whose id, name or symbol holds the query, by market value; symbols in capitals."""
        wanted = request.query_params.get("query", "").strip().casefold()
        found = [
            c
            for c in self.by_value()
            if c.active and wanted and any(wanted in t for t in (c.id, c.name.casefold(), c.symbol))
        ]
        found.sort(key=lambda coin: wanted not in (coin.id, coin.symbol, coin.name.casefold()))
        return json_reply(
            {
                "coins": [self._hit(coin) for coin in found[:25]],
                "exchanges": [],
                "icos": [],
                "categories": [],
                "nfts": [],
            }
        )

    def _hit(self, coin: Coin) -> dict[str, object]:
        return {
            "id": coin.id,
            "name": coin.name,
            "api_symbol": coin.id,
            "symbol": coin.symbol.upper(),
            "market_cap_rank": self.rank(coin),
            "thumb": _image(coin, "thumb"),
            "large": _image(coin, "large"),
        }

    def trending(self, _: Request, __: bool) -> Response:
        """Answer seven coins; market value is a display string as at the vendor."""
        rows: list[dict[str, object]] = []
        for score, coin in enumerate(self.by_value()[5:12]):
            price = self.price(coin, "usd", self.now()) or Decimal(0)
            data = {"price": number(self.rounded(price, None)), "market_cap": f"${int(self.cap(coin, price) or 0):,}"}
            rows.append({"item": {**self._hit(coin), "slug": coin.id, "score": score, "data": data}})
        return json_reply({"coins": rows, "nfts": [], "categories": []})

    def world_totals(self, _: Request, __: bool) -> Response:
        """Answer the sum of all market values."""
        total = sum(
            (self.cap(c, p) or Decimal(0) for c in COINS.values() if (p := self.price(c, "usd", self.now()))),
            Decimal(0),
        )
        data: dict[str, object] = {"active_cryptocurrencies": sum(coin.active for coin in COINS.values()), "markets": 1}
        data["total_market_cap"] = {"usd": number(total)}
        data["updated_at"] = milliseconds(self.tick()) // 1000
        return json_reply({"data": data})


def _words(text: str | None) -> list[str]:
    return list(dict.fromkeys(word.strip().casefold() for word in (text or "").split(",") if word.strip()))


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0 else default


def _ordered(coins: list[Coin], order: str) -> list[Coin]:
    if order in ("id_asc", "id_desc"):
        return sorted(coins, key=lambda coin: coin.id, reverse=order == "id_desc")
    return coins[::-1] if order == "market_cap_asc" else coins


def _image(coin: Coin, size: str) -> str:
    return f"https://assets.coingecko.com/coins/images/0/{size}/{coin.id}.png"


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
