"""Models as pydantic and FastAPI types: what goes out is `to_dict`, what comes in is as exact."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, TypeAdapter, ValidationError

from fin_infra.model import (
    Account,
    Balance,
    CandleSeries,
    InstrumentKey,
    Listing,
    Money,
    NewOrder,
    Order,
    Portfolio,
    Quote,
    Quotes,
    Side,
    Transaction,
)
from fin_infra.model.networth import NetWorth
from fin_infra.model.plain import plain
from tests.support.models import DECIMAL, PRIVATE_MARK, RAW_MARK, made, models, private

NAMES = [model.__name__ for model in models()]
MODELS = dict(zip(NAMES, models(), strict=True))


@pytest.mark.parametrize("model", models(), ids=NAMES)
def test_hints_when_a_field_is_named_like_its_type_then_they_still_resolve(model: type[Any]) -> None:
    assert set(get_type_hints(model)) >= {field.name for field in fields(model)}


@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
@pytest.mark.parametrize("model", models(), ids=NAMES)
def test_adapter_when_any_model_is_written_then_it_is_to_dict_with_pii(model: type[Any], full: bool) -> None:
    value, adapter = made(model, full=full), TypeAdapter(model)
    assert adapter.dump_python(value, mode="json") == adapter.dump_python(value) == plain(value, pii=True)
    assert json.loads(adapter.dump_json(value)) == plain(value, pii=True)
    assert RAW_MARK not in repr(plain(value))
    assert PRIVATE_MARK not in repr(plain(value))
    assert adapter.validate_python(value) == value


@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
@pytest.mark.parametrize("model", models(), ids=NAMES)
def test_adapter_when_what_it_wrote_is_read_then_the_model_is_equal(model: type[Any], full: bool) -> None:
    value, adapter = made(model, full=full), TypeAdapter(model)
    text = json.dumps(plain(value, private=True, pii=True))
    read = adapter.validate_json(text)
    assert type(read) is model
    assert read == value
    assert adapter.validate_python(json.loads(text)) == value
    assert plain(read, private=True) == plain(value, private=True)  # trailing zeros, too
    if hasattr(value, "raw"):
        assert read.raw is read.meta is None


@pytest.mark.parametrize("model", models(), ids=NAMES)
def test_json_schema_when_read_then_no_number_for_an_amount_and_nothing_private(model: type[Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = TypeAdapter(model).json_schema(mode="serialization")
        accepted = TypeAdapter(model).json_schema()
    for name, part in {model.__name__: schema, **schema.get("$defs", {})}.items():
        properties = part.get("properties", {})
        assert not {"raw", "meta"} & set(properties)
        assert not (private(MODELS[name]) & set(properties) if name in MODELS else set())
        numbers = [one for one, kind in properties.items() if "'type': 'number'" in repr(kind)]
        assert set(numbers) <= {"elapsed_ms", "retry_after"}
    assert not {"raw", "meta"} & set(accepted.get("properties", {}))
    assert ">>>" not in json.dumps(schema)
    assert "'type': 'number'" not in repr({**accepted.get("properties", {}), "elapsed_ms": None, "retry_after": None})


def test_money_when_described_then_an_object_of_strings() -> None:
    schema = TypeAdapter(Money).json_schema(mode="serialization")
    assert schema["type"] == "object"
    assert {name: kind["type"] for name, kind in schema["properties"].items()} == {
        "amount": "string",
        "currency": "string",
    }
    assert TypeAdapter(InstrumentKey).json_schema()["type"] == "string"


@pytest.mark.parametrize("amount", ["12.30", 12, Decimal("12.30")])
def test_money_when_exact_then_read(amount: object) -> None:
    money = TypeAdapter(Money).validate_python({"amount": amount, "currency": "USD"})
    assert str(money) == f"{amount} USD"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"amount": 12.3, "currency": "USD"}, "a float is not exact"),
        ({"amount": "NaN", "currency": "USD"}, "finite"),
        ({"amount": "12", "currency": "usd"}, "write USD"),
        ({"amount": "12"}, "Field required"),
    ],
)
def test_money_when_wrong_then_says_why(given: object, why: str) -> None:
    for read in (TypeAdapter(Money).validate_python, lambda value: TypeAdapter(Money).validate_json(json.dumps(value))):
        with pytest.raises(ValidationError, match=why):
            read(given)


def test_model_when_a_float_or_a_naive_time_comes_then_refused() -> None:
    quote = made(Quote).to_dict()
    for field, wrong, why in [
        ("price", 1.5, "a float is not exact"),
        ("open", 1.5, "a float is not exact"),
        ("as_of", "2026-11-20T15:00:00", "timezone"),
        ("key", "AAPL", "has no namespace"),
    ]:
        with pytest.raises(ValidationError, match=why):
            TypeAdapter(Quote).validate_json(json.dumps(quote | {field: wrong}))


def test_raw_when_somebody_sends_it_then_it_is_not_taken() -> None:
    sent = made(Balance).to_dict() | {"raw": {"planted": 1}, "meta": {"provider": "x"}}
    read = TypeAdapter(Balance).validate_python(sent)
    assert read.raw is read.meta is None


def test_order_when_it_has_legs_then_they_are_orders_again() -> None:
    leg = made(Order)
    order = made(Order, full=False)
    whole = type(order)(**{f.name: getattr(order, f.name) for f in fields(order)} | {"legs": (leg,)})
    written = TypeAdapter(Order).dump_python(whole, mode="json")
    assert written == whole.to_dict()
    assert written["legs"][0]["id"] == leg.id
    assert TypeAdapter(Order).validate_python(written) == whole


def test_listing_when_it_is_a_type_then_a_list_that_keeps_its_errors_in_the_program() -> None:
    account = replace(made(Account), institution_account_id=None)  # what is private is not written
    accounts = Listing([account], errors=(made(MODELS["RowError"]),))
    adapter = TypeAdapter(Listing[Account])
    assert adapter.validate_python(accounts) is accounts
    assert adapter.dump_python(accounts, mode="json") == accounts.to_dicts()
    read = adapter.validate_json(accounts.to_json())
    assert type(read) is Listing
    assert read == list(accounts)
    assert type(TypeAdapter(Quotes).validate_json(Listing([made(Quote)]).to_json())) is Quotes
    assert adapter.json_schema(mode="serialization")["type"] == "array"


class Picture(BaseModel):
    """A user's own pydantic model."""

    balance: Balance
    quotes: list[Quote]
    total: Money | None = None


