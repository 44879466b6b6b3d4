"""CoinGecko's tests see no settings of the machine they run on."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COINGECKO_API_KEY", "COINGECKO_PLAN", "COINGECKO_PER_MINUTE", "COINGECKO_BASE_URL", "FIN_INFRA_MODE"):
        monkeypatch.delenv(name, raising=False)
