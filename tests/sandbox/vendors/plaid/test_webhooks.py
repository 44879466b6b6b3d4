"""Plaid's webhooks as an app receives them: really sent, verified by another library, sent again when not taken."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from jwt.algorithms import ECAlgorithm

from tests.sandbox.vendors.plaid.conftest import APP, HOUSEHOLD, PlaidAsker
from tests.support.ports import free_port

WAIT_S = 20.0


class Inbox:
    """An app's endpoint: keeps what arrives, and answers `status`."""

    def __init__(self) -> None:
        self.got, self.status = list[tuple[str, bytes]](), 200
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.got.append((self.headers["Plaid-Verification"], body))
                self.send_response(inbox.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks?of=plaid"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int) -> list[dict[str, Any]]:
        """The first `count` bodies, in order of arrival."""
        _until(lambda: len(self.got) >= count)
        return [json.loads(body) for _, body in self.got[:count]]

    def codes(self, count: int) -> list[str]:
        return [body["webhook_code"] for body in self.wait(count)]


def _until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not there():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    box = Inbox()
    yield box
    box.close()


def deliveries(plaid: PlaidAsker) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plaid.ask("/_sandbox/plaid/webhooks").json()["webhooks"]
    return found


def verify(plaid: PlaidAsker, token: str, body: bytes) -> dict[str, Any]:
    """What the vendor's page says an app does, with PyJWT."""
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "ES256"
    key = plaid.raw("/webhook_verification_key/get", key_id=header["kid"]).json()["key"]
    public = ECAlgorithm.from_jwk(json.dumps(key))
    claims: dict[str, Any] = jwt.decode(token, public, algorithms=["ES256"], options={"verify_iat": True})
    assert abs(time.time() - claims["iat"]) < 300
    assert claims["request_body_sha256"] == hashlib.sha256(body).hexdigest()
    return {**claims, "expired_at": key["expired_at"]}


def test_webhook_when_sent_then_signed_with_the_published_key_over_the_very_bytes(
    plaid: PlaidAsker, inbox: Inbox
) -> None:
    token = plaid.link(options={"webhook": inbox.url})
    assert inbox.codes(2) == ["INITIAL_UPDATE", "HISTORICAL_UPDATE"]
    for signature, body in inbox.got:
        assert verify(plaid, signature, body)["expired_at"] is None
        assert len(base64.urlsafe_b64decode(signature.split(".")[2] + "==")) == 64
        assert b'\n  "webhook_code"' in body  # indented by two, as the vendor sends it
    item = plaid("/item/get", access_token=token)
    first = inbox.wait(1)[0]
    assert (first["item_id"], first["environment"]) == (item["item"]["item_id"], "sandbox")
    assert item["status"]["last_webhook"]["code_sent"] == "HISTORICAL_UPDATE"


def test_webhook_when_body_or_signature_is_altered_then_the_verifier_refuses(plaid: PlaidAsker, inbox: Inbox) -> None:
    plaid.link(options={"webhook": inbox.url})
    inbox.wait(1)
    signature, body = inbox.got[0]
    with pytest.raises(AssertionError):
        verify(plaid, signature, json.dumps(json.loads(body)).encode())
    head, claims, mark = signature.split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        verify(plaid, f"{head}.{claims}.{'A' if mark[0] != 'A' else 'B'}{mark[1:]}", body)


def test_webhooks_when_news_come_then_sync_updates_only_after_the_first_sync(plaid: PlaidAsker, inbox: Inbox) -> None:
    token = plaid.link(options={"webhook": inbox.url})
    plaid.ask.advance(days=1)
    before = inbox.codes(4)
    assert before == ["INITIAL_UPDATE", "HISTORICAL_UPDATE", "DEFAULT_UPDATE", "TRANSACTIONS_REMOVED"]
    plaid.run(token, count=500)
    plaid.ask.advance(days=1)
    assert inbox.codes(7)[4:] == ["DEFAULT_UPDATE", "TRANSACTIONS_REMOVED", "SYNC_UPDATES_AVAILABLE"]
    last = inbox.wait(7)[-1]
    assert (last["initial_update_complete"], last["historical_update_complete"]) == (True, True)


def test_webhooks_when_the_item_was_made_without_transactions_then_sync_updates_come_twice(
    plaid: PlaidAsker, inbox: Inbox
) -> None:
    token = plaid.link(products=("auth",), options={"webhook": inbox.url})
    plaid("/transactions/sync", access_token=token)
    plaid.run(token, count=500)
    told = [body for body in inbox.wait(4) if body["webhook_code"] == "SYNC_UPDATES_AVAILABLE"]
    assert [body["historical_update_complete"] for body in told] == [False, True]


def test_webhook_when_not_taken_then_again_after_thirty_seconds_and_four_times_that(
    plaid: PlaidAsker, inbox: Inbox
) -> None:
    inbox.status = 500
    plaid.control(page_limit=None)
    plaid("/item/webhook/update", access_token=HOUSEHOLD, webhook=inbox.url)
    inbox.wait(1)
    _until(lambda: deliveries(plaid)[0]["outcome"] == "500")
    plaid.ask.advance(minutes=0.4)
    assert len(inbox.got) == 1
    plaid.ask.advance(minutes=0.1)
    inbox.wait(2)
    _until(lambda: deliveries(plaid)[0]["tries"] == 2 and deliveries(plaid)[0]["outcome"] == "500")
    inbox.status = 204
    plaid.ask.advance(minutes=1.9)
    time.sleep(0.1)  # long enough for a delivery that should not be
    assert len(inbox.got) == 2
    plaid.ask.advance(minutes=0.1)
    inbox.wait(3)
    _until(lambda: deliveries(plaid)[0]["done"])
    assert {body for _, body in inbox.got} == {inbox.got[0][1]}
    plaid.ask.advance(days=1)
    assert len(inbox.got) == 3


def test_webhook_when_nobody_listens_then_the_answer_did_not_wait_and_says_why(plaid: PlaidAsker) -> None:
    url = f"http://127.0.0.1:{free_port()}/hooks"
    plaid("/item/webhook/update", access_token=HOUSEHOLD, webhook=url)
    _until(lambda: deliveries(plaid)[0]["outcome"] == "ConnectionRefusedError")


@pytest.mark.parametrize(
    "url", ["https://example.com/hook", "http://8.8.8.8/", "http://169.254.169.254/latest", "ftp://localhost/x", "x"]
)
def test_webhook_when_addressed_outside_then_not_sent(plaid: PlaidAsker, url: str) -> None:
    plaid("/item/webhook/update", access_token=HOUSEHOLD, webhook=url)
    _until(lambda: deliveries(plaid)[0]["done"])
    assert deliveries(plaid)[0]["outcome"].startswith("not sent: the sandbox sends to this machine")


def test_key_when_rotated_then_the_old_one_is_known_as_expired(plaid: PlaidAsker, inbox: Inbox) -> None:
    plaid("/item/webhook/update", access_token=HOUSEHOLD, webhook=inbox.url)
    inbox.wait(1)
    plaid.control(rotate_key=True)
    plaid("/sandbox/item/fire_webhook", access_token=HOUSEHOLD, webhook_code="DEFAULT_UPDATE")
    inbox.wait(2)
    (old, first), (new, second) = inbox.got
    assert verify(plaid, old, first)["expired_at"] is not None
    assert verify(plaid, new, second)["expired_at"] is None
    assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]


