"""Every model, with an instance of each made up from its type hints: for tests that ask the same of all of them."""

from __future__ import annotations

import dataclasses
import pkgutil
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any, Union, get_args, get_origin, get_type_hints

import bankersbank
import fin_infra
from fin_infra.model import Adjustment, Candle, CandleSeries, InstrumentKey, Interval, Model, Money

RAW_MARK = "of-the-vendor-alone"
PRIVATE_MARK = "number-or-secret"
WAYS_IN = ("fin_infra.api", "fin_infra.cli", "fin_infra.sandbox")
"""What is not looked through: people's ways in, which define no answers of their own, and the sandbox."""
NOT_ANSWERS = {"Column", "Filled"}
PRIVATE = {
    ("Account", "institution_account_id"),
    ("IdentityDocument", "expires_on"),
    ("IdentityDocument", "issued_on"),
    ("IdentityDocument", "number"),
    ("Liability", "account_number"),
    ("LinkStart", "url"),
    ("LinkStart", "token"),
    ("LinkState", "public_tokens"),
    ("Login", "credentials"),
    ("ProcessorToken", "token"),
    ("Verification", "client_secret"),
    ("Verification", "url"),
    ("VerifiedPerson", "birth_date"),
    ("VerifiedPerson", "id_number"),
    ("AccountDetails", "account_number"),
    ("AccountDetails", "routing_numbers"),
    ("BrokerAccount", "number"),
    ("HoldingAccount", "institution_account_id"),
    ("HoldingAccount", "number"),
    ("StatementAccount", "number"),
    ("StatementCounterparty", "number"),
}
"""Fields of `fin_infra.model` that give power over an account."""
DECIMAL = Decimal("1234567890123456.1234567890")
"""More digits than a float has, and a zero at the end."""
AT = datetime(2026, 11, 20, 15, 0, 0, 123456, tzinfo=UTC)
PLAIN: Mapping[Any, Any] = {
    str: "text",
    int: 7,
    float: 1.5,
    bool: True,
    Decimal: DECIMAL,
    datetime: AT,
    date: date(2026, 11, 20),
    time: time(9, 30),
    Money: Money(DECIMAL, "USD"),
    InstrumentKey: InstrumentKey("US", "AAPL"),
    Any: "anything",
}


@cache
def models() -> tuple[type[Any], ...]:
    """Return every dataclass of `fin_infra.model`, and every model that is defined elsewhere, by name."""
    found: dict[str, type[Any]] = {}
    for package in (fin_infra, bankersbank):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(WAYS_IN) and not module.name.endswith("__main__"):
                found |= {kind.__name__: kind for kind in _defined(module.name)}
    return tuple(found[name] for name in sorted(found) if name not in NOT_ANSWERS)


def private(model: type[Any]) -> set[str]:
    """Return the fields that give power over an account; those of vendors' own records by their mark."""
    if model.__module__.startswith("fin_infra.model."):
        return {name for owner, name in PRIVATE if owner == model.__name__}
    return {field.name for field in dataclasses.fields(model) if field.metadata.get("private")}


def _defined(module: str) -> Iterator[type[Any]]:
    for value in vars(import_module(module)).values():
        if not (isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module):
            continue
        if module.startswith("fin_infra.model.") or issubclass(value, Model):
            yield value


def made(model: type[Any], *, full: bool = True, _inside: tuple[type[Any], ...] = ()) -> Any:
    """Return an instance; with `full` every field has a value, without it what may be None or empty is."""
    if model in PLAIN:
        return PLAIN[model]
    hints = get_type_hints(model)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(model):
        if not field.init:
            continue
        if field.name in private(model) and hints[field.name] in (str, str | None):
            values[field.name] = PRIVATE_MARK
        elif field.name == "raw":
            values[field.name] = {"kept": RAW_MARK, "price": 0.1}
        elif full or field.default is dataclasses.MISSING:
            values[field.name] = _value(hints[field.name], full, (*_inside, model))
    return model(**values)


def _value(hint: Any, full: bool, inside: tuple[type[Any], ...]) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin in (types.UnionType, Union):
        return _value(args[0], full, inside) if full else None
    if origin is tuple and args[-1] is not Ellipsis:
        return tuple(_value(arg, full, inside) for arg in args)
    if origin in (tuple, list, frozenset):
        return origin([] if not full or args[0] in inside else [_value(args[0], full, inside)])
    if origin in (dict, Mapping):
        return {PRIVATE_MARK if "routing" in str(hint) else "USD": _value(args[1], full, inside)}
    if issubclass(hint, Enum):
        return list(hint)[-1]
    return made(hint, full=full, _inside=inside)


def daily(*candles: Candle, as_of: datetime, key: str = "US:AAPL") -> CandleSeries:
    """Return unadjusted daily candles in dollars."""
    return CandleSeries(
        source="market:x",
        as_of=as_of,
        key=InstrumentKey.parse(key),
        interval=Interval.DAY_1,
        adjustment=Adjustment.RAW,
        currency="USD",
        unit="USD",
        candles=candles,
    )
