"""Hold what all accounts of the broker share: prices, assets, and how the market is told to treat orders.
Floor 8: assets and policies can be changed from the control plane; the tape cannot.
"""

from __future__ import annotations

from fin_infra.sandbox.broker.assets import tradable_assets
from fin_infra.sandbox.broker.tape import Tape
from fin_infra.sandbox.world.world import World


class Market:
    """The common ground of one sandbox; `fill` is one of `matching.FILLS`, `fills` overrides it by symbol."""

    def __init__(self, world: World, tape: Tape | None = None) -> None:
        self.seed = world.seed
        self.tape = tape or Tape(world)
        self.assets = tradable_assets()
        self.fill = "liquidity"
        self.fills: dict[str, str] = {}

    def policy(self, symbol: str) -> str:
        """Return how orders for a symbol are filled."""
        return self.fills.get(symbol, self.fill)
