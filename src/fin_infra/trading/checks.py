"""Pre-trade checks: rules over an order and what is known around it; all that fail are reported at once.
Floor 2: pure; each rule returns the sentence that says what is wrong, or None."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import time, timedelta
from decimal import Decimal

from fin_infra.arguments import checked
from fin_infra.calendars.sessions import Session
from fin_infra.errors import OrderChecksFailed
from fin_infra.model import NewOrder, OrderClass, OrderType, Side, TimeInForce
from fin_infra.trading.context import Context
from fin_infra.trading.proposal import LIMITS, PRICES, STOPS, Proposal

EXTENDED_OPEN = time(4)
OVERNIGHT_OPEN = time(20)
EXTENDED_AFTER_CLOSE = timedelta(hours=4)
"""Extended hours at US brokers: from 4:00 in New York until four hours after the close, which may be early
(alpacahq/alpaca-docs@2080c5e0, orders)."""
MIN_STOP_DISTANCE = Decimal("0.01")
"""How far a stop-loss is from the entry at least (alpacahq/alpaca-docs@2080c5e0, orders)."""

Rule = Callable[[Proposal], str | None]


@checked
def check(order: NewOrder, context: Context) -> list[tuple[str, str]]:
    """Return the rules that fail, each with its sentence, in the order of `RULES`.

    Of an order whose terms cannot be read, as NaN cannot, only that is reported: the other rules compute with them.
    """
    return failures_of(Proposal(order, context))


def failures_of(proposal: Proposal) -> list[tuple[str, str]]:
    """Return what `check` returns, for an order that is a proposal already."""
    if proposal.unreadable is not None:
        return [("terms", proposal.unreadable)]
    found = ((name, rule(proposal)) for name, rule in RULES.items())
    return [(name, sentence) for name, sentence in found if sentence is not None]


def raise_failures(failures: Sequence[tuple[str, str]]) -> None:
    if failures:
        raise OrderChecksFailed(failures)


def _terms(proposal: Proposal) -> str | None:
    return proposal.unreadable


def _halted(proposal: Proposal) -> str | None:
    if proposal.context.limits.halted():
        return "Trading is halted; clear FIN_INFRA_TRADING_HALT, or remove the file of FIN_INFRA_TRADING_HALT_FILE."
    return None


def _allowed(proposal: Proposal) -> str | None:
    key, limits = proposal.order.key, proposal.context.limits
    names = {str(key), key.symbol}
    if limits.allow and not names & limits.allow:
        return f"{key} is not on the list of FIN_INFRA_TRADING_ALLOW."
    if names & limits.deny:
        return f"{key} is on the list of FIN_INFRA_TRADING_DENY."
    return None


def _account(proposal: Proposal) -> str | None:
    order, account = proposal.order, proposal.context.account
    if not account.can_trade:
        return "The broker has blocked trading in this account; sign in there to see why."
    if order.currency != account.currency:
        return f"The order is in {order.currency} and the account in {account.currency}; trade in its currency."
    return None


def _known(proposal: Proposal) -> str | None:
    key, asset = proposal.order.key, proposal.context.asset
    if asset is None:
        return f"The broker does not know {key}; look the symbol up first."
    if not (asset.active and asset.tradable):
        return f"{key} cannot be traded at this broker at the moment."
    return None


def _size(proposal: Proposal) -> str | None:
    order, rules = proposal.order, proposal.context.rules
    if (order.quantity is None) == (order.notional is None):
        return "Give exactly one of quantity and notional."
    size = order.quantity if order.quantity is not None else order.notional
    if size is None or size <= 0:
        return "Quantity or notional must be positive."
    if order.notional is None:
        return _quantity(proposal, size)
    if decimals(size) > rules.notional_decimals:
        return f"A notional may have at most {rules.notional_decimals} decimal places here."
    return f"The smallest notional here is {rules.min_notional}." if size < rules.min_notional else None


def _quantity(proposal: Proposal, quantity: Decimal) -> str | None:
    """What the venue takes, and what the instrument is traded in."""
    key, asset, rules, worth = proposal.order.key, proposal.context.asset, proposal.context.rules, proposal.worth
    if decimals(quantity) > rules.quantity_decimals:
        return f"A quantity may have at most {rules.quantity_decimals} decimal places here."
    if asset is not None and asset.min_order_size is not None and quantity < asset.min_order_size:
        return f"The smallest quantity of {key} is {asset.min_order_size:f}."
    if asset is not None and asset.min_trade_increment and quantity % asset.min_trade_increment:
        return (
            f"The quantity {quantity:f} is not a multiple of {asset.min_trade_increment:f}, in which {key} is traded."
        )
    if rules.min_notional_of_quantities and worth is not None and worth < rules.min_notional:
        smallest = f"the smallest notional is {rules.min_notional}"
        return f"Only about {worth:.2f} is what {quantity:f} of {key} comes to; {smallest}."
    return None


def _order_type(proposal: Proposal) -> str | None:
    order, rules = proposal.order, proposal.context.rules
    times = rules.times.get(order.type)
    if times is None:
        return f"Orders of type {order.type} are not accepted for this kind of instrument."
    if order.time_in_force not in times:
        taken = ", ".join(sorted(times))
        return f"A {order.type} order cannot be {order.time_in_force} here; use one of {taken}."
    if order.extended_hours and not rules.extended:
        return "This kind of instrument has no extended hours."
    if order.extended_hours and (order.type, order.time_in_force) not in rules.extended:
        return "Extended hours accept limit orders that are day or gtc only."
    return None


def _prices(proposal: Proposal) -> str | None:
    """An order has the prices that its type needs, and no others."""
    order = proposal.order
    needs_limit = order.type in LIMITS and order.order_class is not OrderClass.OCO
    if needs_limit != (order.limit_price is not None):
        return f"A {order.type} order {'needs' if needs_limit else 'has no'} limit price."
    needs_stop = order.type in STOPS
    if needs_stop != (order.stop_price is not None):
        return f"A {order.type} order {'needs' if needs_stop else 'has no'} stop price."
    trails = [value for value in (order.trail_price, order.trail_percent) if value is not None]
    if len(trails) != (order.type is OrderType.TRAILING_STOP):
        return "A trailing stop needs either a trail price or a trail percent; other orders have neither."
    if any(value <= 0 for value in (*trails, *_all_prices(order))):
        return "Prices and trails must be positive."
    return None


def _ticks(proposal: Proposal) -> str | None:
    """The instrument's own increment, and the sub-penny rule, 17 CFR 242.612 (Regulation NMS)."""
    asset = proposal.context.asset
    increment = None if asset is None else asset.price_increment
    for price in _all_prices(proposal.order) if increment else ():
        if increment and price % increment:
            return (
                f"The price {price:f} is not a multiple of {increment:f}, the price increment of {proposal.order.key}."
            )
    if not proposal.context.rules.ticks:
        return None
    for price in _all_prices(proposal.order):
        if decimals(price) > (2 if price >= 1 else 4):
            return f"The price {price} is finer than the tick: two decimals from 1.00 up, four below (sub-penny rule)."
    return None


