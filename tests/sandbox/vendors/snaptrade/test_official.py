"""SnapTrade's own Python client, unmodified, against the sandbox: it signs, the sandbox verifies."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from fin_infra.sandbox import running

snaptrade_client = pytest.importorskip("snaptrade_client")
urllib3 = pytest.importorskip("urllib3")

USER = {"user_id": "sandbox-user", "user_secret": "sandbox-user-secret"}


def _client(host: str, key: str = "sandbox-snaptrade-consumer-key") -> Any:
    auth = snaptrade_client.SnapTradeAuth.commercial_api_key(client_id="SANDBOX-CLIENT", consumer_key=key)
    return snaptrade_client.SnapTrade(auth=auth, host=host)


@pytest.fixture
def base_url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(params=["/snaptrade", "/snaptrade/api/v1"])
def client(base_url: str, request: pytest.FixtureRequest) -> Any:
    """The client pointed at the canonical and at the older paths; it signs both without /api/v1."""
    return _client(base_url + request.param)


def _accounts(client: Any) -> dict[str, Any]:
    links = client.connections.list_brokerage_authorizations(**USER).body
    rows = [
        row
        for link in links
        for row in client.connections.list_brokerage_authorization_accounts(authorization_id=link["id"], **USER).body
    ]
    return {row["name"]: row for row in rows}


def test_client_when_users_are_listed_made_and_deleted_then_its_signatures_are_accepted(client: Any) -> None:
    assert client.api_status.check().body["online"] is True
    made = client.authentication.register_snap_trade_user(user_id="renée & co").body
    assert list(client.authentication.list_snap_trade_users().body) == ["sandbox-user", "renée & co"]
    mine = {"user_id": made["userId"], "user_secret": made["userSecret"]}
    assert list(client.connections.list_brokerage_authorizations(**mine).body) == []
    fresh = client.authentication.reset_snap_trade_user_secret(**mine).body
    assert fresh["userSecret"] != made["userSecret"]
    link = client.authentication.login_snap_trade_user(**USER, broker="ALPACA", connection_type="read").body
    assert link["redirectURI"].startswith("https://")
    assert client.authentication.delete_snap_trade_user(user_id="renée & co").body["status"] == "deleted"


def test_client_when_connections_and_accounts_are_listed_then_all_are_parsed(client: Any) -> None:
    links = client.connections.list_brokerage_authorizations(**USER).body
    assert [link["brokerage"]["slug"] for link in links if link["disabled"]] == ["FIDELITY"]
    accounts = _accounts(client)
    assert len(accounts) == 9
    assert accounts["Questrade Margin"]["balance"]["total"]["currency"] == "CAD"
    newer = client.connections.list_connection_accounts(connection_id=links[0]["id"], **USER).body["results"]
    assert [row["kind"] for row in newer] == ["investment", "investment"]
    one = client.account_information.get_user_account_details(account_id=newer[0]["id"], **USER).body
    assert one["name"] == newer[0]["display_name"]


def test_client_when_positions_and_balances_are_read_then_text_and_numbers(client: Any) -> None:
    ident = _accounts(client)["Schwab Individual"]["id"]
    api = client.account_information
    rows = api.get_all_account_positions(account_id=ident, **USER).body["results"]
    assert {row["instrument"]["symbol"]: Decimal(row["units"]) for row in rows} == {
        "AAPL": 60,
        "BRK/B": 25,
        "VTI": 120,
        "KO": 150,
        "TSLA": -15,
        "AAPL  270115C00300000": 2,
        "SPY   261218P00550000": -1,
    }
    (balance,) = api.get_user_account_balance(account_id=ident, **USER).body
    assert (balance["currency"]["code"], balance["cash"] > 0) == ("USD", True)
    held = api.get_user_holdings(account_id=ident, **USER).body
    assert [row["average_purchase_price"] for row in held["option_positions"]] == [635, 410]


def test_client_when_activities_are_paged_then_each_once(client: Any) -> None:
    ident = _accounts(client)["Schwab Individual"]["id"]
    seen: list[str] = []
    while True:
        body = client.account_information.get_account_activities(
            account_id=ident, offset=len(seen), limit=30, **USER
        ).body
        seen += [row["id"] for row in body["data"]]
        if len(seen) >= body["pagination"]["total"]:
            break
    assert len(set(seen)) == len(seen) == body["pagination"]["total"] > 60


def test_client_when_orders_quotes_and_reference_data_are_read_then_parsed(client: Any) -> None:
    ident = _accounts(client)["Schwab Individual"]["id"]
    orders = client.account_information.get_user_account_orders(account_id=ident, state="open", days=60, **USER).body
    assert [order["status"] for order in orders] == ["ACCEPTED"]
    assert (
        list(client.account_information.get_user_account_recent_orders(account_id=ident, **USER).body["orders"]) == []
    )
    (quote,) = client.trading.get_user_account_quotes(symbols="BRK/B", account_id=ident, use_ticker=True, **USER).body
    assert quote["symbol"]["symbol"] == "BRK/B"
    data = client.reference_data
    assert [row["symbol"] for row in data.get_symbols(substring="shopify").body] == ["SHOP", "SHOP.TO"]
    assert data.get_symbols_by_ticker(query="BRK/B").body["symbol"] == "BRK/B"
    assert "XTSE" in [row["mic_code"] for row in data.get_stock_exchanges().body]
    assert len(data.list_all_brokerages().body) == 6
    assert len(data.list_all_brokerage_authorization_type().body) == 8


def test_client_when_its_key_or_user_secret_is_wrong_then_its_own_error_with_the_vendors_body(base_url: str) -> None:
    with pytest.raises(snaptrade_client.ApiException) as wrong_key:
        _client(f"{base_url}/snaptrade", "sandbox-snaptrade-consumer-kez").authentication.list_snap_trade_users()
    assert wrong_key.value.status == 401
    assert dict(wrong_key.value.body) == {
        "detail": "Unable to verify signature sent",
        "status_code": 401,
        "code": "1076",
    }
    with pytest.raises(snaptrade_client.ApiException) as wrong_secret:
        _client(f"{base_url}/snaptrade").account_information.list_user_accounts(
            user_id="sandbox-user", user_secret="wrong"
        )
    assert (wrong_secret.value.status, wrong_secret.value.body["code"]) == (401, "1083")


def test_request_when_replayed_with_one_byte_changed_then_refused_with_the_vendors_body(
    base_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str, dict[str, str], bytes]] = []
    real = urllib3.PoolManager.request

    def listening(self: Any, method: str, url: str, **options: Any) -> Any:
        body = options.get("body") or b""
        sent.append((method, url, dict(options["headers"]), body.encode() if isinstance(body, str) else body))
        return real(self, method, url, **options)

    monkeypatch.setattr(urllib3.PoolManager, "request", listening)
    client = _client(f"{base_url}/snaptrade")
    client.authentication.login_snap_trade_user(**USER, broker="ALPACA")
    ((method, url, headers, body),) = sent
    sign = headers["Signature"]

    def replay(url: str = url, body: bytes = body, sign: str = sign) -> httpx2.Response:
        return httpx2.request(method, url, content=body, headers={**headers, "Signature": sign})

    assert replay().status_code == 200
    tampered = [
        replay(sign=("A" if sign[0] != "A" else "B") + sign[1:]),
        replay(body=body.replace(b"ALPACA", b"ALPACB")),
        replay(url=url.replace("userId=sandbox-user", "userId=sandbox-uses")),
    ]
    for reply in tampered:
        assert reply.status_code == 401
        assert reply.json() == {"detail": "Unable to verify signature sent", "status_code": 401, "code": "1076"}
