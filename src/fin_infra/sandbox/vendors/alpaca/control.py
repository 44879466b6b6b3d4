"""Serve /_sandbox/alpaca: the truth about every account, and what tests may change behind the vendor's back.
Floor 8: what cannot be done raises ValueError with one sentence; nothing is changed then.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import cast

from fin_infra.sandbox.broker import margin
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.book import Deposit, Fill
from fin_infra.sandbox.broker.desk import KEYS, Desk
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.broker.feed import FRAMES
from fin_infra.sandbox.broker.matching import FILLS
from fin_infra.sandbox.broker.money import CENT, plus, text
from fin_infra.sandbox.broker.orders import Order
from fin_infra.sandbox.kernel.state import Sandbox
from fin_infra.sandbox.vendors.alpaca import replies

FIELDS = (
    *("account", "deposit", "cash", "shorting", "assets", "fill", "frames"),
    *("rate_limit", "sip_delayed", "drop_streams", "forget"),
)
ASSET_FLAGS = ("tradable", "fractionable", "shortable")
Json = dict[str, object]


def describe(sandbox: Sandbox) -> Json:
    """Return policies, quotes, and each account's sums, positions, orders and ledger, once the market has caught up."""
    sandbox.desk.catch_up()
    desk = sandbox.desk
    accounts = {key: _account(sandbox, engine) for key, engine in desk.engines.items()}
    return {
        "fill": desk.market.fill,
        "fills": desk.market.fills,
        "frames": desk.feed.frames,
        "rate_limit": desk.rate_limited,
        "sip_delayed": desk.sip_is_delayed,
        "streams": desk.feed.connected(),
        "quotes": {symbol: _quote(sandbox, asset) for symbol, asset in desk.market.assets.items()},
        "accounts": accounts,
        "orders": [{"account": key, **_order(order)} for key, e in desk.engines.items() for order in e.orders.values()],
    }


def _quote(sandbox: Sandbox, asset: Asset) -> Json:
    found = sandbox.desk.market.tape.quote(asset, sandbox.clock.now)
    return {"bid": text(found.bid), "ask": text(found.ask), "last": text(found.last)}


def _account(sandbox: Sandbox, engine: Engine) -> Json:
    now, book = margin.standing(engine, sandbox.clock.now), engine.book
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


def change(sandbox: Sandbox, body: Json) -> Json:
    """Change what the body names and return how things stand."""
    for name in body:
        if name not in FIELDS:
            raise ValueError(f"Unknown field {name!r}; this takes {', '.join(FIELDS)}.")
    sandbox.desk.catch_up()
    if _flag(body, "forget", default=False):
        sandbox.open_desk()
    desk = sandbox.desk
    key = body.get("account", next(iter(KEYS)))
    engine = desk.engines.get(str(key))
    if engine is None:
        raise ValueError(f"There is no account {key!r}; use one of {', '.join(KEYS)}.")
    deposit = _deposit(engine, body)
    fill, frames = _choice(body, "fill", FILLS, desk.market.fill), _choice(body, "frames", FRAMES, desk.feed.frames)
    shorting = _flag(body, "shorting", default=engine.may_short)
    limited = _flag(body, "rate_limit", default=desk.rate_limited)
    delayed = _flag(body, "sip_delayed", default=desk.sip_is_delayed)
    drop = _flag(body, "drop_streams", default=False)
    _assets(desk, body.get("assets", {}))
    if deposit:
        engine.book.deposit(deposit, sandbox.clock.now)
    desk.market.fill, desk.feed.frames, engine.may_short, desk.rate_limited = fill, frames, shorting, limited
    desk.sip_is_delayed = delayed
    if drop:
        desk.feed.drop()
    return describe(sandbox)


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


def _assets(desk: Desk, given: object) -> None:
    """Set flags and fill policies by symbol, all of them or none."""
    if not isinstance(given, dict):
        raise ValueError('`assets` must be an object, for example {"AAPL": {"tradable": false, "fill": "none"}}.')
    assets, fills = dict(desk.market.assets), dict(desk.market.fills)
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
    desk.market.assets, desk.market.fills = assets, fills
