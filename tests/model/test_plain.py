"""Plain data of every model: text for decimals, ISO 8601 for times, nothing of the vendor's and nothing private."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.model import (
    Account,
    AccountDetails,
    AccountStatus,
    AccountSubtype,
    AccountType,
    Candle,
    Institution,
    InstrumentKey,
    Listing,
    Model,
    Money,
    Transaction,
    TransactionStatus,
)
from fin_infra.model.networth import NetWorth, WorthKind, WorthLine
from fin_infra.model.plain import plain, visible
from tests.support.models import PRIVATE_MARK, RAW_MARK, daily, made, models, private

NAMES = [model.__name__ for model in models()]
DURATIONS = {"elapsed_ms", "retry_after"}
"""The only floats: milliseconds and seconds of a call."""
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield everything that is no object or list, with the name it stands under."""
    if isinstance(value, dict):
        for key, item in value.items():
            assert isinstance(key, str)
            yield from leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, name)
    else:
        yield name, value


def test_models_when_counted_then_none_was_missed() -> None:
    assert len(models()) >= 68  # as many as the review of November 2026 counted
    assert {"Transaction", "FxRate", "RateTable", "Session", "Portfolio", "NetWorth", "JournalEntry"} <= set(NAMES)


@pytest.mark.parametrize("model", models(), ids=NAMES)
def test_model_when_it_is_an_answer_then_it_has_the_base(model: type[Any]) -> None:
    assert issubclass(model, (Model, Money, InstrumentKey))


@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
@pytest.mark.parametrize("model", models(), ids=NAMES)
def test_plain_when_any_model_is_given_then_no_float_no_raw_and_nothing_private(model: type[Any], full: bool) -> None:
    value = made(model, full=full)
    found = plain(value)
    assert RAW_MARK not in json.dumps(found)
    assert PRIVATE_MARK not in json.dumps(found)
    for name, leaf in leaves(found):
        assert name not in ("raw", "meta")
        assert type(leaf) in (str, int, bool, type(None)) or (type(leaf) is float and name in DURATIONS), name
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@pytest.mark.parametrize("model", [m for m in models() if issubclass(m, Model)], ids=lambda m: m.__name__)
def test_to_dict_when_asked_for_more_then_it_has_raw_and_what_is_private(model: type[Any]) -> None:
    value = made(model)
    assert value.to_dict() == plain(value) == json.loads(value.to_json())
    fields = {field.name for field in dataclasses.fields(model)}
    assert set(value.to_dict()) == fields - {"raw", "meta"} - private(model)
    assert set(value.to_dict(raw=True)) == fields - {"meta"} - private(model)
    assert set(value.to_dict(private=True)) == fields - {"raw", "meta"}
    if "raw" in fields:
        assert value.to_dict(raw=True)["raw"] == {"kept": RAW_MARK, "price": 0.1}
        assert RAW_MARK in value.to_json(raw=True)


def test_visible_when_a_field_sounds_like_a_number_or_secret_then_it_is_marked() -> None:
    words = ("number", "secret", "token", "password", "iban")
    allowed = {
        ("B2CAccount", "number_format"),  # BBAN, IBAN or UPIC
        ("NewVerification", "id_number"),  # whether one is to be checked
        ("Owner", "phone_numbers"),  # personal, but no power over an account
        ("StatementLine", "check_number"),
        ("StatementLine", "reference_number"),
        ("VerifiedPerson", "id_number_type"),  # such as `us_ssn`
    }
    suspects = {
        (model.__name__, name) for model in models() for name in visible(model) if any(word in name for word in words)
    }
    assert suspects == allowed


