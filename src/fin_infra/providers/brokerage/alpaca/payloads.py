"""What Alpaca's trading API says of an account: balances, positions, history, activities, watchlists.
Floor 3: numbers come as text or as JSON numbers; what its other rows share is read here too."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from fin_infra._moved import renamed
from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.model import (
    ActivityStatus,
    AssetClass,
    BrokerAccount,
    BrokerActivity,
    EquityPoint,
    InstrumentKey,
    Money,
    PortfolioHistory,
    Position,
    PositionSide,
    Side,
    Watchlist,
)
from fin_infra.normalize import from_unix, from_unix_ms, trading_date
from fin_infra.providers import fields
from fin_infra.providers.brokerage.alpaca import symbols
from fin_infra.providers.fields import Row

E = TypeVar("E", bound=StrEnum)

KEY = "brokerage:alpaca"
ZONE = "America/New_York"
"""What the calendar's times are in, which carry no zone: trading-api.json, see `SIDES`."""
MICROSECOND = timedelta(microseconds=1)
# Stamps have up to nine digits behind the point, as the recorded paper orders of October 2026.
_FRACTION = re.compile(r"(\.\d{6})\d+")
_FIRST_MS = 100_000_000_000
"""Epoch stamps from here on are milliseconds, which an old example of the vendor has."""
# `side` of trading-api.json in https://github.com/alpacahq/alpaca-mcp-server.
SIDES = {"buy": Side.BUY, "sell": Side.SELL, "sell_short": Side.SELL, "buy_to_cover": Side.BUY}


def stamp(at: datetime) -> str:
    """Return an instant as the vendor takes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def last_id(rows: Sequence[object]) -> str:
    """Return the id of the last row of a page that has one; raise UnexpectedPayload where none has."""
    for row in reversed(rows):
        try:
            return fields.ident(fields.as_row(row), "id")
        except UnexpectedPayload:
            continue
    raise fields.wrong("id", "an id in one row of a page at least")


def account(row: Row, received_at: datetime) -> BrokerAccount:
    """Read the account; fields of the pattern-day-trader rule are gone since July 2026 and optional here."""
    currency = fields.maybe_text(row, "currency") or "USD"
    return BrokerAccount(
        source=KEY,
        as_of=received_at,
        raw=row,
        id=fields.ident(row, "id"),
        number=fields.maybe_text(row, "account_number"),
        status=fields.text(row, "status"),
        currency=currency,
        cash=_money(row, "cash", currency),
        equity=_money(row, "equity", currency),
        buying_power=_money(row, "buying_power", currency),
        non_marginable_buying_power=_maybe_money(row, "non_marginable_buying_power", currency),
        options_buying_power=_maybe_money(row, "options_buying_power", currency),
        last_equity=_maybe_money(row, "last_equity", currency),
        long_market_value=_maybe_money(row, "long_market_value", currency),
        short_market_value=_maybe_money(row, "short_market_value", currency),
        initial_margin=_maybe_money(row, "initial_margin", currency),
        maintenance_margin=_maybe_money(row, "maintenance_margin", currency),
        multiplier=fields.maybe_amount(row, "multiplier"),
        shorting_enabled=fields.maybe(fields.flag, row, "shorting_enabled"),
        trading_blocked=fields.flag(row, "trading_blocked"),
        transfers_blocked=fields.flag(row, "transfers_blocked"),
        account_blocked=fields.flag(row, "account_blocked"),
        suspended_by_user=fields.flag(row, "trade_suspended_by_user"),
        pattern_day_trader=fields.maybe(fields.flag, row, "pattern_day_trader"),
        daytrade_count=fields.maybe_whole(row, "daytrade_count"),
        created_at=maybe_when(row, "created_at"),
    )


def position(row: Row, received_at: datetime) -> Position:
    """Read a position; what is held short is negative, whatever sign the vendor gives."""
    kind = symbols.asset_class(fields.maybe_text(row, "asset_class"))
    text = fields.ident(row, "symbol")
    key, currency = symbols.maybe_read(text, kind) or (None, "USD")
    asset_id = fields.maybe_text(row, "asset_id")
    side = member(row, "side", PositionSide)
    value, cost = fields.maybe_amount(row, "market_value"), fields.maybe_amount(row, "cost_basis")
    return Position(
        source=KEY,
        as_of=received_at,
        raw=row,
        account_id=None,
        key=key,
        asset_class=kind,
        side=side,
        quantity=_signed(fields.amount(row, "qty"), side),
        available_quantity=_maybe_signed(fields.maybe_amount(row, "qty_available"), side),
        currency=currency,
        average_entry_price=fields.maybe_amount(row, "avg_entry_price"),
        current_price=fields.maybe_amount(row, "current_price"),
        market_value=None if value is None else Money(_signed(value, side), "USD"),
        cost_basis=None if cost is None else Money(_signed(cost, side), "USD"),
        unrealized=_maybe_money(row, "unrealized_pl", "USD"),
        last_day_price=fields.maybe_amount(row, "lastday_price"),
        unrealized_today=_maybe_money(row, "unrealized_intraday_pl", "USD"),
        symbol_text=text,
        identifier=f"alpaca:{asset_id}" if asset_id else None,
    )


def _signed(value: Decimal, side: PositionSide) -> Decimal:
    return -value.copy_abs() if side is PositionSide.SHORT and value else value.copy_abs()


def _maybe_signed(value: Decimal | None, side: PositionSide) -> Decimal | None:
    return None if value is None else _signed(value, side)


def portfolio_history(row: Row, received_at: datetime) -> PortfolioHistory:
    """Read the parallel lists of the history."""
    names = ("timestamp", "equity", "profit_loss", "profit_loss_pct")
    columns = [_column(row, name) for name in names]
    if len({len(column) for column in columns}) != 1:
        raise fields.wrong("equity", "as long as 'timestamp'")
    rows = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
    points = fields.rows(rows, "points", _point)
    return PortfolioHistory(
        source=KEY,
        as_of=received_at,
        raw=row,
        points=tuple(sorted(points, key=lambda point: point.at)),
        base_value=_maybe_money(row, "base_value", "USD"),
        timeframe=fields.text(row, "timeframe"),
        errors=points.errors,
    )


def _column(row: Row, name: str) -> list[Any]:
    values: list[Any] | None = row.get(name)
    if type(values) is not list:
        raise fields.wrong(name, "a list of numbers")
    return values


def _point(row: Row) -> EquityPoint:
    return EquityPoint(
        at=_epoch(row),
        equity=_maybe_money(row, "equity", "USD"),
        profit_loss=_maybe_money(row, "profit_loss", "USD"),
        profit_loss_ratio=fields.maybe_amount(row, "profit_loss_pct"),
    )


def _epoch(row: Row) -> datetime:
    value = fields.maybe_amount(row, "timestamp")
    try:
        if value is not None:
            return from_unix_ms(value) if value >= _FIRST_MS else from_unix(value)
    except InvalidInput:
        pass
    raise fields.wrong("timestamp", "a unix time")


def activity(row: Row, received_at: datetime) -> BrokerActivity:
    """Read a fill or another event; the id begins with New York's wall clock and is never read as a time."""
    at = maybe_when(row, "transaction_time")
    text = fields.maybe_text(row, "symbol") or ""
    named = _activity_key(text)
    kind, status = fields.ident(row, "activity_type"), fields.maybe_text(row, "status")
    price = "price" if kind == "FILL" else "per_share_amount"
    return BrokerActivity(
        source=KEY,
        as_of=at or received_at,
        raw=row,
        id=fields.ident(row, "id"),
        type=kind,
        at=at,
        day=trading_date(at, ZONE) if at is not None else fields.day(row, "date"),
        key=named,
        symbol_text=text,
        side=word(row, "side", SIDES) if row.get("side") else None,
        quantity=fields.maybe_amount(row, "qty"),
        price=fields.maybe_amount(row, price),
        amount=_maybe_money(row, "net_amount", fields.maybe_text(row, "currency") or "USD"),
        order_id=fields.maybe_text(row, "order_id"),
        description=fields.maybe_text(row, "description") or "",
        status=fields.word(ActivityStatus, status, ActivityStatus.UNKNOWN) if status else None,
        status_text=status or "",
    )


