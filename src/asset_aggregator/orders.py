"""Orders in the service: where they are written down, and what is done about those whose end nobody saw.
Floor 8: the broker is asked about them in the background for as long as the service runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from asset_aggregator.orders_journal import PostgresJournal
from fin_infra.errors import FinInfraError
from fin_infra.providers.interfaces.brokerage import BrokerageProvider
from fin_infra.security import mask
from fin_infra.trading import JournalEntry
from fin_infra.trading.journal import SqlJournal
from fin_infra.transport import Async

logger = logging.getLogger(__name__)

PAUSE_S = 30.0


def choose_journal(broker: BrokerageProvider[Async] | None, sql_url: str | None) -> PostgresJournal | None:
    """Write orders down in PostgreSQL where a URL is given, and return that journal; else the broker keeps its file.

    Raises:
        ConfigurationError: the URL cannot be used.
    """
    if broker is None or sql_url is None:
        return None
    broker.journal = shared = PostgresJournal(sql_url)
    return shared


@asynccontextmanager
async def looked_after(
    broker: BrokerageProvider[Async], shared: PostgresJournal | None, *, pause_s: float = PAUSE_S
) -> AsyncGenerator[None]:
    """Reconcile orders while the block runs; close a shared journal at its end."""
    task = asyncio.create_task(_reconcile(broker, shared, pause_s), name="reconcile orders")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        if shared is not None:
            shared.close()


async def works(journal: PostgresJournal) -> bool:
    """Ask the journal, for the readiness of the service."""
    await asyncio.to_thread(journal.unfinished)
    return True


async def _reconcile(broker: BrokerageProvider[Async], shared: PostgresJournal | None, pause_s: float) -> None:
    """Look for open orders again and again: a journal that fails after an order was sent leaves one at any time."""
    reported: set[str] = set()
    failing = ""
    while True:
        try:
            if await asyncio.to_thread(_unfinished, broker, shared):
                _report(await broker.reconcile_orders(), reported)
            failing = ""
        except FinInfraError as exc:
            if failing != exc.code:  # once an outage, not once a pause
                logger.warning("orders cannot be reconciled yet: %s", mask(str(exc)))
            failing = exc.code
        await asyncio.sleep(pause_s)


def _unfinished(broker: BrokerageProvider[Async], shared: PostgresJournal | None) -> bool:
    """Say whether there is anything to ask the broker about; a file that is not there yet is not made for that."""
    if shared is not None:
        return shared.unfinished()
    if not broker.limits.journal_file().exists():
        return False
    return not isinstance(broker.journal, SqlJournal) or broker.journal.unfinished()


def _report(still_open: list[JournalEntry], reported: set[str]) -> None:
    for entry in still_open:
        if entry.attempt not in reported:
            reported.add(entry.attempt)
            logger.warning("nobody knows yet what became of order %s: %s", entry.client_order_id, entry.summary)
    if reported and not still_open:
        reported.clear()
        logger.info("all orders are accounted for")
