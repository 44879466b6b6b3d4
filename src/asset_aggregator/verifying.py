"""A vendor tells that a verification has changed: it is asked how, for every household that began it.
Floor 8: what an event says is not believed, only that there is something to ask; asking twice changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from asset_aggregator.books import Books
from fin_infra.api import User
from fin_infra.book.engine import reading
from fin_infra.book.lease import Owner
from fin_infra.book.verified import told_of
from fin_infra.errors import FeatureDisabled, NotRemembered
from fin_infra.features import acting
from fin_infra.providers.interfaces.webhooks import WebhookEvent


@dataclass(frozen=True, slots=True)
class Verifying:
    """Handles the events of verifications."""

    books: Books

    async def __call__(self, provider: str, event: WebhookEvent) -> None:
        """Ask the vendor of the verification that an event names; one that nobody here began is passed over.

        Raises:
            ProviderError: the vendor failed; the event waits.
            BookUnavailable: the database does not answer now; the event waits.
        """
        for owner, ident in await asyncio.to_thread(self._begun, provider, event.login or ""):
            with acting(owner.tenant, owner.user_id):
                try:
                    await self.books.of(User(owner.user_id, owner.tenant)).verification(ident)
                except (FeatureDisabled, NotRemembered):  # switched off for them, or erased in this moment
                    continue

    def _begun(self, provider: str, vendor_id: str) -> list[tuple[Owner, str]]:
        with reading(self.books.open().engine) as db:
            return told_of(db, provider, vendor_id)
