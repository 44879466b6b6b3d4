"""Write orders, positions, assets, the account and its activities as Alpaca's trading API writes them.
Floor 8: money and quantities are text; stamps have nanoseconds with trailing zeros cut off, as at the vendor.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from fin_infra.sandbox.broker import history, hours, margin
from fin_infra.sandbox.broker.account import Event
from fin_infra.sandbox.broker.assets import MIN_CRYPTO_NOTIONAL, Asset
from fin_infra.sandbox.broker.book import Deposit, Fill, Position
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.broker.money import CENT, ZERO, plus, ratio, text, times
from fin_infra.sandbox.broker.orders import Order
from fin_infra.sandbox.broker.tape import last_closed, price_increment

INITIAL, MAINTENANCE = Decimal("0.5"), Decimal("0.3")
SIX = Decimal("1e-6")
Json = dict[str, object]


def stamp(at: datetime | None) -> str | None:
    """Return an instant in UTC with up to nine decimals; the last three follow from the first six."""
    if at is None:
        return None
    at = at.astimezone(UTC)
    nanos = at.microsecond * 1000 + (at.microsecond * 137) % 1000
    fraction = f".{nanos:09d}".rstrip("0").rstrip(".")
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def local(at: datetime) -> str:
    """Return an instant with New York's offset."""
    return at.astimezone(hours.NEW_YORK).isoformat()


def order(found: Order, *, nested: bool) -> Json:
    """Return an order; its legs only when `nested`."""
    ticket = found.ticket
    return {
        "id": found.id,
        "client_order_id": found.client_order_id,
        "created_at": stamp(found.created_at),
        "updated_at": stamp(found.updated_at),
        "submitted_at": stamp(found.created_at),
        "filled_at": stamp(found.filled_at),
        "expired_at": stamp(found.expired_at),
        "expires_at": stamp(found.expires_at),
        "canceled_at": stamp(found.canceled_at),
        "failed_at": stamp(found.failed_at),
        "replaced_at": stamp(found.replaced_at),
        "replaced_by": found.replaced_by,
        "replaces": found.replaces,
        "asset_id": ticket.asset.id,
        "symbol": ticket.asset.symbol,
        "asset_class": ticket.asset.kind,
        "notional": text(ticket.notional),
        "qty": text(ticket.qty),
        "filled_qty": text(found.filled_qty),
        "filled_avg_price": text(found.average_price),
        "order_class": ticket.order_class,
        "order_type": ticket.type,
        "type": ticket.type,
        "side": ticket.side,
        "position_intent": found.position_intent,
        "time_in_force": ticket.time_in_force,
        "limit_price": text(ticket.limit_price),
        "stop_price": text(found.stop_price),
        "status": found.status,
        "extended_hours": ticket.extended_hours,
        "legs": [order(leg, nested=False) for leg in found.legs] if nested and found.legs else None,
        "trail_percent": text(ticket.trail_percent),
        "trail_price": text(ticket.trail_price),
        "hwm": text(found.hwm),
        "subtag": None,
        "source": None,
    }


def asset(found: Asset, price: Decimal) -> Json:
    """Return an asset."""
    shown: Json = {
        "id": found.id,
        "class": found.kind,
        "exchange": found.exchange,
        "symbol": found.symbol,
        "name": found.name,
        "status": "active",
        "tradable": found.tradable,
        "marginable": not found.is_crypto and found.tradable,
        "shortable": found.shortable,
        "easy_to_borrow": found.shortable,
        "borrow_status": "easy_to_borrow" if found.shortable else "hard_to_borrow",
        "fractionable": found.fractionable,
        "maintenance_margin_requirement": 100 if found.is_crypto else 30,
        "margin_requirement_long": "100" if found.is_crypto else "30",
        "margin_requirement_short": "100" if found.is_crypto else "30",
        "attributes": [] if found.is_crypto or not found.fractionable else ["fractional_eh_enabled"],
    }
    if found.is_crypto:
        shown["min_order_size"] = text(ratio(MIN_CRYPTO_NOTIONAL, price))
        shown["min_trade_increment"] = "0.000000001"
        shown["price_increment"] = text(price_increment(price))
    return shown


