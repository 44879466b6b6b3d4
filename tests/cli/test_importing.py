"""Statement files on the command line: shown, asked about, stored elsewhere only with `--yes`, taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fin_infra.book import open_book
from fin_infra.cli import importing
from fin_infra.cli.main import app
from tests.cli.test_cli import OFX

NUMBER = "000111222"
CAFE = "<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261125<TRNAMT>-9.00<FITID>a3<NAME>CAFE</STMTTRN>"
LATER = OFX.replace("20261120", "20261130").replace("</BANKTRANLIST>", f"{CAFE}</BANKTRANLIST>")


@pytest.fixture(autouse=True)
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.delenv("SQL_URL", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "november.ofx").write_text(OFX)
    (tmp_path / "later.ofx").write_text(LATER)
    return "november.ofx"


def run(*words: str, answer: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words), input=answer)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert NUMBER not in result.stdout + result.stderr
    return result.exit_code, result.stdout, result.stderr


def stored() -> list[str]:
    book = open_book()
    try:
        return sorted(row.description for row in book.transactions())
    finally:
        book.engine.dispose()


def test_import_when_there_is_no_terminal_then_nothing_is_stored_and_it_says_how(file: str, tmp_path: Path) -> None:
    code, out, err = run("import", file)
    assert code == 0
    assert "BAKERY" in out
    assert err == importing.HINT + "\n"
    assert not (tmp_path / "data").exists()


def test_import_when_yes_then_it_is_stored_once(file: str) -> None:
    code, out, err = run("import", file, "--yes")
    assert (code, err) == (0, "")
    assert "What an import does" in out
    assert "2 transactions are new, 0 known before" in out
    assert stored() == ["BAKERY", "SALARY"]
    code, out, _ = run("import", file, "--yes")
    assert code == 0
    assert "This file is in the book already: import 1." in out
    assert "Nothing was changed" in out
    code, out, _ = run("import", "later.ofx")
    assert "known by its number" in out
    assert stored() == ["BAKERY", "SALARY"]


def test_import_when_several_files_then_each_is_stored(file: str) -> None:
    code, out, _ = run("import", file, "later.ofx", "--yes")
    assert code == 0
    assert "1 transaction is new, 2 known before" in out
    assert stored() == ["BAKERY", "CAFE", "SALARY"]


def test_import_when_one_of_several_cannot_be_read_then_none_is_stored(file: str, tmp_path: Path) -> None:
    (tmp_path / "broken.ofx").write_text("nonsense")
    code, _, err = run("import", file, "broken.ofx", "--yes")
    assert code == 5
    assert err.startswith("error: ")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(("answer", "rows"), [("y\n", ["BAKERY", "SALARY"]), ("n\n", []), ("", [])])
def test_import_when_at_a_terminal_then_it_asks(
    file: str, monkeypatch: pytest.MonkeyPatch, answer: str, rows: list[str]
) -> None:
    monkeypatch.setattr(importing, "at_terminal", lambda: True)
    code, out, err = run("import", file, answer=answer)
    assert code == 0
    assert "Store it in " in err
    assert ("Nothing was stored." in out) is (not rows)
    assert stored() == rows


def _second_name() -> str:
    """Return a file that names the bank, where the first file names none: who it is of has to be asked."""
    named = LATER.replace("<STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>", "<FI><ORG>Example<FID>7</FI><DTSERVER>")
    Path("named.ofx").write_text(named)
    return "named.ofx"


def test_import_when_the_account_is_undecided_then_it_is_named_and_an_option_decides(file: str) -> None:
    run("import", file, "--yes")
    name = _second_name()
    code, out, _ = run("import", name)
    assert code == 0
    assert "which one?" in out
    assert "may be Account ending 1222: --into 2, or --new-account." in out
    code, _, err = run("import", name, "--yes")
    assert code == 5
    assert "may be of an account that the book has" in err
    code, out, _ = run("import", name, "--yes", "--into", "2")
    assert code == 0
    assert "1 transaction is new, 2 known before" in out
    assert stored() == ["BAKERY", "CAFE", "SALARY"]


@pytest.mark.parametrize(
    ("answer", "code", "rows"), [("2\ny\n", 0, 3), ("new\ny\n", 0, 5), ("7\ny\n", 5, 2), ("2\nn\n", 0, 2)]
)
def test_import_when_undecided_at_a_terminal_then_the_person_is_asked(
    file: str, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, rows: int
) -> None:
    run("import", file, "--yes")
    monkeypatch.setattr(importing, "at_terminal", lambda: True)
    found, _, err = run("import", _second_name(), answer=answer)
    assert found == code
    assert "Which account is the one ending 1222? One of 2, or `new`:" in err
    assert len(stored()) == rows


def test_import_when_json_then_plan_and_result_stand_beside_the_file(file: str) -> None:
    plain = json.loads(run("import", file, "--json")[1])
    assert (plain["plan"], plain["result"]) == (None, None)
    told = json.loads(run("import", file, "--json", "--yes")[1])
    assert [account["new"] for account in told["plan"]["accounts"]] == [2]
    assert (told["result"]["added"], told["result"]["already"]) == (2, False)
    both = json.loads(run("import", file, "later.ofx", "--json")[1])
    assert [each["plan"]["accounts"][0]["known"] for each in both] == [2, 2]


def test_json_when_ids_hold_the_number_then_they_do_not_show_it(file: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(OFX.replace("<FITID>", f"<FITID>{NUMBER}"))
    [statement] = json.loads(run("import", file, "--json", "--yes")[1])["statements"]
    assert [row["id"] for row in statement["transactions"]] == ["...1222a1", "...1222a2"]


def test_imports_when_listed_and_taken_back_then_the_list_says_so(file: str) -> None:
    assert "No file has been imported." in run("imports")[1]
    run("import", file, "--yes")
    assert [each["state"] for each in json.loads(run("imports", "--json")[1])] == ["imported"]
    code, out, _ = run("undo-import", "1")
    assert code == 0
    assert "Import 1 is undone" in out
    assert stored() == []
    code, _, err = run("undo-import", "1")
    assert code == 5
    assert "was undone before" in err
    code, out, _ = run("imports")
    assert "undone" in out
    assert "november.ofx" in out


@pytest.mark.parametrize("words", [["undo-import", "1"], ["join-accounts", "1", "2"], ["separate-account", "1"]])
def test_command_when_there_is_no_book_then_one_sentence(words: list[str], tmp_path: Path) -> None:
    code, _, err = run(*words)
    assert code == 5
    assert "There is no book yet" in err
    assert not (tmp_path / "data").exists()


def test_join_when_said_then_they_are_one(file: str) -> None:
    run("import", file, "--yes")
    run("import", _second_name(), "--yes", "--new-account")
    assert len(stored()) == 5
    ids = sorted({each["account_ids"][0] for each in json.loads(run("imports", "--json")[1])})
    assert "one account now" in run("join-accounts", *map(str, ids))[1]
    assert stored() == ["BAKERY", "CAFE", "SALARY"]
    assert "nothing was changed" in run("join-accounts", *map(str, ids))[1]
    assert "two accounts now" in run("separate-account", str(ids[0]))[1]
    assert len(stored()) == 5
    assert run("separate-account", str(ids[0]))[0] != 0


DAYS = "Date,Description,Amount\n01/02/2026,Coffee,-3.50\n02/03/2026,Pay,100.00\n"


def test_days_when_they_read_in_two_ways_then_both_are_shown_and_an_option_decides(tmp_path: Path) -> None:
    (tmp_path / "days.csv").write_text(DAYS)
    words = ("import", "days.csv", "--account", NUMBER, "--currency", "USD")
    code, out, err = run(*words)
    assert (code, out) == (5, "")
    assert "1 February 2026 or 2 January 2026" in err
    for option, days in (
        ("--day-first", ["2026-02-01", "2026-03-02"]),
        ("--month-first", ["2026-01-02", "2026-02-03"]),
    ):
        code, out, _ = run(*words, option, "--json")
        found = json.loads(out)["statements"][0]["transactions"]
        assert (code, [row["posted"] for row in found]) == (0, days)


def test_columns_when_learned_then_the_next_file_needs_no_currency_and_another_name_is_refused(tmp_path: Path) -> None:
    rows = "When;What;How much;Left\n13.01.2026;Coffee;-1,00;99,00\n14.01.2026;Pay;2,00;101,00\n"
    (tmp_path / "own.csv").write_text(rows)
    code, _, err = run("import", "own.csv", "--account", NUMBER)
    assert (code, "--currency" in err or "currency=" in err) == (5, True)
    code, _, err = run("import", "own.csv", "--account", NUMBER, "--currency", "EUR", "--learn", "My bank")
    assert (code, "my-bank.json" in err) == (0, True)
    code, out, _ = run("import", "own.csv", "--account", NUMBER, "--json")
    [statement] = json.loads(out)["statements"]
    assert (code, statement["account"]["currency"], len(statement["transactions"])) == (0, "EUR", 2)
    code, _, err = run("import", "november.ofx", "--learn", "My bank")
    assert (code, "columns of one CSV file" in err) == (5, True)


def test_balances_when_they_do_not_add_up_then_refused_with_the_difference_unless_it_is_accepted(
    tmp_path: Path,
) -> None:
    entry = ":61:2611030103D4,50NMSCNONREF\n:86:Coffee\n"
    (tmp_path / "short.sta").write_text(
        f":20:X\n:25:10020030/{NUMBER}\n:28C:1\n:60F:C261101EUR100,00\n{entry}:62F:C261130EUR95,51\n-\n"
    )
    code, _, err = run("import", "short.sta")
    assert (code, "0.01 EUR more" in err) == (5, True)
    code, out, _ = run("import", "short.sta", "--accept-difference", "--json")
    assert (code, json.loads(out)["statements"][0]["difference"]) == (0, {"amount": "0.01", "currency": "EUR"})


def test_password_when_piped_then_it_is_used_and_shown_nowhere_and_an_empty_one_is_refused(tmp_path: Path) -> None:
    from fpdf import FPDF

    page = FPDF()
    page.set_encryption(owner_password="owner-word", user_password="open-sesame")
    page.add_page()
    page.set_font("Helvetica", size=10)
    page.cell(text="Nothing of a statement")
    page.output(str(tmp_path / "locked.pdf"))
    code, _, without = run("import", "locked.pdf")
    assert (code, "password" in without) == (5, True)
    code, out, err = run("import", "locked.pdf", "--password", answer="open-sesame\n")
    assert code == 5
    assert "password" not in err
    assert "open-sesame" not in out + err
    code, _, err = run("import", "locked.pdf", "--password", answer="\n")
    assert (code, "No password was given" in err) == (5, True)


BROKER = Path(__file__).parents[1] / "imports" / "fixtures" / "ofx" / "brokerage.ofx"
SCHWAB = """\
"Date","Action","Symbol","Description","Quantity","Price","Fees & Comm","Amount"
"02/10/2026","Sell","AAPL","APPLE INC","5","$260.00","$0.10","$1299.90"
"02/04/2026","Buy","AAPL","APPLE INC","5.125","$251.00","","-$1287.00"
"02/03/2026","Buy","AAPL","APPLE INC","10","$250.50","","-$2505.00"
"""
"""One trade that the OFX file has not, one with another amount, and one that is the same."""


def traded() -> list[tuple[str, str]]:
    return sorted((str(row.date), f"{row.quantity}") for row in open_book().trades())


@pytest.mark.parametrize(("word", "left"), [("same", 3), ("different", 4)])
def test_trades_when_one_account_is_told_by_ofx_and_csv_then_counts_are_printed_and_the_doubt_is_answered(
    tmp_path: Path, word: str, left: int
) -> None:
    (tmp_path / "schwab.csv").write_text(SCHWAB)
    out = run("import", str(BROKER), "--yes")[1]
    assert "2 trades are new, 0 known before." in out
    account = str(open_book().accounts()[0].id)
    plan = run("import", "schwab.csv", "--account", "Z100", "--into", account)[1]
    counted = plan.partition("Its trades")[2].strip().splitlines()[-1]
    assert counted.split()[-4:] == ["1", "1", "1", "0"], "new, known, to ask, of no known kind"
    out = run("import", "schwab.csv", "--account", "Z100", "--into", account, "--yes")[1]
    assert "2 trades are new, 1 known before." in out
    assert "1 trade is perhaps there already" in out
    assert len(traded()) == 4
    shown = run("doubts")[1]
    assert "Is it one trade?" in shown
    assert "-1287.00 USD" in shown
    [asked] = json.loads(run("doubts", "--json")[1])["trades"]
    assert asked["kind"] == "amount"
    code, out, err = run("doubts", "answer", str(asked["id"]), str(asked["other_id"]), word)
    assert (code, err, "They are one now." in out) == (0, "", word == "same")
    assert (len(traded()), json.loads(run("doubts", "--json")[1])["trades"]) == (left, [])
    run("undo-import", json.loads(run("imports", "--json")[1])[1]["id"].__str__())
    assert traded() == [("2026-02-03", "10"), ("2026-02-04", "5.125")]


def test_file_when_asked_for_then_it_is_written_as_it_was_and_never_over_another(file: str, tmp_path: Path) -> None:
    run("import", file, "--yes")
    [document] = json.loads(run("imports", "--json")[1])
    assert document["kept"] is True
    number = str(document["id"])
    code, out, err = run("imports", "file", number, "again.ofx")
    assert (code, err) == (0, "")
    assert out == f"Wrote again.ofx, {len(OFX)} bytes, as it was imported. It is not encrypted; only you may read it.\n"
    assert (tmp_path / "again.ofx").read_text() == OFX
    code, _, err = run("imports", "file", number, "again.ofx")
    assert (code, err) == (5, "error: again.ofx is there already; give the file another name.\n")
    code, _, err = run("imports", "file", "999", "other.ofx")
    assert (code, "no import 999" in err, err.count("\n")) == (5, True, 1)
    assert json.loads(run("imports", "file", number, "b.ofx", "--json")[1]) == {"file": "b.ofx", "size": len(OFX)}
