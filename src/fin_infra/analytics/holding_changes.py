"""What changed between two syncs of the same person's holdings.
Floor 5: compares quantities only; an account that one of the two could not read is left out, never taken for empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction

from fin_infra.analytics.holdings import composite
from fin_infra.errors import InvalidInput
from fin_infra.model import AccountRef, ChangeKind, HoldingChange, InstrumentKey, Money, Portfolio, Split

TOLERANCE = Decimal("0.1")
"""How far the price after a split may be from the price before, divided by the ratio: markets move meanwhile."""
MOST_SHARES = 100
"""The largest number of shares that one becomes, or that become one, in a split that is detected and not given."""
DIGITS = Decimal("1e-9")
"""Where a quantity that a split makes endless is cut."""

_EXACT = Context(prec=1000, traps=[Inexact, InvalidOperation])
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Held:
    """One instrument in one account."""

    quantity: Decimal = _ZERO
    price: Money | None = None
    identifier: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class _Slot:
    """Where a quantity is: an instrument by its key, or by its text where it has none, in an account."""

    text: str
    keyed: bool
    account: AccountRef


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
    opposite; of 1/n the broker may have paid out the fraction. A rename is one that is given, or a holding that goes
    on in the same account under another key with the same `identifier`; it is reported and no trade. Equal and
    opposite changes of one instrument in two accounts are a transfer. What is left opened, closed
    or changed. An account that is or was connected twice is compared with itself, whichever connection counted. The
    deltas of an account add up to the difference, and the same two portfolios give the same list, whatever order they
    were read in.

    Args:
        splits: by instrument; any venue in the United States will do. A fraction of a share that a broker pays out in
            cash is part of the split.
        renames: the new key by the old one, for a ticker that changed or a share that moved to another market.
    """
    known = {str(composite(key)): split for key, split in (splits or {}).items()}
    if any(split.new < 1 or split.old < 1 or split.new == split.old for split in known.values()):
        raise InvalidInput("A split gives another number of shares than before, both above zero; write Split(4, 1).")
    same = _same(before, after)
    old, new = _held(before, same), _held(after, same)
    given = {str(composite(was)): str(composite(now)) for was, now in (renames or {}).items()}
    renamed = _renamed(old, new, given)
    adjusted = _rename(old, renamed)
    moved: dict[_Slot, tuple[Decimal, Decimal]] = {}
    for slot in sorted(old.keys() | new.keys()):
        was, now = old.get(slot, _Held()), new.get(slot, _Held())
        who = [slot.account, *(other for other, account in same.items() if account == slot.account)]
        if was.quantity == now.quantity or not (_knows(before, who) and _knows(after, who)):
            continue
        split = known.get(slot.text) or _found(was, now, tolerance)
        start = was.quantity
        if split is not None and was.quantity and now.quantity:
            start = _after_split(was.quantity, now.quantity, split)
            adjusted.append(_change(ChangeKind.SPLIT_ADJUSTED, slot, was.quantity, start, split=split))
        if start != now.quantity:
            moved[slot] = (start, now.quantity)
    others = _transfers(moved)
    rest = [_change(_kind(*span, slot in others), slot, *span, other=others.get(slot)) for slot, span in moved.items()]
    return sorted(adjusted + rest, key=_order)


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


def _held(portfolio: Portfolio, same: Mapping[AccountRef, AccountRef]) -> dict[_Slot, _Held]:
    found: dict[_Slot, _Held] = {}
    for line in portfolio.lines:
        text = line.symbol_text if line.key is None else str(line.key)
        for part in line.parts:
            slot = _Slot(text, line.key is not None, same.get(part.account, part.account))
            price = None
            if part.current_price is not None and part.currency != "XXX" and part.market_value is not None:
                price = Money(part.current_price, part.currency)
            total = _EXACT.add(found.get(slot, _Held()).quantity, part.quantity)
            found[slot] = _Held(total, price, part.identifier)
    return found


def _renamed(old: Mapping[_Slot, _Held], new: Mapping[_Slot, _Held], given: Mapping[str, str]) -> dict[_Slot, _Slot]:
    """Return the new slot of each holding that goes on under another key; none where two would have to be one."""
    opened: dict[tuple[AccountRef, str | None], _Slot] = {
        (slot.account, held.identifier): slot for slot, held in new.items() if held.identifier and slot not in old
    }
    found: dict[_Slot, _Slot] = {}
    for slot, held in old.items():
        if slot.text in given:
            found[slot] = _Slot(given[slot.text], True, slot.account)
        elif slot.keyed and slot not in new and (slot.account, held.identifier) in opened:
            found[slot] = opened[slot.account, held.identifier]
    taken = Counter(found.values())
    return {
        was: now
        for was, now in found.items()
        if now.keyed and now in new and now not in old and was not in new and taken[now] == 1
    }


def _rename(old: dict[_Slot, _Held], renamed: Mapping[_Slot, _Slot]) -> list[HoldingChange]:
    """Move what was held to the new keys, and return the changes that say so."""
    changes: list[HoldingChange] = []
    for was, now in renamed.items():
        held = old[now] = old.pop(was)
        change = _change(ChangeKind.RENAMED, now, held.quantity, held.quantity)
        changes.append(replace(change, renamed_from=InstrumentKey.parse(was.text) if was.keyed else None))
    return changes


def _found(was: _Held, now: _Held, tolerance: Decimal) -> Split | None:
    """Return the split that explains both quantity and price; None where another explanation is as good."""
    if not (was.quantity and now.quantity and was.price and now.price) or was.price.currency != now.price.currency:
        return None
    if was.price.amount <= 0:
        return None
    ratio, rise = (
        Fraction(now.quantity) / Fraction(was.quantity),
        Fraction(now.price.amount) / Fraction(was.price.amount),
    )
    new, old = ratio.numerator, ratio.denominator
    if ratio <= 0 or min(new, old) > 2 or max(new, old) > MOST_SHARES:
        return _paid_out(was.quantity, now.quantity, rise, tolerance)
    drift = rise * ratio
    if drift > 0 and max(drift, 1 / drift) - 1 <= Fraction(tolerance):
        return Split(new, old)
    return _paid_out(was.quantity, now.quantity, rise, tolerance)


def _paid_out(was: Decimal, now: Decimal, rise: Fraction, tolerance: Decimal) -> Split | None:
    """Return the reverse split, one for n, that left whole shares and paid out the fraction; the price tells n."""
    if rise <= 0 or now != int(now):
        return None
    drifts = {
        old: max(rise / old, old / rise) - 1 for old in range(2, MOST_SHARES + 1) if int(Fraction(was) / old) == now
    }
    old = min(drifts, key=drifts.__getitem__, default=0)
    return Split(1, old) if old and drifts[old] <= Fraction(tolerance) else None


def _after_split(was: Decimal, now: Decimal, split: Split) -> Decimal:
    """Return the quantity the split made: all of `now`, where only the broker's rounding is between them."""
    exact = Fraction(was) * split.new / split.old
    whole = Fraction(int(exact))
    if Fraction(now) in (exact, whole) or abs(Fraction(now) - exact) < Fraction(DIGITS):
        return now
    wide = Context(prec=200)
    return (
        wide.divide(Decimal(exact.numerator), Decimal(exact.denominator))
        .quantize(DIGITS, ROUND_DOWN, wide)
        .normalize(wide)
    )


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


def _order(change: HoldingChange) -> tuple[str, AccountRef, bool]:
    return change.symbol_text, change.account, change.kind is not ChangeKind.SPLIT_ADJUSTED
