"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

MODULES = {"annuities": 9, "bonds": 3, "daycounts": 2, "periodic": 4, "rates": 3, "schedules": 1, "scheduled": 3}
"""Modules, with how many examples each has at least."""


@pytest.mark.parametrize("name", MODULES)
def test_examples_when_run_then_they_print_what_they_say(name: str) -> None:
    result = doctest.testmod(import_module(f"fin_infra.cashflows.{name}"))
    assert result.failed == 0
    assert result.attempted >= MODULES[name]
