"""Events really go out, in their order, signed so that an implementation of its own can tell."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx2
import pytest

from fin_infra.sandbox import running
from fin_infra.sandbox.vendors.stripe.events import signature

SECRET = "whsec_of_this_test"
HEADERS = {"authorization": "Bearer rk_test_fin_infra_sandbox_key"}


class Receiver:
    """An endpoint that keeps what comes."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []
        self.status = 200
        self._arrived = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer._arrived:
                    outer.got.append((body, self.headers["Stripe-Signature"]))
                    outer._arrived.notify_all()
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/x?y=1"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def wait(self, count: int) -> list[tuple[bytes, str]]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.got) >= count, timeout=30)
            return list(self.got)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def test_events_when_an_endpoint_is_set_then_each_arrives_signed_and_one_can_come_again(receiver: Receiver) -> None:
    with running() as url, httpx2.Client(base_url=url, trust_env=False, headers=HEADERS) as http:

        def control(**body: Any) -> Any:
            reply = http.post("/_sandbox/stripe", json=body)
            assert reply.status_code == 200, reply.text
            return reply.json()

        control(webhook_url=receiver.url, webhook_secret=SECRET)
        made = http.post("/stripe/v1/identity/verification_sessions", data={"type": "document"}).json()
        control(session=made["id"], outcome="document_expired")
        receiver.wait(2)
        receiver.status = 500
        control(session=made["id"], outcome="verified")
        receiver.wait(3)
        event = control()["events"][2]["id"]
        receiver.status = 200
        control(redeliver=event)
        got = receiver.wait(4)
        until = time.monotonic() + 30
        while len(control()["deliveries"]) < 4 and time.monotonic() < until:
            time.sleep(0.01)
        assert [row["status"] for row in control()["deliveries"]] == [200, 200, 500, 200]
    events = [json.loads(body) for body, _ in got]
    kinds = [event["type"].removeprefix("identity.verification_session.") for event in events]
    assert kinds == ["created", "requires_input", "verified", "verified"]
    assert events[2]["id"] == events[3]["id"]
    assert events[2]["data"]["object"]["id"] == made["id"]
    assert {event["data"]["object"]["url"] for event in events} == {None}, "an event leads nobody anywhere"
    for body, header in got:
        stamp, v1 = (part.partition("=")[2] for part in header.split(","))
        assert abs(int(stamp) - time.time()) < 60
        assert v1 == hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def test_signature_when_made_then_as_in_a_hand_calculation() -> None:
    # printf '1700000000.{}' | openssl dgst -sha256 -hmac whsec_x
    assert signature(b"{}", "whsec_x", 1700000000) == (
        "t=1700000000,v1=be8cb8325f2202445260a855532f967e30ad2a9394ce28da66ee02880ddcb661"
    )
