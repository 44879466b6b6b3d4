"""Profile brokerage=snaptrade: holdings at other brokers are the world's, merged, and what was not read is named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.providers.brokerage.snaptrade import gaps as snaptrade_gaps

from . import app as stack

pytestmark = [pytest.mark.acceptance, pytest.mark.profile("brokerage=snaptrade")]


@pytest.fixture
def truths(sandbox):
    """Every account by its id, from the control plane's own books."""
    return {row["id"]: row for row in stack.call(f"{sandbox.url}/_sandbox/snaptrade")["accounts"]}


def _holdings(client, **params):
    reply = client.reply("/brokerage/holdings", **params)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_holdings_when_read_then_each_part_is_what_the_broker_has(client, truths):
    parts = [
        (line["key"], part)
        for line in _holdings(client)["data"]["lines"]
        for part in line["parts"]
        if part["account"]["source"] == "brokerage:snaptrade"
    ]
    found = {(part["account"]["id"], key): Decimal(part["quantity"]) for key, part in parts}
    assert len(found) == len(parts)
    for key, symbol in (("US:AAPL", "AAPL"), ("US:BRK.B", "BRK.B"), ("US:VTI", "VTI"), ("US:TSLA", "TSLA")):
        held = {
            (ident, key): Decimal(position["units"])
            for ident, account in truths.items()
            for position in account["positions"]
            if position["key"] == symbol and position["kind"] in ("stock", "etf")
        }
        assert {place: units for place, units in found.items() if place[1] == key} == held


def test_holdings_when_an_instrument_is_at_two_brokers_then_one_line_has_both(client, truths):
    lines = _holdings(client)["data"]["lines"]
    apple = next(line for line in lines if line["key"] == "US:AAPL" and line["side"] == "long")
    everywhere = [p for account in truths.values() for p in account["positions"] if p["key"] == "AAPL"]
    assert len(everywhere) > 1
    assert len(apple["parts"]) == len(everywhere)
    assert Decimal(apple["quantity"]) == sum(Decimal(p["units"]) for p in everywhere)


def test_holdings_when_a_source_fails_then_the_rest_is_shown_and_the_gap_is_named(client):
    body = _holdings(client)
    assert snaptrade_gaps.failed(body) == snaptrade_gaps.FAILED
    assert body["data"]["complete"] is False
    assert body["data"]["total"] is None
    assert body["data"]["lines"]


def test_holdings_when_a_connection_is_disabled_then_it_is_named_with_the_next_step(client, sandbox):
    stack.call(f"{sandbox.url}/_sandbox/snaptrade", "POST", {"disable": "SCHWAB"})
    said = [row for row in _holdings(client)["errors"] if row["code"] == "fin.reauth_required"]
    assert any("Schwab" in row["message"] for row in said)


def test_holdings_when_only_read_then_no_request_changes_anything(client, sandbox):
    _holdings(client)
    methods = {row["method"] for row in sandbox.requests("snaptrade")}
    assert methods == {"GET"}
    for row in sandbox.requests("snaptrade"):
        assert "sandbox-user-secret" not in str(row)


def test_holdings_when_all_of_it_is_down_then_the_other_broker_answers(client, sandbox):
    sandbox.fault("snaptrade", "status_500", path="/accounts", count=4)
    body = _holdings(client)
    assert "brokerage:snaptrade" in {row["provider"] for row in body["errors"]}
    assert {"source": "brokerage:alpaca", "id": client.data("/brokerage/account")["id"]} in body["data"]["read"]
