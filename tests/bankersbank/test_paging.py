"""`collaterals()` against vendors of every temper: each collateral exactly once, or an error; never a loop."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bankersbank.finastra import AsyncFinastraAPIClient, FinastraAPIClient
from fin_infra.errors import ProviderUnavailable, UnexpectedPayload
from fin_infra.flow import row_errors
from fin_infra.sandbox import running
from fin_infra.transport import Reply, Request
from fin_infra.transport.replay import Answer
from tests.bankersbank import support
from tests.bankersbank.support import MODES, ROOT, client, products, reply, walk
from tests.support.effort import effort

FAULTS: dict[str, Answer] = {
    "429": reply({"statusCode": 429, "message": "Too many requests"}, 429, retry_after="1"),
    "500": reply(b"<html>", 500),
    "503": reply({"statusCode": 503, "message": "Service unavailable"}, 503),
    "timeout": ProviderUnavailable("the vendor timed out", retryable=True),
}
PAGES = ("full", "short", "one", "empty")
SHAPES = ("items", "collaterals", "array")
METAS = ("total", "none", "null", "countless")


class Vendor:
    """Pages an honest list. `script` spoils the answers one by one; once it is used up they are good."""

    def __init__(self, count: int, shape: str, script: list[tuple[str, str]], cap: int | None, final: str) -> None:
        self.ids = [f"C{number}" for number in range(count)]
        self.shape, self.cap, self.final = shape, cap, final
        self.script = list(script)

    def __call__(self, request: Request) -> Answer:
        event, meta = self.script.pop(0) if self.script else ("full", self.final)
        if event in FAULTS:
            return FAULTS[event]
        query = dict(request.params)
        start, size = int(query["startingIndex"]), self.cap or int(query["pageSize"])
        size = {"full": size, "short": max(1, size // 2), "one": 1, "empty": 0}[event]
        return listing(self.ids[start : start + size], self.shape, len(self.ids) if meta == "total" else meta)


def listing(ids: list[str], shape: str = "items", meta: object = "none") -> Reply:
    """One page; `meta` is a total, or how it is missing."""
    rows = [{"id": name} for name in ids]
    if shape == "array":
        return reply(rows)
    known = {"none": {}, "null": {"_meta": None}, "countless": {"_meta": {"limit": 50}}}
    return reply({shape: rows} | (known[meta] if isinstance(meta, str) else {"_meta": {"totalCount": meta}}))


def bearable(script: list[tuple[str, str]]) -> bool:
    """Not more faults in a row than the retries stand, no two empty pages in a row."""
    events = [event for event, _ in script]
    faulty = [event in FAULTS for event in events]
    pages = [event for event in events if event not in FAULTS]
    return not any(map(all, zip(faulty, faulty[1:], faulty[2:], strict=False))) and ("empty", "empty") not in pairwise(
        pages
    )


scripts = st.lists(st.tuples(st.sampled_from([*PAGES, *FAULTS]), st.sampled_from(METAS)), max_size=12).filter(bearable)


@settings(max_examples=effort(150), deadline=None)
@given(
    mode=st.sampled_from(MODES),
    count=st.integers(0, 40),
    page_size=st.integers(1, 45),
    shape=st.sampled_from(SHAPES),
    script=scripts,
    cap=st.none() | st.integers(1, 50),
    final=st.sampled_from(METAS),
)
@example(mode="sync", count=0, page_size=1, shape="array", script=[], cap=None, final="none")
@example(mode="async", count=40, page_size=20, shape="items", script=[], cap=None, final="total")
@example(mode="sync", count=40, page_size=7, shape="array", script=[("short", "none")], cap=50, final="none")
def test_collaterals_when_pages_are_short_empty_or_fail_then_each_exactly_once_in_order(
    mode: str, count: int, page_size: int, shape: str, script: list[tuple[str, str]], cap: int | None, final: str
) -> None:
    vendor = Vendor(count, shape, script, cap, final)
    assert walk(client(mode, vendor), [], page_size=page_size) == vendor.ids


@pytest.mark.parametrize("mode", MODES)
def test_collaterals_when_a_page_fails_for_good_then_what_came_before_and_the_error(mode: str) -> None:
    vendor = Vendor(9, "items", [("full", "total"), *[("503", "total")] * 3], None, "total")
    seen: list[str] = []
    bank = client(mode, vendor)
    with pytest.raises(ProviderUnavailable):
        walk(bank, seen, page_size=4)
    assert seen == vendor.ids[:4]
    assert walk(bank, [], page_size=4) == vendor.ids


@pytest.mark.parametrize("mode", MODES)
def test_collaterals_when_the_total_is_known_then_no_request_past_it(mode: str) -> None:
    bank = client(mode, Vendor(8, "items", [], None, "total"))
    walk(bank, [], page_size=4)
    assert [dict(request.params)["startingIndex"] for request in products(bank)] == ["0", "4"]


@pytest.mark.parametrize("mode", MODES)
def test_collaterals_when_nobody_says_the_total_then_an_empty_page_is_asked_for_twice(mode: str) -> None:
    bank = client(mode, Vendor(5, "array", [], None, "none"))
    walk(bank, [], page_size=4)
    assert [dict(request.params)["startingIndex"] for request in products(bank)] == ["0", "4", "5", "5"]


@pytest.mark.parametrize("mode", MODES)
def test_collaterals_when_only_full_pages_say_the_total_then_empty_ones_do_not_end_the_list(mode: str) -> None:
    script = [("full", "total"), ("empty", "none"), ("empty", "none")]
    vendor = Vendor(9, "items", script, None, "total")
    assert walk(client(mode, vendor), [], page_size=4) == vendor.ids


@pytest.mark.parametrize("mode", MODES)
def test_collaterals_when_pages_stay_empty_before_the_total_then_an_error(mode: str) -> None:
    bank = client(mode, lambda request: listing([], meta=3))
    with pytest.raises(UnexpectedPayload, match="empty"):
        walk(bank, [])
    assert len(products(bank)) == 3


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("page_size", [4, 50])
def test_collaterals_when_the_vendor_ignores_the_page_size_then_each_exactly_once(mode: str, page_size: int) -> None:
    ids = [f"C{number}" for number in range(23)]

    def fixed(request: Request) -> Answer:
        start = int(dict(request.params)["startingIndex"])
        return listing(ids[start : start + 10], "array")

    assert walk(client(mode, fixed), [], page_size=page_size) == ids


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("page_size", [3, 50])
def test_collaterals_when_the_vendor_always_sends_the_whole_list_then_each_exactly_once(
    mode: str, page_size: int
) -> None:
    ids = [f"C{number}" for number in range(23)]
    assert walk(client(mode, lambda request: listing(ids, "array")), [], page_size=page_size) == ids
    assert walk(client(mode, lambda request: listing(ids, meta=23)), [], page_size=page_size) == ids


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("sent", "total"), [(4, None), (4, 9), (3, 9)])
def test_collaterals_when_the_vendor_ignores_the_index_then_an_error_instead_of_a_part(
    mode: str, sent: int, total: int | None
) -> None:
    """Of nine there are only ever the first; a page that is not full could be all there is, unless a total says no."""
    ids = [f"C{number}" for number in range(sent)]
    bank = client(mode, lambda request: listing(ids, meta="none" if total is None else total))
    seen: list[str] = []
    with pytest.raises(UnexpectedPayload, match="does not advance"):
        walk(bank, seen, page_size=4)
    assert seen == ids
    assert len(products(bank)) == 2


@settings(max_examples=effort(60), deadline=None)
@given(
    mode=st.sampled_from(MODES),
    pages=st.lists(st.lists(st.sampled_from("ABCDEF"), max_size=5), min_size=1, max_size=6),
    total=st.none() | st.integers(0, 50),
    page_size=st.integers(1, 6),
)
def test_collaterals_when_the_vendor_goes_in_circles_then_ends_and_repeats_nothing(
    mode: str, pages: list[list[str]], total: int | None, page_size: int
) -> None:
    asked: list[int] = []

    def circle(request: Request) -> Answer:
        asked.append(1)
        assert len(asked) < 500, "goes on for ever"
        return listing(pages[(len(asked) - 1) % len(pages)], meta="none" if total is None else total)

    seen: list[str] = []
    with suppress(UnexpectedPayload):
        walk(client(mode, circle), seen, page_size=page_size)
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("mode", MODES)
def test_collaterals_when_a_page_holds_a_row_twice_then_it_comes_once(mode: str) -> None:
    ids = ["A", "A", "B"]
    bank = client(mode, lambda request: listing(ids[int(dict(request.params)["startingIndex"]) :], meta=3))
    assert walk(bank, [], page_size=3) == ["A", "B"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("meta", ["none", "total"])
@pytest.mark.parametrize("count", [0, 1, 7, 10, 11, 12])
def test_collaterals_when_each_page_begins_with_the_last_row_before_it_then_nothing_is_lost(
    mode: str, meta: str, count: int
) -> None:
    """A vendor that counts from one takes index 0 for the start and every other index one row too early."""
    ids = [f"C{number}" for number in range(count)]

    def from_one(request: Request) -> Answer:
        query = dict(request.params)
        start = max(0, int(query["startingIndex"]) - 1)
        return listing(ids[start : start + 5], meta=count if meta == "total" else meta)

    assert walk(client(mode, from_one), [], page_size=5) == ids


@pytest.mark.parametrize("mode", MODES)
def test_collaterals_when_one_is_added_in_front_meanwhile_then_the_old_ones_come_once(mode: str) -> None:
    ids = [f"C{number}" for number in range(12)]

    def growing(request: Request) -> Answer:
        query = dict(request.params)
        start = int(query["startingIndex"])
        now = ids if start == 0 else ["new", *ids]
        return listing(now[start : start + 5], meta=len(now))

    assert walk(client(mode, growing), [], page_size=5) == ids


@pytest.mark.parametrize("mode", MODES)
def test_page_when_asked_for_alone_then_says_where_the_next_one_starts(mode: str) -> None:
    bank = client(mode, Vendor(7, "items", [], None, "total"))
    page = support.call(bank, "list_collaterals", 2, 3)
    assert ([row.id for row in page], page.starting_index, page.total) == (["C2", "C3", "C4"], 2, 7)
    assert page.next_index == 5
    assert support.call(bank, "list_collaterals", 5, 3).next_index is None
    nameless = support.call(client(mode, Vendor(7, "array", [], None, "none")), "list_collaterals", 5, 3)
    assert (nameless.total, nameless.next_index) == (None, 7)


@pytest.fixture(scope="module")
def sandbox() -> Generator[httpx2.Client]:
    with running() as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield http


@pytest.fixture
def truth(sandbox: httpx2.Client) -> list[str]:
    """The ids of a fresh world, asked for without our client."""
    assert sandbox.post("/_sandbox/reset").status_code == 200
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-b2b-client",
        "client_secret": "sandbox-b2b-secret",
    }
    token = sandbox.post("/finastra/login/v1/sandbox/oidc/token", data=form).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    rows = sandbox.get(f"/finastra/{ROOT}/collaterals", params={"pageSize": 200}, headers=headers).json()["items"]
    assert len(rows) == 57
    return [row["id"] for row in rows]


async def _ids(mode: str, sandbox: httpx2.Client, page_size: int, into: list[str]) -> list[str]:
    given = support.config(
        client_id="sandbox-b2b-client",
        client_secret="sandbox-b2b-secret",
        base_url=f"{str(sandbox.base_url).rstrip('/')}/finastra",
        max_attempts=5,
    )
    if mode == "async":
        async with AsyncFinastraAPIClient(given) as bank:
            async for row in bank.collaterals(page_size):
                into.append(row.id)
    else:
        with FinastraAPIClient(given) as calm:
            into.extend(row.id for row in calm.collaterals(page_size))
    return into


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("short_page", {}),
        ("empty_page", {"query": {"startingIndex": "20"}, "count": 1}),
        ("rate_limit", {"query": {"startingIndex": "20"}, "count": 1, "retry_after": 0}),
        ("status_503", {"query": {"startingIndex": "40"}, "count": 2}),
        ("drop_before", {"query": {"startingIndex": "40"}, "count": 2}),
        ("expired_token", {"query": {"startingIndex": "20"}, "count": 1}),
    ],
)
async def test_collaterals_when_the_sandbox_spoils_pages_then_the_worlds_truth(
    mode: str, shape: str, kind: str, scope: dict[str, Any], sandbox: httpx2.Client, truth: list[str]
) -> None:
    assert sandbox.post("/_sandbox/finastra", json={"list_shape": shape}).status_code == 200
    fault = {"vendor": "finastra", "path": f"/{ROOT}/collaterals", "kind": kind, **scope}
    assert sandbox.post("/_sandbox/faults", json=fault).status_code == 200
    assert await _ids(mode, sandbox, 20, []) == truth
    (switched_on,) = sandbox.get("/_sandbox/faults").json()["faults"]
    assert switched_on["applied"] >= scope.get("count", 1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", SHAPES)
async def test_collaterals_when_a_page_of_the_sandbox_is_cut_off_then_an_error_and_the_truth_next_time(
    mode: str, shape: str, sandbox: httpx2.Client, truth: list[str]
) -> None:
    assert sandbox.post("/_sandbox/finastra", json={"list_shape": shape}).status_code == 200
    fault = {"vendor": "finastra", "path": f"/{ROOT}", "kind": "truncated", "query": {"startingIndex": "20"}}
    assert sandbox.post("/_sandbox/faults", json=fault | {"count": 1}).status_code == 200
    seen: list[str] = []
    with pytest.raises(UnexpectedPayload, match="not JSON"):
        await _ids(mode, sandbox, 20, seen)
    assert seen == truth[:20]
    assert await _ids(mode, sandbox, 20, []) == truth


def test_sandbox_when_a_page_is_short_then_its_rows_are_fewer_than_asked_for(
    sandbox: httpx2.Client, truth: list[str]
) -> None:
    """The faults above do what they are named after."""
    fault = {"vendor": "finastra", "path": f"/{ROOT}", "kind": "short_page"}
    assert sandbox.post("/_sandbox/faults", json=fault).status_code == 200
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-b2b-client",
        "client_secret": "sandbox-b2b-secret",
    }
    token = sandbox.post("/finastra/login/v1/sandbox/oidc/token", data=form).json()["access_token"]
    raw = sandbox.get(f"/finastra/{ROOT}/collaterals", headers={"authorization": f"Bearer {token}"})
    assert len(json.loads(raw.content)["items"]) < 50


class Holey:
    """Pages rows as they are, some of which cannot be read."""

    def __init__(self, rows: list[Any], *, total: bool, whole: bool = False) -> None:
        self.rows, self.total, self.whole = rows, total, whole

    def __call__(self, request: Request) -> Answer:
        query = dict(request.params)
        start, size = int(query["startingIndex"]), int(query["pageSize"])
        page = self.rows if self.whole else self.rows[start : start + size]
        return reply({"items": page} | ({"_meta": {"totalCount": len(self.rows)}} if self.total else {}))


BAD = {"id": "C-bad", "estimatedValue": "much"}


@pytest.mark.parametrize("total", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 50])
@pytest.mark.parametrize("rows", [[BAD, {"id": "C1"}], [{"id": "C1"}, BAD], [{"id": "C0"}, BAD, {"id": "C1"}]])
def test_collaterals_when_a_row_cannot_be_read_then_the_others_come_and_it_is_named_once(
    rows: list[Any], size: int, total: bool
) -> None:
    with row_errors() as errors:
        found = walk(client("sync", Holey(rows, total=total)), [], page_size=size)
    assert found == [row["id"] for row in rows if row is not BAD]
    assert [error.id for error in errors] == ["C-bad"]


@pytest.mark.parametrize("size", [1, 2, 50])
def test_collaterals_when_a_row_without_id_stands_alone_on_a_page_then_a_total_leads_past_it(size: int) -> None:
    rows = [{"id": "C0"}, {"status": "x"}, {"id": "C1"}]
    with row_errors() as errors:
        found = walk(client("sync", Holey(rows, total=True)), [], page_size=size)
    assert (found, len(errors)) == (["C0", "C1"], 1)


def test_collaterals_when_the_whole_list_always_comes_then_each_is_named_once() -> None:
    rows = [{"id": "C0"}, {"status": "x"}, BAD]
    with row_errors() as errors:
        found = walk(client("sync", Holey(rows, total=False, whole=True)), [], page_size=50)
    assert (found, [error.id for error in errors]) == (["C0"], [None, "C-bad"])
