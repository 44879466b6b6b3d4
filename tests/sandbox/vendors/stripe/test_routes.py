"""Stripe's wire: forms, sessions, outcomes, replays, removal, the hosted page; expected values by hand."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

PATH = "/v1/identity/verification_sessions"
RESTRICTED, SECRET = "rk_test_fin_infra_sandbox_key", "sk_test_fin_infra_sandbox_key"
PERSON = ("Ada", "Marlowe", "Lantern Row", "MARLA-880417-77", "987654320", "1988")


class StripeAsker:
    """Sends forms with a key, as somebody with Stripe's documentation would."""

    def __init__(self, ask: Any) -> None:
        self.ask = ask

    def __call__(
        self, path: str, method: str = "GET", api_key: str = RESTRICTED, idem: str = "", **options: Any
    ) -> Any:
        headers = {"authorization": f"Bearer {api_key}"} | ({"idempotency-key": idem} if idem else {})
        return self.ask(f"/stripe{path}", method, headers=headers, **options)

    def made(self, idem: str = "", **form: str) -> Any:
        reply = self(PATH, "POST", idem=idem, data={"type": "document", **form})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def finish(self, ident: str, outcome: str) -> None:
        reply = self.ask("/_sandbox/stripe", "POST", json={"session": ident, "outcome": outcome})
        assert reply.status_code == 200, reply.text

    def get(self, ident: str, *expand: str, api_key: str = RESTRICTED) -> Any:
        return self(f"{PATH}/{ident}", api_key=api_key, params=[("expand[]", name) for name in expand])


@pytest.fixture
def stripe(ask: Any) -> StripeAsker:
    return StripeAsker(ask)


def refusal(reply: Any) -> tuple[int, str, str | None]:
    error = reply.json()["error"]
    assert error["message"]
    assert reply.headers["request-id"].startswith("req_sandbox")
    return reply.status_code, error["type"], error.get("code")


def test_session_when_made_then_it_waits_for_the_person(stripe: StripeAsker) -> None:
    made = stripe.made(client_reference_id="r-1", **{"options[document][require_matching_selfie]": "true"})
    assert re.fullmatch(r"vs_[0-9a-f]{24}", made["id"])
    assert made["url"].startswith("http://sandbox/stripe/verify/")
    assert made["client_secret"].startswith(f"{made['id']}_secret_")
    shown = {
        name: made[name] for name in ("object", "status", "last_error", "livemode", "client_reference_id", "options")
    }
    assert shown == {
        "object": "identity.verification_session",
        "status": "requires_input",
        "last_error": None,
        "livemode": False,
        "client_reference_id": "r-1",
        "options": {"document": {"require_matching_selfie": True}},
    }
    assert made["created"] == 1795186800  # 2026-11-20T15:00:00Z, where the sandbox's clock stands


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "parameter_missing"),
        ({"type": "passport"}, None),
        ({"type": "document", "colour": "red"}, "parameter_unknown"),
        ({"type": "document", "return_url": "nowhere"}, "url_invalid"),
        ({"type": "document", "options[document][allowed_types][0]": "library_card"}, None),
        ({"type": "document", "options[document][require_id_number]": "yes"}, None),
        ({"type": "id_number", "options[document][require_id_number]": "true"}, None),
    ],
)
def test_session_when_a_parameter_is_wrong_then_400_and_the_key_is_free(
    stripe: StripeAsker, form: dict[str, str], code: str | None
) -> None:
    reply = stripe(PATH, "POST", idem="k", data=form)
    assert refusal(reply) == (400, "invalid_request_error", code)
    assert stripe(PATH, "POST", idem="k", data={"type": "document"}).status_code == 200


def test_key_when_wrong_or_missing_then_401(stripe: StripeAsker, ask: Any) -> None:
    assert refusal(stripe(PATH, api_key="sk_test_other"))[:2] == (401, "invalid_request_error")
    assert ask(f"/stripe{PATH}").status_code == 401
    basic = base64.b64encode(f"{SECRET}:".encode()).decode()
    assert ask(f"/stripe{PATH}", headers={"authorization": f"Basic {basic}"}).status_code == 200


def test_request_when_its_key_comes_again_then_the_first_answer(stripe: StripeAsker, ask: Any) -> None:
    first = stripe(PATH, "POST", idem="k-1", data={"type": "document"})
    stripe.finish(first.json()["id"], "abandoned")
    again = stripe(PATH, "POST", idem="k-1", data={"type": "document"})
    assert again.content == first.content
    assert (again.headers["idempotent-replayed"], again.headers["idempotency-key"]) == ("true", "k-1")
    assert "idempotent-replayed" not in first.headers
    other = stripe(PATH, "POST", idem="k-1", data={"type": "id_number"})
    assert refusal(other) == (400, "idempotency_error", None)
    assert "'k-1'" in other.json()["error"]["message"]
    assert len(stripe(PATH).json()["data"]) == 1
    ask("/_sandbox/clock", "POST", json={"advance_s": 24 * 3600})
    late = stripe(PATH, "POST", idem="k-1", data={"type": "id_number"})  # keys may be forgotten after a day
    assert (late.status_code, "idempotent-replayed" in late.headers) == (200, False)


