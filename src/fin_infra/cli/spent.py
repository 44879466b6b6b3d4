"""`fin-infra spending`, `cashflow` and `transfers`: tables with totals, and what a figure is made of.
Floor 8: the book decides what counts; a currency has rows and totals of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fin_infra.arguments import shown
from fin_infra.book.columns import exact_sum
from fin_infra.cli.categorizing import book_for
from fin_infra.cli.insights import Form
from fin_infra.cli.output import print_json, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import InvalidInput
from fin_infra.insights.explain import Explanation, Figure, explain_cash_flow, explain_spending
from fin_infra.insights.spending import By, CashFlowMonth, Counted, Period, Spent, cash_flow
from fin_infra.insights.spending import spending as spending_of
from fin_infra.insights.transfers import Transfer, Transfers
from fin_infra.model import Listing

NOTHING = "Nothing was spent or earned in these days."
NO_NAME = "(no name)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which transactions a figure is made of."""

    account: int | None
    start: date | None
    end: date | None
    pending: bool

    def counted(self, form: Form) -> Listing[Counted]:
        book = book_for(form)
        return book.counted(account_id=self.account, start=self.start, end=self.end, pending=self.pending)


def show_spending(rows: Rows, by: str, period: str, form: Form) -> None:
    """Print what was spent, the largest first in each period, and what it comes to by currency."""
    found = spending_of(rows.counted(form), by=By(by), period=Period(period))

    def draw() -> None:
        if not found.rows:
            tell("Nothing was spent in these days.")
            return
        dated = Period(period) is not Period.ALL
        columns = (*(("since",) if dated else ()), by, "spent", "transactions")
        cells = [(*((str(each.start),) if dated else ()), *_cells(each)) for each in found.rows]
        print_table("Spending", columns, cells, right=columns[-2:], minor=("transactions",))
        print_table("Totals", columns[-2:], [_cells(each)[1:] for each in found.totals], right=columns[-2:])

    if form.as_json:
        print_json(found)
    else:
        form.show(found.rows, Spent, draw)


def _cells(row: Spent) -> tuple[str, str, str]:
    return row.name or NO_NAME, str(row.spent), f"{row.count:,}"


def explain_spent(rows: Rows, asked: tuple[str, str, str], form: Form) -> None:
    """Print what the rows of one name are made of.

    Raises:
        InvalidInput: no row has that name.
    """
    by, period, name = asked
    counted = rows.counted(form)
    found = spending_of(counted, by=By(by), period=Period(period)).rows
    wanted = [each for each in found if (each.name or NO_NAME).casefold() == name.casefold()]
    if not wanted:
        raise InvalidInput(f"No row of this table is called {shown(name)}; run the command without --explain.")
    _show_explained([explain_spending(each, counted) for each in wanted], form)


def show_flow(rows: Rows, form: Form) -> None:
    """Print the cash flow by month and currency, with totals."""
    found = cash_flow(rows.counted(form))

    def draw() -> None:
        if not found.rows:
            tell(NOTHING)
            return
        columns = ("income", "spending", "net", "savings rate", "transfers")
        cells = [(f"{each.month:%Y-%m}", *_flow(each)) for each in found.rows]
        print_table("Cash flow", ("month", *columns), cells, right=columns, minor=("transfers",))
        print_table("Totals", columns, [_flow(each) for each in found.totals], right=columns, minor=("transfers",))

    if form.as_json:
        print_json(found)
    else:
        form.show(found.rows, CashFlowMonth, draw)


def _flow(row: CashFlowMonth) -> tuple[str, ...]:
    rate = "none" if row.savings_rate is None else f"{row.savings_rate * 100:.2f}%"
    return str(row.income), str(row.spending), str(row.net), rate, str(row.transfers)


def explain_flow(rows: Rows, figure: str, form: Form) -> None:
    """Print what the total of a column is made of, for each currency."""
    counted = rows.counted(form)
    _show_explained([explain_cash_flow(each, counted, Figure(figure)) for each in cash_flow(counted).totals], form)


def _show_explained(found: Sequence[Explanation], form: Form) -> None:
    def draw() -> None:
        if not found:
            tell(NOTHING)
        for each in found:
            say_wrapped(each.sentence)
            for line in each.lines:
                say_wrapped(f"{line.amount}: {line.entry_id}: {line.sentence}")

    form.show(found, Explanation, draw)


def show_transfers(start: date | None, end: date | None, form: Form) -> None:
    """Print transfers, refunds and unclear pairs, with what moved by currency."""
    found = book_for(form).transfers(start=start, end=end)

    def draw() -> None:
        if not (found.transfers or found.refunds or found.unclear):
            tell("No money moved between own accounts in these days, and none was refunded.")
            return
        _draw_transfers("Transfers", found.transfers)
        _draw_refunds(found)
        _draw_transfers("Unclear, not counted as pairs", found.unclear)
        if found.unclear:
            say_wrapped("Say what they are: `fin-infra transfers --link OUT IN`, or `--apart ID`.")

    if form.as_json:
        print_json(found)
    else:
        form.show((*found.transfers, *found.unclear), Transfer, draw)


def _draw_transfers(title: str, rows: Sequence[Transfer]) -> None:
    if not rows:
        return
    columns = ("date", "kind", "amount", "out", "in", "confidence", "reason")
    cells = [
        (
            each.date.isoformat(),
            each.kind.value,
            str(each.amount),
            each.out_id or "-",
            each.in_id or "-",
            str(each.confidence),
            each.reason,
        )
        for each in rows
    ]
    print_table(title, columns, cells, right=("amount", "confidence"), minor=("confidence", "reason"))
    _draw_totals((each.amount.currency, each.amount.amount) for each in rows)


def _draw_refunds(found: Transfers) -> None:
    if not found.refunds:
        return
    columns = ("refund", "amount", "purchase", "category", "reason")
    cells = [
        (each.entry_id, str(each.amount), each.purchase_id or "-", each.category, each.reason) for each in found.refunds
    ]
    print_table("Refunds", columns, cells, right=("amount",), minor=("reason",))
    _draw_totals((each.amount.currency, each.amount.amount) for each in found.refunds)


def _draw_totals(amounts: Iterable[tuple[str, Decimal]]) -> None:
    sums: dict[str, list[Decimal]] = {}
    for currency, amount in amounts:
        sums.setdefault(currency, []).append(amount)
    cells = [(f"{len(each):,}", f"{exact_sum(each)} {currency}") for currency, each in sorted(sums.items())]
    print_table("Totals", ("rows", "amount"), cells, right=("rows", "amount"))


def say_transfer(link: tuple[int, int] | None, apart: int | None, form: Form) -> None:
    """Write what a person says of two sides, or of one transaction.

    Raises:
        InvalidInput: both were said at once.
        NotRemembered: a transaction is not in the book.
    """
    if link is not None and apart is not None:
        raise InvalidInput("Take one of --link and --apart.")
    book = book_for(form)
    if link is not None:
        changes, told = book.link(*link), f"Transactions {link[0]} and {link[1]} are one transfer now."
    else:
        changes, told = book.keep_apart([apart or 0]), f"Transaction {apart} is not a transfer now."
    if form.as_json:
        print_json({"changes": changes})
    else:
        say_wrapped(told if changes else f"{told} It was so before; nothing was changed.")
