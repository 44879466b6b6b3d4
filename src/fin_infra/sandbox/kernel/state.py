"""Hold what one running sandbox remembers: its world, clock, faults, log and vendors.
Floor 8: everything that a reset must forget lives here or in a vendor.
"""

from __future__ import annotations

from collections.abc import Sequence

from fin_infra.sandbox.kernel.clock import Clock
from fin_infra.sandbox.kernel.faults import FaultBoard, kinds_of
from fin_infra.sandbox.kernel.requestlog import RequestLog
from fin_infra.sandbox.kernel.vendor import Vendor
from fin_infra.sandbox.world.world import World

SEED_LIMIT = 2**63


class Sandbox:
    """The mutable state behind the vendors and the control plane."""

    def __init__(self, seed: int, clock: Clock, vendors: Sequence[type[Vendor]]) -> None:
        self.clock = clock
        self.vendors = {cls.mount: cls(self) for cls in vendors}
        self.kinds = {mount: kinds_of(vendor) for mount, vendor in self.vendors.items()}
        self.log = RequestLog(
            secret_headers=frozenset[str]().union(*(cls.secret_headers for cls in vendors)),
            kept_headers=frozenset[str]().union(*(cls.kept_headers for cls in vendors)),
        )
        self.world = World(seed)
        self.start(seed)

    def start(self, seed: int) -> None:
        """Take the world of `seed` and forget everything that happened; the clock is left alone."""
        if seed != self.world.seed:  # a world only grows as it is looked at, so the same one need not be built again
            self.world = World(seed)
        self.faults = FaultBoard(seed, self.kinds)
        self._replies = 0
        for vendor in self.vendors.values():
            vendor.start()

    def request_id(self) -> str:
        """Return the id of the next reply: the same calls give the same ids."""
        self._replies += 1
        return f"sandbox-{self._replies:08d}"

    def clock_moved(self) -> None:
        """Let every vendor catch up with the clock."""
        for vendor in self.vendors.values():
            vendor.clock_moved()

    def reset(self, seed: int | None = None) -> None:
        """Return to the beginning, with another seed if one is given."""
        self.clock.reset()
        self.start(self.world.seed if seed is None else seed)
        self.log.clear()
