"""The page of connections without a browser: what each visitor sees, may do, and is refused."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from fin_infra.providers.registry import reset
from fin_infra.testing import Sandbox, sandbox
from tests.api.connect_page.served import WAIT_S, app_of, book_in, serving

PLAID = "banking:plaid"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Sandbox]:
    with sandbox() as running:
        yield running


@pytest.fixture
def url(vendor: Sandbox, tmp_path: Path) -> Iterator[str]:
    vendor.reset()
    reset()
    book = book_in(tmp_path)
    with serving(app_of(book)) as found:
        yield found
    book.engine.dispose()


@contextmanager
def visit(url: str, user: str = "ann") -> Generator[httpx2.Client]:
    """Open the page as a user of the app."""
    made = httpx2.post(f"{url}/connections/page", headers={"X-User": user})
    assert made.status_code == 201
    with httpx2.Client(base_url=url, follow_redirects=True, timeout=WAIT_S, trust_env=False) as client:
        page = client.get(made.json()["data"]["url"])
        assert page.status_code == 200
        assert page.url.path == "/connect"
        yield client


def link(client: httpx2.Client) -> httpx2.Response:
    """Do what a person does who links a bank; return the page that they come back to."""
    left = client.post("/connect/link", data={"provider": PLAID})
    [address] = re.findall(r'href="(http[^"]+)" rel="noreferrer"', left.text)
    return client.post(
        address.replace("&amp;", "&"), data={"action": "finish", "user": "user_good"} | bank(client, address)
    )


def bank(client: httpx2.Client, address: str) -> dict[str, str]:
    shown = client.get(address.replace("&amp;", "&")).text
    return {"institution": re.findall(r"name='institution' value='([^']+)' checked", shown)[0]}


def test_page_when_a_person_links_a_bank_then_it_is_listed_and_read(url: str) -> None:
    with visit(url) as client:
        assert "Nothing is connected yet." in client.get("/connect").text
        back = link(client)
        assert "Your bank is linked." in back.text
        assert "works" in back.text
        assert "fin_link" not in client.cookies
    [known] = httpx2.get(f"{url}/connections").json()["data"]
    assert (known["state"], known["provider"]) == ("healthy", PLAID)


def test_page_when_a_login_must_be_repaired_then_it_says_so_and_goes_on_after_it(url: str, vendor: Sandbox) -> None:
    with visit(url) as client:
        link(client)
        [known] = httpx2.get(f"{url}/connections").json()["data"]
        vendor.fault(vendor="plaid", kind="item_login_required")
        shown = client.post(f"/connect/{known['id']}/sync").text
        assert "needs you" in shown
        assert "brought up to date" not in shown
        assert "Sign in again" in shown


def test_page_when_a_connection_is_ended_then_it_is_asked_before_and_its_history_stays(url: str) -> None:
    with visit(url) as client:
        link(client)
        [known] = httpx2.get(f"{url}/connections").json()["data"]
        asked = client.get(f"/connect/{known['id']}/end").text
        assert "the token is destroyed" in asked
        assert httpx2.get(f"{url}/connections").json()["data"][0]["state"] == "healthy"
        assert "The connection was ended." in client.post(f"/connect/{known['id']}/end").text
    assert httpx2.get(f"{url}/connections").json()["data"][0]["state"] == "revoked"
    assert httpx2.get(f"{url}/accounts").json()["data"]


def test_page_when_somebody_is_not_known_then_it_shows_nothing(url: str) -> None:
    for path in ("/connect", "/connect/return", "/connect/open/abc", "/connect/c-1/end", "/connect/c-1/doctor"):
        assert httpx2.get(url + path).status_code == 401, path
    for path in ("/connect/link", "/connect/c-1/repair", "/connect/c-1/sync", "/connect/c-1/end"):
        assert httpx2.post(url + path, data={"provider": PLAID}).status_code == 401, path


def test_link_of_the_page_when_used_again_then_it_opens_nothing(url: str) -> None:
    address = httpx2.post(f"{url}/connections/page").json()["data"]["url"]
    assert httpx2.get(address).status_code == 303
    assert httpx2.get(address).status_code == 401


def test_page_when_of_another_user_then_nothing_of_the_first_is_shown_or_done(url: str) -> None:
    with visit(url, "ann") as ann, visit(url, "bob") as bob:
        link(ann)
        [known] = httpx2.get(f"{url}/connections", headers={"X-User": "ann"}).json()["data"]
        assert "Nothing is connected yet." in bob.get("/connect").text
        for verb, path in (("POST", "sync"), ("POST", "repair"), ("POST", "end"), ("GET", "end"), ("GET", "doctor")):
            refused = bob.request(verb, f"/connect/{known['id']}/{path}")
            assert refused.status_code == 400, path
            assert "The book has no connection of that id" in refused.text
        bob.cookies.set("fin_link", ann.cookies.get("fin_link") or "link-sandbox-of-ann", path="/connect")
        assert "was not started in this book" in bob.get("/connect/return").text
    assert httpx2.get(f"{url}/connections", headers={"X-User": "ann"}).json()["data"][0]["state"] == "healthy"


def test_answers_when_shown_then_they_have_the_policy_and_no_cache_keeps_them(url: str) -> None:
    with visit(url) as client:
        for path in ("/connect", "/connect/return"):
            headers = client.get(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"


def test_text_when_it_has_markup_then_it_is_shown_as_text(url: str) -> None:
    with visit(url) as client:
        shown = client.post("/connect/link", data={"provider": "<b>x</b>"})
        assert shown.status_code == 400
        assert "<b>x" not in shown.text


def test_routes_when_a_link_is_made_finished_and_looked_at_then_they_are_those_of_the_book(url: str) -> None:
    made = httpx2.post(f"{url}/connections/links", json={"provider": PLAID})
    assert made.status_code == 201
    start = made.json()["data"]
    early = httpx2.post(f"{url}/connections/links/finish", json={"token": start["token"]})
    assert early.status_code == 422
    assert "not at the end of the page yet" in early.json()["detail"]
    with httpx2.Client(trust_env=False, timeout=30) as person:
        person.post(start["url"], data={"action": "finish", "user": "user_good"} | bank(person, start["url"]))
    stranger = httpx2.post(f"{url}/connections/links/finish", json={"token": start["token"]}, headers={"X-User": "bob"})
    assert stranger.status_code == 422
    [known] = httpx2.post(f"{url}/connections/links/finish", json={"token": start["token"]}, timeout=30).json()["data"]
    assert known["state"] == "healthy"
    again = httpx2.post(f"{url}/connections/links/finish", json={"token": start["token"]})
    assert "was used before" in again.json()["detail"]
    found = httpx2.get(f"{url}/connections/{known['id']}/doctor").json()["data"]
    assert found["vendor"]["status"] == "healthy"
    assert found["next_step"] == "Nothing; the next sync goes on by itself."
    repair = httpx2.post(f"{url}/connections/{known['id']}/repair", json={}).json()["data"]
    assert repair["url"].startswith("http")
