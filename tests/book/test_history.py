"""The price and FX history: filled once a gap, corrected closes kept beside the old ones, splits without fetching."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.book import open_book
from fin_infra.book.engine import Database, reading, writing
from fin_infra.book.fill import HistorySources, fill
from fin_infra.book.history import (
    Close,
    adjusted,
    close_gap,
    closes,
    factor,
    gaps,
    missing_spans,
    put_closes,
    put_rates,
    put_splits,
    rates_of,
    splits_of,
)
from fin_infra.book.tables import filled, prices
from fin_infra.errors import InvalidInput, PermissionDenied, ProviderUnavailable, UnknownSymbol
from fin_infra.model import Candle, CandleSeries, ChartPoint, Interval, Listing, MarketChart, RateTable
from fin_infra.normalize import instrument
from fin_infra.providers.registry import reset
from fin_infra.testing import sandbox
from fin_infra.transport.local import AsyncLocalTransport, LocalTransport

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def day(number: int) -> date:
    return date(2026, 3, number)


class Market:
    """A market whose close of a day is the day's number, and that counts who asks."""

    source = "market:model"

    def __init__(self) -> None:
        self.asked: list[tuple[str, date, date]] = []
        self.calls: list[str] = []
        self.refusal: Exception | None = None
        self.both = False
        self.split: dict[date, Decimal] = {}
        self.last = date(2026, 3, 19)
        self.error: Exception | None = None
        self.add = Decimal(0)

    def candles(self, key: Any, *, adjustment: Any, start: date, end: date, **_: Any) -> CandleSeries:
        self.calls.append(adjustment.value)
        if adjustment.value == "raw":
            self.asked.append((str(key), start, end))
        elif self.refusal:
            raise self.refusal
        if self.error:
            raise self.error
        days = [start + timedelta(days=n) for n in range((end - start).days)]
        rows = [each for each in days if each.weekday() < 5 and each <= self.last]
        return CandleSeries(
            source=self.source, as_of=NOW, key=key, interval=Interval.DAY_1, adjustment=adjustment, currency="USD",
            unit="USD", candles=tuple(self._candle(each) for each in rows),
        )  # fmt: skip

    def _candle(self, at: date) -> Candle:
        price = Decimal(at.day) + self.add
        start = datetime(at.year, at.month, at.day, 5, tzinfo=UTC)
        traded = price if self.both else None
        return Candle(
            start=start, open=price, high=price, low=price, close=price, split=self.split.get(at), traded_close=traded
        )


class Coins:
    source = "crypto:model"

    def __init__(self) -> None:
        self.asked: list[tuple[datetime, datetime]] = []

    def market_chart(self, key: Any, *, currency: str, start: datetime, end: datetime) -> MarketChart:
        self.asked.append((start, end))
        midnight = datetime(2026, 3, 1, tzinfo=UTC)
        points = [ChartPoint(at=midnight + timedelta(days=n), price=Decimal(n * 10)) for n in range(20)]
        kept = tuple(each for each in points if start <= each.at < end)
        return MarketChart(source=self.source, as_of=NOW, key=key, currency=currency, points=kept)


class Fx:
    source = "fx:model"

    def __init__(self) -> None:
        self.asked: list[tuple[date, date]] = []

    def history(self, *, start: date, end: date) -> Listing[RateTable]:
        self.asked.append((start, end))
        days = [start + timedelta(days=n) for n in range((end - start).days)]
        return Listing(table(each, "1.25") for each in days if each.weekday() < 5 and each <= date(2026, 3, 19))


def table(at: date, rate: str, source: str = "fx:model") -> RateTable:
    return RateTable(source=source, as_of=NOW, base="EUR", date=at, rates={"USD": Decimal(rate), "GBP": Decimal("0.8")})


def run(
    database: Database, sources: HistorySources, keys: list[str], start: date, end: date, now: datetime = NOW
) -> Any:
    flow = fill(database.engine, sources, [instrument(each) for each in keys], start, end, now)
    return LocalTransport().run(flow)


def stored(database: Database, subject: str = "US:KO") -> list[tuple[date, Decimal]]:
    with reading(database.engine) as db:
        return [(each.day, each.price) for each in closes(db, subject, date.min, date.max)]


