"""Webhook signatures: two made by OpenSSL on the command line, and each way they can be wrong."""

from __future__ import annotations

import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fin_infra.errors import ConfigurationError, FeatureDisabled, InvalidInput, NaiveTime, WebhookFault, WebhookRefused
from fin_infra.providers.banking.teller.webhook import verify_webhook
from fin_infra.providers.interfaces.webhooks import EventKind, WebhookEvent
from tests.providers.interfaces.deliveries import received

BODY = b'{"id":"wh_1","type":"webhook.test","payload":{}}'
AT = datetime.fromtimestamp(1700000000, UTC)
# printf '1700000000.{"id":"wh_1","type":"webhook.test","payload":{}}' | openssl dgst -sha256 -hmac <secret>
ALPHA = "cce3aa8be50fc8236d822abef44a2c7f063970687f9b432693d1e36c1cb94892"
BETA = "223f3e752309fa30473778674916f0c3ff915af64e1d625e732c76733c43e783"


@pytest.mark.parametrize("signatures", [f"v1={ALPHA}", f"v1={BETA}", f"v1=00,v1={BETA}", f" v1={ALPHA}"])
def test_webhook_when_any_signature_fits_any_secret_then_accepted(signatures: str) -> None:
    verify_webhook(BODY, f"t=1700000000,{signatures}", ["alpha", "beta"], AT)


@pytest.mark.parametrize("seconds", [-180, 180])
def test_webhook_when_within_three_minutes_then_accepted(seconds: int) -> None:
    verify_webhook(BODY, f"t=1700000000,v1={ALPHA}", ["alpha"], AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-181, 181])
def test_webhook_when_outside_three_minutes_then_refused(seconds: int) -> None:
    with pytest.raises(InvalidInput, match="three minutes"):
        verify_webhook(BODY, f"t=1700000000,v1={ALPHA}", ["alpha"], AT + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("body", "header", "secrets"),
    [
        (BODY + b" ", f"t=1700000000,v1={ALPHA}", ["alpha"]),
        (BODY, f"t=1700000001,v1={ALPHA}", ["alpha"]),
        (BODY, f"t=1700000000,v1={ALPHA}", ["beta"]),
        (BODY, f"t=1700000000,v1={ALPHA.upper()}", ["alpha"]),
        (BODY, f"t=1700000000,v1={ALPHA}", []),
        (BODY, "t=1700000000,v1=é", ["alpha"]),
    ],
)
def test_webhook_when_anything_differs_then_refused(body: bytes, header: str, secrets: list[str]) -> None:
    with pytest.raises(InvalidInput, match="not signed"):
        verify_webhook(body, header, secrets, AT)


@pytest.mark.parametrize(
    "header",
    ["", "t=,v1=a", f"v1={ALPHA}", "t=1700000000", f"t=1,t=2,v1={ALPHA}", f"t=-1,v1={ALPHA}", f"t=²,v1={ALPHA}"],
)
def test_webhook_when_header_is_malformed_then_refused(header: str) -> None:
    with pytest.raises(InvalidInput, match="should look like"):
        verify_webhook(BODY, header, ["alpha"], AT)


def test_webhook_when_now_is_naive_then_refused() -> None:
    with pytest.raises(NaiveTime):
        verify_webhook(BODY, f"t=1700000000,v1={ALPHA}", ["alpha"], AT.replace(tzinfo=None))


@pytest.mark.parametrize("secrets", ["alpha", [""], ["alpha", " "]])
def test_webhook_when_secrets_are_one_text_or_blank_then_configuration_error(secrets: Any) -> None:
    empty = hmac.new(b"", b"1700000000." + BODY, "sha256").hexdigest()
    with pytest.raises(ConfigurationError, match="blank"):
        verify_webhook(BODY, f"t=1700000000,v1={empty}", secrets, AT)


def test_webhook_when_request_has_no_signature_then_refused() -> None:
    with pytest.raises(InvalidInput, match="should look like"):
        verify_webhook(BODY, None, ["alpha"], AT)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLER_WEBHOOK_SECRET", "new")
    monkeypatch.setenv("TELLER_WEBHOOK_SECRET_OLD", "old")


def taken(event: Any, secret: str = "new", at: datetime = AT) -> WebhookEvent:
    body = event if isinstance(event, bytes) else json.dumps(event, indent=1).encode()
    signature = hmac.new(secret.encode(), b"1700000000." + body, "sha256").hexdigest()
    return received("banking:teller", body, {"teller-signature": f"t=1700000000,v1={signature}"}, at)


DISCONNECTED = {
    "id": "wh_2",
    "payload": {"enrollment_id": "enr_1", "reason": "disconnected.user_action.captcha_required"},
    "timestamp": "2023-11-14T22:13:10Z",
    "type": "enrollment.disconnected",
}


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("secret", ["new", "old"])
def test_event_when_an_enrollment_is_disconnected_then_the_person_must_act_and_why(secret: str) -> None:
    assert taken(DISCONNECTED, secret) == WebhookEvent(
        event_id="wh_2",
        kind=EventKind.PERSON_MUST_ACT,
        type="enrollment.disconnected",
        login="enr_1",
        said_at=datetime(2023, 11, 14, 22, 13, 10, tzinfo=UTC),
        reason="the bank asks the person to solve a captcha",
    )


@pytest.mark.usefixtures("secrets")
def test_event_when_transactions_are_processed_then_news_of_the_enrollment_or_of_an_account() -> None:
    row = {"account_id": "acc_1", "amount": "12.00", "description": "a purchase of a person"}
    event = {"id": "wh_3", "type": "transactions.processed", "payload": {"transactions": [row]}}
    wanted = WebhookEvent(event_id="wh_3", kind=EventKind.NEWS, type="transactions.processed", account="acc_1")
    assert taken(event) == wanted
    event["payload"] = {"enrollment_id": "enr_1", "transactions": []}
    assert (taken(event).login, taken(event).account) == ("enr_1", None)


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("account.number_verification.processed", EventKind.VERIFICATION_CHANGED),
        ("webhook.test", EventKind.OTHER),
        ("something.new", EventKind.OTHER),
    ],
)
def test_event_when_of_another_type_then_its_word_is_kept(word: str, kind: EventKind) -> None:
    found = taken({"id": "wh_4", "type": word, "payload": {"account_id": "acc_1", "status": "completed"}})
    assert (found.kind, found.type, found.account) == (kind, word, "acc_1")


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    ("event", "secret", "seconds", "reason"),
    [
        (DISCONNECTED, "other", 0, WebhookFault.BAD_SIGNATURE),
        (DISCONNECTED, "new", 181, WebhookFault.TOO_OLD),
        (DISCONNECTED, "new", -181, WebhookFault.FROM_THE_FUTURE),
        (b"[]", "new", 0, WebhookFault.MALFORMED),
        ({"type": "webhook.test"}, "new", 0, WebhookFault.MALFORMED),
        ({"id": "wh_1", "type": 7}, "new", 0, WebhookFault.MALFORMED),
    ],
)
def test_event_when_it_does_not_count_then_the_reason_says_why(
    event: Any, secret: str, seconds: int, reason: WebhookFault
) -> None:
    with pytest.raises(WebhookRefused) as refused:
        taken(event, secret, AT + timedelta(seconds=seconds))
    assert refused.value.reason is reason


def test_event_when_no_secret_is_set_then_the_setting_is_named_and_nobody_is_believed() -> None:
    with pytest.raises(FeatureDisabled, match="TELLER_WEBHOOK_SECRET") as off:
        taken(DISCONNECTED, "")
    assert "TELLER" not in off.value.for_caller()
