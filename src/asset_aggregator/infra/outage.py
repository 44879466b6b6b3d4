"""A store behind the service that failed: left alone for a while, and reported once.
Floor 8: asset_aggregator. A store that hangs would otherwise hold up every request for as long as it hangs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

PAUSE_S = 5.0


class Outage:
    """Whether a store may be asked: after a failure, one request in `pause_s` seconds finds out if it works again."""

    def __init__(self, what: str, *, pause_s: float = PAUSE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._pause_s = pause_s
        self._clock = clock
        self._retry_at: float | None = None
        """None while the store works."""

    def may_ask(self) -> bool:
        if self._retry_at is None:
            return True
        if self._clock() < self._retry_at:
            return False
        self._retry_at = self._clock() + self._pause_s  # whoever comes while this one waits goes without the store
        return True

    def failed(self, error: Exception) -> None:
        if self._retry_at is None:
            logger.warning("%s: %s; trying again every %g s", self._what, type(error).__name__, self._pause_s)
        self._retry_at = self._clock() + self._pause_s

    def worked(self) -> None:
        if self._retry_at is not None:
            logger.info("over: %s", self._what)
            self._retry_at = None
