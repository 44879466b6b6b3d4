"""The best matching of two lists by weight: every one has at most one partner, and the sum of all weights is largest.
Floor 5: plain integers; where several are equally good, the one that comes first in the lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

EXACT = 40
"""Up to so many on a side that hang together the best matching is found; above it, the best pairs come first."""

Weights = Mapping[tuple[int, int], int]


def best(weights: Weights, exact: int = EXACT) -> dict[int, int]:
    """Return the partner of each left one in the matching with the largest sum of weights.

    Args:
        weights: positive, by place on the left and on the right; pairs that cannot be are not in it.
        exact: the most on one side of a component for which the largest sum is looked for at any cost.
    """
    found: dict[int, int] = {}
    for part in _components(weights):
        found |= _greedy(part) if len(part) == 1 else _of_component(part, exact)
    return found


def _of_component(part: dict[tuple[int, int], int], exact: int) -> dict[int, int]:
    chosen = _greedy(part)
    lefts, rights = sorted({left for left, _ in part}), sorted({right for _, right in part})
    if _reaches_bound(part, chosen) or max(len(lefts), len(rights)) > exact:
        return chosen
    return _hungarian(part, lefts, rights)


def _greedy(part: Weights) -> dict[int, int]:
    found: dict[int, int] = {}
    taken: set[int] = set()
    for (left, right), _ in sorted(part.items(), key=lambda item: (-item[1], item[0])):
        if left not in found and right not in taken:
            found[left] = right
            taken.add(right)
    return found


def _reaches_bound(part: Weights, chosen: Mapping[int, int]) -> bool:
    """Return whether everyone on one side has their best partner: no matching has a larger sum then."""
    top: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for pair, weight in part.items():
        for side in (0, 1):
            top[side][pair[side]] = max(weight, top[side].get(pair[side], 0))
    total = sum(part[pair] for pair in chosen.items())
    return total in (sum(top[0].values()), sum(top[1].values()))


def _components(weights: Weights) -> Iterator[dict[tuple[int, int], int]]:
    """Yield the pairs that hang together by a common side."""
    above: dict[tuple[int, int], tuple[int, int]] = {}

    def top(node: tuple[int, int]) -> tuple[int, int]:
        while (parent := above.setdefault(node, node)) != node:
            above[node] = above[parent]
            node = above[node]
        return node

    for left, right in weights:
        above[top((0, left))] = top((1, right))
    parts: dict[tuple[int, int], dict[tuple[int, int], int]] = {}
    for (left, right), weight in weights.items():
        parts.setdefault(top((0, left)), {})[left, right] = weight
    yield from parts.values()


def _hungarian(part: Weights, lefts: list[int], rights: list[int]) -> dict[int, int]:
    """Return the matching with the largest sum, by the Hungarian method; pairs that cannot be weigh nothing."""
    turned = len(lefts) > len(rights)
    rows, columns = (rights, lefts) if turned else (lefts, rights)
    cost = [[-part.get((column, row) if turned else (row, column), 0) for column in columns] for row in rows]
    partner = _assign(cost)
    found: dict[int, int] = {}
    for at, row in enumerate(rows):
        pair = (columns[partner[at]], row) if turned else (row, columns[partner[at]])
        if pair in part:
            found[pair[0]] = pair[1]
    return found


def _assign(cost: list[list[int]]) -> list[int]:
    """Return the column of each row at the least cost; there are at least as many columns as rows.

    Kuhn's method with potentials, after J. Munkres, Algorithms for the assignment and transportation problems (1957).
    """
    height, width = len(cost), len(cost[0])
    rise, fall, owner = [0] * (height + 1), [0] * (width + 1), [0] * (width + 1)
    for row in range(1, height + 1):
        owner[0], at = row, 0
        least, before, seen = [1 << 62] * (width + 1), [0] * (width + 1), [False] * (width + 1)
        while owner[at]:
            seen[at], mine, step, nearest = True, owner[at], 1 << 62, 0
            for column in range(1, width + 1):
                if seen[column]:
                    continue
                slack = cost[mine - 1][column - 1] - rise[mine] - fall[column]
                if slack < least[column]:
                    least[column], before[column] = slack, at
                if least[column] < step:
                    step, nearest = least[column], column
            for column in range(width + 1):
                if seen[column]:
                    rise[owner[column]] += step
                    fall[column] -= step
                else:
                    least[column] -= step
            at = nearest
        while at:
            owner[at], at = owner[before[at]], before[at]
    partner = [0] * height
    for column in range(1, width + 1):
        if owner[column]:
            partner[owner[column] - 1] = column - 1
    return partner
