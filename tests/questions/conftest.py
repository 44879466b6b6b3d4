"""A sandbox that the variables point to, with one open order at the broker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fin_infra.providers import registry
from fin_infra.sandbox import running
from tests.questions.truths import place_order
from tests.support.sandbox_control import Control


@pytest.fixture(scope="module")
def asked_url() -> Iterator[str]:
    with running() as url:
        control = Control(url)
        place_order(control)
        control.close()
        yield url


@pytest.fixture
def asked(asked_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Control]:
    """The sandbox's control plane; nobody changes the world in these tests."""
    for name in [name for name in os.environ if name.startswith("FIN_INFRA") or name.endswith("_BASE_URL")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", asked_url)
    monkeypatch.chdir(tmp_path)
    registry.reset()
    control = Control(asked_url)
    yield control
    control.close()
    registry.reset()