def position(engine: Engine, held: Position, at: datetime) -> Json:
    """Return a position valued at an instant; a short one has negative quantities and values."""
    found, price = held.asset, engine.tape.last(held.asset, at)
    lastday = engine.tape.previous_close(found, at)
    value, cost = times(held.qty, price), held.cost
    profit = plus(value, -cost)
    overnight = history.qty_at(engine.book, found.symbol, last_closed(at).closes)
    kept = min(abs(overnight), abs(held.qty)) * (1 if held.qty > 0 else -1) if overnight * held.qty > 0 else ZERO
    base = plus(times(kept, lastday), times(plus(held.qty, -kept), held.average_price))
    today = plus(value, -base)
    return {
        "asset_id": found.id,
        "symbol": found.position_symbol,
        "exchange": found.exchange,
        "asset_class": found.kind,
        "asset_marginable": not found.is_crypto,
        "avg_entry_price": text(held.average_price.quantize(SIX)),
        "qty": text(held.qty),
        "qty_available": text(engine.available(found.symbol)),
        "side": "long" if held.qty > 0 else "short",
        "market_value": text(value),
        "cost_basis": text(cost),
        "unrealized_pl": text(profit),
        "unrealized_plpc": text(ratio(profit, abs(cost))) if cost else "0",
        "unrealized_intraday_pl": text(today),
        "unrealized_intraday_plpc": text(ratio(today, abs(base))) if base else "0",
        "current_price": text(price),
        "lastday_price": text(lastday),
        "change_today": text(ratio(plus(price, -lastday), lastday)),
    }


def account(engine: Engine, at: datetime) -> Json:
    """Return the account with the key set of 2026-10: nothing of the pattern day trader rule is left."""
    now = margin.standing(engine, at)
    exposed = plus(now.long, -now.short)
    last_session = last_closed(at)
    before = history.worth(engine.book, engine.tape, last_session.closes)
    power = cents(now.power(now.multiplier))
    options = cents(now.cash_power)
    return {
        "id": engine.id,
        "admin_configurations": {},
        "user_configurations": None,
        "account_number": f"PA{engine.id.replace('-', '')[:10].upper()}",
        "status": "ACTIVE",
        "crypto_status": "ACTIVE",
        "options_approved_level": 0,
        "options_trading_level": 0,
        "currency": "USD",
        "buying_power": power,
        "regt_buying_power": cents(now.power(min(now.multiplier, 2))),
        "effective_buying_power": power,
        "non_marginable_buying_power": options,
        "options_buying_power": options,
        "accrued_fees": "0",
        "cash": text(now.cash),
        "portfolio_value": text(now.equity),
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "created_at": stamp(engine.opened),
        "trade_suspended_by_user": engine.settings.suspend_trade,
        "multiplier": str(now.multiplier),
        "shorting_enabled": engine.may_short and not engine.settings.no_shorting and now.multiplier > 1,
        "equity": text(now.equity),
        "last_equity": text(before.equity),
        "long_market_value": text(now.long),
        "short_market_value": text(now.short),
        "position_market_value": text(exposed),
        "initial_margin": text(times(exposed, INITIAL)),
        "maintenance_margin": text(times(exposed, MAINTENANCE)),
        "last_maintenance_margin": "0",
        "sma": "0",
        "intraday_adjustments": "0",
        "pending_reg_taf_fees": "0",
        "balance_asof": last_session.day.isoformat(),
        "crypto_tier": 1,
    }


def cents(amount: Decimal) -> str:
    """Return an amount in whole cents."""
    return str(text(amount.quantize(CENT)))


def activity(entry: Deposit | Fill, ident: str) -> Json:
    """Return a fill or a cash movement; the id starts with New York's wall clock."""
    prefix = f"{entry.at.astimezone(hours.NEW_YORK):%Y%m%d%H%M%S}{entry.at.microsecond // 1000:03d}"
    if isinstance(entry, Deposit):
        return {
            "id": f"{prefix}::{ident}",
            "activity_type": "CSD" if entry.amount > 0 else "CSW",
            "activity_sub_type": "",
            "date": hours.local_day(entry.at).isoformat(),
            "net_amount": text(entry.amount),
            "description": "",
            "status": "executed",
            "group_id": "",
            "currency": "USD",
            "created_at": stamp(entry.at),
        }
    return {
        "id": f"{prefix}::{ident}",
        "activity_type": "FILL",
        "transaction_time": stamp(entry.at),
        "type": "fill" if entry.order_status == "filled" else "partial_fill",
        "price": text(entry.price),
        "qty": text(entry.qty),
        "side": entry.side,
        "symbol": entry.asset.symbol,
        "leaves_qty": text(entry.leaves_qty),
        "cum_qty": text(entry.cum_qty),
        "order_id": entry.order_id,
        "order_status": entry.order_status,
    }


def event(happened: Event) -> Json:
    """Return the data of a trade update."""
    shown: Json = {
        "event": happened.kind,
        "execution_id": happened.id,
        "order": {**order(happened.order, nested=True), "cancel_requested_at": stamp(happened.order.canceled_at)},
        "timestamp": stamp(happened.at),
    }
    if happened.fill is not None:
        shown["price"], shown["qty"] = text(happened.fill.price), text(happened.fill.qty)
        shown["position_qty"] = text(happened.position_qty)
    return shown
