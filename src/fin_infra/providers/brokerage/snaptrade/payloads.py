"""How SnapTrade's JSON reads: rows in, model records out.
Floor 3: pure functions and tables; amounts come signed with money in positive, and numbers as text or JSON numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from fin_infra.errors import UnexpectedPayload, UnknownCurrency
from fin_infra.flow import json_of
from fin_infra.model import (
    AssetClass,
    BrokerActivity,
    BrokerConnection,
    CashBalance,
    HoldingAccount,
    HoldingOrder,
    Listing,
    Money,
    OrderStatus,
    OrderType,
    Position,
    PositionSide,
    Record,
    RowError,
    Side,
    TimeInForce,
)
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.personal import Personal, pii
from fin_infra.normalize import minor_currency
from fin_infra.providers import fields
from fin_infra.providers.brokerage.snaptrade.symbols import Named, of_position, of_symbols
from fin_infra.transport import Reply

KEY = "brokerage:snaptrade"
NO_CURRENCY = "XXX"
"""ISO 4217's code for no currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapTradeUser(Record):
    """A person registered under your keys; keep the secret, SnapTrade shows it once."""

    user_id: str
    user_secret: str = field(repr=False, metadata=pii(Personal.SECRET, private=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLink(Record):
    """Where a person connects a broker, for five minutes from `as_of`; whoever has the link may use it."""

    url: str = field(repr=False, metadata=pii(Personal.LOGIN_LINK, private=True))
    session_id: str = field(repr=False, metadata=pii(Personal.SECRET, private=True))


# The statuses of orders in api.yaml of https://github.com/passiv/snaptrade-sdks.
STATUSES: Mapping[str, OrderStatus | None] = {
    "NONE": None,
    "PENDING": OrderStatus.PENDING_NEW,
    "ACCEPTED": OrderStatus.ACCEPTED,
    "FAILED": OrderStatus.REJECTED,
    "REJECTED": OrderStatus.REJECTED,
    "CANCELED": OrderStatus.CANCELED,
    "PARTIAL_CANCELED": OrderStatus.CANCELED,
    "CANCEL_PENDING": OrderStatus.PENDING_CANCEL,
    "EXECUTED": OrderStatus.FILLED,
    "PARTIAL": OrderStatus.PARTIALLY_FILLED,
    "REPLACE_PENDING": OrderStatus.PENDING_REPLACE,
    "REPLACED": OrderStatus.REPLACED,
    "STOPPED": OrderStatus.STOPPED,
    "SUSPENDED": OrderStatus.SUSPENDED,
    "EXPIRED": OrderStatus.EXPIRED,
    "QUEUED": OrderStatus.ACCEPTED,
    "TRIGGERED": OrderStatus.NEW,
    "ACTIVATED": OrderStatus.NEW,
    "PENDING_RISK_REVIEW": OrderStatus.PENDING_REVIEW,
    "CONTINGENT_ORDER": OrderStatus.HELD,
}
# `order_type` and `time_in_force` of the same api.yaml; brokers send words of their own too.
_TYPES = {
    "MARKET": OrderType.MARKET,
    "LIMIT": OrderType.LIMIT,
    "STOP": OrderType.STOP,
    "STOPLIMIT": OrderType.STOP_LIMIT,
}
_TIMES = {"DAY": TimeInForce.DAY, "GTC": TimeInForce.GTC, "FOK": TimeInForce.FOK, "IOC": TimeInForce.IOC}


def user(reply: Reply) -> SnapTradeUser:
    row: dict[str, Any] = json_of(reply, dict)
    return SnapTradeUser(
        source=KEY,
        as_of=reply.received_at,
        user_id=fields.ident(row, "userId"),
        user_secret=fields.ident(row, "userSecret"),
    )


def users(items: list[Any]) -> Listing[str]:
    """Read the ids of the people registered under your keys."""
    found: Listing[str] = Listing(item for item in items if type(item) is str and item)
    strange = (at for at, item in enumerate(items) if type(item) is not str or not item)
    found.errors = tuple(RowError(place=f"users[{at}]", reason="a user should be an id") for at in strange)
    return found


def portal(reply: Reply) -> PortalLink:
    row: dict[str, Any] = json_of(reply, dict)
    return PortalLink(
        source=KEY,
        as_of=reply.received_at,
        url=fields.ident(row, "redirectURI"),
        session_id=fields.ident(row, "sessionId"),
    )


def connection(row: fields.Row, reply: Reply) -> BrokerConnection:
    broker, disabled = fields.child(row, "brokerage"), fields.flag(row, "disabled")
    return BrokerConnection(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "id"),
        broker=fields.ident(broker, "slug"),
        broker_name=fields.maybe_text(broker, "display_name") or fields.text(broker, "name"),
        can_trade=fields.text(row, "type") == "trade",
        disabled=disabled,
        disabled_at=fields.maybe(fields.when, row, "disabled_date") if disabled else None,
        created_at=fields.maybe(fields.when, row, "created_date"),
    )


def account(row: fields.Row, reply: Reply) -> HoldingAccount:
    sync = fields.child(row, "sync_status")
    holdings, transactions = fields.child(sync, "holdings"), fields.child(sync, "transactions")
    total = fields.maybe(fields.child, fields.child(row, "balance"), "total")
    return HoldingAccount(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "id"),
        connection_id=fields.ident(row, "brokerage_authorization"),
        institution=fields.text(row, "institution_name"),
        name=fields.maybe_text(row, "name"),
        number=fields.maybe_text(row, "number"),
        status=fields.maybe_text(row, "status"),
        category=fields.maybe_text(row, "account_category"),
        is_paper=fields.flag(row, "is_paper"),
        total=_money(fields.maybe_amount(total, "amount"), fields.maybe_text(total, "currency")) if total else None,
        institution_account_id=fields.maybe_text(row, "institution_account_id"),
        holdings_synced_at=fields.maybe(fields.when, holdings, "last_successful_sync"),
        transactions_synced_on=fields.maybe(fields.day, transactions, "last_successful_sync"),
        first_sync_done=fields.flag(holdings, "initial_sync_completed"),
    )


def account_of(connection_id: str, row: fields.Row, reply: Reply) -> HoldingAccount:
    """Read an account of one connection; another connection's is not what was asked for."""
    found = account(row, reply)
    fields.own([connection_id], [found.connection_id], "connection")
    return found


def balance(row: fields.Row, account_id: str, reply: Reply) -> CashBalance:
    currency = fields.ident(fields.child(row, "currency"), "code")
    return CashBalance(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        account_id=account_id,
        currency=currency,
        cash=_money(fields.maybe_amount(row, "cash"), currency),
        buying_power=_money(fields.maybe_amount(row, "buying_power"), currency),
    )


def positions(reply: Reply, account_id: str) -> Listing[Position]:
    body: dict[str, Any] = json_of(reply, dict)
    as_of, unread = reply.received_at, list[RowError]()
    try:
        fresh = fields.maybe(fields.child, body, "data_freshness") or {}
        as_of = fields.maybe(fields.when, fresh, "as_of") or as_of
    except UnexpectedPayload as exc:  # how fresh they are only describes them
        unread.append(RowError(place="data_freshness", reason=exc.message))
    found = fields.rows(body.get("results"), "results", lambda row: _position(row, account_id, as_of))
    found.errors += tuple(unread)
    return found


def _position(row: fields.Row, account_id: str, as_of: datetime) -> Position:
    held, units = of_position(fields.child(row, "instrument")), fields.amount(row, "units")
    currency, factor = _unit(fields.maybe_text(row, "currency") or held.currency)
    price, cost = (_scaled(fields.maybe_amount(row, name), factor) for name in ("price", "cost_basis"))
    worth, basis = (_worth(units, each, held, currency) for each in (price, cost))
    return Position(
        source=KEY,
        as_of=as_of,
        raw=row,
        account_id=account_id,
        key=held.key,
        asset_class=held.asset_class,
        side=PositionSide.SHORT if units < 0 else PositionSide.LONG,
        quantity=units,
        available_quantity=None,
        currency=currency,
        average_entry_price=cost,
        current_price=price,
        market_value=worth,
        cost_basis=basis,
        unrealized=worth - basis if worth is not None and basis is not None else None,
        symbol_text=held.text,
        in_cash=row.get("cash_equivalent") is True,
        identifier=held.identifier,
    )


def activity(row: fields.Row, account_id: str, reply: Reply) -> BrokerActivity:
    held = of_symbols(row, "symbol")
    at = fields.maybe(fields.when, row, "trade_date") or fields.when(row, "settlement_date")
    kind, currency = fields.text(row, "type"), (fields.maybe(fields.child, row, "currency") or {})
    side = _side(kind)
    code, units, price = (
        fields.maybe_text(currency, "code"),
        fields.maybe_amount(row, "units"),
        fields.maybe_amount(row, "price"),
    )
    return BrokerActivity(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "id"),
        type=kind,
        at=at if at.time() != time(0) and row.get("trade_date") is not None else None,
        day=at.date(),
        account_id=account_id,
        key=held.key if held else None,
        symbol_text=held.text if held else "",
        side=side,
        quantity=abs(units) if units is not None and side else units or None,
        price=price if side else price or None,
        amount=_money(fields.maybe_amount(row, "amount"), code),
        fee=_money(fields.maybe_amount(row, "fee"), code),
        description=fields.maybe_text(row, "description") or "",
    )


def order(row: fields.Row, account_id: str, reply: Reply) -> HoldingOrder:
    held = of_symbols(row, "universal_symbol") or Named(None, "", AssetClass.UNKNOWN, None)
    status, action = fields.text(row, "status"), fields.maybe_text(row, "action") or ""
    if status not in STATUSES:
        raise fields.wrong("status", "a status that SnapTrade documents")
    type_text, force = fields.maybe_text(row, "order_type") or "", fields.maybe_text(row, "time_in_force") or ""
    trail = fields.maybe(fields.child, row, "trailing_stop") or {}
    step = fields.maybe_amount(trail, "amount")
    return HoldingOrder(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        id=fields.ident(row, "brokerage_order_id"),
        account_id=account_id,
        key=held.key,
        symbol_text=held.text,
        asset_class=held.asset_class,
        side=_side(action),
        action=action,
        type=_TYPES.get(type_text.upper().replace("_", "")),
        type_text=type_text,
        time_in_force=_TIMES.get(force.upper()),
        status=STATUSES[status],
        quantity=fields.maybe_amount(row, "total_quantity"),
        filled_quantity=fields.maybe_amount(row, "filled_quantity"),
        filled_average_price=fields.maybe_amount(row, "execution_price"),
        limit_price=fields.maybe_amount(row, "limit_price"),
        stop_price=fields.maybe_amount(row, "stop_price"),
        trail_price=step if trail.get("type") == "DOLLAR" else None,
        trail_percent=step if trail.get("type") == "PERCENT" else None,
        currency=held.currency,
        submitted_at=fields.maybe(fields.when, row, "time_placed"),
        updated_at=fields.maybe(fields.when, row, "time_updated"),
        filled_at=fields.maybe(fields.when, row, "time_executed"),
        expires_at=fields.maybe(fields.when, row, "expiry_date"),
    )


def page(reply: Reply) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of a page and how many there are on all pages."""
    body: dict[str, Any] = json_of(reply, dict)
    total = fields.whole(fields.child(body, "pagination"), "total")
    if total < 0:
        raise fields.wrong("total", "a whole number")
    rows: Any = body.get("data")
    if type(rows) is not list:
        raise fields.wrong("data", "a list")
    return rows, total  # pyright: ignore[reportUnknownVariableType]  # rows are looked at one by one


def _side(word: str) -> Side | None:
    """Return the side of an action such as BUY, BUY_TO_OPEN or SELL_SHORT."""
    first = word.upper().partition("_")[0]
    return Side.BUY if first == "BUY" else Side.SELL if first == "SELL" else None


def _unit(text: str | None) -> tuple[str, Decimal]:
    """Return the currency of prices and what one unit is of it; text that is not a currency stays as it is."""
    try:
        return minor_currency(text or NO_CURRENCY)
    except UnknownCurrency:
        return text or NO_CURRENCY, Decimal(1)


def _money(amount: Decimal | None, currency: str | None) -> Money | None:
    return Money(amount, currency) if amount is not None and currency in CURRENCIES else None


def _scaled(price: Decimal | None, factor: Decimal) -> Decimal | None:
    return price if price is None or factor == 1 else (Money(price, NO_CURRENCY) * factor).amount


def _worth(units: Decimal, price: Decimal | None, held: Named, currency: str) -> Money | None:
    """Return units times price, exactly; None where one is unknown or no currency is said."""
    money = _money(price, currency) if currency != NO_CURRENCY else None
    return None if money is None or held.multiplier is None else money * units * held.multiplier
