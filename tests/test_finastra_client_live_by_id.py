"""The smoke of one collateral by its id against whatever the FINASTRA_* variables name, and the proof of its logic.

    pytest -q -m finastra_live tests/test_finastra_client_live_by_id.py -k test_live_get_collateral_smoke

The id is TEST_COLLATERAL_ID_PRIMARY. That the vendor does not know it is fine, unless FINASTRA_REQUIRE_200=1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankersbank.config import flag
from bankersbank.finastra import FinastraAPIClient, FinastraConfig
from fin_infra.errors import NotFound
from fin_infra.sandbox import environment, running

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("FINASTRA_B2B_CLIENT_ID", "FINASTRA_B2B_CLIENT_SECRET", "TEST_COLLATERAL_ID_PRIMARY")


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    """Lift the guard of the other tests: a smoke goes where the variables say."""


@pytest.fixture
def bank() -> Iterator[FinastraAPIClient]:
    missing = [name for name in NEEDED if not os.environ.get(name, "").strip()]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not set; `fin-infra sandbox env` prints the local sandbox's credentials")
    with FinastraAPIClient() as client:
        yield client


@pytest.mark.finastra_live
def test_live_get_collateral_smoke(bank: FinastraAPIClient, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = os.environ["TEST_COLLATERAL_ID_PRIMARY"].strip()
    strict = flag("FINASTRA_REQUIRE_200", os.environ.get("FINASTRA_REQUIRE_200", "").strip() or "0")
    try:
        found = bank.get_collateral(wanted)
    except NotFound:
        if strict:
            raise
        with capsys.disabled():
            print("\n404 accepted: the vendor has no collateral of that id; FINASTRA_REQUIRE_200=1 refuses it")
        return
    assert found.id == wanted


# The smoke's own logic


def smoke(url: str, **changes: str | None) -> tuple[int, str]:
    """Run the smoke in a process of its own with the sandbox's variables; return its exit code and output."""
    plain = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("FIN", "FEATURE_", "PYTEST_", "TEST_COLLATERAL_"))
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "finastra_live"]
    done = subprocess.run(
        [*command, "tests/test_finastra_client_live_by_id.py", "-k", "test_live_get_collateral_smoke"],
        env={name: text for name, text in (plain | environment(url) | changes).items() if text is not None},
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


@pytest.fixture(scope="module")
def known_id(sandbox: str) -> str:
    variables = environment(sandbox)
    with FinastraAPIClient(FinastraConfig.from_env(variables)) as client:
        return client.list_collaterals()[0].id


@pytest.mark.parametrize("strict", [None, "", "0", "1"])
def test_smoke_when_the_id_is_known_then_passes_strict_or_not(sandbox: str, known_id: str, strict: str | None) -> None:
    code, told = smoke(sandbox, TEST_COLLATERAL_ID_PRIMARY=known_id, FINASTRA_REQUIRE_200=strict)
    assert (code, "1 passed" in told) == (0, True), told


@pytest.mark.parametrize("strict", [None, "", "0"])
def test_smoke_when_the_id_is_unknown_then_passes(sandbox: str, strict: str | None) -> None:
    code, told = smoke(sandbox, TEST_COLLATERAL_ID_PRIMARY="no-such-id", FINASTRA_REQUIRE_200=strict)
    assert (code, "1 passed" in told, "404 accepted" in told) == (0, True, True), told


def test_smoke_when_only_the_sandbox_s_own_variables_are_set_then_it_passes_on_a_200(sandbox: str) -> None:
    code, told = smoke(sandbox, FINASTRA_REQUIRE_200="1")
    assert (code, "1 passed" in told, "404" in told) == (0, True, False), told


def test_smoke_when_the_id_is_unknown_and_200_is_required_then_fails(sandbox: str) -> None:
    code, told = smoke(sandbox, TEST_COLLATERAL_ID_PRIMARY="no-such-id", FINASTRA_REQUIRE_200="1")
    assert (code, "NotFound" in told) == (1, True), told


@pytest.mark.parametrize("missing", NEEDED)
def test_smoke_when_a_variable_is_unset_then_skipped_with_its_name(sandbox: str, missing: str) -> None:
    code, told = smoke(sandbox, **{"TEST_COLLATERAL_ID_PRIMARY": "C1", missing: None})
    assert (code, "1 skipped" in told) == (0, True), told
    assert f"{missing} not set" in told


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"FINASTRA_B2B_CLIENT_SECRET": "wrong"}, "AuthenticationFailed"),
        ({"FINASTRA_TENANT": "bank-east"}, "AuthenticationFailed"),
        ({"FINASTRA_REQUIRE_200": "perhaps"}, "FINASTRA_REQUIRE_200"),
    ],
)
def test_smoke_when_something_is_not_set_up_right_then_fails_though_404_would_be_fine(
    sandbox: str, changes: dict[str, str], reason: str
) -> None:
    """The login answers 404 for a tenant that does not exist: that is not the 404 that is fine."""
    code, told = smoke(sandbox, **{"TEST_COLLATERAL_ID_PRIMARY": "no-such-id", **changes})
    assert (code, reason in told) == (1, True), told
