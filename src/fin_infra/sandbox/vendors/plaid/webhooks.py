"""Send webhooks for real: signed, in a thread that ends with its work, and again when nobody took them.
Floor 8: to this machine and private networks only; a next try is due by the sandbox clock, `iat` is of the real one.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused, error_body

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.items import Item
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.signature import SigningKey
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

TIMEOUT_S = 10.0
FIRST_RETRY, FACTOR, GIVES_UP = timedelta(seconds=30), 4, timedelta(hours=24)
KEPT = 500
UNSIGNED = "not sent: signing needs the package cryptography, which is not installed"
ELSEWHERE = "not sent: the sandbox sends to this machine and to private networks only"


@dataclass(slots=True, eq=False)
class Delivery:
    """One webhook on its way; `outcome` is the HTTP status, or why there is none."""

    number: int
    url: str
    code: str
    body: bytes
    made: datetime
    due: datetime
    wait: timedelta = FIRST_RETRY
    tries: int = 0
    outcome: str = ""
    done: bool = False

    def describe(self) -> Json:
        """Return the delivery as plain data."""
        shown: Json = {"number": self.number, "url": self.url, "code": self.code, "tries": self.tries}
        return {**shown, "outcome": self.outcome, "done": self.done, "body": json.loads(self.body)}


class Outbox:
    """The webhooks of one run of the sandbox, the newest KEPT of them."""

    def __init__(self, seed: int, now: Callable[[], datetime]) -> None:
        self._seed, self._now = seed, now
        self.keys = _first_keys(seed, int(now().timestamp()))
        self.kept: deque[Delivery] = deque(maxlen=KEPT)
        self._ready: deque[Delivery] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._made = 0
        self.closed = False

    @property
    def key(self) -> SigningKey | None:
        """Return the key that signs now; None where nothing can be signed."""
        return self.keys[-1] if self.keys else None

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one is known as expired."""
        now = int(self._now().timestamp())
        if self.key is not None:
            self.key.expired_at = now
            self.keys.append(self.key.next(self._seed, len(self.keys), now))

    def put(self, url: str, body: Json) -> None:
        """Take a webhook and send it as soon as may be; the caller does not wait."""
        text = json.dumps(body, indent=2, ensure_ascii=False).encode()  # the vendor indents by two
        self._made += 1
        now = self._now()
        self.kept.append(Delivery(self._made, url, str(body["webhook_code"]), text, now, now))
        self.run()

    def again(self, number: int) -> bool:
        """Send a webhook once more, as a vendor that has not seen the answer does; False when there is none."""
        found = next((delivery for delivery in self.kept if delivery.number == number), None)
        if found is None:
            return False
        found.done, found.due = False, self._now()
        self.run()
        return True

    def run(self) -> None:
        """Send what is due, in a thread of its own that ends when nothing is left."""
        with self._lock:
            now = self._now()
            waiting = [d for d in self.kept if not d.done and d.due <= now and d not in self._ready]
            self._ready.extend(waiting)
            if self._ready and self._thread is None and not self.closed:
                self._thread = threading.Thread(target=self._work, name="fin-infra-sandbox-webhooks", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if self.closed or not self._ready:
                    self._thread = None
                    return
                delivery = self._ready[0]
            self._deliver(delivery)
            with self._lock:
                self._ready.popleft()

    def _deliver(self, delivery: Delivery) -> None:
        delivery.tries += 1
        if self.key is None:
            delivery.outcome, delivery.done = UNSIGNED, True
            return
        delivery.outcome = _post(delivery.url, delivery.body, self.key.sign(delivery.body, int(time.time())))
        taken = delivery.outcome.startswith("2")
        delivery.due = self._now() + delivery.wait
        delivery.wait *= FACTOR
        delivery.done = taken or delivery.outcome == ELSEWHERE or delivery.due > delivery.made + GIVES_UP


class Webhooks:
    """What is told about Items and Link sessions, and to whom."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def tell(self, item: Item, kind: str, code: str, more: Json) -> None:
        """Send a webhook about an Item, where it has somewhere to send to."""
        if not item.webhook or item.removed:
            return
        item.told = (code, self._vendor.clock.now)
        user: Json = {"user_id": item.user_id} if item.user_id else {}
        self.send(item.webhook, kind, code, {"item_id": item.id, **user, **more})

    def send(self, url: str, kind: str, code: str, more: Json) -> None:
        """Send a webhook to an address."""
        head: Json = {"webhook_type": kind, "webhook_code": code}
        self._vendor.outbox.put(url, {**head, **more, "environment": "sandbox"})

    def verification_key(self, call: Call) -> Json:
        """Answer the public key of a key id."""
        found = next((key for key in self._vendor.outbox.keys if key.kid == call.body["key_id"]), None)
        if found is None:
            raise Refused("INVALID_WEBHOOK_VERIFICATION_KEY_ID")
        return {"key": found.jwk()}

    def fire(self, call: Call) -> Json:
        """Send a webhook of choice about an Item."""
        item = self._vendor.items.of(call)
        code = call.text("webhook_code")
        if not item.webhook:
            raise Refused("SANDBOX_WEBHOOK_INVALID")
        kind = str(call.body.get("webhook_type") or ("ITEM" if code in _OF_ITEM else "TRANSACTIONS"))
        product = _PRODUCTS.get(kind)
        if product is not None and product not in item.products:
            raise Refused("SANDBOX_PRODUCT_NOT_ENABLED", product)
        self.tell(item, kind, code, self._body(item, kind, code))
        return {"webhook_fired": True}

    def _body(self, item: Item, kind: str, code: str) -> Json:
        ids = [account_id for account_id, _ in item.accounts]
        later = (self._vendor.clock.now + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
        bodies: dict[tuple[str, str], Json] = {
            ("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE"): {
                "historical_update_complete": True,
                "initial_update_complete": True,
            },
            ("TRANSACTIONS", "DEFAULT_UPDATE"): {"error": None, "new_transactions": 0},
            ("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE"): {"account_ids": ids},
            ("HOLDINGS", "DEFAULT_UPDATE"): {"error": None, "new_holdings": 0, "updated_holdings": 0},
            ("INVESTMENTS_TRANSACTIONS", "DEFAULT_UPDATE"): {
                "cancelled_investments_transactions": 0,
                "error": None,
                "new_investments_transactions": 0,
            },
            ("LIABILITIES", "DEFAULT_UPDATE"): {
                "account_ids_with_new_liabilities": [],
                "account_ids_with_updated_liabilities": {},
                "error": None,
            },
            ("ITEM", "ERROR"): {"error": {**error_body("ITEM_LOGIN_REQUIRED"), "status": 400}},
            ("ITEM", "PENDING_DISCONNECT"): {"disconnect_time": later, "reason": "INSTITUTION_TOKEN_EXPIRATION"},
            ("ITEM", "USER_ACCOUNT_REVOKED"): {"account_id": ids[0]},
        }
        return bodies.get((kind, code), {"error": None})


_OF_ITEM = (
    *("ERROR", "LOGIN_REPAIRED", "NEW_ACCOUNTS_AVAILABLE", "PENDING_DISCONNECT", "USER_ACCOUNT_REVOKED"),
    "USER_PERMISSION_REVOKED",
)
_PRODUCTS = {
    "AUTH": "auth",
    "HOLDINGS": "investments",
    "INVESTMENTS_TRANSACTIONS": "investments",
    "LIABILITIES": "liabilities",
    "TRANSACTIONS": "transactions",
}


def _first_keys(seed: int, now: int) -> list[SigningKey]:
    try:  # comes with the service extra; the sandbox alone serves without
        from fin_infra.sandbox.vendors.plaid.signature import make_key
    except ImportError:
        return []
    return [make_key(seed, 0, now)]


def _post(url: str, body: bytes, signature: str) -> str:
    """Return the status of the answer, or why there is none."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not _is_near(host):
        return ELSEWHERE
    maker = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": "application/json", "Plaid-Verification": signature, "User-Agent": "Plaid-Webhooks"}
    connection = maker(host, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("POST", path, body, headers)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as wrong:
        return type(wrong).__name__
    finally:
        connection.close()


def _is_near(host: str) -> bool:
    """Return whether a host is this machine or in a private network; a name with a public ending is not looked up."""
    name = host.rstrip(".").lower()
    try:
        if "." in name and not name.endswith((".internal", ".local", ".localhost")):
            found = [name]
        else:
            found = [str(info[4][0]) for info in socket.getaddrinfo(name, None)]
        near = [ipaddress.ip_address(each.partition("%")[0]) for each in found]
        return bool(near) and all(each.is_private and not each.is_link_local for each in near)
    except (OSError, ValueError):
        return False
