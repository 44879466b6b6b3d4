"""Rows of a broker: one row is one trade, with the money that it moved and the fees in it.
Floor 4: the broker's word is kept as it is; the signs come from the row's own numbers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.delimited.table import Row
from fin_infra.imports.statements.delimited.trades.reading import Sheet, guarded
from fin_infra.model.money import Money
from fin_infra.model.statement import StatementTrade


def broker(sheet: Sheet) -> Iterator[StatementTrade]:
    for number, row in sheet.rows():
        yield from guarded(sheet, number, partial(_trade, sheet, number, row))


def _trade(sheet: Sheet, number: int, row: Row) -> Iterator[StatementTrade]:
    layout = sheet.layout
    currency = layout.rows.fixed_currency or "USD"
    day = sheet.day(row, str(layout.rows.date))
    if day is None:
        raise InvalidInput("a row has no day")
    amount = sheet.money(row, str(layout.rows.amount), currency)
    ticker = sheet.cell(row, layout.ticker)
    price = sheet.number(row, layout.unit_price)
    yield StatementTrade(
        id=sheet.cell(row, layout.id),
        day=day,
        type_text=sheet.cell(row, layout.type_text) or "",
        settled=sheet.day(row, layout.settled),
        security_id=ticker,
        id_type="TICKER" if ticker else None,
        ticker=ticker,
        name=sheet.cell(row, layout.name),
        units=_units(sheet, row, amount),
        unit_price=None if price is None else Money(price, currency),
        amount=amount,
        fee=sheet.fees(row, currency),
        memo=sheet.cell(row, layout.memo),
        offset=sheet.body.table.offsets[number],
    )


def _units(sheet: Sheet, row: Row, amount: Money | None) -> Decimal | None:
    """Return the units with their sign; nothing was traded where they are zero."""
    units = sheet.number(row, sheet.layout.units)
    if not units:
        return None
    if sheet.layout.unsigned_units and amount is not None and amount != 0:
        return abs(units) if amount < 0 else -abs(units)
    return units
