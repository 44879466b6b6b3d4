"""A vendor that echoes personal data wherever it can: logs, answers and metrics of the service show nothing of it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.testclient import TestClient

from asset_aggregator.infra import PrometheusCalls, ServiceSettings, configure_logging
from fin_infra.api import PUBLIC, add_banking
from fin_infra.errors import InvalidRequest, UnexpectedPayload
from fin_infra.flow import observe_calls
from fin_infra.providers.banking.teller import TellerClient
from fin_infra.providers.provider import endpoint
from fin_infra.transport import Reply, Request
from fin_infra.transport.replay import AsyncReplay
from tests.asset_aggregator.conftest import TOKEN
from tests.pii.corpus import Corpus, Dirty, leaked
from tests.support.effort import share

LINES = share(20_000, test=660, quick=220)
_LOGGERS = ("", "uvicorn", "uvicorn.access", "uvicorn.error", "httpx", "httpx2")
ROUTES = ("/rude/error", "/rude/payload", "/rude/crash", "/rude/http", "/rude/log", "/banking/accounts")


class Rude:
    """Says a line in every way it can."""

    line = Dirty("", "", "")

    def routes(self) -> APIRouter:
        router = APIRouter(prefix="/rude")

        @router.get("/error")
        async def error() -> None:
            raise InvalidRequest(self.line.line, provider="banking:rude", vendor_code=self.line.line)

        @router.get("/payload")
        async def payload() -> None:
            try:
                json.loads(self.line.line + "{")
            except ValueError as exc:
                raise UnexpectedPayload(f"could not read {self.line.line}") from exc

        @router.get("/crash")
        async def crash() -> None:
            raise RuntimeError(self.line.line)

        @router.get("/http")
        async def http() -> None:
            raise HTTPException(400, {"reason": self.line.line, "rows": [self.line.line]})

        @router.get("/log")
        async def log() -> None:
            from svc_infra.logging import with_context

            logger = logging.getLogger("some.other.package")
            with with_context(seen=self.line.line, level=self.line.line):
                logger.warning("said %s", self.line.line, extra={"body": {"deep": [self.line.line]}}, stack_info=True)
            try:
                raise ValueError(self.line.line)
            except ValueError:
                logger.exception("failed")

        return router

    def reply(self, request: Request) -> Reply:
        """Answer as a bank's aggregator would that puts the request's data into everything."""
        text = self.line.line
        bodies = (
            {"error": {"code": text, "message": text}},
            [{"id": text, "name": text, "type": text, "currency": text, "links": text}],
            text,
        )
        turn = len(text) % 3
        header = text.encode("ascii", "ignore").decode().replace("\n", " ")
        return Reply((400, 200, 502)[turn], json.dumps(bodies[turn]).encode(), {"x-request-id": header})


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], io.StringIO]]:
    before = {name: (list((logger := logging.getLogger(name)).handlers), logger.level) for name in _LOGGERS}

    def configure(log_format: str) -> io.StringIO:
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        configure_logging(ServiceSettings(log_format=log_format, log_level="DEBUG"))
        return stream

    yield configure
    logging.captureWarnings(capture=False)
    for name, (handlers, level) in before.items():
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).propagate = True


@pytest.fixture
def rude() -> Rude:
    return Rude()


@pytest.fixture
def client(rude: Rude, make_service: Callable[..., FastAPI]) -> Iterator[TestClient]:
    app = make_service(rude.routes(), rate_limit=1_000_000)
    given = {"access_token": "test_token_abcdefgh", "base_url": "https://bank.example", "max_attempts": 1}
    where = endpoint(TellerClient.info, {**given, "breaker_threshold": 10**9})
    add_banking(app, auth=PUBLIC, provider=TellerClient(AsyncReplay(rude.reply), where))
    stop = observe_calls(PrometheusCalls())
    with TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client
    stop()


@pytest.mark.parametrize(("log_format", "count"), [("json", LINES), ("text", LINES // 5)])
def test_service_when_a_vendor_echoes_personal_data_then_no_log_and_no_answer_shows_it(
    rude: Rude, client: TestClient, log: Callable[[str], io.StringIO], log_format: str, count: int
) -> None:
    stream = log(log_format)
    shown: list[tuple[str, str, str]] = []
    written = 0
    for number, line in enumerate(Corpus(11).dirty(count)):
        rude.line = line
        route = ROUTES[number % len(ROUTES)]
        reply = client.get(route)
        said = f"{reply.status_code} {reply.text} {dict(reply.headers)}"
        stream.flush()
        text = stream.getvalue()
        written += bool(text)
        shown += [
            (route, place, line.line)
            for place, out in (("answer", said), ("log", text))
            if leaked(line.value, out, whole=True)
        ]
        stream.seek(0)
        stream.truncate()
    assert shown == []
    assert written > count * 0.8  # there was something to look at
    page = client.get("/metrics").text
    assert [line.value for line in Corpus(11).dirty(count) if line.value in page] == []
    assert "fin_provider_calls_total" in page


def test_service_when_a_number_is_in_the_path_then_neither_log_nor_answer_shows_it(
    rude: Rude, client: TestClient, log: Callable[[str], io.StringIO]
) -> None:
    stream = log("json")
    for line in Corpus(12).dirty(LINES // 5):
        if line.kind not in ("account", "card", "iban", "email", "token"):
            continue
        rude.line = line
        reply = client.get(f"/banking/accounts/{quote(line.value, safe='')}/balance")
        assert not leaked(line.value, reply.text + stream.getvalue(), whole=True), line
        stream.seek(0)
        stream.truncate()


def test_json_line_when_values_were_masked_then_it_is_json_with_its_facts(
    rude: Rude, client: TestClient, log: Callable[[str], io.StringIO]
) -> None:
    stream = log("json")
    rude.line = Dirty("account", "account 000123456789", "000123456789")
    client.get("/rude/log")
    lines: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().splitlines()]
    said = next(line for line in lines if line["message"].startswith("said"))
    assert said["message"] == "said account ***6789"
    assert (said["seen"], said["extra_level"], said["level"]) == ("account ***6789",) * 2 + ("WARNING",)
    assert said["body"] == {"deep": ["account ***6789"]}
    failed = next(line for line in lines if line["message"] == "failed")
    assert "ValueError: account ***6789" in failed["exception"]
