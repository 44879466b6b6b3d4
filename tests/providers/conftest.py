"""The same sandbox and drivers as in tests/conformance, for what only one vendor does."""

from __future__ import annotations

from tests.support.adapters import connect, mode, sandbox, sandbox_server, trading

__all__ = ["connect", "mode", "sandbox", "sandbox_server", "trading"]
