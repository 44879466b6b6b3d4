"""The command line from outside: output, exit codes, one sentence per error."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

import fin_infra
from fin_infra.cli.main import app
from fin_infra.cli.output import print_json
from fin_infra.providers import registry
from fin_infra.sandbox import running
from tests.support.ports import free_port

OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
ENCODING:USASCII
CHARSET:1252

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20261120</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS>
<STMTRS><CURDEF>EUR<BANKACCTFROM><BANKID>123456<ACCTID>000111222<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261101<DTEND>20261120
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261105<TRNAMT>-12.34<FITID>a1<NAME>BAKERY</STMTTRN>
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261112<TRNAMT>1500.00<FITID>a2<NAME>SALARY</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>2000.00<DTASOF>20261120</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""


BROKER = """<INVSTMTMSGSRSV1><INVSTMTTRNRS><INVSTMTRS><CURDEF>USD<INVACCTFROM><BROKERID>b<ACCTID>7788</INVACCTFROM>
<INVPOSLIST><POSSTOCK><INVPOS><SECID><UNIQUEID>037833100<UNIQUEIDTYPE>CUSIP</SECID><POSTYPE>LONG<UNITS>10
<UNITPRICE>255.00<MKTVAL>2550.00<DTPRICEASOF>20261120</INVPOS></POSSTOCK></INVPOSLIST></INVSTMTRS></INVSTMTTRNRS>
</INVSTMTMSGSRSV1><CREDITCARDMSGSRSV1><CCSTMTTRNRS><STATUS><CODE>0<SEVERITY>INFO</STATUS></CCSTMTTRNRS>
</CREDITCARDMSGSRSV1>
"""
BROKEN = "<STMTTRN><TRNTYPE>OTHER<DTPOSTED>20261105<TRNAMT>.<FITID>0<NAME>BALANCE OF THE DAY</STMTTRN>\n"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("FIN_INFRA_MODE", "FIN_INFRA_CONFIG", "FIN_INFRA_SANDBOX_URL", "ALPHA_VANTAGE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    registry.reset()


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def statement(tmp_path: Path, text: str = OFX) -> str:
    file = tmp_path / "november.ofx"
    file.write_text(text)
    return str(file)


def test_import_when_file_is_good_then_bookings_and_balance_show(tmp_path: Path) -> None:
    code, out, _ = run("import", statement(tmp_path))
    assert code == 0
    assert "Account ending 1222" in out
    assert "000111222" not in out
    for words in ("-12.34 EUR", "1500.00 EUR", "ledger balance 2000.00 EUR", "BAKERY"):
        assert words in out


def test_import_when_json_then_amounts_are_text(tmp_path: Path) -> None:
    code, out, _ = run("import", statement(tmp_path), "--json")
    (account,) = json.loads(out)["statements"]
    assert code == 0
    assert [row["amount"] for row in account["transactions"]] == ["-12.34", "1500.00"]
    assert account["account"]["ending"] == "1222"


def test_import_when_file_has_more_than_transactions_then_all_of_it_shows(tmp_path: Path) -> None:
    text = OFX.replace("<BANKMSGSRSV1>", f"{BROKER}<LOANSTMTRS></LOANSTMTRS><BANKMSGSRSV1>").replace(
        "<STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>", "<FI><ORG>Example Bank<FID>7</FI><DTSERVER>"
    )
    code, out, _ = run("import", statement(tmp_path, text))
    assert code == 0
    for words in (
        "OFX file in utf-8, 2 statements",
        "note: the file has a loan statement, which is not read",
        "Account ending 88 (investment, Example Bank), 0 transactions",
        "no statement for one of the accounts",
        "period 2026-11-01 to 2026-11-20",
        "sum of the transactions 1487.66 EUR",
        "037833100",
        "2550.00 USD",
    ):
        assert words in out
    assert "7788" not in out
    file = json.loads(run("import", statement(tmp_path, text), "--json")[1])
    assert file["encoding"] == "utf-8"
    assert file["warnings"] == file["left_out"]
    assert len(file["left_out"]) == 2
    broker, bank = file["statements"]
    assert broker["account"]["ending"] == "88"
    assert broker["positions"][0]["units"] == "10"
    assert broker["positions"][0]["market_value"] == {"amount": "2550.00", "currency": "USD"}
    assert broker["positions_listed"] is True
    assert broker["left_out"] == []
    assert bank["account"]["institution"] == "Example Bank"
    assert (bank["start"], bank["end"]) == ("2026-11-01", "2026-11-20")
    assert bank["sums"] == [{"amount": "1487.66", "currency": "EUR"}]
    assert bank["transactions"][0]["reference_number"] is None


def test_import_when_a_holding_is_worth_nothing_then_that_is_money_in_json_too(tmp_path: Path) -> None:
    text = OFX.replace("<BANKMSGSRSV1>", BROKER.replace("255.00", "0").replace("2550.00", "0.00") + "<BANKMSGSRSV1>")
    [position] = json.loads(run("import", statement(tmp_path, text), "--json")[1])["statements"][0]["positions"]
    assert (position["units"], position["unit_price"]) == ("10", "0")
    assert position["market_value"] == {"amount": "0.00", "currency": "USD"}


def test_import_when_the_file_leaves_things_open_then_options_close_them(tmp_path: Path) -> None:
    text = OFX.replace("<CURDEF>EUR", "").replace("<ACCTID>000111222", "<ACCTID>").replace("1500.00", "1,500")
    text = text.replace("-12.34", "-12").replace("2000.00", "2000").replace("<STMTTRN>", f"{BROKEN}<STMTTRN>", 1)
    path = statement(tmp_path, text)
    words: list[str] = []
    for option, value in (
        ("--account", ["55667788"]),
        ("--currency", ["MXN"]),
        ("--skip-unreadable", []),
        ("--decimal-mark", ["."]),
    ):
        code, out, err = run("import", path, *words)
        assert (code, out) == (5, "") or words[-1:] == ["--skip-unreadable"]
        assert option == "--decimal-mark" or option.removeprefix("--").split("-")[0] in err
        words += [option, *value]
    code, out, _ = run("import", path, *words)
    assert code == 0
    for shown in ("Account ending 7788", "1500 MXN", "a transaction is set aside: '.' is not an amount", "line 11"):
        assert shown in out


def test_import_when_decimal_mark_is_none_then_one_sentence(tmp_path: Path) -> None:
    code, _, err = run("import", statement(tmp_path), "--decimal-mark", ";")
    assert (code, err) == (5, "error: `decimal_mark` must be one of '.', ',', not ';'.\n")


@pytest.mark.parametrize(
    "text", ["", "not a statement", OFX.replace("-12.34", "twelve"), OFX[: OFX.index("</BANKTRANLIST>")]]
)
def test_import_when_file_cannot_be_read_then_one_sentence_and_exit_5(tmp_path: Path, text: str) -> None:
    code, out, err = run("import", statement(tmp_path, text))
    assert (code, out) == (5, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_import_when_file_is_absent_then_one_sentence(tmp_path: Path) -> None:
    code, _, err = run("import", str(tmp_path / "none.ofx"))
    assert code == 5
    assert "none.ofx" in err


def test_error_when_json_is_asked_for_then_it_is_json_with_the_code(tmp_path: Path) -> None:
    _, _, err = run("import", statement(tmp_path, "nonsense"), "--json")
    assert json.loads(err)["error"]["code"] == "fin.statement_unreadable"


def test_providers_ls_when_no_keys_then_all_that_are_on_go_to_the_sandbox() -> None:
    code, out, _ = run("providers", "ls", "--json")
    rows = json.loads(out)
    assert code == 0
    assert {row["provider"] for row in rows if row["environment"] != "sandbox"} == {"identity:stripe"}, "off by default"
    assert {row["provider"] for row in rows} >= {
        "banking:finastra",
        "banking:teller",
        "market:alpha_vantage",
        "brokerage:alpaca",
        "brokerage:snaptrade",
        "crypto:coingecko",
        "fx:ecb",
    }


def test_providers_ls_when_key_is_set_then_that_one_goes_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "MYVERYOWNKEY")
    _, out, _ = run("providers", "ls", "--json")
    assert {row["provider"]: row["environment"] for row in json.loads(out)}["market:alpha_vantage"] == "live"
    assert "MYVERYOWNKEY" not in out


def test_keys_verify_when_no_key_is_set_then_it_says_how_to_get_one_and_exits_0() -> None:
    code, out, _ = run("keys", "verify", "--json")
    rows = {row["provider"]: row for row in json.loads(out)}
    assert code == 0
    assert "ALPHA_VANTAGE_API_KEY" in rows["market:alpha_vantage"]["next_step"]


def test_keys_verify_when_sandbox_is_down_then_next_step_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALPHA_VANTAGE_MAX_ATTEMPTS", "1")
    code, out, _ = run("keys", "verify", "market:alpha_vantage", "--json")
    assert code == 1
    assert "fin-infra sandbox serve" in json.loads(out)[0]["next_step"]


def test_keys_verify_when_provider_is_unknown_then_nearest_is_named() -> None:
    code, _, err = run("keys", "verify", "market:alphavantage")
    assert code == 3
    assert "market:alpha_vantage" in err


def test_keys_verify_when_a_domain_is_named_then_its_providers_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "live")
    _, out, _ = run("keys", "verify", "market", "--json")
    assert [(row["provider"], row["result"]) for row in json.loads(out)] == [("market:alpha_vantage", "not configured")]


def test_providers_ls_when_yaml_sets_a_base_url_then_it_shows(tmp_path: Path) -> None:
    (tmp_path / "fin-infra.yaml").write_text('settings: {"fx:ecb": {base_url: "https://mirror.example"}}')
    registry.reset()
    _, out, _ = run("providers", "ls", "--json")
    assert {row["provider"]: row["environment"] for row in json.loads(out)}["fx:ecb"] == "custom"


@pytest.mark.parametrize("provider_key", ["weather", "weather:open", "tellr"])
def test_keys_verify_when_the_domain_is_unknown_then_it_is_called_that_and_all_are_listed(provider_key: str) -> None:
    _, _, err = run("keys", "verify", provider_key)
    assert f"{provider_key.partition(':')[0]!r} is not a domain" in err
    assert "banking, market, crypto, fx, brokerage" in err


def test_help_when_asked_then_it_names_brokers() -> None:
    assert "brokers" in run("--help")[1].partition("Options")[0]


def test_sandbox_env_when_printed_then_a_shell_can_read_it() -> None:
    code, out, _ = run("sandbox", "env", "--url", "http://127.0.0.1:9999")
    assert code == 0
    script = f"{out}\necho $TELLER_BASE_URL"
    echoed = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert echoed.stdout.strip() == "http://127.0.0.1:9999/teller"


def test_sandbox_env_when_url_holds_shell_words_then_they_stay_one_value() -> None:
    _, out, _ = run("sandbox", "env", "--url", "http://x; echo owned")
    echoed = subprocess.run(["sh", "-c", f"{out}\necho $ECB_BASE_URL"], capture_output=True, text=True, check=True)
    assert echoed.stdout.strip() == "http://x; echo owned/ecb"


def test_version_when_asked_then_it_is_the_packages() -> None:
    assert run("--version") == (0, f"fin-infra {fin_infra.__version__}\n", "")


@pytest.mark.parametrize("words", [("demo", "run"), ("sandbox", "serve")])
def test_port_when_it_cannot_exist_then_the_range_is_told(words: tuple[str, str]) -> None:
    code, _, err = run(*words, "--port", "99999")
    assert code == 2
    assert "65535" in err


def test_providers_ls_when_the_yaml_map_is_malformed_then_it_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "fin-infra.yaml").write_text("market: [alpha_vantage")
    registry.reset()
    code, out, err = run("providers", "ls")
    assert (code, out) == (3, "")
    assert err.count("fin-infra.yaml") == err.count("\n") == 1


def test_keys_verify_when_mode_leaves_a_key_unused_then_it_is_not_said_to_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "MYVERYOWNKEY")
    code, out, _ = run("keys", "verify", "market", "--json")
    (row,) = json.loads(out)
    assert (code, row["result"]) == (0, "not tried")
    assert "ALPHA_VANTAGE_API_KEY" in row["next_step"]
    assert "MYVERYOWNKEY" not in out


def test_keys_verify_when_base_url_is_the_sandbox_then_the_key_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with running() as url:
        monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", url)
        monkeypatch.setenv("ALPHA_VANTAGE_BASE_URL", f"{url}/alpha-vantage")
        monkeypatch.setenv("ALPHA_VANTAGE_API_KEY", "not-one-of-its-keys")
        code, out, _ = run("keys", "verify", "--json")
    rows = {row["provider"]: row["result"] for row in json.loads(out)}
    assert code == 1
    assert rows["market:alpha_vantage"] == "fin.authentication_failed"
    assert rows["banking:teller"] == "no key set"


def test_demo_when_port_is_taken_then_one_sentence_names_the_option() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = run("demo", "run", "--once", "--port", str(taken.getsockname()[1]))
    assert code == 3
    assert "--port" in err


def test_demo_when_run_once_with_a_statement_then_picture_counts_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fin_infra.cli", "demo", "run", "--once", "--json", "--port", "0"]
    doubtful = tmp_path / "doubtful.ofx"
    doubtful.write_text(
        Path(statement(tmp_path)).read_text().replace("<BANKTRANLIST>", "<BANKTRANLIST><STMTTRNP></STMTTRNP>")
    )
    done = subprocess.run(
        [*command, "--statement", f"{doubtful}?skip_unreadable=1"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    picture = json.loads(done.stdout)
    line = next(line for line in picture["net_worth"]["lines"] if line["kind"] == "statement")
    assert line["amount"] == {"amount": "2000.00", "currency": "EUR"}
    assert line["value"]["currency"] == "USD"
    sources = {line["source"] for line in picture["net_worth"]["lines"]}
    assert {"brokerage:alpaca", "brokerage:snaptrade"} <= sources
    assert picture["net_worth"]["complete"] is False
    assert any("the broker gives no market value" in gap for gap in picture["net_worth"]["missing"])
    assert len(picture["quotes"]) == 3
    (note,) = picture["notes"]
    assert note.startswith("doubtful.ofx: a pending row is set aside: A transaction has no amount")


def test_demo_when_yaml_map_and_variables_lead_elsewhere_then_everything_still_comes_from_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("COINGECKO_PLAN", "pro"), ("TELLER_CERTIFICATE", "absent.pem"), ("ECB_TIMEOUT_S", "soon")):
        monkeypatch.setenv(name, value)
    (tmp_path / "fin-infra.yaml").write_text('settings: {"fx:ecb": {base_url: "https://mirror.invalid"}}')
    command = [sys.executable, "-m", "fin_infra.cli", "demo", "run", "--once", "--json", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["fx"]) == 2


@pytest.mark.parametrize("words", [[], ["demo"], ["sandbox"], ["providers"], ["keys"], ["import"]])
def test_help_when_asked_then_every_command_explains_itself(words: list[str]) -> None:
    code, out, _ = run(*words, "--help")
    assert code == 0
    assert len(out.splitlines()) > 5


def test_demo_when_piped_and_interrupted_then_picture_comes_at_once_and_it_ends_cleanly() -> None:
    command = [sys.executable, "-m", "fin_infra.cli", "demo", "run", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as demo:
        killer = threading.Timer(60, demo.kill)
        killer.start()
        try:
            assert demo.stdout is not None
            lines = []
            for line in demo.stdout:
                lines.append(line)
                if line.startswith("Ctrl-C"):
                    demo.send_signal(signal.SIGINT)
            assert demo.wait() == 0
        finally:
            killer.cancel()
            demo.kill()
    text = "".join(lines)
    assert "Net worth" in text
    assert "Traceback" not in text
    token = text.split("Token")[1].split()[0]
    assert f"Bearer {token}" in text


def test_print_json_when_it_has_instants_and_decimals_then_as_to_json_writes_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_json({"at": datetime(2026, 11, 20, 15, 0, tzinfo=UTC), "units": Decimal("1E+3")})
    assert json.loads(capsys.readouterr().out) == {"at": "2026-11-20T15:00:00+00:00", "units": "1000"}


PAPER = "ALPACA_API_KEY_ID and ALPACA_API_SECRET_KEY for paper money"
REAL = "ALPACA_LIVE_API_KEY_ID, ALPACA_LIVE_API_SECRET_KEY and ALPACA_LIVE=1 for real money"
PERSON = "SNAPTRADE_USER_ID and SNAPTRADE_USER_SECRET for one person's accounts"


@pytest.mark.parametrize(
    ("given", "ok", "next_step"),
    [
        ({}, True, f"set {PAPER}; {REAL} (keys: https://app.alpaca.markets/signup)"),
        (
            {"ALPACA_LIVE": "1", "ALPACA_API_KEY_ID": "mine"},
            False,
            "set ALPACA_API_SECRET_KEY for paper money; ALPACA_LIVE_API_KEY_ID and ALPACA_LIVE_API_SECRET_KEY for real "
            "money (keys: https://app.alpaca.markets/signup)",
        ),
    ],
)
def test_keys_verify_when_no_key_is_whole_then_it_says_what_paper_and_what_live_lacks(
    given: dict[str, str], ok: bool, next_step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    code, out, _ = run("keys", "verify", "--json")
    row = next(row for row in json.loads(out) if row["provider"] == "brokerage:alpaca")
    assert (row["ok"], row["next_step"]) == (ok, next_step)
    assert (code == 0) is ok


def test_keys_verify_when_a_provider_needs_more_than_secrets_then_all_of_it_is_named() -> None:
    rows = {row["provider"]: row["next_step"] for row in json.loads(run("keys", "verify", "--json")[1])}
    assert rows["brokerage:snaptrade"].startswith(
        f"set SNAPTRADE_CLIENT_ID and SNAPTRADE_CONSUMER_KEY for your application; {PERSON}"
    )


def test_keys_verify_when_mode_is_auto_then_nobody_is_told_to_unset_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAPTRADE_USER_SECRET", "of a person")
    code, out, _ = run("keys", "verify", "brokerage:snaptrade", "--json")
    (row,) = json.loads(out)
    assert (code, row["result"]) == (1, "key incomplete")
    assert "FIN_INFRA_MODE" not in row["next_step"]
    assert "SNAPTRADE_USER_SECRET" not in row["next_step"]
    assert "SNAPTRADE_USER_ID for one person's accounts" in row["next_step"]


def test_providers_ls_when_a_part_is_set_then_only_the_rest_is_still_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALPACA_LIVE", "1")
    monkeypatch.setenv("ALPACA_LIVE_API_KEY_ID", "AKMINE")
    _, out, _ = run("providers", "ls", "--json")
    row = next(row for row in json.loads(out) if row["provider"] == "brokerage:alpaca")
    missing = {use["purpose"]: use["missing"] for use in row["uses"]}
    assert missing == {
        "paper money": ["ALPACA_API_KEY_ID", "ALPACA_API_SECRET_KEY"],
        "real money": ["ALPACA_LIVE_API_SECRET_KEY"],
    }
    assert "AKMINE" not in out


@pytest.mark.parametrize("words", [["--nope"], ["order", "submitt"], ["import"], ["demo", "run", "--port", "x"]])
def test_command_line_when_it_is_wrong_then_it_is_told_like_every_other_error(words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("error: ")
    assert "Error" not in err


def test_provider_when_it_is_unknown_then_3_like_every_other_setting() -> None:
    code, _, err = run("order", "status", "x", "--provider", "alpca")
    assert (code, "brokerage:alpaca" in err) == (3, True)
