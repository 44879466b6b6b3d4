"""Teller operations against fixtures: each value is read off the fixture files by hand."""

from __future__ import annotations

import logging
from base64 import b64encode
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.errors import (
    AccountClosed,
    AuthenticationFailed,
    InvalidInput,
    InvalidRequest,
    NotFound,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.flow import row_errors
from fin_infra.model import (
    AccountStatus,
    AccountSubtype,
    AccountType,
    Category,
    Money,
    PartyType,
    Transaction,
    TransactionStatus,
)
from fin_infra.providers.banking.teller import adapter as teller_client
from tests.providers.banking.teller.support import TOKEN, Teller, answering, from_fixtures, refusal, reply

DEPOSITORY = {
    "id": "acc_1",
    "name": "Checking",
    "type": "depository",
    "subtype": "checking",
    "currency": "USD",
    "status": "open",
    "institution": {"id": "i", "name": "I"},
    "links": {"self": "x"},
}


def row(id: str, status: str = "posted", day: str = "2026-03-01", amount: str = "-1.00") -> dict[str, Any]:
    return {
        "id": id,
        "account_id": "acc_1",
        "date": day,
        "amount": amount,
        "description": "x",
        "status": status,
        "type": "ach",
        "running_balance": None,
        "details": {"category": None, "counterparty": {"name": None, "type": None}},
    }


def ids(rows: list[Transaction]) -> list[str]:
    return [row.id for row in rows]


def usd(text: str) -> Money:
    return Money(Decimal(text), "USD")


def test_accounts_when_listed_then_typed() -> None:
    checking, card, closed, odd = from_fixtures().client.accounts()
    assert (checking.id, checking.name, checking.type) == ("acc_chk", "My Checking", AccountType.DEPOSITORY)
    assert (checking.subtype, checking.currency, checking.last_four) == (AccountSubtype.CHECKING, "USD", "7857")
    assert checking.institution.name == "Security Credit Union"
    assert checking.enrollment_id == "enr_oiin624rqaojse22oe000"
    assert checking.source == "banking:teller"
    assert checking.capabilities == {"details", "balances", "transactions"}
    assert (card.type, card.capabilities) == (AccountType.CREDIT, {"balances", "transactions"})
    assert (closed.status, closed.capabilities) == (AccountStatus.CLOSED, frozenset())
    assert (odd.type, odd.subtype) == (AccountType.UNKNOWN, AccountSubtype.UNKNOWN)
    assert odd.subtype_text == "variable_annuity"


def test_accounts_when_listed_then_meta_names_the_call() -> None:
    meta = from_fixtures().client.accounts().meta
    assert meta is not None
    assert (meta.provider, meta.operation, meta.attempts) == ("banking:teller", "accounts", 1)


def test_requests_when_sent_then_token_is_basic_user_and_version_is_named() -> None:
    teller = from_fixtures()
    teller.client.accounts()
    headers = dict(teller.requests[0].headers)
    assert headers["Authorization"] == "Basic " + b64encode(b"test_token_unit:").decode()
    assert headers["Teller-Version"] == "2020-10-12"
    assert TOKEN not in teller.requests[0].path + str(teller.requests[0].params) + repr(teller.requests[0])


def test_institutions_when_asked_then_no_token_travels() -> None:
    teller = from_fixtures()
    (bank,) = teller.client.institutions()
    assert (bank.id, bank.products) == ("security_cu", ("balance", "identity", "transactions"))
    assert "Authorization" not in dict(teller.requests[0].headers)


def test_details_when_a_scheme_is_null_then_it_is_absent() -> None:
    details = from_fixtures().client.details("acc_chk")
    assert (details.account_number, details.routing_numbers) == ("891824333836", {"ach": "864952590"})
    assert "891824333836" not in repr(details)
    assert "864952590" not in repr(details)


def test_balance_when_depository_then_as_on_the_wire() -> None:
    balance = from_fixtures().client.balance("acc_chk")
    assert (balance.current, balance.available) == (usd("28575.02"), usd("28549.26"))


def test_balance_when_card_then_debt_is_negative_and_spendable_credit_positive() -> None:
    balance = from_fixtures().client.balance("acc_card")
    assert (balance.current, balance.available) == (usd("-500.47"), usd("4499.53"))


@pytest.mark.parametrize(
    ("ledger", "available", "current", "spendable"),
    [(None, "5.00", None, "5.00"), ("5.00", None, "5.00", None), ("-3.10", "0.00", "-3.10", "0.00")],
)
def test_balance_when_one_side_is_null_then_none_and_not_zero(
    ledger: str | None, available: str | None, current: str | None, spendable: str | None
) -> None:
    body = {"account_id": "acc_1", "ledger": ledger, "available": available}
    balance = answering(reply(DEPOSITORY), reply(body)).client.balance("acc_1")
    assert balance.current == (current and usd(current))
    assert balance.available == (spendable and usd(spendable))


def test_balance_when_both_sides_are_null_then_refused() -> None:
    teller = answering(reply(DEPOSITORY), reply({"account_id": "acc_1", "ledger": None, "available": None}))
    with pytest.raises(UnexpectedPayload):
        teller.client.balance("acc_1")


def test_transactions_when_depository_then_signs_as_on_the_wire() -> None:
    pending, deposit, ach = from_fixtures().client.transactions("acc_chk")
    assert (pending.amount, pending.status, pending.running_balance) == (usd("-12.00"), TransactionStatus.PENDING, None)
    assert (pending.date, pending.description, pending.type_text) == (date(2026, 3, 4), "CORNER SHOP", "card_payment")
    assert (pending.counterparty, pending.counterparty_type) == ("CORNER SHOP", PartyType.ORGANIZATION)
    assert (deposit.amount, deposit.running_balance) == (usd("1000.00"), usd("28575.02"))
    assert (deposit.category, deposit.status) == (Category.INCOME, TransactionStatus.POSTED)
    assert (ach.category, ach.category_text) == (Category.UNKNOWN, "falconry")


def test_transactions_when_card_then_charges_and_debt_are_negative() -> None:
    payment, charge = from_fixtures().client.transactions("acc_card")
    assert (payment.amount, payment.running_balance) == (usd("100.00"), usd("-500.47"))
    assert (charge.amount, charge.running_balance) == (usd("-42.47"), usd("-600.47"))


def test_transactions_when_read_then_raw_is_the_vendors_record() -> None:
    charge = list(from_fixtures().client.transactions("acc_card"))[1]
    assert charge.raw is not None
    assert (charge.raw["amount"], len(charge.raw), "status" in charge.raw) == ("42.47", 10, True)
    assert "ATM Withdrawal" not in repr(charge)
    assert "ATM Withdrawal" not in repr(charge.raw)


def test_transaction_when_asked_for_then_signed_like_the_list() -> None:
    assert from_fixtures().client.transaction("acc_card", "txn_k1").amount == usd("-42.47")


def test_transactions_when_account_type_is_unknown_then_refused_without_asking_for_them() -> None:
    teller = from_fixtures()
    for operation in (teller.client.balance, lambda id: list(teller.client.transactions(id))):
        with pytest.raises(UnexpectedPayload, match="neither depository nor credit"):
            operation("acc_odd")
    assert [request.path for request in teller.requests] == ["/accounts/acc_odd"] * 2


def test_transactions_when_currency_is_unknown_then_refused() -> None:
    with pytest.raises(UnexpectedPayload, match="currency"):
        list(answering(reply(DEPOSITORY | {"currency": "ZZZ"})).client.transactions("acc_1"))


def test_account_type_when_known_from_any_answer_then_asked_for_once() -> None:
    teller = from_fixtures()
    teller.client.balance("acc_card")
    teller.client.balance("acc_card")
    teller.client.accounts()
    teller.client.balance("acc_chk")
    assert [request.path for request in teller.requests] == [
        "/accounts/acc_card",
        "/accounts/acc_card/balances",
        "/accounts/acc_card/balances",
        "/accounts",
        "/accounts/acc_chk/balances",
    ]


def test_account_types_when_very_many_then_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teller_client, "POLARITIES_KEPT", 3)
    teller = answering(reply([DEPOSITORY | {"id": f"acc_{n}"} for n in range(8)]))
    teller.client.accounts()
    assert 0 < len(teller.client._polarities) <= 3


