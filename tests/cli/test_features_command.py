"""`fin-infra features`, and what commands say of what is switched off."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fin_infra.cli.main import app
from fin_infra.providers import registry


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("FIN_INFRA_", "FEATURE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    registry.reset()


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_features_when_listed_then_each_says_whether_it_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_CRYPTO", "off")
    monkeypatch.setenv("FEATURE_CRYPTOO", "off")
    code, out, _ = run("features", "--json")
    found = json.loads(out)
    on = {row["variable"]: row["on"] for row in found["switches"]}
    assert code == 0
    assert (on["FEATURE_CRYPTO"], on["FEATURE_BANKING"], on["FEATURE_CREDIT"]) == (False, True, False)
    assert len(found["unknown"]) == 1
    assert "did you mean FEATURE_CRYPTO" in found["unknown"][0]
    code, out, _ = run("features")
    assert code == 0
    assert "FEATURE_CRYPTOO switches nothing" in out


def test_features_when_a_value_says_neither_then_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_FX_ECB", "maybe")
    code, out, err = run("features")
    assert (code, out) == (3, "")
    assert err.startswith("error: FEATURE_FX_ECB is neither 1 nor 0")


@pytest.mark.parametrize(
    ("switch", "gone"),
    [
        ("FEATURE_BANKING", {"accounts", "balances", "transactions"}),
        ("FEATURE_MARKET", {"quote", "candles"}),
        ("FEATURE_CRYPTO", {"price"}),
        ("FEATURE_FX", {"rate", "convert"}),
        ("FEATURE_BROKERAGE", {"order", "orders"}),
    ],
)
def test_help_when_a_domain_is_off_then_its_commands_are_not_in_it(
    monkeypatch: pytest.MonkeyPatch, switch: str, gone: set[str]
) -> None:
    before = commands_in_help()
    monkeypatch.setenv(switch, "0")
    assert commands_in_help() == before - gone
    monkeypatch.setenv(switch, "perhaps")
    assert commands_in_help() == before


def commands_in_help() -> set[str]:
    return set(re.findall(r"^  ([a-z][a-z-]*) ", run("--help")[1].partition("Commands:")[2], re.M))


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        ("FEATURE_BROKERAGE", ("order", "status", "fin-1")),
        ("FEATURE_BROKERAGE", ("order", "submit", "buy", "AAPL", "--quantity", "1", "--yes")),
        ("FEATURE_MARKET", ("demo", "run", "--once", "--port", "0")),
        ("FEATURE_ECB", ("keys", "verify", "fx:ecb")),
    ],
)
def test_command_when_its_domain_is_off_then_one_sentence_says_how_to_switch_it_on(
    monkeypatch: pytest.MonkeyPatch, switch: str, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv(switch, "0")
    code, _, err = run(*words)
    assert code == 3
    last = err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert f"is switched off; {switch}=1 switches it on." in last


def test_providers_ls_when_one_is_off_then_says_so_without_hiding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_TELLER", "0")
    _, out, _ = run("providers", "ls", "--json")
    rows = {row["provider"]: row for row in json.loads(out)}
    assert rows["banking:teller"]["environment"] == "switched off"
    assert "FEATURE_TELLER=1 switches it on" in rows["banking:teller"]["problem"]
    assert rows["banking:finastra"]["environment"] == "sandbox"
