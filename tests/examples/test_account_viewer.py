"""The account viewer of the tutorial: its page shows what is true in the sandbox, and the tutorial shows its code."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from fin_infra.testing import Sandbox, sandbox

ROOT = Path(__file__).resolve().parents[2]
VIEWER = ROOT / "examples" / "account_viewer" / "viewer.py"


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with sandbox() as world:
        yield world


@pytest.fixture(scope="module")
def client(world: Sandbox) -> Iterator[TestClient]:
    spec = importlib.util.spec_from_file_location("viewer", VIEWER)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    sys.modules["viewer"] = module
    spec.loader.exec_module(module)
    with TestClient(module.app) as client:
        yield client
    del sys.modules["viewer"]


def _mine(world: Sandbox) -> list[dict[str, Any]]:
    return [each for each in world.world()["accounts"] if each["access_token"] == "test_token_sandbox"]


def test_page_when_opened_then_it_has_every_account_and_its_balance(client: TestClient, world: Sandbox) -> None:
    page = client.get("/").text
    for truth in _mine(world):
        assert f"<td>{escape(truth['name'])}</td>" in page
    assert "<td>32,249.27 USD</td>" in page
    assert "account is closed" in page or "is gone" in page or "closed" in page
    first = _mine(world)[0]
    assert client.get(f"/accounts/{first['id']}/balance").json()["current"] == {
        "amount": first["ledger"],
        "currency": "USD",
    }


def test_spent_when_asked_then_the_sums_are_those_of_the_banks_own_list(client: TestClient, world: Sandbox) -> None:
    account = _mine(world)[0]["id"]
    page = client.get(f"/spent/{account}", params={"start": "2026-11-01", "end": "2026-11-21"}).text
    rows = httpx2.get(f"{world.url}/teller/accounts/{account}/transactions", auth=("test_token_sandbox", "")).json()
    spent = [row for row in rows if "2026-11-01" <= row["date"] < "2026-11-21" and row["amount"].startswith("-")]
    shown = [Decimal(text.replace(",", "")) for text in re.findall(r"<td>([\d,.]+) USD</td>", page)]
    assert sum(shown) == -sum(Decimal(row["amount"]) for row in spent)
    assert shown == sorted(shown, reverse=True)


def test_page_when_the_bank_fails_then_the_accounts_stay_and_say_so(client: TestClient, world: Sandbox) -> None:
    world.fault(vendor="teller", kind="status_500", path="/accounts/*/balances")
    try:
        page = client.get("/").text
    finally:
        world.control("faults", method="DELETE")
    assert "Everyday Checking" in page
    assert "USD" not in page
    assert world.url not in page


def test_tutorial_when_compared_with_the_program_then_its_parts_are_in_it() -> None:
    program = VIEWER.read_text("utf-8")
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    parts = [part for part in re.findall(r"```py\n(.*?)```", page, re.DOTALL) if "def " in part]
    assert len(parts) == 3
    assert [part for part in parts if part not in program] == []
    lines = program.count("\n")
    assert f"{round(lines, -1)} lines" in page