def test_transactions_when_window_given_then_half_open_becomes_inclusive() -> None:
    teller = answering(reply(DEPOSITORY), reply([]))
    list(teller.client.transactions("acc_1", start=date(2026, 3, 1), end=date(2026, 4, 1)))
    assert dict(teller.requests[1].params) == {"count": "250", "start_date": "2026-03-01", "end_date": "2026-03-31"}


@pytest.mark.parametrize(
    ("start", "end"),
    [(date(2026, 3, 1), date(2026, 3, 1)), (None, date.min)],
)
def test_transactions_when_window_is_empty_then_nothing_is_asked(start: date | None, end: date) -> None:
    teller = answering()
    assert list(teller.client.transactions("acc_1", start=start, end=end)) == []
    assert teller.requests == []


def test_transactions_when_window_is_reversed_then_refused() -> None:
    with pytest.raises(InvalidInput, match="not after their end"):
        list(answering().client.transactions("acc_1", start=date(2026, 3, 2), end=date(2026, 3, 1)))


@pytest.mark.parametrize("start", [datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01T00:00:00Z", "March", 5])
def test_transactions_when_window_is_no_day_then_refused_at_the_call(start: Any) -> None:
    with pytest.raises(InvalidInput, match=r"`start` must be a datetime\.date or ISO text"):
        answering().client.transactions("acc_1", start=start)


def test_transactions_when_window_is_iso_text_then_it_is_that_day() -> None:
    with pytest.raises(InvalidInput, match="not 2026-03-02 to 2026-03-01"):
        list(answering().client.transactions("acc_1", start="2026-03-02", end="2026-03-01"))  # type: ignore[arg-type]  # untyped users


def test_paging_when_pages_are_short_then_goes_on_to_an_empty_one() -> None:
    teller = answering(
        reply(DEPOSITORY), reply([row("t4"), row("t3")]), reply([row("t2")]), reply([row("t1")]), reply([])
    )
    assert ids(list(teller.client.transactions("acc_1"))) == ["t4", "t3", "t2", "t1"]
    assert [dict(request.params).get("from_id") for request in teller.requests[1:]] == [None, "t3", "t2", "t1"]


def test_paging_when_page_size_set_then_asked_for() -> None:
    teller = answering(reply(DEPOSITORY), reply([]), page_size=7)
    list(teller.client.transactions("acc_1"))
    assert dict(teller.requests[1].params)["count"] == "7"


def test_paging_when_page_ends_in_pending_then_marks_the_last_posted_and_yields_each_id_once() -> None:
    first = [row("t9", "pending"), row("t8"), row("t7", "pending"), row("t6", "pending")]
    second = [row("t6", "pending"), row("t5")]  # t7 vanished in between, as a pending one may
    teller = answering(reply(DEPOSITORY), reply(first), reply(second), reply([]))
    assert ids(list(teller.client.transactions("acc_1"))) == ["t9", "t8", "t7", "t6", "t5"]
    assert [dict(request.params).get("from_id") for request in teller.requests[1:]] == [None, "t8", "t5"]


def test_paging_when_only_known_pending_rows_come_again_then_it_is_the_end() -> None:
    page = [row("t2"), row("t1", "pending")]
    teller = answering(reply(DEPOSITORY), reply(page), reply(page[1:]))
    assert ids(list(teller.client.transactions("acc_1"))) == ["t2", "t1"]


def test_paging_when_vendor_repeats_the_first_page_then_refused_instead_of_endless() -> None:
    page = [row("t3"), row("t2"), row("t1")]
    teller = answering(reply(DEPOSITORY), reply(page), reply(page))
    with pytest.raises(UnexpectedPayload, match="does not advance"):
        list(teller.client.transactions("acc_1"))


def test_paging_when_a_page_holds_an_id_twice_then_yielded_once() -> None:
    teller = answering(reply(DEPOSITORY), reply([row("t2"), row("t2"), row("t1")]), reply([]))
    assert ids(list(teller.client.transactions("acc_1"))) == ["t2", "t1"]


def test_paging_when_caller_stops_early_then_no_further_page_is_asked_for() -> None:
    teller = answering(reply(DEPOSITORY), reply([row("t2"), row("t1")]))
    assert next(teller.client.transactions("acc_1")).id == "t2"
    assert len(teller.requests) == 2


@pytest.mark.parametrize("bad", ["..", ".", ""])
def test_ids_when_not_a_path_segment_then_refused(bad: str) -> None:
    with pytest.raises(InvalidInput):
        answering().client.account(bad)


def test_ids_when_they_hold_a_slash_then_encoded() -> None:
    teller = answering(refusal(404, "not_found"))
    with pytest.raises(NotFound):
        teller.client.account("a/../b?c")
    assert teller.requests[0].path == "/accounts/a%2F..%2Fb%3Fc"


def test_identity_when_asked_then_owners_with_their_data() -> None:
    (identity,) = from_fixtures().client.identity()
    person, unnamed = identity.owners
    assert identity.account.id == "acc_chk"
    assert (person.type, person.names) == (PartyType.PERSON, ("Jordan Example", "J Example"))
    assert (person.emails, person.phone_numbers) == (("owner@example.com",), ("+12185550100",))
    assert (person.addresses[0].region, person.addresses[0].primary) == ("MINNESOTA", True)
    assert (unnamed.type, unnamed.names, unnamed.addresses) == (PartyType.UNKNOWN, (), ())
    assert "Jordan" not in repr(identity)


def test_deletes_when_done_then_none_and_the_right_paths() -> None:
    teller = from_fixtures()
    assert teller.client.delete_account("acc_chk") is None
    assert teller.client.delete_enrollment() is None
    assert [(r.method, r.path) for r in teller.requests] == [("DELETE", "/accounts/acc_chk"), ("DELETE", "/accounts")]


def test_deletes_when_the_bank_fails_then_never_repeated() -> None:
    teller = answering(refusal(502, "bad_gateway"))
    with pytest.raises(ProviderUnavailable):
        teller.client.delete_enrollment()
    assert len(teller.requests) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}"])
def test_deletes_when_the_answer_is_not_204_then_not_taken_as_done(body: bytes) -> None:
    for delete in (lambda client: client.delete_enrollment(), lambda client: client.delete_account("acc_1")):
        with pytest.raises(UnexpectedPayload, match="answered with 204"):
            delete(answering(reply(body)).client)


REASONS = {
    "": "sign in again",
    ".account_locked": "locked",
    ".credentials_invalid": "user name and password",
    ".enrollment_inactive": "inactive",
    ".user_action.captcha_required": "captcha",
    ".user_action.contact_information_required": "contact details",
    ".user_action.insufficient_permissions": "permissions",
    ".user_action.mfa_required": "further proof",
    ".user_action.web_login_required": "own site",
    ".something_new": "sign in again",
}


@pytest.mark.parametrize(("reason", "says"), REASONS.items())
def test_refusal_when_enrollment_is_disconnected_then_reauth_with_reason_and_next_step(reason: str, says: str) -> None:
    with pytest.raises(ReauthRequired, match=says) as caught:
        answering(refusal(404, "enrollment.disconnected" + reason)).client.accounts()
    assert caught.value.vendor_code == "enrollment.disconnected" + reason
    assert "Teller Connect" in str(caught.value)
    assert "same access token works again" in str(caught.value)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "says"),
    [
        (400, "bad_request", "Missing certificate: send one", AuthenticationFailed, "TELLER_CERTIFICATE"),
        (400, "bad_request", "count is wrong", InvalidRequest, "malformed"),
        (401, "unauthorized", "", AuthenticationFailed, "set TELLER_ACCESS_TOKEN"),
        (403, "forbidden", "", AuthenticationFailed, "revoked"),
        (404, "not_found", "", NotFound, "does not know that id"),
        (404, "account_number_verification_pending", "", NotFound, "still being verified"),
        (404, "account_number_verification_expired", "", NotFound, "not verified within 7 days"),
        (410, "account.closed", "", AccountClosed, "closed"),
        (410, "account.closed.unknown_reason", "", AccountClosed, "closed"),
        (422, "unprocessable", "", InvalidRequest, "refuses"),
    ],
)
def test_refusal_when_final_then_its_error_without_retry(
    status: int, code: str, message: str, kind: type[ProviderError], says: str
) -> None:
    teller = answering(refusal(status, code, message))
    with pytest.raises(kind, match=says) as caught:
        teller.client.details("acc_chk")
    assert type(caught.value) is kind
    assert (caught.value.vendor_code, caught.value.http_status) == (code, status)
    assert not caught.value.retryable
    assert len(teller.requests) == 1


