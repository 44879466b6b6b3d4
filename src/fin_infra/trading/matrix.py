"""Which orders a venue takes: types, times in force and extended hours, as tables.
Floor 2: the form alone; each broker's facts stand with their source in its `rules`, and the checks read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal

from fin_infra.model import OrderClass, OrderType, TimeInForce


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
    quantity_decimals: int = 9
    notional_decimals: int = 2
    min_notional: Decimal = Decimal(1)
    min_notional_of_quantities: bool = False
    """Whether what a quantity is worth has to reach the smallest notional too."""
    ticks: bool = True
    """Prices have two decimals from 1.00 up and four below (17 CFR 242.612, the sub-penny rule)."""
    always_open: bool = False
    shortable: bool = True
