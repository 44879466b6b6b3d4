"""Ask the sandbox as a Plaid client does: POST, JSON, keys in headers, numbers read as the digits that were sent."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from fin_infra.sandbox import create_app
from tests.sandbox.conftest import Asker
from tests.sandbox.vendors.plaid.probe import HEADERS

LINKED = "access-sandbox-00000000-0000-4000-8000-00000000000"
HOUSEHOLD, BROKER, EVERYTHING = f"{LINKED}1", f"{LINKED}4", f"{LINKED}5"
APP = {"client_name": "A test", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"}}


class PlaidAsker:
    """Sends calls to one sandbox application in this process."""

    def __init__(self, ask: Any) -> None:
        self.ask = ask

    def raw(self, path: str, **body: Any) -> Any:
        return self.ask(f"/plaid{path}", "POST", headers=HEADERS, json=body)

    def __call__(self, path: str, **body: Any) -> dict[str, Any]:
        reply = self.raw(path, **body)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = json.loads(reply.text, parse_float=Decimal, parse_int=Decimal)
        assert found.pop("request_id")
        return found

    def refused(self, path: str, **body: Any) -> tuple[int, str, str]:
        """Status, type and code of a refusal, whose shape is checked."""
        reply = self.raw(path, **body)
        error = reply.json()
        names = {"error_type", "error_code", "error_message", "display_message", "request_id"}
        assert names | {"documentation_url", "suggested_action"} == set(error), error
        return reply.status_code, error["error_type"], error["error_code"]

    def control(self, **change: Any) -> dict[str, Any]:
        reply = self.ask("/_sandbox/plaid", "POST", json=change)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def link(self, institution: str = "ins_900101", products: tuple[str, ...] = ("transactions",), **more: Any) -> str:
        """The access token of a fresh Item."""
        made = self("/sandbox/public_token/create", institution_id=institution, initial_products=products, **more)
        return self("/item/public_token/exchange", public_token=made["public_token"])["access_token"]

    def page(self, method: str, url: str, **form: str) -> Any:
        return self.ask(url.removeprefix("http://sandbox"), method, **({"data": form} if form else {}))

    def run(self, token: str, cursor: str = "", **more: Any) -> Run:
        """Walk all pages from a cursor."""
        run = Run(cursor)
        while True:
            page = self("/transactions/sync", access_token=token, cursor=run.cursor, **more)
            run.pages.append(page)
            run.cursor = page["next_cursor"]
            if not page["has_more"]:
                return run


class Run:
    """The pages of one walk."""

    def __init__(self, cursor: str) -> None:
        self.cursor, self.pages = cursor, list[dict[str, Any]]()

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return [row for page in self.pages for row in page[kind]]

    def apply(self, book: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Carry the changes into a client's own list, strictly: no row comes twice, none goes that was not there."""
        for row in self.rows("added"):
            assert row["transaction_id"] not in book
            book[row["transaction_id"]] = row
        for row in self.rows("modified"):
            assert row["transaction_id"] in book
            book[row["transaction_id"]] = row
        for row in self.rows("removed"):
            assert book.pop(row["transaction_id"])["account_id"] == row["account_id"]
        return book


@pytest.fixture(scope="package")
def shared_ask() -> Asker:
    """One application for all tests here, since a world takes a second to grow."""
    return Asker(create_app())


@pytest.fixture
def plaid(shared_ask: Asker) -> PlaidAsker:
    assert shared_ask("/_sandbox/reset", "POST").status_code == 200
    return PlaidAsker(shared_ask)