def test_refusal_when_the_bank_is_down_then_retried_and_named() -> None:
    teller = answering(*[refusal(502, "bad_gateway")] * 3)
    with pytest.raises(ProviderUnavailable, match="bank is not available") as caught:
        teller.client.accounts()
    assert caught.value.retryable
    assert len(teller.requests) == 3


def test_refusal_when_rate_limited_then_waits_as_told_and_goes_on() -> None:
    limited = reply({"error": {"code": "rate_limited", "message": ""}}, 429, **{"retry-after": "7"})
    teller = answering(limited, reply([]))
    assert teller.client.accounts() == []
    assert teller.transport.pauses == [7.0]


def test_refusal_when_rate_limited_for_too_long_then_says_when_to_come_back() -> None:
    limited = reply({"error": {"code": "rate_limited", "message": ""}}, 429, **{"retry-after": "3600"})
    with pytest.raises(RateLimited) as caught:
        answering(limited).client.accounts()
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": null}', b'{"error": {"code": 7}}', b'{"error": {"code": "A b"}}']
)
def test_refusal_when_body_is_not_tellers_then_status_decides(body: bytes) -> None:
    with pytest.raises(NotFound) as caught:
        answering(reply(body, 404)).client.accounts()
    assert caught.value.vendor_code is None