def test_fill_when_asked_twice_then_the_second_time_nobody_is_asked(database: Database) -> None:
    market = Market()
    sources = HistorySources(market=market)  # type: ignore[arg-type]  # it has what is asked of one
    first = run(database, sources, ["XNYS:KO"], day(2), day(7))
    assert (first.asked, first.prices) == (2, 5)
    assert stored(database) == [(day(n), Decimal(n)) for n in range(2, 7)]
    again = run(database, sources, ["US:KO"], day(2), day(7))
    assert (again.asked, again.prices) == (0, 0), "one name for all venues of the United States"
    assert market.asked == [("US:KO", day(2), day(7))]


def test_fill_when_adjusted_candles_have_the_traded_close_then_they_are_asked_for_only(database: Database) -> None:
    market = Market()
    market.both, market.split = True, {day(n): Decimal(2 if n == 4 else 1) for n in range(2, 7)}
    sources = HistorySources(market=market)  # type: ignore[arg-type]
    result = run(database, sources, ["US:KO"], day(2), day(7))
    assert (result.asked, result.prices, result.splits) == (1, 5, 1)
    assert market.calls == ["splits_and_dividends"]
    assert stored(database) == [(day(n), Decimal(n)) for n in range(2, 7)]


@pytest.mark.parametrize("refusal", [None, PermissionDenied("m: not in this plan")])
def test_fill_when_a_vendor_tells_no_splits_then_it_is_asked_for_them_once(
    database: Database, refusal: Exception | None
) -> None:
    market = Market()
    market.refusal = refusal
    sources = HistorySources(market=market)  # type: ignore[arg-type]
    result = run(database, sources, ["US:KO", "US:AAPL", "US:MSFT"], day(2), day(7))
    assert (result.asked, result.prices, result.errors) == (4, 15, ())
    assert market.calls == ["splits_and_dividends", "raw", "raw", "raw"]


def test_fill_when_the_vendor_is_down_then_it_is_not_asked_a_second_time(database: Database) -> None:
    market = Market()
    market.refusal = ProviderUnavailable("m: down")
    result = run(database, HistorySources(market=market), ["US:KO"], day(2), day(7))  # type: ignore[arg-type]
    assert (result.asked, market.calls, len(result.errors)) == (1, ["splits_and_dividends"], 1)
    market.refusal = None
    assert run(database, HistorySources(market=market), ["US:KO"], day(2), day(7)).prices == 5  # type: ignore[arg-type]


def test_fill_when_the_span_grows_then_only_the_gaps_are_asked_for(database: Database) -> None:
    market = Market()
    sources = HistorySources(market=market)  # type: ignore[arg-type]
    run(database, sources, ["US:KO"], day(4), day(7))
    run(database, sources, ["US:KO"], day(2), day(12))
    assert market.asked[1:] == [("US:KO", day(2), day(4)), ("US:KO", day(7), day(12))]
    assert [each for each, _ in stored(database)] == [day(n) for n in (2, 3, 4, 5, 6, 9, 10, 11)]
    with reading(database.engine) as db:
        assert gaps(db, "US:KO", day(2), day(12)) == []


def test_fill_when_the_venue_was_closed_then_nobody_is_asked(database: Database) -> None:
    market = Market()
    sources = HistorySources(market=market)  # type: ignore[arg-type]
    result = run(database, sources, ["US:KO"], day(7), day(9))
    assert (result.asked, market.asked) == (0, [])
    run(database, sources, ["US:KO"], day(6), day(9))
    assert market.asked == [("US:KO", day(6), day(7))], "the weekend is not asked for a second time"


def test_fill_when_a_close_is_published_late_then_it_is_asked_for_again(database: Database) -> None:
    market = Market()
    sources = HistorySources(market=market)  # type: ignore[arg-type]
    market.last = day(18)
    run(database, sources, ["US:KO"], day(16), day(20))
    market.last = day(19)
    run(database, sources, ["US:KO"], day(16), day(20))
    assert market.asked == [("US:KO", day(16), day(20)), ("US:KO", day(19), day(20))]
    assert stored(database)[-1] == (day(19), Decimal(19))
    run(database, sources, ["US:KO"], day(16), day(20))
    assert len(market.asked) == 2


