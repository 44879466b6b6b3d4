"""Log lines carry the request id and no secret, whatever was logged and by whom."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from asset_aggregator.infra import ServiceSettings, configure_logging
from fin_infra.security import mask, mask_value

MakeService = Callable[..., FastAPI]
_LOGGERS = ("", "uvicorn", "uvicorn.access", "uvicorn.error", "httpx", "httpx2")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., io.StringIO]]:
    before = {name: (list((logger := logging.getLogger(name)).handlers), logger.level) for name in _LOGGERS}

    def configure(**settings: Any) -> io.StringIO:
        for name in _LOGGERS[1:]:  # a server that ran in this process has left its levels here
            logging.getLogger(name).setLevel(logging.NOTSET)
            logging.getLogger(name).propagate = True
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        configure_logging(ServiceSettings(**settings))
        return stream

    yield configure
    logging.captureWarnings(capture=False)
    for name, (handlers, level) in before.items():
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).propagate = True


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line, parse_constant=pytest.fail) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET https://api.example/query?function=X&apikey=DEMO99KEY HTTP/1.1", "DEMO99KEY"),
        ("Authorization: Bearer abc.DEF-123456", "abc.DEF-123456"),
        ("authorization=Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("{'api_key': 'K123456', 'x': 1}", "K123456"),
        ('{"access_token": "tok-9z9z", "x": 1}', "tok-9z9z"),
        ('body "{\\"client_secret\\": \\"zz99\\"}"', "zz99"),
        ("x-api-key: K123456", "K123456"),
        ("postgresql://app:hunter2@db:5432/fin", "hunter2"),
        ("redis://:hunter2@cache:6379/0", "hunter2"),
        ("password=hunter2;", "hunter2"),
        ("teller token test_tok_abcdef1234567890", "abcdef1234567890"),
        ("account 000123456789 refused", "000123456789"),
        ("account number 123456789.", "123456789"),
        ("card 4111 1111 1111 1111 declined", "1111 1111"),
        ("card 4111-1111-1111-1111 declined", "1111-1111"),
        ("IBAN DE89 3704 0044 0532 0130 00 unknown", "0532 0130"),
        ("iban GB29NWBK60161331926819", "NWBK60161331926819"),
    ],
)
def test_mask_when_text_holds_a_secret_hides_it(text: str, secret: str) -> None:
    assert secret not in mask(text)
    assert "***" in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /market/quote/XNAS:AAPL took 12.345678901 ms",
        "2026-11-21 18:10:53 started on 127.0.0.1:8050",
        "BTC at 86123.12345678 USD, 20 tokens left of 500",
        "quote market:alpha_vantage ok request 8faf83302ce94b848ca9f587093baf1c",
    ],
)
def test_mask_when_text_is_harmless_leaves_it(text: str) -> None:
    assert mask(text) == text


def test_mask_value_when_structured_goes_by_name_and_depth() -> None:
    value = {
        "api_key": "K1",
        "nested": [{"account_number": 42, "n": 7}],
        "nan": float("nan"),
        "none": None,
        "url": "a?token=T",
    }
    assert mask_value("", value) == {
        "api_key": "***",
        "nested": [{"account_number": "***", "n": 7}],
        "nan": "nan",
        "none": None,
        "url": "a?token=***",
    }


def test_json_line_when_logged_masks_message_extras_and_traceback(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    try:
        raise RuntimeError("postgresql://app:hunter2@db/fin")
    except RuntimeError:
        logging.getLogger("any").exception(
            "failed for %s", "apikey=ABCDEF", extra={"api_key": "SECRET1", "elapsed_ms": 1.5}
        )
    (line,) = _lines(stream)
    assert line["message"] == "failed for apikey=***"
    assert line["api_key"] == "***"
    assert line["elapsed_ms"] == 1.5
    assert "RuntimeError: postgresql://***@db/fin" in line["exception"]
    assert not [s for s in ("ABCDEF", "SECRET1", "hunter2") if s in stream.getvalue()]


def test_json_line_when_uvicorn_adds_its_text_in_colour_then_it_is_left_out(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    logging.getLogger("uvicorn.error").info("started", extra={"color_message": "\x1b[36mstarted\x1b[0m"})
    assert "color_message" not in _lines(stream)[0]


def test_json_line_when_extras_are_awkward_stays_valid_and_keeps_its_facts(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    logging.getLogger("any").warning(
        "odd", extra={"level": "FAKE", "logger": "fake", "timestamp": 1, "ratio": float("inf")}
    )
    (line,) = _lines(stream)
    assert (line["level"], line["logger"], line["ratio"]) == ("WARNING", "any", "inf")
    assert (line["extra_level"], line["extra_logger"], line["extra_timestamp"]) == ("FAKE", "fake", 1)


def test_line_when_written_during_a_request_names_the_request(
    log: Callable[..., io.StringIO], make_service: MakeService
) -> None:
    router = APIRouter()

    @router.get("/work")
    async def work() -> None:
        logging.getLogger("fin_infra").info("working")

    app = make_service(router)
    stream = log()
    TestClient(app).get("/work", headers={"X-Request-Id": "abc"})
    logging.getLogger("fin_infra").info("outside")
    ids = {line["message"]: line["request_id"] for line in _lines(stream)}
    assert ids == {"working": "abc", "outside": None}


def test_text_line_when_an_error_is_unexpected_names_request_and_hides_secret(
    log: Callable[..., io.StringIO], make_service: MakeService
) -> None:
    router = APIRouter()

    @router.get("/boom")
    async def boom() -> None:
        raise RuntimeError("redis://:hunter2@cache/0")

    app = make_service(router)
    stream = log(log_format="text")
    TestClient(app, raise_server_exceptions=False).get("/boom", headers={"X-Request-Id": "abc"})
    assert "RuntimeError: redis://***@cache/0" in stream.getvalue()
    assert "request_id=abc" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_access_line_when_the_url_has_a_query_leaves_it_out(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    access = logging.getLogger("uvicorn.access")
    access.info('%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", "/symbols/search?q=my-private-words", "1.1", 200)
    assert _lines(stream)[0]["message"] == '127.0.0.1:1 - "GET /symbols/search HTTP/1.1" 200'


def test_http_clients_when_they_print_urls_at_info_are_silent(log: Callable[..., io.StringIO]) -> None:
    stream = log(log_level="DEBUG")
    for name in ("httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(name).info("HTTP Request: GET https://x/?q=private")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("level", ["info", "INFO"])
def test_level_in_either_case_is_understood(log: Callable[..., io.StringIO], level: str) -> None:
    stream = log(log_level=level)
    logging.getLogger("any").info("seen")
    logging.getLogger("any").debug("unseen")
    assert [line["message"] for line in _lines(stream)] == ["seen"]


def test_warning_of_a_library_becomes_a_masked_log_line(log: Callable[..., io.StringIO]) -> None:
    stream = log()
    warnings.warn_explicit("password=hunter2 is old", DeprecationWarning, "lib.py", 1)
    assert "password=*** is old" in _lines(stream)[0]["message"]
