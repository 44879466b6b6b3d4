"""The smoke of the collaterals' list against whatever the FINASTRA_* variables name, and the proof of its logic.

pytest -q -m finastra_live tests/test_finastra_client.py -k test_live_list_collaterals_smoke
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankersbank.finastra import FinastraAPIClient
from fin_infra.sandbox import environment, running

ROOT = Path(__file__).resolve().parents[1]
CREDENTIALS = ("FINASTRA_B2B_CLIENT_ID", "FINASTRA_B2B_CLIENT_SECRET")


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    """Lift the guard of the other tests: a smoke goes where the variables say."""


@pytest.fixture
def bank() -> Iterator[FinastraAPIClient]:
    missing = [name for name in CREDENTIALS if not os.environ.get(name, "").strip()]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not set; `fin-infra sandbox env` prints those of the local sandbox")
    with FinastraAPIClient() as client:
        yield client


@pytest.mark.finastra_live
def test_live_list_collaterals_smoke(bank: FinastraAPIClient) -> None:
    page = bank.list_collaterals(page_size=5)
    assert len(page) <= 5
    assert all(row.id and row.raw for row in page)
    assert page.meta is not None


# The smoke's own logic


def smoke(url: str | None, **changes: str | None) -> tuple[int, str]:
    """Run the smoke in a process of its own with the sandbox's variables; return its exit code and output."""
    plain = {name: text for name, text in os.environ.items() if not name.startswith(("FIN", "FEATURE_", "PYTEST_"))}
    variables = plain | ({} if url is None else environment(url)) | changes
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "finastra_live"]
    done = subprocess.run(
        [*command, "tests/test_finastra_client.py", "-k", "test_live_list_collaterals_smoke"],
        env={name: text for name, text in variables.items() if text is not None},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running() as url:
        yield url


def test_smoke_when_the_variables_name_the_sandbox_then_passes(sandbox: str) -> None:
    code, told = smoke(sandbox)
    assert (code, "1 passed" in told) == (0, True), told


@pytest.mark.parametrize("missing", CREDENTIALS)
@pytest.mark.parametrize("text", [None, " "])
def test_smoke_when_a_credential_is_unset_or_blank_then_skipped_with_its_name(
    sandbox: str, missing: str, text: str | None
) -> None:
    code, told = smoke(sandbox, **{missing: text})
    assert (code, "1 skipped" in told) == (0, True), told
    assert f"{missing} not set" in told


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"FINASTRA_B2B_CLIENT_SECRET": "wrong-s3cret"}, "AuthenticationFailed"),
        ({"FINASTRA_TENANT": "bank-east"}, "AuthenticationFailed"),
        ({"FINASTRA_B2B_PRODUCT_COLLATERALS": "total-lending/collaterals/b2b/v9"}, "NotFound"),
        ({"FINASTRA_BREAKER_FAIL_THRESHOLD": "many"}, "FINASTRA_BREAKER_FAIL_THRESHOLD"),
    ],
)
def test_smoke_when_something_is_not_set_up_right_then_fails_with_the_reason_and_no_secret(
    sandbox: str, changes: dict[str, str], reason: str
) -> None:
    code, told = smoke(sandbox, **changes)
    assert (code, reason in told) == (1, True), told
    assert "s3cret" not in told.replace("FINASTRA_B2B_CLIENT_SECRET", "")


def test_smoke_when_nobody_answers_then_fails() -> None:
    code, told = smoke("http://127.0.0.1:9", FINASTRA_MAX_ATTEMPTS="1")
    assert (code, "ProviderUnavailable" in told) == (1, True), told
