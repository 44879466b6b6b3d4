"""Random ledgers of trades told by overlapping files and a broker, with undo: nothing is lost and nothing doubled."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fin_infra.book import Book, open_book
from fin_infra.imports.statements import read_statement
from fin_infra.model import Money, StatementFile, StatementTrade
from fin_infra.security import keyring
from fin_infra.security.vault import Vault
from fin_infra.transport import Sync
from tests.book.conftest import DATABASES
from tests.book.test_file_trades import FILE, Broker, as_deal
from tests.support.effort import SHARED, effort
from tests.support.postgres_server import PostgresServer

_users = itertools.count()
PLAIN = read_statement(FILE)
MODEL = PLAIN.statements[0].trades[0]
LEDGERS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["10", "0.125"]), st.booleans()), min_size=2, max_size=8
)
"""Day, units and whether it sells: so few of each that twins are the rule."""


def trade(number: int, day: int, units: str, sells: bool) -> StatementTrade:
    size, cash = Decimal(units), Decimal(units) * 8
    return replace(
        MODEL, id=f"t-{number}", day=MODEL.day + timedelta(days=day), settled=None, fee=None,
        type_text="SELLSTOCK" if sells else "BUYSTOCK", units=-size if sells else size,
        unit_price=Money(Decimal(8), "USD"), amount=Money(cash if sells else -cash, "USD"),
    )  # fmt: skip


@dataclass
class World:
    """The ledger of a person and what was told of it so far."""

    book: Book[Sync]
    ledger: list[StatementTrade]
    live: dict[int, set[int]] = field(default_factory=dict[int, set[int]])
    broker: Broker | None = None
    by_broker: set[int] = field(default_factory=set[int])

    def file(self, start: int, end: int) -> None:
        told = self.book.import_statement(windows(self.ledger[start:end]))
        self.live.setdefault(told.document.id, set()).update(range(start, min(end, len(self.ledger))))
        self.join()

    def undo(self, which: int) -> None:
        if self.live:
            document = sorted(self.live)[which % len(self.live)]
            self.book.undo_import(document)
            del self.live[document]

    def sync(self, end: int) -> None:
        if self.broker is None:
            self.file(0, len(self.ledger))
            self.broker = Broker(self.book)
            self.broker.says()
            self.join()
        self.by_broker |= set(range(end))
        told = (replace(as_deal(self.ledger[n]), vendor_id=f"b-{n}") for n in sorted(self.by_broker))
        self.broker.says(*told)

    def join(self) -> None:
        """Say that the account of the files and the broker's are one; an undo of the last file forgets it."""
        accounts = [account.id for account in self.book.accounts()]
        if self.broker is not None and len(accounts) == 2:
            self.book.join(*accounts)

    def check(self) -> None:
        """Compare the book with what its sources tell.

        A file that tells one of several equal trades, where a broker tells some of them in words of its own, does not
        say which: the book has at least what each of the two tells, and at most what both tell together.
        """
        files = set[int]().union(*self.live.values())
        every, by_file, by_broker = map(self._counted, (self.by_broker | files, files, self.by_broker))
        found = Counter((row.date, row.quantity, row.amount and row.amount.amount) for row in self.book.trades())
        assert by_file | by_broker <= found <= every
        if self.broker is None or max(every.values(), default=1) == 1:
            assert found == every

    def _counted(self, numbers: set[int]) -> Counter[tuple[object, ...]]:
        return Counter(says(self.ledger[number]) for number in numbers if number < len(self.ledger))


def says(trade: StatementTrade) -> tuple[object, ...]:
    return trade.day, trade.units, trade.amount and trade.amount.amount


def windows(trades: list[StatementTrade]) -> StatementFile:
    [statement] = PLAIN.statements
    return replace(PLAIN, statements=(replace(statement, trades=tuple(trades)),))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("file"), st.integers(0, 6), st.integers(1, 8)),
        st.tuples(st.just("undo"), st.integers(0, 5), st.just(0)),
        st.tuples(st.just("sync"), st.integers(0, 8), st.just(0)),
    ),
    min_size=2,
    max_size=8,
)


@pytest.fixture(scope="module", params=DATABASES)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book[Sync]]:
    """A book in either database, in which each example is a household."""
    vault = Vault(keyring.Keyring.from_text(keyring.new_key_text("one")))
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('book')}/book.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.url(server.database(request.getfixturevalue("postgres_template")))
    found = open_book(url, vault=vault)
    yield found
    found.engine.dispose()


@settings(max_examples=effort(300), deadline=None, suppress_health_check=SHARED)
@given(rows=LEDGERS, steps=STEPS)
@example(
    rows=[(0, "10", False), (1, "10", False), (0, "10", False)],
    steps=[("sync", 1, 0), ("undo", 0, 0), ("file", 0, 1), ("file", 1, 2)],
)
@example(
    rows=[(0, "10", False)] * 6,
    steps=[("file", 0, 1), ("undo", 0, 0), ("sync", 3, 0), ("undo", 0, 0), ("file", 5, 1)],
)
def test_ledger_when_files_and_a_broker_tell_it_in_any_order_then_each_trade_is_there_once(
    shared: Book[Sync], rows: list[tuple[int, str, bool]], steps: list[tuple[str, int, int]]
) -> None:
    ledger = [trade(number, *row) for number, row in enumerate(rows)]
    world = World(shared.of(f"user {next(_users)}"), ledger)
    for step, first, second in steps:
        if step == "file" and first < len(ledger):
            world.file(first, first + second)
        elif step == "undo":
            world.undo(first)
        elif step == "sync":
            world.sync(min(first, len(ledger)))
        world.check()
