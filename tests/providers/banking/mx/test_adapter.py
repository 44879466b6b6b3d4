"""MX operations against bodies in the published shape, and the published examples: values are read off them by hand."""

from __future__ import annotations

import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.errors import (
    AccountClosed,
    AuthenticationFailed,
    ConfigurationError,
    InvalidInput,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    ReauthRequired,
    UnexpectedPayload,
)
from fin_infra.flow import row_errors
from fin_infra.model import (
    AccountSubtype,
    AccountType,
    Category,
    Institution,
    LinkStatus,
    LoginStatus,
    Money,
    PartyType,
    TransactionStatus,
)
from fin_infra.providers.banking.mx.states import STATES
from fin_infra.transport import Reply
from tests.providers.banking.mx.support import (
    ACCOUNT,
    MEMBER,
    USER,
    Answering,
    account,
    member,
    page,
    reply,
    transaction,
)

# `connection_status` in v20250224.yml, grouped by hand
GROUPS = {
    LoginStatus.HEALTHY: "CONNECTED RECONNECTED UPDATED",
    LoginStatus.BUSY: "CREATED PENDING DELAYED RESUMED",
    LoginStatus.PERSON_MUST_ACT: "CHALLENGED DENIED EXPIRED REJECTED IMPAIRED PREVENTED LOCKED IMPORTED",
    LoginStatus.STALE: "FAILED DEGRADED DISCONNECTED IMPEDED",
    LoginStatus.OVER: "DISCONTINUED CLOSED DISABLED",
}
WORDS = [(word, group) for group, words in GROUPS.items() for word in words.split()]
READING = {
    LoginStatus.BUSY: ProviderUnavailable,
    LoginStatus.PERSON_MUST_ACT: ReauthRequired,
    LoginStatus.STALE: ProviderUnavailable,
    LoginStatus.OVER: PermissionDenied,
}


def test_request_when_sent_then_it_names_the_version_and_the_keys() -> None:
    mx = Answering(member(), page("accounts", account()))
    mx.client.accounts()
    first, second = mx.requests
    assert (first.path, second.path) == (f"/users/{USER}/members/{MEMBER}", f"/users/{USER}/members/{MEMBER}/accounts")
    headers = dict(first.headers)
    assert headers["Accept-Version"] == "v20250224"
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"client:key-of-nobody").decode()
    assert dict(second.params) == {"page": "1", "records_per_page": "1000"}


def test_members_when_the_published_example_is_read_then_the_login_is_in_order(samples: Path) -> None:
    [state] = Answering(reply((samples / "mx/spec_example_members.json").read_bytes())).client.members()
    assert (state.status, state.vendor_id) == (LoginStatus.HEALTHY, "MBR-7c6f361b-e582-15b6-60c0-358f12466b4b")
    assert state.institution == Institution(id="mxbank", name="MX Bank")
    assert state.updated_at == datetime(2016, 10, 13, 17, 57, 38, tzinfo=UTC)


def test_transactions_when_the_published_example_is_read_then_money_in_is_positive(samples: Path) -> None:
    told = json.loads((samples / "mx/spec_example_transactions.json").read_bytes())
    id = told["transactions"][0]["account_guid"]
    mx = Answering(reply({"account": account(guid=id)}), reply(told))
    [row] = mx.client.transactions(id)
    assert (row.amount, row.date, row.status) == (
        Money(Decimal("5003.9"), "USD"),
        date(2024, 12, 20),
        TransactionStatus.POSTED,
    )
    assert (row.description, row.counterparty) == ("MX TECHNOLOGIES PAYMENT", "MX Technologies")
    assert (row.category, row.category_text, row.type_text) == (Category.INCOME, "Paycheck", "CREDIT")


@pytest.mark.parametrize(("word", "group"), WORDS)
def test_login_when_it_is_in_a_published_state_then_it_is_grouped_and_read_or_refused_by_that(
    word: str, group: LoginStatus
) -> None:
    state = Answering(member(word)).client.login_state()
    assert (state.status, state.vendor_code) == (group, word)
    assert (state.reason is None) == (state.next_step is None) == (group is LoginStatus.HEALTHY)
    mx = Answering(member(word), page("accounts", account()))
    if group is LoginStatus.HEALTHY:
        assert [row.id for row in mx.client.accounts()] == [ACCOUNT]
        return
    with pytest.raises(READING[group]) as caught:
        mx.client.accounts()
    assert caught.value.vendor_code == word


