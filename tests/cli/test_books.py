"""The commands of the book and of connections, from outside, over a sandbox."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from fin_infra.book import open_book, tables, webhooks
from fin_infra.book.engine import writing
from fin_infra.book.lease import Owner
from fin_infra.book.read import ABOUT_ACCOUNTS
from fin_infra.cli import linking
from fin_infra.cli.main import app
from fin_infra.providers import registry
from fin_infra.providers.interfaces.webhooks import EventKind, WebhookEvent
from fin_infra.sandbox import environment, running

TOKEN = "test_token_sandbox"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running() as url:
        yield url


@pytest.fixture(autouse=True)
def place(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    for name in ("SQL_URL", "FIN_INFRA_MODE", "FIN_INFRA_CONNECT_TOKEN", "FIN_INFRA_VAULT_KEYS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment(url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)
    registry.reset()
    yield tmp_path
    registry.reset()


def run(*words: str, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(words), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def connected() -> str:
    code, out, err = run("connect", "banking:teller", "--token", "-", "--json", stdin=f"{TOKEN}\n")
    assert (code, err) == (0, "")
    return str(json.loads(out)["id"])


def test_connect_when_the_token_comes_in_a_pipe_then_it_is_sealed_and_shown_nowhere(place: Path) -> None:
    code, out, err = run("connect", "banking:teller", "--token", "-", stdin=f"{TOKEN}\n")
    assert (code, "healthy" in out) == (0, True)
    assert TOKEN not in out + err
    assert all(TOKEN.encode() not in file.read_bytes() for file in place.rglob("*") if file.is_file())
    code, out, _ = run("connections", "--json")
    [connection] = json.loads(out)
    assert (connection["provider"], connection["state"]) == ("banking:teller", "healthy")
    assert connection["id"] in run("connections")[1]


def test_connect_when_the_token_is_in_the_environment_then_no_option_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIN_INFRA_CONNECT_TOKEN", "test_token_disconnected")
    code, out, _ = run("connect", "banking:teller")
    assert (code, "person_must_act" in out) == (1, True)
    assert "Sign in at the vendor again" in " ".join(out.split())


def test_connect_when_no_token_comes_then_one_sentence_says_how() -> None:
    code, out, err = run("connect", "banking:teller", "--token", "-")
    assert (code, out, err.count("\n")) == (5, "", 1)
    assert "No token was given" in err


def test_sync_when_there_is_no_news_then_it_says_zero_and_exits_0() -> None:
    connection = connected()
    code, out, err = run("sync", "--json")
    [result] = json.loads(out)
    assert (code, err, result["connection"], result["changes"]) == (0, "", connection, 0)
    assert run("sync", connection)[0] == 0
    code, _, err = run("sync", "c-none")
    assert (code, "no connection of that id" in err) == (5, True)


def sign_in(vendor: str, page: str, *, bank: str = "") -> None:
    """Do what a person does on the vendor's page."""
    with httpx2.Client(base_url=vendor, trust_env=False, timeout=30) as http:
        shown = http.get(page).text
        chosen = bank or (re.findall(r"name='institution' value='([^']+)' checked", shown) or [""])[0]
        http.post(page, data={"action": "finish", "user": "user_good", "institution": chosen}).raise_for_status()


