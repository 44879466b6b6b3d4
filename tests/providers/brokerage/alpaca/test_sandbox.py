"""What only Alpaca does, against the running sandbox in both modes."""

from __future__ import annotations

import pytest

from fin_infra.errors import AuthenticationFailed, OrderRejected
from fin_infra.providers.brokerage.alpaca.adapter import Alpaca
from tests.providers.brokerage.alpaca.conformance import ROW
from tests.providers.brokerage.alpaca.support import order_of
from tests.support.adapters import Connect
from tests.support.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _no_environment(_no_environment: None, trading: None) -> None:
    """The variables that `trading` sets come last."""


def test_newcomer_when_a_live_key_meets_paper_then_one_clear_sentence(connect: Connect) -> None:
    broker = connect(Alpaca, api_key_id="AKLIVEKEYLIVEKEY0001")
    with pytest.raises(AuthenticationFailed) as caught:
        broker("account")
    print("live key", caught.value)
    assert str(caught.value) == (
        "brokerage:alpaca account: Alpaca does not accept the keys; this one looks like a live key (AK...), and paper "
        "trading wants a paper key (PK...) in ALPACA_API_KEY_ID; for real money set ALPACA_LIVE=1 and "
        "ALPACA_LIVE_API_KEY_ID with its secret"
    )


def test_newcomer_when_alpaca_itself_finds_money_short_then_its_own_facts(connect: Connect, sandbox: Sandbox) -> None:
    ROW.fund(sandbox, 500)
    broker = connect(Alpaca)
    broker.client.limits = broker.client.limits.model_copy(update={"check_buying_power": False})  # type: ignore[attr-defined]
    with pytest.raises(OrderRejected, match="too little buying power for this order") as caught:
        broker("submit_order", order_of())
    assert caught.value.facts["buying_power"] == "500"
