"""A bank that tells what changed since a cursor, as a source: pages, restarts, removals, snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.book import logins, read
from fin_infra.book.deltas import DeltaSource
from fin_infra.book.engine import Database
from fin_infra.book.lease import LEASE, Owner
from fin_infra.book.read import Wanted
from fin_infra.book.sources import source_of
from fin_infra.book.sync import Progress, sync
from fin_infra.errors import CursorRefused, NotFound, ProviderUnavailable, ReauthRequired, UnexpectedPayload
from fin_infra.model import (
    Account,
    AccountStatus,
    AccountSubtype,
    AccountType,
    AssetClass,
    Balance,
    BrokerActivity,
    CashBalance,
    HoldingAccount,
    Holdings,
    Institution,
    InstrumentKey,
    Listing,
    Money,
    Position,
    PositionSide,
    RowError,
    Transaction,
    TransactionChanges,
    TransactionStatus,
)
from fin_infra.transport.local import LocalTransport

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ME = Owner("default", "ada")
BASE: dict[str, Any] = {"source": "banking:model", "as_of": NOON}
AAPL = InstrumentKey("XNAS", "AAPL")


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def account(ident: str, kind: AccountType = AccountType.DEPOSITORY) -> Account:
    return Account(
        **BASE,
        id=ident,
        name=f"Account {ident}",
        type=kind,
        subtype=AccountSubtype.UNKNOWN,
        subtype_text="",
        currency="USD",
        status=AccountStatus.OPEN,
        institution=Institution(id="bank", name="Bank"),
        last_four="0001",
    )


def row(ident: str, amount: str = "-1", day: int = 1, **more: Any) -> Transaction:
    given = {"status": TransactionStatus.POSTED, "account_id": "a", "description": f"t {ident}", **more}
    return Transaction(**BASE, id=ident, date=date(2026, 3, day), amount=usd(amount), **given)


def page(after: str | None, *added: Transaction, more: bool = False, **given: Any) -> TransactionChanges:
    found = {"modified": (), "removed": (), "ready": True, **given}
    return TransactionChanges(**BASE, added=added, next_cursor=after, has_more=more, **found)


class ScriptedBank:
    """Answers by cursor; a list gives its answers in turn, and an error is raised. Remembers what it was asked."""

    def __init__(self, answers: dict[str | None, Any], **more: Any) -> None:
        self.answers, self.asked = answers, list[str | None]()
        self.listed = [account("a")]
        self.levels = {"a": usd("10")}
        self.held: Any = None
        self.done: list[BrokerActivity] = []
        self.can = frozenset({"accounts", "balances", "transaction_changes", *more.pop("can", ())})

    def accounts(self) -> Listing[Account]:
        return Listing(self.listed)

    def balances(self) -> Listing[Balance]:
        return Listing(
            Balance(**BASE, account_id=name, current=money, available=None) for name, money in self.levels.items()
        )

    def transaction_changes(self, cursor: str | None) -> TransactionChanges:
        self.asked.append(cursor)
        answer = self.answers[cursor]
        answer = answer.pop(0) if isinstance(answer, list) else answer
        if isinstance(answer, BaseException):
            raise answer
        found: TransactionChanges = answer
        return found

    def holdings(self) -> Holdings:
        if isinstance(self.held, BaseException):
            raise self.held
        found: Holdings = self.held
        return found

    def activities(self, *, start: date | None = None, end: date | None = None) -> Iterator[BrokerActivity]:
        return iter([each for each in self.done if start is None or each.day >= start])


@pytest.fixture
def connection(database: Database) -> str:
    return logins.add(database.engine, ME, "banking:model", {}, None, NOON)


def run(database: Database, connection: str, bank: ScriptedBank, days: int = 0) -> Progress:
    progress, now = Progress(), NOON + timedelta(days=days) + LEASE
    source = DeltaSource(bank)  # type: ignore[arg-type]  # asked for these operations only
    assert LocalTransport().run(sync(database.engine, ME, connection, source, lambda: now, progress))
    return progress


def ids(database: Database) -> list[str]:
    rows = read.read(database.engine, read.transaction_rows, ME, Wanted(limit=1_000))
    return sorted(each.vendor_id for each in rows)


def test_run_when_pages_come_then_the_next_begins_behind_the_last(database: Database, connection: str) -> None:
    bank = ScriptedBank({None: page("1", row("x"), more=True), "1": page("2", row("y")), "2": page("2")})
    run(database, connection, bank)
    run(database, connection, bank)
    assert (ids(database), bank.asked) == (["x", "y"], [None, "1", "2"])
    [level] = read.read(database.engine, read.balance_rows, ME, None)
    assert level.current == usd("10")


def test_run_when_a_page_fails_then_it_begins_again_at_its_first_cursor(database: Database, connection: str) -> None:
    down = ProviderUnavailable("down")
    bank = ScriptedBank(
        {
            None: page("1", row("x")),
            "1": [page("2", row("ghost"), more=True), page("3", row("y"), more=True)],
            "2": down,
            "3": page("4", row("z")),
        }
    )
    run(database, connection, bank)
    with pytest.raises(ProviderUnavailable):
        run(database, connection, bank)
    assert ids(database) == ["x"], "the pages of a run that failed are not shown"
    run(database, connection, bank)
    assert (ids(database), bank.asked) == (["x", "y", "z"], [None, "1", "2", "1", "3"])


def test_run_when_the_list_changes_under_it_then_it_begins_again_at_once(database: Database, connection: str) -> None:
    moved = CursorRefused("moved", from_beginning=False)
    bank = ScriptedBank({None: page("1"), "1": [page("2", row("ghost"), more=True), page("5", row("x"))], "2": [moved]})
    run(database, connection, bank)
    run(database, connection, bank)
    assert (ids(database), bank.asked) == (["x"], [None, "1", "2", "1"])


def test_cursor_when_it_is_empty_then_nothing_has_advanced(database: Database, connection: str) -> None:
    bank = ScriptedBank({None: [page(None, ready=False), page("1", row("x"))], "1": page(None, ready=False)})
    assert run(database, connection, bank).waiting
    assert run(database, connection, bank).waiting is False
    run(database, connection, bank)
    run(database, connection, bank)
    assert (ids(database), bank.asked) == (["x"], [None, None, "1", "1"])


def test_cursor_when_the_vendor_gives_the_same_one_and_more_then_it_does_not_go_on_for_ever(
    database: Database, connection: str
) -> None:
    bank = ScriptedBank({None: page("1", more=True), "1": page("1", more=True)})
    with pytest.raises(UnexpectedPayload, match="does not advance"):
        run(database, connection, bank)


def test_cursor_when_it_is_of_another_login_then_all_is_read_again_and_what_is_not_told_is_gone(
    database: Database, connection: str
) -> None:
    first = page("1", row("old", day=1), row("gone", day=2), row("kept", day=3))
    again = page("9", row("old", day=1), row("kept", day=3), row("new", day=4))
    foreign = CursorRefused("of another login", from_beginning=True)
    bank = ScriptedBank({None: [first, again], "1": foreign, "9": page("9")})
    run(database, connection, bank)
    run(database, connection, bank)
    run(database, connection, bank)
    assert (ids(database), bank.asked) == (["kept", "new", "old"], [None, "1", None, "9"])


def test_whole_history_when_the_vendor_shows_less_than_before_then_older_rows_stay(
    database: Database, connection: str
) -> None:
    bank = ScriptedBank(
        {
            None: [page("1", row("ancient", day=1), row("x", day=5)), page("2", row("x", day=5))],
            "1": CursorRefused("too old", from_beginning=True),
        }
    )
    run(database, connection, bank)
    run(database, connection, bank)
    assert ids(database) == ["ancient", "x"], "what is older than all that is told may be beyond the vendor's history"


@pytest.mark.parametrize("removed_first", [True, False])
def test_pending_when_it_posts_on_another_page_then_it_is_one_transaction(
    database: Database, connection: str, removed_first: bool
) -> None:
    posted = row("q", "-23.60", day=2, pending_id="p")
    removal: dict[str, Any] = {"removed": ("p",)}
    posting: dict[str, Any] = {"added": (posted,)}
    first, second = (removal, posting) if removed_first else (posting, removal)
    bank = ScriptedBank(
        {
            None: page("1", row("p", "-20", status=TransactionStatus.PENDING)),
            "1": page("2", *first.pop("added", ()), more=True, **first),
            "2": page("3", *second.pop("added", ()), **second),
        }
    )
    run(database, connection, bank)
    [before] = read.read(database.engine, read.transaction_rows, ME, Wanted(limit=10))
    run(database, connection, bank)
    [after] = read.read(database.engine, read.transaction_rows, ME, Wanted(limit=10))
    assert (after.id, after.vendor_id, after.amount) == (before.id, "q", usd("-23.60"))
    assert after.status is TransactionStatus.POSTED


def test_rows_when_one_cannot_be_read_then_it_is_said_and_the_others_are_there(
    database: Database, connection: str
) -> None:
    error = RowError(place="added[1]", reason="field 'date' is missing", id="bad")
    bank = ScriptedBank({None: page("1", row("x"), errors=(error,))})
    assert run(database, connection, bank).unread == ["added[1] (bad): field 'date' is missing"]
    assert ids(database) == ["x"]


# --- investments ----------------------------------------------------------------------------------------------------


def position(quantity: str, value: str) -> Position:
    return Position(
        **BASE,
        account_id="i",
        key=AAPL,
        asset_class=AssetClass.EQUITY,
        side=PositionSide.LONG,
        quantity=Decimal(quantity),
        available_quantity=None,
        currency="USD",
        average_entry_price=None,
        current_price=Decimal(value) / Decimal(quantity),
        market_value=usd(value),
        cost_basis=None,
        unrealized=None,
        symbol_text="AAPL",
    )


def held(*positions: Position, cash: str = "5") -> Holdings:
    told = HoldingAccount(
        **BASE,
        id="i",
        connection_id="item",
        institution="Bank",
        name="Broker",
        number="0001",
        status=None,
        category=None,
        is_paper=None,
        total=usd("100"),
    )
    money = CashBalance(**BASE, account_id="i", currency="USD", cash=usd(cash), buying_power=None)
    return Holdings(accounts=(told,), positions=positions, balances=(money,))


def deal(ident: str, day: int) -> BrokerActivity:
    return BrokerActivity(
        **BASE, id=ident, type="dividend", at=None, day=date(2026, 3, day), account_id="i", amount=usd("1")
    )


def invested(*more: str) -> ScriptedBank:
    bank = ScriptedBank({None: page("1"), "1": page("1")}, can=("holdings", *more))
    bank.listed = [account("a"), account("i", AccountType.INVESTMENT)]
    bank.levels = {"a": usd("10"), "i": usd("100")}
    return bank


def levels(database: Database) -> list[Money | None]:
    rows = read.read(database.engine, read.balance_rows, ME, None)
    return [each.current for each in sorted(rows, key=lambda each: each.account_id)]


def test_investments_when_holdings_are_told_then_the_balance_is_their_cash_and_nothing_counts_twice(
    database: Database, connection: str
) -> None:
    bank = invested("activities")
    bank.held, bank.done = held(position("2", "95")), [deal("d1", 1)]
    run(database, connection, bank)
    bank.done.insert(0, deal("d2", 2))
    run(database, connection, bank, 1)
    [holding] = read.read(database.engine, read.holding_rows, ME, None)
    assert (holding.quantity, holding.value) == (Decimal(2), usd("95"))
    assert levels(database) == [usd("10"), usd("5")]
    assert [each.vendor_id for each in read.read(database.engine, read.trade_rows, ME, None, None, None, 10)] == [
        "d2",
        "d1",
    ]


def test_investments_when_the_person_has_not_agreed_then_the_balance_is_the_whole(
    database: Database, connection: str
) -> None:
    bank = invested()
    bank.held = NotFound("no investment accounts")
    assert run(database, connection, bank).unread == []
    assert levels(database) == [usd("10"), usd("100")]


def test_investments_when_they_cannot_be_had_now_then_both_keep_their_age(database: Database, connection: str) -> None:
    bank = invested()
    bank.held = held(position("2", "95"))
    run(database, connection, bank)
    bank.held, bank.levels = ProviderUnavailable("down"), {"a": usd("11"), "i": usd("300")}
    assert len(run(database, connection, bank, 1).unread) == 1
    assert levels(database) == [usd("11"), usd("5")]
    assert len(read.read(database.engine, read.holding_rows, ME, None)) == 1


def test_investments_when_the_whole_login_is_refused_then_the_run_says_so(database: Database, connection: str) -> None:
    bank = invested()
    bank.held = ReauthRequired("sign in")
    with pytest.raises(ReauthRequired):
        run(database, connection, bank)


def test_transactions_when_the_login_has_none_then_the_investments_are_read_all_the_same(
    database: Database, connection: str
) -> None:
    bank = invested()
    bank.answers, bank.held = {None: NotFound("no transactions")}, held(position("2", "95"))
    run(database, connection, bank)
    assert levels(database) == [usd("10"), usd("5")]


def test_source_when_a_bank_tells_changes_then_it_is_read_by_them() -> None:
    from fin_infra.providers.registry import resolve

    assert type(source_of(resolve("banking:plaid", mode="sync"))) is DeltaSource
    assert type(source_of(resolve("banking:teller", mode="sync"))) is not DeltaSource
