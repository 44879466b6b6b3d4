"""The smoke script says in one line per check how things stand, and never ends in a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.ports import free_port

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "smoke_finastra_collateral.py"
TOKEN = "smoke-token-of-these-tests-only"
ENDPOINT = 'endpoint="total-lending/collaterals/b2b/v2:/collaterals"'
CALLS = f"""# HELP finastra_api_calls_total Calls.
# TYPE finastra_api_calls_total counter
finastra_api_calls_total{{{ENDPOINT},status="200"}} 2.0
finastra_api_calls_total{{{ENDPOINT},status="circuit_open"}} 1.0
"""
LATENCY = f"""# TYPE finastra_api_latency_seconds histogram
finastra_api_latency_seconds_bucket{{{ENDPOINT},le="+Inf"}} 2.0
finastra_api_latency_seconds_count{{{ENDPOINT}}} 2.0
finastra_api_latency_seconds_sum{{{ENDPOINT}}} 0.1
"""
BREAKER = """# TYPE finastra_breaker_state gauge
finastra_breaker_state{client="sandbox"} 0.0
finastra_breaker_state{client="north"} 2.0
"""
METRICS = CALLS + LATENCY + BREAKER
DECLARED = "".join(line + "\n" for line in METRICS.splitlines() if line.startswith("# TYPE"))
GOOD = {"data": {"items": [{"id": "col_1"}, {"id": "col_2"}], "next": None, "total": 2}, "meta": None, "errors": []}


@dataclass
class Said:
    code: int
    lines: list[str]
    err: str


def smoke(url: str, *words: str, token: str | None = TOKEN, **more: str) -> Said:
    """Run the script as an operator does: a process of its own with almost no environment, so no package of ours."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT") if name in os.environ} | more
    env = kept if token is None else kept | {"FIN_INFRA_API_TOKEN": token}
    done = subprocess.run(
        [sys.executable, "-S", str(SCRIPT), "--url", url, *words],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return Said(done.returncode, done.stdout.splitlines(), done.stderr)


@dataclass
class StandIn:
    """A server that answers like the service, until a test tells it to answer otherwise."""

    url: str = ""
    answers: dict[str, tuple[int, str, Mapping[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, path: str, status: int, body: object, **headers: str) -> None:
        self.answers[path] = (status, body if isinstance(body, str) else json.dumps(body), headers)


LIST = "/finastra/b2b/collaterals"


@pytest.fixture
def service() -> Iterator[StandIn]:
    told = StandIn()
    told.answer(LIST, 200, GOOD)
    told.answer("/metrics", 200, METRICS)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, self.headers["Authorization"]))
            status, body, headers = told.answers.get(self.path.partition("?")[0], (404, "{}", {}))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body.encode()))} | dict(headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@pytest.fixture
def raw() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """Start a server that does with each connection what the test says, and give its address."""
    with ExitStack() as cleanup:

        def begin(talk: Callable[[socket.socket], None]) -> str:
            listener = cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
            over = threading.Event()

            def accept() -> None:
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    if over.is_set():
                        connection.close()
                        return
                    threading.Thread(target=served, args=(connection,), daemon=True).start()

            def served(connection: socket.socket) -> None:
                with connection:
                    try:
                        connection.recv(65536)
                        talk(connection)
                    except OSError:
                        return
                    over.wait(60)

            thread = threading.Thread(target=accept)
            thread.start()
            port = listener.getsockname()[1]

            def end() -> None:
                over.set()
                socket.create_connection(("127.0.0.1", port)).close()
                thread.join()

            cleanup.callback(end)
            return f"http://127.0.0.1:{port}"

        yield begin


def test_smoke_when_all_is_well_then_one_ok_line_each_and_exit_0(service: StandIn) -> None:
    said = smoke(service.url)
    assert said.lines == [
        "ok   list: 2 of 2 collaterals",
        "ok   finastra_api_calls_total: 3 calls of the list",
        "ok   finastra_api_latency_seconds: 2 calls of the list",
        "ok   finastra_breaker_state: north open, sandbox closed",
    ]
    assert said.code == 0
    assert service.asked == [(f"{LIST}?top=10&startingIndex=0", f"Bearer {TOKEN}"), ("/metrics", None)]


def test_smoke_when_the_address_has_a_path_and_a_slash_then_they_are_kept(service: StandIn) -> None:
    service.answer("/bank" + LIST, 200, GOOD)
    service.answer("/bank/metrics", 200, METRICS)
    assert smoke(f"{service.url}/bank/").code == 0


def test_smoke_when_the_list_is_skipped_then_declared_families_suffice_and_no_token_is_sent(service: StandIn) -> None:
    service.answer("/metrics", 200, DECLARED)
    said = smoke(service.url, "--skip-api", token=None)
    assert said.code == 0
    assert len(said.lines) == 3
    assert all(line.startswith("ok   finastra_") for line in said.lines)
    assert service.asked == [("/metrics", None)]


@pytest.mark.parametrize(("name", "lost"), [("calls_total", CALLS), ("latency_seconds", LATENCY), ("state", BREAKER)])
@pytest.mark.parametrize("words", [(), ("--skip-api",)])
def test_smoke_when_a_family_is_missing_then_it_is_named_and_exit_1(
    service: StandIn, name: str, lost: str, words: tuple[str, ...]
) -> None:
    service.answer("/metrics", 200, METRICS.replace(lost, ""))
    said = smoke(service.url, *words)
    assert said.code == 1
    failed = [line for line in said.lines if line.startswith("FAIL")]
    assert len(failed) == 1
    assert name in failed[0]


@pytest.mark.parametrize(
    "family", ["finastra_api_calls_total", "finastra_api_latency_seconds", "finastra_breaker_state"]
)
def test_smoke_when_the_list_was_asked_and_a_family_has_no_sample_then_exit_1(service: StandIn, family: str) -> None:
    kept = [line for line in METRICS.splitlines() if line.startswith("#") or not line.startswith(family)]
    service.answer("/metrics", 200, "\n".join(kept))
    said = smoke(service.url)
    assert said.code == 1
    assert [line.split(":")[0] for line in said.lines if line.startswith("FAIL")] == [f"FAIL {family}"]


def test_smoke_when_only_another_endpoint_was_counted_then_exit_1(service: StandIn) -> None:
    service.answer("/metrics", 200, METRICS.replace(":/collaterals", ":/collaterals/{id}"))
    said = smoke(service.url)
    assert said.code == 1
    assert sum(line.startswith("FAIL") for line in said.lines) == 2


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (401, {"code": "fin.unauthorized"}, "FIN_INFRA_API_TOKEN"),
        (403, {"code": "fin.forbidden"}, "scope finastra:read"),
        (404, {"code": "fin.feature_disabled", "detail": "secret words"}, "FEATURE_FINASTRA_COLLATERALS=1"),
        (404, "<html>", "check that --url"),
        (429, {}, "wait"),
        (500, {"code": "fin.configuration"}, "FINASTRA_ variable"),
        (500, "", "log"),
        (502, {"code": "fin.permission_denied"}, "troubleshooting"),
        (503, {"code": "fin.circuit_open"}, "stopped asking"),
        (504, {"code": "fin.deadline_exceeded"}, "in time"),
        (418, [], "troubleshooting"),
        (418, "[" * 100_000, "troubleshooting"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_smoke_when_the_list_is_refused_then_it_says_what_to_do(
    service: StandIn, status: int, body: object, word: str
) -> None:
    service.answer(LIST, status, body)
    service.answer("/metrics", 200, DECLARED)
    said = smoke(service.url)
    assert said.code == 1
    assert said.lines[0].startswith(f"FAIL list: HTTP {status}")
    assert word in said.lines[0]
    assert "secret words" not in said.lines[0]
    assert len(said.lines) == 4
    assert all(line.startswith("ok") for line in said.lines[1:])


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "",
        "[]",
        "null",
        "[" * 100_000,
        {"data": []},
        GOOD | {"errors": [{"code": "fin.x"}]},
        {"data": {"items": 3, "total": 3}, "errors": []},
    ],
    ids=lambda value: str(value)[:30],
)
def test_smoke_when_the_list_is_no_list_then_it_says_so(service: StandIn, body: object) -> None:
    service.answer(LIST, 200, body)
    said = smoke(service.url)
    assert said.code == 1
    assert said.lines[0] == (
        "FAIL list: the answer is not a list of collaterals; check that --url is the asset aggregator"
    )


