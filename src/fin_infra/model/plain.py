"""From models to plain data that JSON can hold: the one way, which `to_dict`, the API, pydantic and frames share.
Floor 0: decimals as text, times in ISO 8601; the vendor's payload, secrets and account numbers only when asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, cast

from fin_infra.model.instrument import InstrumentKey
from fin_infra.model.personal import kind_of, masking

PRIVATE: Mapping[str, bool] = MappingProxyType({"private": True})
"""Metadata of a field that gives power over an account; `pii(kind, private=True)` also says what it is.
Nothing that leaves the program has it unless somebody asks."""
CALL = frozenset({"raw", "meta"})
"""Fields of a record about the call, not about its subject."""


def plain(value: Any, *, raw: bool = False, private: bool = False, pii: bool = False) -> Any:
    """Return `value` as JSON-ready builtins.

    A Decimal is text without an exponent, a date or time ISO 8601, an enum its value, an InstrumentKey
    `namespace:symbol`, a set a sorted list, a model a dict of its fields: without `meta`, without `raw` unless `raw`,
    and without what is PRIVATE unless `private`. Fields that are marked as personal are masked unless `pii`.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, InstrumentKey):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {
            name: plain(read(getattr(value, name)) if read else getattr(value, name), raw=raw, private=private, pii=pii)
            for name, read in shown_fields(class_of(value), raw=raw, private=private, pii=pii)
        }
    if isinstance(value, Mapping):
        pairs: Any = value.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # any mapping
        return {str(key): plain(item, raw=raw, private=private, pii=pii) for key, item in pairs}
    if isinstance(value, (set, frozenset)):
        return [plain(item, raw=raw, private=private, pii=pii) for item in sorted(cast("frozenset[Any]", value))]
    return [plain(item, raw=raw, private=private, pii=pii) for item in value]


def class_of(value: Any) -> Any:
    """Return `type(value)`, which checkers take for more than they know."""
    return getattr(value, "__class__")  # noqa: B009  # a checker would make `type(value)` of it again


@cache
def visible(model: Any, *, raw: bool = False, private: bool = False) -> tuple[str, ...]:
    """Return the names of the fields that go out, in the order of the class."""
    return tuple(
        field.name
        for field in dataclasses.fields(model)
        if field.name != "meta"
        and (raw or field.name != "raw")
        and (private or not field.metadata.get("private", False))
    )


@cache
def shown_fields(
    model: Any, *, raw: bool = False, private: bool = False, pii: bool = False
) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """Return the names of the fields that go out, each with what masks its values, where something does."""
    masks = {field.name: None if pii else masking(kind_of(field)) for field in dataclasses.fields(model)}
    return tuple((name, masks[name]) for name in visible(model, raw=raw, private=private))