@pytest.mark.parametrize(
    "change",
    [
        {"status": "reversed"},
        {"status": None},
        {"amount": "12,00"},
        {"amount": "NaN"},
        {"amount": 12.5},
        {"amount": None},
        {"running_balance": "1_0"},
        {"date": "2026-02-30"},
        {"date": None},
        {"id": ""},
        {"id": 7},
        {"details": []},
    ],
)
def test_transactions_when_a_field_is_wrong_then_error_names_it_and_quotes_nothing(change: dict[str, Any]) -> None:
    teller = answering(reply(DEPOSITORY), reply([row("t1") | change, row("t2")]), reply([]))
    with row_errors() as errors:
        assert [found.id for found in teller.client.transactions("acc_1")] == ["t2"]
    (error,) = errors
    (field, value), text = next(iter(change.items())), error.reason
    assert field in text
    assert value is None or value == "" or value == [] or str(value) not in text


@pytest.mark.parametrize("field", ["id", "account_id", "date", "amount", "description", "status"])
def test_transactions_when_a_field_is_missing_then_error_names_it(field: str) -> None:
    bad = {name: value for name, value in row("t1").items() if name != field}
    with row_errors() as errors:
        list(answering(reply(DEPOSITORY), reply([bad, row("t2")]), reply([])).client.transactions("acc_1"))
    (error,) = errors
    assert (error.place, field in error.reason) == ("transactions[0]", True)


