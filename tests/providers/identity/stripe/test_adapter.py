"""Stripe Identity against answers from memory: forms and keys as sent, states by the last error, rows that are bad."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from fin_infra.errors import (
    AuthenticationFailed,
    InvalidInput,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.flow import row_errors
from fin_infra.model import (
    CheckKind,
    DocumentType,
    NewVerification,
    Redaction,
    VerificationKind,
    VerificationReason,
    VerificationState,
)
from fin_infra.pii import mask
from fin_infra.providers.identity.stripe.adapter import Settings, Stripe
from fin_infra.providers.identity.stripe.payloads import REASONS
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay

KEY = "rk_live_of_this_test_0123456789"


@pytest.fixture(autouse=True)
def _on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_IDENTITY", "1")


class Asked:
    """A client that is given these answers in turn, and what it sent."""

    def __init__(self, *answers: Any, **given: Any) -> None:
        self.transport = Replay(
            [answer if isinstance(answer, (Reply, Exception)) else reply(answer) for answer in answers]
        )
        endpoint = Endpoint("http://127.0.0.1:1", "custom", load(Settings, {"secret_key": KEY, **given}))
        self.client: Stripe[Sync] = Stripe(self.transport, endpoint)

    @property
    def sent(self) -> list[Request]:
        return self.transport.requests

    def headers(self, at: int = 0) -> dict[str, str]:
        return {name.lower(): value for name, value in self.sent[at].headers}


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), {name.replace("_", "-"): value for name, value in headers.items()})


def session(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "vs_1",
        "object": "identity.verification_session",
        "client_secret": None,
        "created": 1234567890,
        "last_error": None,
        "last_verification_report": None,
        "livemode": True,
        "metadata": {},
        "options": {},
        "redaction": None,
        "status": "requires_input",
        "type": "document",
        "url": None,
    }
    return made | changes


def refusal(status: int, kind: str = "invalid_request_error", code: str | None = None, **headers: str) -> Reply:
    error = {"type": kind, "code": code, "message": "words with Marlowe that nobody should see"}
    return reply({"error": error}, status, **headers)


def test_start_when_all_is_asked_for_then_the_form_has_nested_names_and_the_key_is_sent() -> None:
    asked = Asked(session(url="https://verify.stripe.com/x", client_secret="vs_1_secret_abc"))
    new = NewVerification(
        document_types=(DocumentType.PASSPORT, DocumentType.ID_CARD),
        selfie=True,
        id_number=True,
        live_capture=True,
        reference="r-1",
        return_url="https://app.example/done",
        email="ada+x@example.com",
        phone="+12185550114",
    )
    made = asked.client.start(new, idempotency_key="k-1")
    [request] = asked.sent
    assert (request.method, request.path, request.repeatable) == ("POST", "/v1/identity/verification_sessions", True)
    assert parse_qsl((request.content or b"").decode()) == [
        ("type", "document"),
        ("client_reference_id", "r-1"),
        ("return_url", "https://app.example/done"),
        ("options[document][allowed_types][0]", "passport"),
        ("options[document][allowed_types][1]", "id_card"),
        ("options[document][require_id_number]", "true"),
        ("options[document][require_live_capture]", "true"),
        ("options[document][require_matching_selfie]", "true"),
        ("provided_details[email]", "ada+x@example.com"),
        ("provided_details[phone]", "+12185550114"),
    ]
    headers = asked.headers()
    assert headers["idempotency-key"] == "k-1"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["stripe-version"] == "2026-10-28.endive"
    assert (made.url, made.client_secret) == ("https://verify.stripe.com/x", "vs_1_secret_abc")
    assert "secret" not in repr(made)
    assert "url" not in made.to_dict()


def test_start_when_nothing_is_said_then_a_document_under_a_key_that_retries_share() -> None:
    asked = Asked(refusal(503), refusal(429), session(), session())
    asked.client.start()
    asked.client.start()
    keys = [asked.headers(at)["idempotency-key"] for at in range(4)]
    assert (len(set(keys[:3])), len(set(keys))) == (1, 2)
    assert parse_qsl((asked.sent[0].content or b"").decode()) == [("type", "document")]


@pytest.mark.parametrize("word", ["", "a b", "ä", "x\r\ny: z", "k" * 256])
def test_key_when_it_cannot_be_sent_then_nothing_is(word: str) -> None:
    asked = Asked()
    for call in (
        lambda: asked.client.start(idempotency_key=word),
        lambda: asked.client.redact("vs_1", idempotency_key=word),
    ):
        with pytest.raises(InvalidInput, match="1 to 255"):
            call()
    assert asked.sent == []


@pytest.mark.parametrize(
    "new",
    [
        NewVerification(kind=VerificationKind.UNKNOWN),
        NewVerification(document_types=(DocumentType.UNKNOWN,)),
        NewVerification(kind=VerificationKind.ID_NUMBER, selfie=True),
        NewVerification(kind=VerificationKind.ID_NUMBER, document_types=(DocumentType.PASSPORT,)),
    ],
)
def test_start_when_it_does_not_go_together_then_nothing_is_sent(new: NewVerification) -> None:
    asked = Asked()
    with pytest.raises(InvalidInput):
        asked.client.start(new)
    assert asked.sent == []


# `last_error.code` of https://docs.stripe.com/api/identity/verification_sessions/object, sorted by hand
STATES = {
    "abandoned": (VerificationState.ABANDONED, VerificationReason.ABANDONED),
    "consent_declined": (VerificationState.DECLINED, VerificationReason.CONSENT_DECLINED),
    "email_verification_declined": (VerificationState.DECLINED, VerificationReason.EMAIL_DECLINED),
    "phone_verification_declined": (VerificationState.DECLINED, VerificationReason.PHONE_DECLINED),
    "document_expired": (VerificationState.FAILED, VerificationReason.DOCUMENT_EXPIRED),
    "selfie_manipulated": (VerificationState.FAILED, VerificationReason.SELFIE_MANIPULATED),
    "under_supported_age": (VerificationState.FAILED, VerificationReason.TOO_YOUNG),
    "a_word_of_next_year": (VerificationState.FAILED, VerificationReason.UNKNOWN),
}


@pytest.mark.parametrize("code", STATES)
def test_state_when_input_is_required_then_the_last_error_tells_which(code: str) -> None:
    error = {"code": code, "reason": "The document of Ada has expired."}
    found = Asked(session(last_error=error)).client.status("vs_1")
    assert (found.state, found.reason, found.reason_text) == (*STATES[code], code)
    assert found.state.needs_person
    assert found.explanation == "The document of Ada has expired."
    assert "Ada" not in repr(found)


def test_reasons_when_counted_then_every_code_of_the_reference_has_its_own() -> None:
    assert len(REASONS) == 19
    assert len({reason for reason, _ in REASONS.values()}) == 19
    assert set(VerificationReason) - {reason for reason, _ in REASONS.values()} == {VerificationReason.UNKNOWN}


@pytest.mark.parametrize(
    ("row", "state"),
    [
        (session(), VerificationState.NOT_STARTED),
        (session(last_error={"code": None, "reason": None}), VerificationState.NOT_STARTED),
        (session(status="processing"), VerificationState.PROCESSING),
        (session(status="verified", last_error={"code": "abandoned", "reason": "x"}), VerificationState.VERIFIED),
        (session(status="canceled"), VerificationState.CANCELED),
    ],
)
def test_state_when_there_is_no_error_or_it_is_over_then_the_status(
    row: dict[str, Any], state: VerificationState
) -> None:
    found = Asked(row).client.status("vs_1")
    assert (found.state, found.reason, found.explanation) == (state, None, None)
    assert found.created_at == datetime(2009, 2, 13, 23, 31, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "redaction"),
    [("processing", Redaction.PROCESSING), ("validated", Redaction.PROCESSING), ("redacted", Redaction.DONE)],
)
def test_redaction_when_told_then_under_way_or_done(status: str, redaction: Redaction) -> None:
    assert Asked(session(redaction={"status": status})).client.status("vs_1").redaction is redaction


@pytest.mark.parametrize(
    "row",
    [
        session(status="approved"),
        session(status=None),
        session(redaction={"status": "half"}),
        session(created="soon"),
        session(created=10**20),
        session(id=""),
        session(id="vs_2"),
        [session()],
    ],
)
def test_session_when_a_state_is_unknown_or_a_field_wrong_then_it_is_refused(row: Any) -> None:
    with pytest.raises(UnexpectedPayload) as told:
        Asked(row).client.status("vs_1")
    assert "approved" not in str(told.value)


def test_list_when_one_state_is_unknown_then_that_row_is_named_and_the_others_are_there() -> None:
    first = {"data": [session(id="vs_3"), session(id="vs_2", status="approved")], "has_more": True}
    second = {"data": [session(id="vs_2", status="approved"), session(id="vs_1", status="verified")], "has_more": False}
    asked = Asked(first, second, page_size=2)
    with row_errors() as errors:
        found = list(asked.client.verifications(reference="r"))
    assert [each.id for each in found] == ["vs_3", "vs_1"]
    assert [(each.place, each.id) for each in errors] == [("data[1]", "vs_2")]
    assert [dict(request.params).get("starting_after") for request in asked.sent] == [None, "vs_2"]
    assert {dict(request.params)["client_reference_id"] for request in asked.sent} == {"r"}


@pytest.mark.parametrize(
    "pages",
    [
        [{"data": [], "has_more": True}],
        [{"data": [session()], "has_more": True}] * 2,
        [{"data": {}, "has_more": False}],
        [{"data": []}],
    ],
)
def test_list_when_it_does_not_end_as_it_says_then_it_is_refused(pages: list[Any]) -> None:
    with pytest.raises(UnexpectedPayload):
        list(Asked(*pages).client.verifications())


def test_verify_when_nothing_is_left_for_the_person_then_one_sentence() -> None:
    assert Asked(session(url="https://verify.stripe.com/y")).client.verify("vs_1").url == "https://verify.stripe.com/y"
    for status in ("verified", "processing", "canceled"):
        with pytest.raises(InvalidInput, match=f"is {status}; nothing is left"):
            Asked(session(status=status)).client.verify("vs_1")


def test_status_when_the_answer_has_a_link_then_it_is_not_handed_on() -> None:
    found = Asked(session(url="https://verify.stripe.com/y", client_secret="vs_1_secret_x")).client.status("vs_1")
    assert (found.url, found.client_secret) == (None, None)


def document(**changes: Any) -> dict[str, Any]:
    return {
        "status": "verified",
        "error": None,
        "type": "passport",
        "issuing_country": "US",
        "issued_date": {"day": 1, "month": 12, "year": 2020},
        **changes,
    }


def report(session_changes: Any = None, **changes: Any) -> dict[str, Any]:
    found = {"id": "vr_1", "created": 1234567890, "livemode": True, "type": "document", "verification_session": "vs_1"}
    return session(status="verified", last_verification_report=found | changes, **(session_changes or {}))


def test_report_when_read_then_checks_person_and_document_and_only_what_the_setting_asks_for() -> None:
    outputs = {
        "first_name": "Jenny",
        "last_name": "Rosen",
        "dob": {"day": 7, "month": 3, "year": 1990},
        "address": {
            "line1": "1 Main",
            "line2": "Apt 2",
            "city": "X",
            "state": "CA",
            "postal_code": "9",
            "country": "US",
        },
        "id_number": "000000000",
        "id_number_type": "us_ssn",
    }
    selfie = {"status": "unverified", "error": {"code": "selfie_face_mismatch", "reason": "x"}}
    row = report({"verified_outputs": outputs}, document=document(number="P1"), selfie=selfie)
    asked = Asked(row, row, read_sensitive=True)
    found = asked.client.report("vs_1")
    checks = [(each.kind, each.passed, each.reason) for each in found.checks]
    assert checks == [
        (CheckKind.DOCUMENT, True, None),
        (CheckKind.SELFIE, False, VerificationReason.SELFIE_MISMATCH),
    ]
    person = found.person
    assert (person.first_name, person.birth_date, person.id_number) == ("Jenny", date(1990, 3, 7), "000000000")
    assert person.address
    assert (person.address.street, person.address.region) == ("1 Main, Apt 2", "CA")
    assert found.document
    assert (found.document.type, found.document.number) == (DocumentType.PASSPORT, "P1")
    assert (found.document.issued_on, found.document.expires_on) == (date(2020, 12, 1), None)
    for word in ("Jenny", "Rosen", "1990", "P1", "Main"):
        assert word not in repr(found) + json.dumps(found.to_dict())
    assert [value for _, value in asked.sent[0].params] == [
        "last_verification_report",
        "verified_outputs",
        "verified_outputs.dob",
        "verified_outputs.id_number",
        "last_verification_report.document.dob",
        "last_verification_report.document.expiration_date",
        "last_verification_report.document.number",
    ]
    plain = Asked(row)
    plain.client.report("vs_1")
    assert len(plain.sent[0].params) == 2


def test_report_when_removed_then_nothing_is_taken_for_a_name() -> None:
    gone = "[redacted]"
    outputs = {"first_name": gone, "last_name": gone, "dob": {"day": None, "month": None, "year": None}}
    outputs["address"] = dict.fromkeys(("line1", "city", "state", "postal_code", "country"), gone)
    row = report(
        {"verified_outputs": outputs, "redaction": {"status": "redacted"}},
        document=document(number=gone, issued_date={"day": gone, "month": gone, "year": gone}),
    )
    found = Asked(row).client.report("vs_1")
    assert found.redacted
    assert gone not in json.dumps(found.to_dict(private=True, pii=True))
    assert found.person.address is None


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (session(), NotFound),
        (session(last_verification_report="vr_1"), UnexpectedPayload),
        (report(verification_session="vs_2"), UnexpectedPayload),
        (report(document=document(status="maybe")), UnexpectedPayload),
        (report(document=document(issued_date={"day": 31, "month": 2, "year": 2020})), UnexpectedPayload),
    ],
)
def test_report_when_there_is_none_or_it_is_wrong_then_an_error(row: Any, error: type[ProviderError]) -> None:
    with pytest.raises(error):
        Asked(row).client.report("vs_1")


@pytest.mark.parametrize(
    ("answer", "error", "retried"),
    [
        (refusal(400, "idempotency_error"), InvalidRequest, False),
        (refusal(409, "idempotency_error", "idempotency_key_in_use"), ProviderUnavailable, True),
        (refusal(400, code="rate_limit"), RateLimited, True),
        (refusal(429, code="lock_timeout"), RateLimited, True),
        (refusal(400, code="verification_session_unexpected_state"), InvalidRequest, False),
        (refusal(404, code="resource_missing"), NotFound, False),
        (refusal(401), AuthenticationFailed, False),
        (refusal(403), PermissionDenied, False),
        (refusal(500, "api_error"), ProviderUnavailable, True),
        (refusal(500, "api_error", stripe_should_retry="false"), ProviderUnavailable, False),
        (refusal(400, stripe_should_retry="true"), InvalidRequest, True),
        (Reply(502, b"<html>"), ProviderUnavailable, True),
    ],
)
def test_refusal_when_read_then_its_error_without_the_vendors_words(answer: Reply, error: Any, retried: bool) -> None:
    asked = Asked(*[answer] * 3)
    with pytest.raises(error) as told:
        asked.client.cancel("vs_1")
    assert type(told.value) is error
    assert "Marlowe" not in f"{told.value}{told.value.extra()}"
    assert len(asked.sent) == (3 if retried else 1)
    assert len({dict(request.headers)["Idempotency-Key"] for request in asked.sent}) == 1


def test_secrets_when_they_turn_up_in_a_log_then_masked() -> None:
    for secret in (
        "vs_1Pgc76B7WZ01zgkWBdQi8PTU_secret_live_abcdef0123456789",
        "sk_live_0123456789abcdef",
        "whsec_abcdefgh1234",
    ):
        assert secret[-8:] not in mask(f"got {secret} from them")
    assert "vs_1Pgc76B7WZ01zgkWBdQi8PTU" in mask("the session vs_1Pgc76B7WZ01zgkWBdQi8PTU is verified")


def test_sample_when_published_then_session_and_report_are_read(samples: Path) -> None:
    found = json.loads((samples / "stripe_identity" / "fixtures3_2026-08.json").read_text(), parse_float=Decimal)
    row = found["identity.verification_session"]
    read = Asked(row).client.status(row["id"])
    assert (read.state, read.redaction, read.report_id) == (
        VerificationState.VERIFIED,
        Redaction.PROCESSING,
        "vr_QXhW13B2hsHOm43JtUgs0f0w",
    )
    told = found["identity.verification_report"]
    whole = Asked(row | {"id": told["verification_session"], "last_verification_report": told})
    papers = whole.client.report(told["verification_session"])
    assert papers.document
    assert (papers.document.issuing_country, papers.document.expires_on) == ("US", date(2030, 12, 1))
    assert papers.document.type is DocumentType.DRIVING_LICENSE
    assert [(each.kind, each.passed) for each in papers.checks] == [(CheckKind.DOCUMENT, True)]
