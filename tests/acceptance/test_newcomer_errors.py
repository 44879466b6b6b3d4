"""What a newcomer does wrong: each gives one sentence with the next step, the right exit code, and no traceback."""

from __future__ import annotations

import json
import socket
import subprocess
from contextlib import closing

import pytest

from . import app as stack
from .conftest import Said

pytestmark = pytest.mark.acceptance

FAILED, CONFIGURATION, INPUT = 1, 3, 5
WRONG = "wrong-key-4711-of-a-newcomer"


def _sentence(said: Said, code: int, *parts: str) -> str:
    """Check the way an error is told, and return the sentence."""
    assert said.code == code, (said.code, said.out, said.err)
    assert "Traceback" not in said.out + said.err
    lines = said.err.splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0], lines[0]
    return lines[0]


def _key(said: Said, provider: str) -> dict[str, str]:
    """Return the row of `keys verify --json` about a provider whose key does not work."""
    assert said.code == FAILED, (said.code, said.out, said.err)
    assert "Traceback" not in said.out + said.err
    assert WRONG not in said.out + said.err
    row = next(row for row in json.loads(said.out) if row["provider"] == provider)
    assert row["ok"] is False
    return row


@pytest.mark.parametrize(
    ("provider", "path", "variable"),
    [
        ("banking:teller", "teller", "TELLER_ACCESS_TOKEN"),
        ("market:alpha_vantage", "alpha-vantage", "ALPHA_VANTAGE_API_KEY"),
        ("crypto:coingecko", "coingecko", "COINGECKO_API_KEY"),
    ],
)
def test_key_when_the_vendor_refuses_it_then_the_variable_to_mend_is_named(
    fin_infra, running, sandbox, provider, path, variable
):
    prefix = variable.rsplit("_", 2)[0]
    # a wrong key for the sandbox: it wants a token it has issued, and an Alpha Vantage key of letters and digits
    env = {variable: WRONG, f"{prefix}_BASE_URL": f"{running.sandbox.url}/{path}"}
    row = _key(fin_infra("keys", "verify", provider, "--json", env=env), provider)
    assert row["result"] == "fin.authentication_failed"
    assert variable in row["next_step"]


@pytest.mark.parametrize(
    ("provider", "variable"),
    [("banking:teller", "TELLER_ACCESS_TOKEN"), ("market:alpha_vantage", "ALPHA_VANTAGE_API_KEY")],
)
def test_key_when_there_is_none_and_calls_go_live_then_where_to_get_one_is_said(fin_infra, provider, variable):
    env = {"FIN_INFRA_MODE": "live"}
    row = _key(fin_infra("keys", "verify", provider, "--json", env=env), provider)
    assert variable in row["next_step"]
    assert "https://" in row["next_step"]
    assert "FIN_INFRA_MODE=sandbox" in row["next_step"]


def test_keys_when_none_is_set_then_each_says_where_to_get_one_and_nothing_failed(fin_infra):
    said = fin_infra("keys", "verify", "--json")
    assert said.code == 0
    assert {row["provider"]: row["result"] for row in json.loads(said.out)}["banking:teller"] == "no key set"


def test_sandbox_when_it_is_down_then_the_command_that_starts_it_is_named(fin_infra):
    env = {"FIN_INFRA_SANDBOX_URL": f"http://127.0.0.1:{stack.free_port()}"}
    row = _key(fin_infra("keys", "verify", "banking:teller", "--json", env=env), "banking:teller")
    assert "fin-infra sandbox serve" in row["next_step"]


@pytest.mark.parametrize(("name", "near"), [("banking:tellr", "banking:teller"), ("marke:alpha_vantage", "market")])
def test_provider_when_it_is_misspelt_then_the_nearest_names_are_given(fin_infra, name, near):
    _sentence(fin_infra("keys", "verify", name), CONFIGURATION, "Did you mean", near)


@pytest.mark.parametrize(
    "words", [("demo", "run", "--once", "--port"), ("sandbox", "serve", "--port")], ids=["demo", "sandbox"]
)
def test_port_when_it_is_in_use_then_it_is_named(fin_infra, words):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        _sentence(fin_infra(*words, port), CONFIGURATION, f"Port {port}", "stop what", "choose another")