def _activity_key(text: str) -> InstrumentKey | None:
    """Activities name no asset class: the shape of the symbol has to do."""
    kinds = [AssetClass.CRYPTO] if "/" in text else [AssetClass.OPTION, AssetClass.EQUITY]
    return next((found[0] for kind in kinds if text and (found := symbols.maybe_read(text, kind)) is not None), None)


def watchlist(row: Row, received_at: datetime) -> Watchlist:
    """Read a watchlist; listings come without assets."""
    rows = row.get("assets")
    members = [] if rows is None else fields.objects(rows, "assets")
    texts = [fields.ident(one, "symbol") for one in members]
    classes = [symbols.asset_class(fields.maybe_text(one, "class")) for one in members]
    named = [symbols.maybe_read(text, kind) for text, kind in zip(texts, classes, strict=True)]
    return Watchlist(
        source=KEY,
        as_of=maybe_when(row, "updated_at") or received_at,
        raw=row,
        id=fields.ident(row, "id"),
        name=fields.text(row, "name"),
        keys=tuple(found[0] for found in named if found is not None),
        unnamed=tuple(text for text, found in zip(texts, named, strict=True) if found is None),
        account_id=fields.maybe_text(row, "account_id"),
        created_at=maybe_when(row, "created_at"),
        updated_at=maybe_when(row, "updated_at"),
    )


def when(row: Row, name: str) -> datetime:
    """Read an instant of up to nanoseconds; what is finer than a microsecond is cut off."""
    value = row.get(name)
    return fields.when({name: _FRACTION.sub(r"\1", value)} if type(value) is str else row, name)


def maybe_when(row: Row, name: str) -> datetime | None:
    return fields.maybe(when, row, name)


def _money(row: Row, name: str, currency: str) -> Money:
    return _checked(fields.amount(row, name), currency)


def _maybe_money(row: Row, name: str, currency: str) -> Money | None:
    value = fields.maybe_amount(row, name)
    return None if value is None else _checked(value, currency)


def _checked(value: Decimal, currency: str) -> Money:
    try:
        return Money(value, currency)
    except InvalidInput:
        raise fields.wrong("currency", "an ISO 4217 code") from None


def word(row: Row, name: str, known: Mapping[str, E]) -> E:
    """Return what a word stands for; an order in a state we do not know must not pass for one we do."""
    said = fields.text(row, name)
    if said not in known:
        raise UnexpectedPayload(f"the answer's field {name!r} has a word we do not know: {said[:40]!r}")
    return known[said]


def member(row: Row, name: str, kind: type[E]) -> E:
    """Return the member of ours that the vendor's word spells."""
    return word(row, name, {one.value: one for one in kind})


_ELSEWHERE = {
    "orders": ("order_body", "change_body", "order", "trade_update", "caught_up", "unreadable", "cancellation"),
    "reference": ("clock", "market_day", "asset", "maybe_asset", "contract"),
}
if not TYPE_CHECKING:
    _HERE = __name__.rpartition(".")[0]
    __getattr__ = renamed(
        __name__, {name: f"{_HERE}.{room}.{name}" for room, names in _ELSEWHERE.items() for name in names}
    )
