"""What people read when a value cannot be meant, and which texts are taken for what they clearly mean."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.banking import easy_banking
from fin_infra.brokerage import easy_brokerage
from fin_infra.calendars import calendar
from fin_infra.crypto import easy_crypto
from fin_infra.errors import FinInfraError, InvalidInput, InvalidInstrument, NaiveTime
from fin_infra.fx import easy_fx
from fin_infra.markets import easy_market
from fin_infra.model import Account, InstrumentKey, Interval, Money, NewOrder, OrderType, Side, TimeInForce
from fin_infra.normalize import convert
from tests.arguments.samples import RATES
from tests.arguments.surface import sample_of

IBM = InstrumentKey("US", "IBM")
ACCOUNT = sample_of(Account)
DAY = "a datetime.date or ISO text such as '2026-01-31'"
KEY = "an InstrumentKey, such as fin_infra.normalize.instrument('AAPL') or InstrumentKey.parse('CRYPTO:bitcoin')"
MOMENT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("call", "kind", "says"),
    [
        (lambda: easy_fx().rate("EUR", "USD", on=5), InvalidInput, f"`on` must be {DAY}, not int 5."),
        (lambda: easy_fx().rate("EUR", "USD", on="soon"), InvalidInput, f"`on` must be {DAY}, not 'soon'."),
        (lambda: convert(Money.of("1", "USD"), "EUR", RATES, on=5), InvalidInput, f"`on` must be {DAY}, not int 5."),
        (
            lambda: convert(ACCOUNT, "USD", RATES),
            InvalidInput,
            "`money` must be a Money, not an Account.",
        ),
        (
            lambda: easy_fx().rate("EUR", "USD", on=MOMENT),
            InvalidInput,
            f"`on` must be {DAY}, not datetime 2026-11-20T12:00:00+00:00. Use the day in the zone you mean, such as "
            "2026-11-20.",
        ),
        (
            lambda: easy_banking().balance(ACCOUNT),
            InvalidInput,
            "`account_id` must be a str, not an Account. Pass account.id, not an Account.",
        ),
        (lambda: easy_banking().balance({}), InvalidInput, "`account_id` must be a str, not dict."),
        (
            lambda: easy_brokerage().orders(status="x"),
            InvalidInput,
            "`status` must be one of 'open', 'closed', 'all', not 'x'.",
        ),
        (
            lambda: easy_market().quote("AAPL"),
            InvalidInstrument,
            f"`key` must be {KEY}, not 'AAPL'.",
        ),
        (
            lambda: easy_market().quotes([IBM, "AAPL"]),
            InvalidInstrument,
            f"`keys` must be a list, each item {KEY}, not list with 'AAPL'.",
        ),
        (
            lambda: easy_market().candles(IBM, interval="hourly"),
            InvalidInput,
            f"`interval` must be an Interval: one of {', '.join(repr(each.value) for each in Interval)}, not 'hourly'.",
        ),
        (
            lambda: easy_crypto().market_chart(IBM, start="2026-11-01T00:00", end=MOMENT),
            NaiveTime,
            "'2026-11-01T00:00' has no time zone; write it like '2026-01-31T09:30:00Z' or with an offset.",
        ),
        (
            lambda: easy_brokerage().orders(start=datetime(2026, 11, 20)),  # noqa: DTZ001  # what is refused
            NaiveTime,
            "`start` has no time zone: 2026-11-20T00:00:00; add one, such as tzinfo=datetime.UTC.",
        ),
        (
            lambda: easy_brokerage().submit_order({"symbol": "AAPL"}),
            InvalidInput,
            "`order` must be a NewOrder, not dict.",
        ),
        (
            lambda: easy_brokerage().submit_order(sample_of(NewOrder), idempotency_key=5),
            InvalidInput,
            "`idempotency_key` must be a str, not int 5.",
        ),
        (lambda: easy_banking(None), InvalidInput, "`provider` must be a str, not None."),
        (lambda: Money.total(5, "USD"), InvalidInput, "`items` must be a list, each item a Money, not int 5."),
    ],
)
def test_value_when_it_cannot_be_meant_then_the_sentence_names_parameter_value_and_what_is_expected(
    call: Any, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == says


@pytest.mark.parametrize("secret", ["a" * 40, 4111111111111111111111111111, Decimal("1" * 30), b"key", object()])
def test_value_when_it_may_be_a_secret_then_it_is_not_shown(secret: Any) -> None:
    with pytest.raises(FinInfraError) as caught:
        easy_fx().rate("EUR", "USD", on=secret)
    assert str(secret) not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_order_when_terms_are_words_then_they_are_the_members() -> None:
    order: Any = NewOrder(key=IBM, side="buy", type="limit", time_in_force="GTC", limit_price=Decimal(1))  # type: ignore[arg-type]  # untyped users
    assert (order.side, order.type, order.time_in_force) == (Side.BUY, OrderType.LIMIT, TimeInForce.GTC)
    assert [type(each) for each in (order.side, order.type)] == [Side, OrderType]


def test_day_when_it_is_iso_text_then_it_is_that_day() -> None:
    sessions = calendar("XNYS")
    assert sessions.session_on("2026-11-20") == sessions.session_on(date(2026, 11, 20))  # type: ignore[arg-type]  # untyped users
    same_day = convert(Money.of("1", "EUR"), "USD", RATES, on="2026-11-20")  # type: ignore[arg-type]  # untyped users
    assert same_day == Money.of("1.1", "USD")


def test_arguments_when_too_many_or_unknown_then_python_says_so() -> None:
    with pytest.raises(TypeError, match="positional argument"):
        easy_banking().balance("a", "b")  # type: ignore[call-arg]  # what is tried
    with pytest.raises(TypeError, match="unexpected keyword"):
        easy_banking().balance("a", nosuch=1)  # type: ignore[call-arg]  # what is tried
