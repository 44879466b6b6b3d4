"""Pre-trade checks: rules over an order and what is known around it; all that fail are reported at once.
Floor 2: pure; each rule returns the sentence that says what is wrong, or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fin_infra.calendars import calendar
from fin_infra.calendars.sessions import Session
from fin_infra.errors import BeyondCalendar, OrderChecksFailed, UnknownCalendar
from fin_infra.model import (
    Asset,
    BidAsk,
    BrokerAccount,
    MarketClock,
    NewOrder,
    OrderClass,
    OrderType,
    Position,
    Side,
    TimeInForce,
)
from fin_infra.trading.history import MARKET_ZONE
from fin_infra.trading.limits import TradingLimits
from fin_infra.trading.matrix import VenueRules

MARKET_COLLAR = Decimal("1.04")
"""A market buy is counted at the offer and up to 4 percent more, as brokers hold buying power for it."""
CONTRACT_UNITS = 100
"""How many shares an option contract is on; its price is for one of them."""
EXTENDED_OPEN = time(4)
EXTENDED_AFTER_CLOSE = timedelta(hours=4)
"""Extended hours at US brokers: from 4:00 in New York until four hours after the close, which may be early."""
_STOPS = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})
_LIMITS = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_WORDS: Mapping[str, type[StrEnum]] = {
    "side": Side,
    "type": OrderType,
    "time_in_force": TimeInForce,
    "order_class": OrderClass,
}
_SIZES = ("quantity", "notional")
_PRICES = ("limit_price", "stop_price", "take_profit", "stop_loss", "stop_loss_limit")
_TRAILS = ("trail_price", "trail_percent")
_DIGITS = 28
"""How many digits a number may have; Decimal computes with as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the rules look at. `queue` allows an order to wait for the market to open."""

    limits: TradingLimits
    rules: VenueRules
    account: BrokerAccount
    clock: MarketClock
    asset: Asset | None
    """None where the broker does not know the instrument."""
    quote: BidAsk | None
    position: Position | None
    queue: bool = False
    calendar: str = "XNYS"

    @property
    def now(self) -> datetime:
        return self.clock.as_of


Rule = Callable[[NewOrder, Context], str | None]


def check(order: NewOrder, context: Context) -> list[tuple[str, str]]:
    """Return the rules that fail, each with its sentence, in the order of `RULES`.

    Of an order whose terms cannot be read, as NaN cannot, only that is said: the other rules compute with them.
    """
    unreadable = _terms(order, context)
    if unreadable is not None:
        return [("terms", unreadable)]
    found = ((name, rule(order, context)) for name, rule in RULES.items())
    return [(name, sentence) for name, sentence in found if sentence is not None]


def estimate(order: NewOrder, quote: BidAsk | None) -> Decimal | None:
    """Return what an order is worth at most, or None where no price is known."""
    if _unreadable(order) is not None:
        return None
    if order.notional is not None:
        return order.notional
    price = _price(order, quote)
    if price is None or order.quantity is None:
        return None
    return order.quantity * price * (CONTRACT_UNITS if order.key.is_option else 1)


def raise_failures(failures: Sequence[tuple[str, str]]) -> None:
    if failures:
        raise OrderChecksFailed(failures)


def _price(order: NewOrder, quote: BidAsk | None) -> Decimal | None:
    """Return the price an order may be filled at, and if anything a dearer one."""
    bid, ask = (None, None) if quote is None else (quote.bid, quote.ask)
    limit = _limit(order)
    if order.type in _LIMITS:
        if limit is None or order.side is Side.BUY or bid is None:
            return limit
        return max(limit, bid)
    if order.type in _STOPS and order.stop_price is not None:
        return order.stop_price * MARKET_COLLAR if order.side is Side.BUY else order.stop_price
    if order.side is Side.SELL:
        return bid
    return None if ask is None else _trailed(order, ask) * MARKET_COLLAR


def _trailed(order: NewOrder, ask: Decimal) -> Decimal:
    """A trailing stop to buy begins above the offer, and only falls from there."""
    return ask + (order.trail_price or Decimal(0)) + ask * (order.trail_percent or Decimal(0)) / 100


def _limit(order: NewOrder) -> Decimal | None:
    """The limit of an OCO is its take-profit."""
    return order.take_profit if order.order_class is OrderClass.OCO else order.limit_price


def _terms(order: NewOrder, context: Context) -> str | None:
    return _unreadable(order)


def _unreadable(order: NewOrder) -> str | None:
    """Callers without a type checker are told what is wrong, too."""
    for name, kind in _WORDS.items():
        if not isinstance(getattr(order, name), kind):
            return f"The {name} of an order is a {kind.__name__}, such as {kind.__name__}.{next(iter(kind)).name}."
    for name in (*_SIZES, *_PRICES, *_TRAILS):
        value = getattr(order, name)
        if value is not None and not _is_number(value):
            return f'The {name} is no number to trade with; give a Decimal such as Decimal("1.5").'
    return None


def _is_number(value: Any) -> bool:
    if type(value) is not Decimal or not value.is_finite():
        return False
    return len(value.as_tuple().digits) <= _DIGITS and abs(value.adjusted()) <= _DIGITS // 2


def _halted(order: NewOrder, context: Context) -> str | None:
    if context.limits.halted():
        return "Trading is halted; clear FIN_INFRA_TRADING_HALT, or remove the file of FIN_INFRA_TRADING_HALT_FILE."
    return None


def _allowed(order: NewOrder, context: Context) -> str | None:
    names = {str(order.key), order.key.symbol}
    if context.limits.allow and not names & context.limits.allow:
        return f"{order.key} is not on the list of FIN_INFRA_TRADING_ALLOW."
    if names & context.limits.deny:
        return f"{order.key} is on the list of FIN_INFRA_TRADING_DENY."
    return None


def _account(order: NewOrder, context: Context) -> str | None:
    if not context.account.can_trade:
        return "The broker has blocked trading in this account; sign in there to see why."
    if order.currency != context.account.currency:
        return f"The order is in {order.currency} and the account in {context.account.currency}; trade in its currency."
    return None


def _known(order: NewOrder, context: Context) -> str | None:
    if context.asset is None:
        return f"The broker does not know {order.key}; look the symbol up first."
    if not (context.asset.active and context.asset.tradable):
        return f"{order.key} cannot be traded at this broker at the moment."
    return None


def _size(order: NewOrder, context: Context) -> str | None:
    if (order.quantity is None) == (order.notional is None):
        return "Give either a quantity or a notional, not both and not neither."
    size = order.quantity if order.quantity is not None else order.notional
    if size is None or size <= 0:
        return "Quantity or notional must be a positive number."
    if decimals(size) > context.rules.decimals:
        return f"Quantity or notional may have at most {context.rules.decimals} decimal places here."
    if order.notional is not None and order.notional < context.rules.min_notional:
        return f"The smallest notional here is {context.rules.min_notional}."
    return None


def _matrix(order: NewOrder, context: Context) -> str | None:
    times = context.rules.times.get(order.type)
    if times is None:
        return f"Orders of type {order.type} are not taken for this kind of instrument."
    if order.time_in_force not in times:
        taken = ", ".join(sorted(times))
        return f"A {order.type} order cannot be {order.time_in_force} here; use one of {taken}."
    if order.extended_hours and not context.rules.extended:
        return "This kind of instrument has no extended hours."
    if order.extended_hours and (order.type, order.time_in_force) not in context.rules.extended:
        return "Extended hours take limit orders with day or gtc only."
    return None


def _prices(order: NewOrder, context: Context) -> str | None:
    """Which prices an order type needs and which it cannot have."""
    needs_limit = order.type in _LIMITS and order.order_class is not OrderClass.OCO
    if needs_limit != (order.limit_price is not None):
        return f"A {order.type} order {'needs' if needs_limit else 'has no'} limit price."
    needs_stop = order.type in _STOPS
    if needs_stop != (order.stop_price is not None):
        return f"A {order.type} order {'needs' if needs_stop else 'has no'} stop price."
    trails = [value for value in (order.trail_price, order.trail_percent) if value is not None]
    if len(trails) != (order.type is OrderType.TRAILING_STOP):
        return "A trailing stop needs either a trail price or a trail percent; other orders have neither."
    if any(value <= 0 for value in (*trails, *_all_prices(order))):
        return "Prices and trails must be positive numbers."
    return None


def _ticks(order: NewOrder, context: Context) -> str | None:
    if not context.rules.ticks:
        return None
    for price in _all_prices(order):
        if decimals(price) > (2 if price >= 1 else 4):
            return f"The price {price} is finer than the tick: two decimals from 1.00 up, four below (sub-penny rule)."
    return None


def _legs(order: NewOrder, context: Context) -> str | None:
    kind, profit, stop = order.order_class, order.take_profit, order.stop_loss
    if kind not in context.rules.classes:
        return f"Orders of class {kind} are not taken for this kind of instrument."
    if kind is OrderClass.SIMPLE:
        bare = profit is stop is order.stop_loss_limit is None
        return None if bare else "A simple order has no take-profit and no stop-loss; use a bracket."
    if kind is OrderClass.OTO and (profit is None) == (stop is None):
        return "An oto order has either a take-profit or a stop-loss."
    if kind in (OrderClass.BRACKET, OrderClass.OCO) and (profit is None or stop is None):
        return f"An order of class {kind} needs a take-profit and a stop-loss."
    if kind is OrderClass.OCO and order.type is not OrderType.LIMIT:
        return "An oco order is a limit order; its limit is the take-profit."
    if order.time_in_force not in (TimeInForce.DAY, TimeInForce.GTC) or order.extended_hours:
        return f"An order of class {kind} is day or gtc, in regular hours."
    return _leg_sides(order, context)


def _leg_sides(order: NewOrder, context: Context) -> str | None:
    """The take-profit lies on the winning side of the stop-loss, both around the entry."""
    profit, stop, limit = order.take_profit, order.stop_loss, order.stop_loss_limit
    exits = order.side if order.order_class is OrderClass.OCO else _other(order.side)
    sign = 1 if exits is Side.SELL else -1
    if profit is not None and stop is not None and (profit - stop) * sign <= 0:
        return f"For an exit by {exits} the take-profit must be {'above' if sign > 0 else 'below'} the stop-loss."
    if limit is not None and (stop is None or (limit - stop) * sign > 0):
        return "The stop-loss's limit must not be better than its stop price."
    entry = _entry(order, context.quote)
    if entry is not None and stop is not None and (entry - stop) * sign < Decimal("0.01"):
        return "The stop-loss must be at least 0.01 on the losing side of the entry price."
    if entry is not None and profit is not None and (profit - entry) * sign <= 0:
        return "The take-profit must be on the winning side of the entry price."
    return None


def _entry(order: NewOrder, quote: BidAsk | None) -> Decimal | None:
    """Return about where legs are entered; an OCO has nothing to enter."""
    if order.order_class is OrderClass.OCO:
        return None
    market = None if quote is None else quote.ask if order.side is Side.BUY else quote.bid
    return order.limit_price or order.stop_price or market


def _fractional(order: NewOrder, context: Context) -> str | None:
    whole = order.quantity is not None and order.quantity == order.quantity.to_integral_value()
    if whole or (order.quantity is None and order.notional is None):
        return None
    if context.asset is not None and not context.asset.fractionable:
        return f"{order.key} cannot be traded in fractions; give a whole quantity."
    if order.order_class is not OrderClass.SIMPLE or order.type not in context.rules.fractional_types:
        return "A fractional order is a simple order, and no trailing stop."
    if order.time_in_force not in context.rules.fractional_times:
        return f"A fractional order must be {' or '.join(sorted(context.rules.fractional_times)) or 'whole'} here."
    return None


def _stop_side(order: NewOrder, context: Context) -> str | None:
    """A stop that the market has already passed would be a market order in disguise."""
    quote, limit = context.quote, order.limit_price
    stop = order.stop_loss if order.order_class is OrderClass.OCO else order.stop_price
    if stop is None:
        return None
    if limit is not None and ((limit < stop) if order.side is Side.BUY else (limit > stop)):
        return "The limit of a stop-limit order must not be better than its stop price, or it would hardly ever fill."
    bid, ask = (None, None) if quote is None else (quote.bid, quote.ask)
    if order.side is Side.BUY and ask is not None and stop <= ask:
        return f"The stop price of a buy must be above the market; the offer is {ask}."
    if order.side is Side.SELL and bid is not None and stop >= bid:
        return f"The stop price of a sell must be below the market; the bid is {bid}."
    return None


def _market_open(order: NewOrder, context: Context) -> str | None:
    auction = context.rules.auctions.get(order.time_in_force)
    if auction is not None:
        return _auction(order, context, *auction)
    if context.rules.always_open or context.queue or _is_session(order, context):
        return None
    opens = context.clock.next_open.isoformat(timespec="minutes")
    return f"The market is closed and opens at {opens}; wait, or let the order wait for it (queue=True, --queue)."


def _auction(order: NewOrder, context: Context, refused_from: time, refused_until: time) -> str | None:
    """An order for an auction is meant to wait, but there is a time when the broker takes none."""
    local = context.now.astimezone(MARKET_ZONE)
    session = _session(local.date(), context)
    if isinstance(session, Session) and refused_from <= local.time() < refused_until:
        return (
            f"Orders that are {order.time_in_force} are not taken from {refused_from:%H:%M} to {refused_until:%H:%M} "
            "New York time; send it later."
        )
    return None


def _is_session(order: NewOrder, context: Context) -> bool:
    """By the broker's clock and by the calendar: either may know of a closure that the other does not."""
    local = context.now.astimezone(MARKET_ZONE)
    session = _session(local.date(), context)
    if not isinstance(session, Session):
        return session and context.clock.is_open
    if session.open <= local < session.close:
        return context.clock.is_open
    return order.extended_hours and local.time() >= EXTENDED_OPEN and local < session.close + EXTENDED_AFTER_CLOSE


