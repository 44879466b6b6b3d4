"""What Alpaca's trading API says, turned into our records, and our orders turned into what it takes.
Floor 3: numbers come as text or as JSON numbers; an order status that we do not know raises, for that row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from fin_infra.errors import FinInfraError, InvalidInput, UnexpectedPayload
from fin_infra.model import (
    ActivityStatus,
    Asset,
    AssetClass,
    BrokerAccount,
    BrokerActivity,
    Cancellation,
    EquityPoint,
    InstrumentKey,
    MarketClock,
    MarketDay,
    Money,
    NewOrder,
    Order,
    OrderChange,
    OrderClass,
    OrderStatus,
    OrderType,
    PortfolioHistory,
    Position,
    PositionSide,
    Side,
    TimeInForce,
    TradeEvent,
    TradeUpdate,
    Watchlist,
)
from fin_infra.normalize import from_unix, from_unix_ms, localize, trading_date
from fin_infra.providers import fields
from fin_infra.providers.brokerage.alpaca import symbols
from fin_infra.providers.fields import Row

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

KEY = "brokerage:alpaca"
ZONE = "America/New_York"
MICROSECOND = timedelta(microseconds=1)
# Stamps have up to nine digits behind the point, as the recorded paper orders of October 2026.
_FRACTION = re.compile(r"(\.\d{6})\d+")
_FIRST_MS = 100_000_000_000
"""Epoch stamps from here on are milliseconds, which an old example of the vendor has."""
_SIDES = {"buy": Side.BUY, "sell": Side.SELL, "sell_short": Side.SELL, "buy_to_cover": Side.BUY}
_ORDER_CLASSES = {"": OrderClass.SIMPLE, **{kind.value: kind for kind in OrderClass}}
_OURS = {TradeEvent.CAUGHT_UP, TradeEvent.UNKNOWN}
_EVENTS = {event.value: event for event in TradeEvent if event not in _OURS}


def plain(value: Decimal) -> str:
    """Return a number without exponent, as the vendor takes it."""
    return format(value, "f")


def stamp(at: datetime) -> str:
    """Return an instant as the vendor takes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def order_body(order: NewOrder, client_order_id: str) -> dict[str, Any]:
    """Return the body that places an order."""
    numbers = {
        "qty": order.quantity,
        "notional": order.notional,
        "limit_price": order.limit_price,
        "stop_price": order.stop_price,
        "trail_price": order.trail_price,
        "trail_percent": order.trail_percent,
    }
    body: dict[str, Any] = {
        "symbol": symbols.write(order.key),
        "side": order.side.value,
        "type": order.type.value,
        "time_in_force": order.time_in_force.value,
        "client_order_id": client_order_id,
        **_given(numbers),
    }
    if order.extended_hours:
        body["extended_hours"] = True
    if order.order_class is not OrderClass.SIMPLE:
        body["order_class"] = order.order_class.value
    if order.take_profit is not None:
        body["take_profit"] = _given({"limit_price": order.take_profit})
    if order.stop_loss is not None:
        body["stop_loss"] = _given({"stop_price": order.stop_loss, "limit_price": order.stop_loss_limit})
    return body


def change_body(change: OrderChange, client_order_id: str) -> dict[str, Any]:
    """Return the body that replaces an order."""
    numbers = {
        "qty": change.quantity,
        "limit_price": change.limit_price,
        "stop_price": change.stop_price,
        "trail": change.trail,
    }
    body: dict[str, Any] = {"client_order_id": client_order_id, **_given(numbers)}
    if change.time_in_force is not None:
        body["time_in_force"] = change.time_in_force.value
    return body


def _given(numbers: Mapping[str, Decimal | None]) -> dict[str, str]:
    return {name: plain(value) for name, value in numbers.items() if value is not None}