def test_states_when_counted_then_every_published_one_is_known() -> None:
    assert STATES.keys() == {word for word, _ in WORDS}


def test_login_when_mx_reads_the_bank_then_it_is_busy_and_says_when_to_look_again() -> None:
    mx = Answering(*[member("CONNECTED", is_being_aggregated=True)] * 2)
    assert mx.client.login_state().status is LoginStatus.BUSY
    with pytest.raises(ProviderUnavailable, match="at this moment") as caught:
        mx.client.accounts()
    assert caught.value.retry_after == 30


def test_login_when_a_challenge_waits_in_the_middle_of_a_job_then_the_person_must_act() -> None:
    mx = Answering(member("CHALLENGED", is_being_aggregated=True))
    assert mx.client.login_state().status is LoginStatus.PERSON_MUST_ACT


def test_login_when_the_state_is_null_then_what_was_read_before_decides() -> None:
    assert Answering(member(None)).client.login_state().status is LoginStatus.HEALTHY
    never = Answering(member(None, successfully_aggregated_at=None))
    assert never.client.login_state().status is LoginStatus.BUSY


def test_login_when_the_state_is_unknown_then_it_is_told_and_the_data_are_read() -> None:
    mx = Answering(member("TELEPORTED"), member("TELEPORTED"), page("accounts", account()))
    state = mx.client.login_state()
    assert (state.status, state.vendor_code) == (LoginStatus.UNKNOWN, "TELEPORTED")
    assert len(mx.client.accounts()) == 1


def test_login_when_the_answer_is_about_another_then_nobody_sees_it() -> None:
    with pytest.raises(UnexpectedPayload):
        Answering(member(guid="MBR-2")).client.login_state()


@pytest.mark.parametrize(
    ("type", "subtype", "kind", "narrower"),
    [
        ("CHECKING", None, AccountType.DEPOSITORY, AccountSubtype.CHECKING),
        ("SAVINGS", "MONEY_MARKET", AccountType.DEPOSITORY, AccountSubtype.MONEY_MARKET),
        ("CREDIT_CARD", None, AccountType.CREDIT, AccountSubtype.CREDIT_CARD),
        ("LINE_OF_CREDIT", None, AccountType.CREDIT, AccountSubtype.CREDIT_LINE),
        ("MORTGAGE", None, AccountType.LOAN, AccountSubtype.UNKNOWN),
        ("INVESTMENT", None, AccountType.INVESTMENT, AccountSubtype.UNKNOWN),
        ("PROPERTY", None, AccountType.UNKNOWN, AccountSubtype.UNKNOWN),
    ],
)
def test_account_when_it_is_of_a_type_then_that_is_ours(
    type: str, subtype: str | None, kind: AccountType, narrower: AccountSubtype
) -> None:
    row = account(type=type, subtype=subtype, account_number="XXXXX1234")
    [found] = Answering(member(), page("accounts", row)).client.accounts()
    assert (found.type, found.subtype, found.subtype_text) == (kind, narrower, subtype or type)
    assert found.last_four == "1234"


