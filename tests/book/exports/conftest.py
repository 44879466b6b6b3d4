"""A book in either database, in which nothing is yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fin_infra.book import Book, open_book
from fin_infra.security.vault import demo_vault
from fin_infra.transport import Sync
from tests.book.exports.ledger import NOON


@pytest.fixture
def book(url: str) -> Iterator[Book[Sync]]:
    found = open_book(url, vault=demo_vault(), clock=lambda: NOON)
    yield found
    found.engine.dispose()
