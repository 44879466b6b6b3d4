"""Alpaca: paper and live kept apart, keys, base URLs, and the two hosts."""

from __future__ import annotations

from typing import Any

import pytest

from fin_infra.brokerage import easy_brokerage
from fin_infra.errors import AuthenticationFailed, ConfigurationError, InvalidInput
from fin_infra.providers.brokerage.alpaca.adapter import DATA_URL, LIVE_URL, PAPER_URL, Alpaca
from fin_infra.providers.provider import http_transport
from fin_infra.providers.registry import endpoint_of, resolve
from fin_infra.transport import Request
from fin_infra.transport.replay import Replay
from tests.providers.brokerage.alpaca.support import AAPL, answering, place, recorded

PAPER = {"api_key_id": "PKTESTTESTTESTTEST01", "api_secret_key": "paper-secret"}
LIVE = {"live_api_key_id": "AKTESTTESTTESTTEST01", "live_api_secret_key": "live-secret"}


def built(**given: Any) -> Any:
    broker: Any = resolve("brokerage:alpaca", **given)
    return broker


def test_broker_when_nothing_is_set_then_the_sandbox() -> None:
    broker = built()
    assert (broker.environment, broker.endpoint.base_url) == ("sandbox", "http://127.0.0.1:8060/alpaca")
    assert broker.hosts(broker.endpoint) == {"data": "http://127.0.0.1:8060/alpaca"}


def test_broker_when_paper_keys_are_set_then_paper_money() -> None:
    broker = built(**PAPER)
    assert (broker.environment, broker.endpoint.base_url, broker.is_live) == ("live", PAPER_URL, False)
    assert broker.hosts(broker.endpoint) == {"data": DATA_URL}
    assert dict(broker.authorize(Request("GET", "/")).headers) == {
        "APCA-API-KEY-ID": "PKTESTTESTTESTTEST01",
        "APCA-API-SECRET-KEY": "paper-secret",
    }


@pytest.mark.parametrize("given", [LIVE, PAPER | LIVE])
def test_broker_when_live_is_said_then_live_keys_at_the_live_host(given: dict[str, str]) -> None:
    broker = built(live=True, **given)
    assert (broker.endpoint.base_url, broker.is_live) == (LIVE_URL, True)
    assert dict(broker.authorize(Request("GET", "/")).headers)["APCA-API-KEY-ID"] == "AKTESTTESTTESTTEST01"


def test_broker_when_live_comes_from_the_environment_then_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPACA_LIVE", "1")
    for name, value in LIVE.items():
        monkeypatch.setenv(f"ALPACA_{name.upper()}", value)
    assert built().is_live


@pytest.mark.parametrize("given", [{}, PAPER, {"live_api_key_id": "AKTEST"}])
@pytest.mark.parametrize("mode", ["auto", "live"])
def test_broker_when_live_without_live_keys_then_error_names_them(
    given: dict[str, str], mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", mode)
    with pytest.raises(ConfigurationError) as caught:
        built(live=True, **given)
    assert "ALPACA_LIVE_API_SECRET_KEY" in str(caught.value)
    assert ("ALPACA_LIVE_API_KEY_ID" in str(caught.value)) == ("live_api_key_id" not in given)
    assert "ALPACA_API_KEY_ID" not in str(caught.value)


def test_broker_when_only_live_keys_are_set_and_live_is_not_said_then_no_real_money() -> None:
    assert built(**LIVE).environment == "sandbox"


def test_broker_when_the_sandbox_is_chosen_then_live_keys_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    broker = built(live=True, **LIVE)
    assert (broker.environment, broker.is_live) == ("sandbox", False)
    assert "AKTEST" not in str(broker.authorize(Request("GET", "/")).headers)


def test_broker_when_the_live_host_is_a_base_url_without_live_then_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"orders cost real money; set ALPACA_LIVE=1 if you mean that"):
        built(base_url=LIVE_URL, **PAPER)


def test_broker_when_live_at_the_paper_host_then_refused() -> None:
    with pytest.raises(ConfigurationError, match="unset one of the two"):
        built(base_url=PAPER_URL, live=True, **LIVE)


@pytest.mark.parametrize(
    ("base_url", "data_url", "wanted"),
    [
        (PAPER_URL, None, DATA_URL),
        ("https://proxy.example/alpaca", None, "https://proxy.example/alpaca"),
        ("https://proxy.example/alpaca", "https://data.example", "https://data.example"),
    ],
)
def test_hosts_when_set_then_market_data_goes_there(base_url: str, data_url: str | None, wanted: str) -> None:
    where = endpoint_of(Alpaca, base_url=base_url, data_url=data_url, **PAPER)
    assert Alpaca.hosts(where) == {"data": wanted}
    assert http_transport(Alpaca, where, "sync").config.at("data").base_url == wanted  # type: ignore[attr-defined]


def test_hosts_when_the_data_url_would_send_keys_in_the_open_then_refused() -> None:
    where = endpoint_of(Alpaca, base_url=PAPER_URL, data_url="http://data.example", **PAPER)
    with pytest.raises(ConfigurationError, match=r"unencrypted"):
        http_transport(Alpaca, where, "sync")


def test_requests_when_about_orders_then_the_base_url_and_about_prices_the_data_host() -> None:
    broker = recorded()
    broker.account()
    broker.bid_ask(AAPL)
    assert isinstance(broker.transport, Replay)
    assert [request.host for request in broker.transport.requests] == ["", "data"]


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({}, "check ALPACA_API_KEY_ID and ALPACA_API_SECRET_KEY against the paper keys of your dashboard"),
        (
            {"api_key_id": "AKTESTTESTTESTTEST01"},
            r"this one looks like a live key \(AK...\), and paper trading wants a paper key \(PK...\)",
        ),
        ({"live": True, **LIVE}, "check ALPACA_LIVE_API_KEY_ID and ALPACA_LIVE_API_SECRET_KEY against the live keys"),
        (
            {"live": True, **LIVE, "live_api_key_id": "PKTESTTESTTESTTEST01"},
            r"this one looks like a paper key \(PK...\), and ALPACA_LIVE=1 wants a live one",
        ),
    ],
)
def test_call_when_the_keys_are_refused_then_one_sentence_says_which_belong_here(
    given: dict[str, Any], match: str
) -> None:
    with pytest.raises(AuthenticationFailed, match=match) as caught:
        answering({"message": "unauthorized."}, 401, **given).account()
    assert "TESTTEST" not in str(caught.value)
    assert "secret" not in str(caught.value).replace("SECRET_KEY", "").replace("with its secret", "")


def test_settings_when_page_size_is_above_the_vendors_then_refused() -> None:
    with pytest.raises(ConfigurationError, match="page_size"):
        place(page_size=501)


def test_easy_brokerage_when_asked_for_alpaca_then_that() -> None:
    assert isinstance(easy_brokerage("alpaca"), Alpaca)


async def test_trade_updates_when_sync_then_one_sentence() -> None:
    broker: Any = easy_brokerage("alpaca")
    with pytest.raises(InvalidInput, match="need an async client"):
        await anext(broker.trade_updates())
