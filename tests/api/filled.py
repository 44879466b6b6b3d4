"""A service with one book that statement files have filled, for tests of its routes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Header
from fastapi.testclient import TestClient

from fin_infra.api import PUBLIC, User, add_book
from fin_infra.book import Book, open_book
from fin_infra.transport import Async


def caller(x_user: str = Header("ana"), x_tenant: str = Header("default")) -> User:
    return User(x_user, x_tenant)


@contextmanager
def serving(folder: Path, files: Sequence[bytes], **options: Any) -> Iterator[TestClient]:
    """Serve a book in a folder with files imported into that of `ana`; `options` are those of `open_book`."""
    book: Book[Async] = open_book(f"sqlite:///{folder / 'book.db'}", mode="async", **options)
    app = FastAPI()
    add_book(app, auth=PUBLIC, book_of=lambda user: book.of(user.name, user.tenant), caller=caller)
    with TestClient(app) as client:
        for file in files:
            assert client.post("/imports", content=file).status_code == 201
        yield client
    book.engine.dispose()


def got(client: TestClient, path: str, **params: Any) -> Any:
    """Return the data of an answer that is one."""
    reply = client.get(path, params=params)
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]
