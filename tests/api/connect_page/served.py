"""A small app with the page of connections, served on loopback beside a sandbox."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header

from fin_infra.api import PUBLIC, add_problems
from fin_infra.api.book import add_book
from fin_infra.api.connect_page import add_connect_page
from fin_infra.api.connect_page.sessions import Sessions
from fin_infra.api.users import User
from fin_infra.book import Book, open_book
from fin_infra.transport import Async


async def caller(x_user: Annotated[str, Header()] = "ann") -> User:
    return User(x_user)


def book_in(folder: Path) -> Book[Async]:
    return open_book(f"sqlite:///{folder / 'book.db'}", mode="async")


WAIT_S = 120.0
"""A first sync is over within a request, also where much else runs beside it."""


def app_of(book: Book[Async], sessions: Sessions | None = None) -> FastAPI:
    app = FastAPI()
    add_problems(app)
    add_book(app, auth=PUBLIC, caller=caller, book_of=lambda user: book.of(user.name, user.tenant), wait_s=WAIT_S)
    add_connect_page(
        app,
        auth=PUBLIC,
        caller=caller,
        book_of=lambda user: book.of(user.name, user.tenant),
        sessions=sessions,
        wait_s=WAIT_S,
    )
    return app


@contextmanager
def serving(app: FastAPI) -> Generator[str]:
    """Serve an app while the block runs; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
