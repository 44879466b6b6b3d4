"""Serve /_sandbox/alpaca: the truth about every account, and what tests may change behind the vendor's back.
Floor 8: what cannot be done raises ValueError with one sentence; nothing is changed then.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, cast

from fin_infra.sandbox.broker import margin
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.book import Deposit, Fill
from fin_infra.sandbox.broker.broker import Broker
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.broker.feed import FRAMES
from fin_infra.sandbox.broker.matching import FILLS
from fin_infra.sandbox.broker.money import CENT, plus, text
from fin_infra.sandbox.broker.orders import Order
from fin_infra.sandbox.vendors.alpaca import replies

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.alpaca.vendor import Alpaca

FIELDS = (
    *("account", "deposit", "cash", "shorting", "assets", "fill", "frames"),
    *("rate_limit", "sip_delayed", "drop_streams", "forget"),
)
ASSET_FLAGS = ("tradable", "fractionable", "shortable")
Json = dict[str, object]


def describe(vendor: Alpaca) -> Json:
    """Return policies, quotes, and each account's sums, positions, orders and ledger, once the market has caught up."""
    vendor.broker.catch_up()
    broker = vendor.broker
    accounts = {api_key: _account(vendor, engine) for api_key, engine in broker.engines.items()}
    return {
        "fill": broker.market.fill,
        "fills": broker.market.fills,
        "frames": broker.feed.frames,
        "rate_limit": broker.rate_limited,
        "sip_delayed": broker.sip_is_delayed,
        "streams": broker.feed.connected(),
        "quotes": {symbol: _quote(vendor, asset) for symbol, asset in broker.market.assets.items()},
        "accounts": accounts,
        "orders": [
            {"account": api_key, **_order(order)}
            for api_key, e in broker.engines.items()
            for order in e.orders.values()
        ],
    }


def _quote(vendor: Alpaca, asset: Asset) -> Json:
    found = vendor.broker.market.tape.quote(asset, vendor.clock.now)
    return {"bid": text(found.bid), "ask": text(found.ask), "last": text(found.last)}


def _account(vendor: Alpaca, engine: Engine) -> Json:
    now, book = margin.standing(engine, vendor.clock.now), engine.book
    return {
        "id": engine.id,
        "cash": text(now.cash),
        "deposits": text(book.deposits),
        "realized": text(book.realized),
        "equity": text(now.equity),
        "reserved": text(plus(now.reserved, now.reserved_coins)),
        "positions": {s: {"qty": text(held.qty), "cost": text(held.cost)} for s, held in book.positions.items()},
        "orders": [_order(order) for order in engine.orders.values()],
        "ledger": [_entry(entry) for entry in book.entries],
    }


def _order(order: Order) -> Json:
    return replies.order(order, nested=False)


def _entry(entry: Deposit | Fill) -> Json:
    if isinstance(entry, Deposit):
        return {"kind": "deposit", "at": replies.stamp(entry.at), "cash": text(entry.amount)}
    return {
        "kind": "fill",
        "at": replies.stamp(entry.at),
        "order_id": entry.order_id,
        "symbol": entry.asset.symbol,
        "side": entry.side,
        "price": text(entry.price),
        "qty": text(entry.qty),
        "cash": text(-entry.amount),
    }


def change(vendor: Alpaca, body: Json) -> Json:
    """Change what the body names and return how things stand."""
    for name in body:
        if name not in FIELDS:
            raise ValueError(f"Unknown field {name!r}; this takes {', '.join(FIELDS)}.")
    vendor.broker.catch_up()
    if _flag(body, "forget", default=False):
        vendor.open_broker()
    broker = vendor.broker
    wanted = body.get("account", next(iter(broker.engines)))
    engine = broker.engines.get(str(wanted))
    if engine is None:
        raise ValueError(f"There is no account {wanted!r}; use one of {', '.join(broker.engines)}.")
    deposit = _deposit(engine, body)
    fill, frames = _choice(body, "fill", FILLS, broker.market.fill), _choice(body, "frames", FRAMES, broker.feed.frames)
    shorting = _flag(body, "shorting", default=engine.may_short)
    limited = _flag(body, "rate_limit", default=broker.rate_limited)
    delayed = _flag(body, "sip_delayed", default=broker.sip_is_delayed)
    drop = _flag(body, "drop_streams", default=False)
    _assets(broker, body.get("assets", {}))
    if deposit:
        engine.book.deposit(deposit, vendor.clock.now)
    broker.market.fill, broker.feed.frames, engine.may_short, broker.rate_limited = fill, frames, shorting, limited
    broker.sip_is_delayed = delayed
    if drop:
        broker.feed.drop()
    return describe(vendor)


def _deposit(engine: Engine, body: Json) -> Decimal:
    """Return what is paid in: `deposit`, negative to take out, or what it takes to have `cash`."""
    if "deposit" in body and "cash" in body:
        raise ValueError("Give either `deposit` or `cash`.")
    name = "cash" if "cash" in body else "deposit"
    given = body.get(name, "0")
    try:
        amount = Decimal(str(given))
        if not amount.is_finite() or amount != amount.quantize(CENT) or abs(amount) > 10**15:
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError(f'`{name}` must be an amount in whole cents, for example "25000.00".') from None
    return plus(amount, -engine.book.cash) if name == "cash" else amount


def _flag(body: Json, name: str, *, default: bool) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be true or false.")
    return value


def _choice(body: Json, name: str, allowed: tuple[str, ...], default: str) -> str:
    value = body.get(name, default)
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {', '.join(allowed)}.")
    return str(value)


def _assets(broker: Broker, given: object) -> None:
    """Set flags and fill policies by symbol, all of them or none."""
    if not isinstance(given, dict):
        raise ValueError('`assets` must be an object, for example {"AAPL": {"tradable": false, "fill": "none"}}.')
    assets, fills = dict(broker.market.assets), dict(broker.market.fills)
    for symbol, raw in cast("Json", given).items():
        if symbol not in assets or not isinstance(raw, dict):
            raise ValueError(f"There is no asset {symbol!r}; list them with GET /alpaca/v2/assets.")
        flags = cast("Json", raw)
        for name in flags:
            if name not in (*ASSET_FLAGS, "fill"):
                raise ValueError(f"Unknown field {name!r} of {symbol}; use {', '.join(ASSET_FLAGS)} or fill.")
        now = assets[symbol]
        assets[symbol] = replace(
            now,
            tradable=_flag(flags, "tradable", default=now.tradable),
            fractionable=_flag(flags, "fractionable", default=now.fractionable),
            shortable=_flag(flags, "shortable", default=now.shortable),
        )
        if "fill" in flags:
            fills[symbol] = _choice(flags, "fill", FILLS, "")
    broker.market.assets, broker.market.fills = assets, fills
