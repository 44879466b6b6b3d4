"""Stripe's own SDK, unmodified, in an environment of its own, against the sandbox: life, replay, conflict, events."""

from __future__ import annotations

import sys
from pathlib import Path

from fin_infra.sandbox import running
from tests.long.test_clean import run

PROGRAM = Path(__file__).resolve().parents[1] / "sandbox" / "vendors" / "stripe" / "official.py"
VERSION = "16.1.0"


def test_sdk_when_run_against_the_sandbox_then_it_finds_what_it_expects_of_stripe(tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "-qq", f"stripe=={VERSION}", cwd=tmp_path)
    with running() as url:
        assert run(python, "-I", PROGRAM, url, cwd=tmp_path) == "ok\n"
