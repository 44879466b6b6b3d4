"""What the SDK counts: each call once, at its end, under labels that are few and say nothing about anyone."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from prometheus_client import REGISTRY

from bankersbank import metrics
from fin_infra.errors import CircuitOpen, FeatureDisabled, FinInfraError, InvalidInput, ProviderUnavailable
from fin_infra.transport import Request
from fin_infra.transport.replay import Answer
from tests.bankersbank.support import (
    B2C_ROOT,
    MODES,
    ROOT,
    bare_client,
    call,
    client,
    counted,
    gauge,
    products,
    replay,
    reply,
    timed,
    walk,
)

LIST, ONE = f"{ROOT}:/collaterals", f"{ROOT}:/collaterals/{{id}}"
numbers = count()


class Counts:
    """How a series has grown since this was made, by status."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._calls, self._timed = self._now(), timed(endpoint)

    def _now(self) -> dict[str, float]:
        return {
            sample.labels["status"]: sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
            if sample.name == "finastra_api_calls_total" and sample.labels["endpoint"] == self.endpoint
        }

    @property
    def grown(self) -> dict[str, float]:
        found = {status: value - self._calls.get(status, 0.0) for status, value in self._now().items()}
        return {status: value for status, value in found.items() if value}

    @property
    def timed(self) -> float:
        return timed(self.endpoint) - self._timed


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([reply({"id": "C1"})], "200"),
        ([reply(b"", 503), reply(b"", 429), reply({"id": "C1"})], "200"),
        ([reply(b"", 503), reply(b"", 502), reply(b"", 500)], "500"),
        ([reply(b"", 429)] * 3, "429"),
        ([reply(b"", 404)], "404"),
        ([reply(b"", 400)], "400"),
        ([reply(b"", 403)], "403"),
        ([reply(b"", 401)] * 2, "401"),
        ([reply(b"", 302)], "302"),
        ([reply(b"{")], "unexpected_payload"),
        ([reply({"id": ["C1"]})], "unexpected_payload"),
        ([ProviderUnavailable("nobody answers", retryable=True)] * 3, "provider_unavailable"),
        ([ValueError("a bug of somebody")], "error"),
    ],
)
def test_call_when_it_ends_then_counted_once_at_its_terminal_status(
    mode: str, answers: list[Answer], status: str
) -> None:
    left, counts = list(answers), Counts(ONE)
    bank = client(mode, lambda request: left.pop(0))
    with suppress(FinInfraError, ValueError):
        call(bank, "get_collateral", "C1")
    assert left == []
    assert counts.grown == {status: 1}
    assert counts.timed == 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("status", "label"), [(400, "400"), (401, "401"), (503, "503")])
def test_call_when_the_login_fails_then_counted_once_as_that(mode: str, status: int, label: str) -> None:
    counts = Counts(ONE)
    with pytest.raises(FinInfraError):
        call(bare_client(mode, lambda request: reply(b"", status)), "get_collateral", "C1")
    assert counts.grown == {label: 1}


@pytest.mark.parametrize("mode", MODES)
def test_call_when_cancelled_then_counted_as_that(mode: str) -> None:
    def cancel(request: Request) -> Answer:
        raise asyncio.CancelledError

    counts = Counts(ONE)
    with pytest.raises(asyncio.CancelledError):
        call(client(mode, cancel), "get_collateral", "C1")
    assert counts.grown == {"cancelled": 1}


@pytest.mark.parametrize("mode", MODES)
def test_call_when_the_breaker_refuses_it_then_counted_as_such_and_not_timed(mode: str) -> None:
    bank = client(mode, lambda request: reply(b"", 503), f"refused-{next(numbers)}", breaker_threshold=2)
    counts = Counts(ONE)
    for _ in range(5):
        with pytest.raises(ProviderUnavailable):
            call(bank, "get_collateral", "C1")
    assert counts.grown == {"503": 2, "circuit_open": 3}
    assert counts.timed == 2