def test_to_dict_when_a_transaction_is_given_then_as_written_by_hand() -> None:
    transaction = Transaction(
        source="banking:teller",
        as_of=AT,
        raw={"amount": "12.30"},
        id="txn_1",
        account_id="acc_1",
        date=date(2026, 11, 19),
        amount=Money.of("-12.30", "USD"),
        status=TransactionStatus.POSTED,
        description="Coffee",
    )
    assert transaction.to_dict() == {
        "source": "banking:teller",
        "as_of": "2026-11-20T15:00:00+00:00",
        "id": "txn_1",
        "account_id": "acc_1",
        "date": "2026-11-19",
        "amount": {"amount": "-12.30", "currency": "USD"},
        "status": "posted",
        "description": "Coffee",
        "category": "unknown",
        "category_text": None,
        "type_text": None,
        "counterparty": None,
        "counterparty_type": "unknown",
        "running_balance": None,
        "pending_id": None,
    }
    assert json.loads(transaction.to_json(raw=True, indent=2))["raw"] == {"amount": "12.30"}


def test_to_dict_when_models_are_nested_then_as_written_by_hand() -> None:
    candle = Candle(
        start=datetime(2026, 11, 20, tzinfo=timezone(timedelta(hours=-5))),
        open=Decimal("1E+3"),
        high=Decimal("1000.10"),
        low=Decimal("1E-7"),
        close=Decimal("1.0"),
    )
    series = daily(candle, as_of=AT, key="XNYS:BRK.B")
    found = series.to_dict()
    assert (found["key"], found["interval"], found["adjustment"]) == ("XNYS:BRK.B", "1d", "raw")
    assert found["candles"] == [
        {
            "start": "2026-11-20T00:00:00-05:00",
            "open": "1000",
            "high": "1000.10",
            "low": "0.0000001",
            "close": "1.0",
            "volume": None,
            "dividend": None,
            "split": None,
            "complete": True,
            "traded_close": None,
        }
    ]


def test_plain_when_values_of_each_kind_are_given_then_text() -> None:
    worth = NetWorth(
        currency="USD",
        total=Money.of("5", "USD"),
        assets=None,
        liabilities=None,
        complete=False,
        missing=("a loan",),
        lines=(WorthLine(kind=WorthKind.ACCOUNT, id="a", source="s", amount=None, value=None),),
        as_of=AT,
    )
    assert worth.to_dict()["total"] == {"amount": "5", "currency": "USD"} == Money.of("5", "USD").to_dict()
    assert worth.to_dict()["lines"][0]["kind"] == "account"
    assert plain(time(9, 30)) == "09:30:00"
    assert plain(frozenset({"b", "a"})) == ["a", "b"]
    assert plain({InstrumentKey("US", "AAPL"): Decimal("1.10")}) == {"US:AAPL": "1.10"}


def test_listing_when_written_then_each_record() -> None:
    accounts = Listing([made(Account), made(Account)])
    assert accounts.to_dicts() == [accounts[0].to_dict()] * 2 == json.loads(accounts.to_json())
    assert RAW_MARK in accounts.to_json(raw=True)


def test_to_dict_when_details_are_given_then_the_number_only_on_request() -> None:
    details = AccountDetails(
        source="s", as_of=AT, account_id="a", account_number="891824333836", routing_numbers={"ach": "864952590"}
    )
    assert details.to_dict() == {"source": "s", "as_of": "2026-11-20T15:00:00+00:00", "account_id": "a"}
    assert details.to_dict(private=True)["account_number"] == "891824333836"


def test_account_when_its_sets_are_written_then_sorted() -> None:
    account = Account(
        source="s",
        as_of=AT,
        id="a",
        name="Checking",
        type=AccountType.DEPOSITORY,
        subtype=AccountSubtype.CHECKING,
        subtype_text="checking",
        currency="USD",
        status=AccountStatus.OPEN,
        institution=Institution(id="i", name="Bank"),
        capabilities=frozenset({"transactions", "balances"}),
    )
    assert account.to_dict()["capabilities"] == ["balances", "transactions"]
    assert account.to_dict()["institution"] == {"id": "i", "name": "Bank", "products": []}
