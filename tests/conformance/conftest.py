"""What every conformance suite needs: the real sandbox on a loopback port, and one way to call both modes."""

from __future__ import annotations

import pytest

from tests.support.adapters import connect, mode, sandbox, sandbox_server, trading

__all__ = ["connect", "mode", "sandbox", "sandbox_server", "trading"]


@pytest.fixture(autouse=True)
def _trading(trading: None) -> None:
    """Some suites build their clients themselves."""
