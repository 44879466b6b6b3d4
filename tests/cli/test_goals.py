"""`goals` and `alerts` as a person types them, over a file that was imported."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fin_infra.cli.main import app
from fin_infra.security import keyring

TODAY = datetime.now(UTC).date()
LAST = TODAY - timedelta(days=5)
ROW = "<STMTTRN><TRNTYPE>OTHER<DTPOSTED>{day:%Y%m%d}<TRNAMT>{amount}<FITID>{id}<NAME>{name}</STMTTRN>"


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of two equal charges and a fee, with 500.00 USD in the account."""
    monkeypatch.setenv("SQL_URL", f"sqlite:///{tmp_path / 'book.db'}")
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    monkeypatch.setenv("COLUMNS", "200")
    rows = [("-19.99", "a1", "STREAMFLIX"), ("-19.99", "a2", "STREAMFLIX"), ("-35.00", "f1", "OVERDRAFT FEE")]
    listed = "".join(ROW.format(day=LAST, amount=amount, id=id, name=name) for amount, id, name in rows)
    file = tmp_path / "checking.ofx"
    file.write_text(
        "OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD"
        f"<BANKACCTFROM><BANKID>021000021<ACCTID>99887766<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST>{listed}"
        f"</BANKTRANLIST><LEDGERBAL><BALAMT>500.00<DTASOF>{TODAY - timedelta(days=1):%Y%m%d}</LEDGERBAL></STMTRS>"
        "</STMTTRNRS></BANKMSGSRSV1></OFX>"
    )
    assert run("import", str(file), "--yes")[0] == 0
    return tmp_path


def test_goals_when_one_is_added_then_it_is_listed_with_totals_and_removed(home: Path) -> None:
    [account] = json.loads(run("accounts", "--json")[1])
    words = ("--target", "2000", "--monthly", "100", "--account", str(account["id"]))
    made = json.loads(run("goals", "add", "Trip", *words, "--json")[1])
    code, out, _ = run("goals")
    assert code == 0
    assert all(each in out for each in ("Trip", "2000.00 USD", "500.00 USD", "25.00%", "100.00 USD", "Totals"))
    [row] = json.loads(run("goals", "--json")[1])
    assert (row["goal"]["id"], row["percent"], row["remaining"]["amount"]) == (made["id"], "25.00", "1500.00")
    assert len(list(csv.DictReader(StringIO(run("goals", "--csv")[1])))) == 1
    assert run("goals", "remove", made["id"])[1] == f"Goal {made['id']} is removed.\n"
    assert "There are no goals" in run("goals")[2]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("--target", "-5", "--monthly", "1"),
            "`target` is -5.00 USD; write what is owed, saved or paid as",
        ),
        (("--target", "100", "--monthly", "0"), "With 0.00 USD a month 100.00 USD is never reached; it takes at least"),
        (("--target", "100", "--by", "2020-01-01"), f"`by`, 2020-01-01, is not after today, {TODAY}."),
        (("--target", "100"), "A goal needs a day, `by`, or an amount for each month, `monthly`."),
        (("--monthly", "5"), "A goal needs `--target`, unless it is to pay off an account that owes something."),
        (("--target", "1.005", "--monthly", "5"), "`--target` is 1.005 USD, which is not in whole minor units of USD."),
        (("--target", "5", "--monthly", "5", "--kind", "dream"), "`--kind` must be savings, emergency or payoff"),
        (("--target", "5", "--monthly", "5", "--account", "99"), "The book has no account 99"),
        (
            ("--target", "10000", "--monthly", "100", "--kind", "payoff", "--rate", "18"),
            "100.00 USD a month never pays off debt new: on 10000.00 USD the interest alone is 150.00 USD a month; "
            "pay at least 150.01 USD.",
        ),
    ],
)
def test_goals_when_one_cannot_be_meant_then_one_sentence_and_nothing_is_written(
    home: Path, words: tuple[str, ...], says: str
) -> None:
    code, out, err = run("goals", "add", "Dream", *words)
    assert (code, out, err.count("\n")) == (5, "", 1)
    assert err.startswith(f"error: {says}")
    assert json.loads(run("goals", "--json")[1]) == []


def test_goals_when_the_account_is_in_another_currency_then_one_sentence(home: Path) -> None:
    [account] = json.loads(run("accounts", "--json")[1])
    words = ("--target", "5", "--monthly", "1", "--currency", "EUR", "--account", str(account["id"]))
    code, _, err = run("goals", "add", "Trip", *words)
    assert (code, err) == (5, f"error: Account {account['id']} is in USD, and the goal is in EUR.\n")


def test_payoff_when_figures_are_typed_then_both_orders_are_shown_without_a_book() -> None:
    code, out, _ = run("goals", "payoff", "visa:10000:18:250", "loan:4000:6:100", "--extra", "150")
    assert code == 0
    assert "Avalanche: 500.00 USD a month" in out
    assert "Snowball: 500.00 USD a month" in out
    assert out.count("14000.00 USD") == 2
    words = ("goals", "payoff", "visa:10000:18:500", "--strategy", "snowball")
    plan = json.loads(run(*words, "--json")[1])
    assert (plan["months"], plan["interest"]["amount"]) == (24, "1978.25")
    rows = list(csv.DictReader(StringIO(run(*words, "--csv")[1])))
    assert (len(rows), rows[-1]["payment"], rows[-1]["balance"]) == (24, "478.25", "0.00")


@pytest.mark.parametrize(
    ("debt", "says"),
    [
        ("visa:10000:18:100", "100.00 USD a month never pays off debt visa"),
        ("visa:-10000:18:500", "`balance` is -10000.00 USD"),
        ("visa:10000:18", "Write a debt as NAME:BALANCE:RATE:MINIMUM"),
        ("visa:10000:x:500", "`RATE` must be percent a year"),
        ("visa:ten:18:500", "`BALANCE` must be an amount"),
    ],
)
def test_payoff_when_a_debt_cannot_be_meant_then_one_sentence(debt: str, says: str) -> None:
    code, out, err = run("goals", "payoff", debt)
    assert (code, out, err.count("\n")) == (5, "", 1)
    assert err.startswith(f"error: {says}")


def test_alerts_when_listed_then_they_are_counted_and_one_can_be_dismissed(home: Path) -> None:
    code, out, _ = run("alerts")
    assert code == 0
    assert "STREAMFLIX took 19.99 USD 2 times" in out
    assert "2 in all: 1 duplicate charge, 1 fee." in out
    rows = json.loads(run("alerts", "--json")[1])
    assert [each["kind"] for each in rows] == ["duplicate_charge", "fee"]
    assert len(list(csv.DictReader(StringIO(run("alerts", "--csv")[1])))) == 2
    assert run("alerts", "dismiss", rows[0]["id"])[1] == "It will not be shown again.\n"
    assert "dismissed before" in run("alerts", "dismiss", rows[0]["id"])[1]
    assert [each["kind"] for each in json.loads(run("alerts", "--json")[1])] == ["fee"]
    run("alerts", "dismiss", rows[1]["id"])
    assert run("alerts")[2] == "There is nothing to tell.\n"
    code, _, err = run("alerts", "dismiss", "0" * 16)
    assert (code, err) == (5, "error: There is no such alert today; list the alerts to see which there are.\n")
