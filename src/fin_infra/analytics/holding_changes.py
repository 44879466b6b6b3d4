"""What changed between two syncs of the same person's holdings.
Floor 5: compares quantities only; an account that one of the two could not read is left out, never taken for empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, Inexact, InvalidOperation

from fin_infra.analytics.holding_splits import TOLERANCE, Held, split_between
from fin_infra.analytics.holdings import composite
from fin_infra.arguments import checked
from fin_infra.errors import InvalidInput
from fin_infra.model import AccountRef, ChangeKind, HoldingChange, InstrumentKey, Money, Portfolio, Split

_EXACT = Context(prec=1000, traps=[Inexact, InvalidOperation])
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, order=True)
class _Slot:
    """Where a quantity is: an instrument by its key, or by its text where it has none, in an account."""

    text: str
    keyed: bool
    account: AccountRef


@checked
def diff_holdings(
    before: Portfolio,
    after: Portfolio,
    *,
    splits: Mapping[InstrumentKey, Split] | None = None,
    renames: Mapping[InstrumentKey, InstrumentKey] | None = None,
    tolerance: Decimal = TOLERANCE,
) -> list[HoldingChange]:
    """Return what changed, by instrument and account; nothing for prices, currencies and rates.

    A split is one that is given, or a quantity that became n, 1/n, n/2 or 2/n of what it was while the price did the
    opposite; of 1/n and n/2 the broker may have paid out the fraction. A rename is one that is given, or a holding
    that goes on in the same account under another key with the same `identifier`; it is reported and no trade. Equal
    and opposite changes of one instrument in two accounts are a transfer. What is left opened, closed or changed. An
    account that is or was connected twice is compared with itself, whichever connection counted. The deltas of an
    account add up to the difference, each change goes on from where the one before it ended, and the same two
    portfolios give the same list, whatever order they were read in.

    Args:
        splits: by instrument, under its old key or its new one; any venue in the United States will do. A fraction
            of a share that a broker pays out in cash, or rounds up in a reverse split, is part of the split.
        renames: the new key by the old one, for a ticker that changed or a share that moved to another market.
    """
    known = {str(composite(key)): split for key, split in (splits or {}).items()}
    if any(split.new < 1 or split.old < 1 or split.new == split.old for split in known.values()):
        raise InvalidInput("A split gives another number of shares than before, both above zero; write Split(4, 1).")
    given = {str(composite(was)): str(composite(now)) for was, now in (renames or {}).items()}
    old, new = _compared(before, after)
    renamed = _renamed(old, new, given)
    earlier = {now: known[was.text] for was, now in renamed.items() if was.text in known}
    adjusted = _rename(old, renamed)
    moved: dict[_Slot, tuple[Decimal, Decimal]] = {}
    for slot in sorted(old.keys() | new.keys()):
        was, now = old.get(slot, Held()), new.get(slot, Held())
        split, start = split_between(was, now, known.get(slot.text) or earlier.get(slot), tolerance)
        if split is not None:
            adjusted.append(_change(ChangeKind.SPLIT_ADJUSTED, slot, was.quantity, start, split=split))
        if start != now.quantity:
            moved[slot] = (start, now.quantity)
    others = _transfers(moved)
    rest = [_change(_kind(*span, slot in others), slot, *span, other=others.get(slot)) for slot, span in moved.items()]
    return sorted(adjusted + rest, key=_order)


def _compared(before: Portfolio, after: Portfolio) -> tuple[dict[_Slot, Held], dict[_Slot, Held]]:
    """Return what each of the two holds, in the accounts that both of them could read."""
    same = _same(before, after)
    old, new = _held(before, same), _held(after, same)
    for slot in old.keys() | new.keys():
        who = [slot.account, *(other for other, account in same.items() if account == slot.account)]
        if not (_knows(before, who) and _knows(after, who)):
            old.pop(slot, None)
            new.pop(slot, None)
    return old, new


def _same(before: Portfolio, after: Portfolio) -> dict[AccountRef, AccountRef]:
    """Return connections that another one to the same account has taken over from, each with the one in `after`."""
    same = {double: counted for double, counted in after.duplicates if counted not in before.read}
    for double, counted in before.duplicates:
        if counted not in after.read and double in after.read:
            same[counted] = double
    return same


def _knows(portfolio: Portfolio, who: Sequence[AccountRef]) -> bool:
    """Say whether the portfolio tells what the one account behind these connections holds."""
    return any(account in portfolio.read for account in who) or all(map(portfolio.is_known, who))


def _held(portfolio: Portfolio, same: Mapping[AccountRef, AccountRef]) -> dict[_Slot, Held]:
    found: dict[_Slot, Held] = {}
    for line in portfolio.lines:
        text = line.symbol_text if line.key is None else str(line.key)
        for part in line.parts:
            slot = _Slot(text, line.key is not None, same.get(part.account, part.account))
            price = None
            if part.current_price is not None and part.currency != "XXX" and part.market_value is not None:
                price = Money(part.current_price, part.currency)
            one = Held(part.quantity, price, part.identifier, part.as_of)
            found[slot] = _together(found[slot], one) if slot in found else one
    return found


def _together(one: Held, other: Held) -> Held:
    """Return two rows of one slot as one; two identifiers tell nothing about which of them goes on."""
    return Held(
        _EXACT.add(one.quantity, other.quantity),
        other.price,
        one.identifier if one.identifier == other.identifier else None,
        max(one.as_of, other.as_of),
    )


def _renamed(old: Mapping[_Slot, Held], new: Mapping[_Slot, Held], given: Mapping[str, str]) -> dict[_Slot, _Slot]:
    """Return the new slot of each holding that goes on under another key; none where two would have to be one."""
    opened: dict[tuple[AccountRef, str], list[_Slot]] = {}
    for slot, held in new.items():
        if held.identifier and slot not in old:
            opened.setdefault((slot.account, held.identifier), []).append(slot)
    found: dict[_Slot, _Slot] = {}
    for slot, held in old.items():
        if slot.keyed and slot.text in given:
            found[slot] = _Slot(given[slot.text], True, slot.account)
        elif held.identifier and len(same := opened.get((slot.account, held.identifier), [])) == 1:
            found[slot] = same[0]
    texts = {slot.text for slot in new}  # a rename that is given holds for what went to another account meanwhile, too
    goes_on = {was for was, now in found.items() if now in new or (was.text in given and now.text in texts)}
    found = {was: now for was, now in found.items() if was in goes_on and now not in old and was not in new}
    taken = Counter(found.values())
    return {was: now for was, now in found.items() if taken[now] == 1}


def _rename(old: dict[_Slot, Held], renamed: Mapping[_Slot, _Slot]) -> list[HoldingChange]:
    """Move what was held to the new keys, and return the changes that say so."""
    changes: list[HoldingChange] = []
    for was, now in renamed.items():
        held = old[now] = old.pop(was)
        change = _change(ChangeKind.RENAMED, now, held.quantity, held.quantity)
        changes.append(replace(change, renamed_from=InstrumentKey.parse(was.text) if was.keyed else None))
    return changes


def _transfers(moved: Mapping[_Slot, tuple[Decimal, Decimal]]) -> dict[_Slot, AccountRef]:
    """Return the account at the other end, for each move that has one. What has no key cannot be matched."""
    waiting: dict[tuple[str, Decimal], tuple[list[_Slot], list[_Slot]]] = {}
    for slot, (start, end) in moved.items():
        delta = _EXACT.subtract(end, start)
        if slot.keyed:
            sides = waiting.setdefault((slot.text, abs(delta).normalize(_EXACT)), ([], []))
            sides[delta > 0].append(slot)
    others: dict[_Slot, AccountRef] = {}
    for out, into in waiting.values():
        for one, other in zip(out, into, strict=False):  # what is left over on one side was traded
            others[one], others[other] = other.account, one.account
    return others


def _kind(before: Decimal, after: Decimal, transferred: bool) -> ChangeKind:
    if transferred:
        return ChangeKind.TRANSFERRED
    return ChangeKind.CHANGED if before and after else ChangeKind.CLOSED if before else ChangeKind.OPENED


def _change(
    kind: ChangeKind,
    slot: _Slot,
    before: Decimal,
    after: Decimal,
    *,
    other: AccountRef | None = None,
    split: Split | None = None,
) -> HoldingChange:
    return HoldingChange(
        kind=kind,
        account=slot.account,
        key=InstrumentKey.parse(slot.text) if slot.keyed else None,
        symbol_text=slot.text,
        before=before,
        after=after,
        delta=_EXACT.subtract(after, before),
        other=other,
        split=split,
    )


_FIRST = (ChangeKind.RENAMED, ChangeKind.SPLIT_ADJUSTED)


def _order(change: HoldingChange) -> tuple[str, AccountRef, int]:
    rank = _FIRST.index(change.kind) if change.kind in _FIRST else len(_FIRST)
    return change.symbol_text, change.account, rank
