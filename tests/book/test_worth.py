"""Net worth from the book: each account once, by the prices and rates of the day; what is not known is named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fin_infra.book import Book, logins, open_book
from fin_infra.book.accounts import Accounts
from fin_infra.book.endings import end
from fin_infra.book.engine import writing
from fin_infra.book.history import Close, put_closes, put_rates, put_splits
from fin_infra.book.levels import write_levels
from fin_infra.book.log import Log
from fin_infra.book.pages import CASH, IN_CASH, UNREAD, Holder, Level, Page, Position
from fin_infra.book.sync import Progress, sync
from fin_infra.errors import InvalidInput, ProviderUnavailable, UnknownCurrency
from fin_infra.model import Money, RateTable, WorthKind
from fin_infra.transport import Sync
from fin_infra.transport.local import LocalTransport
from tests.support.effort import effort

TODAY = date(2026, 3, 20)
"""A Friday."""


def day(number: int) -> date:
    return date(2026, 3, number)


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


class OnePage:
    """A source that says one page."""

    resumes = False

    def __init__(self, page: Page) -> None:
        self.page = page

    def changes(self, cursor: str) -> Any:
        yield from ()
        return self.page


class Household:
    """A book, and what its vendors say of it, day by day."""

    def __init__(self, book: Book[Sync]) -> None:
        self.book = book

    def connect(self, provider: str = "banking:model", on: date | None = None) -> str:
        return logins.add(self.book.engine, self.book.owner, provider, {}, None, noon(on or day(1)))

    def tell(
        self,
        source: str,
        on: date,
        holders: list[Holder],
        cash: dict[str, tuple[str, str] | None] | None = None,
        held: dict[str, list[Position]] | None = None,
    ) -> None:
        levels = [
            Level(
                account=name, at=noon(on), currency=(each or ("", "USD"))[1], current=Decimal(each[0]) if each else None
            )
            for name, each in (cash or {}).items()
        ]
        if not source.startswith("c-"):
            with writing(self.book.engine) as db:
                log, accounts = Log(db, self.book.owner, source, noon(on)), Accounts(db, self.book.owner)
                accounts.write(log, source, holders)
                write_levels(db, self.book.owner, log, levels, accounts.of(source))
                log.close()
            return
        positions = [each for rows in (held or {}).values() for each in rows]
        page = Page(after="", complete=True, holders=holders, levels=levels, held=[*(held or {})], positions=positions)
        flow = sync(self.book.engine, self.book.owner, source, OnePage(page), lambda: noon(on), Progress())
        assert LocalTransport().run(flow)
        logins.told(self.book.engine, self.book.owner, source, None, noon(on))

    def fail(self, source: str, on: date) -> None:
        error = ProviderUnavailable("banking:model: the bank is closed for repairs")
        logins.told(self.book.engine, self.book.owner, source, error, noon(on))

    def rates(self, on: date, **rates: str) -> None:
        table = RateTable(
            source="fx:model",
            as_of=noon(on),
            base="EUR",
            date=on,
            rates={each: Decimal(rate) for each, rate in rates.items()},
        )
        with writing(self.book.engine) as db:
            put_rates(db, [table], noon(on))

    def close(self, subject: str, on: date, price: str, currency: str = "USD") -> None:
        with writing(self.book.engine) as db:
            put_closes(db, subject, "market:model", [Close(on, Decimal(price), currency)], noon(on))


def bank(name: str, kind: str = "depository", currency: str = "USD", **more: Any) -> Holder:
    facts = {"institution": "First Bank", "subtype": "checking", **more}
    return Holder(vendor_id=name, name=name, type=kind, currency=currency, **facts)


def broker(name: str, currency: str = "USD", **more: Any) -> Holder:
    return bank(name, "investment", currency, **{"institution": "Broker", "subtype": "brokerage", **more})


def position(account: str, instrument: str | None, quantity: str, value: str | None, **more: Any) -> Position:
    facts = {"currency": "USD", "kind": None, **more}
    return Position(
        account=account, vendor_id=instrument or str(facts["kind"]), instrument=instrument, name=instrument or "x",
        quantity=Decimal(quantity), price=None, value=Decimal(value) if value else None, basis=None, **facts,
    )  # fmt: skip


@pytest.fixture
def house(url: str) -> Iterator[Household]:
    book = open_book(url, clock=lambda: noon(TODAY))
    yield Household(book)
    book.engine.dispose()


def agreed(house: Household, currency: str, start: date, end: date, every: int = 1) -> None:
    """Compare the points of a daily series with the answers for their days."""
    for point in house.book.net_worth_series(currency, start, end)[::every]:
        one = house.book.net_worth(currency, on=point.day)
        told = (point.total, point.assets, point.liabilities, point.complete)
        assert told == (one.total, one.assets, one.liabilities, one.complete), point.day


def test_worth_when_in_two_currencies_with_a_debt_then_it_is_the_hand_computed_sum(house: Household) -> None:
    mine = house.connect()
    holders = [bank("checking"), bank("card", "credit"), bank("savings", currency="EUR")]
    house.tell(
        mine, day(2), holders, {"checking": ("1000.00", "USD"), "card": ("-250.10", "USD"), "savings": ("200", "EUR")}
    )
    house.rates(day(2), USD="1.25")
    found = house.book.net_worth("USD", on=day(3))
    # 1000.00 + 200 * 1.25 = 1250.00; less 250.10
    assert (found.total, found.assets, found.liabilities) == (usd("999.90"), usd("1250.00"), usd("-250.10"))
    assert (found.complete, found.missing, found.errors) == (True, (), ())
    assert {line.age_days for line in found.lines} == {1}
    assert {line.kind for line in found.lines} == {WorthKind.ACCOUNT}
    # 1000.00 / 1.25 = 800.00; 250.10 / 1.25 = 200.08
    in_euro = house.book.net_worth("EUR", on=day(3))
    assert in_euro.total == Money(Decimal("799.92"), "EUR")
    agreed(house, "USD", day(1), day(16))
    agreed(house, "EUR", day(1), day(16))


def test_worth_when_a_rate_is_missing_then_it_is_named_and_never_zero(house: Household) -> None:
    mine = house.connect()
    house.tell(mine, day(2), [bank("a"), bank("b", currency="GBP")], {"a": ("10", "USD"), "b": ("99", "GBP")})
    none = house.book.net_worth("USD", on=day(2))
    assert (none.total, none.complete) == (usd("10.00"), False)
    assert none.missing == ("banking:model First Bank 3: no exchange rate for GBP/USD",)
    house.rates(day(2), USD="1.25")
    lacks = house.book.net_worth("USD", on=day(2))
    assert "no GBP rate" in lacks.missing[0]
    assert [line.value for line in lacks.lines] == [usd("10.00"), None]
    agreed(house, "USD", day(1), day(12))


def test_worth_when_the_last_rates_are_older_than_a_week_then_there_is_a_gap(house: Household) -> None:
    mine = house.connect()
    house.tell(mine, day(2), [bank("b", currency="EUR")], {"b": ("4", "EUR")})
    house.rates(day(2), USD="1.25")
    assert house.book.net_worth("USD", on=day(9)).total == usd("5.00")
    old = house.book.net_worth("USD", on=day(10))
    assert (old.total, old.complete) == (None, False)
    agreed(house, "USD", day(1), day(15))


def test_worth_when_a_day_is_between_two_balances_then_the_earlier_one_counts_with_its_age(house: Household) -> None:
    mine = house.connect()
    house.tell(mine, day(2), [bank("a")], {"a": ("10", "USD")})
    house.tell(mine, day(9), [bank("a")], {"a": ("30.00", "USD")})
    assert house.book.net_worth(on=day(8)).total == usd("10.00")
    assert house.book.net_worth(on=day(8)).lines[0].age_days == 6
    assert house.book.net_worth(on=day(9)).total == usd("30.00")
    before = house.book.net_worth(on=day(1))
    assert (before.total, before.missing) == (
        None,
        ("banking:model First Bank 2: the book knows nothing of it by that day",),
    )
    agreed(house, "USD", date(2026, 2, 27), day(20))


def test_worth_when_a_balance_is_too_old_then_it_is_named(house: Household) -> None:
    mine = house.connect()
    house.tell(mine, day(1), [bank("a")], {"a": ("10", "USD")})
    assert house.book.net_worth(on=day(1) + timedelta(days=45)).complete
    old = house.book.net_worth(on=day(1) + timedelta(days=46))
    assert old.total is None
    assert "more than 45 days" in old.missing[0]
    agreed(house, "USD", day(1), day(1) + timedelta(days=60))


def test_worth_when_the_bank_gives_no_balance_then_it_is_named(house: Household) -> None:
    house.tell(house.connect(), day(1), [bank("a")], {"a": None})
    found = house.book.net_worth(on=day(1))
    assert (found.total, found.missing) == (None, ("banking:model First Bank 2: the source gives no balance",))
    agreed(house, "USD", day(1), day(4))


def test_broker_when_its_snapshot_is_of_the_day_then_its_own_price_counts_and_later_the_market(
    house: Household,
) -> None:
    mine = house.connect("brokerage:model")
    held = [
        position("b", "XNAS:KO", "10", "300.50"),
        position("b", "US:SWVXX", "5", "5", kind=IN_CASH),
        position("b", None, "20", "20", kind=CASH, currency="EUR"),
        position("b", "XNYS:F", "-2", "-25.00"),
    ]
    house.tell(mine, day(2), [broker("b")], {"b": ("100", "USD")}, {"b": held})
    for number in range(2, 14):
        house.rates(day(number), USD="1.50")
    house.close("US:KO", day(2), "29")
    house.close("US:KO", day(3), "31.25")
    # 100 + 300.50 + 20 * 1.5 - 25; the fund is in the cash already
    assert house.book.net_worth(on=day(2)).total == usd("405.50")
    # 100 + 10 * 31.25 + 30 - 25 by the broker's own price of the day before
    third = house.book.net_worth(on=day(3))
    assert third.total == usd("417.50")
    assert third.liabilities == usd("-25.00")
    assert {line.id: line.age_days for line in third.lines} == {
        "cash at Broker 2": 1,
        "XNAS:KO at Broker 2": 0,
        "XNYS:F at Broker 2": 1,
        "x at Broker 2": 1,
    }
    # on the tenth, sessions 4, 5, 6 and 9 of March are between: both prices are too old
    tenth = house.book.net_worth(on=day(10))
    assert tenth.total == usd("130.00")
    assert len(tenth.missing) == 2
    assert all("more than 3 sessions" in line for line in tenth.missing)
    agreed(house, "USD", day(1), day(15))


def test_broker_when_it_is_read_again_then_what_was_sold_is_gone(house: Household) -> None:
    mine = house.connect("brokerage:model")
    two = [position("b", "XNAS:KO", "1", "30"), position("b", "XNYS:F", "1", "12")]
    house.tell(mine, day(2), [broker("b")], {}, {"b": two})
    house.tell(mine, day(4), [broker("b")], {}, {"b": [position("b", "XNAS:KO", "2", "61")]})
    house.tell(mine, day(6), [broker("b")], {}, {"b": []})
    assert [house.book.net_worth(on=day(each)).total for each in (3, 4, 5)] == [
        usd("42.00"),
        usd("61.00"),
        usd("61.00"),
    ]
    sold = house.book.net_worth(on=day(6))
    assert (sold.total, sold.complete) == (usd("0.00"), True)
    agreed(house, "USD", day(1), day(9))


def test_broker_when_a_position_has_no_value_or_cannot_be_read_then_it_is_named(house: Household) -> None:
    mine = house.connect("brokerage:model")
    held = [position("b", "OOTC:SIVBQ", "40", None), position("b", None, "0", None, kind=UNREAD, currency="XXX")]
    house.tell(mine, day(2), [broker("b")], {"b": ("1", "USD")}, {"b": held})
    found = house.book.net_worth(on=day(2))
    assert (found.total, found.complete, len(found.missing)) == (usd("1.00"), False, 2)
    house.close("OOTC:SIVBQ", day(2), "0.05")
    assert house.book.net_worth(on=day(2)).total == usd("3.00"), "40 * 0.05 by the market"
    agreed(house, "USD", day(1), day(9))


def test_account_when_reached_through_two_connections_then_it_counts_once_with_the_reason(house: Household) -> None:
    own, other = house.connect("brokerage:model"), house.connect("brokerage:aggregator")
    house.tell(own, day(2), [broker("b", ending="4417")], {"b": ("70", "USD")})
    house.tell(
        other, day(2), [broker("x", ending="4417"), broker("y", ending="9038")], {"x": ("69", "USD"), "y": ("5", "USD")}
    )
    found = house.book.net_worth(on=day(2))
    # of two of one day the one counts whose account comes first by its name; 70 of the own connection, 5 of the other
    assert (found.total, found.complete) == (usd("75.00"), False)
    assert len([line for line in found.lines if line.value is None]) == 1
    assert "possible duplicate of" in found.missing[0]
    agreed(house, "USD", day(1), day(9))


def test_accounts_when_joined_then_they_are_one(house: Household) -> None:
    own = house.connect()
    house.tell(own, day(2), [bank("a", ending="1111")], {"a": ("70", "USD")})
    house.tell("file", day(1), [bank("f", ending="1111")], {"f": ("60", "USD")})
    ids = {each.sources[0]: each.id for each in house.book.accounts()}
    _join(house, ids["file"], ids[own])
    assert house.book.net_worth(on=day(1)).total == usd("60.00")
    after = house.book.net_worth(on=day(2))
    assert (after.total, after.complete, len(after.lines)) == (usd("70.00"), True, 1)
    agreed(house, "USD", day(1), day(9))


def _join(house: Household, account: int, target: int) -> None:
    import sqlalchemy as sa

    from fin_infra.book.tables import accounts

    with writing(house.book.engine) as db:
        db.execute(sa.update(accounts).where(house.book.owner.of(accounts, id=account)).values(joined=target))


def test_statement_when_imported_then_its_balance_counts_as_one(house: Household) -> None:
    house.tell("file", day(2), [bank("f", institution="Credit Union")], {"f": ("12.34", "USD")})
    [line] = house.book.net_worth(on=day(5)).lines
    assert (line.kind, line.source, line.value, line.age_days) == (WorthKind.STATEMENT, "file", usd("12.34"), 3)


def test_connection_when_it_did_not_answer_then_the_total_is_not_complete_and_says_who(house: Household) -> None:
    mine = house.connect()
    house.tell(mine, day(10), [bank("a")], {"a": ("10", "USD")})
    house.fail(mine, day(19))
    found = house.book.net_worth()
    assert (found.total, found.complete) == (usd("10.00"), False)
    [error] = found.errors
    assert (error.provider, error.operation) == ("banking:model", "sync")
    assert "closed for repairs" in error.message
    assert house.book.net_worth(on=day(10)).complete, "of that day it had answered"
    assert not house.book.net_worth(on=day(11)).complete
    house.tell(mine, TODAY, [bank("a")], {"a": ("10", "USD")})
    assert house.book.net_worth().complete
    house.fail(mine, TODAY)
    assert not house.book.net_worth().complete, "the last sync failed"
    agreed(house, "USD", day(8), day(22))


def test_connection_when_ended_then_its_history_counts_and_afterwards_it_is_left_out_by_name(house: Household) -> None:
    mine, other = house.connect(), house.connect("banking:other")
    house.tell(mine, day(2), [bank("a")], {"a": ("10", "USD")})
    house.tell(other, day(2), [bank("b")], {"b": ("5", "USD")})
    end(house.book.engine, house.book.owner, mine, noon(day(6)))
    assert house.book.net_worth(on=day(6)).total == usd("15.00")
    after = house.book.net_worth(on=day(7))
    assert (after.total, after.complete) == (usd("5.00"), True)
    assert [each.reason for each in after.left_out] == ["First Bank 3: its connection was ended on 2026-03-06"]
    agreed(house, "USD", day(1), day(12))


def test_account_when_closed_then_it_counts_until_its_last_balance(house: Household) -> None:
    mine = house.connect()
    house.tell(mine, day(2), [bank("a"), bank("b")], {"a": ("10", "USD"), "b": ("1", "USD")})
    house.tell(mine, day(5), [bank("a", status="closed"), bank("b")], {"b": ("2", "USD")})
    assert house.book.net_worth(on=day(2)).total == usd("11.00")
    closed = house.book.net_worth(on=day(5))
    assert (closed.total, closed.complete) == (usd("2.00"), True)
    agreed(house, "USD", day(1), day(9))


def test_assets_when_valued_by_a_person_then_they_count_until_said_otherwise_with_their_age(house: Household) -> None:
    home = house.book.add_asset("House", "house", usd("400000"), on=date(2024, 1, 1))
    loan = house.book.add_asset("Loan", "loan", Money(Decimal("-100"), "EUR"), on=day(3))
    house.book.value_asset(home.id, usd("410000"), on=day(5))
    house.rates(day(3), USD="1.10")
    assert house.book.net_worth(on=day(2)).total == usd("400000.00")
    # 400000 - 100 * 1.1
    fourth = house.book.net_worth(on=day(4))
    assert (fourth.total, fourth.liabilities, fourth.complete) == (usd("399890.00"), usd("-110.00"), True)
    assert {line.id: line.age_days for line in fourth.lines} == {f"asset {home.id}": 793, f"asset {loan.id}": 1}
    assert [line.name for line in fourth.lines] == ["House", "Loan"]
    assert "House" not in repr(fourth.lines), "a person's words stay out of logs"
    house.book.remove_asset(loan.id, on=day(6))
    assert house.book.net_worth(on=day(6)).total == usd("410000.00")
    assert house.book.net_worth(on=date(2023, 12, 31)).lines == ()
    agreed(house, "USD", date(2023, 12, 30), date(2024, 1, 3))
    agreed(house, "USD", day(1), day(14))


def test_holdings_by_hand_when_priced_by_the_history_then_splits_and_weekends_are_right(house: Household) -> None:
    house.book.set_holding("KO", Decimal(10), on=day(7))
    missing = house.book.net_worth(on=day(8))
    assert (missing.total, missing.complete) == (None, False)
    assert "fill_history" in missing.missing[0]
    house.close("US:KO", day(6), "60")
    house.close("US:KO", day(9), "61")
    house.close("US:KO", day(10), "15.5")
    with writing(house.book.engine) as db:
        put_splits(db, "US:KO", "market:model", [(day(10), Decimal(4))])
    # a Saturday: the close of Friday; on the tenth one share is four
    assert [house.book.net_worth(on=day(each)).total for each in (7, 9, 10)] == [
        usd("600.00"),
        usd("610.00"),
        usd("620.00"),
    ]
    assert house.book.net_worth(on=day(7)).lines[0].age_days == 1
    house.book.set_holding("KO", Decimal(0), on=day(11))
    assert house.book.net_worth(on=day(11)).total == usd("0.00")
    agreed(house, "USD", day(5), day(14))


def test_holding_by_hand_when_a_coin_then_it_is_priced_every_day(house: Household) -> None:
    house.book.set_holding("CRYPTO:bitcoin", Decimal("0.5"), on=day(7))
    house.close("CRYPTO:bitcoin", day(7), "90000.01")
    assert house.book.net_worth(on=day(7)).total == usd("45000.00"), "45000.005, half to even"
    house.close("CRYPTO:bitcoin", day(8), "90000.03")
    assert house.book.net_worth(on=day(8)).total == usd("45000.02"), "45000.015, half to even"
    agreed(house, "USD", day(6), day(14))


def test_close_when_corrected_then_the_newest_counts(house: Household) -> None:
    house.book.set_holding("KO", Decimal(1), on=day(5))
    house.close("US:KO", day(5), "60")
    with writing(house.book.engine) as db:
        put_closes(db, "US:KO", "m", [Close(day(5), Decimal("61"), "USD")], noon(day(6)))
    assert house.book.net_worth(on=day(5)).total == usd("61.00")
    agreed(house, "USD", day(5), day(7))


def test_series_when_by_week_and_month_then_the_days_are_those(house: Household) -> None:
    house.tell(house.connect(), day(1), [bank("a")], {"a": ("10", "USD")})
    book = house.book
    weeks = book.net_worth_series("USD", day(1), day(16), step="week")
    assert [each.day for each in weeks] == [day(1), day(8), day(15)]
    months = book.net_worth_series("USD", date(2026, 1, 31), date(2026, 5, 1), step="month")
    assert [each.day for each in months] == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_series_when_the_book_is_empty_then_nothing_is_owned(house: Household) -> None:
    [point] = house.book.net_worth_series("USD", day(1), day(2))
    assert (point.total, point.complete) == (usd("0.00"), True)
    agreed(house, "USD", day(1), day(2))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda book: book.net_worth("DOLLAR"), UnknownCurrency),
        (lambda book: book.net_worth("XAU"), InvalidInput),
        (lambda book: book.net_worth_series("USD", day(2), day(2)), InvalidInput),
        (lambda book: book.net_worth_series("USD", date(1800, 1, 1), day(2)), InvalidInput),
        (lambda book: book.net_worth_series("USD", day(1), day(2), step="year"), InvalidInput),
    ],
)
def test_call_when_it_cannot_be_meant_then_it_is_refused(house: Household, call: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(house.book)


def test_worth_when_another_household_asks_then_it_has_nothing(house: Household, url: str) -> None:
    house.tell(house.connect(), day(2), [bank("a")], {"a": ("10", "USD")})
    house.book.add_asset("House", "house", usd("5"), on=day(1))
    for user, tenant in (("other", "default"), ("", "other")):
        other = open_book(url, user=user, tenant=tenant, clock=lambda: noon(TODAY))
        assert other.net_worth(on=day(5)).lines == ()
        assert other.assets() == []
        with pytest.raises(InvalidInput):
            other.value_asset(3, usd("1"))
        other.engine.dispose()


def test_worth_when_async_then_it_is_the_same(house: Household, url: str) -> None:
    house.tell(house.connect(), day(2), [bank("a")], {"a": ("10", "USD")})

    async def main() -> Any:
        book = open_book(url, mode="async", clock=lambda: noon(TODAY))
        found = await book.net_worth("USD", on=day(3)), await book.net_worth_series("USD", day(1), day(4))
        book.engine.dispose()
        return found

    one, series = asyncio.run(main())
    assert one == house.book.net_worth("USD", on=day(3))
    assert series == house.book.net_worth_series("USD", day(1), day(4))


# Any household at all: the series says what single answers say.

days = st.integers(1, 40).map(lambda number: date(2026, 2, 1) + timedelta(days=number))
amounts = st.decimals(-5000, 5000, places=4, allow_nan=False) | st.decimals(-50, 50, places=8, allow_nan=False)
money = st.tuples(amounts.map(str), st.sampled_from(["USD", "EUR", "JPY", "GBP"]))
endings = st.sampled_from([None, "1111", "2222"])
told = st.lists(st.tuples(days, st.none() | money), max_size=5)
banks = st.lists(st.tuples(endings, st.sampled_from(["open", "open", "closed"]), told), max_size=4)
rows = st.lists(
    st.tuples(
        st.sampled_from(["US:KO", "XNYS:F", "CRYPTO:bitcoin"]), st.integers(1, 9), st.none() | st.integers(-99, 99)
    ),
    max_size=3,
    unique_by=lambda row: row[0],
)
brokers = st.lists(st.tuples(endings, st.lists(st.tuples(days, rows), max_size=4)), max_size=2)
by_hand = st.lists(st.tuples(st.sampled_from(["US:KO", "CRYPTO:bitcoin"]), st.integers(0, 5), days), max_size=4)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with prices, splits and rates of some days, for households of any number."""
    url = f"sqlite:///{tmp_path_factory.mktemp('worth') / 'book.db'}"
    house = Household(open_book(url, clock=lambda: noon(TODAY)))
    first = date(2026, 2, 1)
    for number in range(40):
        on = first + timedelta(days=number)
        if on.weekday() < 5 and not 12 <= number < 26:
            house.rates(
                on, USD=str(Decimal("1.1") + number), JPY=str(160 + number), **({"GBP": "0.83"} if number % 3 else {})
            )
        if on.weekday() < 5 and number % 4:
            house.close("US:KO", on, str(60 + number))
        if number < 20:
            house.close("CRYPTO:bitcoin", on, f"{number + 1}.123456789")
    with writing(house.book.engine) as db:
        put_splits(db, "US:KO", "m", [(date(2026, 2, 17), Decimal("1.5"))])
    yield url
    house.book.engine.dispose()


