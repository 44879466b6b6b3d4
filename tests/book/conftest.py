"""Books in both databases: the tables are made once, and every test has a copy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fin_infra.book import Book, open_book, schema
from fin_infra.book.engine import Database
from fin_infra.providers.registry import reset
from fin_infra.testing import Sandbox, sandbox
from fin_infra.transport import Sync
from tests.book.small import Home
from tests.support.postgres_server import PostgresServer

DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.process)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=DATABASES)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of its own, without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'book.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.database())


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    with sandbox() as running:
        yield running


@pytest.fixture
def book(vendor: Sandbox, tmp_path: Path) -> Iterator[Book[Sync]]:
    vendor.reset()
    reset()
    found = open_book(f"sqlite:///{tmp_path / 'book.db'}")
    yield found
    found.engine.dispose()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a book without rows."""
    file = tmp_path_factory.mktemp("book") / "template.db"
    _make(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a database that is a book without rows."""
    name = postgres.database()
    _make(postgres.url(name))
    return name


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a book of its own, without rows."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("template"), tmp_path / "book.db")
        return f"sqlite:///{tmp_path / 'book.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.database(request.getfixturevalue("postgres_template")))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    found = Database(url)
    if found.file is not None:
        sa.event.listen(found.engine, "connect", _hurry)
    yield found
    found.engine.dispose()


def _hurry(raw: Any, _record: Any) -> None:
    """Do not wait for the disk: what a killed process has written is there all the same, and no test cuts the power."""
    raw.execute("PRAGMA synchronous=OFF")


def _make(url: str) -> None:
    made = Database(url)
    schema.check(made)
    made.engine.dispose()


@pytest.fixture
def home(database: Database) -> Home:
    """A household in an empty book."""
    return Home(database)
