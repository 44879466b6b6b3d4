"""The book in the service: where it is, a database that is down at the start, and a book of another revision."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from asset_aggregator import api
from asset_aggregator.books import Books
from fin_infra.api import User
from fin_infra.book import open_book
from fin_infra.book.engine import writing
from fin_infra.book.lease import Owner
from fin_infra.errors import BookOutdated, BookUnavailable, ConfigurationError
from fin_infra.features import acting
from fin_infra.providers import registry
from tests.support.ports import free_port

TOKEN = "t" * 30


@pytest.fixture(autouse=True)
def _service(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SQL_URL", "FIN_INFRA_VAULT_KEYS", "FIN_INFRA_VAULT_KEYS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
    monkeypatch.setenv("FIN_INFRA_API_TOKENS", f"ana={TOKEN}")
    monkeypatch.setenv("LOG_FORMAT", "none")
    registry.reset()


def test_books_when_nothing_is_set_then_they_are_in_the_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    Books().close()
    assert (tmp_path / "fin-infra" / "book.db").stat().st_mode & 0o777 == 0o600


def test_books_when_two_ask_then_each_has_the_book_of_its_household(tmp_path: Path) -> None:
    books = Books(f"sqlite:///{tmp_path / 'book.db'}")
    assert books.of(User("ana")).owner == Owner("default", "ana")
    assert books.of(User("ana", "north")).owner == Owner("north", "ana")
    assert books.of(User("ana")).engine is books.of(User("ben")).engine
    assert books.mine() is None, "nobody acts"
    with acting("north", "ben"):
        mine = books.mine()
    assert mine is not None
    assert mine.owner == Owner("north", "ben")
    books.close()


def test_service_when_the_book_is_of_another_revision_then_it_ends_with_the_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'book.db'}"
    book = open_book(url)
    with writing(book.engine) as db:
        db.execute(sa.text("UPDATE book_revision SET version_num = '0001'"))
    book.engine.dispose()
    with pytest.raises(BookOutdated, match="run `fin-infra book upgrade`"):
        Books(url)
    monkeypatch.setattr(api, "create_app", lambda: Books(url))
    with pytest.raises(SystemExit, match=r"error: The book .* run `fin-infra book upgrade`"):
        _ = api.app


def test_service_when_the_database_is_down_at_the_start_then_it_serves_the_rest_and_says_503(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"postgresql://app:hunter2hunter2@127.0.0.1:{free_port()}/book"
    monkeypatch.setenv("SQL_URL", url)
    with caplog.at_level(logging.WARNING), TestClient(api.create_app(), raise_server_exceptions=False) as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        for path in ("/accounts", "/transactions", "/connections"):
            reply = client.get(path, headers=headers)
            assert (reply.status_code, reply.json()["code"]) == (503, "fin.book_unavailable")
            assert int(reply.headers["retry-after"]) > 0
            assert "127.0.0.1" not in reply.text
            assert "hunter2" not in reply.text
        ready = client.get("/readyz", headers=headers).json()
        assert ready["status"] == "degraded"
        assert {"name": "book", "status": "unhealthy"}.items() <= next(
            check for check in ready["checks"] if check["name"] == "book"
        ).items()
        assert client.get("/ask/calendar", headers=headers).status_code == 200
    assert "starts without its book" in caplog.text
    assert "hunter2" not in caplog.text


def test_books_when_the_database_comes_back_then_they_open_by_themselves(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("a file where the folder should be")
    books = Books(f"sqlite:///{folder / 'book.db'}")
    with pytest.raises(BookUnavailable):
        books.of(User("ana"))
    with pytest.raises(BookUnavailable):
        asyncio.run(books.works())
    folder.unlink()
    assert asyncio.run(books.works())
    assert asyncio.run(_accounts(books)) == []
    books.close()


async def _accounts(books: Books) -> list[object]:
    return list(await books.of(User("ana")).accounts())


def test_books_when_postgresql_has_no_vault_key_then_a_warning_names_the_variable(
    caplog: pytest.LogCaptureFixture,
) -> None:
    url = f"postgresql://app@127.0.0.1:{free_port()}/book"
    Books(url, {})
    assert "FIN_INFRA_VAULT_KEYS is not set" in caplog.text
    caplog.clear()
    Books(url, {"FIN_INFRA_VAULT_KEYS": "a:b"})
    assert "FIN_INFRA_VAULT_KEYS" not in caplog.text


@pytest.mark.parametrize("hours", ["often", "banking=0", "banking=1,=2"])
def test_service_when_the_schedule_cannot_be_read_then_the_start_says_how_it_is_written(
    monkeypatch: pytest.MonkeyPatch, hours: str
) -> None:
    monkeypatch.setenv("FIN_INFRA_SYNC_HOURS", hours)
    with pytest.raises(ConfigurationError, match=r"FIN_INFRA_SYNC_HOURS cannot be read.*banking=6,brokerage=1"):
        api.create_app()
