"""How a fixture folder says what is asked of its adapter: one `Case` a call, in its `cases.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Names:
    """Ids of the seeded household that arguments need, and the sandbox's truths, where other vendors' ids are."""

    checking: str
    card: str
    transaction: str
    portfolio: str
    connection: str
    order: str
    watchlist: str
    world: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)


@dataclass(frozen=True)
class Case:
    """One call of an operation.

    `deletes` and `once` mark what retry must never repeat; `heavy` what costs the sandbox so much that only the last
    request is struck: the first ones are those of a lighter case. `mends` marks what looks after the failures of its
    own requests, and answers in spite of them: the matrix leaves it to the suite of its domain.
    """

    name: str
    operation: str
    args: Callable[[Names], tuple[Any, ...]] = lambda names: ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    deletes: bool = False
    once: bool = False
    heavy: bool = False
    mends: bool = False

    @property
    def changes(self) -> bool:
        """Whether the vendor's side is another one afterwards."""
        return self.deletes or self.once


def plain(name: str, operation: str, *args: Any, **kwargs: Any) -> Case:
    """Return a call with fixed arguments."""
    return Case(name, operation, lambda names: args, kwargs)