def _legs(proposal: Proposal) -> str | None:
    order = proposal.order
    kind, profit, stop = order.order_class, order.take_profit, order.stop_loss
    if kind not in proposal.context.rules.classes:
        return f"Orders of class {kind} are not accepted for this kind of instrument."
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
    return _leg_sides(proposal)


def _leg_sides(proposal: Proposal) -> str | None:
    """The take-profit lies on the winning side of the stop-loss, both around the entry."""
    order, entry = proposal.order, _entry(proposal)
    profit, stop, limit = order.take_profit, order.stop_loss, order.stop_loss_limit
    exits = order.side if order.order_class is OrderClass.OCO else _other(order.side)
    sign = 1 if exits is Side.SELL else -1
    if profit is not None and stop is not None and (profit - stop) * sign <= 0:
        return f"For an exit by {exits} the take-profit must be {'above' if sign > 0 else 'below'} the stop-loss."
    if limit is not None and (stop is None or (limit - stop) * sign > 0):
        return "The stop-loss's limit must not be better than its stop price."
    if entry is not None and stop is not None and (entry - stop) * sign < MIN_STOP_DISTANCE:
        return f"The stop-loss must be at least {MIN_STOP_DISTANCE} on the losing side of the entry price."
    if entry is not None and profit is not None and (profit - entry) * sign <= 0:
        return "The take-profit must be on the winning side of the entry price."
    return None


def _entry(proposal: Proposal) -> Decimal | None:
    """Return about the price at which legs are entered; an OCO enters nothing."""
    order = proposal.order
    if order.order_class is OrderClass.OCO:
        return None
    return order.limit_price or order.stop_price or (proposal.ask if order.side is Side.BUY else proposal.bid)


def _fractional(proposal: Proposal) -> str | None:
    order, asset, rules = proposal.order, proposal.context.asset, proposal.context.rules
    whole = order.quantity is not None and order.quantity == order.quantity.to_integral_value()
    if whole or (order.quantity is None and order.notional is None):
        return None
    if asset is not None and not asset.fractionable:
        return f"{order.key} cannot be traded in fractions; give a whole quantity."
    if order.order_class is not OrderClass.SIMPLE or order.type not in rules.fractional_types:
        return "A fractional order is a simple order, and not a trailing stop."
    if order.time_in_force not in rules.fractional_times:
        return f"A fractional order must be {' or '.join(sorted(rules.fractional_times)) or 'whole'} here."
    return None


def _stop_side(proposal: Proposal) -> str | None:
    """A stop that the market has already passed would be a market order in disguise."""
    order, limit = proposal.order, proposal.order.limit_price
    stop = order.stop_loss if order.order_class is OrderClass.OCO else order.stop_price
    if stop is None:
        return None
    if limit is not None and ((limit < stop) if order.side is Side.BUY else (limit > stop)):
        return "The limit of a stop-limit order must not be better than its stop price, or it would hardly ever fill."
    if order.side is Side.BUY and proposal.ask is not None and stop <= proposal.ask:
        return f"The stop price of a buy must be above the market; the offer is {proposal.ask}."
    if order.side is Side.SELL and proposal.bid is not None and stop >= proposal.bid:
        return f"The stop price of a sell must be below the market; the bid is {proposal.bid}."
    return None