def test_smoke_when_the_list_is_empty_and_has_no_total_then_it_is_ok(service: StandIn) -> None:
    service.answer(LIST, 200, {"data": {"items": [], "next": None, "total": None}, "meta": None, "errors": []})
    assert smoke(service.url).lines[0] == "ok   list: 0 collaterals, of how many is not said"


def test_smoke_when_redirected_then_the_token_goes_nowhere_else(service: StandIn) -> None:
    service.answer("/elsewhere", 200, GOOD)
    service.answer(LIST, 302, "", Location=f"{service.url}/elsewhere")
    said = smoke(service.url)
    assert said.code == 1
    assert "redirects are not followed" in said.lines[0]
    assert "/elsewhere" not in [path for path, _ in service.asked]


def test_smoke_when_a_proxy_is_set_then_this_machine_is_asked_directly(service: StandIn) -> None:
    assert smoke(service.url, http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9").code == 0


def test_smoke_when_nothing_listens_then_exit_1() -> None:
    said = smoke(f"http://127.0.0.1:{free_port()}")
    assert said.code == 1
    assert said.lines == [
        "FAIL list: nothing answers there; start the service, and check --url",
        "FAIL /metrics: nothing answers there; start the service, and check --url",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8050",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://user:secret@127.0.0.1:8050",
        "http://127.0.0.1:8050/a b",
        "http://127.0.0.1:8050?x=1",
        "http://exämple.com",
    ],
)
def test_smoke_when_the_url_is_none_then_one_line_says_so(url: str) -> None:
    said = smoke(url)
    assert (said.code, len(said.lines)) == (1, 1)
    assert said.lines[0].startswith("FAIL url: --url is not an address")
    assert "secret" not in said.lines[0]


