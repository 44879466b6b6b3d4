"""What every answer carries: where it came from, when it was true, and facts about the call.
Floor 0: plain frozen dataclasses; nothing here talks to anyone, and ways out of a model load when they are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar, cast, overload

from fin_infra.arguments import checked
from fin_infra.model.personal import Personal, pii

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Kind = Literal["pandas", "polars", "arrow"]
"""A data frame's package. The frame is typed Any: a checker that lacks one of the packages could not read the rest."""


class Model:
    """Base of every model: ways to plain data, to pydantic and FastAPI, and a repr of one line."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__repr__" not in cls.__dict__:  # or the dataclass would bring one of its own
            cls.__repr__ = Model.__repr__  # type: ignore[method-assign]  # each class needs it in its own namespace

    @checked
    def to_dict(self, *, raw: bool = False, private: bool = False, pii: bool = False) -> dict[str, Any]:
        """Return the fields as JSON-ready builtins: decimals as text, times in ISO 8601, money as amount and currency.

        `meta` is left out; `raw=True` adds the vendor's own record, `private=True` account numbers and secrets. Names,
        addresses, phones and what is recognized in descriptions are masked; `pii=True` shows them.
        """
        from fin_infra.model.plain import plain

        return cast("dict[str, Any]", plain(self, raw=raw, private=private, pii=pii))

    @checked
    def to_json(self, *, raw: bool = False, private: bool = False, pii: bool = False, indent: int | None = None) -> str:
        """Return `to_dict` as JSON text."""
        return _json(self.to_dict(raw=raw, private=private, pii=pii), indent)

    def __repr__(self) -> str:
        from fin_infra.model.shown import short

        return short(self)

    def _repr_html_(self) -> str:
        """Return a table of the fields that the repr may show, for notebooks."""
        from fin_infra.model.shown import fields_table

        return fields_table(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from fin_infra.model.schema import model_schema

        return model_schema(cls, source, handler)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> Any:
        from fin_infra.model.schema import described

        return described(schema, handler)


class Rows(Model, Generic[T_co]):
    """A model that is a table in the main: `to_frame` gives its rows."""

    __slots__ = ()
    ROWS: ClassVar[str]
    """The field that holds the rows."""
    BESIDE: ClassVar[tuple[str, ...]] = ()
    """Fields of the model that each row of the frame repeats."""

    @checked
    def to_frame(self, kind: Kind = "pandas", *, pii: bool = False) -> Any:
        """Return the rows as a data frame; `fin_infra.to_frame` describes the columns.

        Raises:
            MissingExtra: the package of that kind is not installed.
            InvalidInput: a column has more digits than that kind of frame can hold.
        """
        from fin_infra.model.frames import to_frame

        return to_frame(self, kind=kind, pii=pii)

    def _repr_html_(self) -> str:
        from fin_infra.model.shown import rows_table

        return rows_table(getattr(self, self.ROWS), caption=repr(self))


class Series(Rows[T_co], Generic[T_co]):
    """A model that is a sequence in the main, oldest first: `len`, iteration and indexing go over its rows."""

    __slots__ = ()

    def __iter__(self) -> Iterator[T_co]:
        return iter(self._items())

    def __len__(self) -> int:
        return len(self._items())

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T_co, ...]: ...
    def __getitem__(self, index: int | slice) -> T_co | tuple[T_co, ...]:
        return self._items()[index]

    def __bool__(self) -> bool:
        """Say that there is an answer, even one without rows."""
        return True

    def _items(self) -> tuple[T_co, ...]:
        return cast("tuple[T_co, ...]", getattr(self, self.ROWS))


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit(Model):
    """What the vendor said about its quota, from response headers."""

    limit: int | None = None
    remaining: int | None = None
    reset_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta(Model):
    """Facts about the call that produced a result."""

    provider: str
    operation: str
    environment: str
    """`sandbox`, `live`, or `custom` for a base URL of your own."""
    elapsed_ms: float
    attempts: int
    request_id: str | None = field(default=None, metadata=pii(Personal.FREE_TEXT))
    """The vendor's own id of the last reply; free text, because a vendor that echoes can put anything there."""
    rate_limit: RateLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Model):
    """Base of everything a provider returns."""

    source: str
    """Provider key, such as `banking:teller`."""
    as_of: datetime
    """When the value was true according to the vendor, or else when it was received; aware."""
    raw: Mapping[str, Any] | None = field(default=None, repr=False, compare=False, metadata=pii(Personal.RAW))
    """The vendor's own record, untouched; never read by our code, never shown in a repr."""
    meta: Meta | None = field(default=None, repr=False, compare=False)
    """Set on the result of an operation and on what an iterator yields; a listing has it, its items do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowError(Model):
    """A row of a vendor's list that could not be read; the others are there."""

    place: str
    """Where in the answer: `orders[3]`, counted from 0."""
    reason: str
    """Which field, and what it should be; never its content."""
    id: str | None = field(default=None, metadata=pii(Personal.FREE_TEXT))
    """The row's own id, where it has one."""

    def __str__(self) -> str:
        return f"{self.place}{f' ({self.id})' if self.id else ''}: {self.reason}"


class Listing(list[T]):
    """A list of records with the `meta` of the call that produced it, and the rows that could not be read.

    Where `errors` is not empty something is missing: a sum over the list is incomplete.
    """

    __slots__ = ("errors", "meta")

    def __init__(self, items: Iterable[T] = (), meta: Meta | None = None, errors: Iterable[RowError] = ()) -> None:
        super().__init__(items)
        self.meta = meta
        self.errors: tuple[RowError, ...] = tuple(errors)

    @checked
    def to_dicts(self, *, raw: bool = False, private: bool = False, pii: bool = False) -> list[dict[str, Any]]:
        """Return the `to_dict` of each record."""
        from fin_infra.model.plain import plain

        return cast("list[dict[str, Any]]", plain(self, raw=raw, private=private, pii=pii))

    @checked
    def to_json(self, *, raw: bool = False, private: bool = False, pii: bool = False, indent: int | None = None) -> str:
        """Return `to_dicts` as JSON text."""
        return _json(self.to_dicts(raw=raw, private=private, pii=pii), indent)

    @checked
    def to_frame(self, kind: Kind = "pandas", *, pii: bool = False) -> Any:
        """Return the records as a data frame; `fin_infra.to_frame` describes the columns and what is raised."""
        from fin_infra.model.frames import to_frame

        return to_frame(self, kind=kind, pii=pii)

    def __repr__(self) -> str:
        from fin_infra.model.shown import listed

        return listed(self, self.errors)

    def _repr_html_(self) -> str:
        from fin_infra.model.shown import rows_table

        return rows_table(self, errors=self.errors)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from fin_infra.model.schema import listing_schema

        return listing_schema(cls, source, handler)


def _json(value: Any, indent: int | None) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