def _session(day: date, context: Context) -> Session | bool:
    """Return a day's session; False where there is none, True where the calendar cannot tell."""
    try:
        return calendar(context.calendar).session_on(day) or False
    except (BeyondCalendar, UnknownCalendar):
        return True


def _short(order: NewOrder, context: Context) -> str | None:
    if order.side is Side.BUY:
        return None
    held = available = Decimal(0)
    if context.position is not None:
        held, free = context.position.quantity, context.position.available_quantity
        available = held if free is None else free
    if held > 0 and (order.quantity is None or order.quantity <= available):
        return None
    exit_only = order.order_class is OrderClass.OCO or order.quantity is None
    if held > 0 or exit_only or not context.limits.allow_short or not context.rules.shortable:
        return (
            f"Only {max(available, Decimal(0))} of {order.key} can be sold; sell no more, or allow short sales with "
            "FIN_INFRA_TRADING_ALLOW_SHORT=1 once the position is flat."
        )
    if context.account.shorting_enabled is False or (context.asset is not None and not context.asset.shortable):
        return f"{order.key} cannot be sold short in this account at this broker."
    if order.quantity is not None and decimals(order.quantity):
        return "A short sale is of whole units; give a whole quantity."
    return None


def _quoted(order: NewOrder, context: Context) -> str | None:
    if context.asset is None:
        return None  # `asset` has said why
    if _price(order, context.quote) is None and order.notional is None:
        return f"There is no quote for {order.key} to check the order against; use a limit order or try again."
    age = context.limits.max_quote_age_s
    quote = context.quote
    trades = context.clock.is_open or context.rules.always_open
    if quote is None or age is None or not trades or order.type in _LIMITS:
        return None
    if context.now - quote.as_of > timedelta(seconds=age):
        return f"The last quote for {order.key} is older than {age:g} s; use a limit order or try again."
    return None


