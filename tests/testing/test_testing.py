"""The sandbox inside a test of one's own: as a context manager, and as a fixture that pytest finds by itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fin_infra.banking import easy_banking
from fin_infra.errors import InvalidInput, RateLimited
from fin_infra.testing import sandbox


def test_sandbox_when_keys_are_set_then_nothing_goes_live_and_the_environment_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TELLER_ACCESS_TOKEN", "token_of_a_person")
    monkeypatch.setenv("FIN_INFRA_MODE", "live")
    before = dict(os.environ)
    with sandbox() as world:
        bank = easy_banking()
        assert (bank.environment, bank.transport.config.base_url) == ("sandbox", f"{world.url}/teller")
        truths = {each["id"]: each["ledger"] for each in world.world()["accounts"]}
        account = bank.accounts()[0]
        assert bank.balance(account.id).current.amount == Decimal(truths[account.id])
    assert dict(os.environ) == before
    with sandbox():
        assert easy_banking() is not bank


def test_sandbox_when_told_to_fail_or_to_go_on_then_it_does() -> None:
    with sandbox(seed=8) as world:
        world.fault(vendor="teller", kind="rate_limit", retry_after=3600)
        with pytest.raises(RateLimited):
            easy_banking().accounts()
        world.control("faults", method="DELETE")
        assert easy_banking().accounts()
        now = datetime.fromisoformat(world.world()["now"])
        world.advance(timedelta(days=3))
        assert datetime.fromisoformat(world.world()["now"]) - now == timedelta(days=3)
        world.travel(datetime(2026, 12, 1, tzinfo=UTC))
        assert world.world()["now"].startswith("2026-12-01")
        world.reset(seed=9)
        assert (world.world()["seed"], world.world()["now"]) == (9, "2026-11-20T15:00:00Z")
        with pytest.raises(InvalidInput, match="The sandbox refuses POST /_sandbox/clock"):
            world.control("clock", {"advance_s": "soon"})


def test_sandbox_when_given_something_else_then_a_sentence_names_the_parameter() -> None:
    with sandbox() as world:
        wrong: list[tuple[Any, tuple[Any, ...], str]] = [
            (world.advance, (3,), "`by` must be a timedelta, not int 3"),
            (world.travel, ("tomorrow",), "`to` must be a datetime.datetime"),
            (world.reset, ("7",), "`seed` must be an int"),
            (world.control, (None,), "`path` must be a str"),
        ]
        for call, arguments, text in wrong:
            with pytest.raises(InvalidInput, match=re.escape(text)):
                call(*arguments)
    with pytest.raises(InvalidInput, match="`seed` must be an int"):
        sandbox(seed="7")  # type: ignore[arg-type]


def test_fixture_when_the_package_is_installed_then_pytest_finds_it(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(
        "import sys\n"
        "def test_loaded():\n"
        "    assert not {'httpx2', 'pydantic', 'starlette', 'fin_infra.sandbox'} & set(sys.modules)\n"
        "def test_app(fin_infra_sandbox):\n"
        "    from fin_infra.banking import easy_banking\n"
        "    assert len(easy_banking().accounts()) == 4\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:schemathesis", "-p", "no:anyio", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout[-2000:]
