"""Starting: the environment it prints, the port that is taken, the host that is not loopback."""

from __future__ import annotations

import importlib
import socket

import httpx2
import pytest

from fin_infra.sandbox import SandboxError, environment, running, serve


def test_environment_when_printed_then_base_urls_keys_and_the_mode() -> None:
    expected = {
        "FIN_INFRA_MODE": "sandbox",
        "TELLER_BASE_URL": "http://127.0.0.1:9000/teller",
        "TELLER_ACCESS_TOKEN": "test_token_sandbox",
        "TELLER_WEBHOOK_SECRET": "sandbox-teller-webhook-secret",
        "PLAID_BASE_URL": "http://127.0.0.1:9000/plaid",
        "PLAID_CLIENT_ID": "sandbox-plaid-client",
        "PLAID_SECRET": "sandbox-plaid-secret",
        "PLAID_ACCESS_TOKEN": "access-sandbox-00000000-0000-4000-8000-000000000001",
        "MX_BASE_URL": "http://127.0.0.1:9000/mx",
        "MX_CLIENT_ID": "sandbox-mx-client",
        "MX_API_KEY": "sandbox-mx-api-key",
        "MX_USER_GUID": "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001",
        "MX_MEMBER_GUID": "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000101",
        "ALPHA_VANTAGE_BASE_URL": "http://127.0.0.1:9000/alpha-vantage",
        "ALPHA_VANTAGE_API_KEY": "SANDBOXDEMOKEY000",
        "COINGECKO_BASE_URL": "http://127.0.0.1:9000/coingecko",
        "COINGECKO_API_KEY": "CG-sandboxdemokey",
        "ECB_BASE_URL": "http://127.0.0.1:9000/ecb",
        "ALPACA_BASE_URL": "http://127.0.0.1:9000/alpaca",
        "ALPACA_API_KEY_ID": "PKSANDBOX0000000000",
        "ALPACA_API_SECRET_KEY": "sandbox-alpaca-secret",
        "SNAPTRADE_BASE_URL": "http://127.0.0.1:9000/snaptrade",
        "SNAPTRADE_CLIENT_ID": "SANDBOX-CLIENT",
        "SNAPTRADE_CONSUMER_KEY": "sandbox-snaptrade-consumer-key",
        "SNAPTRADE_USER_ID": "sandbox-user",
        "SNAPTRADE_USER_SECRET": "sandbox-user-secret",
        "FINASTRA_B2B_CLIENT_ID": "sandbox-b2b-client",
        "FINASTRA_B2B_CLIENT_SECRET": "sandbox-b2b-secret",
        "FINASTRA_B2B_BASE_URL_COLLATERALS": "http://127.0.0.1:9000/finastra",
        "FINASTRA_B2C_CLIENT_ID": "sandbox-b2c-client",
        "FINASTRA_B2C_CLIENT_SECRET": "sandbox-b2c-secret",
        "FINASTRA_B2C_BASE_URL": "http://127.0.0.1:9000/finastra",
    }
    found = environment("http://127.0.0.1:9000/")
    ours = tuple({name.partition("_")[0] for name in expected})
    assert {name: value for name, value in found.items() if name.startswith(ours)} == expected


def test_environment_when_used_then_every_credential_is_accepted() -> None:
    with running() as url:
        env = environment(url)
        with httpx2.Client() as client:
            assert (
                client.get(env["TELLER_BASE_URL"] + "/accounts", auth=(env["TELLER_ACCESS_TOKEN"], "")).status_code
                == 200
            )
            query = {"function": "GLOBAL_QUOTE", "symbol": "IBM", "apikey": env["ALPHA_VANTAGE_API_KEY"]}
            assert "Global Quote" in client.get(env["ALPHA_VANTAGE_BASE_URL"] + "/query", params=query).json()
            key = {"x-cg-demo-api-key": env["COINGECKO_API_KEY"]}
            assert client.get(env["COINGECKO_BASE_URL"] + "/api/v3/ping", headers=key).status_code == 200
            rates = client.get(env["ECB_BASE_URL"] + "/stats/eurofxref/eurofxref-daily.xml")
            assert b"2026-11-20" in rates.content
            for side, base in (("B2B", "FINASTRA_B2B_BASE_URL_COLLATERALS"), ("B2C", "FINASTRA_B2C_BASE_URL")):
                client_of = {"client_id": env[f"FINASTRA_{side}_CLIENT_ID"]}
                secret = {"client_secret": env[f"FINASTRA_{side}_CLIENT_SECRET"]}
                form = {"grant_type": "client_credentials", **client_of, **secret}
                assert client.post(f"{env[base]}/login/v1/sandbox/oidc/token", data=form).status_code == 200


def test_serve_when_the_port_is_taken_then_one_sentence_with_the_next_step() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SandboxError, match=rf"^Port {port} on 127.0.0.1 cannot be used .*choose another port\.$"):
            serve(port=port)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "example.com", "::"])
def test_serve_when_the_host_is_not_loopback_then_refused(host: str) -> None:
    with pytest.raises(SandboxError, match="stays on this machine"):
        serve(host=host)


@pytest.mark.parametrize("port", [-1, 65536])
def test_serve_when_the_port_is_no_port_then_refused(port: int) -> None:
    with pytest.raises(SandboxError, match="is not a port"):
        serve(port=port)


def test_running_when_left_then_the_port_is_free_again() -> None:
    with running() as url:
        port = int(url.rsplit(":", 1)[1])
        assert httpx2.get(f"{url}/_sandbox/").json()["sandbox"] == "fin-infra"
    with running(port=port) as again:
        assert again == url


def test_listener_when_made_then_it_names_tcp_so_that_replies_are_not_held_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serving = importlib.import_module(
        "fin_infra.sandbox.kernel.serve"
    )  # the package re-exports a function of that name
    made: list[socket.socket] = []
    listen = serving._listen
    monkeypatch.setattr(serving, "_listen", lambda *a, **k: made.append(listen(*a, **k)) or made[-1])
    with running():
        assert made[0].proto == socket.IPPROTO_TCP  # else asyncio leaves Nagle's algorithm on: 40 ms a reply