def test_link_when_the_person_signs_in_then_the_login_is_read_repaired_and_looked_at(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []

    def told(text: str) -> None:
        pages.append(text.rpartition(" ")[2])
        sign_in(url, pages[-1])

    monkeypatch.setattr(linking, "tell", told)
    code, out, err = run("link", "banking:plaid", "--json")
    [made] = json.loads(out)
    assert (code, err, made["state"], made["provider"]) == (0, "", "healthy", "banking:plaid")
    code, out, _ = run("connections", "doctor", made["id"], "--json")
    found = json.loads(out)
    assert (code, found["vendor"]["status"], found["vendor_error"]) == (0, "healthy", None)
    code, out, err = run("connections", "doctor", made["id"])
    assert (code, err) == (0, "")
    assert "what to do       Nothing; the next sync goes on by itself." in out
    code, out, _ = run("repair", made["id"], "--json")
    assert (code, [each["id"] for each in json.loads(out)]) == (0, [made["id"]])
    assert len(set(pages)) == 2
    book = open_book()
    book.processor_token(book.accounts()[0].id, "alpaca")
    book.engine.dispose()
    code, _, err = run("disconnect", made["id"])
    assert (code, "With it ends how alpaca moves money of its accounts." in err) == (1, True)


def test_link_when_nobody_comes_or_the_vendor_has_no_page_then_one_sentence_says_so() -> None:
    code, _, err = run("link", "banking:plaid", "--wait", "0")
    assert code == 5
    assert "Nobody came to the end of that page within 0 s" in err
    code, _, err = run("link", "banking:teller")
    assert code == 5
    assert "Teller has no page of its own for this; connect with the token" in err
    code, _, err = run("connections", "doctor", "c-none")
    assert (code, "no connection of that id" in err) == (5, True)


def test_disconnect_when_somebody_says_yes_then_history_stays() -> None:
    connection = connected()
    code, _, err = run("disconnect", connection)
    assert (code, "Nothing was changed" in err) == (1, True)
    code, out, _ = run("disconnect", connection, stdin="y\n")
    assert (code, "revoked" in out) == (0, True)
    assert json.loads(run("book", "where", "--json")[1])["transactions"] > 1_000
    assert "nothing to sync" in run("sync")[2]
    code, _, err = run("disconnect", "c-none", "--yes")
    assert (code, "no connection of that id" in err) == (5, True)


@pytest.mark.parametrize(
    "words", [("book", "where"), ("book", "check"), ("book", "export", "x"), ("export", "x.csv"), ("sync",)]
)
def test_command_when_there_is_no_book_then_none_is_made(place: Path, words: tuple[str, ...]) -> None:
    code, out, err = run(*words)
    assert (code, out) == (5, "")
    assert "There is no book at" in err
    assert "`fin-infra connect` makes one" in err
    assert not (place / "fin-infra" / "book.db").exists()


def test_where_and_check_when_there_is_a_book_then_they_tell_of_it(place: Path) -> None:
    connected()
    out = run("book", "where")[1]
    assert str(place / "fin-infra" / "book.db") in out
    assert " bytes" in out
    assert run("book", "check") == (0, "The book is in order.\n", "")
    with sqlite3.connect(place / "fin-infra" / "book.db") as db:
        db.execute("UPDATE households SET head = head + 1")
    db.close()
    code, out, _ = run("book", "check", "--json")
    assert (code, json.loads(out)["ok"], len(json.loads(out)["wrong"])) == (1, False, 1)
    code, out, _ = run("book", "check")
    assert (code, "its head says" in out) == (1, True)


def test_upgrade_when_nothing_is_to_do_then_it_says_so() -> None:
    connected()
    code, out, _ = run("book", "upgrade")
    assert (code, "already" in out) == (0, True)


def test_book_when_it_is_newer_then_each_command_says_its_version(place: Path) -> None:
    connected()
    with sqlite3.connect(place / "fin-infra" / "book.db") as db:
        db.execute("UPDATE book_revision SET version_num = '9999'")
    db.close()
    for words in (
        ("sync",),
        ("connections",),
        ("book", "upgrade"),
        ("book", "backup", "b.db"),
        ("book", "export", "x"),
        ("export", "x.csv"),
    ):
        code, out, err = run(*words)
        assert (code, out, err.count("\n")) == (1, "", 1), words
        assert "9999" in err
    assert "newer than this program" in run("book", "where")[1]


def test_backup_when_restored_then_the_book_is_as_it_was(place: Path) -> None:
    connected()
    before = json.loads(run("book", "where", "--json")[1])
    code, out, _ = run("book", "backup", "saved.db")
    assert (code, "Wrote saved.db" in out) == (0, True)
    code, _, err = run("book", "backup", "saved.db")
    assert (code, "is there already" in err) == (5, True)
    code, _, err = run("book", "restore", "saved.db")
    assert (code, "is not empty" in err) == (5, True)
    code, _, err = run("book", "restore", "saved.db", "--replace")
    assert (code, "Nothing was changed" in err) == (1, True)
    code, out, _ = run("book", "restore", "saved.db", "--replace", "--yes")
    assert (code, "Restored" in out) == (0, True)
    now = json.loads(run("book", "where", "--json")[1])
    assert {name: now[name] for name in ("head", "transactions")} == {
        name: before[name] for name in ("head", "transactions")
    }
    assert run("sync")[0] == 0


def test_export_of_transactions_when_imported_again_then_nothing_is_new(place: Path) -> None:
    connected()
    code, out, _ = run("export", "all.csv")
    assert (code, "Wrote all.csv: " in out) == (0, True)
    done = json.loads(run("export", "all", "--format", "ofx", "--start", "2020-01-01", "--json")[1])
    assert (done["format"], done["size"]) == ("ofx", (place / "all").stat().st_size)
    before = json.loads(run("book", "where", "--json")[1])["transactions"]
    code, out, _ = run("import", "all.csv", "--yes", "--json")
    assert (code, json.loads(out)["result"]["added"]) == (0, 0)
    assert json.loads(run("book", "where", "--json")[1])["transactions"] == before
    code, _, err = run("export", "all.csv")
    assert (code, "give the export a new file" in err) == (5, True)
    code, _, err = run("export", "all.xlsx")
    assert (code, "give one of csv, ofx, parquet, beancount" in err) == (5, True)


def test_export_and_erase_when_asked_then_files_are_there_and_rows_are_not(place: Path) -> None:
    connected()
    code, out, _ = run("book", "export", "out")
    assert (code, "transactions.csv" in out) == (0, True)
    assert (place / "out" / "transactions.csv").exists()
    run("book", "backup", "saved.db")
    code, _, err = run("book", "erase")
    assert (code, "Nothing was erased" in err) == (1, True)
    code, out, err = run("book", "erase", "--yes")
    assert (code, err, "0 are left" in out) == (0, "", True)
    assert json.loads(run("book", "where", "--json")[1])["transactions"] == 0
    code, out, _ = run("book", "restore", "saved.db")
    assert (code, "1 households were erased since" in out) == (0, True)
    assert json.loads(run("book", "where", "--json")[1])["transactions"] == 0
    assert run("connections")[2].startswith("No connections yet; add one")


def test_households_when_two_share_a_database_then_each_command_is_of_one() -> None:
    connected()
    assert json.loads(run("connections", "--user", "bob", "--json")[1]) == []
    assert json.loads(run("book", "where", "--tenant", "other", "--json")[1])["transactions"] == 0
    run("book", "erase", "--user", "bob", "--yes")
    assert len(json.loads(run("connections", "--json")[1])) == 1


def test_unknown_logins_when_webhooks_name_them_then_each_is_listed_once_and_known_ones_are_not(place: Path) -> None:
    connected()
    assert run("connections", "unknown", "--json")[:2] == (0, "[]\n")
    assert "No vendor tells of a login" in run("connections", "unknown")[2]
    engine, noon = open_book().engine, datetime(2026, 3, 3, 12, tzinfo=UTC)
    for number, (login, account) in enumerate([("enr_x", None), ("enr_x", None), (None, "acc_y")]):
        event = WebhookEvent(
            event_id=f"wh_{number}", kind=EventKind.NEWS, type="transactions.processed", login=login, account=account
        )
        webhooks.take(engine, "banking:teller", event, noon + timedelta(hours=number))
    webhooks.settle(engine, noon)
    code, out, _ = run("connections", "unknown", "--json")
    assert (code, json.loads(out)) == (0, [
        {"provider": "banking:teller", "login": "enr_x", "account": None, "events": 2,
         "last_type": "transactions.processed",
         "first_at": "2026-03-03T12:00:00+00:00", "last_at": "2026-03-03T13:00:00+00:00"},
        {"provider": "banking:teller", "login": None, "account": "acc_y", "events": 1,
         "last_type": "transactions.processed",
         "first_at": "2026-03-03T14:00:00+00:00", "last_at": "2026-03-03T14:00:00+00:00"},
    ])  # fmt: skip
    code, out, _ = run("connections", "unknown")
    assert code == 0
    assert "enr_x" in out
    assert "account acc_y" in out


def ask_about_accounts() -> tuple[int, int]:
    """Make two accounts of two files that show one ending, and a question about them; return its ids."""
    engine, owner, noon = open_book().engine, Owner("default", ""), datetime(2026, 3, 3, 12, tzinfo=UTC)
    with writing(engine) as db:
        rows = [
            {"id": id, "source": source, "vendor_id": f"v-{id}", "name": "Checking", "type": "depository",
             "subtype": "checking", "currency": "USD", "institution": bank, "status": "open", "ending": "1111"}
            for id, source, bank in ((901, "c-1", "First Bank"), (902, "c-2", "First Bank NA"))
        ]  # fmt: skip
        for row in rows:
            db.execute(tables.accounts.insert(), {**owner.scope, **row})
        asked = {"row": 902, "other": 901, "kind": ABOUT_ACCOUNTS, "institution": "First Bank", "same": None}
        db.execute(tables.doubts.insert(), {**owner.scope, **asked, "pattern": ABOUT_ACCOUNTS, "at": noon})
    return 902, 901


@pytest.mark.parametrize(("word", "joined"), [("same", True), ("different", False)])
def test_doubts_when_two_accounts_may_be_one_then_they_are_listed_and_answered_for_good(
    word: str, joined: bool
) -> None:
    connected()
    assert json.loads(run("doubts", "--json")[1]) == {"accounts": [], "transactions": [], "trades": []}
    assert run("doubts") == (0, "", "The book has no questions.\n")
    ids = [str(each) for each in ask_about_accounts()]
    [asked] = json.loads(run("doubts", "--json")[1])["accounts"]
    assert [str(asked["id"]), str(asked["other_id"])] == ids
    assert (asked["account"]["institution"], asked["other"]["institution"]) == ("First Bank NA", "First Bank")
    out = run("doubts")[1]
    assert "First Bank NA: Checking ...1111 (c-2)" in out
    assert "fin-infra doubts answer" in out
    code, out, err = run("doubts", "answer", *ids, word, "--json")
    assert (code, json.loads(out)["changes"] > 0, err) == (0, True, "")
    assert (901 in _accounts(), 902 in _accounts()) == (True, not joined)
    assert json.loads(run("doubts", "--json")[1])["accounts"] == []
    assert "nothing was changed" in run("doubts", "answer", *ids, word)[1]
    other = "different" if joined else "same"
    code, _, err = run("doubts", "answer", *ids, other)
    assert (code, err) == (5, "error: This question has been answered before, the other way.\n")


def test_doubts_when_the_book_does_not_ask_or_the_word_is_another_then_one_sentence_says_so() -> None:
    connected()
    code, _, err = run("doubts", "answer", "1", "2", "same")
    assert (code, err.count("\n"), "does not ask" in err) == (5, 1, True)
    code, _, err = run("doubts", "answer", "1", "2", "perhaps")
    assert (code, "perhaps" in err) == (2, True)


def _accounts() -> set[int]:
    return {each.id for each in open_book().accounts()}