def test_session_when_finished_or_left_then_told_with_the_public_tokens(plaid: PlaidAsker, inbox: Inbox) -> None:
    made = plaid("/link/token/create", products=["auth"], webhook=inbox.url, **APP)
    plaid.ask("/_sandbox/plaid/link", "POST", json={"link_token": made["link_token"], "action": "exit"})
    done = plaid.ask("/_sandbox/plaid/link", "POST", json={"link_token": made["link_token"]}).json()
    left, finished = inbox.wait(2)
    assert (left["webhook_type"], left["webhook_code"]) == ("LINK", "SESSION_FINISHED")
    assert (left["status"], left["public_tokens"]) == ("EXITED", [])
    assert (finished["status"], finished["public_tokens"]) == ("SUCCESS", [done["public_token"]])
    assert finished["link_token"] == made["link_token"]


def test_delivery_when_sent_again_then_the_same_body_with_a_fresh_signature(plaid: PlaidAsker, inbox: Inbox) -> None:
    plaid("/item/webhook/update", access_token=HOUSEHOLD, webhook=inbox.url)
    inbox.wait(1)
    _until(lambda: deliveries(plaid)[0]["done"])
    plaid.ask("/_sandbox/plaid/webhooks", "POST", json={"redeliver": 1})
    inbox.wait(2)
    assert inbox.got[0][1] == inbox.got[1][1]
    assert inbox.got[0][0] != inbox.got[1][0]
    assert plaid.ask("/_sandbox/plaid/webhooks", "POST", json={"redeliver": 9}).status_code == 422