_count = 0


@settings(max_examples=effort(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(banks, brokers, by_hand, st.sampled_from(["USD", "EUR", "JPY"]), st.none() | days)
def test_series_when_any_household_then_each_point_is_the_single_answer(
    market: str, banks: Any, brokers: Any, by_hand: Any, currency: str, failed: date | None
) -> None:
    global _count
    _count += 1
    book = open_book(market, user=f"user-{_count}", clock=lambda: noon(date(2026, 3, 12)))
    house = Household(book)
    one, two = house.connect(on=date(2026, 2, 1)), house.connect("brokerage:model", on=date(2026, 2, 1))
    for number, (ending, status, levels) in enumerate(banks):
        source = one if number % 2 else "file"
        for on, level in sorted(levels, key=lambda each: each[0]):
            house.tell(source, on, [bank(f"a{number}", ending=ending, status=status)], {f"a{number}": level})
    for number, (ending, snapshots) in enumerate(brokers):
        name = f"b{number}"
        for on, held in sorted(snapshots, key=lambda each: each[0]):
            listed = [
                position(name, key, str(units), None if value is None else str(value)) for key, units, value in held
            ]
            house.tell(two, on, [broker(name, ending=ending)], {name: ("7.77", "USD")}, {name: listed})
    for key, units, on in by_hand:
        book.set_holding(key, Decimal(units), on=on)
    if failed is not None:
        house.fail(one, failed)
    agreed(house, currency, date(2026, 2, 1), date(2026, 4, 1), every=2)
    book.engine.dispose()


def test_aggregator_when_read_from_the_sandbox_then_each_account_is_worth_what_the_vendor_says(tmp_path: Path) -> None:
    from fin_infra.providers.registry import connected, reset
    from fin_infra.testing import sandbox

    with sandbox():
        reset()
        book = open_book(f"sqlite:///{tmp_path / 'book.db'}", clock=lambda: datetime(2026, 11, 20, 15, tzinfo=UTC))
        book.connect("brokerage:snaptrade")
        assert book.fill_history(date(2026, 11, 10), date(2026, 11, 20), instruments=[]).rates > 0
        told: Any = connected("brokerage:snaptrade", mode="sync")
        totals = [each.total for each in told.accounts()]
        early = book.net_worth("USD")
        book.fill_history(date(2026, 11, 10), instruments=["US:AAPL", "US:VTI", "US:BRK.B"])
        found = book.net_worth("USD")
        book.engine.dispose()
    # the vendor's own totals, of accounts in dollars: its fund counted as cash is not counted twice
    for ending, total in (("17", "124242.45"), ("38", "32104.56"), ("c1e", "75444.09")):
        values = [line.value for line in early.lines if line.id.endswith(f" {ending}")]
        assert Money.total((value for value in values if value is not None), "USD") == usd(total)
        assert usd(total) in totals
    assert sum("Fidelity" in line and "old: of 2026-11-12" in line for line in early.missing) == 3
    assert any("SIVBQ" in line for line in found.missing)
    assert any("Questrade 8857" in line for line in found.missing), "the account that cannot be read"
    priced = {
        line.id: (line.at, line.age_days) for line in found.lines if "at Fidelity" in line.id and "cash" not in line.id
    }
    assert set(priced.values()) == {(date(2026, 11, 19), 1)}, "last seen a week ago, priced by the history since"