def order(row: Row, received_at: datetime, parent_type: str = "") -> Order:
    """Read an order with its legs.

    Its state, type and terms must be words that we know; what it is about may be something that no key can name.
    """
    several = row.get("order_class") == OrderClass.MLEG
    kind = symbols.asset_class(fields.maybe_text(row, "asset_class"))
    symbol = fields.maybe_text(row, "symbol") or ""
    if not (symbol or several):
        raise fields.wrong("symbol", "a symbol")
    key, currency = symbols.maybe_read(symbol, kind) or (None, "USD")
    updated = _maybe_when(row, "updated_at")
    legs, leg_type = row.get("legs"), fields.text(row, "type") if several else ""
    return Order(
        source=KEY,
        as_of=updated or received_at,
        raw=row,
        id=fields.ident(row, "id"),
        client_order_id=fields.text(row, "client_order_id"),
        key=key,
        asset_class=kind,
        side=None if several and not row.get("side") else _word(row, "side", _SIDES),
        # legs of an order of several have an empty type in the specification's example: the order's own holds for them
        type=_word(row if row.get("type") else {"type": parent_type}, "type", _members(OrderType)),
        time_in_force=_word(row, "time_in_force", _members(TimeInForce)),
        order_class=_word(row, "order_class", _ORDER_CLASSES),
        status=_word(row, "status", _members(OrderStatus)),
        quantity=fields.maybe_amount(row, "qty"),
        notional=fields.maybe_amount(row, "notional"),
        filled_quantity=fields.amount(row, "filled_qty"),
        filled_average_price=fields.maybe_amount(row, "filled_avg_price"),
        limit_price=fields.maybe_amount(row, "limit_price"),
        stop_price=fields.maybe_amount(row, "stop_price"),
        trail_price=fields.maybe_amount(row, "trail_price"),
        trail_percent=fields.maybe_amount(row, "trail_percent"),
        high_water_mark=fields.maybe_amount(row, "hwm"),
        extended_hours=_maybe_flag(row, "extended_hours") or False,
        currency=currency,
        created_at=when(row, "created_at"),
        submitted_at=_maybe_when(row, "submitted_at"),
        updated_at=updated,
        filled_at=_maybe_when(row, "filled_at"),
        canceled_at=_maybe_when(row, "canceled_at"),
        expired_at=_maybe_when(row, "expired_at"),
        expires_at=_maybe_when(row, "expires_at"),
        failed_at=_maybe_when(row, "failed_at"),
        replaced_at=_maybe_when(row, "replaced_at"),
        replaced_by=fields.maybe_text(row, "replaced_by"),
        replaces=fields.maybe_text(row, "replaces"),
        symbol_text=symbol,
        legs=() if legs is None else tuple(order(leg, received_at, leg_type) for leg in fields.objects(legs, "legs")),
    )


def last_instant(rows: Sequence[object]) -> datetime:
    """Return when the last order of a page came in whose instant can be read, whatever else of it cannot.

    Raises:
        UnexpectedPayload: none of them says it.
    """
    for row in reversed(rows):
        try:
            order = fields.as_row(row)
            return _maybe_when(order, "submitted_at") or when(order, "created_at")
        except UnexpectedPayload:
            continue
    raise fields.wrong("submitted_at", "an instant in one order of a page at least")


def last_id(rows: Sequence[object]) -> str:
    """Return the id of the last row of a page that has one; raise UnexpectedPayload where none has."""
    for row in reversed(rows):
        try:
            return fields.ident(fields.as_row(row), "id")
        except UnexpectedPayload:
            continue
    raise fields.wrong("id", "an id in one row of a page at least")


def trade_update(row: Row, received_at: datetime) -> TradeUpdate:
    """Read one event of an order, as far as it can be read: no event is so strange that it ends a stream."""
    word = row.get("event")
    event = _EVENTS.get(word, TradeEvent.UNKNOWN) if type(word) is str else TradeEvent.UNKNOWN
    problems: list[str] = []

    def read(what: Callable[[], T]) -> T | None:
        try:
            return what()
        except FinInfraError as exc:
            problems.append(str(exc))
            return None

    at = read(lambda: _maybe_when(row, "timestamp"))
    body: Any = row.get("order")
    ident = body.get("id") if type(body) is dict else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # JSON
    return TradeUpdate(
        source=KEY,
        as_of=at or received_at,
        raw=row,
        event=event,
        order=read(lambda: order(fields.child(row, "order"), received_at)),
        execution_id=read(lambda: fields.maybe_text(row, "execution_id")),
        price=read(lambda: fields.maybe_amount(row, "price")),
        quantity=read(lambda: fields.maybe_amount(row, "qty")),
        position_quantity=read(lambda: fields.maybe_amount(row, "position_qty")),
        order_id=ident if type(ident) is str and ident else None,  # pyright: ignore[reportUnknownArgumentType]  # JSON
        event_text=word if type(word) is str else "",
        problem="; ".join(problems) or None,
    )


