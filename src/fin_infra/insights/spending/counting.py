"""How every transaction counts: as spending, income or a transfer, under which category, and why.
Floor 5: each counts once and to the cent, so that the three add up to the change of the balances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fin_infra.arguments import checked
from fin_infra.insights.categories.categorizer import merchant_of
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED, in_version_2, primary
from fin_infra.insights.records import Entry, Label
from fin_infra.insights.spending.records import Counted, CountsAs
from fin_infra.insights.transfers.recognition import ONE_SIDED, recognize
from fin_infra.insights.transfers.records import Activity, Refund, SplitShare, Transfer, Transfers
from fin_infra.insights.transfers.words import trusted
from fin_infra.model.money import Money

_INCOMES = frozenset({"INCOME", "TRANSFER_IN", "LOAN_DISBURSEMENTS", UNCATEGORIZED})
"""Primary categories under which money in is shown; what the model makes of it otherwise is not believed."""
_PAYOUTS = "LOAN_DISBURSEMENTS"


@checked
def count(activity: Activity, transfers: Transfers | None = None, *, pending: bool = True) -> tuple[Counted, ...]:
    """Return how each transaction counts, in order of date and id; a divided one by its parts.

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
    return tuple(each for entry in entries if pending or not entry.pending for each in counter.of(entry))


@dataclass(frozen=True, slots=True)
class _Counter:
    activity: Activity
    transfers: Mapping[str, Transfer]
    refunds: Mapping[str, Refund]

    def of(self, entry: Entry) -> Iterator[Counted]:
        label = self.activity.labels.get(entry.id)
        if (transfer := self.transfers.get(entry.id)) is not None:
            yield _moved(entry, label, transfer)
        elif parts := self.activity.parts.get(entry.id):
            yield from _divided(entry, label, parts)
        elif (refund := self.refunds.get(entry.id)) is not None:
            sure = (refund.reason, refund.confidence)
            yield _counted(entry, label, CountsAs.SPENDING, refund.category, sure, refund.purchase_id)
        else:
            yield _by_label(entry, label)


def _moved(entry: Entry, label: Label | None, transfer: Transfer) -> Counted:
    other = next((id for id in transfer.entry_ids if id != entry.id), None)
    category = label.category if label is not None else UNCATEGORIZED
    return _counted(entry, label, CountsAs.TRANSFER, category, (transfer.reason, transfer.confidence), other)


def _by_label(entry: Entry, label: Label | None) -> Counted:
    category = label.category if label is not None else UNCATEGORIZED
    sure = ("It has no label.", Decimal(0)) if label is None else (label.reason, label.confidence)
    earned = entry.amount.amount > 0
    if not earned and not (primary(category) == "INCOME" and trusted(label)):
        return _counted(entry, label, CountsAs.SPENDING, category, sure)
    if earned and primary(category) not in _INCOMES and in_version_2(category) is not None:
        category, sure = UNCATEGORIZED, (f"Money in that nobody calls a refund. {sure[0]}", sure[1])
    return _counted(entry, label, CountsAs.INCOME, category, sure)


def _divided(entry: Entry, label: Label | None, parts: Sequence[SplitShare]) -> Iterator[Counted]:
    """Yield the parts, and what they leave of an amount that the bank has changed since."""
    for part in parts:
        way = _part_counts_as(entry, part)
        yield _counted(entry, label, way, part.category, ("You divided it.", Decimal(1)), amount=part.amount)
    left = entry.amount - Money.total((part.amount for part in parts), entry.amount.currency)
    if left:
        rest = _by_label(entry, label)
        reason = f"The bank has changed the amount since you divided it. {rest.reason}"
        yield _counted(entry, label, rest.counts_as, rest.category, (reason, rest.confidence), amount=left)


def _part_counts_as(entry: Entry, part: SplitShare) -> CountsAs:
    group, earned = primary(part.category), part.amount.amount > 0
    if part.category in ONE_SIDED or (group == _PAYOUTS and earned):
        return CountsAs.TRANSFER
    if group == "INCOME":
        return CountsAs.INCOME
    is_purchase = in_version_2(part.category) is not None and group not in _INCOMES
    return CountsAs.INCOME if earned and entry.amount.amount > 0 and not is_purchase else CountsAs.SPENDING


def _counted(
    entry: Entry,
    label: Label | None,
    way: CountsAs,
    category: str,
    sure: tuple[str, Decimal],
    other: str | None = None,
    *,
    amount: Money | None = None,
) -> Counted:
    return Counted(
        entry_id=entry.id,
        account_id=entry.account_id,
        date=entry.date,
        amount=entry.amount if amount is None else amount,
        counts_as=way,
        category=category,
        merchant=label.merchant if label is not None and label.merchant else merchant_of(entry),
        reason=sure[0],
        confidence=sure[1],
        other_id=other,
    )
