"""The service applies the policy by itself, to every household, and no failure ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from asset_aggregator.books import Books
from asset_aggregator.retention import Retention
from fin_infra.api import User
from fin_infra.book import RedactionState
from fin_infra.errors import BookUnavailable
from fin_infra.providers import registry
from fin_infra.sandbox import running


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with running() as url:
        monkeypatch.setenv("FEATURE_IDENTITY", "1")
        monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
        monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", url)
        monkeypatch.setenv("STRIPE_MAX_ATTEMPTS", "1")
        registry.reset()
        yield url
        registry.reset()


def test_policy_when_the_service_runs_then_every_household_and_none_without_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books(f"sqlite:///{tmp_path / 'book.db'}")
    users = (User("ada"), User("ada", "north"), User("bob"))

    async def life() -> None:
        for user in users:
            await books.of(user).start_verification()
        async with Retention(books=books, pause_s=0.01).running():
            await asyncio.sleep(0.1)
        assert await states() == {RedactionState.NONE}, "there is no policy"
        httpx2.post(f"{url}/_sandbox/faults", json={"vendor": "stripe", "kind": "status_503", "count": 1})
        assert await Retention(books=books).apply(timedelta()) == 2, "one of three waits for the vendor"
        monkeypatch.setenv("FIN_INFRA_IDENTITY_KEEP_DAYS", "0")
        async with Retention(books=books, pause_s=0.01).running():
            async with asyncio.timeout(30):
                while await states() != {RedactionState.PROCESSING}:  # noqa: ASYNC110  # the loop tells nobody
                    await asyncio.sleep(0.01)

    async def states() -> set[RedactionState]:
        return {row.redaction for user in users for row in await books.of(user).verifications()}

    asyncio.run(life())
    books.close()


def test_loop_when_the_database_is_away_then_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    books, asked = Books(f"sqlite:///{tmp_path / 'book.db'}"), []

    def away() -> None:
        asked.append(1)
        raise BookUnavailable("The book cannot be used now: the disk is full.")

    monkeypatch.setattr(books, "open", away)
    monkeypatch.setenv("FIN_INFRA_IDENTITY_KEEP_DAYS", "1")

    async def life() -> None:
        async with Retention(books=books, pause_s=0.001).running(), asyncio.timeout(30):
            while len(asked) < 3:  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.001)

    asyncio.run(life())
    assert "personal data of verifications waits to be removed: The book cannot be used now" in caplog.text
    books.close()
