"""The rows of a broker or an exchange made into statements of trades.
Floor 4: a row that cannot be read is a fault of its own; what a word means for units and money is never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements import values
from fin_infra.imports.statements.delimited.body import Body
from fin_infra.imports.statements.delimited.table import Row, names, plain
from fin_infra.imports.statements.delimited.trades.layout import TradeLayout
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.money import Money
from fin_infra.model.statement import Statement, StatementAccount, StatementPosition, StatementTrade

_EMPTY = frozenset({"", "-", "--", "n/a", "no description"})
Kept = tuple[str, StatementTrade]
"""Account number and trade."""


@dataclass(slots=True)
class Sheet:
    """One file of trades at work."""

    body: Body
    layout: TradeLayout
    where: dict[str, int]
    """Where each column stands, by its name as it is compared."""
    days: dict[str, date | None] = field(default_factory=dict[str, "date | None"])

    def cell(self, row: Row, column: str | None) -> str | None:
        """Return a cell with single spaces; None where it says nothing, or the file does not have the column."""
        at = self.where.get(plain(column)) if column else None
        text = " ".join(row[at].split()) if at is not None and at < len(row) else ""
        return None if text.casefold() in _EMPTY else text

    def number(self, row: Row, column: str | None) -> Decimal | None:
        """Raises InvalidInput for a cell that is not a number."""
        text = self.cell(row, column)
        return None if text is None else values.number(text, ".")

    def money(self, row: Row, column: str | None, currency: str) -> Money | None:
        text = self.cell(row, column)
        return None if text is None else Money(values.amount(text, currency, ".", computed=True), currency)

    def fees(self, row: Row, currency: str) -> Money | None:
        """Return what was paid in fees, positive; None where there are none."""
        paid = [fee for column in self.layout.fees if (fee := self.money(row, column, currency)) is not None]
        total = Money.total([abs(fee) for fee in paid], currency)
        return total if total != 0 else None

    def day(self, row: Row, column: str | None) -> date | None:
        text = self.cell(row, column)
        return None if text is None else self.body.days.read(text)

    def rows(self) -> Iterator[tuple[int, Row]]:
        return ((number, self.body.table.rows[number]) for number in self.body.posted)


Reader = Callable[[Sheet], Iterator[StatementTrade]]


def trade_statements(
    body: Body, layout: TradeLayout, above: Sequence[Row], readers: Mapping[str, Reader] | None = None
) -> list[Statement]:
    """Read all rows; one statement for each account and currency.

    Raises:
        StatementUnreadable: a row cannot be read, or the file names no account and the caller does not say it.
    """
    from fin_infra.imports.statements.delimited.trades.broker import broker
    from fin_infra.imports.statements.delimited.trades.exchanges import coinbase, kraken

    body.sort()
    where = {name: index for index, name in reversed(list(enumerate(names(body.table.rows[body.start - 1]))))}
    sheet = Sheet(body, layout, where)
    reader = {"broker": broker, "coinbase": coinbase, "kraken": kraken, **(readers or {})}[layout.kind]
    found: dict[tuple[str, str], list[StatementTrade]] = {}
    rows = {body.table.offsets[number]: row for number, row in sheet.rows()}
    currencies: list[str] = []
    trades = list(reader(sheet))
    for trade in trades:
        if trade.amount is not None:
            currencies.append(trade.amount.currency)
    usual = layout.rows.fixed_currency or next(iter(currencies), None) or body.options.currency
    if usual is None:
        raise body.table.fault(
            "The file does not name its currency; give it, as in currency='EUR' (--currency EUR)", body.start
        )
    for trade in trades:
        currency = trade.amount.currency if trade.amount is not None else usual
        found.setdefault((_account(sheet, rows[trade.offset]), currency), []).append(trade)
    if not found:
        raise body.table.fault("The file has column names and not one transaction under them", body.start)
    positions = _positions(sheet, above, usual)
    return [
        Statement(
            account=StatementAccount(
                number=number, type=layout.rows.type, currency=currency, institution=layout.rows.institution
            ),
            lines=(),
            trades=tuple(each),
            positions=positions.get(number, ()),
            positions_listed=number in positions,
        )
        for (number, currency), each in found.items()
    ]


def guarded(sheet: Sheet, number: int, work: Callable[[], Iterator[StatementTrade]]) -> Iterator[StatementTrade]:
    """Read one row; what is wrong with it is its own fault, with its place."""
    try:
        yield from list(work())
    except InvalidInput as error:
        sheet.body.fault(str(error), number)


def as_currency(asset: str) -> str | None:
    """Return the currency that an asset's code stands for; None for what is not money of a state."""
    return asset if asset in CURRENCIES and asset not in ("XXX", "XTS") else None


def _account(sheet: Sheet, row: Row) -> str:
    column = sheet.layout.rows.account
    number = sheet.cell(row, column if isinstance(column, str) else None) or sheet.body.options.account
    if number is None:
        raise sheet.body.table.fault(
            "The file does not name its account; say it, as in account='12345678' (--account 12345678)",
            sheet.body.start,
        )
    return number


def _positions(sheet: Sheet, above: Sequence[Row], currency: str) -> dict[str, tuple[StatementPosition, ...]]:
    """Return the holdings that stand above the transactions, by account."""
    wanted = [plain(name) for name in sheet.layout.holdings]
    start = next((index for index, row in enumerate(above) if wanted and names(row) == wanted), None)
    if start is None:
        return {}
    found: dict[str, list[StatementPosition]] = {}
    for number, row in enumerate(above[start + 1 :], start + 1):
        cells = [" ".join(cell.split()) for cell in row[: len(wanted)]]
        if len(cells) < len(wanted) or not any(cells) or plain(cells[0]) in wanted:
            continue
        account, name, symbol, shares, price, value = cells
        try:
            position = StatementPosition(
                security_id=symbol or name,
                id_type="TICKER" if symbol else "NAME",
                units=values.number(shares, "."),
                unit_price=values.number(price, "."),
                market_value=Money(values.amount(value, currency, ".", computed=True), currency),
                name=name or None,
                ticker=symbol or None,
            )
        except InvalidInput as error:
            sheet.body.fault(f"A holding cannot be read: {error}", number)
            continue
        found.setdefault(account, []).append(position)
    return {account: tuple(each) for account, each in found.items()}
