"""Old module paths: each gives the module of the new path and warns; paths that are promised never warn."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from fin_infra._moved import MOVED, MovedFinder, install

ALPACA = "fin_infra.providers.brokerage.alpaca"
PROMISED = [
    "fin_infra.providers.base",
    "fin_infra.providers.registry",
    "fin_infra.providers.banking.teller_client",
    "fin_infra.providers.banking.finastra",
    "fin_infra.providers.market.alpha_vantage",
    "fin_infra.providers.crypto.coingecko",
    "fin_infra.providers.brokerage.alpaca",
    "fin_infra.providers.brokerage.snaptrade",
    "fin_infra.normalize",
    "fin_infra.cashflows",
    "bankersbank.finastra",
    "asset_aggregator.api",
]


@pytest.mark.parametrize(("old", "new"), MOVED.items(), ids=MOVED)
def test_import_when_a_module_moved_then_old_path_warns_and_gives_the_same_module(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    monkeypatch.delitem(sys.modules, old, raising=False)
    spec = import_module(new).__spec__
    with pytest.warns(DeprecationWarning, match=f"^{old} is now {new}; the old path ends with the next release$"):
        module = import_module(old)
    assert module is import_module(new)
    assert module.__spec__ is spec
    assert module.__name__ == new


def test_import_when_old_path_is_used_then_the_warning_is_at_the_line_that_imports(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "fin_infra.providers.wire", raising=False)
    with pytest.warns(DeprecationWarning, match=r"fin_infra\.providers\.fields") as caught:
        exec(compile("from fin_infra.providers.wire import amount", "users_module.py", "exec"))
    assert caught[0].filename == "users_module.py"


@pytest.mark.parametrize("path", PROMISED)
def test_import_when_a_path_is_promised_then_it_never_warns(path: str) -> None:
    assert path not in MOVED
    done = subprocess.run(
        [sys.executable, "-c", f"import warnings; warnings.filterwarnings('error', '.*is now')\nimport {path}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("old", ["fin_infra.transport.wire", "bankersbank.wire"])
def test_import_when_warnings_are_errors_then_old_path_fails_and_names_the_new_one(old: str) -> None:
    command = [sys.executable, "-W", "error::DeprecationWarning", "-c", f"import {old}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"DeprecationWarning: {old} is now {MOVED[old]}" in done.stderr


def test_finder_when_installed_twice_then_stands_last_and_once() -> None:
    install()
    assert sys.meta_path.count(MovedFinder) == 1
    assert MovedFinder.find_spec("fin_infra.no_such_module") is None
    with pytest.raises(ModuleNotFoundError):
        import_module("fin_infra.no_such_module")


@pytest.mark.parametrize(
    ("module", "old", "home", "new"),
    [
        ("fin_infra.flow", "Caller", "fin_infra.flow", "Client"),
        ("fin_infra.providers.banking.teller", "Walk", "fin_infra.providers.banking.teller", "TransactionCursor"),
        ("fin_infra.providers.banking.teller", "BOOKS_KEPT", "fin_infra.providers.banking.teller", "POLARITIES_KEPT"),
        ("fin_infra.flow.client", "Caller", "fin_infra.flow", "Client"),
        ("fin_infra.transport", "path", "fin_infra.transport", "url_path"),
        ("fin_infra.transport.effects", "path", "fin_infra.transport", "url_path"),
        ("fin_infra.transport.http", "UNREACHABLE", "fin_infra.transport.effects", "UNREACHABLE"),
        ("fin_infra.providers.registry", "place_of", "fin_infra.providers.registry", "endpoint_of"),
        (f"{ALPACA}.payloads", "order_body", f"{ALPACA}.orders", "order_body"),
        (f"{ALPACA}.payloads", "clock", f"{ALPACA}.reference", "clock"),
        ("fin_infra.analytics", "carried", "fin_infra.analytics", "carry_forward"),
        ("fin_infra.analytics", "due", "fin_infra.analytics", "accounts_to_sync"),
        ("fin_infra.model.brokerage", "NewOrder", "fin_infra.model.order", "NewOrder"),
        ("fin_infra.model.brokerage", "HoldingOrder", "fin_infra.model.aggregator", "HoldingOrder"),
    ],
)
def test_name_when_it_changed_then_old_one_warns_and_gives_the_same_object(
    module: str, old: str, home: str, new: str
) -> None:
    with pytest.warns(DeprecationWarning, match=rf"{module}\.{old} is now .*\.{new};") as caught:
        given = getattr(import_module(module), old)
    assert given is getattr(import_module(home), new)
    assert caught[0].filename == __file__
    with pytest.raises(AttributeError, match="no_such_name"):
        import_module(module).no_such_name  # noqa: B018  # that is the point


def test_alpaca_when_it_became_a_folder_then_its_public_names_stay_where_they_were() -> None:
    from fin_infra.providers.brokerage.alpaca import PAPER_URL, Alpaca, Settings, adapter

    assert (PAPER_URL, Alpaca, Settings) == (adapter.PAPER_URL, adapter.Alpaca, adapter.Settings)
