"""Work out what an account can still buy or sell, and refuse orders beyond it: money, quantity, shorts, wash trades.
Floor 8: buying power is the multiplier times equity, less what is held and what open orders reserve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from fin_infra.sandbox.broker import refusals
from fin_infra.sandbox.broker.assets import MIN_CRYPTO_NOTIONAL
from fin_infra.sandbox.broker.money import ZERO, affordable, plus, times
from fin_infra.sandbox.broker.orders import BUY, Order, Ticket
from fin_infra.sandbox.broker.tape import Quote

if TYPE_CHECKING:
    from fin_infra.sandbox.broker.account import Account

MARGIN_EQUITY = Decimal(2000)
COLLAR, COLLAR_CHEAP, COLLAR_SHORT = Decimal("1.025"), Decimal("1.04"), Decimal("1.03")
CHEAP = Decimal(50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account's sums at one instant; short is negative."""

    cash: Decimal
    long: Decimal
    short: Decimal
    coins: Decimal
    reserved: Decimal
    reserved_coins: Decimal
    multiplier: int

    @property
    def equity(self) -> Decimal:
        """Return cash with everything at market value."""
        return plus(self.cash, self.long, self.short)

    def power(self, multiplier: int) -> Decimal:
        """Return what can be bought of equities at a multiplier; coins cannot be lent against."""
        base = plus(self.equity, -self.coins, -self.reserved_coins)
        used = plus(self.long, -self.coins, -self.short, self.reserved)
        return max(plus(times(base, Decimal(multiplier)), -used), ZERO)

    @property
    def cash_power(self) -> Decimal:
        """Return what can be bought without a loan."""
        return max(plus(self.cash, self.short, -self.reserved, -self.reserved_coins), ZERO)


def standing(account: Account, at: datetime) -> Standing:
    """Return the account's sums at an instant."""
    book, prices = account.book, account.prices(at)
    long, short = book.value(prices, long=True), book.value(prices, long=False)
    coins = plus(*(times(p.qty, prices[s]) for s, p in book.positions.items() if p.asset.is_crypto))
    equity = plus(book.cash, long, short)
    return Standing(
        cash=book.cash,
        long=long,
        short=short,
        coins=coins,
        reserved=plus(*(reserved(account, o, at) for o in account.working() if not o.ticket.asset.is_crypto)),
        reserved_coins=plus(*(reserved(account, o, at) for o in account.working() if o.ticket.asset.is_crypto)),
        multiplier=min(account.settings.max_margin_multiplier, 4) if equity >= MARGIN_EQUITY else 1,
    )


def reference(ticket: Ticket, quote: Quote) -> Decimal:
    """Return the price at which an order is reckoned before it trades: its own, or the market's with a collar."""
    if ticket.side != BUY:
        return max(ticket.limit_price or ZERO, times(quote.ask, COLLAR_SHORT))
    if ticket.limit_price is not None:
        return ticket.limit_price
    base = ticket.stop_price or quote.ask
    return times(base, COLLAR if base >= CHEAP else COLLAR_CHEAP)


def reserved(account: Account, order: Order, at: datetime) -> Decimal:
    """Return the money an open order ties up: that of what it opens, none for what it closes."""
    ticket = order.ticket
    if ticket.notional is not None:
        return order.open_notional if ticket.side == BUY else ZERO
    held = account.book.qty(ticket.asset.symbol) * order.sign
    opening = order.open_qty(ZERO) - max(-held, ZERO)
    if opening <= 0:
        return ZERO
    return times(opening, reference(ticket, account.tape.quote(ticket.asset, at)))


def held_for_orders(orders: list[Order], symbol: str, side: str, quotes: Mapping[str, Decimal]) -> Decimal:
    """Return the quantity of a position that open orders of the closing side have put aside."""
    mine = [o for o in orders if o.ticket.asset.symbol == symbol and o.ticket.side == side]
    return plus(*(o.open_qty(quotes[symbol]) for o in mine))


