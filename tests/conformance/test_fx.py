"""Every FX provider against the running sandbox, in both modes: the world's truths, or the right typed error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any

import pytest

from fin_infra.errors import (
    InvalidInput,
    NotFound,
    RateUnavailable,
    StaleRate,
    UnknownCurrency,
)
from fin_infra.providers.registry import providers
from tests.support.rows import Fx, rows

TODAY = date(2026, 11, 20)
OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "latest": lambda ask: ask("latest"),
    "history": lambda ask: ask("history", start=date(2026, 11, 2), end=TODAY),
    "rate": lambda ask: ask("rate", "USD", "JPY"),
}
ROWS: list[Fx] = rows(Fx)


@pytest.fixture(params=ROWS, ids=lambda row: row.provider_key)
def row(request: pytest.FixtureRequest) -> Fx:
    return request.param


@pytest.fixture
def ask(connect: Any, row: Fx) -> Any:
    return connect(row.cls)


def test_rows_when_counted_then_each_provider_has_one_and_is_asked_all_it_offers() -> None:
    assert {row.provider_key for row in ROWS} == {cls.info.provider_key for cls in providers("fx")}
    assert all(row.cls.can == set(OPERATIONS) for row in ROWS)


def test_latest_when_asked_then_the_truths_of_the_world(ask: Any, sandbox: Any) -> None:
    truth, table = sandbox.world()["fx"], ask("latest")
    assert (table.base, table.date.isoformat()) == (truth["base"], truth["date"])
    assert {code: str(rate) for code, rate in table.rates.items()} == truth["rates"]
    assert table.as_of.utcoffset() is not None


def test_history_when_range_then_working_days_oldest_first_and_half_open(ask: Any) -> None:
    tables = ask("history", start=date(2026, 11, 13), end=date(2026, 11, 18))
    assert [table.date for table in tables] == [date(2026, 11, 13), date(2026, 11, 16), date(2026, 11, 17)]


def test_history_when_long_ago_then_all_of_it(ask: Any) -> None:
    tables = ask("history", start=date(2020, 1, 1), end=date(2026, 12, 1))
    dates = [table.date for table in tables]
    assert dates == sorted(set(dates))
    assert dates[-1] == TODAY
    assert len(dates) > 1500
    assert not any(day.weekday() > 4 for day in dates)


def test_rate_when_neither_is_the_base_then_the_quotient_of_the_published_ones(ask: Any, row: Fx, sandbox: Any) -> None:
    rates = {code: Decimal(text) for code, text in sandbox.world()["fx"]["rates"].items()}
    found = ask("rate", "GBP", "USD")
    with localcontext(prec=34):
        assert found.rate == rates["USD"] / rates["GBP"]
    assert (found.via, found.date) == (row.base, TODAY)
    assert ask("rate", row.base, "USD").rate == rates["USD"]


def test_rate_when_weekend_then_friday(ask: Any, row: Fx) -> None:
    assert ask("rate", row.base, "USD", on=date(2026, 11, 15)).date == date(2026, 11, 13)


def test_rate_when_the_day_has_not_come_then_refused(ask: Any, row: Fx) -> None:
    with pytest.raises(InvalidInput, match="2100-01-04 has not come"):
        ask("rate", row.base, "USD", on=date(2100, 1, 4))


def test_rate_when_the_last_table_is_more_than_a_week_older_then_stale(ask: Any, row: Fx, sandbox: Any) -> None:
    sandbox.control("POST", "/clock", set="2024-01-19T18:00:00Z")  # a Friday, so that there is nothing newer
    assert ask("latest").date == date(2024, 1, 19)
    assert ask("rate", row.base, "USD", on=date(2024, 1, 26)).date == date(2024, 1, 19)
    for on in (date(2024, 1, 27), date(2024, 3, 1)):
        with pytest.raises(StaleRate, match=f"{row.base}/USD"):
            ask("rate", row.base, "USD", on=on)


def test_rate_when_the_day_is_today_or_any_before_then_a_table_no_younger_than_the_day(ask: Any, row: Fx) -> None:
    for back in range(9):
        on = TODAY - timedelta(days=back)
        found = ask("rate", row.base, "USD", on=on)
        assert timedelta(0) <= on - found.date <= timedelta(days=2)  # over a weekend at most, in this fortnight
        assert found.as_of.date() == found.date


def test_rate_when_not_published_then_unavailable(ask: Any, row: Fx) -> None:
    for base, quote, on in row.not_published:
        with pytest.raises(RateUnavailable, match=f"{base}/{quote}"):
            ask("rate", base, quote, on=on)
    base, quote, last = row.last_published
    assert ask("rate", base, quote, on=last).date == last


def test_rate_when_no_currency_then_unknown_currency(ask: Any, row: Fx) -> None:
    with pytest.raises(UnknownCurrency):
        ask("rate", row.base, "GBX")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_meta_when_answered_then_on_the_result(ask: Any, operation: str) -> None:
    meta = OPERATIONS[operation](ask).meta
    assert (meta.operation, meta.attempts, meta.environment) == (operation, 1, "sandbox")


def test_base_url_when_wrong_then_not_found(
    sandbox: Any, connect: Any, row: Fx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "url", sandbox.url + "/nowhere")
    with pytest.raises(NotFound):
        connect(row.cls)("latest")
