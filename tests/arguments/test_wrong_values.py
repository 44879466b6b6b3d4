"""Whatever people pass, what comes out is a result or one of our errors: every public function, parameter by parameter.

Which values cannot be meant is pydantic's word: what its strict mode refuses for the annotation has to be refused.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, get_type_hints

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from starlette.testclient import TestClient

from fin_infra.book import Book, open_book
from fin_infra.errors import FinInfraError
from fin_infra.model import Account, InstrumentKey, Money, NewOrder, OrderChange, Side
from fin_infra.providers.provider import Endpoint
from fin_infra.providers.registry import providers
from fin_infra.sandbox import create_app
from fin_infra.security.vault import demo_vault
from fin_infra.settings import load
from fin_infra.transport import Reply, Request
from fin_infra.transport.replay import AsyncReplay, Replay
from tests.arguments.surface import Case, book_methods, functions, operations, sample_of


class Other(StrEnum):
    WORD = "some word"


WRONG = {
    "None": None,
    "int": 5,
    "float": 1.5,
    "nan": float("nan"),
    "text": "nonsense \u20ac",
    "empty text": "",
    "list": [1, "a"],
    "dict": {"symbol": "AAPL"},
    "bytes": b"AAPL",
    "object": object(),
    "account": sample_of(Account),
    "money": Money.of("1", "USD"),
    "date": date(2026, 11, 20),
    "datetime": datetime(2026, 11, 20, 12, tzinfo=UTC),
    "enum": Other.WORD,
    "decimal nan": Decimal("nan"),
    "true": True,
}
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
BITCOIN = InstrumentKey("CRYPTO", "bitcoin")
TAKEN: dict[str, dict[str, Any]] = {
    "crypto:coingecko": {
        "key": BITCOIN,
        "keys": [BITCOIN],
        "ticker": "BTC",
        "start": NOVEMBER,
    },
    "fx:ecb": {"base": "EUR", "quote": "USD", "start": date(2026, 11, 2)},
    "market:alpha_vantage": {"base": "EUR", "quote": "USD"},
    "brokerage:alpaca": {"start": date(2026, 11, 2)},
    "normalize.cross_rate": {"base": "EUR", "quote": "USD"},
    "normalize.convert": {"to": "EUR"},
    "calendars.calendar": {"name": "XNYS"},
    "normalize.optional_decimal": {"text": "1"},
}
"""Good values where a sample of the type will not do, by function or by provider."""


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any] | None:
    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True, strict=True))
    except PydanticUserError as exc:
        if "Type already has a config" not in str(exc) and exc.code != "type-adapter-config-unused":
            return None
    except PydanticSchemaGenerationError:
        return None
    try:
        return TypeAdapter(annotation)
    except (PydanticUserError, PydanticSchemaGenerationError):
        return None


def cannot_be_meant(annotation: Any, value: Any) -> bool:
    """Say whether pydantic refuses the value for the annotation; where it cannot tell, nobody says so."""
    try:
        adapter = _adapter(annotation)
    except TypeError:
        return False
    if (
        adapter is None
        or annotation in (Any, object)
        or (inspect.isclass(annotation) and getattr(annotation, "_is_protocol", False))
    ):
        return False
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError:
        return not (isinstance(value, Other) and takes_text(annotation))
    except Exception:
        return False
    return False


def takes_text(annotation: Any) -> bool:
    return annotation is str or str in getattr(annotation, "__args__", ())


def outcome(case: Case, values: dict[str, Any]) -> Any:
    inline = [values.pop(name) for name in case.inline if name in values]
    result = case.call(*inline, **values)
    if inspect.isawaitable(result):
        return asyncio.run(_awaited(result))
    if hasattr(result, "__anext__"):
        return asyncio.run(_listed(result))
    return list(result) if hasattr(result, "__next__") and not is_flow(case) else result


def is_flow(case: Case) -> bool:
    """Say whether a function gives a flow, which is for an operation to run."""
    return case.name.startswith("fin_infra.trading.")


async def _awaited(result: Any) -> Any:
    return await result


async def _listed(result: Any) -> Any:
    return [item async for item in result]


def try_all(case: Case) -> list[str]:
    """Return what went wrong: errors that are not ours, and values that were taken and cannot be meant."""
    good = {name: sample_of(case.parameters[name]) for name in case.required}
    known = TAKEN.get(".".join(case.name.split(".")[-2:]), {}) or TAKEN.get(case.name.partition(".")[0], {})
    good |= {name: value for name, value in known.items() if name in case.parameters}
    problems: list[str] = []
    for name, annotation in case.parameters.items():
        for what, value in WRONG.items():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    outcome(case, {**good, name: value})
            except FinInfraError as exc:
                if re.search(r"0x[0-9a-f]{6}|acc_|<class", str(exc)):
                    problems.append(f"{name}={what}: {exc}")
            except Exception as exc:
                problems.append(f"{name}={what}: {type(exc).__name__}: {exc}")
            else:
                if not case.name.endswith("()") and cannot_be_meant(annotation, value):
                    problems.append(f"{name}={what}: taken")
    return problems


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in functions()])
def test_function_when_a_value_cannot_be_meant_then_our_error(
    case: Case, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert try_all(case) == []


@cache
def _sandbox() -> TestClient:
    return TestClient(create_app())


def _answer(mount: str) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        http = _sandbox()
        got = http.request(
            request.method,
            mount + request.path,
            params=list(request.params),
            headers=dict(request.headers),
            content=request.content,
            follow_redirects=False,
        )
        return Reply(got.status_code, got.content, dict(got.headers))

    return answer


def _client(cls: Any, transport: Any) -> Any:
    _sandbox().post("/_sandbox/reset").raise_for_status()
    mount = cls.info.sandbox_path
    endpoint = Endpoint(f"http://127.0.0.1:1{mount}", "sandbox", load(cls.info.settings, cls.info.sandbox))
    return cls(transport(_answer(mount)), endpoint)


def _operations() -> Iterator[Any]:
    for cls in providers():
        for name in [case.name for case in operations(cls, cls)]:
            for transport in (Replay, AsyncReplay):
                yield pytest.param(cls, name, transport, id=f"{name}-{transport.__name__}")


@pytest.mark.parametrize(("cls", "name", "transport"), list(_operations()))
def test_operation_when_a_value_cannot_be_meant_then_our_error(
    cls: Any, name: str, transport: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "orders.sqlite3"))
    client = _client(cls, transport)
    (case,) = [case for case in operations(cls, client) if case.name == name]
    assert try_all(case) == []


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("name", [case.name for case in book_methods(Book)])
def test_book_when_a_value_cannot_be_meant_then_our_error(
    name: str, mode: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    book = open_book(f"sqlite:///{tmp_path / 'book.db'}", mode=mode, vault=demo_vault())
    (case,) = [case for case in book_methods(book) if case.name == name]
    assert try_all(case) == []
    book.engine.dispose()


@pytest.fixture
def broker(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Alpaca of the sandbox, in process."""
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "orders.sqlite3"))
    (cls,) = [cls for cls in providers("brokerage") if cls.info.provider_key == "brokerage:alpaca"]
    return _client(cls, Replay)