@pytest.mark.parametrize(
    ("row", "current", "available"),
    [
        ({"type": "CHECKING", "balance": 12.34, "available_balance": 10}, "12.34", "10"),
        ({"type": "CHECKING", "balance": -5}, "-5", None),
        ({"type": "CREDIT_CARD", "balance": 412.77, "available_credit": 587.23}, "-412.77", "587.23"),
        ({"type": "CREDIT_CARD", "balance": -20}, "20", None),  # paid too much
        ({"type": "MORTGAGE", "balance": 250000}, "-250000", None),
        # the limit less what is left is the debt, so this one is told with the other sign
        ({"type": "CREDIT_CARD", "balance": -300, "credit_limit": 1000, "available_credit": 700}, "-300", "700"),
        ({"type": "CREDIT_CARD", "balance": -20, "credit_limit": 1000, "available_credit": 1020}, "20", "1020"),
        ({"type": "PROPERTY", "balance": 400000}, "400000", None),
        ({"type": "CHECKING", "balance": None, "available_balance": 3}, None, "3"),
    ],
)
def test_balance_when_read_then_debt_is_negative_and_as_old_as_the_reading(
    row: dict[str, Any], current: str | None, available: str | None
) -> None:
    found = Answering(reply({"account": account(**row)}), member()).client.balance(ACCOUNT)
    assert (found.current and found.current.amount) == (current and Decimal(current))
    assert (found.available and found.available.amount) == (available and Decimal(available))
    assert found.as_of == datetime(2026, 3, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("row", [{"type": "ANY"}, {"type": "TULIPS"}, {"balance": None}, {"balance": "lots"}])
def test_balance_when_nobody_can_say_whether_it_is_owed_then_none_is_invented(row: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedPayload):
        Answering(reply({"account": account(**row)}), member()).client.balance(ACCOUNT)


def test_account_when_no_currency_is_named_then_the_setting_says_it_or_the_row_is_named() -> None:
    rows = (account(currency_code=None), account(guid="ACT-2"))
    found = Answering(member(), page("accounts", *rows)).client.accounts()
    assert [row.id for row in found] == ["ACT-2"]
    assert [(error.id, "MX_CURRENCY" in error.reason) for error in found.errors] == [(ACCOUNT, True)]
    found = Answering(member(), page("accounts", *rows), currency="CAD").client.accounts()
    assert [row.currency for row in found] == ["CAD", "USD"]


@pytest.mark.parametrize(
    ("row", "amount"),
    [({"type": "CREDIT"}, "1.5"), ({"type": "DEBIT"}, "-1.5"), ({"type": "DEBIT", "amount": -1.5}, "-1.5")],
)
def test_amount_when_read_then_its_direction_is_the_type_alone(row: dict[str, Any], amount: str) -> None:
    mx = Answering(reply({"account": account()}), page("transactions", transaction(**row)))
    [found] = mx.client.transactions(ACCOUNT)
    assert found.amount == Money(Decimal(amount), "USD")


def test_transactions_when_one_row_is_bad_then_the_others_come_and_it_is_named() -> None:
    bad = [{"status": "FLOATING"}, {"type": None}, {"amount": None}, {"date": "soon"}, {"account_guid": "ACT-9"}]
    rows = [transaction(f"TRN-{n}", **each) for n, each in enumerate(bad)]
    mx = Answering(reply({"account": account()}), page("transactions", *rows, transaction("TRN-ok")))
    with row_errors() as errors:
        found = list(mx.client.transactions(ACCOUNT))
    assert [row.id for row in found] == ["TRN-ok"]
    assert [error.id for error in errors] == [f"TRN-{n}" for n in range(len(bad))]


def test_transactions_when_a_window_is_asked_for_then_in_seconds_a_day_wider_and_cut_here() -> None:
    days = ["2026-03-05", "2026-03-04", "2026-03-01", "2026-02-28"]
    rows = [transaction(f"TRN-{day}", date=day) for day in days]
    mx = Answering(reply({"account": account()}), page("transactions", *rows))
    found = mx.client.transactions(ACCOUNT, start=date(2026, 3, 1), end=date(2026, 3, 5))
    assert [row.date.isoformat() for row in found] == ["2026-03-04", "2026-03-01"]
    asked = dict(mx.requests[-1].params)
    # date -u -d 2026-02-28 +%s; date -u -d 2026-03-06 +%s
    assert (asked["from_date"], asked["to_date"]) == ("1772236800", "1772755200")


def test_transactions_when_no_start_is_given_then_all_are_asked_for() -> None:
    mx = Answering(reply({"account": account()}), page("transactions", transaction()))
    list(mx.client.transactions(ACCOUNT))
    asked = dict(mx.requests[-1].params)
    assert (asked["from_date"], "to_date" in asked) == ("0", False)  # MX gives 120 days where nothing is asked for


def test_transactions_when_there_are_pages_then_each_row_once() -> None:
    one = page("transactions", transaction("TRN-1"), transaction("TRN-2"), pages=2, total=3)
    two = page("transactions", transaction("TRN-2"), transaction("TRN-3"), page=2, pages=2, total=3)
    mx = Answering(reply({"account": account()}), one, two)
    assert [row.id for row in mx.client.transactions(ACCOUNT)] == ["TRN-1", "TRN-2", "TRN-3"]


def test_transactions_when_the_list_changes_under_the_pages_then_it_is_refused_as_a_whole() -> None:
    one = page("transactions", transaction("TRN-1"), pages=2, total=2)
    two = page("transactions", transaction("TRN-3"), page=2, pages=2, total=1)
    mx = Answering(reply({"account": account()}), one, two)
    with pytest.raises(ProviderUnavailable, match="changed while its pages"):
        list(mx.client.transactions(ACCOUNT))


def test_transactions_when_a_page_comes_twice_then_the_walk_ends() -> None:
    same = page("transactions", transaction("TRN-1"), pages=9, total=9)
    with pytest.raises(UnexpectedPayload, match="does not advance"):
        list(Answering(reply({"account": account()}), same, same).client.transactions(ACCOUNT))


@pytest.mark.parametrize("body", [{"transaction": transaction()}, {"transactions": [transaction()]}])
def test_transaction_when_asked_for_then_either_documented_shape_is_read(body: Any) -> None:
    found = Answering(reply({"account": account()}), reply(body)).client.transaction(ACCOUNT, "TRN-1")
    assert found.id == "TRN-1"


def test_details_when_mx_found_a_number_wrong_then_the_next_one_counts() -> None:
    rows = [
        {"account_guid": ACCOUNT, "account_number": "1", "routing_number": "2", "passed_validation": False},
        {"account_guid": ACCOUNT, "account_number": "10001", "routing_number": "021000021", "passed_validation": None},
    ]
    mx = Answering(reply({"account": account()}), page("account_numbers", *rows))
    found = mx.client.details(ACCOUNT)
    assert (found.account_number, found.routing_numbers) == ("10001", {"ach": "021000021"})
    assert "10001" not in repr(found)
    with pytest.raises(NotFound):
        Answering(reply({"account": account()}), page("account_numbers", rows[0])).client.details(ACCOUNT)


def test_identity_when_read_then_owners_stand_at_their_accounts() -> None:
    owners = [
        {
            "account_guid": ACCOUNT,
            "owner_name": "Ada M",
            "first_name": "Ada",
            "email": "a@example.com",
            "city": "Duluth",
        },
        {"account_guid": ACCOUNT, "owner_name": "Kiln LLC"},
    ]
    mx = Answering(member(), page("accounts", account(), account(guid="ACT-2")), page("account_owners", *owners))
    [found] = mx.client.identity()
    assert found.account.id == ACCOUNT
    assert [(owner.names, owner.type) for owner in found.owners] == [
        (("Ada M",), PartyType.PERSON),
        (("Kiln LLC",), PartyType.UNKNOWN),
    ]
    assert (found.owners[0].addresses[0].city, found.owners[1].addresses) == ("Duluth", ())


def test_account_when_it_is_closed_then_it_is_refused() -> None:
    for name in ("account", "balance", "details"):
        with pytest.raises(AccountClosed):
            getattr(Answering(reply({"account": account(is_closed=True)})).client, name)(ACCOUNT)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, InvalidRequest),
        (401, AuthenticationFailed),
        (403, PermissionDenied),
        (404, NotFound),
        (405, InvalidRequest),
        (406, InvalidRequest),
        (409, ProviderUnavailable),
        (422, InvalidRequest),
        (429, RateLimited),
        (500, ProviderUnavailable),
        (504, ProviderUnavailable),
    ],
)
def test_refusal_when_mx_says_no_then_its_status_decides_and_its_words_are_not_told(
    status: int, error: type[ProviderError]
) -> None:
    mx = Answering(reply({"error": {"message": "Ada Marlowe may not"}}, status), max_attempts=1)
    with pytest.raises(error) as caught:
        mx.client.login_state()
    assert "Ada" not in str(caught.value)


