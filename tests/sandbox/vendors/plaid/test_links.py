"""Link: tokens, sessions, the hosted page, update mode, and what is used up or too old."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.sandbox.vendors.plaid.conftest import APP, HOUSEHOLD, PlaidAsker

FINISH = {"institution": "ins_900101", "user": "user_good", "action": "finish"}


def hosted(plaid: PlaidAsker, **more: Any) -> dict[str, Any]:
    asked = {"products": ["transactions"], "hosted_link": {}, **APP, **more}
    return plaid("/link/token/create", **asked)


def sessions(plaid: PlaidAsker, made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plaid("/link/token/get", link_token=made["link_token"])["link_sessions"]
    return found


class Marks(HTMLParser):
    """Counts a page's elements and gathers addresses that it would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags, self.addresses = list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]


def test_link_when_finished_on_its_page_then_the_session_gives_a_public_token_that_is_good_once(
    plaid: PlaidAsker,
) -> None:
    made = hosted(plaid)
    assert re.fullmatch(r"link-sandbox-[0-9a-f-]{36}", made["link_token"])
    assert made["expiration"] == "2026-11-20T15:30:00Z"
    assert sessions(plaid, made) == []
    assert plaid.page("GET", made["hosted_link_url"]).status_code == 200
    (opened,) = sessions(plaid, made)
    assert (opened["finished_at"], "results" in opened) == (None, False)
    done = plaid.page("POST", made["hosted_link_url"], **FINISH)
    assert (done.status_code, "Your bank is linked." in done.text) == (200, True)
    (session,) = sessions(plaid, made)
    (result,) = session["results"]["item_add_results"]
    assert session["on_success"]["public_token"] == result["public_token"]
    theirs = [
        (row["name"], row["last_four"]) for row in plaid.ask.teller("/accounts").json() if row["status"] == "open"
    ]
    assert [(row["name"], row["mask"]) for row in result["accounts"]] == theirs
    assert [event["event_name"] for event in session["events"]] == ["HANDOFF", "SELECT_INSTITUTION", "OPEN"]
    got = plaid("/item/public_token/exchange", public_token=result["public_token"])
    assert re.fullmatch(r"access-sandbox-[0-9a-f-]{36}", got["access_token"])
    assert re.fullmatch(r"[0-9A-Za-z]{37}", got["item_id"])
    again = plaid.raw("/item/public_token/exchange", public_token=result["public_token"]).json()
    assert (again["error_code"], again["error_message"]) == (
        "INVALID_PUBLIC_TOKEN",
        "could not find matching public token",
    )


def test_page_when_shown_then_no_script_nothing_from_elsewhere_and_a_strict_policy(plaid: PlaidAsker) -> None:
    reply = plaid.page("GET", hosted(plaid)["hosted_link_url"])
    marks = Marks()
    marks.feed(reply.text)
    assert "script" not in marks.tags
    assert marks.addresses == []
    assert {"main", "h1", "form", "fieldset", "legend", "label", "button"} <= set(marks.tags)
    assert marks.tags.count("label") == marks.tags.count("input")
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self';" in policy
    assert "unsafe" not in policy


def test_page_when_the_app_name_has_markup_then_it_is_text(plaid: PlaidAsker) -> None:
    page = plaid.page("GET", hosted(plaid, client_name="<script>x</script>")["hosted_link_url"])
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize(
    ("uri", "extra"), [("https://app.example/done", " https://app.example"), ("myapp://done", " myapp:")]
)
def test_page_when_the_app_has_an_address_then_the_person_is_led_there(plaid: PlaidAsker, uri: str, extra: str) -> None:
    made = hosted(plaid, hosted_link={"completion_redirect_uri": uri})
    page = plaid.page("GET", made["hosted_link_url"])
    assert f"form-action 'self'{extra};" in page.headers["content-security-policy"]
    done = plaid.page("POST", made["hosted_link_url"], **FINISH)
    assert (done.status_code, done.headers["location"]) == (303, uri)


def test_page_when_used_expired_or_unknown_then_it_says_so_and_gives_nothing(plaid: PlaidAsker) -> None:
    used = hosted(plaid)
    plaid.page("POST", used["hosted_link_url"], **FINISH)
    again = plaid.page("POST", used["hosted_link_url"], **FINISH)
    assert (again.status_code, "has been used" in again.text) == (410, True)
    assert len(sessions(plaid, used)) == 1
    old = hosted(plaid)
    plaid.ask.advance(minutes=30)
    late = plaid.page("POST", old["hosted_link_url"], **FINISH)
    assert (late.status_code, "has expired" in late.text) == (410, True)
    assert sessions(plaid, old) == []
    assert plaid.page("GET", used["hosted_link_url"][:-4] + "0000").status_code == 404


def test_page_when_left_then_the_session_has_an_exit_and_the_link_still_works(plaid: PlaidAsker) -> None:
    made = hosted(plaid)
    plaid.page("POST", made["hosted_link_url"], action="exit")
    (session,) = sessions(plaid, made)
    assert session["exit"]["metadata"]["status"] == "requires_credentials"
    assert session["exit"]["error"] is None
    plaid.page("POST", made["hosted_link_url"], **FINISH)
    assert [bool(each.get("results")) for each in sessions(plaid, made)] == [False, True]