def check(account: Account, ticket: Ticket, at: datetime) -> None:
    """Refuse what this account may not or cannot do now."""
    settings, asset = account.settings, ticket.asset
    if settings.suspend_trade:
        raise refusals.forbidden("new orders are rejected by user request")
    if ticket.is_fractional and not asset.is_crypto and not settings.fractional_trading:
        raise refusals.forbidden("account is not allowed to trade fractional shares")
    quote = account.tape.quote(asset, at)
    held = account.book.qty(asset.symbol)
    closes = held > 0 if ticket.side != BUY else held < 0
    if ticket.order_class == "oco" and not closes:
        raise refusals.unprocessable("oco orders must be exit orders")
    if ticket.order_class == "bracket" and closes:
        raise refusals.unprocessable("bracket orders must be entry orders")
    if closes:
        _quantity(account, ticket, quote, held)
    elif ticket.side == BUY:
        _money(account, ticket, quote, at)
    else:
        _short(account, ticket, quote, at)
    _wash(account, ticket)


def _quantity(account: Account, ticket: Ticket, quote: Quote, held: Decimal) -> None:
    price = quote.bid if ticket.side != BUY else quote.ask
    asked = ticket.qty if ticket.qty is not None else affordable(ticket.notional or ZERO, price)
    put_aside = held_for_orders(account.working(), ticket.asset.symbol, ticket.side, {ticket.asset.symbol: price})
    available = max(abs(held) - put_aside, ZERO)
    if asked > available:
        raise refusals.insufficient_qty(ticket.asset.position_symbol, asked, available, min(put_aside, abs(held)), held)


def _money(account: Account, ticket: Ticket, quote: Quote, at: datetime) -> None:
    price = reference(ticket, quote)
    cost = ticket.notional if ticket.notional is not None else times(ticket.qty or ZERO, price)
    least = MIN_CRYPTO_NOTIONAL if ticket.asset.is_crypto else Decimal(1)
    if ticket.is_fractional and cost < least:
        raise refusals.forbidden(f"cost basis must be >= minimal amount of order {least}")
    now = standing(account, at)
    power = now.cash_power if ticket.asset.is_crypto else now.power(now.multiplier)
    if cost > power:
        raise refusals.insufficient_buying_power(power, cost)


def _short(account: Account, ticket: Ticket, quote: Quote, at: datetime) -> None:
    asset = ticket.asset
    if asset.is_crypto:
        asked = ticket.qty if ticket.qty is not None else affordable(ticket.notional or ZERO, quote.bid)
        raise refusals.insufficient_qty(asset.position_symbol, asked, ZERO, ZERO, ZERO)
    if ticket.is_fractional:
        raise refusals.unprocessable("fractional orders cannot be sold short")
    now = standing(account, at)
    if not account.may_short or account.settings.no_shorting or now.multiplier == 1:
        raise refusals.forbidden("account is not allowed to short")
    if not asset.shortable:
        raise refusals.unprocessable(f'asset "{asset.symbol}" cannot be sold short')
    cost, power = times(ticket.qty or ZERO, reference(ticket, quote)), now.power(now.multiplier)
    if cost > power:
        raise refusals.insufficient_buying_power(power, cost)


def _wash(account: Account, ticket: Ticket) -> None:
    """Refuse an order that could trade against another one of the same account; grouped orders are let through."""
    if ticket.order_class in ("bracket", "oco"):
        return
    for other in account.working():
        theirs = other.ticket
        if theirs.asset.symbol != ticket.asset.symbol or theirs.side == ticket.side:
            continue
        extra = {"existing_order_id": other.id}
        if theirs.limit_price is None or theirs.stop_price is not None:
            extra["reject_reason"] = "opposite side market/stop order exists"
        elif ticket.limit_price is None or ticket.stop_price is not None:
            extra["reject_reason"] = "opposite side limit order exists"
        else:
            buy, sell = (ticket, theirs) if ticket.side == BUY else (theirs, ticket)
            if (buy.limit_price or ZERO) < (sell.limit_price or ZERO):
                continue
            extra["buy_limit_price"], extra["sell_limit_price"] = f"{buy.limit_price:f}", f"{sell.limit_price:f}"
            extra["reject_reason"] = "buy limit price is not below the sell limit price of an opposite side order"
        raise refusals.forbidden("potential wash trade detected. use complex orders", **extra)
