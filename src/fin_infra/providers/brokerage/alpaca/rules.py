"""Which orders Alpaca takes, by kind of instrument.
Floor 3: facts of its trading API documentation (orders, fractional and extended-hours trading)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from decimal import Decimal

from fin_infra.model import AssetClass, OrderClass, OrderType, TimeInForce
from fin_infra.trading.matrix import VenueRules

_T, _F = OrderType, TimeInForce
_RESTING = frozenset({_F.DAY, _F.GTC})
_CRYPTO = frozenset({_F.GTC, _F.IOC})

# trading-api 2.0.1 (specs of https://github.com/alpacahq/alpaca-mcp-server); the hours of the auctions and the rules of
# brackets are in https://github.com/alpacahq/alpaca-docs, those of fractions in paper orders recorded in October 2026;
# that a notional has two decimals is in https://github.com/Petersoj/alpaca-java/issues/139.
RULES: Mapping[AssetClass, VenueRules] = {
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
        min_notional_of_quantities=True,  # "cost basis must be >= minimal amount of order 10", recorded of paper
        ticks=False,
        always_open=True,
        shortable=False,
    ),
    AssetClass.OPTION: VenueRules(
        times={_T.MARKET: _RESTING, _T.LIMIT: _RESTING, _T.STOP: _RESTING, _T.STOP_LIMIT: _RESTING},
        quantity_decimals=0,
    ),
}
