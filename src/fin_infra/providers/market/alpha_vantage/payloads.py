"""Alpha Vantage's words: its numbers, its units, and the way from one answer to a quote, match or rate.
Floor 3: pure functions; fields are read by name because their ordinals change from one answer to the next."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any

from fin_infra.errors import UnexpectedPayload, UnknownCurrency, UnknownSymbol
from fin_infra.flow import json_of
from fin_infra.model import FxRate, InstrumentKey, Listing, Overview, Quote, SymbolMatch
from fin_infra.normalize import decimal_from_text, localize, minor_currency
from fin_infra.providers.fields import Row, child, rows, text, wrong
from fin_infra.providers.market.alpha_vantage.refusals import SUCCESS
from fin_infra.providers.market.alpha_vantage.symbols import (
    NEW_YORK,
    key_of,
    same_symbol,
    session_at,
    session_of,
    spelled,
    true_since,
    venue_zone,
)
from fin_infra.transport import Reply

WIDE = Context(prec=100)
"""Wider than any product of two numbers this module lets in, so that scaling is exact."""

# "-" and "None" are in recorded overviews, "-" also in recorded exchange rates.
_MISSING = frozenset({"", "-", "None", "null", "N/A", "0000-00-00"})
_CSV_NAMES = {"latestday": "latest trading day", "previousclose": "previous close"}
# The number before a field differs between functions, and old crypto series have letters (`1a. price (CNY)`).
_ORDINAL = re.compile(r"^\d+[a-z]?\.\s*")
_STAMP = re.compile(r"(?:19|20)\d\d-\d\d-\d\d(?: \d\d:\d\d:\d\d(?:\.\d{1,6})?)?", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?", re.ASCII)
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Unit:
    """What prices are counted in: one `word` is `factor` of `currency`."""

    word: str
    currency: str
    factor: Decimal = _ONE

    def price(self, value: Decimal) -> Decimal:
        return value if self.factor == 1 else WIDE.multiply(value, self.factor)


USD = Unit("USD", "USD")
_NO_MONEY = frozenset({"XXX", "XTS"})
"""Codes of ISO 4217 for no currency and for tests, in which nothing has a price."""


def _plain(name: str) -> str:
    return _ORDINAL.sub("", name, count=1).replace("_", " ").lower()


def named(row: Any, what: str) -> dict[str, Any]:
    """Return an object's fields without ordinals, in lower case with spaces: `05. price`, `adjusted_close`."""
    return {_plain(name): value for name, value in child({what: row}, what).items()}


def maybe_number(row: Row, name: str) -> Decimal | None:
    """Return a number, which this vendor always writes as text; None for its words for missing."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and value in _MISSING):
        return None
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise wrong(name, "a number written as text")
    return decimal_from_text(value)


def number(row: Row, name: str, *, positive: bool = False) -> Decimal:
    value = maybe_number(row, name)
    if value is None or (positive and value <= 0):
        raise wrong(name, "a number above zero" if positive else "a number")
    return value


def maybe_word(row: Row, name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise wrong(name, "text")
    return None if value is None or value in _MISSING else value


def maybe_day(row: Row, name: str) -> date | None:
    value = maybe_word(row, name)
    return None if value is None else moment(value, "UTC", name).date()


def moment(stamp: str, zone_name: str, name: str) -> datetime:
    """Return the instant of a stamp read in a zone; a bare date is its midnight."""
    if not _STAMP.fullmatch(stamp):
        raise wrong(name, "a time such as 2026-01-31 or 2026-01-31 16:00:00")
    try:
        return localize(datetime.fromisoformat(stamp), zone_name)
    except ValueError:
        raise wrong(name, "a time that happened once in its time zone") from None


def is_json(reply: Reply) -> bool:
    return reply.content.lstrip().startswith(b"{")


def csv_rows(reply: Reply, columns: Collection[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV answer by column; UnexpectedPayload where it is not a table with `columns`."""
    try:
        lines = [line for line in csv.reader(io.StringIO(reply.content.decode()), strict=True) if line]
    except (UnicodeDecodeError, csv.Error):
        lines = []
    names = [_CSV_NAMES.get(name, name) for name in (_plain(cell) for cell in lines[0])] if lines else []
    if not set(columns) <= set(names) or any(len(line) != len(names) for line in lines):
        raise UnexpectedPayload("the answer is neither JSON nor the CSV that is documented", http_status=reply.status)
    return [dict(zip(names, line, strict=True)) for line in lines[1:]]


