"""Every field of every row, absent, null, empty and unknown: the other rows always come, and nothing else is raised."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bankersbank import payloads as finastra
from fin_infra.model import Listing
from fin_infra.providers import fields
from fin_infra.providers.banking.teller import payloads as teller
from fin_infra.providers.brokerage.alpaca import orders as alpaca_orders
from fin_infra.providers.brokerage.alpaca import payloads as alpaca
from fin_infra.providers.brokerage.alpaca import reference as alpaca_reference
from fin_infra.providers.brokerage.snaptrade import payloads as snaptrade
from fin_infra.transport import Reply
from tests.support.effort import share

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 26, tzinfo=UTC)
REPLY = Reply(200, b"")
Reader = Callable[[list[Any]], Listing[Any]]
EVERY = share(1, test=3, quick=9)
"""Each how manieth change is tried."""


def listed(read: Callable[..., Any], *args: Any) -> Reader:
    return lambda rows: fields.rows(rows, "rows", lambda row: read(row, *args))


READERS: dict[str, Reader] = {
    "alpaca/order": listed(alpaca_orders.order, NOW),
    "alpaca/positions": listed(alpaca.position, NOW),
    "alpaca/activities": listed(alpaca.activity, NOW),
    "alpaca/asset": listed(alpaca_reference.maybe_asset, NOW),
    "snaptrade/authorizations": listed(snaptrade.connection, REPLY),
    "snaptrade/accounts_1": listed(snaptrade.account, REPLY),
    "snaptrade/balances": listed(snaptrade.balance, "a-1", REPLY),
    "snaptrade/orders": listed(snaptrade.order, "a-1", REPLY),
    "snaptrade/activities_1": listed(snaptrade.activity, "a-1", REPLY),
    "snaptrade/positions": lambda rows: snaptrade.positions(
        Reply(200, json.dumps({"results": rows}, default=float).encode(), received_at=NOW), "a-1"
    ),
    "teller/accounts": listed(teller.account, REPLY),
    "teller/transactions_checking": lambda rows: teller.parse_transactions(
        json.dumps(rows, default=float).encode(), teller.Polarity(1, "USD"), NOW
    ),
    "finastra/accounts": lambda rows: finastra.read_rows(rows, REPLY, finastra.account),
    "finastra/balances": lambda rows: finastra.read_rows(rows, REPLY, finastra.balance),
    "finastra/collaterals": lambda rows: finastra.read_rows(rows, REPLY, finastra.collateral),
}
OWN: dict[str, list[dict[str, Any]]] = {
    "finastra/accounts": [{"id": "A1", "number": "1", "type": "CURRENT", "currency": "USD", "status": "ACTIVE"}],
    "finastra/balances": [
        {"id": "A1", "type": "CURRENT", "currency": "USD", "ledgerBalance": "1.00", "availableBalance": "1.00"}
    ],
    "finastra/collaterals": [{"id": "C1", "status": "x", "valuation": {"amount": 1, "currency": "USD"}}],
}


def recorded(name: str) -> list[dict[str, Any]]:
    """Return the rows of a recording, whatever they are wrapped in."""
    if name in OWN:
        return OWN[name]
    vendor, of = name.split("/")
    domain = "banking" if vendor == "teller" else "brokerage"
    body: Any = json.loads((HERE / domain / vendor / f"{of}.json").read_text(), parse_float=Decimal)["reply"]["json"]
    found = next((body[key] for key in ("results", "data") if isinstance(body, dict) and key in body), body)
    return found if isinstance(found, list) else [found]


def changes(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the row with each field, also of the objects in it, absent, null, empty and unknown."""
    for name, value in row.items():
        yield {key: kept for key, kept in row.items() if key != name}
        for strange in (None, "", "a-word-nobody-knows", [], {}, True, -7, [None]):
            yield row | {name: strange}
        if isinstance(value, dict):
            yield from (row | {name: inner} for inner in changes(value))


@pytest.mark.parametrize("name", READERS)
def test_list_when_any_field_of_a_row_is_strange_then_the_other_row_comes(name: str) -> None:
    read, rows = READERS[name], recorded(name)
    good = rows[0]
    whole = read([good])
    assert (len(whole), whole.errors) == (1, ())
    tried = [change for row in rows for change in changes(row)][::EVERY]
    assert tried
    for change in tried:
        found = read([change, good])
        assert len(found) + len(found.errors) == 2
        assert found[-1] == whole[0]
        assert all(error.place.endswith("[0]") and error.reason for error in found.errors)


@pytest.mark.parametrize("kind", ["crypto_perp", "us_treasury", "", None])
def test_position_when_its_class_is_unknown_then_it_is_no_share_of_the_united_states(kind: str | None) -> None:
    row = recorded("alpaca/positions")[0] | {"symbol": "BTC-PERP", "asset_class": kind}
    found = alpaca.position(row, NOW)
    assert (found.key, found.symbol_text) == (None, "BTC-PERP")


@pytest.mark.parametrize(
    ("status", "counts", "text"),
    [("executed", True, "executed"), ("canceled", False, "canceled"), ("mended", True, "mended"), (None, True, "")],
)
def test_activity_when_it_has_a_status_then_it_is_kept_and_canceled_does_not_count(
    status: str | None, counts: bool, text: str
) -> None:
    row = {"id": "1", "activity_type": "DIV", "date": "2026-10-08", "net_amount": "2.46", "status": status}
    found = alpaca.activity(row, NOW)
    assert (found.counts, found.status_text) == (counts, text)
