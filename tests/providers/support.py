"""What tests of choosing a provider share: the map in the working directory, and a second bank and broker."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path

import pytest

from fin_infra.providers import installed, registry
from fin_infra.providers.banking.teller import TellerClient
from fin_infra.providers.brokerage.alpaca import Alpaca
from fin_infra.providers.config import DOMAINS
from fin_infra.transport import M


def write(text: str) -> None:
    """Write the map, as somebody does between two runs."""
    Path("fin-infra.yaml").write_text(text)
    registry.reset()


class OtherBroker(Alpaca[M]):
    """A second broker, of another package."""


class OtherBank(TellerClient[M]):
    """A second bank, of another package."""


@pytest.fixture
def two_of_each(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A second bank and a second broker are installed, and each test has a working directory of its own."""
    points = [point for domain in DOMAINS for point in entry_points(group=f"fin_infra.{domain}")]
    others = [
        EntryPoint("other", f"{__name__}:OtherBroker", "fin_infra.brokerage"),
        EntryPoint("other", f"{__name__}:OtherBank", "fin_infra.banking"),
    ]
    monkeypatch.setattr(installed, "entry_points", lambda: EntryPoints([*points, *others]))
    monkeypatch.delenv("FIN_INFRA_CONFIG", raising=False)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield
    registry.reset()
