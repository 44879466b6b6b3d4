"""Plaid clients that answer from memory, and the replies they are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fin_infra.providers.banking.plaid import Plaid, Settings
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Sync
from fin_infra.transport.replay import Replay

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples" / "plaid"
"""The vendor's published examples, read in place where they are."""
TOKEN = "access-sandbox-00000000-0000-4000-8000-0000000000aa"
ITEM = {"item_id": "item-1", "institution_id": "ins_1", "institution_name": "First Bank", "error": None}
LOGIN = {"client_id": "client-1", "secret": "secret-1", "access_token": TOKEN}


class Client:
    """A client, the transport it talks to, and what was sent to it."""

    def __init__(self, *answers: Any, environment: Any = "custom", **given: Any) -> None:
        self.transport = Replay(list(answers))
        settings = load(Settings, {**LOGIN, **given})
        self.plaid: Plaid[Sync] = Plaid(self.transport, Endpoint("http://127.0.0.1:1", environment, settings))

    @property
    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """Path and body of each request, as it was sent."""
        sent = [self.plaid.authorize(each) for each in self.transport.requests]
        return [(each.path, json.loads(each.content or b"{}")) for each in sent]


def sample(name: str) -> Reply:
    """Return a published example as a reply, byte by byte."""
    return Reply(200, (SAMPLES / f"{name}.json").read_bytes())


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, content, headers)


def refusal(code: str, kind: str = "ITEM_ERROR", status: int = 400, **headers: str) -> Reply:
    error = {"error_type": kind, "error_code": code, "error_message": "words that nobody should see"}
    return reply({**error, "display_message": "nor these", "request_id": "req-of-error"}, status, **headers)


def account(ident: str, kind: str = "depository", subtype: str = "checking", **balances: Any) -> dict[str, Any]:
    told = {"available": None, "current": 10, "limit": None, "iso_currency_code": "USD"} | balances
    told |= {"unofficial_currency_code": None}
    row = {"account_id": ident, "name": f"Account {ident}", "official_name": None, "mask": "0001"}
    return {**row, "type": kind, "subtype": subtype, "balances": told}


def row(ident: str, amount: Any = 1, day: str = "2026-03-01", **more: Any) -> dict[str, Any]:
    found = {
        "transaction_id": ident,
        "account_id": "a",
        "amount": amount,
        "date": day,
        "pending": False,
        "iso_currency_code": "USD",
        "unofficial_currency_code": None,
        "name": f"Shop {ident}",
        "payment_channel": "online",
        "transaction_code": None,
    }
    return {**found, **more}


def changes(
    cursor: str, *added: Any, modified: Any = (), removed: Any = (), more: bool = False, status: str = ""
) -> Reply:
    gone = [{"transaction_id": each, "account_id": "a"} for each in removed]
    return reply(
        {
            "accounts": [],
            "added": list(added),
            "modified": list(modified),
            "removed": gone,
            "next_cursor": cursor,
            "has_more": more,
            "transactions_update_status": status or "HISTORICAL_UPDATE_COMPLETE",
            "request_id": "req-1",
        }
    )