def test_fill_when_a_provider_fails_then_its_gap_stays_open_and_the_others_are_filled(database: Database) -> None:
    market, fx = Market(), Fx()
    market.error = ProviderUnavailable("market:model: down")
    sources = HistorySources(market=market, fx=fx)  # type: ignore[arg-type]
    result = run(database, sources, ["US:KO"], day(2), day(4))
    assert [each.provider for each in result.errors] == ["market:model"]
    assert result.rates == 4
    market.error = None
    assert run(database, sources, ["US:KO"], day(2), day(4)).prices == 2
    assert fx.asked == [(day(2), day(4))]


def test_fill_when_an_instrument_is_unknown_then_it_is_asked_for_once(database: Database) -> None:
    market = Market()
    market.error = UnknownSymbol("market:model: no such symbol")
    sources = HistorySources(market=market)  # type: ignore[arg-type]
    assert len(run(database, sources, ["US:KO"], day(2), day(4)).errors) == 1
    assert run(database, sources, ["US:KO"], day(2), day(4)).asked == 0


def test_fill_when_it_is_a_coin_then_the_point_at_midnight_is_the_close_of_the_day_before(database: Database) -> None:
    coins = Coins()
    sources = HistorySources(crypto=coins)  # type: ignore[arg-type]
    run(database, sources, ["CRYPTO:bitcoin"], day(2), day(4))
    assert stored(database, "CRYPTO:bitcoin") == [(day(2), Decimal(20)), (day(3), Decimal(30))]


def test_fill_when_async_then_it_does_the_same(database: Database) -> None:
    market = Market()

    class Later:
        source = market.source

        async def candles(self, *args: Any, **kwargs: Any) -> CandleSeries:
            return market.candles(*args, **kwargs)

    sources = HistorySources(market=Later())  # type: ignore[arg-type]
    flow = fill(database.engine, sources, [instrument("US:KO")], day(2), day(4), NOW)
    assert asyncio.run(_awaited(flow)).prices == 2


async def _awaited(flow: Any) -> Any:
    return await AsyncLocalTransport().run(flow)


def test_close_when_corrected_then_both_are_kept_and_the_newest_counts(database: Database) -> None:
    with writing(database.engine) as db:
        assert put_closes(db, "US:KO", "a", [Close(day(2), Decimal("10.0"), "USD")], NOW) == 1
        assert put_closes(db, "US:KO", "a", [Close(day(2), Decimal("10.0"), "USD")], NOW + timedelta(days=1)) == 0
        assert put_closes(db, "US:KO", "a", [Close(day(2), Decimal("10.5"), "USD")], NOW + timedelta(days=2)) == 1
    with reading(database.engine) as db:
        assert closes(db, "US:KO", day(1), day(9)) == [Close(day(2), Decimal("10.5"), "USD")]
        assert db.scalar(sa.select(sa.func.count()).select_from(prices)) == 2


def test_split_when_it_becomes_known_later_then_earlier_closes_are_adjusted_without_fetching(
    database: Database,
) -> None:
    market = Market()
    sources = HistorySources(market=market)  # type: ignore[arg-type]
    run(database, sources, ["US:KO"], day(2), day(7))
    with writing(database.engine) as db:
        assert put_splits(db, "US:KO", "a", [(day(5), Decimal(4)), (day(6), Decimal(1))]) == 1
    with reading(database.engine) as db:
        found = adjusted(closes(db, "US:KO", day(2), day(7)), splits_of(db, "US:KO"))
    assert [each.price for each in found] == [Decimal("0.5"), Decimal("0.75"), Decimal(1), Decimal(5), Decimal(6)]
    assert len(market.asked) == 1


def test_split_when_the_market_tells_then_it_is_kept(database: Database) -> None:
    market = Market()
    market.split = {day(5): Decimal(2), day(6): Decimal(1)}
    sources = HistorySources(market=market)  # type: ignore[arg-type]
    assert run(database, sources, ["US:KO"], day(2), day(7)).splits == 1
    with reading(database.engine) as db:
        assert splits_of(db, "US:KO") == [(day(5), Decimal(2))]


@pytest.mark.parametrize(("after", "until", "expected"), [(4, 5, 4), (5, 8, 1), (1, 9, 8), (8, 9, 2), (9, 9, 1)])
def test_factor_when_a_split_is_of_that_day_then_it_counts(after: int, until: int, expected: int) -> None:
    found = [(day(5), Decimal(4)), (day(9), Decimal(2))]
    assert factor(found, day(after), day(until)) == expected


