"""Profile core=finastra: the collaterals of a bank's core, its stubs behind their flag, and the metrics of the plan."""

from __future__ import annotations

import re
from contextlib import ExitStack

import httpx2
import pytest

from bankersbank.finastra import FinastraAPIClient, FinastraConfig
from fin_infra.sandbox import environment

from . import app as stack
from .conftest import Client, start

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("core=finastra")]

LIST = "/finastra/b2b/collaterals"


@pytest.fixture
def truths(sandbox):
    """The ids of the tenant's collaterals in order, from the vendor's own wire without any adapter."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-b2b-client",
        "client_secret": "sandbox-b2b-secret",
    }
    with httpx2.Client(base_url=f"{sandbox.url}/finastra", timeout=60, trust_env=False) as wire:
        token = wire.post("/login/v1/sandbox/oidc/token", data=form).json()["access_token"]
        reply = wire.get(
            "/total-lending/collaterals/b2b/v2/collaterals",
            params={"pageSize": 200},
            headers={"Authorization": f"Bearer {token}"},
        )
    return [row["id"] for row in reply.json()["items"]]


def _walk(client, top):
    index, rows = 0, []
    while index is not None:
        page = client.data(LIST, top=top, startingIndex=index)
        rows += page["items"]
        index = page["next"]
    return rows


@pytest.mark.parametrize("top", [10, 25, 100])
def test_collaterals_when_walked_then_each_comes_once_in_order_whatever_the_page(client, truths, top):
    assert len(truths) > 50
    assert [row["id"] for row in _walk(client, top)] == truths


def test_collateral_when_asked_by_id_then_it_is_the_list_s(client):
    row = client.data(LIST, top=1)["items"][0]
    found = client.data(f"{LIST}/{row['id']}")
    assert found | {"as_of": None} == row | {"as_of": None}


def test_collateral_when_there_is_none_then_404(client):
    client.problem(f"{LIST}/nobody-has-this", 404, "fin.not_found")


def test_collaterals_when_the_vendor_fails_once_then_the_answer_is_whole(client, sandbox):
    sandbox.fault("finastra", "status_503", path="/total-lending/*", count=1)
    assert len(client.data(LIST, top=5)["items"]) == 5


def test_sdk_when_it_asks_the_sandbox_then_it_sees_what_the_vendor_has(sandbox, truths):
    with FinastraAPIClient(FinastraConfig.from_env(environment(sandbox.url))) as bank:
        assert [row.id for row in bank.collaterals()] == truths


def test_b2c_when_off_then_404_and_when_on_then_a_stub_that_asks_nobody(client, running, sandbox, tmp_path):
    client.problem("/finastra/b2c/accounts", 404, "fin.feature_disabled")
    token = "token-of-the-service-with-the-stubs-on"
    with ExitStack() as down:
        settings = stack.service_environment(running.sandbox.url, token) | {"FEATURE_FINASTRA_B2C": "1"}
        url = start(down, stack.service_command, settings, tmp_path / "service.log", "/readyz")
        headers = {"Authorization": f"Bearer {token}"}
        http = down.enter_context(httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False))
        asked = len(sandbox.requests("finastra"))
        for path in ("accounts", "balances"):
            assert Client(http).data(f"/finastra/b2c/{path}")["stub"] is True
        assert len(sandbox.requests("finastra")) == asked


def test_metrics_when_the_list_was_asked_then_the_plan_s_two_series_count_it(client, anonymous):
    before = _counted(anonymous)
    client.data(LIST, top=1)
    assert _counted(anonymous) == [before[0] + 1, before[1] + 1]


def _counted(anonymous):
    page = anonymous.get("/metrics").text
    found = []
    for name in ("finastra_api_calls_total", "finastra_api_latency_seconds_count"):
        series = re.findall(rf'^{name}{{[^}}]*endpoint="[^"]*:/collaterals"[^}}]*}} (\S+)$', page, re.M)
        found.append(round(sum(float(value) for value in series)))
    return found