def caught_up(found: Order) -> TradeUpdate:
    """Return the update for an order as it was found after a gap in the stream."""
    return TradeUpdate(
        source=KEY, as_of=found.as_of, raw=found.raw, event=TradeEvent.CAUGHT_UP, order=found, order_id=found.id
    )


def unreadable(order_id: str | None, problem: str, at: datetime) -> TradeUpdate:
    """Return the update for an order that was found after a gap and cannot be read."""
    return TradeUpdate(source=KEY, as_of=at, event=TradeEvent.CAUGHT_UP, order=None, order_id=order_id, problem=problem)


def cancellation(row: Row) -> Cancellation:
    """Read one answer of a multi-status reply; its statuses are those of HTTP."""
    return Cancellation(order_id=fields.ident(row, "id"), accepted=200 <= fields.amount(row, "status") < 300)


def account(row: Row, received_at: datetime) -> BrokerAccount:
    """Read the account; fields of the pattern-day-trader rule are gone since July 2026 and optional here."""
    currency = fields.maybe_text(row, "currency") or "USD"
    count = fields.maybe_amount(row, "daytrade_count")
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
        shorting_enabled=_maybe_flag(row, "shorting_enabled"),
        trading_blocked=flag(row, "trading_blocked"),
        transfers_blocked=flag(row, "transfers_blocked"),
        account_blocked=flag(row, "account_blocked"),
        suspended_by_user=flag(row, "trade_suspended_by_user"),
        pattern_day_trader=_maybe_flag(row, "pattern_day_trader"),
        daytrade_count=None if count is None else int(count),
        created_at=_maybe_when(row, "created_at"),
    )


def clock(row: Row) -> MarketClock:
    """Read the broker's clock."""
    return MarketClock(
        source=KEY,
        as_of=when(row, "timestamp"),
        raw=row,
        is_open=flag(row, "is_open"),
        next_open=when(row, "next_open"),
        next_close=when(row, "next_close"),
    )


def market_day(row: Row, received_at: datetime) -> MarketDay:
    """Read a day of the calendar; its times are New York's, with a colon or without."""
    return MarketDay(
        source=KEY,
        as_of=received_at,
        raw=row,
        day=fields.day(row, "date"),
        open=_time_of_day(row, "open"),
        close=_time_of_day(row, "close"),
        extended_open=_time_of_day(row, "session_open") if row.get("session_open") else None,
        extended_close=_time_of_day(row, "session_close") if row.get("session_close") else None,
        settlement_date=fields.day(row, "settlement_date") if row.get("settlement_date") else None,
    )


def _time_of_day(row: Row, name: str) -> datetime:
    text = fields.text(row, name)
    try:
        naive = datetime.fromisoformat(f"{fields.day(row, 'date')}T{text if ':' in text else f'{text[:2]}:{text[2:]}'}")
        return localize(naive, ZONE)
    except (ValueError, InvalidInput):
        raise fields.wrong(name, "a time of day such as 09:30") from None


def asset(row: Row, received_at: datetime) -> Asset:
    """Read one asset."""
    found = maybe_asset(row, received_at)
    if found is None:
        raise UnexpectedPayload("the answer is about a coin that is not priced in dollars")
    return found


