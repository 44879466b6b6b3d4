"""The commands that ask, from outside: tables, JSON, CSV, and one sentence for what cannot be asked."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from fin_infra.cli.main import app
from fin_infra.model import Money, Transaction, TransactionStatus
from fin_infra.model.frames import table_of
from fin_infra.model.spreadsheets import to_csv
from fin_infra.model.symbols import SymbolHit
from fin_infra.questions import CATALOG
from tests.questions.truths import checking
from tests.support.sandbox_control import Control

SCRIPT = str(Path(sys.executable).with_name("fin-infra"))
GROUPS = {"alerts", "book", "budget", "connections", "demo", "doubts", "goals"}
GROUPS |= {"imports", "keys", "order", "providers", "rules", "sandbox"}
OTHERS = {"bills", "cashflow", "categorize", "connect", "disconnect", "export", "features"}
OTHERS |= {"forecast", "import", "join-accounts", "link", "recurring", "repair", "separate-account"}
OTHERS |= {"spending", "sync", "transfers", "undo-import"}


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def commands() -> dict[str, list[str]]:
    """Return every question with the words that ask it, with `{account}` for the checking account."""
    asked_with = {
        "quote": ["AAPL"],
        "candles": ["AAPL", "--start", "2026-11-16"],
        "price": ["bitcoin", "EUR"],
        "rate": ["GBP", "JPY", "--on", "2026-11-19"],
        "convert": ["100", "GBP", "JPY"],
        "search": ["bitcoin"],
        "transactions": ["{account}", "--limit", "5"],
        "holdings": ["--currency", "USD"],
        "calendar": ["XNYS", "--start", "2026-11-23"],
    }
    return {name: asked_with.get(name, []) for name in CATALOG}


def test_help_when_read_then_the_commands_are_those_of_the_catalog_and_the_groups() -> None:
    listed = re.findall(r"^  ([a-z][a-z-]*) ", run("--help")[1].partition("Commands:")[2], re.M)
    assert set(listed) == set(CATALOG) | GROUPS | OTHERS
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("words", [[], *([name] for name in [*CATALOG, *GROUPS]), ["order", "submit"], ["import"]])
def test_h_when_given_anywhere_then_it_is_the_help(words: list[str]) -> None:
    code, out, _ = run(*words, "-h")
    assert (code, out) == (0, run(*words, "--help")[1])
    assert out.startswith("Usage:")


@pytest.mark.parametrize("question", CATALOG.values(), ids=CATALOG)
def test_help_when_of_a_question_then_it_names_every_parameter(question) -> None:
    out = re.sub(r"\s+", " ", run(question.name, "-h")[1])
    assert question.help.rstrip(".") in out or question.name == "providers"
    for parameter in question.parameters:
        assert re.sub(r"\s+", " ", parameter.help) in out
    for option in ("--json", "--csv", *(["--provider"] if question.one_provider else [])):
        assert option in out


@pytest.mark.parametrize("columns", [40, 50, 80, 200])
@pytest.mark.parametrize("name", CATALOG)
def test_table_when_at_any_width_then_it_fits_and_no_word_is_broken(
    asked: Control,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    columns: int,
) -> None:
    account = checking(asked)["id"]
    words = [word.format(account=account) for word in commands()[name]]
    monkeypatch.setenv("COLUMNS", "500")
    wide = set(re.findall(r"[^\s─]+", run(name, *words)[1]))
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, _ = run(name, *words)
    assert code == 0
    longest = max((len(word) for word in wide), default=0)
    assert max(map(len, out.splitlines())) <= max(columns, longest + 3)
    shown = out.partition("Not shown at this width")[0].split()
    assert {word.rstrip(",") for word in shown if not set(word) <= {"─"}} <= {word.rstrip(",") for word in wide}


@pytest.mark.parametrize("name", CATALOG)
def test_csv_when_read_back_then_every_row_has_every_column(asked: Control, name: str) -> None:
    words = [word.format(account=checking(asked)["id"]) for word in commands()[name]]
    code, out, _ = run(name, *words, "--csv")
    rows = list(csv.reader(StringIO(out), strict=True))
    assert code == 0
    assert rows[0]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(set(rows[0])) == len(rows[0])


def test_csv_when_of_transactions_then_amounts_are_exact_and_the_currency_has_a_column(asked: Control) -> None:
    words = ("transactions", checking(asked)["id"], "--limit", "20")
    rows = list(csv.DictReader(StringIO(run(*words, "--csv")[1])))
    told = json.loads(run(*words, "--json")[1])
    assert [(row["id"], row["amount"], row["currency"]) for row in rows] == [
        (row["id"], row["amount"]["amount"], row["amount"]["currency"]) for row in told
    ]
    assert any(Decimal(row["amount"]) < 0 for row in rows)


def test_csv_when_text_looks_like_a_formula_then_it_is_text_and_numbers_stay_numbers() -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", 'fine, "quoted"\nand long', ""]
    hits = [SymbolHit(key=None, symbol="X", name=name, source="market:x") for name in names]
    rows = list(csv.DictReader(StringIO(to_csv(table_of(hits, SymbolHit)))))
    assert [row["name"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1", names[5], ""]


def test_csv_when_a_record_is_personal_then_shows_its_owner_what_json_shows() -> None:
    row = Transaction(
        source="banking:x",
        as_of=datetime(2026, 11, 20, tzinfo=UTC),
        id="t1",
        account_id="a1",
        date=date(2026, 11, 20),
        amount=Money.of("-5", "USD"),
        status=TransactionStatus.POSTED,
        description="to ada@example.com, card 4111 1111 1111 1111",
        counterparty="Ada Example",
    )
    [told] = csv.DictReader(StringIO(to_csv(table_of([row], Transaction))))
    assert (told["description"], told["counterparty"]) == (row.description, row.counterparty)


@pytest.mark.parametrize("name", ["orders", "search"])
def test_answer_when_empty_then_a_sentence_on_stderr_and_valid_json_and_csv(asked: Control, name: str) -> None:
    words = {"orders": ["--status", "closed"], "search": ["zzzzzzzz"]}[name]
    code, out, err = run(name, *words)
    assert (code, out) == (0, "")
    assert re.fullmatch(r"(There are no|No) [a-z ]+\.\n", err)
    code, out, told = run(name, *words, "--json")
    assert (code, told) == (0, err)
    assert json.loads(out) in ([], {"hits": [], "errors": []})
    code, out, told = run(name, *words, "--csv")
    assert (code, told) == (0, err)
    assert len(list(csv.reader(StringIO(out)))) == 1


def test_json_when_it_has_decimals_and_instants_then_text_and_iso_8601(asked: Control) -> None:
    told = json.loads(run("quote", "AAPL", "--json")[1], parse_float=Decimal)
    close = asked.world()["equities"]["AAPL"]["close"]
    assert isinstance(told["price"], str)
    assert Decimal(told["price"]) == Decimal(close)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", told["as_of"])
    assert "raw" not in told
    assert "meta" not in told


def test_table_when_of_one_record_then_it_says_who_and_as_of_when(asked: Control) -> None:
    assert "From market:alpha_vantage (sandbox), as of 2026-11-19 21:00 UTC." in run("quote", "AAPL")[1]
    assert "271.8700 USD" in run("quote", "AAPL")[1]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["rate", "EUR", "USD", "--on", "soon"], 5, "`--on` must be a day such as 2026-01-31, not 'soon'."),
        (["convert", "ten", "EUR", "USD"], 5, "`AMOUNT` must be a number such as 12.50, not 'ten'."),
        (["candles", "AAPL", "--interval", "2d"], 5, "`--interval` must be one of 1min, 5min,"),
        (["orders", "--status", "gone"], 5, "`--status` must be one of open, closed, all, not 'gone'."),
        (["rate", "EUR", "XXZ"], 5, "XXZ"),
        (["quote", "ZZZZQ"], 4, "find it with: fin-infra search ZZZZQ"),
        (["price", "nosuchcoin"], 4, "find it with: fin-infra search nosuchcoin"),
        (["quote", "apple inc"], 5, "Or find it with: fin-infra search 'apple inc'"),
        (["quote", "AAPL", "--provider", "alpha"], 3, "market:alpha_vantage"),
        (["balances", "acc_nobody"], 4, "does not know that id"),
        (["calendar", "XNYZ"], 5, "XNYS"),
    ],
)
def test_question_when_it_cannot_be_answered_then_one_sentence_and_its_exit_code(
    asked: Control,
    words: list[str],
    code: int,
    sentence: str,
) -> None:
    found, out, err = run(*words)
    assert (found, out, err.count("\n")) == (code, "", 1)
    assert err.startswith("error: ")
    assert sentence in err
    told = json.loads(run(*words, "--json")[2])["error"]
    assert told["code"].startswith("fin.")
    assert sentence in told["message"]


@pytest.mark.parametrize(
    "words", [["quote"], ["quote", "A", "--json", "--csv"], ["orders", "--limit", "0"], ["quotee"]]
)
def test_command_line_when_it_is_wrong_then_2(words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("error: ")


def test_order_when_the_broker_does_not_know_the_symbol_then_it_points_to_search(asked: Control) -> None:
    code, _, err = run("order", "submit", "buy", "apple", "--quantity", "1", "--yes")
    assert code == 1
    assert err.endswith("The broker does not know US:APPLE; look the symbol up first: fin-infra search apple\n")


def test_providers_when_asked_alone_then_the_question_and_ls_stays(asked: Control) -> None:
    code, out, _ = run("providers", "--json")
    assert code == 0
    health = {row["provider"]: row["health"] for row in json.loads(out)}
    assert health.pop("identity:stripe") == "switched off"
    assert set(health.values()) == {"unused"}
    code, out, _ = run("providers", "ls", "--json")
    assert code == 0
    assert "uses" in json.loads(out)[0]


def test_answer_when_a_source_is_down_then_stderr_names_it_and_the_rest_is_there(asked: Control) -> None:
    asked.fault("alpha-vantage", "status_500")
    try:
        code, out, err = run("search", "bitcoin", "--json")
    finally:
        httpx2.delete(f"{asked.url}/_sandbox/faults").raise_for_status()
    assert code == 0
    assert "CRYPTO:bitcoin" in [hit["key"] for hit in json.loads(out)["hits"]]
    assert err.startswith("note: market:alpha_vantage search: ")


def completed(line: str) -> list[str]:
    words = line.split(" ")
    env = os.environ | {"_FIN_INFRA_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return subprocess.run([SCRIPT], env=env, capture_output=True, text=True, check=True, timeout=60).stdout.split()


def test_completion_when_a_shell_asks_then_commands_and_values() -> None:
    assert completed("fin-infra cal") == ["calendar"]
    assert completed("fin-infra rate EU") == ["EUR"]
    assert completed("fin-infra calendar XNY") == ["XNYS"]
    assert completed("fin-infra orders --status ") == ["open", "closed", "all"]
    assert completed("fin-infra accounts --provider te") == ["teller"]


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_pipe_when_its_reader_goes_away_then_no_traceback(asked: Control, option: str) -> None:
    words = [SCRIPT, "transactions", checking(asked)["id"], "--limit", "1000", option]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(60) == 6
    assert "The output cannot be written: Broken pipe." in err
    assert err.count("\n") == 1


def test_locale_when_it_is_not_utf_8_then_the_table_is_drawn_in_ascii(asked: Control) -> None:
    env = os.environ | {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "COLUMNS": "120"}
    done = subprocess.run([SCRIPT, "quote", "AAPL"], env=env, capture_output=True, timeout=60, check=True)
    assert b"| 271.8700 USD |" in done.stdout
    done.stdout.decode("ascii")
