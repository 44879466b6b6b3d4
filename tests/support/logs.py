"""All that is written down anywhere: every logger at DEBUG, and every call record."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from fin_infra.flow import CallRecord, observe_calls

CLOCKS = frozenset({"created", "msecs", "relativeCreated", "thread", "process"})
"""Numbers of a log record in which any digits may come up by chance."""


class Everything(logging.Handler):
    """Keeps each log record as it would be written down, with all that was attached to it, and each call record."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.names.add(record.name)
        facts = {name: value for name, value in vars(record).items() if name not in CLOCKS}
        self.texts.append(f"{record.name} {self.format(record)} {facts}")

    def heard(self, record: CallRecord) -> None:
        self.texts.append(repr({name: getattr(record, name) for name in CallRecord.__slots__}))


@contextmanager
def everything() -> Iterator[Everything]:
    """Listen to every logger there is, at DEBUG, whatever it was told before."""
    handler, root = Everything(), logging.getLogger()
    known = [logging.getLogger(name) for name in ("httpx2", "httpcore2", "fin_infra", "asyncio", "jwt")]
    levels = [(logger, logger.level) for logger in (root, *known)]
    for logger, _ in levels:
        logger.setLevel(logging.DEBUG)
    root.addHandler(handler)
    stop = observe_calls(handler.heard)
    yield handler
    stop()
    root.removeHandler(handler)
    for logger, level in levels:
        logger.setLevel(level)
