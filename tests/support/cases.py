"""How a vendor's folder says what is asked of its adapter: one `Case` a call, in its `cases.py`.

Beside `CASES` that file may have `prepare` (what its calls find there, and the ids they name), `private` (what of it
must never be told), `VERDICTS` (of the faults that only this vendor has) and `IN_QUERY` (secrets it takes in no other
way).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fin_infra.errors import ProviderError
from tests.support.sandbox import Sandbox

Ids = Mapping[str, str]
"""Ids in the vendor's own world that arguments need, by the names that its `prepare` gives them."""


@dataclass(frozen=True)
class Case:
    """One call of an operation.

    `gone` and `once` mark what retry must never repeat; `gone` says whether a deletion took place. `heavy` marks what
    costs the sandbox so much that only the last request is struck: the first ones are those of a lighter case. `mends`
    marks what looks after the failures of its own requests, and answers in spite of them: the matrix leaves it to the
    suite of its domain. `partial` marks what answers with the rows it could get and names the others in `errors`.
    `public` marks what the vendor tells anybody.
    """

    name: str
    operation: str
    args: Callable[[Ids], tuple[Any, ...]] = lambda ids: ()
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    gone: Callable[[Sandbox, Ids], bool] | None = None
    once: bool = False
    heavy: bool = False
    mends: bool = False
    partial: bool = False
    public: bool = False

    @property
    def changes(self) -> bool:
        """Whether the vendor's side is another one afterwards."""
        return self.once or self.gone is not None


def plain(name: str, operation: str, *args: Any, **kwargs: Any) -> Case:
    """Return a call with fixed arguments."""
    return Case(name, operation, lambda ids: args, kwargs)


@dataclass(frozen=True)
class Verdict:
    """What may come of a fault that stays. `heals`: one that strikes once leaves the undisturbed answer behind."""

    errors: tuple[type[ProviderError], ...]
    heals: bool = False
    scope: Mapping[str, Any] = field(default_factory=dict[str, Any])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    renewable: bool = False
    """Striking once heals also where access is fetched: the adapter fetches another and asks again."""
    lists_only: bool = False
    """Answers without a list stay as they are."""
    least_pause_s: float = 0.0
    """Retries come no earlier than this, where the vendor says so otherwise than in Retry-After."""