@pytest.mark.parametrize("field", [each.name for each in fields(NewOrder)])
def test_order_when_a_term_cannot_be_meant_then_our_error(broker: Any, field: str) -> None:
    problems: list[str] = []
    good = {"key": InstrumentKey("US", "AAPL"), "side": Side.BUY, "quantity": Decimal(1)}
    for what, value in WRONG.items():
        for send in (broker.submit_order, broker.check_order):
            try:
                found = send(NewOrder(**{**good, field: value}))
            except FinInfraError:
                continue
            except Exception as exc:
                problems.append(f"{what}: {type(exc).__name__}: {exc}")
                continue
            refused = found if send == broker.check_order else []
            if not refused and cannot_be_meant(get_type_hints(NewOrder)[field], value):
                problems.append(f"{what}: taken by {send.__name__}")
    assert problems == []


@pytest.mark.parametrize("field", [each.name for each in fields(OrderChange)])
def test_change_when_a_term_cannot_be_meant_then_our_error(broker: Any, field: str) -> None:
    waiting = NewOrder(
        key=InstrumentKey("US", "AAPL"), side="buy", type="limit", quantity=Decimal(1), limit_price=Decimal(200)
    )
    ident = broker.submit_order(waiting).id
    for value in WRONG.values():
        if value is not None:
            with pytest.raises(FinInfraError):
                broker.replace_order(ident, OrderChange(**{field: value}))
    assert broker.order(ident).status.value == "new"
