"""Money that came back from a merchant: which purchase it was for, and whose category it reduces.
Floor 5: a refund never exceeds what is left of its purchase; an equal amount comes before a part of a larger one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from fin_infra.insights.categories.categorizer import merchant_of
from fin_infra.insights.categories.taxonomy import UNCATEGORIZED, in_version_2, primary
from fin_infra.insights.records import Entry, Label
from fin_infra.insights.transfers.records import Refund
from fin_infra.insights.transfers.words import gives_back, goes_to_others, trusted

DAYS = 180
"""A purchase further back is not looked for."""
WHOLE, PART, ALONE = Decimal("0.97"), Decimal("0.90"), Decimal("0.80")
"""How sure a refund of a whole purchase is, of a part of one, and one by its category alone; estimates."""
_NOT_BOUGHT = frozenset({"INCOME", "TRANSFER_IN", "TRANSFER_OUT", "LOAN_PAYMENTS", "LOAN_DISBURSEMENTS"})


@dataclass(slots=True)
class _Purchase:
    entry: Entry
    left: Decimal


@dataclass(slots=True)
class _Merchant:
    """What went to one merchant in one currency and can still come back, the oldest first."""

    open: list[_Purchase]

    def take(self, refund: Entry) -> _Purchase | None:
        """Return the purchase that a refund fits best, and take the refund off what is left of it."""
        self.open = [each for each in self.open if each.left and (refund.date - each.entry.date).days <= DAYS]
        size = refund.amount.amount
        fits = [each for each in self.open if each.left >= size]
        best = max(fits, key=lambda each: _fit(each, refund), default=None)
        if best is not None:
            best.left -= size
        return best


def _fit(purchase: _Purchase, refund: Entry) -> tuple[object, ...]:
    bought = purchase.entry
    return (
        purchase.left == refund.amount.amount,
        bought.account_id == refund.account_id,
        bought.date,
        bought.account_id,
        bought.id,
    )


def refunds(entries: Iterable[Entry], labels: Mapping[str, Label]) -> list[Refund]:
    """Return the refunds among transactions that are not sides of a transfer, the oldest first."""
    merchants: dict[tuple[str, str], _Merchant] = {}
    found: list[Refund] = []
    for entry in sorted(entries, key=_purchases_first):
        label = labels.get(entry.id)
        merchant = label.merchant if label is not None and label.merchant else merchant_of(entry)
        place = (merchant, entry.amount.currency)
        if entry.amount.amount < 0:
            if merchant and not goes_to_others(entry):
                known = merchants.setdefault(place, _Merchant([]))
                known.open.append(_Purchase(entry, -entry.amount.amount))
        elif entry.amount.amount > 0 and _may_be_refund(entry, label):
            purchase = merchants[place].take(entry) if place in merchants else None
            refund = _of_purchase(entry, purchase, labels) if purchase is not None else _alone(entry, label)
            found += [refund] if refund is not None else []
    return found


def _purchases_first(entry: Entry) -> tuple[object, ...]:
    return entry.date, entry.amount.amount > 0, entry.account_id, entry.id


def _may_be_refund(entry: Entry, label: Label | None) -> bool:
    """Return whether nobody who knows calls it income or a transfer, and no other person sent it."""
    if goes_to_others(entry):
        return False
    return label is None or not trusted(label) or primary(label.category) not in _NOT_BOUGHT or gives_back(entry)


def _of_purchase(entry: Entry, purchase: _Purchase, labels: Mapping[str, Label]) -> Refund:
    bought = purchase.entry
    whole = not purchase.left and entry.amount.amount == -bought.amount.amount
    share = "the whole" if whole else f"{entry.amount.amount} of the {-bought.amount.amount}"
    label = labels.get(bought.id)
    return Refund(
        entry_id=entry.id,
        purchase_id=bought.id,
        amount=entry.amount,
        category=label.category if label is not None else UNCATEGORIZED,
        confidence=WHOLE if whole else PART,
        reason=f"'{merchant_of(entry)}' gave back {share} of {bought.date.isoformat()}.",
    )


def _alone(entry: Entry, label: Label | None) -> Refund | None:
    """Return a refund whose purchase is not in the book; None where nobody says that it is one."""
    if label is None or in_version_2(label.category) is None or primary(label.category) in _NOT_BOUGHT:
        return None
    if not trusted(label) and not gives_back(entry):
        return None
    return Refund(
        entry_id=entry.id,
        purchase_id=None,
        amount=entry.amount,
        category=label.category,
        confidence=min(ALONE, label.confidence),
        reason=f"Money in under a category of purchases, whose purchase is not in the book. {label.reason}",
    )
