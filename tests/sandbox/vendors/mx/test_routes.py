"""MX's wire in its two versions: who is let in, pages, days, states and jobs, and the widget; sums are done here."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fin_infra.sandbox.vendors.mx import STATE_MEMBERS, STATES_USER, STATUSES
from tests.sandbox.conftest import Asker

KEYS = ("sandbox-mx-client", "sandbox-mx-api-key")
USER = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001"
HARBOR, NORTH, BROKER = (f"MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f0000010{n}" for n in (1, 2, 4))
NEWER, OLDER = {"accept-version": "v20250224"}, {"accept": "application/vnd.mx.api.v1+json"}
CONTROL = "/_sandbox/mx"


def get(ask: Asker, path: str, headers: dict[str, str] = NEWER, **query: Any) -> Any:
    reply = ask(f"/mx{path}", auth=KEYS, headers=headers, params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


def accounts(ask: Asker, member: str = HARBOR) -> dict[str, Any]:
    rows = get(ask, f"/users/{USER}/members/{member}/accounts")["accounts"]
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize(
    ("headers", "auth", "status"),
    [
        (NEWER, KEYS, 200),
        (OLDER, KEYS, 200),
        ({"accept-version": "v20111101"}, KEYS, 200),
        ({}, KEYS, 406),
        ({"accept": "application/json"}, KEYS, 406),
        ({"accept-version": "v20990101"}, KEYS, 406),
        (NEWER, ("sandbox-mx-client", "other"), 401),
        (NEWER, None, 401),
    ],
)
def test_request_when_it_comes_then_version_and_keys_let_it_in(
    ask: Asker, headers: dict[str, str], auth: Any, status: int
) -> None:
    reply = ask("/mx/users", headers=headers, auth=auth)
    assert reply.status_code == status
    assert status == 200 or set(reply.json()) == {"error"}


def test_transactions_when_all_are_added_up_then_the_balance_and_a_card_owes(ask: Asker) -> None:
    world = {row["name"]: row for row in ask("/_sandbox/world").json()["accounts"]}
    for name, sign in (("Everyday Checking", 1), ("Lighthouse Rewards Card", -1)):
        row = accounts(ask)[name]
        path = f"/users/{USER}/accounts/{row['guid']}/transactions"
        found = get(ask, path, from_date=0, records_per_page=1000)
        rows, pages = found["transactions"], found["pagination"]["total_pages"]
        for page in range(2, pages + 1):
            rows += get(ask, path, from_date=0, records_per_page=1000, page=page)["transactions"]
        assert len({each["guid"] for each in rows}) == len(rows) == found["pagination"]["total_entries"]
        moved = sum(
            Decimal(str(each["amount"])) * (1 if each["type"] == "CREDIT" else -1)
            for each in rows
            if each["status"] == "POSTED"
        )
        opening, ledger = Decimal(world[name]["opening_balance"]), Decimal(world[name]["ledger"])
        assert opening * sign + moved == ledger * sign == Decimal(str(row["balance"])) * sign


@pytest.mark.parametrize(
    ("headers", "first", "last"),
    [(NEWER, "1761955200", "1762041600"), (OLDER, "2025-11-01", "2025-11-02")],  # date -u -d 2025-11-01 +%s
)
def test_transactions_when_days_are_given_then_in_the_words_of_the_version(
    ask: Asker, headers: dict[str, str], first: str, last: str
) -> None:
    path = f"/users/{USER}/accounts/{accounts(ask)['Everyday Checking']['guid']}/transactions"
    rows = get(ask, path, headers, from_date=first, to_date=last)["transactions"]
    assert rows
    assert {row["date"] for row in rows} <= {"2025-11-01", "2025-11-02"}
    other = OLDER if headers is NEWER else NEWER
    assert ask(f"/mx{path}", auth=KEYS, headers=other, params={"from_date": first}).status_code == 400


def test_transactions_when_nothing_is_said_then_120_days_in_pages_of_25(ask: Asker) -> None:
    path = f"/users/{USER}/accounts/{accounts(ask)['Everyday Checking']['guid']}/transactions"
    found = get(ask, path)
    assert len(found["transactions"]) == found["pagination"]["per_page"] == 25
    assert get(ask, path, records_per_page=1001)["pagination"]["per_page"] == 25
    rows = get(ask, path, records_per_page=1000)["transactions"]
    assert min(row["date"] for row in rows) >= "2026-07-23"  # the world stands at 2026-11-20


def test_members_when_listed_then_every_published_state_is_somebodys(ask: Asker) -> None:
    rows = get(ask, f"/users/{STATES_USER}/members", records_per_page=100)["members"]
    assert {row["connection_status"]: row["guid"] for row in rows} == STATE_MEMBERS
    assert len(STATUSES) == 22


def test_member_when_it_is_broken_then_its_data_stand_still_until_it_is_well(ask: Asker) -> None:
    path = f"/users/{USER}/members/{HARBOR}/transactions"
    before = get(ask, path, records_per_page=10)["transactions"]
    ask(CONTROL, "POST", json={"member": HARBOR, "status": "DENIED"})
    ask("/_sandbox/clock", "POST", json={"advance_s": 3 * 86400})
    member = get(ask, f"/users/{USER}/members/{HARBOR}")["member"]
    assert (member["connection_status"], member["needs_updated_credentials"]) == ("DENIED", True)
    assert member["successfully_aggregated_at"] == "2026-11-20T15:00:00Z"
    assert get(ask, path, records_per_page=10)["transactions"] == before
    ask(CONTROL, "POST", json={"member": HARBOR, "status": "RECONNECTED"})
    assert get(ask, path, records_per_page=10)["transactions"] != before


def test_job_when_started_then_the_member_is_busy_for_a_few_looks(ask: Asker) -> None:
    path = f"/mx/users/{USER}/members/{HARBOR}"
    started = ask(f"{path}/aggregate", "POST", auth=KEYS, headers=NEWER)
    assert (started.status_code, started.json()["member"]["is_being_aggregated"]) == (202, True)
    looks = [ask(f"{path}/status", auth=KEYS, headers=NEWER).json()["member"]["is_being_aggregated"] for _ in range(4)]
    assert looks == [True, True, False, False]
    ask(CONTROL, "POST", json={"member": HARBOR, "busy": True})
    assert all(
        ask(f"{path}/status", auth=KEYS, headers=NEWER).json()["member"]["is_being_aggregated"] for _ in range(5)
    )


def test_widget_when_a_person_has_signed_in_then_a_member_is_there_and_the_page_is_used_up(ask: Asker) -> None:
    body = {"widget_url": {"widget_type": "connect_widget"}}
    url = ask(f"/mx/users/{USER}/widget_urls", "POST", auth=KEYS, headers=NEWER, json=body).json()["widget_url"]["url"]
    path = url.removeprefix("http://sandbox")
    page = ask(path)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<button>" in page.text
    assert ask(path, "POST", data={"institution": "north_ridge_bank"}).status_code == 200
    assert [ask(path, method).status_code for method in ("GET", "POST")] == [410, 410]
    rows = get(ask, f"/users/{USER}/members")["members"]
    assert (rows[-1]["name"], rows[-1]["is_being_aggregated"], len(rows)) == ("North Ridge Bank", True, 5)
    assert get(ask, f"/users/{USER}/members/{rows[-1]['guid']}/accounts")["accounts"] == []


def test_widget_when_ten_minutes_are_over_then_it_is_of_no_use(ask: Asker) -> None:
    body = {"widget_url": {"widget_type": "connect_widget"}}
    url = ask(f"/mx/users/{USER}/widget_urls", "POST", auth=KEYS, headers=NEWER, json=body).json()["widget_url"]["url"]
    ask("/_sandbox/clock", "POST", json={"advance_s": 601})
    assert ask(url.removeprefix("http://sandbox")).status_code == 410


def test_second_login_when_made_at_the_same_bank_then_its_ids_are_others(ask: Asker) -> None:
    made = ask(f"{CONTROL}/connect", "POST", json={"institution": "north_ridge_bank"}).json()["member_guid"]
    for _ in range(3):
        get(ask, f"/users/{USER}/members/{made}/status")
    one, two = accounts(ask, NORTH), accounts(ask, made)
    assert one.keys() == two.keys()
    assert not {row["guid"] for row in one.values()} & {row["guid"] for row in two.values()}


def test_holdings_when_listed_then_quantity_times_price_is_the_value(ask: Asker) -> None:
    rows = get(ask, f"/users/{USER}/members/{BROKER}/investment_holdings")["investment_holdings"]
    shares = [row for row in rows if len(row["symbol"]) < 6]
    assert len(shares) > 5
    for row in shares:
        worth = Decimal(row["quantity"]) * Decimal(str(row["current_price"]))
        assert abs(worth - Decimal(str(row["market_value"]))) < Decimal("0.01")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"member": HARBOR, "status": "SULKING"}, 422),
        ({"member": HARBOR, "busy": 1}, 422),
        ({"member": "MBR-nobody", "status": "DENIED"}, 404),
        ({"member": HARBOR, "mood": "x"}, 422),
    ],
)
def test_control_when_asked_wrongly_then_a_sentence(ask: Asker, body: Any, status: int) -> None:
    assert ask(CONTROL, "POST", json=body).status_code == status
