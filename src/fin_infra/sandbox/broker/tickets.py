"""Read an order request and refuse what breaks a rule that needs no account: types, prices, times in force, groups.
Floor 8: numbers come as JSON numbers or as text; every rule is a row of a table or a short function named after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import cast

from fin_infra.sandbox.broker.assets import MIN_CRYPTO_NOTIONAL, Asset
from fin_infra.sandbox.broker.money import CENT
from fin_infra.sandbox.broker.orders import BUY, SELL, Exit, Ticket
from fin_infra.sandbox.broker.refusals import forbidden, invalid, unprocessable

DAY_OR_GTC = ("day", "gtc")
TIMES: dict[str, tuple[str, ...]] = {
    "market": ("day", "gtc", "opg", "cls", "ioc", "fok"),
    "limit": ("day", "gtc", "opg", "cls", "ioc", "fok"),
    "stop": DAY_OR_GTC,
    "stop_limit": DAY_OR_GTC,
    "trailing_stop": DAY_OR_GTC,
}
CRYPTO_TYPES, CRYPTO_TIMES = ("market", "limit", "stop_limit"), ("gtc", "ioc")
CLASSES = ("", "simple", "bracket", "oco", "oto")
# per type: the prices it needs, and how the vendor says so
NEEDS: dict[str, tuple[tuple[str, ...], str]] = {
    "market": ((), "market orders require no limit or stop price"),
    "limit": (("limit_price",), "limit orders require limit price"),
    "stop": (("stop_price",), "stop orders require stop price"),
    "stop_limit": (("limit_price", "stop_price"), "stop limit orders require both stop and limit price"),
    "trailing_stop": ((), "trailing stop orders require no limit or stop price"),
}
MAX_ID, MAX_PLACES, MAX_NOTIONAL_PLACES, MAX_DIGITS = 128, 9, 2, 36


def number(body: Mapping[str, object], name: str) -> Decimal | None:
    """Return a positive number that came as a JSON number or as text, None when it is absent."""
    raw = body.get(name)
    if raw is None or raw == "":
        return None
    try:
        value = Decimal(str(raw)) if isinstance(raw, str | int | Decimal) and not isinstance(raw, bool) else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite() or abs(value.adjusted()) > 18 or _digits(value) > MAX_DIGITS:
        raise invalid(f"{name} must be a number")
    if value <= 0:
        raise invalid(f"{name} must be > 0")
    return value


def word(body: Mapping[str, object], name: str, default: str = "") -> str:
    """Return text from the request, `default` when it is absent."""
    raw = body.get(name)
    if raw is None:
        return default
    if not isinstance(raw, str):
        raise invalid(f"{name} must be a string")
    return raw


def flag(raw: object, name: str) -> bool:
    """Return a boolean that came as JSON or as text in any case, False when it is absent."""
    if isinstance(raw, bool):
        return raw
    found = str(raw or "false").lower()
    if found not in ("true", "false"):
        raise invalid(f"{name} must be true or false")
    return found == "true"


def ticket(body: Mapping[str, object], assets: Mapping[str, Asset]) -> Ticket:
    """Return what the body asks for; Refused with the vendor's words when it breaks a rule."""
    symbol = word(body, "symbol")
    if not symbol:
        raise invalid("symbol is required")
    if word(body, "order_class") == "mleg":
        raise unprocessable("mleg orders are for options, which this account cannot trade")
    asset = find(symbol, assets)
    made = Ticket(
        asset=asset,
        side=word(body, "side"),
        type=word(body, "type"),
        time_in_force=word(body, "time_in_force"),
        qty=number(body, "qty"),
        notional=number(body, "notional"),
        limit_price=number(body, "limit_price"),
        stop_price=number(body, "stop_price"),
        trail_price=number(body, "trail_price"),
        trail_percent=number(body, "trail_percent"),
        extended_hours=flag(body.get("extended_hours"), "extended_hours"),
        client_order_id=word(body, "client_order_id") or None,
        order_class=word(body, "order_class"),
        take_profit=_exit(body, "take_profit"),
        stop_loss=_exit(body, "stop_loss"),
    )
    made = replace(made, order_class="" if made.order_class == "simple" else made.order_class)
    check(made)
    if made.order_class == "oco" and made.take_profit:  # the order itself is the exit that takes the profit
        made = replace(made, limit_price=made.take_profit.limit_price, take_profit=None)
    return made


