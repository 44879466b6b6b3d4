"""`fin_infra.model` loads names when they are asked for; to everybody else it looks like one module."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fin_infra.model


def _told_to_checkers() -> dict[str, str]:
    """Return name and module as the type checkers read them, under TYPE_CHECKING."""
    tree = ast.parse(Path(fin_infra.model.__file__).read_text())
    found: dict[str, str] = {}
    for block in tree.body:
        if isinstance(block, ast.If):
            for node in block.body:
                assert isinstance(node, ast.ImportFrom)
                assert node.module
                found |= {alias.name: node.module for alias in node.names}
    return found


def test_model_when_names_are_listed_then_checkers_and_users_see_the_same() -> None:
    assert sorted(_told_to_checkers()) == fin_infra.model.__all__
    assert set(fin_infra.model.__all__) <= set(dir(fin_infra.model))


@pytest.mark.parametrize(("name", "module"), sorted(_told_to_checkers().items()))
def test_model_when_a_name_is_asked_for_then_it_comes_from_the_module_that_checkers_know(
    name: str, module: str
) -> None:
    assert getattr(fin_infra.model, name) is getattr(sys.modules[module], name)


def test_model_when_a_name_is_unknown_then_attribute_error_names_it() -> None:
    with pytest.raises(AttributeError, match=r"module 'fin_infra\.model' has no attribute 'Qoute'"):
        fin_infra.model.Qoute  # type: ignore[attr-defined]  # noqa: B018  # that is the point
    with pytest.raises(ImportError, match="Qoute"):
        exec("from fin_infra.model import Qoute")


def test_model_when_a_star_or_a_submodule_is_imported_then_both_work() -> None:
    code = (
        "from fin_infra.model import *\n"
        "import fin_infra.model\n"
        "assert Quote is fin_infra.model.market.Quote and Money.of('1', 'EUR') and 'Watchlist' in dir()"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