def test_refusal_when_it_was_carried_out_then_its_key_gives_it_again(stripe: StripeAsker) -> None:
    ident = stripe.made()["id"]
    stripe.finish(ident, "processing")
    path = f"{PATH}/{ident}/cancel"
    assert refusal(stripe(path, "POST", idem="c"))[:2] == (400, "invalid_request_error")
    stripe.finish(ident, "abandoned")
    again = stripe(path, "POST", idem="c")
    assert (again.status_code, again.headers["idempotent-replayed"]) == (400, "true")
    assert stripe(path, "POST", idem="c2").json()["status"] == "canceled"


@pytest.mark.parametrize("code", ["abandoned", "consent_declined", "document_expired", "selfie_manipulated"])
def test_outcome_when_it_is_an_error_then_the_session_requires_input_again(stripe: StripeAsker, code: str) -> None:
    made = stripe.made()
    stripe.finish(made["id"], code)
    found = stripe.get(made["id"]).json()
    assert (found["status"], found["last_error"]["code"]) == ("requires_input", code)
    assert (found["last_verification_report"] is None) == (code in ("abandoned", "consent_declined"))
    assert found["url"] not in (None, made["url"]), "a page works once"


def test_session_when_processing_then_verified_a_minute_later(stripe: StripeAsker, ask: Any) -> None:
    ident = stripe.made()["id"]
    stripe.finish(ident, "processing")
    found = stripe.get(ident).json()
    assert (found["status"], found["url"], found["client_secret"]) == ("processing", None, None)
    ask("/_sandbox/clock", "POST", json={"advance_s": 60})
    assert stripe.get(ident).json()["status"] == "verified"


def test_outputs_when_expanded_then_numbers_only_for_a_restricted_key(stripe: StripeAsker) -> None:
    ident = stripe.made(**{"options[document][require_id_number]": "true"})["id"]
    stripe.finish(ident, "verified")
    plain = stripe.get(ident).json()
    assert "verified_outputs" not in plain
    assert isinstance(plain["last_verification_report"], str)
    some = stripe.get(ident, "verified_outputs", api_key=SECRET).json()["verified_outputs"]
    assert (some["first_name"], some["last_name"], "dob" in some, "id_number" in some) == (
        "Ada",
        "Marlowe",
        False,
        False,
    )
    assert refusal(stripe.get(ident, "verified_outputs.dob", api_key=SECRET))[0] == 403
    all_of_it = stripe.get(ident, "verified_outputs.dob", "verified_outputs.id_number").json()["verified_outputs"]
    assert (all_of_it["dob"], all_of_it["id_number"]) == ({"day": 17, "month": 4, "year": 1988}, "987654320")
    assert refusal(stripe.get(ident, "customer"))[2] == "property_unexpandable"


def test_redaction_when_begun_then_it_takes_days_and_then_nothing_of_the_person_is_left(
    stripe: StripeAsker, ask: Any
) -> None:
    made = stripe.made(**{"metadata[mine]": "x", "options[document][require_id_number]": "true"})
    ident = made["id"]
    stripe.finish(ident, "verified")
    names = ("verified_outputs.dob", "verified_outputs.id_number", "last_verification_report.document.number")
    assert all(word in stripe.get(ident, *names).text for word in PERSON)
    begun = stripe(f"{PATH}/{ident}/redact", "POST").json()
    assert (begun["redaction"], begun["status"]) == ({"status": "processing"}, "verified")
    assert "Marlowe" in stripe.get(ident, *names).text, "the vendor takes its time"
    ask("/_sandbox/clock", "POST", json={"advance_s": 4 * 86_400})
    gone = stripe.get(ident, *names)
    assert [word for word in PERSON if word in gone.text] == []
    assert (gone.json()["redaction"], gone.json()["metadata"]) == ({"status": "redacted"}, {})
    assert gone.json()["verified_outputs"]["first_name"] == "[redacted]"
    assert refusal(stripe(f"{PATH}/{ident}/redact", "POST"))[0] == 400
    kinds = [event["type"].rpartition(".")[2] for event in stripe("/v1/events").json()["data"]]
    assert kinds == ["redacted", "verified", "created"]


def test_redaction_when_the_person_has_to_act_then_it_cancels_and_a_canceled_one_is_refused(
    stripe: StripeAsker,
) -> None:
    waiting, canceled, busy = (stripe.made()["id"] for _ in range(3))
    assert stripe(f"{PATH}/{waiting}/redact", "POST").json()["status"] == "canceled"
    stripe.finish(canceled, "canceled")
    stripe.finish(busy, "processing")
    for ident in (canceled, busy):
        assert refusal(stripe(f"{PATH}/{ident}/redact", "POST"))[0] == 400


