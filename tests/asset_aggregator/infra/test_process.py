"""The service in a process of its own, as in production: APP_ENV=prod, real uvicorn, real log lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TOKEN = "t" * 30

PROGRAM = """
    import json, socket, sys, threading
    from typing import Annotated
    import uvicorn
    from fastapi import APIRouter, Depends, Query
    from asset_aggregator.infra import Auth, ServiceSettings, create_service

    auth = Auth.from_settings(ServiceSettings.from_env())
    router = APIRouter(dependencies=[Depends(auth.require("market:read"))])

    @router.get("/boom")
    async def boom() -> None:
        raise RuntimeError("postgresql://app:hunter2hunter2@db/fin")

    @router.get("/fields")
    async def fields(limit: Annotated[int, Query(le=500)]) -> int:
        return limit

    app = create_service(name="fin", version="0.1.0", routers=[router], auth=auth)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    import httpx2

    base = "http://127.0.0.1:%d" % listener.getsockname()[1]
    headers = {"Authorization": "Bearer TOKEN", "X-Request-Id": "abc"}
    with httpx2.Client(base_url=base, headers=headers, timeout=60) as client:
        paths = ("/boom?apikey=ABCDEF99", "/fields?limit=zq-secret", "/fields?limit=3", "/status", "/ping", "/docs")
        answers = [client.get(path) for path in paths]
    server.should_exit = True
    thread.join()
    print(json.dumps([[a.status_code, a.headers.get("content-type"), a.text[:2000]] for a in answers]))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    script = tmp_path_factory.mktemp("service") / "program.py"
    script.write_text(textwrap.dedent(PROGRAM).replace("TOKEN", TOKEN))
    environ = {k: v for k, v in os.environ.items() if k not in {"ENV", "REDIS_URL", "LOG_FORMAT", "LOG_LEVEL"}}
    environ |= {"APP_ENV": "prod", "FIN_INFRA_API_TOKENS": f"ana={TOKEN}", "PYTHONPATH": str(Path("src").resolve())}
    return subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environ, timeout=120)


def _answers(run: subprocess.CompletedProcess[str]) -> list[list[object]]:
    assert run.returncode == 0, run.stderr
    answers: list[list[object]] = json.loads(run.stdout)
    return answers


def test_unexpected_error_in_production_says_nothing_of_the_exception(run: subprocess.CompletedProcess[str]) -> None:
    status, kind, text = _answers(run)[0]
    assert (status, kind) == (500, "application/problem+json")
    body = json.loads(str(text))
    assert (body["code"], body["instance"], body["request_id"]) == ("fin.http.internal", "/boom", "abc")
    assert "hunter2" not in str(text)


def test_invalid_parameter_in_production_still_names_the_field(run: subprocess.CompletedProcess[str]) -> None:
    status, _, text = _answers(run)[1]
    assert status == 422
    assert [error["field"] for error in json.loads(str(text))["errors"]] == ["query.limit"]
    assert "zq-secret" not in str(text)


def test_routes_in_production_answer_and_details_of_the_host_are_not_served(
    run: subprocess.CompletedProcess[str],
) -> None:
    assert [answer[0] for answer in _answers(run)[2:]] == [200, 404, 200, 200]


def test_log_of_the_process_is_json_with_request_ids_and_no_secret(run: subprocess.CompletedProcess[str]) -> None:
    _answers(run)
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    messages = [line["message"] for line in lines]
    assert [m for m in messages if m.endswith('"GET /boom HTTP/1.1" 500')]
    assert [line for line in lines if "exception" in line and line["request_id"] == "abc"]
    assert not [s for s in ("hunter2", "ABCDEF99", "zq-secret", TOKEN) if s in run.stderr]


def test_metrics_when_several_workers_share_a_folder_are_added_up(tmp_path: Path) -> None:
    program = """
        from fastapi.testclient import TestClient
        from asset_aggregator.infra import PrometheusCalls, ServiceSettings, create_service

        app = create_service(name="fin", version="1", settings=ServiceSettings(api_tokens="t" * 30))
        PrometheusCalls().record("market:m", "quote", "ok", 0.1)
        print(TestClient(app).get("/metrics").text)
    """
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "APP_ENV": "local"}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    for _ in range(2):
        page = subprocess.run(command, capture_output=True, text=True, check=True, env=environ, timeout=120).stdout
    assert 'fin_provider_calls_total{operation="quote",provider="market:m",status="ok"} 2.0' in page