def unknown(reply: Reply, what: object) -> UnknownSymbol:
    return UnknownSymbol(
        f"Alpha Vantage has nothing under {what}; find its spelling with search()", http_status=reply.status
    )


def global_quote(reply: Reply, key: InstrumentKey) -> Row:
    """Return the row of GLOBAL_QUOTE; its root has a longer name for delayed prices, and none means no such symbol."""
    if is_json(reply):
        body = json_of(reply, dict)
        root = next((name for name in body if name.startswith("Global Quote")), "Global Quote")
        found: list[Row] = [child(body, root)] if body else []
    else:
        found = [*csv_rows(reply, {"symbol", "price"})]
    if not any(found):
        raise unknown(reply, key)
    return found[0]


def quote(raw: Row, key: InstrumentKey, unit: Unit, source: str, received_at: datetime) -> Quote:
    """Read a row of GLOBAL_QUOTE, which names a trading day and no instant: `as_of` is its close, or now if earlier."""
    row = named(raw, "Global Quote")
    _check_symbol(row, key)
    day = moment(text(row, "latest trading day"), venue_zone(key), "latest trading day").date()
    opens, closes = session_of(key, day, day + timedelta(days=1))
    return _quote(raw, row, "price", key, unit, source, day, true_since(opens, closes, received_at))


def bulk_quotes(reply: Reply) -> Listing[Row]:
    """Return the rows of REALTIME_BULK_QUOTES; an answer that does not call them real is refused."""
    body = json_of(reply, dict)
    if body.get("message") != SUCCESS:
        raise UnexpectedPayload("the answer does not say that its quotes are real ones", http_status=reply.status)
    return rows(body.get("data"), "data", _with_symbol, id_field="symbol")


def _with_symbol(row: Row) -> Row:
    text(row, "symbol")
    return row


def bulk_quote(raw: Row, key: InstrumentKey, unit: Unit, source: str) -> Quote:
    """Read a row of REALTIME_BULK_QUOTES: `close` is the regular session's price, stamped in New York time.

    A stamp after the session is that of an extended hour, and the price is still the session's: `as_of` is its close.
    Before the opening bell and on days without one the vendor does not say which session the price is of.
    """
    row = named(raw, "data")
    at = moment(text(row, "timestamp"), NEW_YORK, "timestamp")
    day = at.date()
    _, closes = session_of(key, day, day + timedelta(days=1))
    return _quote(raw, row, "close", key, unit, source, session_at(key, at), min(at, closes))


def _quote(
    raw: Row, row: Row, price: str, key: InstrumentKey, unit: Unit, source: str, day: date | None, as_of: datetime
) -> Quote:
    def maybe_price(name: str) -> Decimal | None:
        value = maybe_number(row, name)
        return unit.price(value) if value else None  # a price of zero stands for a missing one

    return Quote(
        source=source,
        as_of=as_of,
        raw=raw,
        key=key,
        price=unit.price(number(row, price, positive=True)),
        currency=unit.currency,
        unit=unit.word,
        open=maybe_price("open"),
        high=maybe_price("high"),
        low=maybe_price("low"),
        previous_close=maybe_price("previous close"),
        volume=_volume(row),
        trading_day=day,
    )


def _volume(row: Row) -> Decimal | None:
    volume = maybe_number(row, "volume")
    if volume is not None and volume < 0:
        raise wrong("volume", "a number that is not negative")
    return volume


def _check_symbol(row: Row, key: InstrumentKey) -> None:
    """Refuse an answer about another instrument."""
    if not same_symbol(text(row, "symbol"), spelled(key)):
        raise UnexpectedPayload(f"the answer is about another instrument than {key}")


def matches(reply: Reply, source: str) -> Listing[SymbolMatch]:
    """Read SYMBOL_SEARCH, JSON or CSV."""
    if is_json(reply):
        found: Any = json_of(reply, dict).get("bestMatches")
    else:
        found = csv_rows(reply, {"symbol", "name", "currency", "matchscore"})
    hits = rows(found, "bestMatches", lambda row: _match(named(row, "match"), row, reply, source), id_field="1. symbol")
    if hits.errors and not hits:
        raise UnexpectedPayload(hits.errors[0].reason)
    return hits


