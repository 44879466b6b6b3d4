"""The replay transports: scripts, responders, fixture folders, and a clock that jumps."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput, ProviderUnavailable
from fin_infra.transport import (
    Blocking,
    Invoke,
    Pause,
    Reply,
    Request,
    basic,
    bearer,
    header_key,
    no_auth,
    query_key,
    url_path,
)
from fin_infra.transport.replay import AsyncReplay, Replay, UnexpectedRequest, fixture_responder


def step(mode: str, answers: Any, *effects: Any) -> tuple[list[Any], Any]:
    if mode == "sync":
        transport = Replay(answers)
        return [transport.step(effect) for effect in effects], transport

    async def main() -> tuple[list[Any], Any]:
        transport = AsyncReplay(answers)
        return [await transport.step(effect) for effect in effects], transport

    return asyncio.run(main())


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_script_when_played_then_answers_in_order_and_keeps_what_it_saw(mode: str) -> None:
    first, second = Reply(200, b"1"), Reply(404, b"2")
    found, transport = step(mode, [first, second], Request("GET", "/a"), Pause(2.5), Request("GET", "/b"))
    assert found == [first, None, second]
    assert [request.path for request in transport.requests] == ["/a", "/b"]
    assert (transport.pauses, transport.monotonic()) == ([2.5], 2.5)


def test_script_when_it_holds_an_error_then_raises_it(mode: str) -> None:
    with pytest.raises(ProviderUnavailable):
        step(mode, [ProviderUnavailable("down")], Request("GET", "/a"))


def test_script_when_it_is_over_then_request_is_unexpected_and_secrets_stay_out(mode: str) -> None:
    with pytest.raises(UnexpectedRequest) as caught:
        step(mode, [], Request("GET", "/a", (("apikey", "S3CRET"),)))
    assert "GET /a" in str(caught.value)
    assert "S3CRET" not in str(caught.value)


def test_blocking_and_invoke_when_asked_then_are_run(mode: str) -> None:
    async def answer() -> int:
        return 2

    found, _ = step(mode, [], Blocking(lambda: 1), Invoke(answer if mode == "async" else lambda: 2))
    assert found == [1, 2]


def test_fixtures_when_several_match_then_the_one_that_names_most_wins(tmp_path: Path) -> None:
    def write(name: str, request: dict[str, Any], reply: str) -> None:
        (tmp_path / name).write_text(f'{{"request": {json.dumps(request)}, "reply": {reply}}}')

    write("a.json", {"path": "/query", "params": {"function": "Q"}}, '{"json": {"which": "general", "price": 1.10}}')
    write("b.json", {"path": "/query", "params": {"function": "Q", "symbol": "IBM"}}, '{"json": {"which": "exact"}}')
    write("c.json", {"method": "POST", "path": "/query"}, '{"status": 201, "headers": {"x-a": "1"}, "text": "made"}')
    respond = fixture_responder(tmp_path)

    def ask(*params: tuple[str, str], method: str = "GET") -> Any:
        return respond(Request(method, "/query", params))

    assert ask(("function", "Q"), ("symbol", "IBM"), ("apikey", "k")).json() == {"which": "exact"}
    assert ask(("function", "Q"), ("symbol", "MSFT")).json() == {"which": "general", "price": Decimal("1.10")}
    made = ask(method="POST")
    assert (made.status, made.headers, made.content) == (201, {"x-a": "1"}, b"made")
    for unknown in [Request("GET", "/query"), Request("GET", "/other"), Request("DELETE", "/query")]:
        with pytest.raises(UnexpectedRequest):
            respond(unknown)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_path_when_built_from_any_ids_then_each_stays_one_segment(segments: list[str]) -> None:
    try:
        built = url_path(*segments)
    except InvalidInput:
        assert any(s in (".", "..") for s in segments) or not all(_encodable(s) for s in segments)
        return
    assert built.isascii()
    assert built.count("/") == len(segments)
    assert not set(built) & set("?#@\\ \r\n")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("segment", ["", ".", "..", "\ud800", None, 7])
def test_path_when_an_id_would_lead_elsewhere_then_is_refused(segment: Any) -> None:
    with pytest.raises(InvalidInput):
        url_path("accounts", segment)


def test_path_when_an_id_is_hostile_then_is_only_text() -> None:
    assert url_path("accounts", "../../admin?x=1#y", "%2e%2e") == "/accounts/..%2F..%2Fadmin%3Fx%3D1%23y/%252e%252e"


def test_auth_when_a_request_is_signed_then_original_is_untouched() -> None:
    request = Request("GET", "/x", (("a", "1"),), (("H", "1"),))
    assert no_auth(request) is request
    assert query_key("apikey", "k")(request).params == (("a", "1"), ("apikey", "k"))
    assert header_key("X-Key", "k")(request).headers == (("H", "1"), ("X-Key", "k"))
    assert bearer("t")(request).headers[-1] == ("Authorization", "Bearer t")
    # RFC 7617, section 2
    assert basic("Aladdin", "open sesame")(request).headers[-1] == (
        "Authorization",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
    )
    assert request.params == (("a", "1"),)
