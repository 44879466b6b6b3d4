"""What every conformance suite needs: the real sandbox on a loopback port, and one way to call both modes."""

from __future__ import annotations

import pytest

from tests.support.adapters import connect, mode, sandbox, sandbox_server, trading
from tests.support.vendors import switch_all_on

__all__ = ["connect", "mode", "sandbox", "sandbox_server", "trading"]


@pytest.fixture(autouse=True)
def _trading(trading: None) -> None:
    """Some suites build their clients themselves."""


@pytest.fixture(autouse=True)
def _all_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every adapter passes the suites, also one that is off unless somebody asks for it."""
    switch_all_on(monkeypatch)
