"""What a command that sends does when its reader goes away, or the disk is full: real processes and pipes.

Whatever the reader did, the exit code and the order at the broker agree: 0 and it is done, 6 and nothing was sent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import httpx2
import pytest

from fin_infra.brokerage import easy_brokerage
from fin_infra.model import InstrumentKey, NewOrder, OrderType, Side
from tests.providers.brokerage.alpaca.support import orders_at
from tests.support.effort import TIER

COMMAND = (sys.executable, "-m", "fin_infra.cli")
FULL = Path("/dev/full")
AAPL = InstrumentKey("US", "AAPL")
pytestmark = pytest.mark.usefixtures("sandbox")


def head(words: tuple[str, ...], lines: int, streams: str) -> int:
    """Return the exit code of a command whose output goes to `head`, as a shell sees it."""
    script = f'"$@" {streams} | head -n {lines} >/dev/null; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", script, "bash", *COMMAND, *words], check=False, timeout=60)
    return done.returncode


def ended(words: tuple[str, ...], stdout: Any, stderr: Any) -> tuple[int, str, str]:
    done = subprocess.run([*COMMAND, *words], stdout=stdout, stderr=stderr, text=True, check=False, timeout=60)
    return done.returncode, done.stdout or "", done.stderr or ""


def gone() -> int:
    """Return the end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full() -> int:
    return os.open(FULL, os.O_WRONLY)


NO_DISK = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
DEAD = [pytest.param(gone, id="pipe"), pytest.param(full, id="disk", marks=NO_DISK)]


# Each kind of command: how to begin, the words, and whether the broker shows that it was done.


def submitting(sandbox: str, number: int) -> tuple[tuple[str, ...], Callable[[], bool]]:
    before = len(orders_at(sandbox))
    return (
        "order",
        "submit",
        "buy",
        "KO",
        "--quantity",
        f"{number}",
        "--yes",
    ), lambda: len(orders_at(sandbox)) > before


def waiting(number: int) -> str:
    order = NewOrder(
        key=AAPL, side=Side.BUY, type=OrderType.LIMIT, quantity=Decimal(number), limit_price=Decimal(200 + number)
    )
    return easy_brokerage().submit_order(order).id


def canceling(sandbox: str, number: int) -> tuple[tuple[str, ...], Callable[[], bool]]:
    ident = waiting(number)
    return ("order", "cancel", ident), lambda: easy_brokerage().order(ident).status.value == "canceled"


def replacing(sandbox: str, number: int) -> tuple[tuple[str, ...], Callable[[], bool]]:
    ident = waiting(number)
    words = ("order", "replace", ident, "--limit", f"{100 + number}", "--yes")
    return words, lambda: easy_brokerage().order(ident).replaced_by is not None


def closing(sandbox: str, number: int) -> tuple[tuple[str, ...], Callable[[], bool]]:
    easy_brokerage().submit_order(NewOrder(key=AAPL, side=Side.BUY, quantity=Decimal(10 + number)))
    before = len(orders_at(sandbox))
    return ("order", "close", "AAPL", "--quantity", f"{number}", "--yes"), lambda: len(orders_at(sandbox)) > before


KINDS = [submitting, canceling, replacing, closing]


STREAMS = ["2>&1", "", "2>&1 >/dev/null"]
READERS = [(begin, streams) for begin, streams in product(KINDS, STREAMS) if TIER == "long" or begin is submitting]
READERS += [] if TIER == "long" else list(zip(KINDS[1:], STREAMS, strict=True))
"""Every kind of order with every reader in `make long`; else each kind but the first with one of them."""


@pytest.mark.parametrize(("begin", "streams"), READERS)
def test_send_when_the_reader_leaves_after_any_line_then_exit_code_and_broker_agree(
    sandbox: str, begin: Callable[..., Any], streams: str
) -> None:
    seen = []
    for lines in range(9 if begin is submitting and streams == "2>&1" else 3):
        words, done = begin(sandbox, lines + 1)
        code = head(words, lines, streams)
        seen.append((lines, code, done()))
        httpx2.post(f"{sandbox}/_sandbox/reset").raise_for_status()
    assert all((code, done) in ((0, True), (6, False)) for _, code, done in seen), seen
    assert (0, True) in [(code, done) for _, code, done in seen] or streams == "2>&1"


