"""`fin-infra categorize` and `rules`, from outside, over a book that the sandbox's bank and a statement file filled."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fin_infra.book import open_book
from fin_infra.cli.main import app

HEAD = "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}"
ACCOUNT = "<BANKACCTFROM><BANKID>021000021<ACCTID>{number}<ACCTTYPE>CHECKING</BANKACCTFROM>"
ROW = "<STMTTRN><TRNTYPE>OTHER<DTPOSTED>2026030{day}<TRNAMT>{amount}<FITID>f{day}<NAME>{name}</STMTTRN>"
TAIL = "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
PETS, COFFEE = "MEDICAL_VETERINARY_SERVICES", "FOOD_AND_DRINK_COFFEE"


def file_of(number: str, currency: str, *rows: tuple[int, str, str]) -> str:
    lines = "".join(ROW.format(day=day, amount=amount, name=name) for day, amount, name in rows)
    head = HEAD.format(currency=currency) + ACCOUNT.format(number=number)
    return f"{head}<BANKTRANLIST>{lines}</BANKTRANLIST>{TAIL}"


DOLLARS = file_of(
    "99887766",
    "USD",
    (1, "-40.00", "ZYQQVET 0042"),
    (2, "1000.00", "ZYQQPAY"),
    (5, "-60.50", "ZYQQVET 0042"),
    (6, "-1.00", "0815"),
)
EUROS = file_of("11223344", "EUR", (3, "-7.25", "ZYQQVET 0042"))


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("SQL_URL", "FIN_INFRA_VAULT_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def filled(place: Path) -> dict[str, str]:
    """The ids of the transactions, by day and description."""
    for name, text in (("dollars.ofx", DOLLARS), ("euros.ofx", EUROS)):
        (place / name).write_text(text)
        assert run("import", name, "--yes")[0] == 0
    rows = json.loads(run("categorize", "--json")[1])
    return {f"{each['entry']['date'][-1]} {each['entry']['description']}": each["entry"]["id"] for each in rows}


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def labels(*words: str) -> dict[str, tuple[str, str]]:
    rows = json.loads(run("categorize", "--json", *words)[1])
    return {each["entry"]["id"]: (each["label"]["category"], each["label"]["judge"]) for each in rows}


def test_categorize_when_listed_then_the_newest_is_first_and_each_currency_has_its_own_totals(
    filled: dict[str, str],
) -> None:
    code, out, err = run("categorize")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines() if line.split()]
    shown = [line[1] for line in lines if len(line) > 1 and line[1].startswith("2026-")]
    assert shown == ["2026-03-06", "2026-03-05", "2026-03-03", "2026-03-02", "2026-03-01"]
    assert ["1", "0", "EUR", "-7.25", "EUR", "-7.25", "EUR"] in lines
    assert ["4", "1000.00", "USD", "-101.50", "USD", "898.50", "USD"] in lines
    assert "Of 5 transactions" in out
    code, out, _ = run("categorize", "--limit", "2")
    assert "3 older ones are not shown" in out
    assert list(labels("--uncategorized", "--start", "2026-03-06")) == [filled["6 0815"]]
    assert list(labels("--start", "2026-03-02", "--end", "2026-03-03")) == [filled["2 ZYQQPAY"]]
    assert run("categorize", "--start", "2026-04-01")[2] == "The book has no transactions here.\n"
    code, _, err = run("categorize", "--start", "2026-03-02", "--end", "2026-03-02")
    assert (code, "`start` must be before `end`" in err) == (5, True)


def test_categorize_when_as_csv_then_each_is_a_row_with_its_label(filled: dict[str, str]) -> None:
    code, out, _ = run("categorize", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, len(rows)) == (0, 5)
    assert rows[0]["entry.id"] == filled["6 0815"]
    assert (rows[1]["entry.amount"], rows[2]["entry.currency"]) == ("-60.50", "EUR")
    assert {"label.category", "label.judge", "label.reason", "label.confidence"} <= rows[0].keys()
    assert run("categorize", "--csv", "--json")[0] == 2


def test_categorize_when_an_id_is_given_then_it_says_who_decided_and_why(filled: dict[str, str]) -> None:
    code, out, _ = run("categorize", filled["6 0815"])
    assert (code, out.splitlines()) == (
        0,
        [
            f"{filled['6 0815']}: 2026-03-06, -1.00 USD, 0815",
            "UNCATEGORIZED: nobody knows well enough.",
            "By nobody, confidence 0: The text has no letters, and nobody else knows.",
        ],
    )
    book = open_book()
    book.hide([int(filled["6 0815"])])
    code, out, err = run("categorize", filled["6 0815"])
    assert (code, out) == (5, "")
    assert "does not count: it is hidden or deleted" in err
    assert "The book has no transaction 4711" in run("categorize", "4711")[2]


def test_categorize_when_a_code_is_said_then_the_past_is_named_and_changes_on_request(filled: dict[str, str]) -> None:
    first, last = filled["1 ZYQQVET 0042"], filled["5 ZYQQVET 0042"]
    before = labels()
    code, out, _ = run("categorize", last, PETS.lower())
    assert (code, " ".join(out.split())) == (
        0,
        f"Transaction {last} is {PETS} now, and so are later ones of the same merchant. 2 earlier ones stay; --past "
        "changes them.",
    )
    assert labels()[first] == before[first]
    code, out, _ = run("categorize", last, PETS, "--past", "--json")
    assert (code, json.loads(out)) == (0, {"changes": 1, "past_changes": 2})
    assert labels()[first] == (PETS, "person")
    assert "It was so before; nothing was changed." in " ".join(run("categorize", last, PETS, "--past")[1].split())
    assert run("categorize", last, "--clear")[0] == 0
    assert labels() == before


def test_categorize_when_the_word_is_ones_own_then_it_is_for_that_one_alone(filled: dict[str, str]) -> None:
    first, last = filled["1 ZYQQVET 0042"], filled["5 ZYQQVET 0042"]
    before = labels()
    code, out, _ = run("categorize", first, "Rex the dog", "--own")
    assert (code, out) == (0, f"Transaction {first} is 'Rex the dog' now.\n")
    assert labels() == before | {first: ("Rex the dog", "person")}
    assert "a word of your own." in run("categorize", first)[1]
    code, _, err = run("categorize", last, "Rex", "--own", "--past")
    assert (code, "--past goes with a code" in err) == (5, True)


def test_categorize_when_the_code_is_unknown_then_the_nearest_are_named_and_nothing_changes(
    filled: dict[str, str],
) -> None:
    before = labels()
    code, out, err = run("categorize", filled["6 0815"], "coffee")
    assert (code, out) == (5, "")
    assert err == "error: 'COFFEE' is not a category; did you mean FOOD_AND_DRINK_COFFEE?\n"
    assert labels() == before


def test_rules_when_added_moved_and_removed_then_the_table_has_their_order(filled: dict[str, str]) -> None:
    code, out, err = run("rules")
    assert (code, out) == (0, "")
    assert "fin-infra rules add CATEGORY --contains WORDS" in err
    code, out, _ = run("rules", "add", PETS.lower(), "--contains", "zyqqvet", "--low", "50", "--yes")
    assert (code, out.partition(" was added: ")[2]) == (0, f"{PETS} where it contains 'zyqqvet', at least 50.\n")
    one = out.split()[1]
    two = json.loads(run("rules", "add", COFFEE, "--sign", "out", "--high", "7.25", "--yes", "--json")[1])["id"]
    assert [each["id"] for each in json.loads(run("rules", "--json")[1])] == [one, two]
    assert labels()[filled["5 ZYQQVET 0042"]] == (PETS, "rule")
    assert labels()[filled["1 ZYQQVET 0042"]][1] != "rule"
    assert run("rules", "move", two, "1")[1] == f"Rule {two} is number 1 now.\n"
    assert run("rules", "move", two, "1")[1] == f"Rule {two} was number 1 before.\n"
    rows = [line.split() for line in run("rules", "list")[1].splitlines()]
    assert ["1", two, COFFEE, "at", "most", "7.25,", "money", "out"] in rows
    assert [row["id"] for row in csv.DictReader(io.StringIO(run("rules", "--csv")[1]))] == [two, one]
    assert json.loads(run("rules", "remove", two, "--json")[1]) == {"changes": 1}
    assert run("rules", "remove", one)[1] == f"Rule {one} was removed.\n"
    code, _, err = run("rules", "remove", one)
    assert (code, f"The book has no rule {one}" in err) == (5, True)


def test_rule_when_tried_then_it_shows_what_would_change_and_changes_nothing(filled: dict[str, str]) -> None:
    before = labels()
    code, out, _ = run("rules", "preview", PETS, "--contains", "zyqqvet")
    assert (code, "It changes the category of 3 transactions." in out) == (0, True)
    assert out.index("2026-03-05") < out.index("2026-03-03") < out.index("2026-03-01")
    found = json.loads(run("rules", "preview", PETS, "--contains", "zyqqvet", "--json")[1])
    assert [each["after"]["category"] for each in found] == [PETS] * 3
    assert "It changes the category of 0 transactions." in run("rules", "preview", PETS, "--contains", "nothing")[1]
    code, out, err = run("rules", "add", PETS, "--contains", "zyqqvet", stdin="n\n")
    assert (code, "Nothing was added; --yes adds it without asking." in err) == (1, True)
    assert (labels(), json.loads(run("rules", "--json")[1])) == (before, [])
    code, out, err = run("rules", "add", PETS, "--contains", "zyqqvet", stdin="y\n")
    assert (code, "Add this rule? It changes the category of 3 transactions." in err) == (0, True)
    assert len(json.loads(run("rules", "--json")[1])) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([PETS], "has no condition and would take every transaction"),
        ([PETS, "--low", "0"], "has no condition and would take every transaction"),
        ([PETS, "--pattern", "."], "fits any letter and so every transaction"),
        ([PETS, "--pattern", "[A-Z0-9]"], "fits any letter and so every transaction"),
        ([PETS, "--high", "99999"], "This rule fits all 5 transactions of the book; give it another condition"),
        ([PETS, "--pattern", r"(a+)+\1"], "RE2 has no look-around and no references"),
        (["PETS", "--contains", "x"], "'PETS' is not a category; `categories` lists them."),
        (["coffee", "--contains", "x"], "did you mean FOOD_AND_DRINK_COFFEE?"),
        (["dinner", "--contains", "x"], "'DINNER' is not a category"),
        ([PETS, "--low", "ten"], "`--low` must be a number such as 12.50, not 'ten'"),
        ([PETS, "--low", "5", "--high", "1"], "which no amount is; exchange them"),
        ([PETS, "--sign", "up"], "`--sign` must be in or out, not 'up'"),
        ([PETS, "--contains", "x", "--account", "4711"], "The book has no account 4711"),
        ([PETS, "--contains", "x", "--place", "3"], "A rule has a place from 1 to 1, not 3"),
    ],
)
def test_rule_when_it_cannot_be_meant_then_one_sentence_and_nothing_is_added(
    filled: dict[str, str], words: list[str], sentence: str
) -> None:
    code, _, err = run("rules", "add", *words)
    assert (code, err.count("\n"), "Traceback" in err) == (5, 1, False)
    assert sentence in err
    assert json.loads(run("rules", "--json")[1]) == []


def test_pattern_when_others_backtrack_for_ever_then_it_answers(filled: dict[str, str]) -> None:
    """`re` would take 2 to the power of the text's length; a hang here ends the run by its time limit."""
    assert run("rules", "add", PETS, "--pattern", "([A-Z]+)*=", "--yes")[0] == 0
    assert "rule" not in {judge for _, judge in labels().values()}


@pytest.mark.parametrize("words", [["categorize"], ["categorize", "1", PETS], ["rules", "preview", PETS, "--low", "5"]])
def test_command_when_the_extra_is_missing_then_one_sentence_has_the_command(
    filled: dict[str, str], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    words = [filled["6 0815"] if word == "1" else word for word in words]
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "Labeling transactions needs rapidfuzz, which is not installed; run: pip install" in err
    assert "[insights]" in err


@pytest.mark.parametrize("words", [["categorize"], ["rules"], ["rules", "remove", "1"]])
def test_command_when_there_is_no_book_then_one_sentence_says_what_makes_one(words: list[str]) -> None:
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (5, "", 1)
    assert "fin-infra connect" in err


def test_households_when_two_have_a_book_then_neither_sees_the_others_rules(filled: dict[str, str]) -> None:
    assert run("rules", "add", PETS, "--contains", "zyqqvet", "--yes")[0] == 0
    for whose in (["--user", "ben"], ["--tenant", "north"]):
        assert json.loads(run("rules", "--json", *whose)[1]) == []
        assert json.loads(run("categorize", "--json", *whose)[1]) == []
    found: list[Any] = json.loads(run("rules", "--json")[1])
    assert len(found) == 1
