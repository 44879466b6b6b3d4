"""From models to JSON: amounts as text, keys as text, and nothing of the vendor's raw payload.
Floor 7: `view` makes the body, `Answer[...]` the schema that OpenAPI shows; both drop the same fields."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from fin_infra.model import InstrumentKey

HIDDEN = frozenset({"raw", "meta", "number", "institution_account_id"})
"""Fields of a record that stay inside: the vendor's payload, `meta`, which the envelope carries once, and numbers of
accounts, which no route shows."""


def view(value: Any) -> Any:
    """Return `value` as JSON-ready builtins: Decimal and dates as text, an InstrumentKey as `namespace:symbol`."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, InstrumentKey):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {f.name: view(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name not in HIDDEN}
    if isinstance(value, Mapping):
        pairs: Any = value.items()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # any mapping
        return {str(key): view(item) for key, item in pairs}
    if isinstance(value, (set, frozenset)):
        return [view(item) for item in sorted(cast("frozenset[Any]", value))]
    return [view(item) for item in value]


@cache
def shape(hint: Any) -> Any:
    """Return the type that describes `view` of a `hint`, for OpenAPI: records lose their hidden fields."""
    if hint is InstrumentKey:
        return str
    origin, args = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, Union):
        return Union[tuple(shape(arg) for arg in args)]  # noqa: UP007  # built from values, which `|` cannot spell
    if origin is not None:
        inner = tuple(shape(arg) for arg in args if arg is not Ellipsis)
        if origin in (frozenset, set, tuple):
            return list[Union[inner]]  # type: ignore[valid-type]  # noqa: UP007  # computed
        return origin[inner]
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        kinds = {name: _without(kind, hint) for name, kind in hints.items()}
        fields = [
            (f.name, shape(kinds[f.name])) if _required(f) else (f.name, shape(kinds[f.name]), None)
            for f in dataclasses.fields(hint)
            if f.name not in HIDDEN
        ]
        made = dataclasses.make_dataclass(hint.__name__, fields, kw_only=True)
        made.__doc__ = hint.__doc__
        return made
    return hint


def _without(kind: Any, owner: type) -> Any:
    """Return the type of a field, with plain objects for records inside records of their own kind."""
    return list[dict[str, Any]] if owner in get_args(kind) else kind


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
