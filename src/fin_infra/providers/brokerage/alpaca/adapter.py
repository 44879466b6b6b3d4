"""Alpaca: orders, positions and market data in the United States; paper money unless you say otherwise.
Floor 3: the market data lives on a host of its own; live trading has keys and a switch of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import ClassVar, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from fin_infra.errors import AuthenticationFailed, ConfigurationError, InvalidInput, ProviderError, UnexpectedPayload
from fin_infra.flow import PageWalk, Quota, json_of, operation, paged
from fin_infra.flow.client import Param
from fin_infra.model import (
    Adjustment,
    Asset,
    AssetClass,
    BidAsk,
    BrokerAccount,
    BrokerActivity,
    Cancellation,
    Candle,
    CandleSeries,
    InstrumentKey,
    Interval,
    Listing,
    MarketClock,
    MarketDay,
    NewOrder,
    Order,
    OrderChange,
    OrderClass,
    PortfolioHistory,
    Position,
    RowError,
    Trade,
    TradeUpdate,
    Watchlist,
)
from fin_infra.normalize import aware, calendar_day
from fin_infra.providers import fields
from fin_infra.providers.brokerage.alpaca import market_data as data
from fin_infra.providers.brokerage.alpaca import orders, payloads, reference, symbols
from fin_infra.providers.brokerage.alpaca.payloads import KEY, MICROSECOND, stamp
from fin_infra.providers.brokerage.alpaca.refusals import (
    change_refusal,
    order_missing,
    order_refusal,
    refusal,
    symbol_refusal,
)
from fin_infra.providers.brokerage.alpaca.rules import RULES
from fin_infra.providers.info import ProviderInfo
from fin_infra.providers.interfaces.brokerage import BrokerageProvider, OrderFilter
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import Need, ProviderSettings
from fin_infra.transport import Async, AsyncTransport, Flow, M, Page, Pages, Reply, Request, Transport, url_path

# Hosts, paths, statuses and limits are those of Alpaca's OpenAPI documents (trading-api 2.0.1, market-data-api 1.1), in
# https://github.com/alpacahq/alpaca-mcp-server under src/alpaca_mcp_server/specs, where nothing else is said.
PAPER_URL = "https://paper-api.alpaca.markets"
LIVE_URL = "https://api.alpaca.markets"
DATA_URL = "https://data.alpaca.markets"
_PAPER_HOST, _LIVE_HOST = urlsplit(PAPER_URL).hostname, urlsplit(LIVE_URL).hostname
_DATA = "data"
Asked: TypeAlias = dict[str, Param]
"""The parameters of a page; none where there is no page to ask for."""
_FILTERS: Mapping[OrderFilter, str] = {"open": "open", "closed": "closed", "all": "all"}


class Settings(ProviderSettings):
    """Settings of Alpaca. Without `live` everything is paper money; live trading needs keys of its own."""

    model_config = SettingsConfigDict(env_prefix="ALPACA_")
    credentials: ClassVar[tuple[str, ...]] = ("api_key_id", "api_secret_key")
    needs: ClassVar[tuple[Need, ...]] = (
        Need("paper money", ("api_key_id", "api_secret_key")),
        Need("real money", ("live_api_key_id", "live_api_secret_key"), ("live",)),
    )

    api_key_id: SecretStr | None = None
    """The id of a paper key; it begins with PK."""
    api_secret_key: SecretStr | None = None
    live: bool = False
    """Trade with real money."""
    live_api_key_id: SecretStr | None = None
    """The id of a live key; it begins with AK."""
    live_api_secret_key: SecretStr | None = None
    data_url: str | None = None
    """Base URL of the market data; by default Alpaca's, or `base_url` where that is not Alpaca's."""
    feed: Literal["sip", "iex", "delayed_sip", "boats", "overnight", "otc"] | None = None
    """Where prices of shares come from; by default the best that your data plan covers, as Alpaca decides."""
    page_size: int = Field(500, ge=2, le=500)
    """Orders asked for at a time; activities come in hundreds at most. Pages of orders overlap by one instant."""

    def required(self) -> tuple[str, ...]:
        return ("live_api_key_id", "live_api_secret_key") if self.live else self.credentials

    def live_url(self) -> str:
        return LIVE_URL if self.live else PAPER_URL


class Alpaca(BrokerageProvider[M]):
    """One account at Alpaca."""

    info = ProviderInfo(
        provider_key=KEY,
        title="Alpaca",
        settings=Settings,
        live_url=PAPER_URL,
        sandbox_path="/alpaca",
        sandbox={"api_key_id": "PKSANDBOX0000000000", "api_secret_key": "sandbox-alpaca-secret"},
        ping="clock",
        # per account, paper and live alike: Alpaca's support; headers in alpacahq/alpaca-trade-api-csharp#607
        quotas=(Quota(200, 60.0, reserve=20),),
        docs="https://docs.alpaca.markets/",
        signup="https://app.alpaca.markets/signup",
        # https://docs.alpaca.markets/docs/authentication-1: paper, live and correspondents' key ids
        tokens=dict.fromkeys(("PK", "AK", "CK"), r"[A-Z0-9]{14,24}(?![A-Za-z0-9])"),
        notes="Paper money unless ALPACA_LIVE=1, with ALPACA_LIVE_API_KEY_ID and ALPACA_LIVE_API_SECRET_KEY.",
    )
    settings: Settings
    rules = RULES

    def __init__(self, transport: Transport[M], endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        super().__init__(transport, endpoint)

    @classmethod
    def hosts(cls, endpoint: Endpoint) -> Mapping[str, str]:
        given = getattr(endpoint.settings, "data_url", None)
        own = urlsplit(endpoint.base_url).hostname in (_PAPER_HOST, _LIVE_HOST)
        return {_DATA: given or (DATA_URL if own else endpoint.base_url)}

    def configure(self) -> None:
        settings, host = self.settings, urlsplit(self.endpoint.base_url).hostname
        missing = [settings.variable(name) for name in settings.required() if getattr(settings, name) is None]
        if settings.live and missing:
            raise ConfigurationError(
                f"ALPACA_LIVE=1 asks for trading with real money, and {' and '.join(missing)} are not set; set them, "
                "or unset ALPACA_LIVE for paper money."
            )
        if host == _LIVE_HOST and not settings.live:
            raise ConfigurationError(
                f"ALPACA_BASE_URL is Alpaca's live host, where orders cost real money; set ALPACA_LIVE=1 if you mean "
                f"that, or use {PAPER_URL}."
            )
        if host == _PAPER_HOST and settings.live:
            raise ConfigurationError(
                "ALPACA_LIVE=1 asks for real money, and ALPACA_BASE_URL is the paper host; unset one of the two."
            )
        self.is_live = settings.live and self.environment != "sandbox"
        self._key_id = _plain(settings.live_api_key_id if self.is_live else settings.api_key_id)
        self._secret = _plain(settings.live_api_secret_key if self.is_live else settings.api_secret_key)

    def authorize(self, request: Request) -> Request:
        headers = (("APCA-API-KEY-ID", self._key_id), ("APCA-API-SECRET-KEY", self._secret))
        return replace(request, headers=(*request.headers, *headers))

    def refusal(self, reply: Reply) -> ProviderError | None:
        return refusal(reply)

    def advise(self, exc: ProviderError) -> None:
        super().advise(exc)
        if isinstance(exc, AuthenticationFailed) and exc.http_status in (None, 401):
            exc.message += f"; {self._key_advice()}"

    def _key_advice(self) -> str:
        """Say which keys are wanted; the first letters tell paper keys from live ones."""
        if self.is_live:
            names, other = "ALPACA_LIVE_API_KEY_ID and ALPACA_LIVE_API_SECRET_KEY", self._key_id.startswith("PK")
            hint = "this one looks like a paper key (PK...), and ALPACA_LIVE=1 wants a live one" if other else ""
            return hint or f"check {names} against the live keys of your dashboard"
        if self._key_id.startswith("AK"):
            return (
                "this one looks like a live key (AK...), and paper trading wants a paper key (PK...) in "
                "ALPACA_API_KEY_ID; for real money set ALPACA_LIVE=1 and ALPACA_LIVE_API_KEY_ID with its secret"
            )
        return "check ALPACA_API_KEY_ID and ALPACA_API_SECRET_KEY against the paper keys of your dashboard"

    def send_order(self, order: NewOrder, client_order_id: str) -> Flow[Order]:
        body = orders.order_body(order, client_order_id)
        reply = yield from self.request(
            "POST", "/v2/orders", headers=_JSON, content=_encode(body), refusal=order_refusal
        )
        return _own(_order(reply), client_order_id)

    def send_change(self, order_id: str, change: OrderChange, client_order_id: str) -> Flow[Order]:
        body = orders.change_body(change, client_order_id)
        reply = yield from self.request(
            "PATCH", url_path("v2", "orders", order_id), headers=_JSON, content=_encode(body), refusal=change_refusal
        )
        return _own(_order(reply), client_order_id)

    def find_order(self, client_order_id: str) -> Flow[Order]:
        refused = order_missing(client_order_id, refusal, "client order id")
        path, params = "/v2/orders:by_client_order_id", {"client_order_id": client_order_id}
        reply = yield from self.request("GET", path, params=params, refusal=refused)
        return _own(_order(reply), client_order_id)

    @operation
    def account(self) -> Flow[BrokerAccount]:
        reply = yield from self.get("/v2/account")
        return payloads.account(json_of(reply, dict), reply.received_at)

    @operation
    def clock(self) -> Flow[MarketClock]:
        reply = yield from self.get("/v2/clock")
        return reference.clock(json_of(reply, dict))

    @operation
    def calendar(self, *, start: date, end: date) -> Flow[Listing[MarketDay]]:
        if calendar_day(start) >= calendar_day(end):
            raise InvalidInput(f"A calendar needs a start before its end, not {start} to {end}.")
        last = end - timedelta(days=1)
        reply = yield from self.get("/v2/calendar", start=start.isoformat(), end=last.isoformat())
        return fields.rows(
            reply.json(), "calendar", lambda row: reference.market_day(row, reply.received_at), id_field="date"
        )

    @operation
    def assets(self, *, asset_class: AssetClass = AssetClass.EQUITY) -> Flow[Listing[Asset]]:
        """Return the active assets of a class; thousands of rows.

        Coins that are not priced in dollars are left out; what no instrument key can name is in `errors`. Options are
        too many to list: ask `asset` for one.
        """
        word = _CLASSES.get(asset_class)
        if word is None:
            raise InvalidInput("Alpaca lists equities and coins; ask for a single option with `asset`.")
        reply = yield from self.get("/v2/assets", status="active", asset_class=word)
        rows = fields.rows(reply.json(), "assets", lambda row: reference.maybe_asset(row, reply.received_at))
        return Listing((row for row in rows if row is not None), errors=rows.errors)

    @operation
    def asset(self, key: InstrumentKey) -> Flow[Asset]:
        symbol = symbols.write(key)
        path = url_path("v2", "options", "contracts", symbol) if key.is_option else url_path("v2", "assets", symbol)
        reply = yield from self.request("GET", path, refusal=symbol_refusal(str(key)))
        read = reference.contract if key.is_option else reference.asset
        asset = read(json_of(reply, dict), reply.received_at)
        fields.own([asset.key.symbol], [key.symbol], "instrument")
        return asset

    @operation
    def order(self, order_id: str) -> Flow[Order]:
        path, refused = url_path("v2", "orders", order_id), order_missing(order_id, refusal)
        found = _order((yield from self.request("GET", path, params={"nested": "true"}, refusal=refused)))
        fields.own([order_id], [found.id], "order")
        return found

    @paged
    def orders(
        self,
        *,
        status: OrderFilter = "open",
        keys: Sequence[InstrumentKey] = (),
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Pages[Order]:
        if status not in _FILTERS:
            raise InvalidInput(f"{status!r} is not a filter of orders; use open, closed or all.")
        query: Asked = {
            "status": _FILTERS[status],
            "limit": self.settings.page_size,
            "direction": "desc",
            "nested": "true",
            "symbols": ",".join(symbols.write(key) for key in keys) or None,
            "after": None if start is None else stamp(aware(start) - MICROSECOND),
            "until": None if end is None else stamp(aware(end)),
        }
        if status == "open":
            yield from self._open_orders(query, start)
            return
        walk, asked = PageWalk("orders"), query
        while asked:
            page, asked = yield from self._order_page(asked, start, walk)
            yield page

    def _open_orders(self, query: Asked, start: datetime | None) -> Pages[Order]:
        """Yield them as trees, as far as there are any.

        Nested, the vendor's list leaves out the exits whose entry has filled; flat, it has them, but no trees
        (alpacahq/alpaca-trade-api-js#80, #87). From the first page on that has more than simple orders, both are asked.
        """
        walk, asked = PageWalk("orders"), query | {"nested": "false"}
        flat: list[Order] = []
        unread: list[RowError] = []
        since: Asked = {}
        while asked:
            this = asked
            page, asked = yield from self._order_page(asked, start, walk)
            if not since and all(order.order_class is OrderClass.SIMPLE for order in page.items):
                yield page
                continue
            since = since or this
            flat += page.items
            unread += page.errors
        if not since:
            return
        trees: list[Order] = []
        nested, asked = PageWalk("orders"), since | {"nested": "true"}
        while asked:
            page, asked = yield from self._order_page(asked, start, nested)
            trees += page.items
            unread += walk.unread(page.errors)
        ids = {order.id for order in flat}
        found = [tree for tree in trees if tree.id in ids] + walk.fresh(tree for tree in trees if tree.id not in ids)
        yield Page(orders.as_trees(flat, found), unread)

    def _order_page(self, query: Asked, start: datetime | None, walk: PageWalk) -> Flow[tuple[Page[Order], Asked]]:
        """Return a page, and what to ask for the next one: nothing after the last."""
        reply = yield from self.get("/v2/orders", **query)
        body = reply.json()
        read = partial(orders.order_among, str(query["symbols"] or ""), received_at=reply.received_at)
        rows = fields.rows(body, "orders", read)
        fresh = walk.fresh(rows)
        unread = walk.unread(rows.errors)
        page = Page([row for row in fresh if start is None or row.placed_at >= start], unread)
        if len(body) < self.settings.page_size:
            return page, {}
        walk.must_advance([*fresh, *unread])
        # the bound is exclusive and our instants are cut to microseconds, so that the last instant comes again
        return page, query | {"until": walk.next_token(stamp(orders.last_instant(body) + MICROSECOND))}

    @operation
    def cancel_order(self, order_id: str) -> Flow[None]:
        path, refused = url_path("v2", "orders", order_id), order_missing(order_id, change_refusal)
        _done((yield from self.request("DELETE", path, refusal=refused)))

    @operation
    def cancel_orders(self) -> Flow[list[Cancellation]]:
        reply = yield from self.request("DELETE", "/v2/orders")
        return fields.rows(reply.json(), "orders", orders.cancellation)

    @operation
    def positions(self) -> Flow[Listing[Position]]:
        reply = yield from self.get("/v2/positions")
        read = partial(payloads.position, received_at=reply.received_at)
        return fields.rows(reply.json(), "positions", read, id_field="symbol")

    @operation
    def position(self, key: InstrumentKey) -> Flow[Position]:
        symbol = symbols.write(key).replace("/", "")
        reply = yield from self.get(url_path("v2", "positions", symbol))
        found = payloads.position(json_of(reply, dict), reply.received_at)
        fields.own([symbol], [found.symbol_text.replace("/", "")], "instrument")
        return found

    @operation
    def portfolio_history(
        self, *, period: str = "1M", timeframe: str = "1D", start: datetime | None = None, end: datetime | None = None
    ) -> Flow[PortfolioHistory]:
        """Return what the account was worth over time; with both `start` and `end`, `period` does not count.

        `period` is a number and one of D, W, M, A; `timeframe` one of 1Min, 5Min, 15Min, 1H, 1D, finer than a day only
        within the last 30 days.
        """
        reply = yield from self.get(
            "/v2/account/portfolio/history",
            period=None if start is not None and end is not None else period,
            timeframe=timeframe,
            start=None if start is None else stamp(aware(start)),
            end=None if end is None else stamp(aware(end)),
        )
        return payloads.portfolio_history(json_of(reply, dict), reply.received_at)

    @paged
    def activities(
        self, *, types: Sequence[str] = (), start: datetime | None = None, end: datetime | None = None
    ) -> Pages[BrokerActivity]:
        size = min(self.settings.page_size, 100)
        token: str | None = None
        walk = PageWalk("activities")
        while True:
            reply = yield from self.get(
                "/v2/account/activities",
                activity_types=",".join(types) or None,
                after=None if start is None else stamp(aware(start) - MICROSECOND),
                until=None if end is None else stamp(aware(end)),
                direction="desc",
                page_size=size,
                page_token=token,
            )
            body = reply.json()
            rows = fields.rows(body, "activities", partial(payloads.activity, received_at=reply.received_at))
            fresh = walk.fresh(rows)
            yield Page([row for row in fresh if _within(row.at, start, end)], walk.unread(rows.errors))
            if len(body) < size:
                return
            token = walk.next_token(payloads.last_id(body))

    @operation
    def watchlists(self) -> Flow[Listing[Watchlist]]:
        reply = yield from self.get("/v2/watchlists")
        return fields.rows(reply.json(), "watchlists", partial(payloads.watchlist, received_at=reply.received_at))

    @operation
    def watchlist(self, watchlist_id: str) -> Flow[Watchlist]:
        found = _watchlist((yield from self.get(url_path("v2", "watchlists", watchlist_id))))
        fields.own([watchlist_id], [found.id], "watchlist")
        return found

    @operation
    def create_watchlist(self, name: str, keys: Sequence[InstrumentKey]) -> Flow[Watchlist]:
        content = _encode({"name": name, "symbols": [symbols.write(key) for key in keys]})
        return _watchlist((yield from self.request("POST", "/v2/watchlists", headers=_JSON, content=content)))

    @operation
    def update_watchlist(self, watchlist_id: str, *, name: str, keys: Sequence[InstrumentKey]) -> Flow[Watchlist]:
        content = _encode({"name": name, "symbols": [symbols.write(key) for key in keys]})
        path = url_path("v2", "watchlists", watchlist_id)
        found = _watchlist((yield from self.request("PUT", path, headers=_JSON, content=content)))
        fields.own([watchlist_id], [found.id], "watchlist")
        return found

    @operation
    def delete_watchlist(self, watchlist_id: str) -> Flow[None]:
        _done((yield from self.request("DELETE", url_path("v2", "watchlists", watchlist_id))))

    @operation
    def bid_ask(self, key: InstrumentKey) -> Flow[BidAsk]:
        symbol, kind = symbols.write(key), symbols.kind_of(key)
        reply = yield from self._data(key, data.PATHS[kind].quotes, symbols=symbol, feed=self._feed(kind))
        return data.bid_ask(data.latest(json_of(reply, dict), "quotes", symbol, key), key)

    @operation
    def last_trade(self, key: InstrumentKey) -> Flow[Trade]:
        symbol, kind = symbols.write(key), symbols.kind_of(key)
        reply = yield from self._data(key, data.PATHS[kind].trades, symbols=symbol, feed=self._feed(kind))
        return data.trade(data.latest(json_of(reply, dict), "trades", symbol, key), key)

    @operation
    def candles(
        self,
        key: InstrumentKey,
        *,
        interval: Interval = Interval.DAY_1,
        adjustment: Adjustment = Adjustment.RAW,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Flow[CandleSeries]:
        """Return candles oldest first that open from `start` to before `end`; both aware.

        Without `start` these are the newest hundred before `end`. Days, weeks and months open at midnight in New York,
        of coins too. Adjusted prices have dividends and spin-offs worked in as well as splits.

        Raises:
            InvalidInput: an interval or adjustment that Alpaca does not offer for this instrument.
            PermissionDenied: the data plan does not cover the newest 15 minutes.
        """
        symbol, kind = symbols.write(key), symbols.kind_of(key)
        params = data.bars_params(kind, symbol, interval, adjustment, start, end)
        found: Listing[Candle] = Listing()
        path, feed, walk = data.PATHS[kind].bars, self._feed(kind), PageWalk("bars")
        token: str | None = None
        while True:
            reply = yield from self._data(key, path, **params, feed=feed, page_token=token)
            candles, after = data.bars(json_of(reply, dict), symbol)
            found += candles
            found.errors += candles.errors
            if after is None or start is None:
                return data.series(found, key, interval, adjustment, start, end, reply.received_at)
            token = walk.next_token(after)

    async def trade_updates(self: Alpaca[Async], *, since: datetime | None = None) -> AsyncGenerator[TradeUpdate]:
        """Yield what happens to the account's orders as it happens: from now on, or from `since`.

        A lost connection is opened again; then every order that has changed meanwhile is yielded as it is found, with
        the event `caught_up`. An event may come twice: `execution_id` and the order's `updated_at` tell. An event that
        is new to us has the event `unknown`; one whose order cannot be read has no order and a `problem`.

        Args:
            since: the `as_of` of the last update you have, at most 90 days ago. What changed after it comes first.

        Raises:
            AuthenticationFailed: the keys are refused.
            ProviderUnavailable: the first connection cannot be opened. Later ones are tried until you stop.
            MissingExtra: the package `websockets` is not installed.
            ClientClosed: the client was closed; while updates are awaited, with the next one.
        """
        if not isinstance(self.transport, AsyncTransport):  # pyright: ignore[reportUnnecessaryIsInstance]  # untyped users
            raise InvalidInput("Trade updates need an async client: easy_brokerage(mode='async').")
        from fin_infra.providers.brokerage.alpaca.stream import TradeStream

        stream = TradeStream(self, (self._key_id, self._secret), None if since is None else aware(since))
        async with aclosing(stream.updates()) as updates:
            async for update in updates:
                yield update

    def _data(self, key: InstrumentKey, path: str, **params: Param) -> Flow[Reply]:
        return self.request("GET", path, params=params, host=_DATA, refusal=symbol_refusal(str(key)))

    def _feed(self, kind: AssetClass) -> str | None:
        return self.settings.feed if kind is AssetClass.EQUITY else None


_JSON = {"Content-Type": "application/json"}
_CLASSES = {AssetClass.EQUITY: "us_equity", AssetClass.CRYPTO: "crypto"}
_encode = msgspec.json.Encoder().encode


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _order(reply: Reply) -> Order:
    return orders.order(json_of(reply, dict), reply.received_at)


def _own(found: Order, client_order_id: str) -> Order:
    """Make sure that an answer is about the order we asked about."""
    if found.client_order_id != client_order_id:
        raise UnexpectedPayload("the answer is about an order with another client order id")
    return found


def _done(reply: Reply) -> None:
    """Take nothing but 204 for done."""
    if reply.status != 204:
        raise UnexpectedPayload("the answer should be empty, with status 204", http_status=reply.status)


def _watchlist(reply: Reply) -> Watchlist:
    return payloads.watchlist(json_of(reply, dict), reply.received_at)


def _within(at: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    """What has a day only is the vendor's to choose."""
    return at is None or ((start is None or at >= start) and (end is None or at < end))
