"""`POST /webhooks/{provider}` of the service: genuine events are taken once and settled; nothing else is believed."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from asset_aggregator.api import create_app
from asset_aggregator.books import Books
from asset_aggregator.infra import SyncQueue
from asset_aggregator.syncs import Syncing
from asset_aggregator.webhooks import Hooks
from fin_infra.api import User
from fin_infra.book import ConnectionState, webhooks
from fin_infra.book.due import Cadence
from fin_infra.book.engine import reading
from fin_infra.errors import ProviderUnavailable, WebhookRefused
from fin_infra.providers import registry
from fin_infra.providers.interfaces.webhooks import Delivery, EventKind, WebhookEvent
from fin_infra.testing import Sandbox, sandbox
from tests.asset_aggregator.conftest import RedisServer
from tests.support.mailbox import mailbox

URL = "/webhooks/banking:teller"
SECRET = "planted-signing-secret"
TOKEN = "a" * 30
BANK = "banking:teller"
ANA = User("ana")
SETTINGS = {
    "FIN_INFRA_API_TOKENS": f"ana={TOKEN}",
    "FIN_INFRA_SYNC_HOURS": "off",
    "LOG_FORMAT": "none",
    "TELLER_WEBHOOK_SECRET": SECRET,
}


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    with sandbox() as running:
        yield running


@pytest.fixture(autouse=True)
def _settings(vendor: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    vendor.reset()
    for name, value in {**SETTINGS, "XDG_DATA_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SNAPTRADE_CONSUMER_KEY", raising=False)
    registry.reset()
    yield
    registry.reset()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the service."""
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def client(vendor: Sandbox, folder: Path) -> Iterator[TestClient]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in {**SETTINGS, "XDG_DATA_HOME": str(folder)}.items():
            patched.setenv(name, value)
        with TestClient(create_app(), raise_server_exceptions=False) as found:
            yield found


def event(number: int = 1, kind: str = "webhook.test", **payload: Any) -> bytes:
    stamp = datetime.now(UTC).isoformat()
    return json.dumps({"id": f"wh_{number}", "type": kind, "timestamp": stamp, "payload": payload}, indent=1).encode()


def signed(body: bytes, secret: str = SECRET, seconds: int = 0) -> dict[str, str]:
    stamp = str(int(time.time()) + seconds)
    mark = hmac.new(secret.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
    return {"Teller-Signature": f"t={stamp},v1={mark}", "Content-Type": "application/json"}


def test_webhook_when_genuine_then_200_without_any_token_and_again_the_same(client: TestClient) -> None:
    body = event()
    for _ in range(2):
        reply = client.post(URL, content=body, headers=signed(body))
        assert (reply.status_code, reply.json()) == (200, {"received": True})
        assert reply.headers["cache-control"] == "no-store"


BODY = event()
FORGED: dict[str, Callable[[], tuple[bytes, dict[str, str], str]]] = {
    "unsigned": lambda: (BODY, {}, "bad_signature"),
    "altered body": lambda: (BODY.replace(b"wh_1", b"wh_2"), signed(BODY), "bad_signature"),
    "written again": lambda: (json.dumps(json.loads(BODY)).encode(), signed(BODY), "bad_signature"),
    "another key": lambda: (BODY, signed(BODY, "another"), "bad_signature"),
    "another time": lambda: (
        BODY,
        {"Teller-Signature": signed(BODY)["Teller-Signature"].replace("t=", "t=9")},
        "from_the_future",
    ),
    "stale": lambda: (BODY, signed(BODY, seconds=-190), "too_old"),
    "future": lambda: (BODY, signed(BODY, seconds=190), "from_the_future"),
    "empty": lambda: (b"", signed(b""), "malformed"),
    "no event": lambda: (b"[]", signed(b"[]"), "malformed"),
}


@pytest.mark.parametrize("how", FORGED)
def test_webhook_when_it_does_not_count_then_400_with_the_reason_and_nothing_is_kept(
    client: TestClient, how: str, folder: Path
) -> None:
    body, headers, reason = FORGED[how]()
    before = kept(folder)
    reply = client.post(URL, content=body, headers=headers)
    assert (reply.status_code, reply.json()["reason"]) == (400, reason)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["code"] == "fin.webhook_refused"
    assert SECRET not in reply.text
    assert kept(folder) == before


def kept(folder: Path) -> set[str]:
    """Return the ids of all events that the service has, settled or not."""
    books = Books(f"sqlite:///{folder / 'fin-infra' / 'book.db'}")
    with reading(books.open().engine) as db:
        found = set(db.scalars(sa.select(webhooks.webhooks.c.event_id)))
    books.close()
    return found


def test_webhook_when_signed_twice_over_two_headers_then_refused(client: TestClient) -> None:
    body = event()
    good, other = signed(body)["Teller-Signature"], signed(body, "other")["Teller-Signature"]
    headers = [("Teller-Signature", other), ("Teller-Signature", good)]
    assert client.post(URL, content=body, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("provider", "status", "words"),
    [
        ("banking:finastra", 404, "Finastra sends no webhooks"),
        ("banking:nobody", 404, "no provider 'banking:nobody'"),
        ("brokerage:snaptrade", 404, "Webhooks of SnapTrade are not taken here"),
        ("teller", 422, "path.provider"),
        ("a:" + "b" * 70, 422, "path.provider"),
    ],
)
def test_webhook_when_the_provider_has_none_or_no_secret_then_one_sentence(
    client: TestClient, provider: str, status: int, words: str
) -> None:
    reply = client.post(f"/webhooks/{provider}", content=b"{}")
    assert reply.status_code == status
    assert words in reply.json()["detail"]
    assert "SNAPTRADE_" not in reply.text


def test_webhook_when_larger_than_any_then_413_and_one_of_a_whole_history_is_taken(client: TestClient) -> None:
    large = event(2, "transactions.processed", enrollment_id="enr_x", transactions=[{"id": "x" * 40}] * 10_000)
    assert len(large) > 500_000
    assert client.post(URL, content=large, headers=signed(large)).status_code == 200
    huge = b" " * (1024 * 1024 + 1)
    assert client.post(URL, content=huge, headers=signed(huge)).status_code == 413


def test_webhook_when_the_database_is_down_then_503_and_the_vendor_may_send_it_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fin_infra.errors import BookUnavailable

    def down(*_: object) -> list[bool]:
        raise BookUnavailable("The database does not answer.")

    body = event()
    monkeypatch.setattr(webhooks, "take_all", down)
    refused = client.post(URL, content=body, headers=signed(body))
    assert (refused.status_code, refused.json()["code"]) == (503, "fin.book_unavailable")
    assert "retry-after" in refused.headers
    monkeypatch.undo()


async def until(done: Callable[[], Any]) -> None:
    async with asyncio.timeout(60):
        while not await done():  # noqa: ASYNC110  # it is polled as a client does
            await asyncio.sleep(0.02)


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    found = Books(f"sqlite:///{tmp_path / 'book.db'}")
    yield found
    found.close()


def sent(vendor: Sandbox, kind: str, **more: Any) -> list[Delivery]:
    """Have the sandbox send an event, and return what arrived."""
    with mailbox() as box:
        found = vendor.control("teller/webhook", {"url": box.url, "type": kind, "secrets": [SECRET], **more})
        assert set(found["answers"]) == {200}
        return [Delivery(body=body, headers=headers, at=datetime.now(UTC)) for body, headers in box.letters]


def asked(vendor: Sandbox) -> int:
    return len(vendor.control("requests")["requests"])


def test_event_when_sent_fifty_times_at_once_then_the_connection_is_synced_once(books: Books, vendor: Sandbox) -> None:
    async def main() -> None:
        book = books.of(ANA)
        await book.connect(BANK, "test_token_sandbox")
        late = datetime.now(UTC) + timedelta(minutes=1)

        def clock() -> datetime:
            return late

        later = Books(str(book.engine.url), clock=clock)
        syncing = Syncing(books=later, cadence=Cadence(), clock=clock, pause_s=60)
        hooks = Hooks(books=later, synced=syncing.wake, clock=clock, pause_s=60)
        deliveries = sent(vendor, "transactions.processed", times=50)
        async with syncing.running(), hooks.running():
            await asyncio.sleep(0.3)
            before = asked(vendor)
            await asyncio.gather(*(hooks.take(BANK, each) for each in deliveries))

            async def again() -> bool:
                return (await later.of(ANA).connections())[0].tried_at == clock()

            await until(again)
            await asyncio.sleep(0.5)
        once = asked(vendor) - before
        before = asked(vendor)
        await later.of(ANA).sync()
        assert once == asked(vendor) - before > 0
        later.close()

    asyncio.run(main())


def test_connection_when_the_vendor_tells_that_it_broke_and_was_repaired_then_it_is_shown_so(
    books: Books, vendor: Sandbox
) -> None:
    async def main() -> None:
        book = books.of(ANA)
        made = await book.connect(BANK, "test_token_sandbox")
        syncing = Syncing(books=books, cadence=Cadence(), pause_s=60)
        hooks = Hooks(books=books, synced=syncing.wake, pause_s=60)

        async def state() -> ConnectionState:
            return (await book.connections())[0].state

        async with hooks.running():
            reason = "disconnected.user_action.mfa_required"
            [broken] = sent(vendor, "enrollment.disconnected", reason=reason)
            await hooks.take(BANK, broken)

            async def shown() -> bool:
                return await state() is ConnectionState.PERSON_MUST_ACT

            await until(shown)
            [found] = await book.connections()
            assert found.reason == "The bank asks the person for a further proof of identity."
            [result] = await book.sync(made.id)
            assert result.state is ConnectionState.PERSON_MUST_ACT, "the vendor says the same"
            vendor.control("teller/connect", {})
            [result] = await book.sync(made.id)
            assert result.state is ConnectionState.HEALTHY
            await hooks.take(BANK, broken)
            await hooks.settle()
            assert await state() is ConnectionState.HEALTHY, "it was taken before"

    asyncio.run(main())


def test_event_when_redelivered_after_a_restart_then_nothing_changes(books: Books, vendor: Sandbox) -> None:
    async def main() -> None:
        await books.of(ANA).connect(BANK, "test_token_sandbox")
        [news] = sent(vendor, "transactions.processed")
        nudges: list[int] = []
        hooks = Hooks(books=books, synced=lambda: nudges.append(1))
        await hooks.take(BANK, news)
        await hooks.settle()
        restarted = Books(str(books.of(ANA).engine.url))
        again = Hooks(books=restarted, synced=lambda: nudges.append(1))
        await again.take(BANK, news)
        await again.settle()
        assert nudges == [1]
        restarted.close()

    asyncio.run(main())


def test_event_when_taken_before_a_crash_then_the_next_process_settles_it(books: Books, vendor: Sandbox) -> None:
    async def main() -> None:
        await books.of(ANA).connect(BANK, "test_token_sandbox")
        [news] = sent(vendor, "transactions.processed")
        await Hooks(books=books).take(BANK, news)
        nudges: list[int] = []
        async with Hooks(books=books, synced=lambda: nudges.append(1), pause_s=60).running():

            async def told() -> bool:
                return bool(nudges)

            await until(told)

    asyncio.run(main())


def test_event_when_nobody_has_the_login_then_it_is_reported_once_and_kept(
    books: Books, vendor: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        books.open()
        [news] = sent(vendor, "transactions.processed")
        hooks = Hooks(books=books)
        await hooks.take(BANK, news)
        for _ in range(2):
            await hooks.settle()
        assert len(webhooks.unknown(books.open().engine)) == 1

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    told = [record.message for record in caplog.records if "nobody here has" in record.message]
    assert len(told) == 1
    assert "enr_" in told[0]


def test_news_when_redis_plans_the_syncs_then_the_job_waits_at_once(
    books: Books, vendor: Sandbox, redis_server: RedisServer
) -> None:
    async def main() -> None:
        await books.of(ANA).connect(BANK, "test_token_sandbox")
        late = datetime.now(UTC) + timedelta(minutes=1)
        queue = SyncQueue(redis_server.url, "fin")
        syncing = Syncing(books=books, cadence=Cadence(), queue=queue, clock=lambda: late, pause_s=60, idle_s=60)
        hooks = Hooks(books=books, synced=syncing.wake, pause_s=60)
        [news] = sent(vendor, "transactions.processed")
        await hooks.take(BANK, news)
        await hooks.settle()
        assert syncing.woken.is_set()
        await syncing.plan()
        assert redis_server.client.llen("fin:syncs:ready") == 1
        assert await syncing.work()
        await syncing.plan()
        assert not await syncing.work(), "the sync has heard it"
        queue.close()

    asyncio.run(main())


def test_verification_when_its_handler_fails_then_it_is_handed_over_again_and_then_done(
    books: Books, vendor: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[WebhookEvent] = []

    async def handle(provider: str, event: WebhookEvent) -> None:
        seen.append(event)
        if len(seen) == 1:
            raise ProviderUnavailable("the vendor is down")
        if len(seen) == 2:
            raise TypeError("a fault of ours")

    async def main() -> None:
        books.open()
        [changed] = sent(vendor, "account.number_verification.processed")
        hooks = Hooks(books=books, handlers={BANK: handle})
        await hooks.take(BANK, changed)
        for _ in range(4):
            await hooks.settle()

    with caplog.at_level(logging.INFO):
        asyncio.run(main())
    assert [each.kind for each in seen] == [EventKind.VERIFICATION_CHANGED] * 3


def test_hooks_when_the_database_is_away_then_it_is_said_once_and_they_go_on(
    books: Books, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from fin_infra.errors import BookUnavailable

    def down(*_: object) -> list[object]:
        raise BookUnavailable("The database does not answer.")

    async def main() -> None:
        books.open()
        with monkeypatch.context() as patched:
            patched.setattr(webhooks, "waiting", down)
            async with Hooks(books=books, pause_s=0.01).running():
                await asyncio.sleep(0.2)

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    assert len([record for record in caplog.records if "webhooks wait" in record.message]) == 1


def test_take_when_refused_then_nothing_about_it_is_kept(books: Books) -> None:
    async def main() -> None:
        books.open()
        hooks = Hooks(books=books)
        with pytest.raises(WebhookRefused):
            await hooks.take(BANK, Delivery(body=b"{}", headers={}, at=datetime.now(UTC)))
        assert webhooks.waiting(books.open().engine) == []

    asyncio.run(main())


def test_route_when_described_then_openapi_has_no_token_and_names_the_answers(client: TestClient) -> None:
    route = client.get("/openapi.json").json()["paths"]["/webhooks/{provider}"]["post"]
    assert not route.get("security")
    assert {"200", "400", "404", "413", "429", "503"} <= set(route["responses"])