@pytest.mark.parametrize("mode", MODES)
def test_call_when_it_was_never_to_be_sent_then_not_counted(mode: str) -> None:
    bank = client(mode, lambda request: reply({}), collaterals=False)
    before = Counts(ONE), Counts(LIST)
    with pytest.raises(FeatureDisabled):
        call(bank, "get_collateral", "C1")
    with pytest.raises(FeatureDisabled):
        call(bank, "list_collaterals")
    with pytest.raises(InvalidInput):
        call(client(mode, lambda request: reply({})), "get_collateral", "..")
    assert [counts.grown for counts in before] == [{}, {}]


@pytest.mark.parametrize("mode", MODES)
def test_pages_when_walked_then_each_is_a_call(mode: str) -> None:
    ids = [{"id": f"C{number}"} for number in range(7)]

    def page(request: Request) -> Answer:
        start = int(dict(request.params)["startingIndex"])
        return reply({"items": ids[start : start + 3], "_meta": {"totalCount": 7}})

    counts = Counts(LIST)
    assert len(walk(client(mode, page), [], page_size=3)) == 7
    assert counts.grown == {"200": 3}
    assert counts.timed == 3


@pytest.mark.parametrize("mode", MODES)
def test_latency_when_a_call_is_retried_then_its_pauses_are_in_it(mode: str) -> None:
    def total() -> float:
        return REGISTRY.get_sample_value("finastra_api_latency_seconds_sum", {"endpoint": ONE}) or 0.0

    answers = [reply(b"", 429, retry_after="2"), reply(b"", 429, retry_after="3"), reply({"id": "C1"})]
    before = total()
    call(client(mode, lambda request: answers.pop(0)), "get_collateral", "C1")
    assert total() - before == pytest.approx(5.0)


ACCOUNT = {"id": "A1", "type": "CURRENT", "currency": "EUR", "ledgerBalance": "1.00"}
OTHER = ACCOUNT | {"id": "DE89370400440532013000"}
PAGE = {"items": [ACCOUNT], "_meta": {"pageCount": 1}}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("operation", "args", "body", "endpoint"),
    [
        ("list_collaterals", (), [], LIST),
        ("get_collateral", ("COL-4711",), {"id": "COL-4711"}, ONE),
        ("get_collateral", ("Lantern",), {"id": "Lantern"}, ONE),
        ("get_collateral", ("a/b?c#d",), {"id": "a/b?c#d"}, ONE),
        ("accounts", (), PAGE, f"{B2C_ROOT}:/accounts"),
        ("account", ("A1",), ACCOUNT, f"{B2C_ROOT}:/accounts/{{id}}"),
        ("balance", ("A1",), ACCOUNT, f"{B2C_ROOT}:/accounts/{{id}}/balances"),
        (
            "balance",
            ("DE89370400440532013000",),
            ACCOUNT | {"id": "DE89370400440532013000"},
            f"{B2C_ROOT}:/accounts/{{id}}/balances",
        ),
        ("balances", ("CURRENT",), PAGE, f"{B2C_ROOT}:/accounts/balances-by-account-type"),
        ("get_json", (f"/{ROOT}/collaterals/COL-4711",), 1, ONE),
        ("get_json", (f"/{ROOT}/collaterals/COL-4711/documents/77",), 1, f"{ONE}/documents/{{id}}"),
        ("get_json", (f"/{ROOT}/collaterals/a%2Fb",), 1, ONE),
        ("get_json", ("/payments/v3/5000123",), 1, "payments/v3:/{id}"),
        ("get_json", (f"/{ROOT}",), 1, f"{ROOT}:"),
        ("get_json", ("/things/DE89370400440532013000",), 1, ":/things/{id}"),
    ],
)
def test_endpoint_when_an_id_is_in_the_path_then_templated(
    mode: str, operation: str, args: tuple[Any, ...], body: Any, endpoint: str
) -> None:
    counts = Counts(endpoint)
    call(client(mode, lambda request: reply(body), b2c=True), operation, *args)
    assert counts.grown == {"200": 1}


def test_endpoint_when_an_id_comes_before_the_version_then_templated_too() -> None:
    bank = client("sync", lambda request: reply(1))
    call(bank, "get_json", "/customers/DE89370400440532013000/v1/things")
    assert products(bank)[0].path == "/customers/DE89370400440532013000/v1/things"
    assert not _labels("endpoint", "DE89370400440532013000")
    for place in ("/accounts/12345678/v1/x", "/accounts/acc-12345/v1/x", "/accounts/4f0c9d/v2"):
        call(bank, "get_json", place)
        assert not _labels("endpoint", place.split("/")[2])


