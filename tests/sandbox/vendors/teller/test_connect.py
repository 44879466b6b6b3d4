"""The stub of Teller Connect: the documented object, an access token that works, and a sentence for a wrong bank."""

from __future__ import annotations

import re
from typing import Any

import pytest

CONNECT = "/_sandbox/teller/connect"


def test_connect_when_called_then_the_object_has_the_documented_shape(ask: Any) -> None:
    found = ask(CONNECT, "POST", json={}).json()
    assert set(found) == {"accessToken", "user", "enrollment"}
    assert re.fullmatch(r"usr_[0-9a-z]{21}", found["user"]["id"])
    assert set(found["enrollment"]) == {"id", "institution"}
    assert found["enrollment"]["institution"] == {"name": "Harbor Credit Union"}


@pytest.mark.parametrize(
    ("institution", "name"),
    [
        ("harbor_credit_union", "Everyday Checking"),
        ("north_ridge_bank", "Total Checking"),
        ("first_lantern", "Business Checking"),
    ],
)
def test_connect_when_an_institution_is_chosen_then_its_token_reaches_its_accounts(
    ask: Any, institution: str, name: str
) -> None:
    found = ask(CONNECT, "POST", json={"institution": institution}).json()
    rows = ask.teller("/accounts", token=found["accessToken"]).json()
    assert rows[0]["name"] == name
    assert {row["enrollment_id"] for row in rows} == {found["enrollment"]["id"]}
    assert {row["institution"]["id"] for row in rows} == {institution}


@pytest.mark.parametrize("institution", ["quiet_river_savings", "nowhere", 7, None])
def test_connect_when_the_household_has_nothing_there_then_422_names_where_it_has(ask: Any, institution: Any) -> None:
    reply = ask(CONNECT, "POST", json={"institution": institution})
    assert reply.status_code == 422
    assert "harbor_credit_union, north_ridge_bank, first_lantern" in reply.json()["error"]


def test_connect_when_a_field_is_unknown_then_422(ask: Any) -> None:
    assert ask(CONNECT, "POST", json={"bank": "first_lantern"}).status_code == 422
