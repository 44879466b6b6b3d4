"""Send Teller's webhooks, signed as Teller does.
Floor 8: https://teller.io/docs/api/webhooks; the events and their payloads, and `Teller-Signature` over the bytes sent.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from fin_infra.sandbox.kernel.deliver import deliver, moment
from fin_infra.sandbox.kernel.vendor import Json, only
from fin_infra.sandbox.vendors.teller import WEBHOOK_SECRET
from fin_infra.sandbox.vendors.teller.routes import DISCONNECTED_TOKENS, transaction_json
from fin_infra.sandbox.world.ledger import ident
from fin_infra.sandbox.world.prices import stream
from fin_infra.sandbox.world.world import Account

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.teller.vendor import Teller

TYPES = ("transactions.processed", "enrollment.disconnected", "account.number_verification.processed", "webhook.test")
SHOWN = 20
"""Transactions that one event brings."""
REASONS = {code.removeprefix("enrollment."): code for code in DISCONNECTED_TOKENS.values()}
_FIELDS = ("url", "type", "institution", "reason", "id", "at", "secrets", "times")


class TellerWebhooks:
    """What Teller tells by itself; the control plane says when."""

    def __init__(self, vendor: Teller) -> None:
        self._vendor = vendor
        self._made = 0

    async def send(self, body: Json) -> Json:
        """Send one event to `url`, and return it with the answers.

        `enrollment.disconnected` also disconnects the enrollment, until somebody enrolls at that institution again.

        Raises:
            ValueError: a field is wrong.
        """
        only(body, *_FIELDS)
        kind, at = body.get("type"), moment(body.get("at"))
        if kind not in TYPES:
            raise ValueError(f"`type` must be one of {', '.join(TYPES)}.")
        secrets = body.get("secrets", [WEBHOOK_SECRET])
        if not isinstance(secrets, list) or not all(isinstance(each, str) and each for each in secrets):  # pyright: ignore[reportUnknownVariableType]  # JSON
            raise ValueError("`secrets` must be a list of what to sign with.")
        event = {"id": self._id(body), "payload": self._payload(str(kind), body), "timestamp": _stamp(at), "type": kind}
        raw = json.dumps(event, separators=(",", ":")).encode()
        names = cast("list[str]", secrets)
        header = {"Teller-Signature": signature(raw, names, at)}
        return {"event": event, "answers": await deliver(body.get("url"), raw, header, body.get("times", 1))}

    def _id(self, body: Json) -> str:
        given = body.get("id")
        if isinstance(given, str):
            return given
        self._made += 1
        return ident("wh", stream(self._vendor.world.seed, "webhook", str(self._made)))

    def _payload(self, kind: str, body: Json) -> Json:
        if kind == "webhook.test":
            return {}
        account = self._account(body)
        match kind:
            case "enrollment.disconnected":
                reason = body.get("reason", "disconnected.credentials_invalid")
                if reason not in REASONS:
                    raise ValueError(f"`reason` must be one of {', '.join(REASONS)}.")
                self._vendor.disconnected[account.enrollment.token] = REASONS[str(reason)]
                return {"enrollment_id": account.enrollment_id, "reason": reason}
            case "account.number_verification.processed":
                return {"account_id": account.id, "status": "completed"}
            case _:
                rows = account.book.shown(self._vendor.clock.now)[:SHOWN]
                shown = [transaction_json(account, row) for row in rows]
                return {"enrollment_id": account.enrollment_id, "transactions": shown}

    def _account(self, body: Json) -> Account:
        found = {
            account.enrollment.institution.id: account for account in reversed(self._vendor.world.accounts.values())
        }
        wanted = body.get("institution", next(reversed(found)))
        if not isinstance(wanted, str) or wanted not in found:
            raise ValueError(f"`institution` must be one of {', '.join(reversed(found))}.")
        return found[wanted]


def signature(body: bytes, secrets: Sequence[str], at: datetime) -> str:
    """Return the `Teller-Signature` header: one v1 for each secret that has not expired."""
    stamp = str(int(at.timestamp()))
    signed = stamp.encode() + b"." + body
    digests = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={stamp}", *(f"v1={digest}" for digest in digests)])


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
