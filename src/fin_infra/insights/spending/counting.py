"""How every transaction counts: as spending, income or a transfer, under which category, and why.
Floor 5: each counts once and to the cent, so that the three add up to the change of the balances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from fin_infra.arguments import checked
from fin_infra.insights.categories.categorizer import merchant_of
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED, in_version_2, primary
from fin_infra.insights.records import Entry, Label
from fin_infra.insights.spending.records import Counted, CountsAs
from fin_infra.insights.transfers.recognition import recognize
from fin_infra.insights.transfers.records import Activity, Refund, Transfer, Transfers
from fin_infra.insights.transfers.words import trusted

_INCOMES = frozenset({"INCOME", "TRANSFER_IN", "LOAN_DISBURSEMENTS", UNCATEGORIZED})
"""Primary categories under which money in is shown; what the model makes of it otherwise is not believed."""


@checked
def count(activity: Activity, transfers: Transfers | None = None, *, pending: bool = True) -> tuple[Counted, ...]:
    """Return how each transaction counts, in order of date and id.

    Args:
        transfers: what `recognize` found in the same activity; it is asked where None.
        pending: whether transactions count that are not posted yet.

    Raises:
        InvalidInput: two transactions have one id.
    """
    found = recognize(activity) if transfers is None else transfers
    counter = _Counter(
        activity,
        {id: each for each in found.transfers for id in each.entry_ids},
        {each.entry_id: each for each in found.refunds},
    )
    entries = sorted(activity.entries, key=lambda entry: (entry.date, entry.id))
    return tuple(counter.of(entry) for entry in entries if pending or not entry.pending)


@dataclass(frozen=True, slots=True)
class _Counter:
    activity: Activity
    transfers: Mapping[str, Transfer]
    refunds: Mapping[str, Refund]

    def of(self, entry: Entry) -> Counted:
        label = self.activity.labels.get(entry.id)
        way = self._way(entry, label)
        return Counted(
            entry_id=entry.id,
            account_id=entry.account_id,
            date=entry.date,
            amount=entry.amount,
            counts_as=way.counts_as,
            category=way.category,
            merchant=label.merchant if label is not None and label.merchant else merchant_of(entry),
            reason=way.reason,
            confidence=way.confidence,
            other_id=way.other_id,
        )

    def _way(self, entry: Entry, label: Label | None) -> _Way:
        category = UNCATEGORIZED if label is None else label.category
        if (transfer := self.transfers.get(entry.id)) is not None:
            other = next((id for id in transfer.entry_ids if id != entry.id), None)
            return _Way(CountsAs.TRANSFER, category, transfer.reason, transfer.confidence, other)
        if (refund := self.refunds.get(entry.id)) is not None:
            return _Way(CountsAs.SPENDING, refund.category, refund.reason, refund.confidence, refund.purchase_id)
        if label is None:
            counts_as = CountsAs.INCOME if entry.amount > 0 else CountsAs.SPENDING
            return _Way(counts_as, category, "It has no label.", Decimal(0))
        return _by_label(entry, label)


class _Way(NamedTuple):
    counts_as: CountsAs
    category: str
    reason: str
    confidence: Decimal
    other_id: str | None = None


def _by_label(entry: Entry, label: Label) -> _Way:
    category, reason, group = label.category, label.reason, primary(label.category)
    earned = entry.amount > 0
    if not earned and not (group == "INCOME" and trusted(label)):
        return _Way(CountsAs.SPENDING, category, reason, label.confidence)
    if earned and group not in _INCOMES and in_version_2(category) is not None:
        category, reason = UNCATEGORIZED, f"Money in that nobody calls a refund. {reason}"
    return _Way(CountsAs.INCOME, category, reason, label.confidence)
