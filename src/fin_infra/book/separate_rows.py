"""Whose each row of two joined accounts is, and what each has when they come apart; pure.
Floor 6: a row that both told stays with the one that told it first, as that one tells it; the other has its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fin_infra.book.merge import REMOVED

Name = tuple[str, str]
"""Source and vendor id by which a source told of a row."""
_UNITED = " ="
"""Stands in the id of a row that turned out to be another one, as `merge.united` writes it."""


@dataclass(frozen=True, slots=True)
class Side:
    """What tells of the account that goes; all else tells of the one that stays."""

    account: int
    accounts: frozenset[int]
    sources: frozenset[str]
    lines: frozenset[Name]
    both: frozenset[str]
    """Connections that tell of accounts on either side: the log knows which of their rows was whose."""

    def has(self, name: Name) -> bool:
        return name[0] in self.sources or name in self.lines


@dataclass(frozen=True, slots=True)
class Past:
    """A change of a row: who made it, and the old values of what it changed."""

    source: str
    before: Mapping[str, Any]


@dataclass(slots=True)
class Parted:
    """What becomes of rows, `Facts` or `Kept` of a trade; those that stay as they are, are not in it."""

    rows: dict[int, Any] = field(default_factory=dict[int, Any])
    names: dict[Name, int] = field(default_factory=dict[Name, int])
    """Names that go over to another row."""
    fresh: list[tuple[Any, list[Name]]] = field(default_factory=list[tuple[Any, list[Name]]])
    """Rows that are new, with their names."""


def part(
    side: Side, rows: Mapping[int, Any], names: Mapping[int, Sequence[Name]], past: Mapping[int, Sequence[Past]]
) -> Parted:
    """Return what becomes of the rows of both accounts.

    Args:
        rows: all of them, with what is left of those that turned out to be another one.
        names: by whom and how each was told.
        past: the changes of each, the newest first.
    """
    out = Parted()
    traces = {_trace_of(kept): row for row, kept in rows.items() if _trace_of(kept) is not None}
    for row, told in names.items():
        kept = rows.get(row)
        if kept is None or _trace_of(kept) is not None:
            continue
        before = past.get(row, ())
        if any(source in side.both for source, _ in told):
            if any(each.before.get("account") in side.accounts for each in before):
                out.rows[row] = kept._replace(account=side.account)
            continue
        here = [name for name in told if side.has(name)]
        there = [name for name in told if not side.has(name)]
        if here and there:
            first = before[-1].source if before else kept.source
            own, others = (here, there) if first in {source for source, _ in here} else (there, here)
            homes = (side.account, kept.account) if own is here else (kept.account, side.account)
            out.rows[row] = _as_told(kept, own, before)._replace(account=homes[0])
            _give(out, rows, traces.get(row), _as_told(kept, others, ())._replace(account=homes[1]), others)
        elif here:
            out.rows[row] = kept._replace(account=side.account)
    return out


def _give(out: Parted, rows: Mapping[int, Any], trace: int | None, kept: Any, names: list[Name]) -> None:
    """Let the other account have a row: the one that it had before, or a new one."""
    if trace is None:
        out.fresh.append((kept, names))
        return
    old = rows[trace]
    name = (old.source, old.vendor_id.partition(_UNITED)[0])
    if name in names and kept.source != old.source:
        kept = old._replace(vendor_id=name[1], state=kept.state, account=kept.account)
    out.rows[trace] = kept
    out.names.update(dict.fromkeys(names, trace))


def _as_told(kept: Any, names: Sequence[Name], past: Iterable[Past]) -> Any:
    """Return a row as one of these sources told it last; in the words of now where it never had those of one."""
    sources = {source for source, _ in names}
    found = kept
    if found.source in sources:
        return found
    for each in past:
        found = found._replace(**{name: value for name, value in each.before.items() if name in kept._fields})
        if found.source in sources:
            return found._replace(state=kept.state)
    source, vendor_id = max(names)
    return kept._replace(source=source, vendor_id=vendor_id)


def _trace_of(kept: Any) -> int | None:
    """Return which row one turned out to be; None where it stands for itself."""
    _, sign, number = kept.vendor_id.rpartition(_UNITED)
    return int(number) if kept.state == REMOVED and sign and number.isdigit() else None
