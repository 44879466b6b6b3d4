"""MX's own Python client, unmodified, against the sandbox, in an environment with the old packages it wants."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest

from fin_infra.sandbox import running
from tests.support.sandbox import Sandbox

SCRIPT = Path(__file__).with_name("mx_client.py")
CLIENT = "mx-platform-python==1.12.0"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that has the client."""
    folder = tmp_path_factory.mktemp("mx")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=300)
    found = folder / "bin" / "python"
    subprocess.run([found, "-m", "pip", "install", "-qq", CLIENT], check=True, timeout=900)
    return found


def test_client_when_it_reads_all_that_it_can_then_it_parses_what_the_world_has(python: Path) -> None:
    with running() as url, httpx2.Client(base_url=url, timeout=60, trust_env=False) as http:
        done = subprocess.run([python, SCRIPT, f"{url}/mx"], capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        world = Sandbox(http).world()
    said = json.loads(done.stdout)
    mine = {row["name"]: row for row in world["accounts"] if row["access_token"] == "test_token_sandbox"}
    assert {name: (Decimal(str(balance)), closed) for name, _, balance, closed in said["accounts"]} == {
        name: (Decimal(row["ledger"]), row["status"] == "closed") for name, row in mine.items()
    }
    assert [type for _, type, *_ in said["accounts"]] == ["CHECKING", "SAVINGS", "CREDIT_CARD", "CHECKING"]
    rows = said["transactions"]
    assert said["pages"] > 1
    assert len({guid for guid, *_ in rows}) == len(rows) > 100
    assert {type for _, _, type, *_ in rows} == {"CREDIT", "DEBIT"}
    assert all(amount > 0 and "2026-09-01" <= day <= "2026-11-30" for _, amount, _, _, day in rows)
    assert Counter(status for *_, status, _ in rows)["PENDING"] == mine["Everyday Checking"]["pending_count"]
    assert said["members"] == ["CONNECTED"] * 4
    assert said["polls"] > 0
    assert said["widget"].startswith(f"{url}/mx/widget/")
    assert (said["numbers"], len(said["owners"]), said["users"][0]) == (
        3,
        4,
        "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001",
    )
    assert said["holdings"] > 5
    assert "harbor_credit_union" in said["banks"]
    assert said["refused"] == {"nobody": 404, "twice": 409}
