"""SnapTrade's webhooks: signed by its rule here, with the events of its documentation, and each way to forge one."""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import ConfigurationError, FeatureDisabled, InvalidInput, WebhookFault, WebhookRefused
from fin_infra.providers.brokerage.snaptrade import SnapTrade
from fin_infra.providers.brokerage.snaptrade.webhook import verify_webhook
from fin_infra.providers.interfaces.webhooks import EventKind, WebhookEvent
from fin_infra.providers.registry import webhooks_of
from tests.providers.interfaces.deliveries import received

NOW = datetime(2026, 8, 12, 18, 22, 50, tzinfo=UTC)
EVENT = {"webhookId": "w-1", "eventType": "CONNECTION_BROKEN", "eventTimestamp": "2026-08-12T18:22:47.039837+00:00"}


def signed(event: Any, key: str = "ck") -> str:
    text = json.dumps(event, separators=(",", ":"), sort_keys=True)
    return b64encode(hmac.new(key.encode(), text.encode(), sha256).digest()).decode()


def test_webhook_when_signed_then_the_event_whatever_its_blanks_and_order() -> None:
    body = json.dumps(dict(reversed(EVENT.items())), indent=2).encode()
    assert verify_webhook(body, signed(EVENT), "ck", NOW) == EVENT


@pytest.mark.parametrize(
    ("body", "header", "words"),
    [
        (json.dumps(EVENT), signed(EVENT, "other"), "SNAPTRADE_CONSUMER_KEY"),
        (json.dumps(EVENT), None, "SNAPTRADE_CONSUMER_KEY"),
        (json.dumps(EVENT), "ünsigned", "SNAPTRADE_CONSUMER_KEY"),
        (json.dumps({**EVENT, "eventType": "USER_DELETED"}), signed(EVENT), "SNAPTRADE_CONSUMER_KEY"),
        ("[]", signed([]), "JSON object"),
        ("{", "x", "JSON object"),
        (json.dumps({"a": 1}), signed({"a": 1}), "eventTimestamp"),
        (
            json.dumps({"eventTimestamp": "2026-08-12T18:22:47"}),
            signed({"eventTimestamp": "2026-08-12T18:22:47"}),
            "with a time zone",
        ),
    ],
)
def test_webhook_when_forged_or_malformed_then_refused(body: str, header: str | None, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        verify_webhook(body.encode(), header, "ck", NOW)


def test_webhook_when_old_or_from_the_future_then_refused() -> None:
    body, header = json.dumps(EVENT).encode(), signed(EVENT)
    for moment in (NOW + timedelta(seconds=296), NOW - timedelta(seconds=290)):
        verify_webhook(body, header, "ck", moment)
    for moment in (NOW + timedelta(seconds=301), NOW - timedelta(seconds=310)):
        with pytest.raises(InvalidInput, match="five minutes"):
            verify_webhook(body, header, "ck", moment)


def test_webhook_when_the_key_is_blank_then_nobody_is_believed() -> None:
    with pytest.raises(ConfigurationError, match="consumer key"):
        verify_webhook(json.dumps(EVENT).encode(), signed(EVENT, " "), " ", NOW)


def test_webhooks_when_recorded_then_read_once_signed(samples: Path) -> None:
    """The documentation's events carry no signature, so they are signed here; none passes unsigned."""
    for event in json.loads((samples / "snaptrade" / "webhooks.json").read_text()):
        at = datetime.fromisoformat(event["eventTimestamp"])
        body = json.dumps(event).encode()
        assert verify_webhook(body, signed(event), "ck", at)["webhookId"] == event["webhookId"]
        with pytest.raises(InvalidInput):
            verify_webhook(body, "", "ck", at)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNAPTRADE_CONSUMER_KEY", "ck")
    monkeypatch.setenv("SNAPTRADE_CONSUMER_KEY_OLD", "ck-old")


def taken(event: Any, key: str = "ck", at: datetime = NOW) -> WebhookEvent:
    return received("brokerage:snaptrade", json.dumps(event).encode(), {"signature": signed(event, key)}, at)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("USER_DELETED", EventKind.ENDED),
        ("CONNECTION_BROKEN", EventKind.NEWS),
        ("ACCOUNT_HOLDINGS_UPDATED", EventKind.NEWS),
        ("USER_REGISTERED", EventKind.OTHER),
        ("SOMETHING_OF_NEXT_YEAR", EventKind.OTHER),
    ],
)
def test_event_when_signed_with_the_new_or_the_old_key_then_ids_and_meaning(word: str, kind: EventKind) -> None:
    event = {**EVENT, "eventType": word, "userId": "u-7", "webhookSecret": "deprecated"}
    at = datetime(2026, 8, 12, 18, 22, 47, 39837, tzinfo=UTC)
    wanted = WebhookEvent(event_id="w-1", kind=kind, type=word, login="u-7", said_at=at)
    assert taken(event) == taken(event, "ck-old") == wanted


@pytest.mark.usefixtures("keys")
def test_event_when_forged_or_without_an_id_then_refused_with_the_reason() -> None:
    for event, key, reason in (
        (EVENT, "other", WebhookFault.BAD_SIGNATURE),
        ({**EVENT, "eventTimestamp": "2026-08-12T18:17:49+00:00"}, "ck", WebhookFault.TOO_OLD),
        ({**EVENT, "eventTimestamp": "2026-08-12T18:27:51+00:00"}, "ck", WebhookFault.FROM_THE_FUTURE),
        ({name: EVENT[name] for name in ("eventType", "eventTimestamp")}, "ck", WebhookFault.MALFORMED),
    ):
        with pytest.raises(WebhookRefused) as refused:
            taken(event, key)
        assert refused.value.reason is reason


@pytest.mark.usefixtures("keys")
def test_events_when_recorded_then_each_names_its_person(samples: Path) -> None:
    for event in json.loads((samples / "snaptrade" / "webhooks.json").read_text()):
        found = taken(event, at=datetime.fromisoformat(event["eventTimestamp"]))
        assert (found.event_id, found.login) == (event["webhookId"], event["userId"])


def test_webhooks_when_no_key_is_set_then_the_one_of_the_sandbox_signs_nothing() -> None:
    sandbox_key = SnapTrade.info.sandbox["consumer_key"]
    with pytest.raises(FeatureDisabled, match="SNAPTRADE_CONSUMER_KEY"):
        taken(EVENT, sandbox_key)
    assert webhooks_of("brokerage:snaptrade", mode="sync").info is SnapTrade.info
