"""What importing us loads: proved in fresh interpreters, by `sys.modules`."""

from __future__ import annotations

import pytest

from tests.support.imports import modules_after

HEAVY = [
    "aiohttp",
    "anyio",
    "fastapi",
    "h11",
    "httpcore2",
    "httpx",
    "httpx2",
    "msgspec",
    "numpy",
    "pandas",
    "prometheus_client",
    "pydantic",
    "pydantic_settings",
    "pyxirr",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "stdnum",
    "svc_infra",
    "typer",
    "uvicorn",
    "yaml",
]


def loaded(statement: str) -> set[str]:
    return {name.partition(".")[0] for name in modules_after(statement)}


def ours(statement: str) -> set[str]:
    return {name.removeprefix("fin_infra.") for name in modules_after(statement) if name.startswith("fin_infra.")}


@pytest.mark.parametrize(
    "statement",
    [
        "import fin_infra",
        "import fin_infra.errors",
        "import fin_infra.model",
        "import fin_infra.flow",
        "import fin_infra.transport",
        "import fin_infra.transport.http",
        "import fin_infra.transport.replay",
        "import fin_infra.security",
        "import fin_infra.cashflows",
    ],
)
def test_import_when_nothing_is_used_yet_then_loads_nothing_heavy(statement: str) -> None:
    assert loaded(statement) & set(HEAVY) == set()


def test_import_when_package_comes_then_brings_no_event_loop_and_no_network() -> None:
    assert loaded("import fin_infra") & {"asyncio", "ssl", "socket", "http", "concurrent"} == set()


def test_import_when_package_comes_then_brings_only_what_it_names() -> None:
    words = {"arguments", "errors", "model", "model._iso4217", "model.currency", "model.instrument", "model.money"}
    assert ours("import fin_infra") <= {*words, "_distribution", "_moved"}


def test_model_when_imported_then_a_module_comes_with_the_first_of_its_names() -> None:
    assert {name for name in ours("import fin_infra.model") if name.startswith("model.")} == {
        name for name in ours("import fin_infra") if name.startswith("model.")
    }
    assert "model.market" in ours("from fin_infra.model import Quote")
    assert not ours("from fin_infra.model import Quote") & {"model.brokerage", "model.order"}
    assert not ours("from fin_infra.model import Order") & {"model.aggregator", "model.brokerage"}
    assert "model.holdings" in ours("import fin_infra.model\nfin_infra.model.holdings.Split")


def test_easy_banking_when_called_then_brings_no_other_domain_and_no_chain() -> None:
    found = ours("from fin_infra.banking import easy_banking\neasy_banking()")
    assert "providers.banking.teller.adapter" in found
    others = ("brokerage", "crypto", "fx", "market")
    assert not found & {
        f"model.{name}" for name in ("aggregator", "brokerage", "crypto", "holdings", "market", "order", "statement")
    }
    assert not {name for name in found if name.startswith(tuple(f"providers.{name}." for name in others))}
    assert not found & {"providers.fallback", "providers.base", "trading", "sandbox", "brokerage"}


def test_easy_banking_when_called_then_connects_to_nobody_yet() -> None:
    heavy = {"aiohttp", "anyio", "fastapi", "httpx", "httpx2", "numpy", "rich", "sqlalchemy", "svc_infra", "typer"}
    found = loaded("from fin_infra.banking import easy_banking\neasy_banking()")
    assert not found & {*heavy, "httpcore2", "yaml", "sqlite3"}


def test_probe_when_a_heavy_module_is_imported_then_sees_it() -> None:
    assert {"msgspec", "yaml"} <= loaded("import fin_infra, msgspec, yaml")
