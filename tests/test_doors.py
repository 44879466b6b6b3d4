"""`fin_infra` itself, and what completion offers on a provider: what users call, none of the parts it is made of."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fin_infra
from fin_infra import easy_banking, easy_brokerage


def _told_to_checkers() -> dict[str, str]:
    """Return name and module as the type checkers read them, under TYPE_CHECKING."""
    tree = ast.parse(Path(fin_infra.__file__).read_text("utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module or "" for node in imports for alias in node.names}


@pytest.mark.parametrize(("name", "module"), sorted(_told_to_checkers().items()))
def test_package_when_a_name_is_asked_for_then_it_comes_from_the_module_that_checkers_know(
    name: str, module: str
) -> None:
    assert getattr(fin_infra, name) is getattr(sys.modules[module], name)


def test_package_when_names_are_listed_then_checkers_and_users_see_the_same() -> None:
    at_once = {"FinInfraError", "InstrumentKey", "Money", "__version__"}
    assert sorted({*_told_to_checkers(), *at_once}) == fin_infra.__all__
    assert set(fin_infra.__all__) <= set(dir(fin_infra))


def test_package_when_a_name_is_unknown_then_attribute_error_names_it() -> None:
    with pytest.raises(AttributeError, match=r"module 'fin_infra' has no attribute 'easy_bank'"):
        fin_infra.easy_bank  # type: ignore[attr-defined]  # noqa: B018  # that is the point


def test_package_when_imported_then_no_domain_is() -> None:
    code = "import sys, fin_infra; print(*sorted(name for name in sys.modules if name.startswith('fin_infra.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.split()
    assert "fin_infra.model" in loaded
    assert not {"fin_infra.banking", "fin_infra.normalize", "fin_infra.flow", "fin_infra.transport"} & set(loaded)


def test_completion_when_a_bank_is_open_then_offers_what_users_call() -> None:
    with easy_banking() as bank:
        offered = {name for name in dir(bank) if not name.startswith("_")}
    assert {"accounts", "balance", "transactions", "details", "identity", "ping", "close", "source"} <= offered
    assert not {"get", "request", "until", "authorize", "refusal", "policy", "access", "transports"} & offered


def test_completion_when_a_broker_is_open_then_offers_its_stream_and_not_its_desk() -> None:
    with easy_brokerage() as broker:
        offered = {name for name in dir(broker) if not name.startswith("_")}
        assert broker.send_order is not None  # hidden from completion only
    assert {"submit_order", "cancel_orders", "replace_order", "trade_updates"} <= offered
    assert not {"send_order", "send_change", "find_order", "account_now", "known", "after_fork"} & offered
