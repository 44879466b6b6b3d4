"""Teller clients that answer from memory, and the replies they are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fin_infra.providers.banking.teller.adapter import Settings, TellerClient
from fin_infra.providers.provider import Endpoint
from fin_infra.settings import load
from fin_infra.transport import Reply, Request, Sync
from fin_infra.transport.replay import Replay, fixture_responder

FOLDER = Path(__file__).parent
TOKEN = "test_token_unit"


class Teller:
    """A client and the transport it talks to."""

    def __init__(self, answers: Any, environment: Any = "custom", **given: Any) -> None:
        self.transport = Replay(answers)
        endpoint = Endpoint("http://127.0.0.1:1", environment, load(Settings, {"access_token": TOKEN, **given}))
        self.client: TellerClient[Sync] = TellerClient(self.transport, endpoint)

    @property
    def requests(self) -> list[Request]:
        return self.transport.requests


def from_fixtures() -> Teller:
    return Teller(fixture_responder(FOLDER))


def answering(*answers: Any, **given: Any) -> Teller:
    """Build a client that gives these answers in turn: `answering(reply([...]), refusal(429, "x"))`."""
    return Teller(list(answers), **given)


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, content, headers)


def refusal(status: int, code: str, message: str = "words that nobody should see") -> Reply:
    return reply({"error": {"code": code, "message": message}}, status)
