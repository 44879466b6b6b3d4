"""The adapter to copy works as it stands: each operation, both modes, and the errors its interface promises."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from fin_infra.errors import AuthenticationFailed, InvalidInput, RateUnavailable, StaleRate, UnexpectedPayload
from fin_infra.providers._template import Settings, Template
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Sync
from fin_infra.transport.replay import AsyncReplay, Replay

PLACE = Endpoint("https://rates.template.example", "custom", load(Settings, {"api_key": "k"}))
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
FRIDAY = b'{"base": "EUR", "date": "2026-11-20", "rates": {"USD": 1.25, "GBP": "0.80"}}'


def bank(*bodies: bytes, status: int = 200) -> tuple[Template[Sync], Replay]:
    transport = Replay([Reply(status, body, received_at=NOW) for body in bodies])
    return Template(transport, PLACE), transport


def test_latest_when_answered_then_rates_are_exact_and_the_key_is_in_the_header() -> None:
    template, transport = bank(FRIDAY)
    table = template.latest()
    assert (table.date, table.rates["USD"], table.rates["GBP"]) == (
        date(2026, 11, 20),
        Decimal("1.25"),
        Decimal("0.80"),
    )
    assert dict(transport.requests[0].headers)["X-Api-Key"] == "k"


async def test_rate_when_async_then_crossed_through_the_banks_base() -> None:
    rate = await Template(AsyncReplay([Reply(200, FRIDAY)]), PLACE).rate("GBP", "USD")
    assert (rate.rate, rate.via) == (Decimal("1.5625"), "EUR")  # 1.25 / 0.80


def test_history_when_asked_then_the_end_is_the_day_after_the_last_one() -> None:
    template, transport = bank(b"[" + FRIDAY + b"]")
    (table,) = template.history(start=date(2026, 11, 16), end=date(2026, 11, 21))
    assert table.date == date(2026, 11, 20)
    assert dict(transport.requests[0].params) == {"since": "2026-11-16", "until": "2026-11-20"}


@pytest.mark.parametrize(
    ("on", "error"),
    [
        (date(2026, 11, 27), None),
        (date(2026, 11, 28), StaleRate),
        (date(2026, 11, 19), RateUnavailable),
        (date(2026, 12, 2), StaleRate),  # at noon in London it has begun on Kiritimati
        (date(2026, 12, 3), InvalidInput),
    ],
)
def test_rate_when_a_day_is_named_then_a_table_is_good_for_a_week(on: date, error: type[Exception] | None) -> None:
    template, _ = bank(FRIDAY)
    if error is None:
        assert template.rate("EUR", "USD", on=on).date == date(2026, 11, 20)
        return
    with pytest.raises(error) as caught:
        template.rate("EUR", "USD", on=on)
    assert type(caught.value) is error


def test_latest_when_key_is_refused_then_the_variable_is_named() -> None:
    with pytest.raises(AuthenticationFailed, match="TEMPLATE_API_KEY"):
        bank(b"{}", status=401)[0].latest()


def test_tables_when_a_cell_or_a_day_cannot_be_read_then_it_is_named_and_hides_no_other() -> None:
    odd = FRIDAY.replace(b"1.25", b"null")
    table = bank(odd)[0].latest()
    assert (dict(table.rates), table.unread) == ({"GBP": Decimal("0.80")}, ("USD",))
    tables = bank(b"[" + FRIDAY.replace(b"11-20", b"13-20") + b"," + FRIDAY + b"]")[0].history(
        start=date(2026, 11, 16), end=date(2026, 11, 21)
    )
    assert [table.date for table in tables] == [date(2026, 11, 20)]
    assert [error.place for error in tables.errors] == ["tables[0]"]
    with pytest.raises(RateUnavailable, match="EUR/USD"):
        bank(odd)[0].rate("EUR", "USD")


@pytest.mark.parametrize("body", [b"[]", b"{}", FRIDAY.replace(b"11-20", b"13-20")])
def test_latest_when_answer_is_odd_then_unexpected_payload(body: bytes) -> None:
    with pytest.raises(UnexpectedPayload):
        bank(body)[0].latest()
