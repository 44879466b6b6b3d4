"""Messages that the sandbox sends: to near addresses only, as often as asked, and what became of each."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from fin_infra.sandbox.kernel.deliver import MOST, deliver, moment
from tests.support.mailbox import mailbox
from tests.support.ports import free_port


def sent(url: object, times: Any = 1) -> list[object]:
    return asyncio.run(deliver(url, b'{ "a": 1 }', {"X-Signed": "yes"}, times))


def test_message_when_sent_then_its_bytes_and_headers_arrive_and_the_answers_are_told() -> None:
    with mailbox() as box:
        assert sent(box.url, 3) == [200, 200, 200]
        assert {body for body, _ in box.letters} == {b'{ "a": 1 }'}
        assert [headers["x-signed"] for _, headers in box.letters] == ["yes"] * 3
        box.status = 503
        assert sent(box.url) == [503]


def test_message_when_nobody_listens_then_the_answer_says_so() -> None:
    assert sent(f"http://127.0.0.1:{free_port()}/") == ["ConnectionRefusedError"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://8.8.8.8/", "private network"),
        ("http://169.254.169.254/latest/meta-data", "private network"),
        ("http://[fe80::1]/", "private network"),
        ("ftp://127.0.0.1/", "where to send to"),
        ("http://", "where to send to"),
        ("http://127.0.0.1:port/", "where to send to"),
        ("http://no-such-host.invalid/", "private network"),
        (None, "where to send to"),
    ],
)
def test_message_when_the_address_is_somebody_elses_then_it_is_not_sent(url: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        sent(url)


@pytest.mark.parametrize("times", [0, MOST + 1, "3", True, 1.0])
def test_message_when_the_count_cannot_be_meant_then_one_sentence(times: Any) -> None:
    with pytest.raises(ValueError, match="`times` must be a whole number from 1 to 100"):
        sent("http://127.0.0.1/", times)


def test_moment_when_given_then_that_instant_and_otherwise_the_real_time() -> None:
    assert moment("2026-01-01T01:00:00+01:00") == datetime(2026, 1, 1, tzinfo=UTC)
    assert abs((moment(None) - datetime.now(UTC)).total_seconds()) < 60
    for wrong in ("2026-01-01", "soon", 7):
        with pytest.raises(ValueError, match="with a zone"):
            moment(wrong)
