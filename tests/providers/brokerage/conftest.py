"""Tests of brokers see no settings of the machine they run on, and keep their order journal to themselves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("ALPACA_", "SNAPTRADE_", "FIN_INFRA_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "orders.sqlite3"))
