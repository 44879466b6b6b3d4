"""`fin-infra recurring`, `forecast` and `bills`: what comes again and again, and what it leaves.
Floor 8: the book finds it; every table adds up by currency."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from fin_infra.cli.categorizing import book_for
from fin_infra.cli.insights import Form
from fin_infra.cli.output import print_json, say, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.errors import InvalidInput
from fin_infra.insights import Stream
from fin_infra.insights.bills import Bill
from fin_infra.insights.forecast import ForecastDay, ForecastLine, ForecastMonth
from fin_infra.model import Money

NOTHING = "Nothing comes again and again yet: three transactions at the same distance are needed."


def list_streams(form: Form, *, ended: bool, transfers: bool) -> None:
    """Print streams, those that are due next first."""
    every = book_for(form).recurring(transfers=transfers)
    shown = [each for each in every if ended or each.is_active]

    def draw() -> None:
        if not shown:
            tell(NOTHING)
        else:
            _draw_streams(shown)
            _draw_totals("Next of each", [each.expected_amount for each in shown if each.is_active])
        left = sum(not each.is_active for each in every)
        if left and not ended:
            say_wrapped(f"{left:,} have ended and are not shown; --ended shows them.")

    form.show(shown, Stream, draw)


def _draw_streams(streams: Sequence[Stream]) -> None:
    rows = [
        (
            each.next_date.isoformat() if each.next_date else "ended",
            each.merchant,
            _often(each.frequency.value),
            str(each.expected_amount),
            _range(each.low_amount, each.high_amount),
            each.category,
            str(len(each.entry_ids)),
            each.last_date.isoformat(),
            each.account_id,
        )
        for each in streams
    ]
    columns = ("next", "what", "how often", "expected", "range", "category", "times", "last", "account")
    minor = ("range", "category", "last", "times", "account")
    print_table("Recurring", columns, rows, right=("expected", "range", "times"), minor=minor)


def _often(frequency: str) -> str:
    return frequency.replace("_", " ")


def _range(low: Money | None, high: Money | None) -> str:
    return "" if low is None or high is None or low == high else f"{low.amount:f} to {high.amount:f}"


def _draw_totals(title: str, amounts: Iterable[Money]) -> None:
    """Print what comes in and goes out, a row for each currency."""
    by_currency: dict[str, list[Money]] = {}
    for each in amounts:
        by_currency.setdefault(each.currency, []).append(each)
    rows = [
        (
            str(len(found)),
            str(Money.total([each for each in found if each > 0], currency)),
            str(Money.total([each for each in found if each < 0], currency)),
            str(Money.total(found, currency)),
        )
        for currency, found in sorted(by_currency.items())
    ]
    columns = ("count", "in", "out", "together")
    print_table(title, columns, rows, right=columns)


def show_forecast(form: Form, until: date | None, *, by_day: bool) -> None:
    """Print the forecast of all accounts together by currency, then the lowest point of each account."""
    made = book_for(form).forecast(until=until)
    if form.as_json:
        print_json(made)
        return
    rows = [row for line in made.totals for row in (line.days if by_day else line.months)]

    def draw() -> None:
        if not any(line.expected for line in made.totals):
            tell(NOTHING)
        for line in made.totals:
            _draw_days(line) if by_day else _draw_months(line)
        _draw_lows(made.accounts)
        say_wrapped(f"From {made.start} to {made.until}. Only what comes again and again is in it; shopping is not.")

    form.show(rows, ForecastDay if by_day else ForecastMonth, draw)


def _draw_months(line: ForecastLine) -> None:
    rows = [
        (f"{each.first_date} to {each.last_date}", str(each.money_in), str(each.money_out), str(each.net),
         _known(each.closing))
        for each in line.months
    ]  # fmt: skip
    flows = [each.amount for each in line.expected]
    total = Money.total(flows, line.currency)
    money_in, money_out = (
        Money.total(side, line.currency) for side in ([f for f in flows if f > 0], [f for f in flows if f < 0])
    )
    rows.append(("together", str(money_in), str(money_out), str(total), _known(line.closing)))
    columns = ("days", "in", "out", "net", "balance")
    print_table(f"Forecast in {line.currency}", columns, rows, right=columns[1:])


def _draw_days(line: ForecastLine) -> None:
    rows = [
        (each.date.isoformat(), str(each.money_in), str(each.money_out), _known(each.balance),
         _known(each.worst_balance), _known(each.best_balance))
        for each in line.days
    ]  # fmt: skip
    columns = ("day", "in", "out", "balance", "worst", "best")
    print_table(f"Forecast in {line.currency}", columns, rows, right=columns[1:], minor=("worst", "best"))


def _draw_lows(lines: Sequence[ForecastLine]) -> None:
    rows = [
        (
            each.account_id or "",
            _known(each.opening),
            _known(each.low_point),
            each.low_date.isoformat() if each.low_date else "",
            _known(each.worst_point),
            _known(each.closing),
        )
        for each in lines
    ]
    if rows:
        columns = ("account", "today", "lowest", "on", "lowest at worst", "at the end")
        print_table("Accounts", columns, rows, right=("today", "lowest", "lowest at worst", "at the end"))


def _known(amount: Money | None) -> str:
    return "unknown" if amount is None else str(amount)


def list_bills(form: Form, until: date | None) -> None:
    """Print the payments that are expected, by date, and what they come to."""
    found = book_for(form).bills(until=until)

    def draw() -> None:
        if not found:
            tell("No bills are expected in this time.")
            return
        rows = [
            (
                each.date.isoformat(),
                each.merchant,
                str(each.amount),
                _range(each.most, each.least),
                _often(each.frequency.value),
                f"late since {each.late_since}" if each.late_since else "",
                each.account_id,
            )
            for each in found
        ]
        columns = ("day", "what", "amount", "range", "how often", "state", "account")
        minor = ("range", "how often", "account")
        print_table("Bills", columns, rows, right=("amount", "range"), minor=minor)
        _draw_totals("Totals", [each.amount for each in found])

    form.show(found, Bill, draw)


def write_calendar(form: Form, until: date | None, file: Path) -> None:
    """Write the bills as a new calendar file.

    Raises:
        InvalidInput: the file is there already, its folder is not, or it cannot be written.
    """
    if file.exists():
        raise InvalidInput(f"{file} is there already; choose a new file, or move that one.")
    if not file.parent.is_dir():
        raise InvalidInput(f"The folder {file.parent} is not there; make it first.")
    text = book_for(form).bills_calendar(until=until)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(text.encode())
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror}.") from None
    events = text.count("BEGIN:VEVENT")
    if form.as_json:
        print_json({"file": str(file), "events": events})
    else:
        say(f"Wrote {file}: {events:,} events. Import it into a calendar; it is not encrypted.")
