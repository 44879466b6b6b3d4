"""No fallback between brokers or banks, seen from outside: two are installed and listed, and the first is down."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Any

import pytest

from fin_infra.banking import easy_banking
from fin_infra.brokerage import easy_brokerage
from fin_infra.errors import ConfigurationError
from fin_infra.model import InstrumentKey, NewOrder, Side
from fin_infra.providers import registry
from fin_infra.providers.banking.teller import TellerClient
from fin_infra.providers.brokerage.alpaca import Alpaca
from fin_infra.providers.config import DOMAINS
from fin_infra.transport import M
from tests.support.adapters import sandbox, sandbox_server
from tests.support.sandbox import Sandbox

__all__ = ["sandbox", "sandbox_server"]  # fixtures

ORDER = NewOrder(key=InstrumentKey("XNAS", "AAPL"), side=Side.BUY, quantity=Decimal(1))


class OtherBroker(Alpaca[M]):
    """A second broker, of another package."""


class OtherBank(TellerClient[M]):
    """A second bank, of another package."""


@pytest.fixture(autouse=True)
def _two_of_each(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    installed = [point for domain in DOMAINS for point in entry_points(group=f"fin_infra.{domain}")]
    others = [
        EntryPoint("other", f"{__name__}:OtherBroker", "fin_infra.brokerage"),
        EntryPoint("other", f"{__name__}:OtherBank", "fin_infra.banking"),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda: EntryPoints([*installed, *others]))
    monkeypatch.delenv("FIN_INFRA_CONFIG", raising=False)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", sandbox.url)
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield
    registry.reset()


def write(text: str) -> None:
    Path("fin-infra.yaml").write_text(text)
    registry.reset()


def test_submit_order_when_two_brokers_are_listed_and_the_first_is_down_then_nothing_is_asked(sandbox: Sandbox) -> None:
    write("brokerage: [alpaca, other]")
    for count in (1, 0):
        if count:
            sandbox.fault("alpaca", "status_503", path="/v2/account", count=count)
        with pytest.raises(ConfigurationError, match="brokerage lists several providers"):
            easy_brokerage().submit_order(ORDER, idempotency_key="k1")
    assert not [row for row in sandbox.requests() if row["vendor"] == "alpaca"]
    write("brokerage: alpaca")
    broker = easy_brokerage()
    assert list(broker.orders(status="all")) == []
    transport: Any = broker.transport
    transport.close()


def test_accounts_when_two_banks_are_listed_and_the_first_is_down_then_nothing_is_asked(sandbox: Sandbox) -> None:
    write("banking: [teller, other]")
    sandbox.fault("teller", "status_503")
    with pytest.raises(ConfigurationError, match="banking lists several providers"):
        easy_banking().accounts()
    assert sandbox.requests() == []
