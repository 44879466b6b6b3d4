"""What the tests of commands that trade share: a sandbox of their own, with no order yet and a journal of each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from fin_infra.brokerage import easy_brokerage
from fin_infra.providers import registry
from fin_infra.sandbox import running
from tests.questions.conftest import asked, asked_url  # noqa: F401  # the sandbox of the questions


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture
def sandbox(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    for name in [name for name in os.environ if name.startswith(("ALPACA", "FIN_INFRA"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", url)
    monkeypatch.setenv("FIN_INFRA_TRADING_JOURNAL", str(tmp_path / "orders.sqlite3"))
    monkeypatch.chdir(tmp_path)
    httpx2.post(f"{url}/_sandbox/reset").raise_for_status()
    registry.reset()
    yield url
    easy_brokerage().close()
