"""Webhook signatures: two made by OpenSSL on the command line, and each way they can be wrong."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fin_infra.errors import ConfigurationError, InvalidInput, NaiveTime
from fin_infra.providers.banking.teller.webhook import verify_webhook

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