def test_model_when_it_is_in_a_users_pydantic_model_then_the_same() -> None:
    picture = Picture(balance=made(Balance), quotes=[made(Quote)])
    assert picture.model_dump(mode="json") == {
        "balance": picture.balance.to_dict(),
        "quotes": [picture.quotes[0].to_dict()],
        "total": None,
    }
    assert Picture.model_validate_json(picture.model_dump_json()) == picture


def _route(kind: Any, value: Any) -> Callable[[], Any]:
    def route() -> Any:
        return value

    route.__annotations__["return"] = kind  # as a user writes `-> list[Transaction]`
    return route


def app() -> FastAPI:
    app = FastAPI()
    answers: dict[str, tuple[Any, Any]] = {
        "/transactions": (list[Transaction], [made(Transaction)]),
        "/accounts": (Listing[Account], Listing([made(Account)])),
        "/balance": (Balance, made(Balance)),
        "/portfolio": (Portfolio, made(Portfolio)),
        "/net-worth": (NetWorth, made(NetWorth)),
        "/candles": (CandleSeries, made(CandleSeries)),
    }
    for path, (kind, value) in answers.items():
        app.get(path)(_route(kind, value))

    @app.post("/orders")
    def place(order: NewOrder) -> NewOrder:
        return order

    return app


def test_fastapi_when_a_route_returns_a_model_then_neither_float_nor_raw() -> None:
    with TestClient(app()) as client:
        for path, expected in {
            "/transactions": [made(Transaction).to_dict()],
            "/accounts": [made(Account).to_dict()],
            "/balance": made(Balance).to_dict(),
            "/portfolio": made(Portfolio).to_dict(),
            "/net-worth": made(NetWorth).to_dict(),
            "/candles": made(CandleSeries).to_dict(),
        }.items():
            reply = client.get(path)
            assert reply.status_code == 200
            assert reply.json() == expected
            assert RAW_MARK not in reply.text
        assert client.get("/balance").json()["current"] == {"amount": format(DECIMAL, "f"), "currency": "USD"}


def test_fastapi_when_a_model_is_the_body_then_exact_and_checked() -> None:
    body = {"key": "US:AAPL", "side": "buy", "quantity": "0.1", "limit_price": "187.50"}
    with TestClient(app()) as client:
        reply = client.post("/orders", json=body)
        assert (
            reply.json()
            == NewOrder(
                key=InstrumentKey("US", "AAPL"), side=Side.BUY, quantity=Decimal("0.1"), limit_price=Decimal("187.50")
            ).to_dict()
        )
        refused = client.post("/orders", json=body | {"quantity": 0.1})
        assert refused.status_code == 422
        assert "a float is not exact" in refused.text


def test_openapi_when_routes_return_models_then_it_shows_what_they_answer() -> None:
    schemas = app().openapi()["components"]["schemas"]
    assert {"Transaction", "Money", "Portfolio", "NetWorth", "CandleSeries"} <= set(schemas)
    assert {kind["type"] for kind in schemas["Money"]["properties"].values()} == {"string"}
    assert schemas["Transaction"]["properties"]["date"]["format"] == "date"
    assert not [name for name, schema in schemas.items() if {"raw", "meta"} & set(schema.get("properties", {}))]


def test_model_when_used_without_pydantic_then_it_stays_unloaded() -> None:
    code = (
        "import sys\nfrom datetime import UTC, datetime\nfrom fin_infra.model import Balance, Money\n"
        "one = Money.of('1', 'USD')\n"
        "b = Balance(source='s', as_of=datetime.now(UTC), account_id='a', current=one, available=None)\n"
        "b.to_json(); repr(b); b._repr_html_()\n"
        "assert not {'pydantic', 'pydantic_core', 'pandas', 'polars', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_as_of_when_written_by_pydantic_then_with_its_offset() -> None:
    balance = Balance(
        source="s", as_of=datetime(2026, 11, 20, 15, tzinfo=UTC), account_id="a", current=None, available=None
    )
    assert TypeAdapter(Balance).dump_python(balance, mode="json")["as_of"] == "2026-11-20T15:00:00+00:00"