def test_aggregate_when_waited_for_then_the_status_is_asked_until_it_is_done() -> None:
    busy = [member(is_being_aggregated=True)] * 2
    mx = Answering(*busy, member(), member())
    assert mx.client.aggregate().status is LoginStatus.HEALTHY
    assert [(request.method, request.path.rpartition("/")[2]) for request in mx.requests] == [
        ("POST", "aggregate"),
        ("GET", "status"),
        ("GET", "status"),
        ("GET", MEMBER),
    ]


def test_aggregate_when_the_deadline_is_near_then_it_says_busy_and_asks_no_more() -> None:
    mx = Answering(member(is_being_aggregated=True), deadline_s=3, poll_s=2)
    assert mx.client.aggregate().status is LoginStatus.BUSY
    assert len(mx.requests) == 1


def started(mx: Answering, **asked: Any) -> Any:
    return mx.client.start_link(user="person-7", **asked)


def widget() -> Reply:
    """Return a page that lives ten minutes from now: a run of all tests takes longer."""
    return reply({"widget_url": {"type": "connect_widget", "url": "https://int-widgets.moneydesktop.com/md/x"}})


OLD = {"guid": MEMBER, "connection_status": "CONNECTED"}
NEW = {"guid": "MBR-2", "connection_status": "CREATED", "institution_code": "mxbank", "name": "MX Bank"}


