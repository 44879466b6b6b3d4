"""How long personal data of identity checks is kept: applied once an hour to every household, while the service runs.
Floor 8: nothing that a vendor or the database does ends the loop; off without FIN_INFRA_IDENTITY_KEEP_DAYS."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from asset_aggregator.books import Books
from fin_infra.api import User
from fin_infra.book.lease import Owner
from fin_infra.book.read import read
from fin_infra.book.verified import households
from fin_infra.errors import FinInfraError
from fin_infra.features import acting
from fin_infra.security import mask
from fin_infra.settings import CoreSettings, load

logger = logging.getLogger(__name__)
PAUSE_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Applies the policy by itself."""

    books: Books
    pause_s: float = PAUSE_S

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Apply it while the block runs, where there is one."""
        days = load(CoreSettings).identity_keep_days
        if days is None:
            yield
            return
        task = asyncio.create_task(self._repeated(timedelta(days=days)))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _repeated(self, keep: timedelta) -> None:
        while True:
            try:
                await self.apply(keep)
            except Exception as exc:  # whatever it is, it may be over in an hour
                logger.warning("personal data of verifications waits to be removed: %s", _told(exc))
            await asyncio.sleep(self.pause_s)

    async def apply(self, keep: timedelta) -> int:
        """Apply it once to every household; return how many verifications it has removed personal data from.

        A household that fails does not keep the others from it.

        Raises:
            BookUnavailable: the database does not answer now.
        """
        first = await asyncio.to_thread(self.books.open)
        owners: list[Owner] = await asyncio.to_thread(read, first.engine, households)
        removed = 0
        for owner in owners:
            with acting(owner.tenant, owner.user_id):
                try:
                    done = await self.books.of(User(owner.user_id, owner.tenant)).redact_old_verifications(keep)
                except FinInfraError as exc:
                    logger.warning("personal data of a household's verifications stays for now: %s", _told(exc))
                    continue
            removed += len(done.redacted)
            if done.waiting:
                logger.warning("%d verifications wait for the vendor to remove personal data", len(done.waiting))
        return removed


def _told(exc: Exception) -> str:
    return mask(str(exc)) if isinstance(exc, FinInfraError) else type(exc).__name__
