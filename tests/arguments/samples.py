"""A good value of each type that a public function asks for."""

from __future__ import annotations

from datetime import UTC, date, tzinfo
from decimal import Decimal
from io import BytesIO
from typing import Any, BinaryIO
from unittest.mock import Mock

from fin_infra.book import Book
from fin_infra.book.engine import Database
from fin_infra.book.lease import Owner
from fin_infra.calendars import Calendar, calendar
from fin_infra.model import (
    InstrumentKey,
    Listing,
    Money,
    NewOrder,
    OrderChange,
    RateTable,
    Side,
)
from fin_infra.model.record import Model, Rows
from fin_infra.normalize import Spelling
from fin_infra.pii import Known
from fin_infra.trading import TradingLimits
from tests.arguments.surface import PLAIN, UTC_NOON

AAPL = InstrumentKey("US", "AAPL")
RATES = RateTable(source="fx:ecb", as_of=UTC_NOON, base="EUR", date=date(2026, 11, 20), rates={"USD": Decimal("1.1")})
SAMPLES: tuple[tuple[Any, Any], ...] = (
    *PLAIN,
    (InstrumentKey, AAPL),
    (Listing, Listing()),
    (Money, Money.of("12.34", "USD")),
    (Calendar, calendar("XNYS")),
    (RateTable, RATES),
    (Model, RATES),
    (Rows, RATES),
    (BinaryIO, BytesIO()),
    (tzinfo, UTC),
    (Spelling, Spelling()),
    (Known, Known()),
    (Book, Book(Database("sqlite:////nowhere/book.db"), Owner("default", "ada"), "sync", Mock())),
    (NewOrder, NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(1))),
    (TradingLimits, TradingLimits()),
    (OrderChange, OrderChange(quantity=Decimal(2))),
)
