"""What every answer carries: where it came from, when it was true, and facts about the call.
Floor 0: plain frozen dataclasses; nothing here talks to anyone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """What the vendor said about its quota, from response headers."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """Facts about the call that produced a result."""

    provider: str
    operation: str
    environment: str
    """`sandbox`, `live`, or `custom` for a base URL of your own."""
    elapsed_ms: float
    attempts: int
    request_id: str | None = None
    """The vendor's own id of the last reply."""
    rate_limit: RateLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Base of everything a provider returns."""

    source: str
    """Provider key, such as `banking:teller`."""
    as_of: datetime
    """When the value was true according to the vendor, or else when it was received; aware."""
    raw: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)
    """The vendor's own record, untouched; never read by our code, never shown in a repr."""
    meta: Meta | None = field(default=None, repr=False, compare=False)
    """Set on the result of an operation and on what an iterator yields; a listing has it, its items do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError:
    """A row of a vendor's list that could not be read; the others are there."""

    place: str
    """Where in the answer: `orders[3]`, counted from 0."""
    reason: str
    """Which field, and what it should be; never its content."""
    id: str | None = None
    """The row's own id, where it has one."""

    def __str__(self) -> str:
        return f"{self.place}{f' ({self.id})' if self.id else ''}: {self.reason}"


class Listing(list[T]):
    """A list of records with the `meta` of the call that produced it, and the rows that could not be read.

    Where `errors` is not empty the list lacks something: a sum over it is incomplete.
    """

    __slots__ = ("errors", "meta")

    def __init__(self, items: Iterable[T] = (), meta: Meta | None = None, errors: Iterable[RowError] = ()) -> None:
        super().__init__(items)
        self.meta = meta
        self.errors: tuple[RowError, ...] = tuple(errors)
