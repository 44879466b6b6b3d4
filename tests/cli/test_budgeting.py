"""`fin-infra budget` from outside, over imported files: a month, the steps, and what a new user may try first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fin_infra.cli.main import app

HEAD = "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
ACCOUNT = "<BANKACCTFROM><BANKID>021000021<ACCTID>99887766<ACCTTYPE>CHECKING</BANKACCTFROM>"
BALANCE = "<LEDGERBAL><BALAMT>1945.50<DTASOF>20260331</LEDGERBAL>"
ROWS = (
    ("20260302", "2000.00", "ACME PAYROLL"),
    ("20260305", "-150.00", "WHOLE FOODS MARKET"),
    ("20260309", "-4.50", "STARBUCKS"),
)
MARCH = "2026-03"


def _file() -> str:
    rows = "".join(
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{day}<TRNAMT>{amount}<FITID>f{at}<NAME>{name}</STMTTRN>"
        for at, (day, amount, name) in enumerate(ROWS)
    )
    return f"{HEAD}{ACCOUNT}<BANKTRANLIST>{rows}</BANKTRANLIST>{BALANCE}</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("SQL_URL", "FIN_INFRA_MODE", "FIN_INFRA_VAULT_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.chdir(tmp_path)
    Path("march.ofx").write_text(_file())
    assert run("import", "march.ofx", "--yes")[0] == 0
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_budget_when_a_month_is_shown_then_it_has_envelopes_a_total_and_what_is_ready() -> None:
    """100.00 were there before the first transaction: 1,945.50 at the end are 1,845.50 more."""
    run("budget", "assign", "groceries", "200", "--month", MARCH)
    code, out, err = run("budget", MARCH)
    assert (code, err) == (0, "")
    assert "March 2026, USD" in out
    assert ["FOOD_AND_DRINK_GROCERIES", "0.00", "200.00", "-150.00", "50.00"] in lines(out)
    assert ["FOOD_AND_DRINK_COFFEE", "0.00", "0.00", "-4.50", "-4.50", "overspent", "by", "4.50"] in lines(out)
    assert ["total", "0.00", "200.00", "-154.50", "45.50"] in lines(out)
    assert "Ready to assign: 1,900.00; with the envelopes 1,945.50 in the accounts." in out


def test_budget_when_printed_for_machines_then_json_has_the_transactions_and_csv_a_row_for_each_line() -> None:
    run("budget", "assign", "groceries", "200", "--month", MARCH)
    found = json.loads(run("budget", MARCH, "--json")[1])
    [dollars] = found["currencies"]
    assert dollars["ready_to_assign"] == {"amount": "1900.00", "currency": "USD"}
    assert [len(each["entry_ids"]) for each in dollars["envelopes"]] == [1, 1]
    rows = run("budget", MARCH, "--csv")[1].splitlines()
    assert [row.split(",")[1:3] for row in rows[1:]] == [
        ["envelope", "FOOD_AND_DRINK_COFFEE"],
        ["envelope", "FOOD_AND_DRINK_GROCERIES"],
        ["total", ""],
        ["ready_to_assign", ""],
    ]


def test_steps_when_taken_then_each_shows_its_month_and_undo_takes_it_back() -> None:
    run("budget", "assign", "groceries", "200", "--month", MARCH)
    _, out, _ = run("budget", "move", "groceries", "coffee", "4.50", "--month", MARCH)
    assert ["FOOD_AND_DRINK_COFFEE", "0.00", "4.50", "-4.50", "0.00"] in lines(out)
    _, out, _ = run("budget", "limit", "food and drink", "100", "--month", MARCH)
    assert ["FOOD_AND_DRINK", "100.00", "154.50", "-54.50", "exceeded"] in lines(out)
    _, out, _ = run("budget", "target", "flights", "900", "--by", "2026-05", "--month", MARCH)
    flights = ["TRAVEL_FLIGHTS", "0.00", "0.00", "0.00", "0.00", "300.00", "900.00", "by", "2026-05:", "short"]
    assert flights in lines(out)
    _, out, _ = run("budget", "overspending", "carry", "--month", MARCH)
    assert "March 2026" in out
    assert "March 2026, closed, USD" in run("budget", "close", MARCH)[1]
    assert "March 2026, USD" in run("budget", "reopen", MARCH)[1]
    assert run("budget", "undo", "6")[0] == 0
    _, out, _ = run("budget", MARCH)
    assert ["FOOD_AND_DRINK_COFFEE", "0.00", "0.00", "-4.50", "-4.50", "overspent", "by", "4.50"] in lines(out)
    assert "Limits" not in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["assign", "xyzzy", "5"], "error: 'xyzzy' is not a category; `categories()` lists them."),
        (["assign", "groceries", "5 dollars"], "error: '5 dollars' is not a number; write it like 1234.56."),
        (["assign", "groceries", "5", "--currency", "XQQ"], "error: 'XQQ' is not an ISO 4217 currency code"),
        (
            ["assign", "groceries", "5", "--currency", "eur"],
            "error: The budget's accounts have no EUR, so there is none to assign.",
        ),
        (
            ["move", "groceries", "coffee", "5", "--month", MARCH],
            "error: At most 0.00 USD can be taken from FOOD_AND_DRINK_GROCERIES in March 2026.",
        ),
        (
            ["assign", "groceries", "5000", "--month", MARCH],
            "error: 2,100.00 USD is ready to assign in March 2026: give FOOD_AND_DRINK_GROCERIES at most 2,100.00 USD.",
        ),
        (["2026-14"], "error: '2026-14' is not a month; write it like 2026-11."),
        (["close", "2999-01"], "error: January 2999 is not over; close it from February 2999 on."),
        (["reopen", MARCH], "error: March 2026 is not closed."),
        (["undo"], "error: There is nothing to undo in this budget."),
        (["overspending", "forget"], "error: Overspending is one of carry and from_ready, not 'forget'."),
        (["target", "groceries", "5", "--by", "2020-01", "--month", MARCH], "error: January 2020 is before March 2026"),
    ],
)
def test_command_when_a_new_user_tries_it_then_one_sentence_says_what_is_wrong(words: list[str], sentence: str) -> None:
    code, out, err = run("budget", *words)
    assert (code, out) == (5, "")
    assert err.startswith(sentence), err
    assert err.count("\n") == 1


def test_month_when_nothing_happened_then_says_so_and_one_in_the_future_has_what_is_carried() -> None:
    code, out, err = run("budget", "2020-01")
    assert (code, out) == (0, "")
    assert err == "Nothing happened in January 2020, and nothing was carried into it.\n"
    assert "Ready to assign: 1,945.50" in run("budget", "2031-01")[1]


def test_help_when_asked_for_then_the_steps_are_listed() -> None:
    for word in ("--help", "-h"):
        assert "overspending" in run("budget", word)[1]
    code, _, err = run("budget", MARCH, "--json", "--csv")
    assert (code, "take one of" in err) == (2, True)
