"""Links and logins: where a person is on the page, what a login needs, and whose turn it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fin_infra.errors import InvalidRequest, NotFound, UnexpectedPayload
from fin_infra.model import LinkStatus, LoginStatus
from tests.providers.banking.plaid.support import ITEM, TOKEN, Client, refusal, reply, sample
from tests.providers.banking.plaid.test_adapter import published

KEY_ID = "bfbd5111-8e33-4643-8ced-b2e642a72f3c"
LINK = {"link_token": "link-sandbox-1", "expiration": "2026-03-01T12:30:00Z", "request_id": "r"}
ADDED = {"public_token": "public-sandbox-1", "accounts": [], "institution": {"name": "A", "institution_id": "ins_1"}}


def state(*sessions: Any) -> Any:
    told = {"link_token": "link-sandbox-1", "expiration": "2026-03-01T12:30:00Z", "created_at": None, "metadata": {}}
    return Client(reply({**told, "link_sessions": list(sessions), "request_id": "r"})).plaid.link_state(
        "link-sandbox-1"
    )


def session(**more: Any) -> dict[str, Any]:
    return {"link_session_id": "s", "started_at": "2026-03-01T12:01:00Z", "finished_at": None, "exit": None, **more}


def exited(error: Any = None) -> dict[str, Any]:
    return session(finished_at="2026-03-01T12:02:00Z", exit={"error": error, "metadata": {}})


def test_start_link_when_a_login_is_new_then_products_history_and_a_hosted_page() -> None:
    client = Client(reply({**LINK, "hosted_link_url": "https://secure.plaid.com/hl/1"}), webhook="https://w.example/1")
    found = client.plaid.start_link(user="u-1", redirect_uri="https://app.example/done", institution="ins_9")
    assert (found.url, found.token) == ("https://secure.plaid.com/hl/1", "link-sandbox-1")
    assert found.expires_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert "link-sandbox-1" not in repr(found) + str(found.to_dict())
    [(path, asked)] = client.asked
    assert path == "/link/token/create"
    assert asked == {
        "client_name": "fin-infra",
        "language": "en",
        "country_codes": ["US"],
        "user": {"client_user_id": "u-1"},
        "hosted_link": {"completion_redirect_uri": "https://app.example/done"},
        "products": ["transactions"],
        "transactions": {"days_requested": 730},
        "additional_consented_products": ["investments", "liabilities"],
        "webhook": "https://w.example/1",
        "institution_id": "ins_9",
    }


def test_start_link_when_it_repairs_then_the_token_of_the_login_and_no_products() -> None:
    client = Client(reply(LINK))
    assert client.plaid.start_link(user="u-1", repair=True).url is None
    [(_, asked)] = client.asked
    assert (asked["access_token"], asked["update"]) == (TOKEN, {"account_selection_enabled": True})
    assert not {"products", "transactions", "additional_consented_products"} & asked.keys()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"user_id": "usr_1"}, {"user_id": "usr_1"}),
        ({"user_token": "user-sandbox-1"}, {"user_token": "user-sandbox-1"}),
        ({}, {}),
    ],
    ids=["user_id", "user_token", "neither"],
)
def test_start_link_when_an_application_has_either_user_model_then_it_is_sent(
    given: dict[str, str], sent: dict[str, str]
) -> None:
    client = Client(reply(LINK), **given)
    client.plaid.start_link(user="u-1")
    [(_, asked)] = client.asked
    assert {name: asked[name] for name in ("user_id", "user_token") if name in asked} == sent


def test_link_state_when_the_person_is_at_work_then_open() -> None:
    assert [state().status, state(session()).status] == [LinkStatus.OPEN, LinkStatus.OPEN]


def test_link_state_when_finished_then_each_token_once_with_its_bank() -> None:
    results = {"item_add_results": [ADDED, ADDED, {**ADDED, "public_token": "public-sandbox-2"}]}
    found = state(exited(), session(finished_at="2026-03-01T12:04:00Z", results=results))
    assert (found.status, found.public_tokens) == (LinkStatus.FINISHED, ("public-sandbox-1", "public-sandbox-2"))
    assert found.institutions[0].name == "A"
    assert "public-sandbox" not in repr(found) + str(found.to_dict())


def test_link_state_when_only_the_old_field_tells_then_it_is_read() -> None:
    old = {"public_token": "public-sandbox-3", "metadata": {"institution": ADDED["institution"]}}
    found = state(session(finished_at="2026-03-01T12:04:00Z", on_success=old))
    assert (found.status, found.public_tokens, found.institutions[0].id) == (
        LinkStatus.FINISHED,
        ("public-sandbox-3",),
        "ins_1",
    )


def test_link_state_when_a_repair_ends_then_finished_without_tokens() -> None:
    found = state(session(finished_at="2026-03-01T12:04:00Z"))
    assert (found.status, found.public_tokens) == (LinkStatus.FINISHED, ())


def test_link_state_when_the_person_left_then_why() -> None:
    error = {"error_type": "INSTITUTION_ERROR", "error_code": "INSTITUTION_DOWN", "error_message": "x"}
    assert state(exited()).reason == "the person closed the page before the end"
    found = state(exited(error))
    assert (found.status, found.vendor_code) == (LinkStatus.EXITED, "INSTITUTION_DOWN")
    assert found.reason == "the bank is down; try again later"


def test_link_state_when_the_token_is_unknown_then_not_found() -> None:
    with pytest.raises(NotFound, match="start the link again"):
        Client(refusal("INVALID_LINK_TOKEN", "INVALID_INPUT")).plaid.link_state("link-sandbox-2")


def test_exchange_when_done_then_credentials_and_the_items_id() -> None:
    client = Client(reply({"access_token": "access-sandbox-9", "item_id": "item-9", "request_id": "r"}))
    found = client.plaid.exchange("public-sandbox-1")
    assert (dict(found.credentials), found.vendor_id) == ({"access_token": "access-sandbox-9"}, "item-9")
    assert "access-sandbox-9" not in repr(found) + str(found.to_dict())
    assert client.asked == [("/item/public_token/exchange", {"public_token": "public-sandbox-1"})]


def test_exchange_when_the_token_is_too_old_or_used_then_one_sentence_says_so() -> None:
    with pytest.raises(InvalidRequest, match="exchanged before, or is older than 30 minutes; start the link again"):
        Client(refusal("INVALID_PUBLIC_TOKEN", "INVALID_INPUT")).plaid.exchange("public-sandbox-1")


def login(error: Any = None, **more: Any) -> Any:
    item = {**ITEM, "error": error, "products": ["transactions"], "consent_expiration_time": None, **more}
    done = {"transactions": {"last_successful_update": 1_770_000_000_123, "last_failed_update": None}}
    return Client(reply({"item": item, "status": done, "request_id": "r"})).plaid.login_state()


@published
def test_login_state_when_the_published_example_is_read_then_healthy_with_its_consent() -> None:
    found = Client(sample("spec_example_item_get")).plaid.login_state()
    assert (found.status, found.vendor_id) == (LoginStatus.HEALTHY, "Ed6bjNrDLJfGvZWwnkQlfxwoNz54B5C97ejBr")
    assert found.institution is not None
    assert found.institution.name == "First Platypus Bank"
    assert found.consent_expires_at == datetime(2024, 3, 16, 15, 53, tzinfo=UTC)
    assert found.updated_at == datetime(2019, 2, 15, 15, 52, 39, tzinfo=UTC)
    assert found.failed_at == datetime(2019, 1, 22, 4, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("ITEM_ERROR", "ITEM_LOGIN_REQUIRED", LoginStatus.PERSON_MUST_ACT),
        ("ITEM_ERROR", "A_CODE_OF_TOMORROW", LoginStatus.PERSON_MUST_ACT),
        ("ITEM_ERROR", "PRODUCT_NOT_READY", LoginStatus.BUSY),
        ("INSTITUTION_ERROR", "INSTITUTION_DOWN", LoginStatus.STALE),
        ("INSTITUTION_ERROR", "INSTITUTION_NO_LONGER_SUPPORTED", LoginStatus.OVER),
        ("ITEM_ERROR", "ITEM_NOT_FOUND", LoginStatus.OVER),
        ("A_TYPE_OF_TOMORROW", "A_CODE_OF_TOMORROW", LoginStatus.UNKNOWN),
    ],
)
def test_login_state_when_the_item_has_an_error_then_whose_turn_it_is(
    kind: str, code: str, status: LoginStatus
) -> None:
    found = login({"error_type": kind, "error_code": code, "error_message": "x", "display_message": None})
    assert (found.status, found.vendor_code) == (status, code)
    assert found.reason
    assert found.next_step or status is LoginStatus.UNKNOWN


def test_login_state_when_the_bank_was_never_read_then_busy() -> None:
    item = {**ITEM, "products": ["transactions"], "consent_expiration_time": None}
    done = {"transactions": {"last_successful_update": None, "last_failed_update": None}}
    found = Client(reply({"item": item, "status": done, "request_id": "r"})).plaid.login_state()
    assert (found.status, found.reason) == (LoginStatus.BUSY, "Plaid is reading the bank for the first time")
    assert login().updated_at == datetime(2026, 2, 2, 2, 40, tzinfo=UTC), "milliseconds, as in recorded answers"


def test_end_login_when_it_is_gone_already_then_ended() -> None:
    client = Client(refusal("ITEM_NOT_FOUND"))
    assert client.plaid.end_login() is None
    assert client.asked == [("/item/remove", {"access_token": TOKEN})]


@published
def test_webhook_key_when_the_published_example_is_read_then_its_point() -> None:
    client = Client(sample("spec_example_webhook_verification_key_get"))
    found = client.plaid.webhook_key(KEY_ID)
    assert (found.algorithm, found.curve, found.expired_at) == ("ES256", "P-256", None)
    assert (found.x, found.y) == (
        "hKXLGIjWvCBv-cP5euCTxl8g9GLG9zHo_3pO5NN1DwQ",
        "shhexqPB7YffGn6fR6h2UhTSuCtPmfzQJ6ENVIoO4Ys",
    )
    assert found.created_at == datetime(2019, 6, 13, 22, 49, 10, tzinfo=UTC)
    assert client.asked == [("/webhook_verification_key/get", {"key_id": KEY_ID})]
    with pytest.raises(UnexpectedPayload, match="another key"):
        Client(sample("spec_example_webhook_verification_key_get")).plaid.webhook_key("another")


def test_processor_token_when_made_then_outside_the_repr() -> None:
    client = Client(reply({"processor_token": "processor-sandbox-1", "request_id": "r"}))
    found = client.plaid.processor_token("a", "alpaca")
    assert found.token == "processor-sandbox-1"
    assert "processor-sandbox-1" not in repr(found) + str(found.to_dict())
    asked = {"access_token": TOKEN, "account_id": "a", "processor": "alpaca"}
    assert client.asked == [("/processor/token/create", asked)]