def maybe_asset(row: Row, received_at: datetime) -> Asset | None:
    """Read one asset; None for a coin that is not priced in dollars.

    Raises:
        UnexpectedPayload: a field is not what it should be, or no key can hold the symbol.
    """
    kind = symbols.asset_class(fields.text(row, "class"))
    named = symbols.read(fields.ident(row, "symbol"), kind)
    if named[1] != "USD":
        return None
    return Asset(
        source=KEY,
        as_of=received_at,
        raw=row,
        id=fields.ident(row, "id"),
        key=named[0],
        asset_class=kind,
        name=fields.maybe_text(row, "name") or "",
        exchange=fields.text(row, "exchange"),
        active=fields.text(row, "status") == "active",
        tradable=flag(row, "tradable"),
        fractionable=_maybe_flag(row, "fractionable") or False,
        marginable=flag(row, "marginable"),
        shortable=flag(row, "shortable"),
        easy_to_borrow=_easy_to_borrow(row),
        min_order_size=fields.maybe_amount(row, "min_order_size"),
        min_trade_increment=fields.maybe_amount(row, "min_trade_increment"),
        price_increment=fields.maybe_amount(row, "price_increment"),
    )


def _easy_to_borrow(row: Row) -> bool | None:
    """The word is new, the flag deprecated."""
    word = fields.maybe_text(row, "borrow_status")
    return word == "easy_to_borrow" if word else _maybe_flag(row, "easy_to_borrow")


def contract(row: Row, received_at: datetime) -> Asset:
    """Read an option contract, which has a path and a shape of its own."""
    key, _ = symbols.read(fields.ident(row, "symbol"), AssetClass.OPTION)
    return Asset(
        source=KEY,
        as_of=received_at,
        raw=row,
        id=fields.ident(row, "id"),
        key=key,
        asset_class=AssetClass.OPTION,
        name=fields.maybe_text(row, "name") or "",
        exchange="",
        active=fields.text(row, "status") == "active",
        tradable=flag(row, "tradable"),
        fractionable=False,
        marginable=False,
        shortable=False,
    )


def position(row: Row, received_at: datetime) -> Position:
    """Read a position; what is held short is negative, whatever sign the vendor gives."""
    kind = symbols.asset_class(fields.maybe_text(row, "asset_class"))
    text = fields.ident(row, "symbol")
    key, currency = symbols.maybe_read(text, kind) or (None, "USD")
    asset_id = fields.maybe_text(row, "asset_id")
    side = _word(row, "side", _members(PositionSide))
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
    at = _maybe_when(row, "transaction_time")
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
        side=_word(row, "side", _SIDES) if row.get("side") else None,
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
        as_of=_maybe_when(row, "updated_at") or received_at,
        raw=row,
        id=fields.ident(row, "id"),
        name=fields.text(row, "name"),
        keys=tuple(found[0] for found in named if found is not None),
        unnamed=tuple(text for text, found in zip(texts, named, strict=True) if found is None),
        account_id=fields.maybe_text(row, "account_id"),
        created_at=_maybe_when(row, "created_at"),
        updated_at=_maybe_when(row, "updated_at"),
    )


def when(row: Row, name: str) -> datetime:
    """Read an instant of up to nanoseconds; what is finer than a microsecond is cut off."""
    value = row.get(name)
    return fields.when({name: _FRACTION.sub(r"\1", value)} if type(value) is str else row, name)


def _maybe_when(row: Row, name: str) -> datetime | None:
    return None if row.get(name) in (None, "") else when(row, name)


def flag(row: Row, name: str) -> bool:
    value = row.get(name)
    if type(value) is not bool:
        raise fields.wrong(name, "true or false")
    return value


def _maybe_flag(row: Row, name: str) -> bool | None:
    return None if row.get(name) in (None, "") else flag(row, name)


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


def _members(kind: type[E]) -> dict[str, E]:
    return {member.value: member for member in kind}


def _word(row: Row, name: str, known: Mapping[str, E]) -> E:
    """Return what a word stands for; an order in a state we do not know must not pass for one we do."""
    word = fields.text(row, name)
    if word not in known:
        raise UnexpectedPayload(f"the answer's field {name!r} has a word we do not know: {word[:40]!r}")
    return known[word]
