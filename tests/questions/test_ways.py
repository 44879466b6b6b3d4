"""Every question asked in three ways: Python, the console script, HTTP over a socket. All give the sandbox's truth, and
all give the same answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from fin_infra.api import PUBLIC, add_questions
from fin_infra.cli.serving import reserve, serving
from fin_infra.model.plain import plain
from fin_infra.questions import CATALOG, ask
from tests.questions.test_asking import typed
from tests.questions.truths import IDS, TRUTHS, Truth, settled
from tests.support.sandbox_control import Control

SCRIPT = str(Path(sys.executable).with_name("fin-infra"))


def words(question: str, given: dict[str, str]) -> list[str]:
    """Return what somebody types: required parameters by their place, the others as options."""
    found = [question]
    for parameter in CATALOG[question].parameters:
        if parameter.name in given:
            inline = parameter.required or parameter.inline
            found += [*([] if inline else [f"--{parameter.name.replace('_', '-')}"]), given[parameter.name]]
    return [*found, "--json"]


@pytest.fixture
def service(asked: Control) -> Iterator[str]:
    app = FastAPI()
    add_questions(app, auth=PUBLIC)
    with reserve(0) as listener, serving(app, listener) as url:
        yield url


@pytest.mark.parametrize("truth", TRUTHS, ids=IDS)
def test_question_when_asked_in_three_ways_then_the_truth_and_the_same_answer(
    truth: Truth, asked: Control, service: str
) -> None:
    given = truth.parameters(asked)
    typed_in = subprocess.run([SCRIPT, *words(truth.question, given)], capture_output=True, text=True, timeout=60)
    assert typed_in.returncode == 0, typed_in.stderr
    reply = httpx2.get(f"{service}/ask/{truth.question}", params=given, timeout=60)
    assert reply.status_code == 200, reply.text
    answers: dict[str, Any] = {
        "python": plain(ask(truth.question, **typed(truth, asked))),
        "command": json.loads(typed_in.stdout, parse_float=Decimal),
        "http": json.loads(reply.text, parse_float=Decimal)["data"],
    }
    true = truth.true(asked)
    assert {way: truth.shown(answer) for way, answer in answers.items()} == dict.fromkeys(answers, true)
    assert settled(answers["python"]) == settled(answers["command"]) == settled(answers["http"])
