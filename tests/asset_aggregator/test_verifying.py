"""An event about a verification makes the service ask the vendor how it stands, for whoever began it."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from asset_aggregator.books import Books
from asset_aggregator.verifying import Verifying
from asset_aggregator.webhooks import Hooks
from fin_infra.api import User
from fin_infra.errors import WebhookRefused
from fin_infra.model import VerificationState
from fin_infra.providers import registry
from fin_infra.providers.interfaces.webhooks import Delivery
from fin_infra.sandbox import running

KEY, SECRET = "identity:stripe", "whsec_planted"
ANA, BEN = User("ana"), User("ben", "north")


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with running() as url:
        monkeypatch.setenv("FEATURE_IDENTITY", "1")
        monkeypatch.setenv("FIN_INFRA_MODE", "sandbox")
        monkeypatch.setenv("FIN_INFRA_SANDBOX_URL", url)
        monkeypatch.setenv("STRIPE_MAX_ATTEMPTS", "1")
        monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", SECRET)
        registry.reset()
        yield url
        registry.reset()


def delivery(session: str, secret: str = SECRET) -> Delivery:
    """Return an event as Stripe signs it: HMAC-SHA256 of `<time>.<body>` (https://docs.stripe.com/webhooks)."""
    about = {"id": session, "object": "identity.verification_session"}
    kind = "identity.verification_session.verified"
    body = json.dumps({"id": f"evt_{session}", "type": kind, "created": 1, "data": {"object": about}}).encode()
    at = int(time.time())
    mark = hmac.new(secret.encode(), f"{at}.".encode() + body, "sha256").hexdigest()
    return Delivery(body=body, headers={"stripe-signature": f"t={at},v1={mark}"}, at=datetime.now(UTC))


def finished(url: str, reference: str) -> str:
    """Let the person pass; return the vendor's id of the verification that has our reference."""
    sessions = httpx2.get(f"{url}/_sandbox/stripe").json()["sessions"]
    [session] = [each["id"] for each in sessions if each["reference"] == reference]
    body = {"session": session, "outcome": "verified"}
    httpx2.post(f"{url}/_sandbox/stripe", json=body).raise_for_status()
    return str(session)


def test_event_when_a_verification_has_changed_then_its_household_alone_is_told(url: str, tmp_path: Path) -> None:
    books = Books(f"sqlite:///{tmp_path / 'book.db'}")
    hooks = Hooks(books=books, handlers={KEY: Verifying(books)})

    async def life() -> None:
        for user in (ANA, BEN):
            await books.of(user).start_verification()
        [row] = await books.of(ANA).verifications()
        session = finished(url, row.id)
        with pytest.raises(WebhookRefused):
            await hooks.take(KEY, delivery(session, "whsec_forged"))
        for _ in range(2):
            await hooks.take(KEY, delivery(session))
            await hooks.settle()
        assert [each.state for each in await books.of(ANA).verifications()] == [VerificationState.VERIFIED]
        assert VerificationState.VERIFIED not in {each.state for each in await books.of(BEN).verifications()}
        await hooks.take(KEY, delivery("vs_of_nobody"))
        await hooks.settle()

    asyncio.run(life())
    books.close()
