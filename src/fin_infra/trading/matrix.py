"""Which orders a venue takes: types, times in force and extended hours, as tables.
Floor 2: facts, from the broker's documentation; the checks read them and nothing else decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

from fin_infra.model import AssetClass, OrderClass, OrderType, TimeInForce

_T, _F = OrderType, TimeInForce
_RESTING = frozenset({_F.DAY, _F.GTC})
_CRYPTO = frozenset({_F.GTC, _F.IOC})


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRules:
    """What one venue takes of one asset class."""

    times: Mapping[OrderType, frozenset[TimeInForce]]
    """The times in force of each order type; a type that is absent is not taken."""
    extended: frozenset[tuple[OrderType, TimeInForce]] = frozenset()
    """What is taken outside regular hours."""
    auctions: Mapping[TimeInForce, tuple[time, time]] = field(default_factory=dict[TimeInForce, tuple[time, time]])
    """Times in force that wait for an auction, with the hours of a trading day, New York time, that take none."""
    classes: frozenset[OrderClass] = frozenset({OrderClass.SIMPLE})
    fractional_types: frozenset[OrderType] = frozenset()
    fractional_times: frozenset[TimeInForce] = frozenset()
    decimals: int = 9
    """Decimal places of a quantity or notional."""
    min_notional: Decimal = Decimal(1)
    ticks: bool = True
    """Prices have two decimals from 1.00 up and four below."""
    always_open: bool = False
    shortable: bool = True


ALPACA: Mapping[AssetClass, VenueRules] = {
    AssetClass.EQUITY: VenueRules(
        times={
            _T.MARKET: frozenset(_F),
            _T.LIMIT: frozenset(_F),
            _T.STOP: _RESTING,
            _T.STOP_LIMIT: _RESTING,
            _T.TRAILING_STOP: _RESTING,
        },
        extended=frozenset({(_T.LIMIT, _F.DAY), (_T.LIMIT, _F.GTC)}),
        auctions={_F.OPG: (time(9, 28), time(19)), _F.CLS: (time(15, 50), time(19))},
        classes=frozenset(OrderClass),
        fractional_types=frozenset({_T.MARKET, _T.LIMIT, _T.STOP, _T.STOP_LIMIT}),
        fractional_times=frozenset({_F.DAY}),
    ),
    AssetClass.CRYPTO: VenueRules(
        times={_T.MARKET: _CRYPTO, _T.LIMIT: _CRYPTO, _T.STOP_LIMIT: _CRYPTO},
        fractional_types=frozenset({_T.MARKET, _T.LIMIT, _T.STOP_LIMIT}),
        fractional_times=_CRYPTO,
        min_notional=Decimal(10),
        ticks=False,
        always_open=True,
        shortable=False,
    ),
    AssetClass.OPTION: VenueRules(
        times={_T.MARKET: _RESTING, _T.LIMIT: _RESTING, _T.STOP: _RESTING, _T.STOP_LIMIT: _RESTING},
        decimals=0,
    ),
}
"""Alpaca's rules, from its trading API documentation (sections on orders, fractional and extended-hours trading)."""