def _collar(order: NewOrder, context: Context) -> str | None:
    percent, limit, quote = context.limits.collar_percent, _limit(order), context.quote
    if order.type is OrderType.STOP_LIMIT:
        word, price = "stop price", order.stop_price
    else:
        word, price = "quote", None if quote is None else quote.ask if order.side is Side.BUY else quote.bid
    if percent is None or limit is None or order.type not in _LIMITS or price is None or price <= 0:
        return None
    worse = (limit / price - 1) * 100 if order.side is Side.BUY else (1 - limit / price) * 100
    if worse > percent:
        return (
            f"The limit {limit} is {worse:.1f} percent on the losing side of the {word} {price}; at most {percent} are "
            "allowed (FIN_INFRA_TRADING_COLLAR_PERCENT)."
        )
    return None


def _order_limit(order: NewOrder, context: Context) -> str | None:
    limit, worth = context.limits.max_notional_per_order, estimate(order, context.quote)
    if limit is None or worth is None or worth <= limit:
        return None
    return f"The order is worth about {worth:.2f}, more than {limit} (FIN_INFRA_TRADING_MAX_NOTIONAL_PER_ORDER)."


def _buying_power(order: NewOrder, context: Context) -> str | None:
    worth = estimate(order, context.quote)
    if order.side is Side.SELL or _covers(order, context) or worth is None or not context.limits.check_buying_power:
        return None
    account = context.account
    own = account.options_buying_power if order.key.is_option else None
    if context.rules.always_open:
        own = account.non_marginable_buying_power
    power = account.buying_power if own is None else own
    if worth <= power.amount:
        return None
    return f"The order needs about {worth:.2f} {power.currency}, and the buying power is {power.amount:.2f}."


def _covers(order: NewOrder, context: Context) -> bool:
    """Say whether a buy does no more than end a short position, which the account has paid for already."""
    short = Decimal(0) if context.position is None else -context.position.quantity
    return order.quantity is not None and order.quantity <= short


RULES: Mapping[str, Rule] = {
    "terms": _terms,
    "halt": _halted,
    "allow_deny": _allowed,
    "account": _account,
    "asset": _known,
    "size": _size,
    "order_type": _matrix,
    "prices": _prices,
    "tick_size": _ticks,
    "legs": _legs,
    "fractional": _fractional,
    "stop_side": _stop_side,
    "market_hours": _market_open,
    "short_sale": _short,
    "quote": _quoted,
    "price_collar": _collar,
    "max_notional_per_order": _order_limit,
    "buying_power": _buying_power,
}
"""Every rule by the name that a failure carries. `max_notional_per_day` and `duplicate_order` look at the journal."""


def decimals(value: Decimal) -> int:
    """Return how many decimal places a number needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _all_prices(order: NewOrder) -> list[Decimal]:
    return [price for name in _PRICES if (price := getattr(order, name)) is not None]


def _other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY
