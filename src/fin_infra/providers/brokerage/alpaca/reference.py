"""What Alpaca says of the market and of what can be traded: its clock, its calendar, its assets.
Floor 3: times of a day are New York's; an asset whose symbol no key can hold is left out of lists."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.model import Asset, AssetClass, MarketClock, MarketDay
from fin_infra.normalize import localize
from fin_infra.providers import fields
from fin_infra.providers.brokerage.alpaca import symbols
from fin_infra.providers.brokerage.alpaca.payloads import KEY, ZONE, when
from fin_infra.providers.fields import Row


def clock(row: Row) -> MarketClock:
    """Read the broker's clock."""
    return MarketClock(
        source=KEY,
        as_of=when(row, "timestamp"),
        raw=row,
        is_open=fields.flag(row, "is_open"),
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
    if text in ("24:00", "2400"):  # the end of the day, which Python reads from 3.13 on only
        return localize(datetime.combine(fields.day(row, "date") + timedelta(days=1), time()), ZONE)
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
        tradable=fields.flag(row, "tradable"),
        fractionable=fields.maybe(fields.flag, row, "fractionable") or False,
        marginable=fields.flag(row, "marginable"),
        shortable=fields.flag(row, "shortable"),
        easy_to_borrow=_easy_to_borrow(row),
        min_order_size=fields.maybe_amount(row, "min_order_size"),
        min_trade_increment=fields.maybe_amount(row, "min_trade_increment"),
        price_increment=fields.maybe_amount(row, "price_increment"),
    )


def _easy_to_borrow(row: Row) -> bool | None:
    """The word is new, the flag deprecated."""
    said = fields.maybe_text(row, "borrow_status")
    return said == "easy_to_borrow" if said else fields.maybe(fields.flag, row, "easy_to_borrow")


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
        tradable=fields.flag(row, "tradable"),
        fractionable=False,
        marginable=False,
        shortable=False,
    )
