"""Every FX provider against the running sandbox, in both modes: the world's truths, or the right typed error."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

import pytest

from fin_infra.errors import (
    NotFound,
    RateUnavailable,
    StaleRate,
    UnknownCurrency,
)
from fin_infra.providers.interfaces.fx import FxProvider
from fin_infra.providers.registry import providers

TODAY = date(2026, 11, 20)
OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "latest": lambda ask: ask("latest"),
    "history": lambda ask: ask("history", start=date(2026, 11, 2), end=TODAY),
    "rate": lambda ask: ask("rate", "USD", "JPY"),
}


@pytest.fixture(params=list(providers("fx")), ids=lambda cls: cls.info.key)
def provider(request: pytest.FixtureRequest) -> type[FxProvider[Any]]:
    return request.param


@pytest.fixture
def ask(connect: Any, provider: type[FxProvider[Any]]) -> Any:
    return connect(provider)


def test_info_when_read_then_names_exactly_the_operations_there_are(provider: type[FxProvider[Any]]) -> None:
    assert provider.can == set(OPERATIONS)


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


def test_rate_when_neither_is_the_base_then_the_quotient_of_the_published_ones(ask: Any, sandbox: Any) -> None:
    rates = {code: Decimal(text) for code, text in sandbox.world()["fx"]["rates"].items()}
    found = ask("rate", "GBP", "USD")
    with localcontext(prec=34):
        assert found.rate == rates["USD"] / rates["GBP"]
    assert (found.via, found.date) == ("EUR", TODAY)
    assert ask("rate", "EUR", "USD").rate == rates["USD"]


def test_rate_when_weekend_then_friday(ask: Any) -> None:
    assert ask("rate", "EUR", "USD", on=date(2026, 11, 15)).date == date(2026, 11, 13)


def test_rate_when_the_last_table_is_old_then_stale(ask: Any) -> None:
    with pytest.raises(StaleRate, match="EUR/USD"):
        ask("rate", "EUR", "USD", on=date(2026, 12, 15))


def test_rate_when_not_published_then_unavailable(ask: Any) -> None:
    for base, quote, on in (
        ("USD", "SAR", None),
        ("EUR", "RUB", None),
        ("EUR", "RUB", date(2022, 3, 2)),
        ("EUR", "HRK", date(2023, 1, 2)),
        ("EUR", "BGN", date(2026, 1, 2)),
        ("EUR", "USD", date(1998, 12, 31)),
    ):
        with pytest.raises(RateUnavailable, match=f"{base}/{quote}"):
            ask("rate", base, quote, on=on)
    assert ask("rate", "EUR", "RUB", on=date(2022, 3, 1)).date == date(2022, 3, 1)


def test_rate_when_no_currency_then_unknown_currency(ask: Any) -> None:
    with pytest.raises(UnknownCurrency):
        ask("rate", "EUR", "GBX")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_meta_when_answered_then_on_the_result(ask: Any, operation: str) -> None:
    meta = OPERATIONS[operation](ask).meta
    assert (meta.operation, meta.attempts, meta.environment) == (operation, 1, "sandbox")


def test_base_url_when_wrong_then_not_found(
    sandbox: Any, connect: Any, provider: type[FxProvider[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "url", sandbox.url + "/nowhere")
    with pytest.raises(NotFound):
        connect(provider)("latest")