def _match(row: Row, raw: Mapping[str, Any], reply: Reply, source: str) -> SymbolMatch:
    symbol, unit = text(row, "symbol"), maybe_word(row, "currency")
    return SymbolMatch(
        source=source,
        as_of=reply.received_at,
        raw=raw,
        symbol=symbol,
        name=maybe_word(row, "name") or symbol,
        key=key_of(symbol),
        type_text=maybe_word(row, "type"),
        region=maybe_word(row, "region"),
        currency=_currency(unit),
        unit=unit,
        opens=_clock(row, "marketopen"),
        closes=_clock(row, "marketclose"),
        score=maybe_number(row, "matchscore"),
    )


def _currency(unit: str | None) -> str | None:
    try:
        return None if unit is None else minor_currency(unit)[0]
    except UnknownCurrency:
        return None


def _clock(row: Row, name: str) -> time | None:
    value = maybe_word(row, name)
    try:
        return None if value is None else time.fromisoformat(value)
    except ValueError:
        raise wrong(name, "a time of day such as 09:30") from None


def unit_of(symbol: str, found: Sequence[SymbolMatch]) -> Unit:
    """Return the unit the search names for exactly this symbol; UnexpectedPayload where it names none."""
    word = next((match.unit for match in found if match.symbol == symbol), None)
    if word is None:
        raise UnexpectedPayload(f"the search names no currency for {symbol}, and the price alone does not say one")
    return _unit(word)


def _unit(word: str) -> Unit:
    try:
        unit = Unit(word, *minor_currency(word))
    except UnknownCurrency:
        unit = None
    if unit is None or unit.currency in _NO_MONEY:
        raise wrong("currency", "an ISO 4217 code or a known unit such as GBX")
    return unit


def overview(reply: Reply, key: InstrumentKey, source: str) -> Overview:
    """Read OVERVIEW; in a minor unit only the prices are scaled, and amounts whose unit is not said are None."""
    row = json_of(reply, dict)
    if not row:
        raise unknown(reply, key)
    _check_symbol({"symbol": row.get("Symbol")}, key)
    word = maybe_word(row, "Currency")
    unit = None if word is None else _unit(word)

    def price(name: str) -> Decimal | None:
        value = maybe_number(row, name)
        return None if value is None or unit is None else unit.price(value)

    def extreme(name: str) -> Decimal | None:
        return price(name) or None  # a price of zero stands for a missing one

    def amount(name: str) -> Decimal | None:
        return price(name) if unit is not None and unit.factor == 1 else None

    return Overview(
        source=source,
        as_of=reply.received_at,
        raw=row,
        key=key,
        name=maybe_word(row, "Name") or key.symbol,
        type_text=maybe_word(row, "AssetType"),
        exchange=maybe_word(row, "Exchange"),
        currency=None if unit is None else unit.currency,
        country=maybe_word(row, "Country"),
        sector=maybe_word(row, "Sector"),
        industry=maybe_word(row, "Industry"),
        description=maybe_word(row, "Description"),
        cik=maybe_word(row, "CIK"),
        fiscal_year_end=maybe_word(row, "FiscalYearEnd"),
        latest_quarter=maybe_day(row, "LatestQuarter"),
        market_cap=amount("MarketCapitalization"),
        shares_outstanding=maybe_number(row, "SharesOutstanding"),
        pe_ratio=maybe_number(row, "PERatio"),
        peg_ratio=maybe_number(row, "PEGRatio"),
        book_value=amount("BookValue"),
        eps=amount("EPS"),
        beta=maybe_number(row, "Beta"),
        dividend_per_share=amount("DividendPerShare"),
        dividend_yield=maybe_number(row, "DividendYield"),
        ex_dividend_date=maybe_day(row, "ExDividendDate"),
        high_52_weeks=extreme("52WeekHigh"),
        low_52_weeks=extreme("52WeekLow"),
    )


def fx_rate(reply: Reply, base: str, counter: str, source: str) -> FxRate:
    """Read CURRENCY_EXCHANGE_RATE and check that it is about this pair."""
    body = json_of(reply, dict)
    raw = child(body, "Realtime Currency Exchange Rate")
    row = named(raw, "Realtime Currency Exchange Rate")
    if (text(row, "from currency code"), text(row, "to currency code")) != (base, counter):
        raise UnexpectedPayload(f"the answer is about another pair than {base}/{counter}")
    as_of = moment(text(row, "last refreshed"), text(row, "time zone"), "last refreshed")
    return FxRate(
        source=source,
        as_of=as_of,
        raw=raw,
        base=base,
        quote=counter,
        rate=number(row, "exchange rate", positive=True),
        date=as_of.date(),
        bid=maybe_number(row, "bid price") or None,  # zero stands for a missing one
        ask=maybe_number(row, "ask price") or None,
    )