def find(symbol: str, assets: Mapping[str, Asset]) -> Asset:
    """Return the asset of a symbol, a coin's without its slash included."""
    asset = assets.get(symbol) or next(
        (a for a in assets.values() if a.is_crypto and a.position_symbol == symbol), None
    )
    if asset is None:
        raise unprocessable(f'asset "{symbol}" not found')
    return asset


def _exit(body: Mapping[str, object], name: str) -> Exit | None:
    raw = body.get(name)
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise invalid(f"{name} must be an object")
    fields = cast("dict[str, object]", raw)
    found = Exit(limit_price=number(fields, "limit_price"), stop_price=number(fields, "stop_price"))
    needed = "limit_price" if name == "take_profit" else "stop_price"
    if getattr(found, needed) is None:
        raise invalid(f"{name}.{needed} is required")
    return replace(found, stop_price=None) if name == "take_profit" else found


def check(ticket: Ticket) -> None:
    """Refuse a ticket that breaks a rule; the order of the rules is the order in which they are reported."""
    _words(ticket)
    _size(ticket)
    _prices(ticket)
    _asset(ticket)
    _fractional(ticket)
    _extended(ticket)
    _group(ticket)


def _words(ticket: Ticket) -> None:
    if ticket.side not in (BUY, SELL):
        raise invalid("invalid side")
    if ticket.type not in TIMES:
        raise invalid("invalid order type")
    if ticket.time_in_force not in TIMES["market"]:
        raise invalid("invalid time_in_force")
    if ticket.order_class not in CLASSES:
        raise invalid("invalid order_class")
    if ticket.client_order_id is not None and len(ticket.client_order_id) > MAX_ID:
        raise invalid(f"client_order_id must be no more than {MAX_ID} characters")
    if ticket.asset.is_crypto:
        if ticket.type not in CRYPTO_TYPES:
            raise unprocessable("invalid order type for crypto order")
        if ticket.time_in_force not in CRYPTO_TIMES:
            raise unprocessable("invalid crypto time_in_force")
    elif ticket.time_in_force not in TIMES[ticket.type]:
        raise unprocessable(f"time_in_force {ticket.time_in_force} is not valid for {ticket.type} orders")


def _size(ticket: Ticket) -> None:
    if ticket.qty is not None and ticket.notional is not None:
        raise invalid("only one of qty or notional is accepted")
    if ticket.qty is None and ticket.notional is None:
        raise invalid("qty or notional is required")
    if ticket.qty is not None and places(ticket.qty) > MAX_PLACES:
        raise invalid(f"qty is limited to {MAX_PLACES} decimal places")
    if ticket.notional is not None and places(ticket.notional) > MAX_NOTIONAL_PLACES:
        raise unprocessable("notional increment does not fulfill minimum pricing criteria")


def _prices(ticket: Ticket) -> None:
    needed, message = NEEDS[ticket.type]
    for name in ("limit_price", "stop_price"):
        if (getattr(ticket, name) is None) is (name in needed) and not (ticket.order_class == "oco" and name in needed):
            raise invalid(message)
    trails = [value for value in (ticket.trail_price, ticket.trail_percent) if value is not None]
    if ticket.type == "trailing_stop" and len(trails) != 1:
        raise invalid("trailing stop orders must specify one of trail_price or trail_percent")
    if ticket.type != "trailing_stop" and trails:
        raise invalid("trail_price and trail_percent are only accepted with trailing stop orders")
    if ticket.trail_percent is not None and ticket.trail_percent >= 100:
        raise invalid("trail_percent must be < 100")
    given = {"limit_price": ticket.limit_price, "stop_price": ticket.stop_price, "trail_price": ticket.trail_price}
    if ticket.take_profit:
        given["take_profit.limit_price"] = ticket.take_profit.limit_price
    if ticket.stop_loss:
        given["stop_loss.stop_price"] = ticket.stop_loss.stop_price
        given["stop_loss.limit_price"] = ticket.stop_loss.limit_price
    if not ticket.asset.is_crypto:
        for name, price in given.items():
            tick(name, price)