def test_link_when_a_person_is_new_then_made_and_the_login_that_was_not_there_is_the_one() -> None:
    mx = Answering(page("users"), reply({"user": {"guid": "USR-9", "id": "person-7"}}), page("members", OLD), widget())
    link = started(mx, redirect_uri="https://example.org/back", institution="mxbank")
    assert link.url.startswith("https://")
    assert json.loads(mx.requests[1].content or b"") == {"user": {"id": "person-7"}}
    assert json.loads(mx.requests[-1].content or b"")["widget_url"] == {
        "widget_type": "connect_widget",
        "mode": "aggregation",
        "include_transactions": True,
        "client_redirect_url": "https://example.org/back",
        "current_institution_code": "mxbank",
    }
    assert link.url not in repr(link)
    assert (link.expires_at - link.as_of).total_seconds() == 600
    user = reply({"user": {"guid": "USR-9"}})
    later = Answering(user, page("members", OLD), user, page("members", OLD, NEW))
    assert later.client.link_state(link.token).status is LinkStatus.OPEN
    state = later.client.link_state(link.token)
    assert (state.status, state.public_tokens) == (LinkStatus.FINISHED, ("USR-9/MBR-2",))
    assert exchangeable(state.public_tokens[0])
    login = Answering(reply({"member": NEW})).client.exchange(state.public_tokens[0])
    assert dict(login.credentials) == {"user_guid": "USR-9", "member_guid": "MBR-2"}
    assert (login.vendor_id, login.institution) == ("MBR-2", Institution(id="mxbank", name="MX Bank"))


def exchangeable(token: str) -> bool:
    return Answering().client.exchangeable(token) and not Answering().client.exchangeable("USR-9")


def test_link_when_a_login_is_repaired_then_it_is_done_once_it_is_in_order() -> None:
    broken = {**OLD, "connection_status": "DENIED"}
    mx = Answering(page("members", broken), widget())
    link = started(mx, repair=True)
    assert json.loads(mx.requests[-1].content or b"")["widget_url"]["current_member_guid"] == MEMBER
    user = reply({"user": {"guid": USER}})
    later = Answering(user, page("members", broken), user, page("members", OLD, NEW))
    assert later.client.link_state(link.token).status is LinkStatus.OPEN
    state = later.client.link_state(link.token)
    assert (state.status, state.public_tokens) == (LinkStatus.FINISHED, ())


def test_link_when_ten_minutes_are_over_then_expired_and_made_up_ones_are_refused() -> None:
    mx = Answering(reply({"user": {"guid": USER}}), page("members", OLD))
    state = mx.client.link_state(f"{USER}/2026-03-01T00:00:00+00:00//{MEMBER}")
    assert (state.status, state.reason) == (LinkStatus.EXPIRED, "The link has expired; ask for a new one.")
    with pytest.raises(InvalidInput):
        Answering().client.link_state("yesterday")
    with pytest.raises(InvalidInput):
        Answering().client.exchange("access-sandbox-1")


@pytest.mark.parametrize("status", [204, 404])
def test_end_login_when_done_or_done_before_then_it_is_over(status: int) -> None:
    mx = Answering(reply(b"", status))
    assert mx.client.end_login() is None
    assert (mx.requests[0].method, mx.requests[0].path) == ("DELETE", f"/users/{USER}/members/{MEMBER}")


def test_end_login_when_a_proxy_answers_then_it_is_not_taken_for_done() -> None:
    with pytest.raises(UnexpectedPayload):
        Answering(reply({"ok": True})).client.end_login()


def test_login_when_none_is_set_then_the_next_step_is_said() -> None:
    with pytest.raises(ConfigurationError, match="MX_MEMBER_GUID"):
        Answering(member_guid=None).client.accounts()
    assert Answering(page("users", {"guid": USER}), user_guid=None, member_guid=None).client.users() == (USER,)
