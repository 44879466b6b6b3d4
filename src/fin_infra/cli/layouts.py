"""How the answer to each question looks as a table.
Floor 8: picks and writes fields; works nothing out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any, cast

from fin_infra.model import Money

Get = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    get: Get
    right: bool = False
    minor: bool = False
    """Left out where the terminal is narrow."""


@dataclass(frozen=True, slots=True)
class Layout:
    title: Callable[[Any], str]
    columns: Sequence[Column]
    rows: Callable[[Any], Iterable[Any]] = iter
    notes: Callable[[Any], Iterable[str]] = field(default=lambda answer: ())
    """Sentences below the table."""
    nothing: str = "There is nothing to show."


def cell(value: Any) -> str:
    """Write a value into a table: exact numbers, instants in UTC."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (tuple, list, frozenset)):
        return ", ".join(map(cell, cast("Iterable[object]", value)))
    return str(value)


def instant(at: datetime) -> str:
    """Write an instant in UTC, to the second where it has seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}{f':{at:%S}' if at.second else ''} UTC"


def _of(name: str) -> Get:
    """Return a getter of `name`, or of `name.name`; None where a part is None."""
    parts = [attrgetter(part) for part in name.split(".")]

    def get(record: Any) -> Any:
        for part in parts:
            record = None if record is None else part(record)
        return record

    return get


def _col(name: str, place: str | Get = "", *, right: bool = False, minor: bool = False) -> Column:
    return Column(name, place if callable(place) else _of(place or name), right, minor)


def _num(name: str, place: str | Get = "", *, minor: bool = False) -> Column:
    return _col(name, place, right=True, minor=minor)


def _priced(place: str) -> Get:
    """Return a getter of a price with the currency of its record."""
    number = _of(place)

    def get(record: Any) -> Any:
        value = number(record)
        return None if value is None else Money(value, record.currency) if _is_code(record.currency) else value

    return get


def _is_code(currency: str) -> bool:
    return len(currency) == 3 and currency.isalpha()


def _one(answer: Any) -> list[Any]:
    return [answer]


def _named(name: str) -> Callable[[Any], str]:
    return lambda answer: name


def _size(order: Any) -> Any:
    return order.quantity if order.notional is None else Money(order.notional, order.currency)


def _holding_name(line: Any) -> Any:
    return line.key or line.symbol_text


def _missing(answer: Any) -> Iterable[str]:
    for gap in answer.missing:
        yield f"Missing: {gap}."


def _holding_notes(answer: Any) -> Iterable[str]:
    for line in answer.cash:
        yield f"Cash in {line.currency}: {line.amount or 'unknown'}."
    yield f"Worth {', '.join(map(str, answer.values)) or 'nothing'}." + (
        f" Total {answer.total}{'' if answer.complete else ', without what is missing'}." if answer.total else ""
    )
    yield from _missing(answer)


def _worth_notes(answer: Any) -> Iterable[str]:
    total = answer.total if answer.total is not None else "unknown"
    yield f"Net worth {total} (assets {answer.assets or 'unknown'}, debts {answer.liabilities or 'unknown'})."
    yield from _missing(answer)
    for left in answer.left_out:
        yield f"Not counted: {left.source}, {left.reason}."


def _provider_notes(answer: Any) -> Iterable[str]:
    for row in answer:
        if row.problem:
            yield f"{row.provider}: {row.problem}"


LAYOUTS: Mapping[str, Layout] = {
    "quote": Layout(
        _named("Quote"),
        (
            _col("instrument", "key"),
            _num("price", _priced("price")),
            _num("open", minor=True),
            _num("high", minor=True),
            _num("low", minor=True),
            _num("previous", "previous_close", minor=True),
            _num("volume", minor=True),
            _col("day", "trading_day", minor=True),
        ),
        _one,
    ),
    "candles": Layout(
        lambda answer: f"{answer.key}, {answer.interval.value} candles in {answer.currency}, {answer.adjustment.value}",
        (
            _col("start"),
            _num("open", minor=True),
            _num("high", minor=True),
            _num("low", minor=True),
            _num("close"),
            _num("volume", minor=True),
        ),
        nothing="There are no candles in that time.",
    ),
    "price": Layout(
        _named("Price"),
        (
            _col("coin", "key"),
            _num("price", lambda answer: f"{answer.price:f} {answer.currency}"),
            _num(
                "in 24 h", lambda answer: answer.change_24h_percent and f"{answer.change_24h_percent:+f}%", minor=True
            ),
            _num("volume in 24 h", "volume_24h", minor=True),
            _num("market value", "market_cap", minor=True),
        ),
        _one,
    ),
    "rate": Layout(
        _named("Exchange rate"),
        (
            _col("one", "base"),
            _num("is", lambda answer: f"{answer.rate:f} {answer.quote}"),
            _col("on", "date"),
            _col("through", "via", minor=True),
        ),
        _one,
    ),
    "convert": Layout(
        _named("Conversion"),
        (
            _num("amount"),
            _num("is", "converted"),
            _num("rate", minor=True),
            _col("on", "date", minor=True),
            _col("through", "via", minor=True),
        ),
        _one,
    ),
    "search": Layout(
        _named("Found"),
        (
            _col("instrument", "key"),
            _col("name"),
            _col("type", minor=True),
            _col("currency", minor=True),
            _col("symbol", minor=True),
            _col("source", minor=True),
        ),
        nothing="No instrument and no coin is called that.",
    ),
    "accounts": Layout(
        _named("Accounts"),
        (
            _col("bank", "institution.name", minor=True),
            _col("account", "name"),
            _col("kind", "subtype", minor=True),
            _col("currency", minor=True),
            _col("status", minor=True),
            _col("id"),
        ),
        nothing="There are no accounts.",
    ),
    "balances": Layout(
        _named("Balances"),
        (
            _col("account", "account.name"),
            _num("current", lambda row: (row.balance and row.balance.current) or row.missing),
            _num("available", "balance.available", minor=True),
            _col("id", "account.id", minor=True),
        ),
        nothing="There are no accounts.",
    ),
    "transactions": Layout(
        _named("Transactions"),
        (
            _col("date"),
            _col("status", minor=True),
            _col("description"),
            _col("category", minor=True),
            _num("amount"),
        ),
        nothing="There are no transactions in that time.",
    ),
    "holdings": Layout(
        _named("Holdings"),
        (
            _col("instrument", _holding_name),
            _num("quantity"),
            _num("average price", "average_price", minor=True),
            _num("value", "market_values"),
            _num("accounts", lambda line: str(len(line.parts)), minor=True),
        ),
        notes=_holding_notes,
        rows=attrgetter("lines"),
        nothing="Nothing is held.",
    ),
    "net-worth": Layout(
        _named("Net worth"),
        (
            _col("kind", minor=True),
            _col("what", lambda line: line.name or line.id),
            _col("source", minor=True),
            _col("as of", "at", minor=True),
            _num("amount", minor=True),
            _num("value", lambda line: line.value or line.missing),
        ),
        notes=_worth_notes,
        rows=attrgetter("lines"),
        nothing="There is nothing that counts.",
    ),
    "orders": Layout(
        _named("Orders"),
        (
            _col("placed", "placed_at"),
            _col("status"),
            _col("side"),
            _col("instrument", lambda order: order.key or order.symbol_text),
            _num("size", _size),
            _col("type", minor=True),
            _num("limit", _priced("limit_price"), minor=True),
            _num("filled", "filled_quantity", minor=True),
            _col("id", minor=True),
        ),
        nothing="There are no such orders.",
    ),
    "calendar": Layout(
        _named("Sessions"),
        (
            _col("date"),
            _col("opens", "open"),
            _col("closes", "close"),
            _col("break", lambda row: row.break_start and f"{instant(row.break_start)} to {instant(row.break_end)}"),
            _col("early", lambda row: "early close" if row.early_close else None),
        ),
        nothing="There are no sessions in that time.",
    ),
    "categories": Layout(
        _named("Categories"),
        (_col("code"), _col("meaning"), _col("primary", minor=True)),
        nothing="There is no such category.",
    ),
    "providers": Layout(
        _named("Providers"),
        (
            _col("provider"),
            _col("goes to", "environment"),
            _col("health", minor=True),
            _col("answers", "operations", minor=True),
        ),
        notes=_provider_notes,
        nothing="No provider is installed.",
    ),
}
"""By the name of the question."""