def test_list_when_paged_and_filtered_then_newest_first(stripe: StripeAsker) -> None:
    ids = [stripe.made(client_reference_id=f"r-{number % 2}")["id"] for number in range(5)]
    first = stripe(PATH, params={"limit": 2}).json()
    assert ([row["id"] for row in first["data"]], first["has_more"]) == ([ids[4], ids[3]], True)
    rest = stripe(PATH, params={"limit": 3, "starting_after": ids[3]}).json()
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == ([ids[2], ids[1], ids[0]], False)
    before = stripe(PATH, params={"ending_before": ids[2]}).json()
    assert [row["id"] for row in before["data"]] == [ids[4], ids[3]]
    mine = stripe(PATH, params={"client_reference_id": "r-1"}).json()
    assert [row["id"] for row in mine["data"]] == [ids[3], ids[1]]
    assert {row["url"] for row in mine["data"]} == {None}, "a link is given to whoever asks for one session"
    assert refusal(stripe(PATH, params={"limit": 101}))[2] == "parameter_invalid_integer"
    assert refusal(stripe(PATH, params={"starting_after": "vs_none"})) == (
        404,
        "invalid_request_error",
        "resource_missing",
    )


def test_reports_when_read_then_the_last_try(stripe: StripeAsker) -> None:
    ident = stripe.made(**{"options[document][require_matching_selfie]": "true"})["id"]
    stripe.finish(ident, "selfie_face_mismatch")
    [report] = stripe("/v1/identity/verification_reports", params={"verification_session": ident}).json()["data"]
    assert (report["document"]["status"], report["selfie"]["status"]) == ("verified", "unverified")
    assert report["selfie"]["error"]["code"] == "selfie_face_mismatch"
    assert "number" not in report["document"]
    one = stripe(f"/v1/identity/verification_reports/{report['id']}").json()
    assert one == report
    assert refusal(stripe("/v1/identity/verification_reports/vr_none"))[0] == 404
    assert refusal(stripe("/v1/charges"))[0] == 404


def test_page_when_opened_then_a_form_without_a_script_that_ends_the_session_once(
    stripe: StripeAsker, ask: Any
) -> None:
    made = stripe.made(return_url="https://app.example/done?a=1&b=2")
    page = made["url"].removeprefix("http://sandbox")
    shown = ask(page)
    assert (shown.status_code, shown.headers["content-security-policy"][:18]) == (200, "default-src 'none'")
    assert "<script" not in shown.text
    assert "<label" in shown.text
    assert ask(page, "POST", data={"outcome": "nonsense"}).status_code == 422
    done = ask(page, "POST", data={"outcome": "document_expired"})
    assert (done.status_code, done.headers["location"]) == (303, "https://app.example/done?a=1&b=2")
    assert [ask(page, verb).status_code for verb in ("GET", "POST")] == [410, 410]
    assert stripe.get(made["id"]).json()["last_error"]["code"] == "document_expired"
    again = stripe.get(made["id"]).json()["url"].removeprefix("http://sandbox")
    ask("/_sandbox/clock", "POST", json={"advance_s": 48 * 3600})
    assert ask(again).status_code == 410, "a page lives for two days"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"session": "vs_none", "outcome": "verified"}, 404),
        ({"session": "", "outcome": "nonsense"}, 422),
        ({"outcome": "verified"}, 422),
        ({"webhook_url": "https://example.com/x", "webhook_secret": "whsec_x"}, 422),
        ({"webhook_url": "http://192.0.2.1/x", "webhook_secret": "whsec_x"}, 422),
        ({"webhook_url": "http://127.0.0.1:1/x"}, 422),
        ({"redeliver": "evt_none"}, 404),
        ({"colour": 1}, 422),
    ],
)
def test_control_when_it_cannot_be_done_then_a_sentence_and_nothing_changes(
    stripe: StripeAsker, ask: Any, change: dict[str, Any], status: int
) -> None:
    ident = stripe.made()["id"]
    body = {name: ident if value == "" else value for name, value in change.items()}
    reply = ask("/_sandbox/stripe", "POST", json=body)
    assert (reply.status_code, bool(reply.json()["error"])) == (status, True)
    assert stripe.get(ident).json()["status"] == "requires_input"


def test_reset_when_done_then_sessions_and_keys_are_forgotten(stripe: StripeAsker, ask: Any) -> None:
    first = stripe.made(idem="k")
    ask("/_sandbox/reset", "POST")
    assert stripe(PATH).json()["data"] == []
    assert stripe.made(idem="k")["id"] == first["id"], "the same calls give the same ids"
    assert stripe("/v1/events").json()["data"][0]["type"].endswith(".created")
