"""Plaid's Items: what they show and how they break, the keys, and requests that do not fit the published schema."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.vendors.plaid.conftest import BROKER, EVERYTHING, HOUSEHOLD, LINKED, PlaidAsker
from tests.sandbox.vendors.plaid.probe import HEADERS

PARTNER, BUSINESS = f"{LINKED}2", f"{LINKED}3"


@pytest.mark.parametrize(
    ("token", "theirs"),
    [
        (HOUSEHOLD, "test_token_sandbox"),
        (PARTNER, "test_token_sandbox_partner"),
        (BUSINESS, "test_token_sandbox_business"),
    ],
)
def test_accounts_when_read_then_the_balances_that_the_other_vendor_of_this_bank_tells(
    plaid: PlaidAsker, token: str, theirs: str
) -> None:
    mine = {row["name"]: row for row in plaid("/accounts/get", access_token=token)["accounts"]}
    others = [row for row in plaid.ask.teller("/accounts", theirs).json() if row["status"] == "open"]
    assert list(mine) == [row["name"] for row in others]
    for other in others:
        told = plaid.ask.teller(f"/accounts/{other['id']}/balances", theirs).json()
        balances = mine[other["name"]]["balances"]
        assert balances["current"] == Decimal(told["ledger"])
        assert balances["available"] == (None if told["available"] is None else Decimal(told["available"]))
        assert mine[other["name"]]["mask"] == other["last_four"]
        assert (balances["iso_currency_code"], balances["unofficial_currency_code"]) == ("USD", None)
    assert not any(row["name"] == "Student Checking" for row in mine.values())  # closed


def test_accounts_when_read_then_types_and_a_limit_for_the_card(plaid: PlaidAsker) -> None:
    rows = plaid("/accounts/get", access_token=EVERYTHING)["accounts"]
    assert [(row["type"], row["subtype"]) for row in rows] == [
        ("depository", "checking"),
        ("depository", "savings"),
        ("credit", "credit card"),
        ("investment", "brokerage"),
        ("investment", "roth"),
        ("investment", "brokerage"),
        ("loan", "student"),
        ("loan", "mortgage"),
    ]
    card = rows[2]["balances"]
    assert card["limit"] == 15000
    assert card["available"] < card["limit"] - card["current"]  # something is pending


def test_accounts_when_some_are_asked_for_then_these_and_another_items_is_refused(plaid: PlaidAsker) -> None:
    first = plaid("/accounts/get", access_token=HOUSEHOLD)["accounts"][1]["account_id"]
    found = plaid("/accounts/get", access_token=HOUSEHOLD, options={"account_ids": [first]})["accounts"]
    assert [row["account_id"] for row in found] == [first]
    asked = {"access_token": PARTNER, "options": {"account_ids": [first]}}
    assert plaid.refused("/accounts/get", **asked) == (400, "INVALID_INPUT", "INVALID_ACCOUNT_ID")


def test_balances_when_the_clock_moves_a_little_then_only_the_live_ones_follow(plaid: PlaidAsker) -> None:
    # payroll of 3625.14 comes every 14 days; the last one was on 2026-11-13, the next is on the 27th after 11:00
    plaid.ask("/_sandbox/clock", "POST", json={"set": "2026-11-27T10:00:00Z"})
    cached = plaid("/accounts/get", access_token=HOUSEHOLD)["accounts"][0]["balances"]["current"]
    plaid.ask("/_sandbox/clock", "POST", json={"set": "2026-11-27T12:00:00Z"})
    live = plaid("/accounts/balance/get", access_token=HOUSEHOLD)["accounts"][0]["balances"]["current"]
    assert plaid("/accounts/get", access_token=HOUSEHOLD)["accounts"][0]["balances"]["current"] == cached
    assert live - cached == Decimal("3625.14")


def test_two_items_when_of_one_bank_then_other_ids_and_the_same_names_and_masks(plaid: PlaidAsker) -> None:
    one, two = (plaid("/accounts/get", access_token=plaid.link()) for _ in range(2))
    assert one["item"]["item_id"] != two["item"]["item_id"]
    assert one["item"]["institution_id"] == two["item"]["institution_id"]
    assert [(a["name"], a["mask"]) for a in one["accounts"]] == [(a["name"], a["mask"]) for a in two["accounts"]]
    assert not {a["account_id"] for a in one["accounts"]} & {a["account_id"] for a in two["accounts"]}


@pytest.mark.parametrize(
    "code", ["ITEM_LOGIN_REQUIRED", "ITEM_LOCKED", "ACCESS_NOT_GRANTED", "INSTITUTION_NOT_RESPONDING"]
)
def test_item_when_broken_then_data_is_refused_and_the_item_says_why(plaid: PlaidAsker, code: str) -> None:
    plaid.control(**{"break": {"item": HOUSEHOLD, "code": code}})
    for path in ("/accounts/get", "/accounts/balance/get", "/transactions/sync", "/liabilities/get", "/identity/get"):
        assert plaid.refused(path, access_token=HOUSEHOLD)[2] == code
    assert plaid("/item/get", access_token=HOUSEHOLD)["item"]["error"]["error_code"] == code
    plaid.control(repair=HOUSEHOLD)
    assert plaid("/accounts/get", access_token=HOUSEHOLD)["item"]["error"] is None


def test_institution_when_down_then_what_needs_it_is_refused_and_the_rest_is_as_of_before(plaid: PlaidAsker) -> None:
    plaid.control(down="ins_900101")
    for path in ("/accounts/balance/get", "/transactions/refresh"):
        assert plaid.refused(path, access_token=HOUSEHOLD) == (400, "INSTITUTION_ERROR", "INSTITUTION_DOWN")
    assert plaid("/accounts/get", access_token=HOUSEHOLD)["accounts"]
    asked = {"institution_id": "ins_900101", "country_codes": ["US"], "options": {"include_status": True}}
    status = plaid("/institutions/get_by_id", **asked)["institution"]["status"]
    assert status["transactions_updates"]["status"] == "DOWN"


def test_login_when_thirty_days_old_then_required_where_the_switch_is_on(plaid: PlaidAsker) -> None:
    plaid.control(expire_logins=True)
    token = plaid.link()
    plaid.ask.advance(days=29)
    assert plaid("/accounts/get", access_token=token)
    plaid.ask.advance(days=1)
    assert plaid.refused("/accounts/get", access_token=token)[2] == "ITEM_LOGIN_REQUIRED"


def test_item_when_removed_then_gone_with_its_processor_tokens_and_another_stays(plaid: PlaidAsker) -> None:
    token = plaid.link(products=("auth",))
    account = plaid("/auth/get", access_token=token)["numbers"]["ach"][0]["account_id"]
    made = plaid("/processor/token/create", access_token=token, account_id=account, processor="alpaca")
    assert made["processor_token"].startswith("processor-sandbox-")
    reason = {"reason_code": "CONNECTION_IS_NON_FUNCTIONAL", "reason_note": "a test"}
    assert plaid("/item/remove", access_token=token, **reason) == {}
    for path in ("/item/get", "/accounts/get", "/item/remove"):
        assert plaid.refused(path, access_token=token) == (400, "ITEM_ERROR", "ITEM_NOT_FOUND")
    assert plaid("/item/get", access_token=HOUSEHOLD)
    (row,) = [row for row in plaid.ask("/_sandbox/plaid").json()["items"] if row["access_token"] == token]
    assert (row["removed"], row["processor_tokens"]) == (True, 0)


def test_access_token_when_rotated_then_only_the_new_one_is_good(plaid: PlaidAsker) -> None:
    old = plaid.link()
    new = plaid("/item/access_token/invalidate", access_token=old)["new_access_token"]
    assert plaid.refused("/item/get", access_token=old)[2] == "INVALID_ACCESS_TOKEN"
    assert plaid("/item/get", access_token=new)


def test_product_when_not_agreed_to_then_added_or_refused_where_consent_is_strict(plaid: PlaidAsker) -> None:
    token = plaid.link(products=("auth",))
    plaid.control(strict_consent=True)
    reply = plaid.raw("/identity/get", access_token=token).json()
    assert reply["error_code"] == "ADDITIONAL_CONSENT_REQUIRED"
    assert reply["error_message"] == "client does not have user consent to access the PRODUCT_IDENTITY product"
    plaid.control(strict_consent=False)
    assert plaid("/identity/get", access_token=token)["item"]["billed_products"] == ["auth", "identity"]


@pytest.mark.parametrize(
    ("path", "token", "code"),
    [
        ("/investments/holdings/get", HOUSEHOLD, "PRODUCTS_NOT_SUPPORTED"),
        ("/liabilities/get", BROKER, "PRODUCTS_NOT_SUPPORTED"),
        ("/auth/get", f"{LINKED}9", "INVALID_ACCESS_TOKEN"),
        ("/item/get", "", "INVALID_FIELD"),
    ],
)
def test_data_when_it_is_not_there_then_the_vendors_code(plaid: PlaidAsker, path: str, token: str, code: str) -> None:
    assert plaid.refused(path, access_token=token)[2] == code


def test_identity_and_auth_when_read_then_owners_and_numbers_of_the_bank(plaid: PlaidAsker) -> None:
    checking = plaid.ask.account("checking")
    theirs = plaid.ask.teller(f"/accounts/{checking}/details").json()
    numbers = plaid("/auth/get", access_token=HOUSEHOLD)["numbers"]
    assert numbers["ach"][0]["account"] == theirs["account_number"]
    assert numbers["ach"][0]["routing"] == theirs["routing_numbers"]["ach"]
    assert (numbers["eft"], numbers["international"], numbers["bacs"]) == ([], [], [])
    rows = plaid("/identity/get", access_token=HOUSEHOLD)["accounts"]
    assert [[owner["names"] for owner in row["owners"]] for row in rows] == [
        [["Ada Marlowe"], ["Ben Okafor"]],
        [["Ada Marlowe"]],
        [["Ada Marlowe"]],
    ]


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({}, "MISSING_FIELDS", "the following required fields are missing: access_token"),
        (
            {"access_token": "x", "colour": 1, "options": {"shade": 2}},
            "UNKNOWN_FIELDS",
            "the following fields are not recognized by this endpoint: colour, options.shade",
        ),
        ({"access_token": 7}, "INVALID_FIELD", "access_token must be a non-empty string"),
        ({"access_token": True}, "INVALID_FIELD", "access_token must be a non-empty string"),
        ({"access_token": "x", "count": 501}, "INVALID_FIELD", "count must be between 1 and 500"),
        ({"access_token": "x", "count": "5"}, "INVALID_FIELD", "count must be an integer"),
        ({"access_token": "x", "options": []}, "INVALID_FIELD", "options must be an object"),
        ({"access_token": "x", "cursor": None}, "INVALID_ACCESS_TOKEN", "could not find matching access token"),
    ],
)
def test_request_when_it_does_not_fit_the_schema_then_the_vendors_words(
    plaid: PlaidAsker, body: dict[str, Any], code: str, words: str
) -> None:
    reply = plaid.raw("/transactions/sync", **body)
    assert (reply.status_code, reply.json()["error_code"]) == (400, code)
    assert reply.json()["error_message"] == words


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b'{"a": NaN}', b"[" * 100_000])
def test_request_when_it_is_no_json_object_then_invalid_body(plaid: PlaidAsker, body: bytes) -> None:
    reply = plaid.ask("/plaid/item/get", "POST", headers=HEADERS, content=body)
    assert (reply.status_code, reply.json()["error_code"]) == (400, "INVALID_BODY")


def test_dates_when_wrong_then_invalid_field(plaid: PlaidAsker) -> None:
    for day in ("2026-13-01", "20261101", "yesterday", "2026-11-01T00:00:00"):
        asked = {"access_token": HOUSEHOLD, "start_date": day, "end_date": "2026-11-20"}
        assert plaid.refused("/transactions/get", **asked)[2] == "INVALID_FIELD"


def test_keys_when_in_headers_or_body_then_let_in_else_refused(plaid: PlaidAsker) -> None:
    keys = {"client_id": "sandbox-plaid-client", "secret": "sandbox-plaid-secret"}

    def post(headers: dict[str, str], **body: str) -> Any:
        sent = {"access_token": HOUSEHOLD, **body}
        return plaid.ask("/plaid/item/get", "POST", headers=headers, json=sent)

    assert post({}, **keys).status_code == 200
    assert post({"plaid-client-id": keys["client_id"]}, secret=keys["secret"]).status_code == 200
    wrong = post({}, **{**keys, "secret": "sandbox-plaid-secreu"})
    assert (wrong.status_code, wrong.json()["error_code"]) == (400, "INVALID_API_KEYS")
    none = post({}).json()
    assert none["error_message"] == "the following required fields are missing: client_id, secret"


def test_path_when_unknown_or_not_posted_then_not_found_in_the_vendors_shape(plaid: PlaidAsker) -> None:
    assert plaid.refused("/nothing/here") == (404, "INVALID_REQUEST", "NOT_FOUND")
    assert plaid.ask("/plaid/item/get").status_code == 404


def test_requests_when_logged_then_keys_are_masked(plaid: PlaidAsker) -> None:
    plaid("/item/get", access_token=HOUSEHOLD)
    text = plaid.ask("/_sandbox/requests").text
    assert "sandbox-plaid-secret" not in text
    assert HOUSEHOLD not in text
    assert '"plaid-secret":"***"' in text


@pytest.mark.parametrize(
    "kind", ["item_login_required", "institution_down", "product_not_ready", "invalid_access_token"]
)
def test_fault_when_of_an_error_code_then_it_comes_once(plaid: PlaidAsker, kind: str) -> None:
    spec = {"vendor": "plaid", "kind": kind, "path": "/accounts/get", "count": 1}
    assert plaid.ask("/_sandbox/faults", "POST", json=spec).status_code == 200
    assert plaid.refused("/accounts/get", access_token=HOUSEHOLD)[2] == kind.upper()
    assert plaid("/accounts/get", access_token=HOUSEHOLD)


def test_bad_row_when_on_then_the_first_row_keeps_its_id_only(plaid: PlaidAsker) -> None:
    plaid.ask("/_sandbox/faults", "POST", json={"vendor": "plaid", "kind": "bad_row", "count": 1})
    rows = plaid.raw("/accounts/get", access_token=HOUSEHOLD).json()["accounts"]
    assert isinstance(rows[0]["account_id"], str)
    assert isinstance(rows[0]["balances"], list)
    assert rows[1]["name"] == "Rainy Day Savings"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Give one or more of"),
        ({"colour": 1}, "Unknown field 'colour'"),
        ({"slow_history": 1}, "`slow_history` must be true or false."),
        ({"page_limit": 0}, "`page_limit` is a whole number"),
        ({"down": "ins_1"}, "`down` names an institution"),
        ({"mutate": "x"}, "`mutate` names an Item"),
        ({"break": {"item": HOUSEHOLD, "code": "ODD"}}, "`break` is"),
        ({"break": 7}, "`break` is"),
        ({"category_version": "v3"}, "`category_version` must be v1 or v2."),
    ],
)
def test_control_when_it_cannot_be_done_then_422_with_one_sentence(
    plaid: PlaidAsker, body: dict[str, Any], words: str
) -> None:
    reply = plaid.ask("/_sandbox/plaid", "POST", json=body)
    assert (reply.status_code, words in reply.json()["error"]) == (422, True), reply.text


def test_link_by_control_when_a_bank_is_named_then_what_on_success_gives(plaid: PlaidAsker) -> None:
    done = plaid.ask("/_sandbox/plaid/link", "POST", json={"institution": "ins_900102"}).json()
    assert done["metadata"]["institution"]["name"] == "North Ridge Bank"
    assert plaid("/item/public_token/exchange", public_token=done["public_token"])["access_token"]
    for body in ({"institution": "ins_1"}, {"institution": "ins_900104"}, {"link_token": "none"}, {"bank": 1}):
        assert plaid.ask("/_sandbox/plaid/link", "POST", json=body).status_code == 422


@pytest.mark.parametrize(
    ("name", "path", "more"),
    [
        ("accounts_balance_get", "/accounts/balance/get", {}),
        ("auth_get", "/auth/get", {}),
        ("item_get", "/item/get", {}),
        ("liabilities_get", "/liabilities/get", {}),
        ("transactions_sync", "/transactions/sync", {}),
        (
            "institutions_get_by_id",
            "/institutions/get_by_id",
            {
                "institution_id": "ins_109508",
                "country_codes": ["US"],
                "options": {"include_status": True, "include_optional_metadata": True},
            },
        ),
    ],
)
def test_answers_when_compared_with_the_published_examples_then_no_field_is_missing(
    plaid: PlaidAsker, samples: Any, name: str, path: str, more: dict[str, Any]
) -> None:
    theirs = json.loads((samples / "plaid" / f"spec_example_{name}.json").read_text())
    mine = plaid.raw(path, **(more or {"access_token": EVERYTHING})).json()
    assert list(missing(theirs, mine, name)) == []


EMPTY_HERE = (
    *("auth_get.numbers.eft", "auth_get.numbers.international", "auth_get.numbers.bacs"),
    *("item_get.item.consented_use_cases", "transactions_sync.modified", "transactions_sync.removed"),
)
"""Lists of the examples that nobody of the household has anything in."""
OF_OTHERS = ("institutions_get_by_id.institution.status.investments",)
"""An older field that the newer schema has under another name."""


def missing(theirs: Any, mine: Any, path: str) -> Any:
    """Yield the places where the vendor's example has a field and ours has none."""
    if path in EMPTY_HERE or path in OF_OTHERS:
        return
    if isinstance(theirs, dict):
        if mine is None:
            return
        for name, value in theirs.items():
            if f"{path}.{name}" in OF_OTHERS:
                continue
            if name not in mine:
                yield f"{path}.{name}"
            else:
                yield from missing(value, mine[name], f"{path}.{name}")
    elif isinstance(theirs, list) and theirs:
        assert mine, path
        yield from missing(theirs[0], mine[0], f"{path}[]")
