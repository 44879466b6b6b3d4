"""Books in both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fin_infra.book import schema
from fin_infra.book.engine import Database
from tests.support.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.process)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of its own, without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'book.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.database())


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    found = Database(url)
    schema.check(found)
    with closing(_Disposed(found)):
        yield found


class _Disposed:
    def __init__(self, database: Database) -> None:
        self.database = database

    def close(self) -> Any:
        self.database.engine.dispose()