def test_transactions_when_no_row_of_a_page_can_be_read_then_its_last_id_leads_on() -> None:
    bad = [row("t9") | {"status": "teleported"}, row("t8") | {"status": "teleported"}]
    teller = answering(reply(DEPOSITORY), reply(bad), reply([row("t7")]), reply([]))
    with row_errors() as errors:
        assert [found.id for found in teller.client.transactions("acc_1")] == ["t7"]
    assert [error.id for error in errors] == ["t9", "t8"]


@pytest.mark.parametrize("strange", [{"id": None}, {"id": ""}, {"id": 7}, {"id": ["x"]}])
def test_transactions_when_the_last_row_has_no_id_then_named_and_the_others_come(strange: dict[str, Any]) -> None:
    last = row("t1") | strange
    teller = answering(reply(DEPOSITORY), reply([row("t3"), row("t2"), last]), reply([last]))
    with row_errors() as errors:
        assert [found.id for found in teller.client.transactions("acc_1")] == ["t3", "t2"]
    assert [(error.place, error.id, "'id'" in error.reason) for error in errors] == [("transactions[2]", None, True)]


def test_transactions_when_rows_without_an_id_come_again_then_each_is_named_once() -> None:
    """Page 2 begins below t3, the last posted row: one pending row and two without an id come again, a third is new."""
    nameless, pending = row("t0") | {"id": None}, row("t2") | {"status": "pending"}
    pages = [
        [row("t4"), nameless, row("t3"), nameless, pending, nameless],
        [nameless, pending, nameless, row("t1"), nameless],
        [nameless],
    ]
    teller = answering(reply(DEPOSITORY), *map(reply, pages))
    with row_errors() as errors:
        assert [found.id for found in teller.client.transactions("acc_1")] == ["t4", "t3", "t2", "t1"]
    assert [error.place for error in errors] == [
        "transactions[1]",
        "transactions[3]",
        "transactions[5]",
        "transactions[4]",
    ]


NAMELESS, PENDING = row("t0") | {"id": None}, row("t2") | {"status": "pending"}


@pytest.mark.parametrize(
    "pages",
    [
        ([row("t3"), NAMELESS], [row("t2"), NAMELESS]),  # what could come again is gone, and this one stands lower
        ([NAMELESS, NAMELESS, row("t3")], [NAMELESS, row("t1")]),  # those above the last id do not come again
        ([NAMELESS, row("t3"), PENDING], [NAMELESS, row("t1")]),  # a pending row is gone, and this one is new
    ],
)
def test_transactions_when_rows_without_an_id_are_others_then_all_are_named(pages: tuple[list[Any], ...]) -> None:
    with row_errors() as errors:
        list(answering(reply(DEPOSITORY), *map(reply, pages), reply([])).client.transactions("acc_1"))
    assert len(errors) == sum(page.count(NAMELESS) for page in pages)


