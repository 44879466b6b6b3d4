"""Keep the broker's accounts by their key, move them all through time together, and pass on what happens.
Floor 8: what a reset forgets lives here; the keys are published and not secret.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from fin_infra.sandbox.broker.account import Event
from fin_infra.sandbox.broker.assets import Asset
from fin_infra.sandbox.broker.engine import Engine
from fin_infra.sandbox.broker.feed import Feed
from fin_infra.sandbox.broker.market import Market
from fin_infra.sandbox.broker.tape import Tape
from fin_infra.sandbox.kernel.clock import Clock
from fin_infra.sandbox.world.world import World

START_CASH = Decimal(100_000)
OPENED_BEFORE = timedelta(days=40)
PER_MINUTE = 200


@dataclass(slots=True)
class Watchlist:
    """One list of assets, in the order they were added."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    assets: list[Asset] = field(default_factory=list[Asset])


class Broker:
    """Every account of the broker over one market."""

    def __init__(self, world: World, clock: Clock, keys: Mapping[str, str], tape: Tape | None = None) -> None:
        """Open an account for each of `keys`, which maps a key to its secret."""
        self._clock, self._keys = clock, keys
        self.market = Market(world, tape)
        self.feed = Feed()
        self.watchlists: dict[str, dict[str, Watchlist]] = {api_key: {} for api_key in keys}
        self.lists_made = 0
        self.rate_limited = False
        self.sip_is_delayed = False
        self._calls: dict[str, tuple[int, int]] = {}
        opened = clock.now - OPENED_BEFORE
        self.engines = {api_key: Engine(api_key, self.market, opened, clock.now, START_CASH) for api_key in keys}
        for engine in self.engines.values():
            engine.tell = self._publisher(engine)

    def _publisher(self, engine: Engine) -> Callable[[Event], None]:
        def tell(event: Event) -> None:
            self.feed.publish(engine.api_key, event)

        return tell

    def engine(self, api_key: str, secret: str) -> Engine | None:
        """Return the account a pair of keys opens, None for wrong ones."""
        return self.engines[api_key] if self._keys.get(api_key) == secret else None

    def count(self, api_key: str) -> tuple[int, int]:
        """Count a request and return how many there were in this minute of the sandbox clock, and when it ends."""
        minute = int(self._clock.now.timestamp()) // 60
        before = self._calls.get(api_key)
        used = 1 + (before[1] if before is not None and before[0] == minute else 0)
        self._calls[api_key] = (minute, used)
        return used, (minute + 1) * 60

    def catch_up(self) -> None:
        """Let the market work on every account's orders up to the sandbox's instant."""
        for engine in self.engines.values():
            engine.catch_up(self._clock.now)
