"""The kernel knows vendors as objects only: its text names none, and a made-up one is served like the others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

import fin_infra.sandbox
from fin_infra.sandbox import create_app, environment
from fin_infra.sandbox.kernel.reply import json_reply
from fin_infra.sandbox.kernel.vendor import Change, ControlCall, Json, Vendor
from fin_infra.sandbox.vendors import VENDORS, all_vendors

SOURCE = Path(fin_infra.sandbox.__file__).parent
NAMES = re.compile(
    r"(?i)alpaca|teller|alpha.?vantage|coin.?gecko|finastra|snap.?trade|plaid|yahoo|stripe|experian|open.?figi|frankfurter"
    r"|\becb\b|\bmx\b"
)
ROOMS = {
    *("__init__", "vendor", "routes", "replies", "refusals", "access", "signature", "stream", "market_data", "control"),
    *(
        "account",
        "accounts",
        "bars",
        "call",
        "channels",
        "charts",
        "collaterals",
        "connect",
        "holdings",
        "login",
        "orders",
    ),
    *("members", "positions", "reference", "users", "watchlists"),
    *("categories", "feed", "institutions", "investments", "items", "liabilities", "links", "owners", "page"),
    *("recurring", "schema", "transactions", "webhooks"),
    *("events", "hosted", "people", "sessions"),
}
"""What a module of a vendor may be called: the standard rooms, and nouns of what the vendor's paths serve."""


def naming(folder: Path) -> list[str]:
    """Return the lines outside `vendors/` that name a vendor."""
    return [
        f"{path.relative_to(folder)}:{number}: {line.strip()}"
        for path in sorted(folder.rglob("*.py"))
        if path.relative_to(folder).parts[0] != "vendors"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if NAMES.search(line)
    ]


def test_kernel_when_searched_then_names_no_vendor() -> None:
    assert naming(SOURCE) == []


def test_list_when_read_then_it_is_the_only_line_a_vendor_has_outside_its_folder() -> None:
    lines = (SOURCE / "vendors" / "__init__.py").read_text("utf-8").splitlines()
    named = [line.strip(' ",') for line in lines if NAMES.search(line)]
    assert named
    assert set(named) <= set(VENDORS)


def test_search_when_a_vendor_is_named_then_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "gate.py").write_text('if vendor == "teller":\n    pass\n')
    assert naming(tmp_path) == ['gate.py:1: if vendor == "teller":']


def test_folders_when_listed_then_each_has_its_line_and_standard_rooms() -> None:
    folders = {path.name for path in (SOURCE / "vendors").iterdir() if (path / "__init__.py").is_file()}
    assert folders == {line.partition(":")[0] for line in VENDORS}
    modules = {path.stem for path in (SOURCE / "vendors").glob("*/*.py")}
    assert modules <= ROOMS


class Acme(Vendor):
    """A vendor that only this test knows."""

    mount = "made-up"
    fault_kinds: ClassVar = {"shout": "answers in capitals", "shrug": "answers 200 with nothing to say"}
    secret_headers = frozenset({"x-acme-key"})

    def start(self) -> None:
        self.calls = 0
        self.moved = 0

    def clock_moved(self) -> None:
        self.moved += 1

    def router(self) -> Router:
        return Router([Route("/rate", self.rate)], redirect_slashes=False)

    async def rate(self, request: Request) -> Response:
        self.calls += 1
        return json_reply({"rate": "1.1", "calls": self.calls}, headers={"x-request-id": self.request_id()})

    def outage(self, status: int, retry_after: str) -> Response:
        return json_reply({"acme": status, "wait": retry_after}, status)

    def strike(self, kind: str, query: Mapping[str, str]) -> Response | Change:
        return json_reply({"shrug": query.get("q", "")}) if kind == "shrug" else bytes.upper

    def control(self) -> Sequence[tuple[str, str, ControlCall]]:
        return [("GET", "/made-up", self.describe)]

    def describe(self, _: Json, __: Request) -> object:
        return {"calls": self.calls, "moved": self.moved}

    def truths(self, now: Any) -> Json:
        return {"acme_rate": "1.1"}


def ask(app: Starlette, method: str, path: str, **options: Any) -> httpx2.Response:
    async def send() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://sandbox", verify=False) as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


@pytest.fixture
def app() -> Starlette:
    return create_app(vendors=[*all_vendors(), Acme])


def fault(app: Starlette, kind: str, **more: Any) -> httpx2.Response:
    return ask(app, "POST", "/_sandbox/faults", json={"vendor": "made-up", "kind": kind, "count": 1, **more})


def test_vendor_when_made_up_then_is_served_listed_and_logged_without_its_key(app: Starlette) -> None:
    reply = ask(app, "GET", "/made-up/rate", headers={"x-acme-key": "s3cret"})
    assert (reply.json(), reply.headers["x-request-id"]) == ({"rate": "1.1", "calls": 1}, "sandbox-00000001")
    assert ask(app, "GET", "/_sandbox/").json()["vendors"][-1] == "made-up"
    (row,) = ask(app, "GET", "/_sandbox/requests").json()["requests"]
    assert (row["vendor"], row["headers"]["x-acme-key"], row["status"]) == ("made-up", "***", 200)
    assert ask(app, "GET", "/_sandbox/world").json()["acme_rate"] == "1.1"


def test_vendor_when_made_up_then_faults_strike_in_its_own_words(app: Starlette) -> None:
    kinds = ask(app, "GET", "/_sandbox/faults").json()
    assert {"shout", "shrug"} <= set(kinds["vendors"]["made-up"])
    assert not {"shout", "expired_token"} & set(kinds["vendors"]["ecb"])
    assert fault(app, "expired_token").status_code == 422  # it takes no credentials
    assert fault(app, "rate_limit", retry_after=9).status_code == 200
    limited = ask(app, "GET", "/made-up/rate")
    assert (limited.status_code, limited.json()) == (429, {"acme": 429, "wait": "9"})
    fault(app, "shout")
    assert ask(app, "GET", "/made-up/rate").content == b'{"RATE":"1.1","CALLS":1}'
    fault(app, "shrug")
    assert ask(app, "GET", "/made-up/rate?q=why").json() == {"shrug": "why"}
    assert ask(app, "POST", "/_sandbox/faults", json={"vendor": "teller", "kind": "shout"}).status_code == 422


def test_vendor_when_the_sandbox_is_reset_then_begins_again(app: Starlette) -> None:
    ask(app, "GET", "/made-up/rate")
    ask(app, "POST", "/_sandbox/clock", json={"advance_s": 60})
    assert ask(app, "GET", "/_sandbox/made-up").json() == {"calls": 1, "moved": 1}
    ask(app, "POST", "/_sandbox/reset")
    assert ask(app, "GET", "/_sandbox/made-up").json() == {"calls": 0, "moved": 0}
    assert ask(app, "GET", "/made-up/rate").headers["x-request-id"] == "sandbox-00000001"


def test_environment_when_printed_then_every_vendor_of_the_list_has_a_base_url() -> None:
    values = environment("http://127.0.0.1:9").values()
    for cls in all_vendors():
        assert f"http://127.0.0.1:9/{cls.mount}" in values
