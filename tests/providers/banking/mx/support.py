"""MX clients that answer from memory, and the bodies they are given."""

from __future__ import annotations

import json
from typing import Any

from fin_infra.providers.banking.mx.adapter import Mx, Settings
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay

USER, MEMBER, ACCOUNT = "USR-1", "MBR-1", "ACT-1"
LOGIN = {"client_id": "client", "api_key": "key-of-nobody", "user_guid": USER, "member_guid": MEMBER}


class Answering:
    """A client, and the transport it talks to."""

    def __init__(self, *answers: Any, **given: Any) -> None:
        self.transport = Replay(list(answers))
        endpoint = Endpoint("http://127.0.0.1:1", "custom", load(Settings, {**LOGIN, **given}))
        self.client: Mx[Sync] = Mx(self.transport, endpoint)

    @property
    def requests(self) -> list[Request]:
        return self.transport.requests


def reply(body: Any, status: int = 200) -> Reply:
    return Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode())


def page(name: str, *rows: dict[str, Any], page: int = 1, pages: int = 1, total: int | None = None) -> Reply:
    counts = {"current_page": page, "per_page": 25, "total_entries": len(rows) if total is None else total}
    return reply({name: rows, "pagination": {**counts, "total_pages": pages}})


def member(status: str | None = "CONNECTED", **more: Any) -> Reply:
    row = {
        "guid": MEMBER,
        "connection_status": status,
        "is_being_aggregated": False,
        "successfully_aggregated_at": "2026-03-01T06:30:00Z",
        "institution_code": "mxbank",
        "name": "MX Bank",
    }
    return reply({"member": {**row, **more}})


def account(**more: Any) -> dict[str, Any]:
    row = {"guid": ACCOUNT, "name": "Checking", "type": "CHECKING", "currency_code": "USD", "is_closed": False}
    return {**row, "member_guid": MEMBER, "balance": 10, **more}


def transaction(guid: str = "TRN-1", **more: Any) -> dict[str, Any]:
    row = {"guid": guid, "account_guid": ACCOUNT, "date": "2026-03-01", "amount": 1.5, "type": "DEBIT"}
    return {**row, "status": "POSTED", "description": "Corner", "original_description": "CORNER #1", **more}
