"""`fin-infra order` as a person and a script use it, against the sandbox's broker."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from fin_infra.cli.main import app
from fin_infra.providers import registry
from tests.providers.brokerage.alpaca.support import orders_at

BUY = ("order", "submit", "buy", "AAPL", "--quantity", "1")
pytestmark = pytest.mark.usefixtures("sandbox")


def run(*words: str, answer: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words), input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_submit_when_confirmed_then_shown_asked_and_sent(sandbox: str) -> None:
    code, out, err = run(*BUY, answer="y\n")
    assert code == 0
    for words in ("To Alpaca, the sandbox", "US:AAPL", "bid 270.23, ask 270.29 USD", "Send this order"):
        assert words in err
    assert "pending_new" in out
    assert [order["qty"] for order in orders_at(sandbox)] == ["1"]


@pytest.mark.parametrize("answer", ["n\n", "\n", None])
def test_submit_when_not_confirmed_then_nothing_is_sent(sandbox: str, answer: str | None) -> None:
    code, out, err = run(*BUY, answer=answer)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].endswith("error: Nothing was sent; --yes sends without asking.")
    assert orders_at(sandbox) == []


def test_submit_when_repeated_with_the_key_it_printed_then_one_order(sandbox: str) -> None:
    _, out, err = run(*BUY, "--yes", "--json")
    key = next(line for line in err.splitlines() if line.startswith("Idempotency key:")).split()[-1]
    assert "--key" in err
    code, again, _ = run(*BUY, "--yes", "--json", "--key", key)
    assert code == 0
    assert json.loads(again)["id"] == json.loads(out)["id"]
    assert (json.loads(out)["replayed"], json.loads(again)["replayed"]) == (False, True)
    assert json.loads(out)["created_at"][10] == "T"  # ISO 8601, as the API writes it
    assert json.loads(out)["key"] == "US:AAPL"
    assert len(orders_at(sandbox)) == 1
    assert json.loads(run("order", "status", "--key", key, "--json")[1])["status"] == "filled"


def test_submit_when_killed_while_sending_then_the_printed_key_finds_the_order(sandbox: str) -> None:
    fault = {"vendor": "alpaca", "kind": "timeout_after", "method": "POST", "path": "/v2/orders", "count": 1}
    httpx2.post(f"{sandbox}/_sandbox/faults", json=fault).raise_for_status()
    command = [sys.executable, "-m", "fin_infra.cli", *BUY, "--yes"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 60
        while not orders_at(sandbox):
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate(timeout=60)
    key = next(line for line in err.splitlines() if line.startswith("Idempotency key:")).split()[-1]
    code, out, _ = run(*BUY, "--yes", "--json", "--key", key)
    assert (code, json.loads(out)["replayed"], len(orders_at(sandbox))) == (0, True, 1)


def test_submit_when_nobody_knows_then_it_says_what_to_do(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from fin_infra.errors import OrderStateUnknown
    from fin_infra.providers.interfaces.brokerage import BrokerageProvider

    def lost(*_: Any, **__: Any) -> None:
        raise OrderStateUnknown("nobody can say yet whether the order was placed", client_order_id="fin-1")

    monkeypatch.setattr(BrokerageProvider, "submit_order", lost)
    code, out, err = run(*BUY, "--yes", "--key", "my key")
    assert (code, out) == (7, "")
    assert "fin-infra order status --key 'my key'" in err
    assert err.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["buy", "AAPL", "--quantity", "ten"], 5, "--quantity"),
        (["buy", "AAPL", "--quantity", "1", "--limit", "x"], 5, "--limit"),
        (["purchase", "AAPL", "--quantity", "1"], 5, "buy, sell"),
        (["buy", "AAPL", "--quantity", "1", "--time-in-force", "week"], 5, "--time-in-force"),
        (["buy", "NOSUCHSYMBOL", "--quantity", "1"], 5, "ticker"),
        (["buy", "ZZZZ", "--quantity", "1"], 1, "does not know US:ZZZZ"),
        (["buy", "AAPL", "--quantity", "0.5", "--limit", "270", "--time-in-force", "gtc"], 1, "must be day"),
        (["buy", "AAPL", "--quantity", "30", "--limit", "270", "--key", "x" * 300], 5, "256 characters"),
    ],
)
def test_submit_when_it_cannot_be_meant_then_one_sentence_and_no_order(
    sandbox: str, words: list[str], code: int, says: str
) -> None:
    got, out, err = run("order", "submit", *words, "--yes")
    assert (got, out) == (code, "")
    assert says in err.splitlines()[-1]
    assert orders_at(sandbox) == []


def test_submit_when_the_market_is_closed_then_queue_is_named_and_lets_it_wait(sandbox: str) -> None:
    httpx2.post(f"{sandbox}/_sandbox/clock", json={"set": "2026-11-21T15:00:00Z"}).raise_for_status()
    code, _, err = run(*BUY, "--yes")
    assert (code, "queue" in err.splitlines()[-1]) == (1, True)
    assert run(*BUY, "--yes", "--queue")[0] == 0


def test_prices_when_given_then_they_say_the_type(sandbox: str) -> None:
    assert run(*BUY, "--limit", "250", "--time-in-force", "gtc", "--yes")[0] == 0
    assert run(*BUY, "--stop", "300", "--yes")[0] == 0
    assert run(*BUY, "--stop", "300", "--limit", "301", "--yes")[0] == 0
    assert run(*BUY, "--trail-percent", "5", "--yes")[0] == 0
    assert [order["type"] for order in orders_at(sandbox)] == ["limit", "stop", "stop_limit", "trailing_stop"]


def test_cancel_when_open_then_the_order_ends_and_again_is_refused(sandbox: str) -> None:
    _, out, _ = run(*BUY, "--limit", "250", "--yes", "--json")
    ident = json.loads(out)["client_order_id"]
    code, out, _ = run("order", "cancel", ident, "--json")
    assert (code, json.loads(out)["status"]) == (0, "canceled")
    code, _, err = run("order", "cancel", ident)
    assert (code, err.count("\n")) == (4, 1)


@pytest.mark.parametrize("words", [["status"], ["status", "a", "--key", "b"]])
def test_status_when_not_one_order_is_named_then_exit_5(words: list[str]) -> None:
    assert run("order", *words)[0] == 5


def test_status_when_there_is_no_such_order_then_exit_4() -> None:
    code, _, err = run("order", "status", "--key", "never-used")
    assert (code, err.startswith("error: ")) == (4, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["status", "nosuch"], "there is no order with the id 'nosuch'"),
        (["status", "--key", "never-used"], "there is no order with the key 'never-used'"),
        (["status", "fin-nosuch"], "there is no order with the client order id 'fin-nosuch'"),
        (["cancel", "nosuch"], "there is no order with the id 'nosuch'"),
        (["cancel", "fin-nosuch"], "there is no order with the client order id 'fin-nosuch'"),
        (["replace", "nosuch", "--limit", "1", "--yes"], "there is no order with the id 'nosuch'"),
        (["cancel", "11111111-1111-4111-8111-111111111111"], "there is no order with the id '1111"),
    ],
)
def test_order_when_there_is_none_then_the_sentence_names_it_and_exit_4(words: list[str], says: str) -> None:
    code, out, err = run("order", *words)
    assert (code, out) == (4, "")
    assert says in err.splitlines()[-1]


def test_replace_when_open_then_the_new_terms_are_shown_and_the_order_has_them(sandbox: str) -> None:
    _, out, _ = run(*BUY, "--limit", "250", "--yes", "--json")
    code, out, err = run("order", "replace", json.loads(out)["client_order_id"], "--limit", "251.5", answer="y\n")
    assert (code, "251.5" in out) == (0, True)
    assert "limit_price" in err
    assert [order["limit_price"] for order in orders_at(sandbox)] == ["250", "251.5"]


def test_close_when_confirmed_then_what_is_held_is_sold(sandbox: str) -> None:
    run(*BUY, "--yes")
    code, _, err = run("order", "close", "AAPL", "--percent", "100", answer="y\n")
    assert (code, "US:AAPL" in err) == (0, True)
    assert [(order["side"], order["qty"]) for order in orders_at(sandbox)] == [("buy", "1"), ("sell", "1")]


def test_send_when_it_is_interrupted_then_7_and_the_key_to_find_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from fin_infra.providers.interfaces.brokerage import BrokerageProvider

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BrokerageProvider, "submit_order", interrupted)
    code, out, err = run(*BUY, "--yes", "--key", "mine")
    assert (code, out) == (7, "")
    assert "fin-infra order status --key mine" in err.splitlines()[-1]


def test_live_when_not_said_then_refused_before_anything_is_sent(sandbox: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live = {
        "ALPACA_LIVE": "1",
        "ALPACA_LIVE_API_KEY_ID": "PKSANDBOX0000000000",
        "ALPACA_LIVE_API_SECRET_KEY": "sandbox-alpaca-secret",
        "ALPACA_BASE_URL": f"{sandbox.replace('127.0.0.1', 'localhost')}/alpaca",
    }
    for name, value in live.items():
        monkeypatch.setenv(name, value)
    registry.reset()
    for words in (BUY, ("order", "cancel", "x")):
        code, _, err = run(*words, *(["--yes"] if words is BUY else []))
        assert (code, "--live" in err) == (3, True)
    assert httpx2.get(f"{sandbox}/_sandbox/requests").json()["requests"] == []
    code, _, err = run(*BUY, "--live", "--yes")
    assert (code, "REAL MONEY" in err) == (0, True)


def test_sandbox_when_it_is_down_then_one_sentence_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ALPACA_MAX_ATTEMPTS", "1")
    registry.reset()
    code, _, err = run("order", "status", "x")
    assert (code, "fin-infra sandbox serve" in err, err.count("\n")) == (4, True, 1)


def test_command_when_loaded_then_the_service_is_not() -> None:
    program = """if True:
        import sys, fin_infra.cli.order
        print([name for name in sys.modules if name in ("asset_aggregator", "svc_infra", "fastapi")])"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
