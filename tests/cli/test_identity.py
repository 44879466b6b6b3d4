"""`fin-infra identity` from outside, over a sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from fin_infra.cli.main import app
from fin_infra.providers import registry
from fin_infra.sandbox import environment, running

PRIVATE = ("Marlowe", "Lantern Row", "1988-04-17", "987654320", "MARLA-880417-77")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(autouse=True)
def place(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    for name in ("SQL_URL", "FIN_INFRA_MODE", "FIN_INFRA_VAULT_KEYS", "FIN_INFRA_IDENTITY_KEEP_DAYS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment(url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FEATURE_IDENTITY", "1")
    monkeypatch.setenv("STRIPE_READ_SENSITIVE", "1")
    monkeypatch.setenv("STRIPE_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    registry.reset()
    httpx2.post(f"{url}/_sandbox/reset").raise_for_status()
    yield tmp_path
    registry.reset()


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["identity", *words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def started(*words: str) -> tuple[str, str]:
    code, out, err = run("start", "--json", *words)
    assert (code, err) == (0, "")
    made = json.loads(out)
    return made["verification"]["id"], made["url"]


def test_life_when_run_by_commands_then_link_state_report_and_removal(url: str) -> None:
    ident, page = started("--id-number", "--key", "k")
    assert started("--id-number", "--key", "k")[0] == ident
    assert "not_started" in run("ls")[1]
    httpx2.post(page, data={"outcome": "selfie_face_mismatch"}).raise_for_status()
    code, out, _ = run("status", ident)
    assert (code, "failed" in out, "selfie_mismatch" in out) == (0, True, True)
    code, out, _ = run("link", ident)
    httpx2.post(out.strip().splitlines()[-1], data={"outcome": "verified"}).raise_for_status()
    code, out, err = run("report", ident)
    assert (code, err, "passed" in out, "--reveal" in out) == (0, "", True, True)
    assert [word for word in PRIVATE if word in out] == []
    assert [word for word in PRIVATE if word in run("report", ident, "--json")[1]] == []
    assert [word for word in PRIVATE if word not in run("report", ident, "--reveal")[1]] == []
    code, _, err = run("redact", ident)
    assert (code, "Nothing was changed" in err) == (1, True)
    code, out, _ = run("redact", ident, "--yes")
    assert (code, "processing" in out) == (0, True)
    code, out, err = run("report", ident)
    assert (code, out, err.count("\n")) == (5, "", 1)


def test_cancel_when_it_waits_then_over() -> None:
    ident, _ = started()
    assert "canceled" in run("cancel", ident)[1]
    assert run("link", ident)[0] == 5


def test_retain_when_a_policy_is_given_then_old_ones_of_every_household_go(url: str) -> None:
    mine, _ = started()
    theirs, _ = started("--user", "bob", "--tenant", "north")
    code, _, err = run("retain")
    assert (code, "FIN_INFRA_IDENTITY_KEEP_DAYS" in err) == (3, True)
    code, out, _ = run("retain", "--days", "0", "--json")
    assert (code, json.loads(out)) == (0, {"redacted": [mine], "waiting": []})
    httpx2.post(f"{url}/_sandbox/faults", json={"vendor": "stripe", "kind": "status_503"}).raise_for_status()
    code, out, _ = run("retain", "--days", "0", "--all")
    assert (code, theirs in out, "waiting for the vendor" in out) == (1, True, True)


def test_commands_when_identity_is_off_then_it_says_how_and_removing_works(monkeypatch: pytest.MonkeyPatch) -> None:
    ident, _ = started()
    monkeypatch.setenv("FEATURE_IDENTITY", "0")
    code, _, err = run("start")
    assert (code, "FEATURE_IDENTITY=1" in err) == (3, True)
    listed = CliRunner().invoke(app, ["--help"]).stdout
    assert "identity" not in listed
    code, out, _ = run("redact", ident, "--yes")
    assert (code, "Remove it again" in out) == (1, True)


def test_ls_when_there_is_nothing_then_it_says_how_to_begin() -> None:
    code, _, err = run("ls")
    assert (code, err.count("\n")) == (5, 1), "there is no book yet"
    started()
    assert "start one with" in run("ls", "--user", "bob")[2]