@pytest.mark.parametrize("begin", KINDS)
@pytest.mark.parametrize("dead", DEAD)
def test_send_when_its_result_cannot_be_written_then_0_and_stderr_says_that_it_was_done(
    sandbox: str, begin: Callable[..., Any], dead: Callable[[], int]
) -> None:
    words, done = begin(sandbox, 1)
    end = dead()
    try:
        code, _, err = ended((*words, "--json"), end, subprocess.PIPE)
    finally:
        os.close(end)
    assert (code, done()) == (0, True)
    assert "It was done" in err.splitlines()[-1]
    assert "fin-infra order status" in err.splitlines()[-1]
    assert "Traceback" not in err


@pytest.mark.parametrize("begin", [submitting, replacing, closing])
@pytest.mark.parametrize("dead", DEAD)
def test_send_when_the_key_cannot_be_written_then_6_and_nothing_was_sent(
    sandbox: str, begin: Callable[..., Any], dead: Callable[[], int]
) -> None:
    words, done = begin(sandbox, 1)
    end = dead()
    try:
        code, out, _ = ended(words, subprocess.PIPE, end)
    finally:
        os.close(end)
    assert (code, out, done()) == (6, "", False)


def test_submit_when_stderr_is_closed_then_the_key_does_not_go_to_stdout_and_nothing_is_sent(sandbox: str) -> None:
    words, done = submitting(sandbox, 1)
    script = '"$@" 2>&-'
    ran = subprocess.run(
        ["bash", "-c", script, "bash", *COMMAND, *words], stdout=subprocess.PIPE, text=True, check=False, timeout=60
    )
    assert (ran.returncode, ran.stdout, done()) == (6, "", False)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
def test_cancel_when_both_streams_are_dead_then_0_and_it_is_canceled(sandbox: str) -> None:
    words, done = canceling(sandbox, 1)
    out, err = full(), gone()
    try:
        code, _, _ = ended(words, out, err)
    finally:
        os.close(out)
        os.close(err)
    assert (code, done()) == (0, True)


@pytest.mark.parametrize("dead", DEAD)
def test_failure_when_nobody_can_read_it_then_its_exit_code_stays(sandbox: str, dead: Callable[[], int]) -> None:
    end = dead()
    try:
        assert ended(("order", "status", "nosuch"), end, end)[0] == 4
        assert ended(("order", "nosuch"), end, end)[0] == 2
    finally:
        os.close(end)


@pytest.mark.parametrize("dead", DEAD)
@pytest.mark.parametrize("words", [("providers", "ls"), ("providers", "ls", "--json"), ("sandbox", "env")])
def test_list_when_it_cannot_be_written_then_6_and_one_sentence(
    sandbox: str, words: tuple[str, ...], dead: Callable[[], int]
) -> None:
    end = dead()
    try:
        code, _, err = ended(words, end, subprocess.PIPE)
    finally:
        os.close(end)
    assert (code, err.count("\n")) == (6, 1)
    assert "cannot be written" in err


def test_cancel_when_the_answer_is_lost_then_7_and_it_says_how_to_look(sandbox: str) -> None:
    words, done = canceling(sandbox, 1)
    fault = {"vendor": "alpaca", "kind": "drop_after", "method": "DELETE", "path": "/v2/orders/*", "count": 1}
    httpx2.post(f"{sandbox}/_sandbox/faults", json=fault).raise_for_status()
    code, out, err = ended(words, subprocess.PIPE, subprocess.PIPE)
    assert (code, out, done()) == (7, "", True)
    assert f"fin-infra order status {words[-1]}" in err


def test_times_when_json_then_iso_8601(sandbox: str) -> None:
    code, out, _ = ended((*submitting(sandbox, 1)[0], "--json"), subprocess.PIPE, subprocess.PIPE)
    assert code == 0
    times = [text for name, text in json.loads(out).items() if name.endswith("_at") and text]
    assert times
    assert all("T" in text and " " not in text for text in times)