def test_rates_when_corrected_then_the_newest_counts_and_tables_are_as_printed(database: Database) -> None:
    with writing(database.engine) as db:
        assert put_rates(db, [table(day(2), "1.25"), table(day(3), "1.26")], NOW) == 4
        assert put_rates(db, [table(day(3), "1.27")], NOW + timedelta(hours=1)) == 1
    with reading(database.engine) as db:
        rates = rates_of(db, day(5), day(6))
        only = rates_of(db, day(5), day(6), ["USD"])
        assert rates_of(db, day(20), day(21)).days == [], "older than a week"
    found = {date.fromisoformat(each): rates.table(each) for each in rates.days}
    assert {each: found[each].rates for each in found} == {
        day(2): {"USD": Decimal("1.25"), "GBP": Decimal("0.8")},
        day(3): {"USD": Decimal("1.27"), "GBP": Decimal("0.8")},
    }
    assert only.table("2026-03-03").rates == {"USD": Decimal("1.27")}
    assert found[day(3)].base == "EUR"


def test_rates_when_a_bank_prints_its_own_currency_per_unit_then_they_are_not_inverted(database: Database) -> None:
    rates = {"USD": Decimal("3.64"), "EUR": Decimal("4.20")}
    printed = RateTable(source="fx:p", as_of=NOW, base="PLN", date=day(2), rates=rates, base_per_unit=True)
    with writing(database.engine) as db:
        put_rates(db, [printed], NOW)
    with reading(database.engine) as db:
        found = rates_of(db, day(2), day(2)).table("2026-03-02")
    assert (found.base, found.base_per_unit, found.rates) == ("PLN", True, rates)


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8)), max_size=6)


@given(spans, st.integers(0, 30), st.integers(0, 12))
def test_missing_spans_when_days_are_counted_one_by_one_then_they_agree(
    given_spans: list[tuple[int, int]], start: int, length: int
) -> None:
    base = date(2026, 1, 1)
    real = [(base + timedelta(days=a), base + timedelta(days=a + n)) for a, n in given_spans]
    found = missing_spans(real, base + timedelta(days=start), base + timedelta(days=start + length))
    covered = {a + i for a, n in given_spans for i in range(n)}
    days = [((first - base).days + i) for first, after in found for i in range((after - first).days)]
    assert days == [n for n in range(start, start + length) if n not in covered]


def test_gap_when_it_goes_on_from_another_then_the_two_are_one_row(database: Database) -> None:
    with writing(database.engine) as db:
        for number in range(2, 6):
            close_gap(db, "x", (day(number), day(number + 1)))
    with reading(database.engine) as db:
        rows = [tuple(row) for row in db.execute(sa.select(filled.c.start, filled.c.end))]
    assert rows == [(day(2), day(6))]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Any]:
    with sandbox():
        reset()
        book = open_book(f"sqlite:///{tmp_path / 'book.db'}", clock=lambda: datetime(2026, 11, 20, 15, tzinfo=UTC))
        yield book
        book.engine.dispose()


def test_book_when_filled_from_the_sandbox_then_closes_and_rates_are_the_vendors(world: Any) -> None:
    from fin_infra.crypto import easy_crypto
    from fin_infra.markets import easy_market

    start, end = date(2026, 11, 2), date(2026, 11, 20)
    result = world.fill_history(start, end, instruments=["AAPL", "CRYPTO:bitcoin"])
    assert result.errors == ()
    assert result.rates > 0
    told = [each.close for each in easy_market().candles(instrument("AAPL"), start=start, end=end)]
    assert [each.price.amount for each in world.price_history("AAPL", start, end)] == told
    assert len(told) == 14
    coins = world.price_history("CRYPTO:bitcoin", start, end)
    assert [each.day for each in coins] == [start + timedelta(days=n) for n in range(18)]
    at = datetime(2026, 11, 11, tzinfo=UTC)
    chart = easy_crypto().market_chart(instrument("CRYPTO:bitcoin"), start=at, end=at + timedelta(minutes=1))
    assert coins[8].price.amount == chart[0].price
    assert world.fill_history(start, end, instruments=["AAPL", "CRYPTO:bitcoin"]).asked == 0


def test_fill_history_when_the_days_are_the_wrong_way_round_then_it_says_so(world: Any) -> None:
    with pytest.raises(InvalidInput, match="must be before"):
        world.fill_history(day(3), day(2))