@pytest.mark.parametrize(
    ("kind", "code", "names"),
    [
        ("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE", {"initial_update_complete", "historical_update_complete"}),
        ("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE", {"account_ids"}),
        ("ITEM", "ERROR", {"error"}),
        ("ITEM", "PENDING_DISCONNECT", {"reason", "disconnect_time"}),
        ("ITEM", "USER_ACCOUNT_REVOKED", {"account_id"}),
        ("ITEM", "NEW_ACCOUNTS_AVAILABLE", {"error"}),
        ("LIABILITIES", "DEFAULT_UPDATE", {"account_ids_with_new_liabilities", "account_ids_with_updated_liabilities"}),
    ],
)
def test_fire_when_asked_then_the_webhook_has_the_published_fields(
    plaid: PlaidAsker, inbox: Inbox, kind: str, code: str, names: set[str]
) -> None:
    token = plaid.link(products=("auth", "liabilities", "transactions"), options={"webhook": inbox.url})
    inbox.wait(2)
    fired = plaid("/sandbox/item/fire_webhook", access_token=token, webhook_type=kind, webhook_code=code)
    assert fired == {"webhook_fired": True}
    body = inbox.wait(3)[2]
    assert (body["webhook_type"], body["webhook_code"]) == (kind, code)
    assert names | {"webhook_type", "webhook_code", "item_id", "environment"} <= set(body)


def test_fire_when_there_is_nowhere_to_send_or_no_product_then_refused(plaid: PlaidAsker, inbox: Inbox) -> None:
    fire = {"access_token": HOUSEHOLD, "webhook_code": "DEFAULT_UPDATE"}
    assert plaid.refused("/sandbox/item/fire_webhook", **fire)[2] == "SANDBOX_WEBHOOK_INVALID"
    plaid("/item/webhook/update", access_token=HOUSEHOLD, webhook=inbox.url)
    holdings = plaid.refused("/sandbox/item/fire_webhook", **fire, webhook_type="HOLDINGS")
    assert holdings[2] == "SANDBOX_PRODUCT_NOT_ENABLED"


def test_samples_when_compared_then_no_field_of_the_published_webhooks_is_missing(
    plaid: PlaidAsker, inbox: Inbox, samples: Any
) -> None:
    token = plaid.link(options={"webhook": inbox.url}, products=("auth",), user_id="usr_9nSp2KuZ2x4JDw")
    plaid("/transactions/sync", access_token=token)
    plaid.run(token, count=500)
    plaid("/sandbox/item/reset_login", access_token=token)
    mine = {body["webhook_code"]: body for body in inbox.wait(5)}
    for name in ("InitialUpdate", "HistoricalUpdate", "SyncUpdatesAvailable", "ItemError"):
        (theirs,) = json.loads((samples / "plaid" / f"webhook_{name}Webhook.json").read_text()).values()
        assert set(theirs) - {"user_id"} <= set(mine[theirs["webhook_code"]]), name
    assert mine["ERROR"]["error"]["status"] == 400
    assert mine["ERROR"]["user_id"] == "usr_9nSp2KuZ2x4JDw"


def test_webhook_when_nothing_can_sign_then_not_sent_and_no_key_is_known(
    plaid: PlaidAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fin_infra.sandbox.vendors.plaid.signature", None)
    plaid("/item/webhook/update", access_token=HOUSEHOLD, webhook="http://127.0.0.1:1/")
    _until(lambda: deliveries(plaid)[0]["done"])
    assert deliveries(plaid)[0]["outcome"] == (
        "not sent: signing needs the package cryptography, which is not installed"
    )
    assert plaid.ask("/_sandbox/plaid").json()["key_id"] is None
