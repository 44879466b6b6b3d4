"""Holdings are asked without HTTP, and what the sandbox makes up never counts beside what is real."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from fin_infra.questions.holdings import HoldingSources


def _source(environment: str) -> Any:
    return SimpleNamespace(environment=environment, source=f"brokerage:{environment}")


@pytest.mark.parametrize(
    ("broker", "aggregator", "counted"),
    [
        ("sandbox", "sandbox", ["sandbox", "sandbox"]),
        ("live", "sandbox", ["live"]),
        ("sandbox", "live", ["live"]),
        ("paper", "live", ["paper", "live"]),
    ],
)
def test_sources_when_one_is_real_then_the_sandbox_is_left_out(
    broker: str, aggregator: str, counted: list[str]
) -> None:
    sources = HoldingSources.counted([_source(broker)], [_source(aggregator)], None)
    assert [source.environment for source in sources.all()] == counted


def test_questions_when_imported_then_no_web_framework_is_loaded() -> None:
    code = (
        "import sys, fin_infra.questions.holdings, fin_infra.questions.net_worth; "
        "print([m for m in ('fastapi', 'starlette', 'svc_infra') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
