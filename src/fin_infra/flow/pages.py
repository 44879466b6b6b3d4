"""The walk through a list that comes in pages: each row once, and an end to a list that goes round in circles.
Floor 2: vendors repeat rows where pages overlap, and some start over instead of ending."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from fin_infra.errors import UnexpectedPayload
from fin_infra.model import RowError


class Identified(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Identified)


class PageWalk:
    """What a list of `name` (`transactions`) has shown so far, by id."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: set[str] = set()
        self._tokens: set[str] = set()
        self._unread: set[str] = set()

    @property
    def count(self) -> int:
        """How many different rows there were."""
        return len(self._seen)

    def fresh(self, rows: Iterable[R]) -> list[R]:
        """Return the rows that no page had before, in their order; of two with one id on this page, the later."""
        fresh = {row.id: row for row in rows if row.id not in self._seen}
        self._seen.update(fresh)
        return list(fresh.values())

    def unread(self, errors: Iterable[RowError]) -> list[RowError]:
        """Return the rows of a page that cannot be read and that no page showed or named before, by id.

        Those without one are always returned.
        """
        known = (self._seen, self._unread)
        fresh = [error for error in errors if error.id is None or not any(error.id in ids for ids in known)]
        self._unread.update(error.id for error in fresh if error.id is not None)
        return fresh

    def must_advance(self, fresh: Sequence[object]) -> None:
        """Raise UnexpectedPayload where a page that should go on had nothing fresh: asking again would never end."""
        if not fresh:
            raise UnexpectedPayload(f"the list of {self._name} does not advance: a page came twice")

    def next_token(self, token: str) -> str:
        """Return the token of the next page; raise UnexpectedPayload for one that came before."""
        if token in self._tokens:
            raise UnexpectedPayload(f"the list of {self._name} does not advance: a page token came twice")
        self._tokens.add(token)
        return token
