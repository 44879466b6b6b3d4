"""An order that one source tells as a whole and another by its fills: found where the units of fills make the order's.
Floor 6: pure; it is always asked, since units that add up are a sign and no proof.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from fin_infra.book.columns import exact_sum
from fin_infra.book.deal_kinds import DealKind
from fin_infra.book.trade_match import SETTLES, Told, Trade, same_day, same_instrument

MOST = 10
"""Fills of a day of which every choice is tried; of more only all of them together."""
_TRADED = frozenset({DealKind.BUY, DealKind.SELL})


class Order(NamedTuple):
    """A trade that may be some others together."""

    total: int
    parts: tuple[int, ...]


def find_orders(trades: Iterable[Trade], asked: Container[frozenset[int]] = frozenset()) -> list[Order]:
    """Return which trades may be others together; each trade is in one order at most.

    Args:
        trades: of one account; those that their sources have taken back are left out by the caller.
        asked: pairs of which a person has been asked before.
    """
    by_day: defaultdict[int, list[Trade]] = defaultdict(list)
    sizes: list[tuple[Decimal, Trade]] = []
    for trade in trades:
        told = trade.worded[0]
        if told.type in _TRADED and told.quantity:
            sizes.append((abs(told.quantity), trade))
            by_day[told.day.toordinal()].append(trade)
    used: set[int] = set()
    found: list[Order] = []
    for _, total in sorted(sizes, key=lambda each: (-each[0], each[1].row)):
        near = _near(total, by_day)
        fills = [each for each in near if each.row not in used and frozenset((total.row, each.row)) not in asked]
        parts = _parts(total.worded[0], [each for each in fills if _may_be_part(total, each)])
        if parts and total.row not in used:
            found.append(Order(total.row, tuple(each.row for each in parts)))
            used.update((total.row, *found[-1].parts))
    return found


def adds_up(total: Decimal, parts: Iterable[Decimal]) -> bool:
    """Tell whether the units of parts are those of the whole."""
    return exact_sum(parts) == total


def _near(total: Trade, by_day: dict[int, list[Trade]]) -> Iterator[Trade]:
    day = total.worded[0].day
    for by in range(-SETTLES, SETTLES + 1):
        yield from by_day.get((day + timedelta(days=by)).toordinal(), ())


def _may_be_part(total: Trade, part: Trade) -> bool:
    one, other = total.worded[0], part.worded[0]
    if total.row == part.row or total.sources & part.sources or one.scheme == other.scheme:
        return False
    if one.type is not other.type or one.currency != other.currency or not (one.quantity and other.quantity):
        return False
    smaller = one.quantity * other.quantity > 0 and abs(other.quantity) < abs(one.quantity)
    return smaller and same_day(one, other) and same_instrument(one, other)


def _parts(total: Told, fills: Sequence[Trade]) -> Sequence[Trade]:
    """Return fills of one source that make the order: those with its money, where there are several choices."""
    choices: list[Sequence[Trade]] = []
    for source in sorted({source for fill in fills for source in fill.sources}):
        mine = [fill for fill in fills if source in fill.sources]
        sizes = range(len(mine), 1, -1) if len(mine) <= MOST else [len(mine)]
        choices += [chosen for size in sizes for chosen in combinations(mine, size) if _make(total, chosen)]
    choices.sort(key=lambda chosen: not _pay(total, chosen))
    return choices[0] if choices else ()


def _make(total: Told, fills: Sequence[Trade]) -> bool:
    units = [fill.worded[0].quantity for fill in fills]
    return total.quantity is not None and adds_up(total.quantity, [each for each in units if each is not None])


def _pay(total: Told, fills: Sequence[Trade]) -> bool:
    amounts = [fill.worded[0].amount for fill in fills]
    known = [each for each in amounts if each is not None]
    return total.amount is not None and len(known) == len(fills) and exact_sum(known) == total.amount
