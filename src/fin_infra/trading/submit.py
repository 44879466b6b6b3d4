"""Placing a new order.
Floor 2: what is asked for; `request` carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fin_infra.model import BrokerAccount, NewOrder, Order
from fin_infra.trading import ids
from fin_infra.trading.journal import JournalEntry
from fin_infra.trading.proposal import Proposal
from fin_infra.trading.request import OrderRequest, Prepared, prepared
from fin_infra.transport import Flow


@dataclass(frozen=True, kw_only=True)
class Submission(OrderRequest):
    """One new order on its way to the broker."""

    order: NewOrder

    @property
    def fingerprint(self) -> str:
        return ids.request_fingerprint("submit", ids.fingerprint(self.order))

    def belongs(self, known: JournalEntry) -> bool:
        return super().belongs(known) or known.fingerprint == ids.fingerprint(self.order)

    def prepare(self, account: BrokerAccount) -> Flow[Prepared]:
        return prepared(Proposal(self.order, (yield from self.desk.context(self.order, account, self.queue))))

    def recognize(self, found: Order, attempts: Sequence[JournalEntry]) -> Flow[bool]:
        yield from ()
        return ids.same_order(self.order, found)
