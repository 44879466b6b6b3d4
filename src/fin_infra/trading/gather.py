"""Fetching what an order is checked against.
Floor 2: a flow over any `MarketDesk`, always in the same order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from fin_infra.arguments import checked
from fin_infra.errors import FeatureDisabled, NotFound, ProviderError
from fin_infra.model import Asset, AssetClass, BidAsk, BrokerAccount, InstrumentKey, NewOrder, Position, Side
from fin_infra.model.instrument import US_MICS
from fin_infra.trading.context import Context
from fin_infra.trading.desk import MarketDesk, or_none
from fin_infra.trading.history import MARKET_ZONE
from fin_infra.trading.matrix import VenueRules
from fin_infra.transport import Flow


@checked
def gather(desk: MarketDesk, order: NewOrder, account: BrokerAccount, queue: bool) -> Flow[Context]:
    """Fetch what the checks look at.

    Raises:
        ProviderError: an outage, or the clock or the instrument cannot be read.
    """
    clock = yield from desk.clock_now()
    asset = yield from _asset(desk, order, clock.as_of.astimezone(MARKET_ZONE).date())
    quote = None if asset is None else (yield from _quote(desk, order.key))
    position: Position | None = None
    if _position_matters(order, account):
        position = yield from or_none(desk.position_now(order.key))
    kind = AssetClass.EQUITY if asset is None else asset.asset_class
    return Context(
        limits=desk.limits,
        rules=desk.rules.get(kind, VenueRules(times={})),
        account=account,
        clock=clock,
        asset=asset,
        quote=quote,
        position=position,
        queue=queue,
    )


def _asset(desk: MarketDesk, order: NewOrder, day: date) -> Flow[Asset | None]:
    """Return how the instrument can be traded; whether it can be borrowed changes by the hour, so that is asked."""
    may_short = order.side is Side.SELL and desk.limits.allow_short
    asset = None if may_short else desk.known.of(order.key, day)
    if asset is None:
        asset = yield from or_none(desk.asset_now(order.key))
        if asset is not None:
            desk.known.keep(order.key, day, asset)
    return asset


def _quote(desk: MarketDesk, key: InstrumentKey) -> Flow[BidAsk | None]:
    """Return the quote, or None where there is none: what that means is for the rules to say."""
    try:
        return (yield from desk.quote_now(key))
    except FeatureDisabled:
        return None
    except ProviderError as exc:
        if exc.outage:
            raise
        return None


def _position_matters(order: NewOrder, account: BrokerAccount) -> bool:
    """A buy looks at the position only where it may end a short one."""
    short = account.short_market_value
    return order.side is Side.SELL or short is None or bool(short.amount)


def position_of(held: Iterable[Position], key: InstrumentKey) -> Position:
    """Return the position in an instrument; any listing in the United States is the same instrument.

    Raises:
        NotFound: nothing of it is held.
    """
    for position in held:
        if position.key is not None and _same_instrument(position.key, key):
            return position
    raise NotFound(f"the account has no position in {key}")


def _same_instrument(one: InstrumentKey, other: InstrumentKey) -> bool:
    us = {"US", *US_MICS}
    return one == other or (one.symbol == other.symbol and {one.namespace, other.namespace} <= us)
