"""Trades of statement files in the book; the figures of the sample were read in the file by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fin_infra.book import Book, DealKind, logins, open_book
from fin_infra.book.engine import Database
from fin_infra.book.pages import Deal, Holder, Page
from fin_infra.book.sync import Progress, sync
from fin_infra.book.trade_match import Told, Trade, match_trades
from fin_infra.imports.statements import read_statement
from fin_infra.model import StatementFile, StatementTrade
from fin_infra.security import keyring
from fin_infra.transport import Sync

FILE = Path(__file__).parents[1] / "imports" / "fixtures" / "ofx" / "brokerage.ofx"
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOLDER = Holder(
    vendor_id="b", name="Broker", type="investment", subtype="brokerage", currency="USD", institution="Model"
)
SAMPLE = Path(__file__).parents[3] / "shared" / "samples" / "ofx" / "fidelity.ofx"


@pytest.fixture
def book(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book[Sync]]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    found = open_book(database.engine.url.render_as_string(hide_password=False))
    yield found
    found.engine.dispose()


def part(file: StatementFile, start: int, end: int) -> StatementFile:
    [statement] = file.statements
    return replace(file, statements=(replace(statement, trades=statement.trades[start:end]),))


def told(**more: object) -> Told:
    facts = {
        "scheme": "ofx", "day": date(2026, 3, 2), "kind": "buy", "instrument": None, "quantity": Decimal(2),
        "price": Decimal(10), "amount": Decimal("-20.00"), "currency": "USD", "text": "", "symbol": "KO", **more,
    }  # fmt: skip
    return Told(**facts)  # type: ignore[arg-type]  # fields by name


@pytest.mark.skipif(not SAMPLE.exists(), reason="the samples are not beside the repository")
def test_import_when_a_broker_prints_trades_then_the_book_has_each_as_printed(book: Book[Sync]) -> None:
    plan = book.plan_import(SAMPLE)
    result = book.import_statement(SAMPLE)
    assert plan.parts[0].trades == result.trades
    assert (result.trades.new, result.trades.known, result.document.trades, result.added) == (14, 0, 14, 3)
    [first] = [trade for trade in book.trades() if trade.date == date(2012, 7, 20)]
    assert first.amount is not None
    assert first.fee is not None
    assert (first.type, first.symbol, first.identifier) == (DealKind.BUY, "INTC", "CUSIP 458140100")
    assert (first.quantity, first.amount.amount, first.fee.amount) == (
        Decimal(100),
        Decimal("-2571.45"),
        Decimal("7.95"),
    )


def test_import_when_files_overlap_and_are_undone_then_nothing_is_doubled_or_left(book: Book[Sync]) -> None:
    file = read_statement(FILE)
    first = book.import_statement(part(file, 0, 1))
    before = list(book.trades())
    second = book.import_statement(file)
    assert (second.trades.new, second.trades.known, len(book.trades())) == (1, 1, 2)
    book.undo_import(second.document.id)
    assert list(book.trades()) == before
    book.undo_import(first.document.id)
    assert list(book.trades()) == []
    assert book.import_statement(file).trades.new == 2
    assert len(book.trades()) == 2


def test_match_when_twins_are_told_once_and_twice_then_one_is_new() -> None:
    new = [Trade(1, (told(scheme="csv"),)), Trade(2, (told(scheme="csv"),))]
    found = match_trades(new, [Trade(7, (told(),))])
    assert (found.same, found.questions) == ({1: 7}, [])


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"amount": Decimal("-21.00"), "fee": Decimal("1.00")}, None),
        ({"amount": Decimal("-21.00")}, "amount"),
        ({"quantity": Decimal("2.001")}, "quantity"),
        ({"day": date(2026, 3, 4)}, "day"),
        ({"day": date(2026, 2, 27), "settled": date(2026, 3, 2)}, None),
    ],
)
def test_match_when_one_thing_differs_then_it_is_asked_unless_a_fee_or_the_settlement_explains_it(
    more: dict[str, object], asked: str | None
) -> None:
    found = match_trades([Trade(1, (told(scheme="csv", **more),))], [Trade(7, (told(),))])
    assert [each.kind for each in found.questions] == ([asked] if asked else [])
    assert bool(found.same) is (asked is None)


class Broker:
    """A connection whose account has one deal, told alike by the file."""

    resumes = True

    def __init__(self, book: Book[Sync]) -> None:
        self.book, self.runs = book, 0
        self.connection = logins.add(book.engine, book.owner, "brokerage:model", {}, None, NOON)

    def says(self, *deals: Deal) -> None:
        self.deals = list(deals)
        flow = sync(self.book.engine, self.book.owner, self.connection, self, lambda: NOON, Progress())
        assert self.book.transport.run(flow) is True

    def changes(self, cursor: str) -> Iterator[None]:
        yield from ()
        self.runs += 1
        return Page(after=f"{self.runs}", complete=True, holders=[HOLDER], deals=self.deals)


def as_deal(trade: StatementTrade) -> Deal:
    return Deal(
        vendor_id="b-1", account="b", day=trade.day, at=None, kind=trade.type_text, instrument=None,
        quantity=trade.units, price=trade.unit_price and trade.unit_price.amount,
        amount=trade.amount and trade.amount.amount, currency="USD", text="as the broker says", symbol=trade.ticker,
        reference=trade.id,
    )  # fmt: skip


@pytest.mark.parametrize("joined_first", [True, False])
def test_broker_when_it_tells_what_a_file_did_then_it_is_one_and_an_undo_leaves_the_brokers(
    book: Book[Sync], joined_first: bool
) -> None:
    file = part(read_statement(FILE), 0, 1)
    deal = as_deal(file.statements[0].trades[0])
    result = book.import_statement(file)
    broker = Broker(book)
    broker.says(*([] if joined_first else [deal]))
    one, other = (account.id for account in book.accounts())
    book.join(one, other)
    broker.says(deal)
    [trade] = book.trades()
    assert (trade.source, trade.vendor_id) == (broker.connection, "b-1")
    again = book.import_statement(part(read_statement(FILE), 0, 2))
    assert (again.trades.known, again.trades.new) == (1, 1)
    book.undo_import(again.document.id)
    book.undo_import(result.document.id)
    assert list(book.trades()) == [trade]
