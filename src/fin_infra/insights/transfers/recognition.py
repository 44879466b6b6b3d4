"""Which transactions of a household only move money, and which give money back: who is asked in which order.
Floor 5: a person's link and word come first, then pairs, then the label of one side, then refunds.

A category that a person gave decides too: no pair is looked for against their word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.insights.categories.taxonomy import primary
from fin_infra.insights.records import Entry, EntryAccount, Judge
from fin_infra.insights.transfers.pairs import BOTH, NAMED, ONE, Pair, pairs
from fin_infra.insights.transfers.records import Activity, Transfer, TransferKind, Transfers
from fin_infra.insights.transfers.refunds import refunds
from fin_infra.insights.transfers.words import Side, folded, says_transfer, side_of, trusted
from fin_infra.model.banking import AccountType

COUNTED = Decimal("0.8")
"""A pair below this confidence is reported as unclear, and not counted as a transfer."""
_ONE_SIDED: Mapping[str, TransferKind] = {
    "TRANSFER_IN_ACCOUNT_TRANSFER": TransferKind.TRANSFER,
    "TRANSFER_IN_SAVINGS": TransferKind.TRANSFER,
    "TRANSFER_IN_INVESTMENT_AND_RETIREMENT_FUNDS": TransferKind.TRANSFER,
    "TRANSFER_OUT_ACCOUNT_TRANSFER": TransferKind.TRANSFER,
    "TRANSFER_OUT_SAVINGS": TransferKind.TRANSFER,
    "TRANSFER_OUT_INVESTMENT_AND_RETIREMENT_FUNDS": TransferKind.TRANSFER,
    "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT": TransferKind.CARD_PAYMENT,
}
"""Categories that are transfers without the other side. Loans paid to a lender who is not in the book are spending,
and so are cash, checks and wires: nobody knows that they stay with the person."""
_SAID = {
    NAMED: "one text names the other account",
    BOTH: "both texts or labels speak of a transfer",
    ONE: "one text or label speaks of a transfer",
}


@checked
def recognize(activity: Activity) -> Transfers:
    """Return the transfers and refunds among the transactions of a household.

    Raises:
        InvalidInput: two transactions have one id.
    """
    reader = _Reader.of(activity)
    linked = list(reader.linked())
    taken = {id for each in linked for id in each.entry_ids}
    sure, unclear = reader.paired(taken)
    taken |= {id for each in sure for id in each.entry_ids}
    alone = list(reader.one_sided(taken))
    taken |= {id for each in alone for id in each.entry_ids}
    rest = [entry for entry in activity.entries if entry.id not in taken]
    return Transfers(
        transfers=tuple(sorted([*linked, *sure, *alone], key=_order)),
        refunds=tuple(refunds(rest, activity.labels)),
        unclear=tuple(sorted(unclear, key=_order)),
    )


def _order(transfer: Transfer) -> tuple[object, ...]:
    return transfer.date, transfer.entry_ids


@dataclass(frozen=True, slots=True)
class _Reader:
    activity: Activity
    entries: Mapping[str, Entry]
    accounts: Mapping[str, EntryAccount]

    @classmethod
    def of(cls, activity: Activity) -> _Reader:
        entries = {entry.id: entry for entry in activity.entries}
        if len(entries) != len(activity.entries):
            raise InvalidInput("Two transactions have one id; give each an id of its own.")
        return cls(activity, entries, {each.id: each for each in activity.accounts})

    def type_of(self, entry: Entry | None) -> AccountType:
        facts = None if entry is None else self.accounts.get(entry.account_id)
        return AccountType.UNKNOWN if facts is None else facts.type

    def linked(self) -> Iterator[Transfer]:
        """Yield what a person linked, each side once; where the other side is gone, the one that is left."""
        links, done = self.activity.links, set[str]()
        for one, other in sorted(links.items(), key=lambda link: (links.get(link[1]) != link[0], link)):
            if one in self.entries and other in self.entries and one != other and not done & {one, other}:
                done |= {one, other}
                sides = sorted((self.entries[one], self.entries[other]), key=lambda each: (each.amount.amount, each.id))
                yield self._linked(*sides)
        for one in sorted(links.keys() & self.entries.keys() - done):
            why = "You linked it, and the other side is not among these transactions."
            yield self._alone(self.entries[one], TransferKind.TRANSFER, Decimal(1), why)

    def _linked(self, out: Entry, into: Entry) -> Transfer:
        reason = "You linked the two sides."
        if out.amount.currency == into.amount.currency and out.amount + into.amount != 0:
            reason = f"You linked the two sides, which differ by {abs(out.amount + into.amount)}."
        return self._whole(out, into, Decimal(1), reason)

    def paired(self, taken: set[str]) -> tuple[list[Transfer], list[Transfer]]:
        """Return the pairs that are sure enough, and those that are not."""
        found = [self._pair(each) for each in pairs(self._sides(taken), self.accounts)]
        return (
            [each for each in found if each.confidence >= COUNTED],
            [each for each in found if each.confidence < COUNTED],
        )

    def _sides(self, taken: set[str]) -> Iterator[Side]:
        asked = self.activity
        for entry in asked.entries:
            if entry.id not in taken and entry.id not in asked.apart:
                yield side_of(entry, asked.labels.get(entry.id), owed=self.type_of(entry).is_liability)

    def _pair(self, pair: Pair) -> Transfer:
        apart = f"{pair.days} days apart" if pair.days != 1 else "a day apart"
        when = "on one day" if not pair.days else apart
        said = _SAID.get(pair.strength, "neither text speaks of a transfer")
        reason = f"Equal amounts in two accounts {when}; {said}."
        if pair.rival is not None:
            other = pair.rival.entry
            reason += f" That of {other.date.isoformat()} in account {other.account_id} fits as well."
        return self._whole(pair.out.entry, pair.into.entry, pair.confidence, reason)

    def _whole(self, out: Entry, into: Entry, confidence: Decimal, reason: str) -> Transfer:
        return Transfer(
            kind=_kind(self.type_of(into), self.type_of(out)),
            out_id=out.id,
            in_id=into.id,
            date=min(out.date, into.date),
            amount=abs(out.amount),
            received=into.amount,
            confidence=confidence,
            reason=reason,
        )

    def one_sided(self, taken: set[str]) -> Iterator[Transfer]:
        """Yield what is a transfer by its label or its account, and has no other side in the book."""
        for entry in self.activity.entries:
            if entry.id in taken or entry.id in self.activity.apart:
                continue
            label = self.activity.labels.get(entry.id)
            side = side_of(entry, label, owed=self.type_of(entry).is_liability)
            kind = self._kind_alone(side)
            if kind is not None:
                why = "its text and account" if label is None or not trusted(label) else label.reason.rstrip(".")
                reason = f"The other side is not in the book; a transfer by one side only: {why}."
                yield self._alone(entry, kind, label.confidence if label and trusted(label) else COUNTED, reason)

    def _kind_alone(self, side: Side) -> TransferKind | None:
        entry, label = side.entry, side.label
        said = label is not None and label.judge in (Judge.PERSON, Judge.RULE)
        if side.speech < 1 and not said:
            return None
        if label is not None and (trusted(label) or says_transfer(folded(entry))):
            if primary(label.category) == "LOAN_DISBURSEMENTS" and entry.amount.amount > 0:
                return TransferKind.LOAN_PAYOUT
            if (kind := _ONE_SIDED.get(label.category)) is not None:
                return kind
        paid = entry.amount.amount > 0 and self.type_of(entry).is_liability and side.speech == 1
        return _kind(self.type_of(entry), AccountType.UNKNOWN) if paid else None

    def _alone(self, entry: Entry, kind: TransferKind, confidence: Decimal, reason: str) -> Transfer:
        received = entry.amount.amount > 0
        return Transfer(
            kind=kind,
            out_id=None if received else entry.id,
            in_id=entry.id if received else None,
            date=entry.date,
            amount=abs(entry.amount),
            received=entry.amount if received else None,
            confidence=confidence,
            reason=reason,
        )


def _kind(into: AccountType, out: AccountType) -> TransferKind:
    if into is AccountType.CREDIT:
        return TransferKind.CARD_PAYMENT
    if into is AccountType.LOAN:
        return TransferKind.LOAN_PAYMENT
    return TransferKind.LOAN_PAYOUT if out is AccountType.LOAN else TransferKind.TRANSFER
