"""Plaid's webhooks: its own examples, signed by another library than the one that checks; and each way to forge one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from fin_infra.errors import FeatureDisabled, ProviderUnavailable, WebhookFault, WebhookRefused
from fin_infra.providers import registry
from fin_infra.providers.banking.plaid import Plaid
from fin_infra.providers.banking.plaid.webhook import KEPT, KEYS, LOOKUPS, UNKNOWN, PlaidWebhooks
from fin_infra.providers.banking.teller import TellerClient
from fin_infra.providers.interfaces.webhooks import Delivery, EventKind, WebhookEvent
from fin_infra.settings import ProviderSettings
from fin_infra.testing import sandbox
from fin_infra.transport.local import LocalTransport
from tests.providers.banking.plaid.webhook_signer import NOW, Keys, Signer, text
from tests.providers.interfaces.deliveries import received
from tests.support.mailbox import mailbox

BODY = b'{\n  "webhook_type": "TRANSACTIONS",\n  "webhook_code": "SYNC_UPDATES_AVAILABLE",\n  "item_id": "item-1"\n}'


class Application(ProviderSettings):
    secret: SecretStr | None = None


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture
def keys(signer: Signer) -> Keys:
    return Keys({signer.kid: signer.public})


@pytest.fixture
def room(keys: Keys) -> PlaidWebhooks:
    return PlaidWebhooks(Application(secret=SecretStr("application")), lambda: keys, TellerClient.info)


def taken(room: PlaidWebhooks, token: str | None, body: bytes = BODY, at: datetime = NOW) -> WebhookEvent:
    headers = {} if token is None else {"plaid-verification": token}
    event: WebhookEvent = LocalTransport().run(room.event(Delivery(body=body, headers=headers, at=at)))
    return event


def refused(room: PlaidWebhooks, token: str | None, body: bytes = BODY, at: datetime = NOW) -> WebhookFault:
    with pytest.raises(WebhookRefused) as found:
        taken(room, token, body, at)
    assert not token or token not in str(found.value)
    return found.value.reason


def test_event_when_signed_then_its_item_and_meaning(room: PlaidWebhooks, signer: Signer) -> None:
    assert taken(room, signer.token(BODY, NOW)) == WebhookEvent(
        event_id=f"{sha256(BODY).hexdigest()[:40]}-{int(NOW.timestamp())}",
        kind=EventKind.NEWS,
        type="TRANSACTIONS/SYNC_UPDATES_AVAILABLE",
        login="item-1",
    )


def test_event_when_news_have_the_same_bytes_then_the_next_is_another_event(
    room: PlaidWebhooks, signer: Signer
) -> None:
    later = NOW + timedelta(hours=3)
    first = taken(room, signer.token(BODY, NOW)).event_id
    assert taken(room, signer.token(BODY, NOW)).event_id == first
    assert taken(room, signer.token(BODY, later), at=later).event_id != first


@pytest.mark.parametrize(("seconds", "reason"), [(-301, WebhookFault.TOO_OLD), (301, WebhookFault.FROM_THE_FUTURE)])
def test_event_when_signed_at_another_time_then_refused(
    room: PlaidWebhooks, signer: Signer, seconds: int, reason: WebhookFault
) -> None:
    assert refused(room, signer.token(BODY, NOW + timedelta(seconds=seconds))) is reason
    taken(room, signer.token(BODY, NOW + timedelta(seconds=seconds - seconds // abs(seconds))))


FORGED: dict[str, Callable[[Signer], str | None]] = {
    "no header": lambda signer: None,
    "no token": lambda signer: "",
    "not a token": lambda signer: "a.b.c",
    "two of them": lambda signer: ", ".join([signer.token(BODY, NOW)] * 2),
    "algorithm none": lambda signer: signer.unsigned(BODY, NOW),
    "algorithm NONE": lambda signer: signer.unsigned(BODY, NOW, "NONE"),
    "unsigned": lambda signer: signer.unsigned(BODY, NOW, "ES256"),
    "HMAC with the public key": lambda signer: signer.by_hmac(BODY, NOW),
    "another key": lambda signer: Signer(signer.kid).token(BODY, NOW),
    "another algorithm in the header": lambda signer: _with_header(signer, alg="HS256"),
    "another header": lambda signer: _with_header(signer, alg="ES256"),
    "cut signature": lambda signer: signer.token(BODY, NOW)[:-4],
    "DER instead of r and s": lambda signer: f"{signer.token(BODY, NOW).rpartition('.')[0]}.{text(b'0' * 70)}",
    "an extension that nobody knows": lambda signer: _with_header(signer, alg="ES256", crit=["exp"], exp=1),
}


def _with_header(signer: Signer, **header: Any) -> str:
    """Put another header before claims and signature that are genuine."""
    return text(json.dumps({"kid": signer.kid, **header}).encode()) + "." + signer.token(BODY, NOW).partition(".")[2]


@pytest.mark.parametrize("how", FORGED)
def test_event_when_forged_then_refused(room: PlaidWebhooks, signer: Signer, how: str) -> None:
    assert refused(room, FORGED[how](signer)) is WebhookFault.BAD_SIGNATURE


@pytest.mark.parametrize(
    "body", [BODY + b"\n", BODY.replace(b"item-1", b"item-2"), json.dumps(json.loads(BODY)).encode(), b""]
)
def test_event_when_the_body_is_changed_or_written_again_then_refused(
    room: PlaidWebhooks, signer: Signer, keys: Keys, body: bytes
) -> None:
    assert refused(room, signer.token(BODY, NOW), body) is WebhookFault.BAD_SIGNATURE
    assert keys.asked == [], "a body that does not fit is refused before anybody is asked for a key"


@pytest.mark.parametrize(
    "claims", [{}, {"iat": 1}, {"iat": "now"}, {"iat": 1e300}, {"iat": True}, {"request_body_sha256": "x"}]
)
def test_event_when_a_claim_is_missing_or_odd_then_refused(room: PlaidWebhooks, signer: Signer, claims: Any) -> None:
    assert refused(room, signer.signed(claims)) in (WebhookFault.BAD_SIGNATURE, WebhookFault.MALFORMED)


@pytest.mark.parametrize("kid", ["", "a b", "x" * 101, "../keys", None])
def test_event_when_the_key_id_has_another_form_then_nobody_is_asked(
    room: PlaidWebhooks, signer: Signer, keys: Keys, kid: str | None
) -> None:
    token = signer.token(BODY, NOW, **({} if kid is None else {"kid": kid}))
    if kid is None:
        token = text(b'{"alg":"ES256"}') + "." + token.partition(".")[2]
    assert refused(room, token) is WebhookFault.MALFORMED
    assert keys.asked == []


def test_key_when_asked_for_then_once_a_day_and_each_by_its_id(room: PlaidWebhooks, signer: Signer, keys: Keys) -> None:
    other = Signer("kid-2")
    keys.known["kid-2"] = other.public
    for each in (signer, other, signer, other):
        taken(room, each.token(BODY, NOW))
    assert keys.asked == ["kid-1", "kid-2"]
    later = NOW + KEPT
    taken(room, signer.token(BODY, later), at=later)
    assert keys.asked == ["kid-1", "kid-2", "kid-1"]


def test_key_when_it_expires_while_it_is_kept_then_nothing_signed_with_it_counts(
    room: PlaidWebhooks, signer: Signer, keys: Keys
) -> None:
    keys.known["kid-1"] = replace(signer.public, expired_at=NOW)
    assert refused(room, signer.token(BODY, NOW)) is WebhookFault.UNKNOWN_KEY


def test_key_when_nobody_knows_it_then_it_is_asked_for_once_in_ten_minutes(room: PlaidWebhooks, keys: Keys) -> None:
    stranger = Signer("kid-of-nobody")
    for _ in range(3):
        assert refused(room, stranger.token(BODY, NOW)) is WebhookFault.UNKNOWN_KEY
    later = NOW + UNKNOWN
    refused(room, stranger.token(BODY, later), at=later)
    assert keys.asked == ["kid-of-nobody"] * 2


def test_keys_when_somebody_makes_up_thousands_then_the_vendor_is_asked_a_few_times_and_known_ones_still_work(
    room: PlaidWebhooks, signer: Signer, keys: Keys
) -> None:
    taken(room, signer.token(BODY, NOW))
    for number in range(LOOKUPS + 50):
        refused(room, Signer(f"made-up-{number}").token(BODY, NOW))
    assert len(keys.asked) == LOOKUPS
    taken(room, signer.token(BODY, NOW))
    minutes = [NOW + timedelta(minutes=n + 1) for n in range(1 + KEYS // LOOKUPS)]
    for at in minutes:
        for number in range(LOOKUPS):
            refused(room, signer.token(BODY, at, kid=f"{at:%H%M}-{number}"), at=at)
    assert len(vars(room)["_keys"]) == KEYS


def test_key_when_the_vendor_is_down_then_its_error_and_the_next_delivery_asks_again(
    room: PlaidWebhooks, signer: Signer, keys: Keys
) -> None:
    keys.down = ProviderUnavailable("down")
    with pytest.raises(ProviderUnavailable):
        taken(room, signer.token(BODY, NOW))
    keys.down = None
    assert taken(room, signer.token(BODY, NOW)).login == "item-1"


def test_webhooks_when_the_application_has_no_secret_then_none_is_taken(keys: Keys, signer: Signer) -> None:
    room = PlaidWebhooks(Application(), lambda: keys, TellerClient.info)
    with pytest.raises(FeatureDisabled):
        taken(room, signer.token(BODY, NOW))


def test_events_when_recorded_then_read_as_they_are(room: PlaidWebhooks, signer: Signer, samples: Path) -> None:
    kinds = {"ItemErrorWebhook": EventKind.PERSON_MUST_ACT}
    files = sorted((samples / "plaid").glob("webhook_*.json"))
    assert len(files) == 4
    for file in files:
        body = json.dumps(json.loads(file.read_text())["example-1"], indent=2).encode()
        found = taken(room, signer.token(body, NOW), body)
        assert found.kind is kinds.get(file.stem.removeprefix("webhook_"), EventKind.NEWS)
        assert found.login == "wz666MBjYWTp2PDzzggYhM6oWWmBb"


@pytest.mark.parametrize(
    ("row", "kind", "ends_at", "reason"),
    [
        (("ITEM", "LOGIN_REPAIRED", {}), EventKind.REPAIRED, None, None),
        (("ITEM", "USER_PERMISSION_REVOKED", {}), EventKind.ENDED, None, None),
        (
            ("ITEM", "PENDING_DISCONNECT", {"disconnect_time": "2026-12-01T10:00:00Z"}),
            EventKind.EXPIRING,
            datetime(2026, 12, 1, 10, tzinfo=UTC),
            None,
        ),
        (
            ("ITEM", "PENDING_EXPIRATION", {"consent_expiration_time": "2026-12-01T10:00:00+01:00"}),
            EventKind.EXPIRING,
            datetime(2026, 12, 1, 9, tzinfo=UTC),
            None,
        ),
        (("ITEM", "ERROR", {"error": {"error_code": "INSTITUTION_DOWN"}}), EventKind.NEWS, None, None),
        (("ITEM", "ERROR", {"error": None}), EventKind.NEWS, None, None),
        (("ITEM", "NEW_ACCOUNTS_AVAILABLE", {}), EventKind.OTHER, None, None),
        (("HOLDINGS", "DEFAULT_UPDATE", {}), EventKind.NEWS, None, None),
        (("LIABILITIES", "DEFAULT_UPDATE", {}), EventKind.NEWS, None, None),
        (("AUTH", "DEFAULT_UPDATE", {}), EventKind.OTHER, None, None),
        (("SOMETHING", "NEW", {"disconnect_time": "2026-12-01T10:00:00Z"}), EventKind.OTHER, None, None),
    ],
)
def test_event_when_of_another_pair_then_its_meaning(
    room: PlaidWebhooks, signer: Signer, row: Any, kind: EventKind, ends_at: datetime | None, reason: str | None
) -> None:
    first, second, more = row
    body = json.dumps({"webhook_type": first, "webhook_code": second, "item_id": "item-1", **more}).encode()
    found = taken(room, signer.token(body, NOW), body)
    assert (found.kind, found.type, found.ends_at, found.reason) == (kind, f"{first}/{second}", ends_at, reason)


def test_event_when_the_sandbox_fires_it_then_its_key_is_asked_for_there_and_fits() -> None:
    with sandbox() as vendor, mailbox() as box:
        registry.reset()
        app = {"client_id": Plaid.info.sandbox["client_id"], "secret": Plaid.info.sandbox["secret"]}
        with httpx2.Client(base_url=f"{vendor.url}/plaid", trust_env=False) as client:
            bank = {"institution_id": "ins_109508", "initial_products": ["transactions"]}
            made = client.post("/sandbox/public_token/create", json={**app, **bank, "options": {"webhook": box.url}})
            public = {"public_token": made.json()["public_token"]}
            item = client.post("/item/public_token/exchange", json={**app, **public}).json()
            told = {"access_token": item["access_token"], "webhook_code": "LOGIN_REPAIRED", "webhook_type": "ITEM"}
            assert client.post("/sandbox/item/fire_webhook", json={**app, **told}).json()["webhook_fired"]
        until = time.monotonic() + 30
        while not any(b"LOGIN_REPAIRED" in body for body, _ in box.letters) and time.monotonic() < until:
            time.sleep(0.02)
        told_of = [received("banking:plaid", body, headers, datetime.now(UTC)) for body, headers in box.letters]
        assert {each.login for each in told_of} == {item["item_id"]}
        assert "ITEM/LOGIN_REPAIRED" in {each.type for each in told_of}
        body, headers = box.letters[-1]
        with pytest.raises(WebhookRefused):
            received("banking:plaid", body + b" ", headers, datetime.now(UTC))
    registry.reset()