def _labels(name: str, text: str) -> list[str]:
    samples = [sample for family in REGISTRY.collect() for sample in family.samples]
    return [sample.labels[name] for sample in samples if text in sample.labels.get(name, "")]


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/collaterals", "/collaterals"),
        ("/collaterals/C1", "/collaterals/{id}"),
        ("/accounts/acme/balances", "/accounts/{id}/balances"),
        ("/123/456", "/{id}/{id}"),
        ("/a/b/c1/d", "/a/{id}/{id}/{id}"),
        ("/" + "x" * 41, "/{id}"),
    ],
)
def test_template_when_a_segment_may_be_an_id_then_it_is_replaced(path: str, template: str) -> None:
    assert metrics.templated(path) == template


@pytest.mark.parametrize("mode", MODES)
def test_gauge_when_the_breaker_goes_round_then_says_0_2_1_2_1_0(mode: str) -> None:
    name = f"round-{next(numbers)}"
    seen: list[float | None] = []
    answers: list[Answer] = [reply(b"", 503), reply(b"", 503), reply({"id": "C1"})]

    def answer(request: Request) -> Answer:
        seen.append(gauge(name))
        return answers.pop(0)

    bank = client(mode, answer, name, breaker_threshold=1, max_attempts=1)
    assert gauge(name) == 0  # from the beginning
    for error in (ProviderUnavailable, ProviderUnavailable, None):
        if error:
            with pytest.raises(error):
                call(bank, "get_collateral", "C1")
            seen.append(gauge(name))
            with pytest.raises(CircuitOpen):
                call(bank, "get_collateral", "C1")
            replay(bank).now += 30
        else:
            call(bank, "get_collateral", "C1")
    assert seen == [0, 2, 1, 2, 1]
    assert gauge(name) == 0


def test_gauge_when_clients_have_no_name_then_they_go_by_their_tenant() -> None:
    tenant = f"tenant-{next(numbers)}"
    client("sync", lambda request: reply({}), realm=tenant)
    client("sync", lambda request: reply({}), f"{tenant}-b", realm=tenant)
    assert (gauge(tenant), gauge(f"{tenant}-b")) == (0, 0)


def test_labels_when_everything_was_called_then_hold_nothing_private() -> None:
    bank = client("sync", lambda request: reply(b"", 404, ff_trace_id="trace-77"), b2c=True)
    for operation in ("get_collateral", "account", "balance"):
        with pytest.raises(FinInfraError):
            call(bank, operation, "PRIVATE-ID-7")
    samples = [sample for family in REGISTRY.collect() for sample in family.samples if "finastra" in sample.name]
    shown = json.dumps([[sample.name, sample.labels] for sample in samples])
    for secret in ("PRIVATE", "made-up", "trace-77", "an-id"):
        assert secret not in shown


SCRIPT = """
import json, sys
sys.path.insert(0, {folder!r})
from tests.bankersbank.support import call, client, reply
{body}
"""


