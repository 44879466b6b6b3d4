"""What the vendor's refusals become, what is kept of them and what never, and what is not even asked for."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import Any

import pytest

from bankersbank import payloads
from bankersbank.finastra import FinastraAPIClient, FinastraConfig
from fin_infra.errors import (
    AuthenticationFailed,
    FeatureDisabled,
    FinInfraError,
    InvalidInput,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    UnexpectedPayload,
)
from fin_infra.flow import request_id
from fin_infra.transport import Reply, Request
from fin_infra.transport.replay import Answer, Replay
from tests.bankersbank.support import (
    B2C_ROOT,
    LOOPBACK,
    MODES,
    ROOT,
    bare_client,
    call,
    client,
    is_login,
    products,
    replay,
    reply,
    walk,
)

PERSON = "Jane Doe, DE89370400440532013000, jane@example.com"
TRACE = {"ff-trace-id": "4bf92f3577b34da6a3ce929d0e0e4736", "activityid": "7f1c-09"}
LIVE = "https://api.fusionfabric.cloud"


def gateway(status: int) -> dict[str, Any]:
    return {"statusCode": status, "message": f"Sorry {PERSON}"}


def problem(status: int) -> dict[str, Any]:
    causes = [{"title": PERSON, "field": "pageSize", "fieldValue": PERSON}]
    return {
        "type": "urn:problem:too-large",
        "title": PERSON,
        "status": status,
        "detail": PERSON,
        "instance": f"/collaterals/{PERSON}",
        "causes": causes,
    }


def refused(mode: str, answer: Answer, **changes: Any) -> ProviderError:
    bank = client(mode, lambda request: answer, **{"max_attempts": 1, **changes})
    with pytest.raises(ProviderError) as caught:
        call(bank, "get_collateral", "C1")
    return caught.value


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (401, AuthenticationFailed),
        (403, PermissionDenied),
        (404, NotFound),
        (409, InvalidRequest),
        (412, InvalidRequest),
        (422, InvalidRequest),
        (428, InvalidRequest),
        (429, RateLimited),
        (500, ProviderUnavailable),
        (502, ProviderUnavailable),
        (503, ProviderUnavailable),
        (504, ProviderUnavailable),
        (302, UnexpectedPayload),
    ],
)
def test_refusal_when_in_either_shape_then_its_kind_and_none_of_the_vendors_prose(
    mode: str, status: int, kind: type[ProviderError]
) -> None:
    for body in (gateway(status), problem(status)):
        exc = refused(mode, reply(body, status, **TRACE))
        assert type(exc) is kind
        assert exc.http_status == status
        assert exc.retryable is (status in (429, 500, 502, 503, 504))
        assert (exc.provider, exc.operation) == ("finastra", "get_collateral")
        shown = f"{exc} {exc!r} {exc.extra()} {exc.__dict__}"
        assert not any(word in shown for word in ("Jane", "DE89", "jane@", "Sorry"))
        assert exc.__cause__ is None


@pytest.mark.parametrize("mode", MODES)
def test_problem_when_it_has_a_type_and_causes_then_the_code_and_the_names_of_the_fields(mode: str) -> None:
    exc = refused(mode, reply(problem(400), 400))
    assert exc.vendor_code == "urn:problem:too-large"
    assert "(pageSize)" in str(exc)
    assert refused(mode, reply(gateway(404), 404)).vendor_code is None


@pytest.mark.parametrize("kind", ["about:blank", "mailto:jane@example.com", "a b", "x" * 129, "é", "a\nb", 5, None, []])
def test_problem_when_its_type_says_nothing_or_too_much_then_no_code(kind: Any) -> None:
    assert refused("sync", reply({"type": kind, "title": "x"}, 400)).vendor_code is None


@pytest.mark.parametrize(
    "causes",
    [
        PERSON,
        {"field": PERSON},
        [PERSON],
        [None],
        [{"field": PERSON}],
        [{"field": ["a"]}],
        [{"field": "a-b"}],
        [{"field": "x" * 65}],
        [{"field": "nämé"}],
        [{"field": "a\nb"}],
        [{}],
    ],
)
def test_problem_when_its_causes_are_no_field_names_then_left_out(causes: Any) -> None:
    exc = refused("sync", reply({"title": "x", "causes": causes}, 422))
    assert "(" not in str(exc)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b"7", b"[" * 100_000, b'"\xff"', b'{"a":1e999999999999}']
)
def test_refusal_when_its_body_is_anything_then_the_status_decides(body: bytes) -> None:
    assert type(refused("sync", reply(body, 404))) is NotFound
    assert type(refused("sync", reply(body, 503))) is ProviderUnavailable


@pytest.mark.parametrize(("status", "word"), [(401, "FINASTRA_TENANT"), (403, "portal")])
def test_refusal_when_an_operator_can_do_something_then_says_what(status: int, word: str) -> None:
    assert word in str(refused("sync", reply(gateway(status), status)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "Sat, 21 Nov 2026 09:01:30 GMT", "date": "Sat, 21 Nov 2026 09:00:00 GMT"}, 90.0),
        ({"retry_after": "Sat, 21 Nov 2026 08:00:00 GMT", "date": "Sat, 21 Nov 2026 09:00:00 GMT"}, 0.0),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "inf"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_refusal_when_it_says_when_to_come_back_then_the_error_does(
    mode: str, headers: dict[str, str], seconds: float | None, status: int
) -> None:
    assert refused(mode, reply(gateway(status), status, **headers)).retry_after == seconds


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [400, 401, 404, 429, 503])
def test_refusal_when_the_vendor_traced_it_then_the_ids_are_on_error_and_log_line(
    mode: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="fin_infra")
    exc = refused(mode, reply(gateway(status), status, **TRACE), realm="bank-north")
    assert dict(exc.trace) == TRACE
    assert exc.request_id == TRACE["ff-trace-id"]
    assert exc.extra()["trace"] == TRACE
    line = _line(caplog)
    assert (line["trace_ff_trace_id"], line["trace_activityid"]) == tuple(TRACE.values())
    assert line["status"] == str(status)


@pytest.mark.parametrize("mode", MODES)
def test_answer_when_it_cannot_be_understood_then_the_ids_are_on_error_and_log_line(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="fin_infra")
    for body in (b"{", {"status": "no id"}):
        exc = refused(mode, reply(body, 200, **TRACE))
        assert type(exc) is UnexpectedPayload
        assert dict(exc.trace) == TRACE
        assert exc.request_id == TRACE["ff-trace-id"]
        assert _line(caplog)["trace_activityid"] == TRACE["activityid"]


@pytest.mark.parametrize("body", [b"{", {"access_token": 5}])
def test_login_when_it_cannot_be_understood_then_the_ids_are_on_error_and_log_line(
    body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="fin_infra")
    with pytest.raises(UnexpectedPayload) as caught:
        call(bare_client("sync", lambda request: reply(body, **TRACE)), "get_collateral", "C1")
    assert dict(caught.value.trace) == TRACE
    assert _line(caplog)["trace_ff_trace_id"] == TRACE["ff-trace-id"]


@pytest.mark.parametrize("mode", MODES)
def test_pages_when_they_fail_after_a_page_that_came_well_then_the_log_line_does_not_say_200(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="fin_infra")
    with pytest.raises(UnexpectedPayload, match="does not advance"):
        walk(client(mode, lambda request: reply([{"id": "C1"}])), [], page_size=1)
    assert _line(caplog)["status"] == "unexpected_payload"


@pytest.mark.parametrize("mode", MODES)
def test_call_when_it_succeeds_then_one_log_line_with_every_fact(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fin_infra")
    bank = client(mode, lambda request: reply({"id": "C1"}, **TRACE), realm="bank-north")
    token = request_id.set("inbound-7")
    try:
        assert call(bank, "get_collateral", "C1").meta.request_id == TRACE["ff-trace-id"]
    finally:
        request_id.reset(token)
    line = _line(caplog)
    assert line["elapsed_ms"] == 0  # virtual time
    assert (line["provider"], line["operation"], line["tenant"]) == ("finastra", "get_collateral", "bank-north")
    assert (line["product"], line["endpoint"]) == (ROOT, f"{ROOT}:/collaterals/{{id}}")
    assert (line["status"], line["request_id"]) == ("200", "inbound-7")
    assert line["trace_ff_trace_id"] == TRACE["ff-trace-id"]
    assert "C1" not in str(line)


def _line(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    lines = [record for record in caplog.records if record.message == "provider call"]
    caplog.clear()
    assert len(lines) == 1
    return vars(lines[0])


@pytest.mark.parametrize(
    "value",
    ["abc\r\nx-evil: 1", "a\nb", "a\tb", "a b", "jane@example.com", "id?token=x", "id#x", "x" * 129, "é", "\x00", ""],
)
@pytest.mark.parametrize("status", [200, 404])
def test_trace_when_it_cannot_be_an_id_then_dropped_everywhere(
    value: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="fin_infra")
    answer = reply(b"{", status, ff_trace_id=value, x_correlation_id="good-1")
    exc = refused("sync", answer)
    assert dict(exc.trace) == {"x-correlation-id": "good-1"}
    assert exc.request_id == "good-1"
    line = _line(caplog)
    assert "trace_ff_trace_id" not in line
    assert line["trace_x_correlation_id"] == "good-1"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("code", ["invalid_client", "invalid_scope", PERSON, None, 5, ["x"]])
def test_login_when_it_refuses_in_oauths_shape_then_says_what_to_check_and_nothing_of_the_description(
    mode: str, status: int, code: Any
) -> None:
    body = {"error": code, "error_description": f"{PERSON} a-made-up-secret"}
    bank = bare_client(mode, lambda request: reply(body, status))
    with pytest.raises(AuthenticationFailed, match="FINASTRA_B2B_CLIENT_ID") as caught:
        call(bank, "get_collateral", "C1")
    known = code if code in ("invalid_client", "invalid_scope") else None
    assert (caught.value.vendor_code, caught.value.http_status) == (known, status)
    shown = f"{caught.value} {caught.value!r} {caught.value.extra()} {caught.value.__dict__}"
    assert not any(word in shown for word in ("Jane", "DE89", "a-made-up-secret"))
    assert [is_login(request) for request in replay(bank).requests] == [True]


@pytest.mark.parametrize("mode", MODES)
def test_login_when_it_is_down_then_unavailable_after_retries_and_no_call_without_a_token(mode: str) -> None:
    bank = bare_client(mode, lambda request: reply(gateway(503), 503))
    with pytest.raises(ProviderUnavailable):
        call(bank, "get_collateral", "C1")
    assert [is_login(request) for request in replay(bank).requests] == [True] * 3


B2C_CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("accounts", ()),
    ("account", ("A1",)),
    ("balance", ("A1",)),
    ("balances", ("CURRENT",)),
    ("get_json", (f"/{B2C_ROOT}/accounts",)),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("operation", "args"), B2C_CALLS)
@pytest.mark.parametrize(
    ("base_url", "flag", "word"),
    [(LIVE, True, "sandbox"), ("https://10.0.0.1", True, "sandbox"), (LOOPBACK, False, "FEATURE_FINASTRA_B2C")],
)
def test_b2c_when_off_or_not_local_then_refused_and_nothing_sent(
    mode: str, operation: str, args: tuple[Any, ...], base_url: str, flag: bool, word: str
) -> None:
    bank = client(mode, lambda request: reply({}), base_url=base_url, b2c=flag)
    with pytest.raises(FeatureDisabled, match=word):
        call(bank, operation, *args)
    assert replay(bank).seen == []


@pytest.mark.parametrize(
    "place",
    [
        f"/{B2C_ROOT}",
        f"/{B2C_ROOT.upper()}/accounts",
        "/Corporate/Channels/Accounts/Me/V1/accounts",
        "/%63orporate/channels/accounts/me/v1/accounts",
        "/%43orporate/channels/accounts/me/v1/accounts",
        "/corporate/channels/accounts/me/%76%31/accounts",
        "/corporate%2Fchannels%2faccounts/me/v1/accounts",
        "/corporate/channels/accounts/me%2Fv1%2Faccounts",
        "/%2563orporate/channels/accounts/me/v1/accounts",
        "/%252563orporate/channels/accounts/me/v1/accounts",
        "/%2Fcorporate/channels/accounts/me/v1/accounts",
        "/corporate%2F/channels/accounts/me/v1/accounts",
        "/corporate%5Cchannels/accounts/me/v1/accounts",
        "//corporate/channels/accounts/me/v1/accounts",
        "/corporate//channels/accounts/me/v1/accounts",
        f"/{B2C_ROOT}/",
        "/./corporate/channels/accounts/me/v1/accounts",
        "/%2e/corporate/channels/accounts/me/v1/accounts",
        "/x/../corporate/channels/accounts/me/v1/accounts",
        "/x/%2e%2e/corporate/channels/accounts/me/v1/accounts",
        "/x/.%2e/corporate/channels/accounts/me/v1/accounts",
        "/x/%2E./corporate/channels/accounts/me/v1/accounts",
        "/x/%252e%252e/corporate/channels/accounts/me/v1/accounts",
        "/x%2F..%2Fcorporate/channels/accounts/me/v1/accounts",
        "/corporate/x/%2E%2E/channels/accounts/me/v1/accounts",
        "/%20corporate/channels/accounts/me/v1/accounts",
        "/corporate/channels/accounts/me/v1%00/accounts",
        "/corporate/channels/accounts/me/v1;x/accounts",
        "/corporate;x/channels/accounts/me/v1/accounts",
        "/corporate%3Bx/channels/accounts/me/v1/accounts",
        f"/{B2C_ROOT}?x=1",
        f"https://api.fusionfabric.cloud/{B2C_ROOT}/accounts",
    ],
)
@pytest.mark.parametrize(("base_url", "flag"), [(LIVE, True), (LOOPBACK, False)])
def test_get_json_when_b2cs_path_is_spelt_in_another_way_then_refused_and_nothing_sent(
    place: str, base_url: str, flag: bool
) -> None:
    bank = client("sync", lambda request: reply({}), base_url=base_url, b2c=flag)
    with pytest.raises((FeatureDisabled, InvalidInput)):
        call(bank, "get_json", place)
    assert replay(bank).seen == []


@pytest.mark.parametrize("mode", MODES)
def test_b2c_when_on_and_local_then_asked_for(mode: str) -> None:
    bank = client(mode, lambda request: reply({"ok": True}), b2c=True)
    assert call(bank, "get_json", f"/{B2C_ROOT}/accounts") == {"ok": True}
    assert [request.path for request in products(bank)] == [f"/{B2C_ROOT}/accounts"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "place",
    ["", "/", "x", "x/y", "//x", "/x//y", "/x/", "/x y", "/x?y=1", "/x#y", "/x\\y", "/x\ny", "/é", "/x;y", "/.", "/..",
     "/x/..", "/x/./y", "/%2e%2E/x", "/x/%2E.", "https://example.com/x", "/x%", "/x%zz", "/x%2", "/x%0d%0aEvil:1"],
)  # fmt: skip
def test_get_json_when_the_place_is_no_plain_path_then_refused_and_nothing_sent(mode: str, place: str) -> None:
    bank = client(mode, lambda request: reply({}))
    with pytest.raises(InvalidInput):
        call(bank, "get_json", place)
    assert replay(bank).seen == []


@pytest.mark.parametrize(
    "place",
    [
        f"/{ROOT}/collaterals",
        "/a/v1/things/a%2Fb",
        "/a/v1/things/100%25",
        "/a/v1/things/J%C3%BCrgen",
        "/a/v1/x:y@z~.-_+",
    ],
)
def test_get_json_when_the_path_is_plain_then_sent_as_it_is(place: str) -> None:
    bank = client("sync", lambda request: reply([1]))
    assert call(bank, "get_json", place, {"limit": 5, "offset": None}) == [1]
    (sent,) = products(bank)
    assert (sent.path, sent.params) == (place, (("limit", "5"),))


@pytest.mark.parametrize("mode", MODES)
def test_collaterals_when_switched_off_then_refused_and_nothing_sent(mode: str) -> None:
    bank = client(mode, lambda request: reply({}), collaterals=False)
    for operation, args in (("list_collaterals", ()), ("get_collateral", ("C1",))):
        with pytest.raises(FeatureDisabled, match="FEATURE_FINASTRA_COLLATERALS"):
            call(bank, operation, *args)
    with pytest.raises(FeatureDisabled):
        list(_sync(collaterals=False).collaterals())
    assert replay(bank).seen == []


@pytest.mark.parametrize("bad", [-1, 0.0, "0", None, True])
def test_list_when_an_argument_is_out_of_range_then_refused_and_nothing_sent(bad: Any) -> None:
    bank = client("sync", lambda request: reply([]))
    for args in ((bad, 5), (0, bad), (0, 0)):
        with pytest.raises(InvalidInput):
            call(bank, "list_collaterals", *args)
    assert replay(bank).seen == []


@pytest.mark.parametrize("wanted", ["", ".", "..", None, 5, "\ud800"])
def test_collateral_when_the_id_is_no_id_then_refused_and_nothing_sent(wanted: Any) -> None:
    bank = client("sync", lambda request: reply({}))
    with pytest.raises(InvalidInput):
        call(bank, "get_collateral", wanted)
    assert replay(bank).seen == []


def test_collateral_when_the_id_looks_like_a_path_then_stays_one_segment() -> None:
    odd = "../../corporate/channels?a=b#c"
    bank = client("sync", lambda request: reply({"id": odd}))
    call(bank, "get_collateral", odd)
    assert products(bank)[0].path == f"/{ROOT}/collaterals/..%2F..%2Fcorporate%2Fchannels%3Fa%3Db%23c"


@pytest.mark.parametrize("mode", MODES)
def test_secrets_when_anything_fails_then_on_no_error_log_or_repr(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for status in (400, 401, 403, 404, 429, 503):
        bank = client(mode, lambda request, status=status: reply(gateway(status), status))
        with pytest.raises(FinInfraError) as caught:
            call(bank, "get_collateral", "PRIVATE-ID-7")
        said = [str(caught.value), repr(caught.value), json.dumps(caught.value.extra()), repr(bank), repr(bank.config)]
        said += [str(vars(record)) for record in caplog.records]
        for secret in ("a-made-up-secret", "made-up-token", "PRIVATE-ID-7"):
            assert not [text for text in said if secret in text]


def _sync(**changes: Any) -> FinastraAPIClient:
    bank = client("sync", lambda request: reply({}), **changes)
    assert isinstance(bank, FinastraAPIClient)
    return bank


def test_request_when_sent_then_carries_the_bearer_and_not_the_secret() -> None:
    sent: list[Request] = []
    bank = client("sync", lambda request: sent.append(request) or reply({"id": "C1"}))  # type: ignore[func-returns-value]  # append is said for its effect
    call(bank, "get_collateral", "C1")
    headers = dict(sent[0].headers)
    assert headers["Authorization"] == "Bearer made-up-token"
    assert "secret" not in str(headers) + sent[0].path


@pytest.mark.parametrize(
    "changes",
    [
        {"product": "corporate/channels/accounts/me/v1"},
        {"product": "Corporate/Channels/Accounts/me/v1"},
        {"base_url": "https://api.fusionfabric.cloud/corporate/channels/accounts/me/v1"},
    ],
)
def test_b2c_when_the_settings_lead_there_by_another_door_then_nothing_is_sent(changes: dict[str, str]) -> None:
    transport = Replay([])
    config = FinastraConfig(client_id="a", client_secret="b", b2c=True, **changes)
    bank = FinastraAPIClient(config, transport=transport)
    for ask in (bank.list_collaterals, lambda: bank.get_collateral("x")):
        with pytest.raises(FeatureDisabled):
            ask()
    assert transport.seen == []


def test_collaterals_when_switched_off_then_get_json_does_not_reach_them_either() -> None:
    transport = Replay([])
    bank = FinastraAPIClient(FinastraConfig(client_id="a", client_secret="b", collaterals=False), transport=transport)
    with pytest.raises(FeatureDisabled, match="FEATURE_FINASTRA_COLLATERALS"):
        bank.get_json("/total-lending/collaterals/b2b/v2/collaterals")
    assert transport.seen == []


def test_value_when_the_currency_is_no_iso_code_then_none_and_the_amount_stays() -> None:
    row = {"id": "c", "currency": "DOUBLOON", "valuation": "5"}
    found = payloads.one_collateral(Reply(200, json.dumps(row).encode()))
    assert (found.value, found.valuation, found.currency) == (None, Decimal(5), "DOUBLOON")
