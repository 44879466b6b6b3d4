"""Merge overlapping exports of one account without losing or doubling a transaction.
Floor 4: ids come first, then date, amount and text counted as often as they occur; what stays unclear is a conflict."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from fin_infra.model.statement import StatementLine


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeResult:
    """Every incoming line, in exactly one of three places, each in the order it came."""

    new: tuple[StatementLine, ...]
    duplicates: tuple[StatementLine, ...]
    """Already known."""
    conflicts: tuple[StatementLine, ...]
    """A person should decide: add or drop."""


def merge(known: Sequence[StatementLine], incoming: Sequence[StatementLine]) -> MergeResult:
    """Sort the transactions of a further export of the same account into new, duplicate and conflict.

    1. Same id, date and amount: duplicate. An id with another date or amount is another transaction (banks reuse ids).
       The same id, date and amount twice in `incoming` is a conflict: a repetition, or two transactions of a bank whose
       ids mean nothing.
    2. Of what is left on both sides, same date, amount and text (`description`, or `memo` without one): duplicate,
       as many times as it is known. So two equal coffees on one day both stay, and a bank that changes its ids from
       export to export doubles nothing.
       Where the only changed ids are on the first or last day of `incoming` while others were kept (step 1), they are
       conflicts instead: the export may have begun or ended in the middle of that day.
    3. A line that corrects an earlier one (`corrects`) and is not known is a conflict; everything else is new.
    """
    known_left = sorted(map(_key, known))  # sorted, so that the order of the lines decides nothing
    left = sorted((_key(line), index) for index, line in enumerate(incoming))
    duplicates = _pair(known_left, left, lambda key: key if key.id else None)
    duplicates |= _pair(known_left, left, lambda key: key.identity if key.id else None)
    ids_are_kept = bool(duplicates)
    conflicts = _repeated(left, {_key(incoming[index]).identity for index in duplicates})
    left = [item for item in left if item[1] not in conflicts]

    changed = _match_texts(known_left, left, duplicates)
    edges = {min(line.posted for line in incoming), max(line.posted for line in incoming)} if changed else set[date]()
    if ids_are_kept and all(incoming[index].posted in edges for index in changed):
        conflicts |= changed
    else:
        duplicates |= changed
    conflicts |= {index for index, line in enumerate(incoming) if line.corrects and index not in duplicates}
    return MergeResult(
        new=tuple(line for index, line in enumerate(incoming) if index not in duplicates and index not in conflicts),
        duplicates=tuple(line for index, line in enumerate(incoming) if index in duplicates),
        conflicts=tuple(line for index, line in enumerate(incoming) if index in conflicts),
    )


class _Key(NamedTuple):
    """All that `merge` looks at: lines with equal keys may stand for each other."""

    id: str
    posted: date
    amount: Decimal
    currency: str
    corrects: str
    words: tuple[str, ...]

    @property
    def identity(self) -> Hashable:
        return self[:-1]

    @property
    def text(self) -> Hashable:
        return self[1:]


def _key(line: StatementLine) -> _Key:
    text = unicodedata.normalize("NFKC", line.description or line.memo or "").casefold()
    words = "".join(char if char.isalnum() else " " for char in text).split()
    money = line.amount
    return _Key(line.id or "", line.posted, money.amount, money.currency, line.corrects or "", tuple(words))


def _pair(known: list[_Key], incoming: list[tuple[_Key, int]], part: Callable[[_Key], Hashable | None]) -> set[int]:
    """Pair lines whose `part` is equal and not None, take them out of both lists, return the incoming indexes."""
    pool: defaultdict[Hashable, list[int]] = defaultdict(list)
    for position, key in enumerate(known):
        pool[part(key)].append(position)
    pool.pop(None, None)
    taken: set[int] = set()
    found: set[int] = set()
    for key, index in incoming:
        positions = pool.get(part(key))
        if positions:
            taken.add(positions.pop())
            found.add(index)
    known[:] = [key for position, key in enumerate(known) if position not in taken]
    incoming[:] = [item for item in incoming if item[1] not in found]
    return found


def _repeated(left: list[tuple[_Key, int]], seen: set[Hashable]) -> set[int]:
    """Return the lines whose id, date and amount came before in the same export."""
    found: set[int] = set()
    for key, index in left:
        if key.id and key.identity in seen:
            found.add(index)
        seen.add(key.identity)
    return found


def _match_texts(known: list[_Key], left: list[tuple[_Key, int]], duplicates: set[int]) -> set[int]:
    """Add matches by text to `duplicates`, and return those between two different ids, which are made last."""
    known_with, known_without = [key for key in known if key.id], [key for key in known if not key.id]
    with_id, without = [item for item in left if item[0].id], [item for item in left if not item[0].id]
    duplicates |= _pair(known_without, with_id, lambda key: key.text)
    duplicates |= _pair(known_with, without, lambda key: key.text)
    duplicates |= _pair(known_without, without, lambda key: key.text)
    return _pair(known_with, with_id, lambda key: key.text)
