"""Files over HTTP: transactions for other programs, and statement files as they were sent."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fin_infra.api import PUBLIC, add_book, files
from fin_infra.book import Book, open_book
from fin_infra.imports.statements import read_statement
from fin_infra.security import keyring
from fin_infra.transport import Async
from tests.api.test_imports import FILE, caller, sent

parquet: Any = pytest.importorskip("pyarrow.parquet")
EXPORT = "/transactions/export"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("FIN_INFRA_VAULT_KEYS", keyring.new_key_text("one"))
    book: Book[Async] = open_book(f"sqlite:///{tmp_path / 'book.db'}", mode="async")
    app = FastAPI()
    add_book(app, auth=PUBLIC, book_of=lambda user: book.of(user.name, user.tenant), caller=caller)
    with TestClient(app) as found:
        yield found
    book.engine.dispose()


@pytest.mark.parametrize(
    ("format", "kind", "ending"),
    [
        ("csv", "text/csv; charset=utf-8", "csv"),
        ("ofx", "application/x-ofx", "ofx"),
        ("parquet", "application/vnd.apache.parquet", "parquet"),
        ("beancount", "text/plain; charset=utf-8", "beancount"),
    ],
)
def test_export_when_asked_for_then_it_is_a_whole_file_of_its_kind_for_nobody_else(
    client: TestClient, format: str, kind: str, ending: str
) -> None:
    sent(client, "/imports")
    reply = client.get(EXPORT, params={"format": format})
    assert (reply.status_code, reply.headers["content-type"]) == (200, kind)
    assert reply.headers["content-disposition"] == f'attachment; filename="transactions.{ending}"'
    assert reply.headers["cache-control"] == "private, no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert int(reply.headers["content-length"]) == len(reply.content)
    if format == "csv":
        [row] = csv.DictReader(io.StringIO(reply.text))
        assert (row["amount"], row["description"]) == ("-4.50", "Coffee")
    elif format == "ofx":
        [line] = read_statement(reply.content).statements[0].lines
        assert (str(line.amount), line.description) == ("-4.50 USD", "Coffee")
    elif format == "parquet":
        [found] = parquet.read_table(io.BytesIO(reply.content)).to_pylist()
        assert (str(found["amount"]), found["description"]) == ("-4.50", "Coffee")
    else:
        assert '2026-03-03 * "Coffee"' in reply.text
    bob = client.get(EXPORT, params={"format": format}, headers={"x-user": "bob"})
    assert (bob.status_code, b"Coffee" in bob.content) == (200, False)


def test_export_when_days_or_an_account_are_chosen_then_only_those(client: TestClient) -> None:
    sent(client, "/imports")
    [account] = client.get("/accounts").json()["data"]
    for params, there in (
        ({"start": "2026-03-03", "end": "2026-03-04"}, True),
        ({"start": "2026-03-04"}, False),
        ({"account": account["id"]}, True),
    ):
        assert ("Coffee" in client.get(EXPORT, params=params).text) is there
    stranger = client.get(EXPORT, params={"account": account["id"]}, headers={"x-user": "bob"})
    assert (stranger.status_code, "no account" in stranger.text) == (422, True)
    assert client.get(EXPORT, params={"format": "xlsx"}).status_code == 422


def test_export_when_it_cannot_be_made_then_the_answer_is_an_error_and_no_half_file(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    reply = client.get(EXPORT, params={"format": "parquet"})
    assert reply.headers["content-type"] == "application/problem+json"
    assert "content-disposition" not in reply.headers
    assert (reply.status_code, reply.json()["code"]) == (500, "fin.missing_extra")


def test_export_when_larger_than_what_stays_in_memory_then_it_is_whole_and_no_file_is_left(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sent(client, "/imports")
    small = client.get(EXPORT, params={"format": "csv"}).content
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(files, "_IN_MEMORY", 16)
    assert client.get(EXPORT, params={"format": "csv"}).content == small
    assert list((tmp_path / "temporary").iterdir()) == []


def test_original_when_asked_for_then_it_is_what_was_sent_and_nobody_elses(client: TestClient) -> None:
    number = sent(client, "/imports", name="march.ofx")["document"]["id"]
    reply = client.get(f"/imports/{number}/file")
    assert reply.content == FILE
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"] == f'attachment; filename="import-{number}.bin"'
    assert client.get("/imports").json()["data"][0]["kept"] is True
    assert client.get(f"/imports/{number}/file", headers={"x-user": "bob"}).status_code == 422
    client.post(f"/imports/{number}/undo")
    gone = client.get(f"/imports/{number}/file")
    assert (gone.status_code, "destroyed" in gone.text) == (404, True)