@pytest.mark.parametrize("text", ["market: [alpha_vantage\n", "market: {a: 1\n\t- b\n", "prices: alpha_vantage\n"])
def test_configuration_file_when_it_is_malformed_then_it_is_named(fin_infra, running, tmp_path, text):
    (tmp_path / "fin-infra.yaml").write_text(text, "utf-8")
    _sentence(fin_infra("providers", "ls"), CONFIGURATION, "fin-infra.yaml")
    env = {"FIN_INFRA_SANDBOX_URL": running.sandbox.url}
    row = _key(fin_infra("keys", "verify", "market:alpha_vantage", "--json", env=env), "market:alpha_vantage")
    assert "fin-infra.yaml" in row["next_step"]


def test_configuration_file_when_it_is_malformed_then_the_demo_has_providers_of_its_own(fin_infra, tmp_path):
    (tmp_path / "fin-infra.yaml").write_text("market: [alpha_vantage\n", "utf-8")
    assert fin_infra("demo", "run", "--once", "--port", "0").code == 0


def test_configuration_file_when_it_is_not_there_then_its_path_is_named(fin_infra):
    env = {"FIN_INFRA_CONFIG": "nowhere.yaml"}
    _sentence(fin_infra("providers", "ls", env=env), CONFIGURATION, "nowhere.yaml")


def test_configuration_file_when_it_holds_a_key_then_it_is_refused_without_repeating_it(fin_infra, tmp_path):
    (tmp_path / "fin-infra.yaml").write_text(f'settings: {{"banking:teller": {{access_token: {WRONG}}}}}\n', "utf-8")
    told = fin_infra("keys", "verify", "banking:teller")
    assert told.code == 1
    assert "TELLER_ACCESS_TOKEN" in told.out
    assert WRONG not in told.out + told.err


@pytest.mark.parametrize("command", [("import",), ("demo", "run", "--once", "--port", "0", "--statement")])
@pytest.mark.parametrize("name", ["absent.ofx", "folder", "picture.ofx", "empty.ofx", "cut.ofx"])
def test_statement_when_it_cannot_be_read_then_the_file_or_the_reason_is_named(fin_infra, tmp_path, command, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "picture.ofx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (tmp_path / "empty.ofx").write_bytes(b"")
    (tmp_path / "cut.ofx").write_text(
        "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
    )
    sentence = _sentence(fin_infra(*command, name), INPUT)
    assert len(sentence) < 400
    assert str(tmp_path) not in sentence


def test_statement_when_it_may_not_be_read_then_permission_is_named(fin_infra, tmp_path):
    file = tmp_path / "locked.ofx"
    file.write_text("OFXHEADER:100\n")
    file.chmod(0)
    try:
        file.read_bytes()
    except PermissionError:
        _sentence(fin_infra("import", "locked.ofx"), INPUT, "locked.ofx")
    else:
        pytest.skip("this user may read every file")


def test_setting_when_it_cannot_be_used_then_the_variable_is_named_and_not_its_value(fin_infra):
    env = {"TELLER_ACCESS_TOKEN": WRONG, "TELLER_TIMEOUT_S": "soon"}
    said = fin_infra("keys", "verify", "banking:teller", "--json", env=env)
    assert "TELLER_TIMEOUT_S" in said.out + said.err
    assert "Traceback" not in said.out + said.err
    assert WRONG not in said.out + said.err
    assert said.code in (FAILED, CONFIGURATION)


def test_symbol_when_unknown_then_the_service_says_how_to_find_it(client):
    assert "search" in client.problem("/market/quote/ZZZQ", 404, "fin.unknown_symbol")["detail"]


def test_ticker_when_ambiguous_then_the_service_names_the_candidates(client):
    problem = client.problem("/crypto/ticker/BOND", 409, "fin.ambiguous_symbol")
    assert len(problem["candidates"]) > 1
    assert all(name in problem["detail"] for name in problem["candidates"])


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"FIN_INFRA_MODE": "live"}, "TELLER_ACCESS_TOKEN"),
        ({"FIN_INFRA_API_TOKENS": "short"}, "FIN_INFRA_API_TOKENS"),
        ({"APP_ENV": "porduction"}, "APP_ENV"),
        ({"FIN_INFRA_HOLDINGS": "AAPL"}, "KEY=QUANTITY"),
        ({"FIN_INFRA_STATEMENTS": "absent.ofx"}, "absent.ofx"),
    ],
)
def test_service_when_a_setting_is_wrong_then_one_sentence_and_no_traceback(tmp_path, more, part):
    env = stack.environment(FIN_INFRA_API_TOKENS="acceptance-token-of-this-run-only")
    env |= {"XDG_DATA_HOME": str(tmp_path)} | more  # a book of this user may be of another revision
    command = stack.service_command(stack.free_port())
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("error: ")
    assert part in sentence