@pytest.mark.parametrize("words", [("--timeout-s", "0"), ("--timeout-s", "nan"), ("--nonsense",)])
def test_smoke_when_the_command_line_is_wrong_then_exit_2(words: tuple[str, ...]) -> None:
    assert smoke("http://127.0.0.1:1", *words).code == 2


@pytest.mark.parametrize("token", [None, "", "two words", "t\u00f6ken", "tab\there"])
def test_smoke_when_there_is_no_usable_token_then_nothing_is_asked_with_it(service: StandIn, token: str | None) -> None:
    said = smoke(service.url, token=token)
    assert said.code == 1
    assert "FIN_INFRA_API_TOKEN" in said.lines[0]
    assert [path for path, _ in service.asked] == ["/metrics"]


@pytest.mark.parametrize("url", ["http://0.0.0.0:1", "HTTP://0.0.0.0:1"])
def test_smoke_when_the_token_would_travel_unencrypted_then_it_stays_here(url: str) -> None:
    said = smoke(url)
    assert said.code == 1
    assert "does not travel unencrypted" in said.lines[0]


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\xff\xfe",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"",
    ],
    ids=["ssh", "chunk", "bytes", "headers", "nothing"],
)
def test_smoke_when_something_else_answers_then_it_says_so(raw: Callable[..., str], answer: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_RDWR)

    said = smoke(raw(talk))
    assert said.code == 1
    assert [line.split(":")[0] for line in said.lines] == ["FAIL list", "FAIL /metrics"]


def test_smoke_when_no_answer_comes_then_it_gives_up(raw: Callable[..., str]) -> None:
    said = smoke(raw(lambda _: None), "--timeout-s", "0.2")
    assert said.code == 1
    assert all("no answer in 0.2 s" in line for line in said.lines)


def test_smoke_when_an_answer_never_ends_then_it_gives_up(raw: Callable[..., str]) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"# more\n")

    said = smoke(raw(talk), "--timeout-s", "0.2")
    assert said.code == 1
    assert len(said.lines) == 2


def test_smoke_when_the_real_service_runs_then_exit_0(demo: Any) -> None:
    said = smoke(demo.service, token=demo.token)
    assert said.code == 0, said.lines
    assert [line.split(":")[0] for line in said.lines] == [
        "ok   list",
        "ok   finastra_api_calls_total",
        "ok   finastra_api_latency_seconds",
        "ok   finastra_breaker_state",
    ]
    assert said.lines[0] == "ok   list: 10 of 57 collaterals"
    assert said.lines[3] == "ok   finastra_breaker_state: sandbox closed"
    assert smoke(demo.service, "--skip-api", token=None).code == 0


def test_smoke_when_a_demo_runs_then_it_needs_no_variable_and_the_token_is_only_the_user_s(tmp_path: Path) -> None:
    """The plan's command word for word, but for the port."""
    command = [sys.executable, "-m", "fin_infra.cli", "demo", "run", "--port", "0"]
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": ""}
    demo = subprocess.Popen(command, env=os.environ | home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert demo.stdout
        found = next(match for line in demo.stdout if (match := re.match(r"Service +(http://\S+)/docs", line)))
        url = found[1]
        file = tmp_path / ".local" / "state" / "fin-infra" / f"demo-{url.rpartition(':')[2]}.token"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        said = smoke(url, token=None, **home)
        assert (said.code, said.lines[0]) == (0, "ok   list: 10 of 57 collaterals")
        assert smoke(url, token="a-token-that-nobody-ever-issued", **home).code == 1
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=30)
    assert not file.exists()


def test_smoke_when_the_real_service_does_not_know_the_token_then_exit_1(demo: Any) -> None:
    said = smoke(demo.service, token="a-token-that-nobody-ever-issued")
    assert said.code == 1
    assert said.lines[0].startswith("FAIL list: HTTP 401")
    assert "set FIN_INFRA_API_TOKEN" in said.lines[0]