@pytest.mark.parametrize(
    ("change", "form", "code"),
    [
        ({}, {"user": "user_bad"}, "INVALID_CREDENTIALS"),
        ({"down": "ins_900101"}, {}, "INSTITUTION_DOWN"),
        ({}, {"institution": "ins_900104"}, "NO_ACCOUNTS"),
        ({}, {"institution": "ins_900201"}, "PRODUCTS_NOT_SUPPORTED"),
        ({}, {"institution": "ins_1"}, "INVALID_INSTITUTION"),
    ],
)
def test_page_when_the_bank_says_no_then_an_alert_with_the_code_and_the_person_may_try_again(
    plaid: PlaidAsker, change: dict[str, Any], form: dict[str, str], code: str
) -> None:
    made = hosted(plaid)
    if change:
        plaid.control(**change)
    reply = plaid.page("POST", made["hosted_link_url"], **{**FINISH, **form})
    assert reply.status_code == 400
    assert f'<p role="alert">{code}' in reply.text
    (session,) = sessions(plaid, made)
    assert (session["finished_at"], session["events"][0]["event_name"]) == (None, "ERROR")
    plaid.control(up="ins_900101")
    assert plaid.page("POST", made["hosted_link_url"], **FINISH).status_code == 200


def test_update_mode_when_finished_then_the_item_is_well_and_the_token_the_same(plaid: PlaidAsker) -> None:
    plaid("/sandbox/item/reset_login", access_token=HOUSEHOLD)
    assert plaid.refused("/accounts/get", access_token=HOUSEHOLD) == (400, "ITEM_ERROR", "ITEM_LOGIN_REQUIRED")
    asked = {**APP, "access_token": HOUSEHOLD, "hosted_link": {}}
    made = plaid("/link/token/create", **asked)
    page = plaid.page("GET", made["hosted_link_url"])
    assert "Harbor Credit Union" in page.text
    assert "institution" not in page.text
    plaid.page("POST", made["hosted_link_url"], user="user_good", action="finish")
    (session,) = sessions(plaid, made)
    assert session["results"]["item_add_results"] == []
    assert plaid("/accounts/get", access_token=HOUSEHOLD)["item"]["error"] is None


def test_update_mode_when_accounts_may_be_chosen_then_new_ones_are_added(plaid: PlaidAsker) -> None:
    made = hosted(plaid, account_filters={"depository": {"account_subtypes": ["savings"]}})
    plaid.page("POST", made["hosted_link_url"], **FINISH)
    (session,) = sessions(plaid, made)
    public = session["results"]["item_add_results"][0]["public_token"]
    token = plaid("/item/public_token/exchange", public_token=public)["access_token"]
    before = plaid("/accounts/get", access_token=token)["accounts"]
    assert [row["subtype"] for row in before] == ["savings"]
    cursor = plaid.run(token).cursor
    asked = {**APP, "access_token": token, "update": {"account_selection_enabled": True}}
    more = plaid("/link/token/create", **asked)["link_token"]
    plaid.ask("/_sandbox/plaid/link", "POST", json={"link_token": more})
    after = plaid("/accounts/get", access_token=token)["accounts"]
    assert [row["subtype"] for row in after] == ["savings", "checking", "credit card"]
    assert after[0] == before[0]
    fresh = {row["account_id"] for row in plaid.run(token, cursor, count=500).rows("added")}
    assert fresh == {row["account_id"] for row in after[1:]}


def test_public_token_when_thirty_minutes_are_over_then_refused_with_the_vendors_sentence(plaid: PlaidAsker) -> None:
    made = plaid("/sandbox/public_token/create", institution_id="ins_900101", initial_products=["transactions"])
    plaid.ask.advance(minutes=29.9)
    other = plaid("/sandbox/public_token/create", institution_id="ins_900101", initial_products=["transactions"])
    assert plaid("/item/public_token/exchange", public_token=other["public_token"])["access_token"]
    plaid.ask.advance(minutes=0.1)
    late = plaid.raw("/item/public_token/exchange", public_token=made["public_token"]).json()
    assert late["error_code"] == "INVALID_PUBLIC_TOKEN"
    assert late["error_message"].startswith("provided public token is expired.")


def test_sessions_when_six_hours_old_then_forgotten(plaid: PlaidAsker) -> None:
    made = plaid("/link/token/create", products=["auth"], **APP)
    plaid.ask("/_sandbox/plaid/link", "POST", json={"link_token": made["link_token"]})
    plaid.ask.advance(hours=6)
    assert len(sessions(plaid, made)) == 1
    plaid.ask.advance(minutes=1)
    assert sessions(plaid, made) == []


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"products": []}, "MISSING_FIELDS"),
        ({"products": ["balance"]}, "INVALID_PRODUCT"),
        ({"products": ["ouija"]}, "INVALID_PRODUCT"),
        ({"products": ["auth"], "country_codes": ["XX"]}, "INVALID_FIELD"),
        ({"products": ["auth"], "hosted_link": {"url_lifetime_seconds": 1_814_401}}, "INVALID_FIELD"),
        ({"products": ["transactions"], "transactions": {"days_requested": 731}}, "INVALID_FIELD"),
        ({"access_token": "access-sandbox-none"}, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_create_when_it_does_not_fit_then_refused(plaid: PlaidAsker, asked: dict[str, Any], code: str) -> None:
    assert plaid.refused("/link/token/create", **{**APP, **asked})[2] == code


def test_get_when_the_token_is_unknown_then_refused(plaid: PlaidAsker) -> None:
    assert plaid.refused("/link/token/get", link_token="link-sandbox-none")[2] == "INVALID_LINK_TOKEN"


def test_user_when_made_then_an_id_and_a_token_only_for_older_clients(plaid: PlaidAsker) -> None:
    made = plaid("/user/create", client_user_id="u-1")
    assert list(made) == ["user_id"]
    linked = plaid("/link/token/create", products=["auth"], user_id=made["user_id"], **APP)
    assert linked["user_id"] == made["user_id"]
    plaid.control(user_tokens=True)
    assert set(plaid("/user/create", client_user_id="u-2")) == {"user_id", "user_token"}
