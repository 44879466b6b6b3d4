"""Hold what one running sandbox remembers: its world, clock, faults, log and what clients have revoked.
Floor 8: everything that a reset must forget lives here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from fin_infra.sandbox.broker.desk import Desk
from fin_infra.sandbox.broker.feed import Feed
from fin_infra.sandbox.broker.tape import Tape
from fin_infra.sandbox.kernel.clock import Clock
from fin_infra.sandbox.kernel.faults import FaultBoard
from fin_infra.sandbox.kernel.requestlog import RequestLog
from fin_infra.sandbox.vendors.finastra.login import Login
from fin_infra.sandbox.vendors.snaptrade.access import SnapTradeState
from fin_infra.sandbox.world.world import World

SEED_LIMIT = 2**63


@dataclass(slots=True)
class Quota:
    """Alpha Vantage's free quotas, off unless switched on: calls per New York day of the clock, and real seconds."""

    enforced: bool = False
    calls: dict[date, int] = field(default_factory=dict[date, int])
    last_call_s: float | None = None


class Sandbox:
    """The mutable state behind the vendors and the control plane."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self.clock = clock
        self.log = RequestLog()
        self.feed = Feed()
        self.start(seed)

    def start(self, seed: int) -> None:
        """Build the world of `seed` and forget everything that happened; the clock is left alone."""
        self.world = World(seed)
        self.faults = FaultBoard(seed)
        self.quota = Quota()
        self.snaptrade = SnapTradeState()
        self.revoked: set[str] = set()
        self.finastra = Login(seed)
        self.collateral_list_shape = "items"
        self.replies = 0
        self.tape = Tape(self.world)
        self.open_desk()

    def open_desk(self) -> None:
        """Open the broker's accounts anew; streams of the old ones are closed."""
        self.feed.drop()
        self.desk = Desk(self.world, self.clock, self.tape)
        self.feed = self.desk.feed

    def reset(self, seed: int | None = None) -> None:
        """Return to the beginning, with another seed if one is given."""
        self.clock.reset()
        self.start(self.world.seed if seed is None else seed)
        self.log.clear()