def _market_open(proposal: Proposal) -> str | None:
    context = proposal.context
    auction = context.rules.auctions.get(proposal.order.time_in_force)
    if auction is not None:
        return _auction(proposal, *auction)
    if context.rules.always_open or context.queue or _is_session(proposal):
        return None
    if proposal.order.extended_hours and not EXTENDED_OPEN <= proposal.local.time() < OVERNIGHT_OPEN:
        return (
            "Orders for the overnight session, 20:00 to 4:00 New York time, are not offered; send it after 4:00, or "
            "let the order wait for that (queue=True, --queue)."
        )
    opens = context.clock.next_open.isoformat(timespec="minutes")
    return f"The market is closed and opens at {opens}; wait, or let the order wait for it (queue=True, --queue)."


def _auction(proposal: Proposal, refused_from: time, refused_until: time) -> str | None:
    """An order for an auction is meant to wait, but at some hours the broker accepts none."""
    if isinstance(proposal.session, Session) and refused_from <= proposal.local.time() < refused_until:
        return (
            f"Orders that are {proposal.order.time_in_force} are not accepted from {refused_from:%H:%M} to "
            f"{refused_until:%H:%M} New York time; send it later."
        )
    return None


def _is_session(proposal: Proposal) -> bool:
    """By the broker's clock and by the calendar: either may know of a closure that the other does not."""
    session, local, is_open = proposal.session, proposal.local, proposal.context.clock.is_open
    if not isinstance(session, Session):
        return session and is_open
    if session.open <= local < session.close:
        return is_open
    extended = proposal.order.extended_hours
    return extended and local.time() >= EXTENDED_OPEN and local < session.close + EXTENDED_AFTER_CLOSE


def _short(proposal: Proposal) -> str | None:
    order, context, held, available = proposal.order, proposal.context, proposal.held, proposal.available
    if order.side is Side.BUY:
        return None
    if held > 0 and (order.quantity is None or order.quantity <= available):
        return None
    if order.key.is_option:
        return (
            f"Only {max(available, Decimal(0))} of {order.key} can be sold; selling an option to open, as for a "
            "covered call or a cash-secured put, is not offered."
        )
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


def _quoted(proposal: Proposal) -> str | None:
    order, context = proposal.order, proposal.context
    if context.asset is None:
        return None  # the rule `asset` has said why
    if proposal.price is None and order.notional is None:
        return f"There is no quote for {order.key} to check the order against; use a limit order or try again."
    age = context.limits.max_quote_age_s
    quote = context.quote
    trades = context.clock.is_open or context.rules.always_open
    if quote is None or age is None or not trades or order.type in LIMITS:
        return None
    if context.now - quote.as_of > timedelta(seconds=age):
        return f"The last quote for {order.key} is older than {age:g} s; use a limit order or try again."
    return None


def _collar(proposal: Proposal) -> str | None:
    order, percent, limit = proposal.order, proposal.context.limits.collar_percent, proposal.limit
    if order.type is OrderType.STOP_LIMIT:
        word, price = "stop price", order.stop_price
    else:
        word, price = "quote", proposal.ask if order.side is Side.BUY else proposal.bid
    if percent is None or limit is None or order.type not in LIMITS or price is None or price <= 0:
        return None
    worse = (limit / price - 1) * 100 if order.side is Side.BUY else (1 - limit / price) * 100
    if worse > percent:
        return (
            f"The limit {limit} is {worse:.1f} percent on the losing side of the {word} {price}; at most {percent} are "
            "allowed (FIN_INFRA_TRADING_COLLAR_PERCENT)."
        )
    return None


def _order_limit(proposal: Proposal) -> str | None:
    limit, worth = proposal.context.limits.max_notional_per_order, proposal.worth
    if limit is None or worth is None or worth <= limit:
        return None
    return f"The order is worth about {worth:.2f}, more than {limit} (FIN_INFRA_TRADING_MAX_NOTIONAL_PER_ORDER)."


def _buying_power(proposal: Proposal) -> str | None:
    order, context, worth = proposal.order, proposal.context, proposal.worth
    if order.side is Side.SELL or _covers(proposal) or worth is None or not context.limits.check_buying_power:
        return None
    account = context.account
    own = account.options_buying_power if order.key.is_option else None
    if context.rules.always_open:
        own = account.non_marginable_buying_power
    power = account.buying_power if own is None else own
    if worth <= power.amount:
        return None
    return f"The order needs about {worth:.2f} {power.currency}, and the buying power is {power.amount:.2f}."


def _covers(proposal: Proposal) -> bool:
    """Say whether a buy does no more than end a short position, which the account has paid for already."""
    return proposal.order.quantity is not None and proposal.order.quantity <= -proposal.held


RULES: Mapping[str, Rule] = {
    "terms": _terms,
    "halt": _halted,
    "allow_deny": _allowed,
    "account": _account,
    "asset": _known,
    "size": _size,
    "order_type": _order_type,
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
    return [price for name in PRICES if (price := getattr(order, name)) is not None]


def _other(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY
