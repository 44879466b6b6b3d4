"""Stripe's events: signed by its own library where that is installed, by its rule here, and forged."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from pydantic import SecretStr

from fin_infra.errors import ConfigurationError, WebhookFault, WebhookRefused
from fin_infra.providers.banking.teller import TellerClient
from fin_infra.providers.identity.stripe.webhook import StripeWebhooks, verify_webhook
from fin_infra.providers.interfaces.webhooks import Delivery, EventKind, WebhookEvent
from fin_infra.settings import ProviderSettings
from fin_infra.transport.local import LocalTransport

AT = datetime.fromtimestamp(1700000000, UTC)
EVENT: dict[str, Any] = {
    "id": "evt_1",
    "object": "event",
    "created": 1699999990,
    "type": "identity.verification_session.verified",
    "data": {"object": {"id": "vs_1", "object": "identity.verification_session", "verified_outputs": {"dob": {}}}},
}


class Account(ProviderSettings):
    webhook_secret: SecretStr | None = SecretStr("whsec_new")
    webhook_secret_old: SecretStr | None = SecretStr("whsec_old")


def signed(body: bytes, secret: str, stamp: int = 1700000000) -> str:
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + body, sha256).hexdigest()},v0=00"


def taken(event: Any, secret: str = "whsec_new", at: datetime = AT, header: str | None = None) -> WebhookEvent:
    body = json.dumps(event, indent=2).encode()
    headers = {"stripe-signature": signed(body, secret) if header is None else header}
    room = StripeWebhooks(Account(), lambda: None, TellerClient.info)
    found: WebhookEvent = LocalTransport().run(room.event(Delivery(body=body, headers=headers, at=at)))
    return found


@pytest.mark.parametrize("secret", ["whsec_new", "whsec_old"])
def test_event_when_a_session_changes_then_its_id_and_nothing_of_the_person(secret: str) -> None:
    wanted = WebhookEvent(
        event_id="evt_1",
        kind=EventKind.VERIFICATION_CHANGED,
        type="identity.verification_session.verified",
        login="vs_1",
        said_at=datetime.fromtimestamp(1699999990, UTC),
    )
    assert taken(EVENT, secret) == wanted


def test_event_when_of_something_else_then_other() -> None:
    found = taken({**EVENT, "type": "charge.succeeded", "created": "soon"})
    assert (found.kind, found.login, found.said_at) == (EventKind.OTHER, None, None)


@pytest.mark.parametrize(
    ("secret", "seconds", "header", "reason"),
    [
        ("whsec_other", 0, None, WebhookFault.BAD_SIGNATURE),
        ("whsec_new", 301, None, WebhookFault.TOO_OLD),
        ("whsec_new", -301, None, WebhookFault.FROM_THE_FUTURE),
        ("whsec_new", 0, "", WebhookFault.BAD_SIGNATURE),
        ("whsec_new", 0, "t=1700000000,v0=00", WebhookFault.MALFORMED),
    ],
)
def test_event_when_it_does_not_count_then_the_reason_says_why(
    secret: str, seconds: int, header: str | None, reason: WebhookFault
) -> None:
    with pytest.raises(WebhookRefused) as refused:
        taken(EVENT, secret, AT + timedelta(seconds=seconds), header)
    assert refused.value.reason is reason


def test_verify_when_the_body_is_written_again_then_refused() -> None:
    body = json.dumps(EVENT, indent=2).encode()
    verify_webhook(body, signed(body, "whsec_new"), ["whsec_new"], AT)
    with pytest.raises(WebhookRefused):
        verify_webhook(json.dumps(EVENT).encode(), signed(body, "whsec_new"), ["whsec_new"], AT)
    with pytest.raises(ConfigurationError):
        verify_webhook(body, signed(body, " "), [" "], AT)


def test_verify_when_the_official_library_signs_then_it_fits() -> None:
    stripe = pytest.importorskip("stripe")
    body = json.dumps(EVENT)
    header = stripe.WebhookSignature.generate_signature_header(body, "whsec_new", 1700000000)
    verify_webhook(body.encode(), header, ["whsec_new"], AT)
