"""Plaid's own Python client, unmodified and in an environment of its own, against the sandbox on a loopback port."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from fin_infra.sandbox import running
from tests.long.test_clean import ROOT, run

UV = Path(sys.executable).parent / "uv"
SCRIPT = ROOT / "tests" / "long" / "plaid_witness.py"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the client made of the sandbox's answers."""
    folder = tmp_path_factory.mktemp("plaid")
    python = folder / "v" / "bin" / "python"
    run(UV, "venv", "-q", "--python", sys.executable, folder / "v", cwd=folder)
    run(UV, "pip", "install", "-q", "--python", python, "plaid-python>=46", cwd=folder)
    with running() as url:
        said: dict[str, Any] = json.loads(run(python, SCRIPT, url, cwd=folder))
    return said


def _refusal(kind: str, code: str) -> dict[str, Any]:
    return {"status": 400, "type": kind, "code": code}


def test_client_when_a_bank_is_linked_by_its_page_then_the_public_token_is_good_once(found: dict[str, Any]) -> None:
    # checking, savings, card; two accounts at one broker and one at another; two loans
    assert found["linked"] == ["First Platypus Bank", 8]
    assert found["exchanged twice"] == _refusal("INVALID_INPUT", "INVALID_PUBLIC_TOKEN")


def test_client_when_it_syncs_through_a_mutation_then_starts_again_and_has_it_all(found: dict[str, Any]) -> None:
    assert found["mutation"] == _refusal("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION")
    assert found["sync"]["added"] > 200
    assert found["sync"]["more"] > 5
    assert found["sync"]["removed"] > 0
    assert found["after"] == [0, 0, 0]
    assert found["get"][0] == found["get"][1] > 50
    assert found["get"][2] == "v2"


def test_client_when_the_login_breaks_then_update_mode_repairs_it_and_the_token_stays(found: dict[str, Any]) -> None:
    assert found["broken"] == _refusal("ITEM_ERROR", "ITEM_LOGIN_REQUIRED")
    assert found["item error"] == "ITEM_LOGIN_REQUIRED"
    assert found["update mode"] == [True, 0]
    assert {"credit/credit card", "depository/checking", "investment/roth", "loan/student"} <= set(found["accounts"])


def test_client_when_products_are_read_then_each_is_parsed(found: dict[str, Any]) -> None:
    assert found["balances"] == 8
    assert found["holdings"][1] == ["cash", "cryptocurrency", "derivative", "equity", "etf", "mutual fund"]
    assert found["investment transactions"][0] == found["investment transactions"][1] > 50
    assert found["liabilities"] == {"credit": 1, "mortgage": 1, "student": 1}
    assert found["streams"] == [4, 7]
    assert found["owners"] == ["Ada Marlowe", "Ben Okafor"]
    assert found["numbers"] == 2
    assert found["processor"] is True


def test_client_when_it_looks_things_up_then_institutions_users_and_the_webhook_key(found: dict[str, Any]) -> None:
    assert found["institutions"] == [11, "First Platypus Bank", ["Harbor Credit Union"]]
    assert found["user"] is True
    assert found["key"] == ["ES256", "P-256", "EC", "sig", True]
    assert found["no key"] == _refusal("INVALID_INPUT", "INVALID_WEBHOOK_VERIFICATION_KEY_ID")


def test_client_when_an_item_is_removed_then_its_token_is_dead(found: dict[str, Any]) -> None:
    assert found["removed"] == _refusal("ITEM_ERROR", "ITEM_NOT_FOUND")