def run(code: str, *, blocked: tuple[str, ...] = ()) -> Any:
    """Run code in a fresh interpreter that has none of the `blocked` packages; return the JSON it prints."""
    block = f"import sys\nfor name in {blocked!r}: sys.modules[name] = None\n" if blocked else ""
    done = subprocess.run([sys.executable, "-c", block + code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


CAP = """
from pathlib import Path
from prometheus_client import REGISTRY
def word(n): return chr(97 + n // 26) + chr(97 + n % 26)
bank = client("sync", lambda request: reply([]))
call(bank, "list_collaterals")
for n in range(300): call(bank, "get_json", f"/{word(n)}/v1/{word(n)}")
call(bank, "list_collaterals")
rows = [(s.labels["endpoint"], s.value) for f in REGISTRY.collect() for s in f.samples
        if s.name == "finastra_api_calls_total"]
print(json.dumps(rows))
"""


def test_endpoints_when_get_json_is_asked_for_anything_then_their_number_is_bounded(
    request: pytest.FixtureRequest,
) -> None:
    rows = dict(run(SCRIPT.format(folder=str(request.path.parents[2]), body=CAP)))
    assert len(rows) == 101  # those that came first, and one for the rest
    assert rows["other"] == 300 - 99
    assert rows[LIST] == 2
    assert sum(rows.values()) == 302


WITHOUT = """
import asyncio
from fin_infra.transport import Reply
from fin_infra.transport.replay import AsyncReplay, Replay
from bankersbank.finastra import AsyncFinastraAPIClient, FinastraAPIClient, FinastraConfig
config = FinastraConfig(client_id="i", client_secret="s", base_url="http://127.0.0.1:9", breaker_threshold=1)
token, answer = Reply(200, b'{"access_token": "t"}'), Reply(200, b'[{"id": "C1"}]')
bank = FinastraAPIClient(config, transport=Replay([token, answer, Reply(500, b""), Reply(500, b""), Reply(500, b"")]))
found = [row.id for row in bank.list_collaterals()]
for _ in range(2):
    try: bank.list_collaterals()
    except RuntimeError as exc: found.append(str(exc))
    except Exception as exc: found.append(type(exc).__name__)
later = AsyncFinastraAPIClient(config, transport=AsyncReplay([token, answer]))
async def main(): return [row.id for row in await later.list_collaterals()]
found += asyncio.run(main())
import json, sys
print(json.dumps([found, sys.modules["prometheus_client"] is None]))
"""


def test_client_when_prometheus_is_not_installed_then_works_all_the_same() -> None:
    found, blocked = run(WITHOUT, blocked=("prometheus_client",))
    assert blocked
    assert found == ["C1", "ProviderUnavailable", "circuit_open", "C1"]


HEAVY = (
    "prometheus_client", "jwt", "cryptography", "pydantic", "pydantic_settings", "httpcore2", "httpx2", "h11", "anyio",
    "msgspec", "fastapi", "starlette", "svc_infra", "yaml", "requests", "asyncio",
)  # fmt: skip
LOADED = "import json, sys\n{}\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"


def test_import_when_nothing_is_called_yet_then_loads_nothing_heavy() -> None:
    loaded = set(run(LOADED.format("import bankersbank.finastra")))
    assert loaded & set(HEAVY) <= {"asyncio"}  # the transports' locks
    assert not [name for name in loaded if name == "asset_aggregator"]


def test_client_when_only_made_then_loads_no_engine_and_no_signer() -> None:
    make = 'from bankersbank.finastra import *\nFinastraAPIClient(FinastraConfig(client_id="i", client_secret="s"))'
    assert set(run(LOADED.format(make))) & {"jwt", "cryptography", "pydantic", "httpcore2", "httpx2", "h11"} == set()


def test_series_when_registered_then_have_the_names_and_labels_that_dashboards_use() -> None:
    families = metrics.families()
    assert families is not None
    call(client("sync", lambda request: reply([])), "list_collaterals")
    assert counted(LIST, "200") > 0
    assert REGISTRY.get_sample_value("finastra_api_latency_seconds_bucket", {"endpoint": LIST, "le": "+Inf"}) == timed(
        LIST
    )


@pytest.mark.parametrize("mode", MODES)
def test_families_when_many_clients_are_made_then_registered_once(mode: str) -> None:
    make: Callable[[], Any] = lambda: client(mode, lambda request: reply([]))  # noqa: E731  # a name for the loop below
    assert len({id(metrics.families()) for _ in [make() for _ in range(5)]}) == 1


RACE = """
import threading
from bankersbank.finastra import FinastraAPIClient, FinastraConfig
barrier, failed = threading.Barrier(8), []
def make():
    barrier.wait()
    try: FinastraAPIClient(FinastraConfig(client_id="i", client_secret="s"))
    except Exception as exc: failed.append(type(exc).__name__)
threads = [threading.Thread(target=make) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
import json
print(json.dumps(failed))
"""


def test_families_when_the_first_clients_are_made_at_once_in_threads_then_registered_once() -> None:
    assert run(RACE) == []
