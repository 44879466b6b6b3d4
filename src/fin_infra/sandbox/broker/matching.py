"""Decide what the market does with one order at one instant: may it trade, at what price, how much of it.
Floor 8: a purchase pays the ask, a sale gets the bid; stops look at the last price; auctions have one price.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from fin_infra.sandbox.broker import hours
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.money import CENT, ZERO, times
from fin_infra.sandbox.broker.orders import BUY, Order, Ticket
from fin_infra.sandbox.broker.tape import Quote, Tape, price_increment

FILLS = ("liquidity", "full", "partial", "none", "reject")
PARTICIPATION = 10  # an order takes at most a tenth of a minute's volume
OPG_CUTOFF, CLS_CUTOFF = timedelta(minutes=2), timedelta(minutes=10)
EVENING = timedelta(hours=9, minutes=30)  # from the open to 19:00, when orders for the next auctions are taken again


def is_eligible(order: Order, at: datetime) -> bool:
    """Return whether an order may trade at an instant."""
    ticket = order.ticket
    if ticket.asset.is_crypto:
        return True
    if ticket.time_in_force in ("opg", "cls"):
        return at == order.expires_at
    now = hours.phase(at)
    return now == "regular" or (ticket.extended_hours and now != "closed")


def auction_price(tape: Tape, order: Order, at: datetime) -> Decimal | None:
    """Return the price of the auction an order takes part in at this instant, None outside auctions."""
    ticket, day = order.ticket, hours.local_day(at)
    if ticket.time_in_force == "opg":
        return tape.bar(ticket.asset, day).open
    return tape.close(ticket.asset, day) if ticket.time_in_force == "cls" else None


def follow(order: Order, last: Decimal) -> None:
    """Move a trailing stop after the market, and note when a stop has been reached."""
    ticket, buys = order.ticket, order.sign > 0
    if ticket.type == "trailing_stop":
        best = last if order.hwm is None else (min if buys else max)(order.hwm, last)
        order.hwm = best
        order.stop_price = trailed(ticket, best, last)
    if order.stop_price is not None and (last >= order.stop_price if buys else last <= order.stop_price):
        order.triggered = True


def trailed(ticket: Ticket, best: Decimal, last: Decimal) -> Decimal:
    """Return the stop price that trails the best price: below it for a sale, above it for a purchase."""
    step = price_increment(last) if ticket.asset.is_crypto else CENT
    trail = ticket.trail_price if ticket.trail_price is not None else times(best, ticket.trail_percent or ZERO) / 100
    return (best + trail if ticket.side == BUY else best - trail).quantize(step)


def price(order: Order, quote: Quote, auction: Decimal | None) -> Decimal | None:
    """Return the price at which an order would trade now, None when it would not."""
    ticket, buys = order.ticket, order.sign > 0
    if ticket.type in ("stop", "stop_limit", "trailing_stop") and not order.triggered:
        return None
    market = auction if auction is not None else quote.ask if buys else quote.bid
    limit = ticket.limit_price
    if limit is not None and (market > limit if buys else market < limit):
        return None
    return market


def quantity(order: Order, at_price: Decimal, policy: str, volume: int) -> Decimal:
    """Return how much of an order trades in one look at the market.

    Under "liquidity" at most a tenth of the minute's volume and at least a share; coins, auctions and amounts of
    money are filled whole. Under "partial" half of the order once, in whole shares unless it has a fraction.
    """
    ticket, left = order.ticket, order.open_qty(at_price)
    if policy == "none" or left <= 0:
        return ZERO
    if policy == "partial":
        if order.filled_qty:
            return ZERO
        step = Decimal("1e-9") if ticket.is_fractional else Decimal(1)
        return (left / 2).quantize(step, ROUND_DOWN)
    if policy == "full" or ticket.asset.is_crypto or ticket.notional or ticket.time_in_force in ("opg", "cls"):
        allowed = left
    else:
        allowed = min(left, Decimal(max(volume // PARTICIPATION, 1)))
    return ZERO if ticket.time_in_force == "fok" and allowed < left else allowed


def expiry(asset: Asset, time_in_force: str, extended: bool, at: datetime) -> datetime | None:
    """Return when an order accepted at an instant ends by itself; a coin's order does not."""
    if asset.is_crypto:
        return None
    if time_in_force == "gtc":
        return hours.gtc_expiry(at)
    if time_in_force == "opg":
        return hours.opening_after(at).opens
    if extended:
        today = hours.session(hours.local_day(at))
        return today.ends if today is not None and at < today.ends else hours.closing_after(at).ends
    return hours.closing_after(at).closes


def is_cut_off(time_in_force: str, at: datetime) -> bool:
    """Return whether it is too late today for an auction order, and too early for tomorrow's."""
    today = hours.session(hours.local_day(at))
    if today is None or time_in_force not in ("opg", "cls"):
        return False
    last = today.opens - OPG_CUTOFF if time_in_force == "opg" else today.closes - CLS_CUTOFF
    evening = today.opens + EVENING
    return last <= at < evening