def tick(name: str, price: Decimal | None) -> None:
    """Refuse a price finer than a cent from a dollar on, or than a hundredth of a cent below."""
    if price is not None and places(price) > (2 if price >= 1 else 4):
        raise unprocessable(f"invalid {name} {price:f}. sub-penny increment does not fulfill minimum pricing criteria")


def places(value: Decimal) -> int:
    """Return how many decimals a number has, trailing zeros left out."""
    exponent = value.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _digits(value: Decimal) -> int:
    return len(value.as_tuple().digits)


def _asset(ticket: Ticket) -> None:
    asset = ticket.asset
    if not asset.tradable:
        raise unprocessable(f'asset "{asset.symbol}" is not tradable')
    if ticket.is_fractional and not asset.fractionable:
        raise forbidden(f'asset "{asset.symbol}" is not fractionable')
    least = MIN_CRYPTO_NOTIONAL if asset.is_crypto else Decimal(1)
    if ticket.notional is not None and ticket.notional < least:
        raise forbidden(f"cost basis must be >= minimal amount of order {least}")


def _fractional(ticket: Ticket) -> None:
    if not ticket.is_fractional or ticket.asset.is_crypto:
        return
    if ticket.order_class:
        raise unprocessable("fractional orders must be simple orders")
    if ticket.time_in_force != "day":
        raise unprocessable("fractional orders must be DAY orders")
    if ticket.type == "trailing_stop":
        raise unprocessable("fractional orders must not be trailing stop orders")


def _extended(ticket: Ticket) -> None:
    if not ticket.extended_hours or ticket.asset.is_crypto:
        return
    if ticket.type != "limit" or ticket.time_in_force not in DAY_OR_GTC or ticket.order_class:
        raise unprocessable("extended hours order must be DAY limit orders")


def _group(ticket: Ticket) -> None:
    name, profit, loss = ticket.order_class, ticket.take_profit, ticket.stop_loss
    if not name:
        if profit or loss:
            raise invalid("take_profit and stop_loss are only accepted with complex orders")
        return
    if ticket.asset.is_crypto:
        raise unprocessable("crypto orders must be simple orders")
    if ticket.time_in_force not in DAY_OR_GTC:
        raise unprocessable(f"{name} orders must be DAY or GTC orders")
    if ticket.type == "trailing_stop" or (name == "oco" and ticket.type != "limit"):
        raise unprocessable(
            "oco orders must be limit orders" if name == "oco" else f"{name} orders must not be trailing"
        )
    if name == "oto":
        if (profit is None) is (loss is None):
            raise unprocessable("oto orders require either take_profit or stop_loss")
    elif profit is None and not (name == "oco" and ticket.limit_price is not None):
        raise unprocessable(f"{name} orders require take_profit.limit_price")
    elif loss is None:
        raise unprocessable(f"{name} orders require stop_loss.stop_price")
    _exit_prices(ticket)


def _exit_prices(ticket: Ticket) -> None:
    """Refuse exits on the wrong side of each other; of an OCO order the sides are those of an exit."""
    exit_sells = (ticket.side == BUY) is (ticket.order_class != "oco")
    profit = (
        ticket.take_profit.limit_price
        if ticket.take_profit
        else ticket.limit_price
        if ticket.order_class == "oco"
        else None
    )
    loss = ticket.stop_loss.stop_price if ticket.stop_loss else None
    if profit is not None and loss is not None:
        if exit_sells and profit <= loss:
            raise unprocessable("take_profit.limit_price must be > stop_loss.stop_price")
        if not exit_sells and profit >= loss:
            raise unprocessable("take_profit.limit_price must be < stop_loss.stop_price")


def check_base(ticket: Ticket, last: Decimal) -> None:
    """Refuse a stop loss that is not at least a cent beyond the entry: its limit, its stop or the last price."""
    if ticket.stop_loss is None or ticket.stop_loss.stop_price is None:
        return
    base = last if ticket.order_class == "oco" else ticket.limit_price or ticket.stop_price or last
    exit_sells = (ticket.side == BUY) is (ticket.order_class != "oco")
    if exit_sells and ticket.stop_loss.stop_price > base - CENT:
        raise unprocessable("stop_loss.stop_price must be <= base_price - 0.01", base_price=f"{base:f}")
    if not exit_sells and ticket.stop_loss.stop_price < base + CENT:
        raise unprocessable("stop_loss.stop_price must be >= base_price + 0.01", base_price=f"{base:f}")
