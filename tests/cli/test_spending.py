"""`fin-infra spending`, `cashflow` and `transfers`, from outside, over a book that statement files filled."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.testing import CliRunner

from fin_infra.cli import spending as options
from fin_infra.cli.main import app
from fin_infra.insights.explain import Figure
from fin_infra.insights.spending import By, Period

HEAD = "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}"
ACCOUNT = "<BANKACCTFROM><BANKID>021000021<ACCTID>{number}<ACCTTYPE>CHECKING</BANKACCTFROM>"
ROW = "<STMTTRN><TRNTYPE>OTHER<DTPOSTED>2026{day}<TRNAMT>{amount}<FITID>f{at}<NAME>{name}</STMTTRN>"
TAIL = "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
CLOTHES, SHOP = "GENERAL_MERCHANDISE_CLOTHING_AND_ACCESSORIES", "ZARA USA 3391 MIAMI FL"


def file_of(number: str, currency: str, *rows: tuple[str, str, str]) -> str:
    lines = "".join(ROW.format(at=at, day=day, amount=amount, name=name) for at, (day, amount, name) in enumerate(rows))
    head = HEAD.format(currency=currency) + ACCOUNT.format(number=number)
    return f"{head}<BANKTRANLIST>{lines}</BANKTRANLIST>{TAIL}"


FILES = {
    "checking.ofx": file_of(
        "99887766",
        "USD",
        ("0102", "1000.00", "ZYQQPAY"),
        ("0103", "-40.00", SHOP),
        ("0110", "15.00", SHOP),
        ("0305", "-200.00", "TRANSFER TO SAVINGS"),
        ("0306", "-9.00", "WITHDRAWAL"),
    ),
    "savings.ofx": file_of("11223344", "USD", ("0306", "200.00", "XFER FROM CHECKING"), ("0306", "9.00", "DEPOSIT")),
    "euros.ofx": file_of("55667788", "EUR", ("0104", "-30.00", SHOP)),
}  # fmt: skip


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("SQL_URL", "FIN_INFRA_VAULT_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "220")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def filled(place: Path) -> None:
    for name, text in FILES.items():
        (place / name).write_text(text)
        assert run("import", name, "--yes")[0] == 0


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def lines(*words: str) -> list[list[str]]:
    code, out, err = run(*words)
    assert (code, err) == (0, "")
    return [line.split() for line in out.splitlines() if line.split()]


def as_json(*words: str) -> Any:
    return json.loads(run(*words, "--json")[1])


def test_options_when_a_word_is_typed_then_they_are_those_of_the_package():
    assert {*get_args(options.ByWord)} == {*By}
    assert {*get_args(options.PeriodWord)} == {*Period}
    assert {*get_args(options.FigureWord)} == {*Figure}


@pytest.mark.usefixtures("filled")
def test_spending_when_shown_then_refunds_are_off_and_each_currency_has_its_total():
    shown = lines("spending")
    assert [CLOTHES, "30.00", "EUR", "1"] in shown
    assert [CLOTHES, "25.00", "USD", "2"] in shown
    assert ["34.00", "USD", "3"] in shown  # the withdrawal of 9 too
    monthly = lines("spending", "--by", "merchant", "--period", "month", "--end", "2026-02-01")
    assert ["2026-01-01", "ZARA", "25.00", "USD", "2"] in monthly


@pytest.mark.usefixtures("filled")
def test_spending_when_explained_then_each_line_is_named_and_a_wrong_name_is_one_sentence():
    code, out, _ = run("spending", "--by", "merchant", "--explain", "zara")
    assert code == 0
    assert "Spending on ZARA: 25.00 USD from 2 lines." in out
    assert "gave back 15.00 of the 40.00 of 2026-01-03" in out
    code, out, err = run("spending", "--explain", "nobody")
    assert (code, out) == (5, "")
    assert err.count("\n") == 1
    assert "No row of this table is called 'nobody'" in err


@pytest.mark.usefixtures("filled")
def test_cashflow_when_shown_then_months_between_are_there_with_zero_and_no_rate():
    shown = lines("cashflow")
    assert ["2026-01", "1000.00", "USD", "25.00", "USD", "975.00", "USD", "97.50%", "0", "USD"] in shown
    assert ["2026-02", "0", "USD", "0", "USD", "0", "USD", "none", "0", "USD"] in shown
    assert ["2026-01", "0", "EUR", "30.00", "EUR", "-30.00", "EUR", "none", "0", "EUR"] in shown
    assert ["1009.00", "USD", "34.00", "USD", "975.00", "USD", "96.63%", "0.00", "USD"] in shown  # 975 / 1009
    code, out, _ = run("cashflow", "--explain", "savings_rate", "--start", "2026-01-01", "--end", "2026-02-01")
    assert code == 0
    assert "net 975.00 USD of income 1000.00 USD is 0.9750" in out


@pytest.mark.usefixtures("filled")
def test_answers_when_asked_for_machines_then_they_are_json_and_csv():
    assert [each["spent"] for each in as_json("spending")["totals"]] == [
        {"amount": "30.00", "currency": "EUR"},
        {"amount": "34.00", "currency": "USD"},
    ]
    assert as_json("cashflow")["rows"][1]["savings_rate"] == "0.9750"
    assert as_json("transfers")["refunds"][0]["amount"] == {"amount": "15.00", "currency": "USD"}
    assert as_json("spending", "--explain", CLOTHES)[0]["lines"][0]["amount"]["currency"] == "EUR"
    for command, count in (("spending", 3), ("cashflow", 4), ("transfers", 2)):
        rows = list(csv.DictReader(io.StringIO(run(command, "--csv")[1])))
        assert len(rows) == count
    assert run("spending", "--json", "--csv")[0] == 2


@pytest.mark.usefixtures("filled")
def test_transfers_when_shown_then_pairs_refunds_and_what_is_unclear_have_their_tables():
    code, out, _ = run("transfers")
    assert code == 0
    assert "both texts or labels speak of a transfer" in out
    assert "Unclear, not counted as pairs" in out
    one, other = (as_json("transfers")["unclear"][0][side] for side in ("out_id", "in_id"))
    assert "are one transfer now" in run("transfers", "--link", one, other)[1]
    assert "nothing was changed" in run("transfers", "--link", one, other)[1]
    found = as_json("transfers")
    assert (found["unclear"], len(found["transfers"])) == ([], 2)
    pair = next(each for each in found["transfers"] if each["confidence"] != "1")
    assert as_json("transfers", "--apart", pair["in_id"]) == {"changes": 1}
    left = as_json("transfers")["transfers"]  # the other side says by its own text that it is one
    assert [each["in_id"] for each in left] == [None, other]


@pytest.mark.usefixtures("filled")
def test_commands_when_nothing_is_there_then_they_say_so_in_one_sentence():
    for command, said in (
        ("spending", "Nothing was spent in these days."),
        ("cashflow", "Nothing was spent or earned in these days."),
        ("transfers", "No money moved between own accounts in these days, and none was refunded."),
    ):
        code, out, err = run(command, "--start", "2027-01-01")
        assert (code, out, err) == (0, "", f"{said}\n")
    assert run("cashflow", "--user", "nobody")[0] == 0
    assert run("cashflow", "--start", "2027-01-01", "--explain", "net")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("spending", "--account", "999"), "The book has no account 999."),
        (("cashflow", "--start", "2026-02-01", "--end", "2026-01-01"), "`start` must be before `end`"),
        (("transfers", "--link", "1", "1"), "cannot be linked with itself"),
        (("transfers", "--apart", "4711"), "The book has no transaction 4711."),
        (("transfers", "--link", "1", "2", "--apart", "1"), "Take one of --link and --apart."),
    ],
)
@pytest.mark.usefixtures("filled")
def test_commands_when_the_input_cannot_be_meant_then_it_is_one_sentence(words, said):
    code, out, err = run(*words)
    assert code != 0
    assert out == ""
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_commands_when_there_is_no_book_then_they_say_so(place: Path):
    for command in ("spending", "cashflow", "transfers"):
        code, out, err = run(command)
        assert code != 0
        assert out == ""
        assert len(err.strip().splitlines()) == 1
    assert not list(place.rglob("*.db"))
