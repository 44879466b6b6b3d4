"""No fallback between brokers or banks, seen from outside: two are installed and listed, and the first is down."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fin_infra.banking import easy_banking
from fin_infra.brokerage import easy_brokerage
from fin_infra.errors import ConfigurationError
from fin_infra.model import InstrumentKey, NewOrder, Side
from tests.providers.support import two_of_each, write
from tests.support.adapters import sandbox, sandbox_server
from tests.support.sandbox import Sandbox

__all__ = ["sandbox", "sandbox_server", "two_of_each"]  # fixtures

ORDER = NewOrder(key=InstrumentKey("XNAS", "AAPL"), side=Side.BUY, quantity=Decimal(1))


@pytest.fixture(autouse=True)
def _of_the_sandbox(sandbox: Sandbox, two_of_each: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", sandbox.url)


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
