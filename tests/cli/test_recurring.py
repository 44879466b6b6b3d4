"""`recurring`, `forecast` and `bills` as a person types them, over a file that was imported."""

from __future__ import annotations

import csv
import json
import stat
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from icalendar import Calendar
from typer.testing import CliRunner

from fin_infra.cli.main import app
from fin_infra.security import keyring

TODAY = datetime.now(UTC).date()
LAST = TODAY - timedelta(days=10)


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def statement(rows: list[tuple[date, str, str]], account: str = "99887766", currency: str = "USD") -> str:
    listed = "".join(
        f"<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{day:%Y%m%d}<TRNAMT>{amount}<FITID>{name[:4]}{at}<NAME>{name}</STMTTRN>"
        for at, (day, name, amount) in enumerate(rows)
    )
    return (
        f"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>{currency}"
        f"<BANKACCTFROM><BANKID>021000021<ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>{listed}"
        f"</BANKTRANLIST><LEDGERBAL><BALAMT>500.00<DTASOF>{TODAY:%Y%m%d}</LEDGERBAL></STMTRS></STMTTRNRS>"
        "</BANKMSGSRSV1></OFX>"
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SQL_URL", f"sqlite:///{tmp_path / 'book.db'}")
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


@pytest.fixture
def filled(home: Path) -> Path:
    """A book of a weekly lesson, pay every second week and one that has ended, each at a fixed distance."""
    lessons = [(LAST - timedelta(days=7 * n - 7), "PIANO LESSONS", "-45.00") for n in range(8)]
    pay = [(LAST - timedelta(days=14 * n - 1), "ACME PAYROLL", "1500.00") for n in range(6)]
    ended = [(LAST - timedelta(days=200 + 7 * n), "CHESS CLUB", "-9.00") for n in range(8)]
    file = home / "checking.ofx"
    file.write_text(statement([*lessons, *pay, *ended]))
    assert run("import", str(file), "--yes")[0] == 0
    return home


def test_recurring_when_listed_then_streams_have_next_dates_and_totals(filled: Path) -> None:
    code, out, _ = run("recurring")
    assert code == 0
    assert f"{LAST + timedelta(days=14)}" in out
    assert "PIANO LESSONS" in out
    assert "biweekly" in out
    assert "CHESS CLUB" not in out
    assert "1 have ended and are not shown" in out
    assert "1455.00 USD" in out  # 1500.00 in and 45.00 out
    assert "CHESS CLUB" in run("recurring", "--ended")[1]


def test_recurring_when_json_or_csv_then_the_records_are_the_same(filled: Path) -> None:
    rows = json.loads(run("recurring", "--json")[1])
    assert [row["frequency"] for row in rows] == ["weekly", "biweekly"]
    table = list(csv.DictReader(StringIO(run("recurring", "--csv")[1])))
    assert [row["merchant"] for row in table] == [row["merchant"] for row in rows]
    code, _, err = run("recurring", "--json", "--csv")
    assert (code, "take one of --json and --csv" in err) == (2, True)


def test_forecast_when_shown_then_months_add_up_and_the_lowest_point_is_there(filled: Path) -> None:
    until = LAST + timedelta(days=29)
    made = json.loads(run("forecast", "--until", until.isoformat(), "--json")[1])
    [line] = made["accounts"]
    assert line["closing"]["amount"] == "3365.00"  # 500 + 2 * 1500 - 3 * 45
    assert (line["low_point"]["amount"], line["low_date"]) == ("455.00", str(LAST + timedelta(days=14)))
    code, out, _ = run("forecast", "--until", until.isoformat())
    assert code == 0
    assert "together" in out
    assert "3365.00 USD" in out
    assert "shopping is not" in out
    assert "worst" in run("forecast", "--days")[1]


def test_bills_when_listed_then_money_out_alone_with_its_total(filled: Path) -> None:
    until = LAST + timedelta(days=28)
    code, out, _ = run("bills", "--until", until.isoformat())
    assert code == 0
    assert out.count("PIANO LESSONS") == 3
    assert "ACME" not in out
    assert "-135.00 USD" in out


def test_bills_when_written_as_a_calendar_then_another_program_reads_it_and_nobody_else(filled: Path) -> None:
    file = filled / "bills.ics"
    code, out, _ = run("bills", "--ical", str(file))
    assert (code, "1 events" in out) == (0, True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    [event] = Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    assert event["RRULE"].to_ical() == b"FREQ=WEEKLY;INTERVAL=1"
    before = file.read_bytes()
    code, _, err = run("bills", "--ical", str(file))
    assert code == 5
    assert err == f"error: {file} is there already; choose a new file, or move that one.\n"
    assert file.read_bytes() == before
    code, _, err = run("bills", "--ical", str(filled / "none" / "bills.ics"))
    assert (code, err) == (5, f"error: The folder {filled / 'none'} is not there; make it first.\n")


@pytest.mark.parametrize("command", ["forecast", "bills"])
def test_expected_when_the_day_cannot_be_meant_then_one_sentence(filled: Path, command: str) -> None:
    code, _, err = run(command, "--until", "2020-01-01")
    assert code == 5
    assert err == f"error: The last day, 2020-01-01, is before today, {TODAY}.\n"
    assert run(command, "--until", "soon")[0] == 2


def test_commands_when_nothing_repeats_then_they_say_so(home: Path) -> None:
    file = home / "one.ofx"
    file.write_text(statement([(LAST, "CORNER SHOP", "-3.00")]))
    assert run("import", str(file), "--yes")[0] == 0
    assert "Nothing comes again and again yet" in run("recurring")[2]
    assert "Nothing comes again and again yet" in run("forecast")[2]
    assert run("bills")[2] == "No bills are expected in this time.\n"


@pytest.mark.parametrize("command", ["recurring", "forecast", "bills"])
def test_commands_when_there_is_no_book_then_one_sentence(home: Path, command: str) -> None:
    code, out, err = run(command)
    assert (code != 0, out, err.count("\n")) == (True, "", 1)