def test_transactions_when_a_pending_row_vanished_then_what_comes_again_is_still_known() -> None:
    nameless, pending = row("t0") | {"id": None}, row("t2") | {"status": "pending"}
    pages = [[row("t3"), pending, nameless], [nameless, nameless, row("t1")], []]
    with row_errors() as errors:
        list(answering(reply(DEPOSITORY), *map(reply, pages)).client.transactions("acc_1"))
    assert [error.place for error in errors] == ["transactions[2]", "transactions[1]"]


@pytest.mark.parametrize("body", [b"[1]", b"[null]", b"[[]]", b'[{"id": "\xff"}]'])
def test_transactions_when_a_row_is_no_object_then_named(body: bytes) -> None:
    with row_errors() as errors:
        assert list(answering(reply(DEPOSITORY), reply(body)).client.transactions("acc_1")) == []
    assert [error.place for error in errors] == ["transactions[0]"]


def test_transactions_when_a_full_page_has_nothing_that_leads_on_then_unexpected_payload() -> None:
    teller = answering(reply(DEPOSITORY), reply([row("t1") | {"id": None}] * 250))
    with pytest.raises(UnexpectedPayload, match="no id in it leads on"):
        list(teller.client.transactions("acc_1"))


def test_transactions_when_the_last_row_of_an_unreadable_page_has_no_id_then_another_leads_on() -> None:
    bad = [row("t9") | {"status": "teleported"}, row("t8") | {"id": None}]
    teller = answering(reply(DEPOSITORY), reply(bad), reply([bad[1], row("t7")]), reply([]))
    with row_errors() as errors:
        assert [found.id for found in teller.client.transactions("acc_1")] == ["t7"]
    assert [error.id for error in errors] == ["t9", None]
    assert dict(teller.requests[-2].params)["from_id"] == "t9"


def test_transactions_when_the_running_balance_is_empty_text_then_none() -> None:
    teller = answering(reply(DEPOSITORY), reply([row("t1") | {"running_balance": ""}]), reply([]))
    assert [found.running_balance for found in teller.client.transactions("acc_1")] == [None]


@pytest.mark.parametrize("body", [b"", b"{}", b"nope", b"[" * 3000])
def test_transactions_when_body_is_no_list_of_them_then_unexpected_payload(body: bytes) -> None:
    with pytest.raises(UnexpectedPayload):
        list(answering(reply(DEPOSITORY), reply(body)).client.transactions("acc_1"))


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'{"id": 1}'])
@pytest.mark.parametrize("operation", ["account", "details", "balance"])
def test_objects_when_body_is_something_else_then_unexpected_payload(operation: str, body: bytes) -> None:
    before = [reply(DEPOSITORY)] if operation == "balance" else []
    with pytest.raises(UnexpectedPayload):
        getattr(answering(*before, reply(body)).client, operation)("acc_1")


def test_secrets_when_everything_is_logged_then_none_in_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    teller = Teller([refusal(403, "forbidden", f"token {TOKEN} is bad")])
    with pytest.raises(AuthenticationFailed) as caught:
        teller.client.accounts()
    shown = caplog.text + str(caught.value) + repr(caught.value) + repr(teller.client) + repr(teller.client.settings)
    assert TOKEN not in shown
    assert b64encode(f"{TOKEN}:".encode()).decode() not in shown


def test_transactions_when_a_row_is_of_another_account_then_it_is_named_and_not_listed() -> None:
    teller = answering(reply(DEPOSITORY), reply([row("t1") | {"account_id": "acc_2"}, row("t2")]), reply([]))
    with row_errors() as errors:
        assert [found.id for found in teller.client.transactions("acc_1")] == ["t2"]
    assert [(error.id, "another account" in error.reason) for error in errors] == [("t1", True)]


@pytest.mark.parametrize("zero", ["0.00", "-0.00", "-0"])
def test_transactions_when_an_amount_is_zero_then_without_a_sign(zero: str) -> None:
    teller = answering(reply(DEPOSITORY), reply([row("t1") | {"amount": zero, "running_balance": zero}]), reply([]))
    [found] = teller.client.transactions("acc_1")
    assert found.running_balance is not None
    assert (found.amount.amount.is_signed(), found.running_balance.amount.is_signed()) == (False, False)
