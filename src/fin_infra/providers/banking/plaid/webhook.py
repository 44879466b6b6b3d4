"""Check that a webhook came from Plaid, and say what it means.
Floor 3: a JWT in `Plaid-Verification` has a digest of the raw body and is signed with a key that Plaid gives by its id.

https://plaid.com/docs/api/webhooks/webhook-verification
"""

from __future__ import annotations

import hmac
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from fin_infra.errors import MissingExtra, NotFound, WebhookFault, WebhookRefused
from fin_infra.model import WebhookKey
from fin_infra.providers.banking.plaid.webhook_words import meaning_of
from fin_infra.providers.interfaces.webhook_checks import check_age, ident, json_object, maybe_ident
from fin_infra.providers.interfaces.webhooks import Delivery, WebhookEvent, Webhooks
from fin_infra.transport import Flow, Invoke

TOLERANCE = timedelta(minutes=5)
VENDOR = "Plaid"
ALGORITHM = "ES256"
"""The only one: a header that could choose would choose `none`, or an HMAC with the public key as its secret."""
KEPT = timedelta(hours=24)
"""How long a key is good without a further question: Plaid expires keys that it no longer signs with."""
UNKNOWN = timedelta(minutes=10)
"""How long an id that Plaid does not know is not asked for again."""
KEYS = 256
"""Ids that are remembered, good and unknown ones."""
LOOKUPS = 60
"""Questions for keys in a minute: anybody can send ids that nobody knows."""
_KID = re.compile(r"[A-Za-z0-9_-]{1,100}").fullmatch


@dataclass(frozen=True, slots=True)
class _Claims:
    kid: str
    said_at: datetime
    digest: str


class PlaidWebhooks(Webhooks):
    """Keys by their ids, each asked for once, and the events of one application."""

    secret_fields = ("secret",)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._keys: OrderedDict[str, tuple[WebhookKey | None, datetime]] = OrderedDict()
        self._asked: list[datetime] = []

    def event(self, delivery: Delivery) -> Flow[WebhookEvent]:
        self.secrets()
        token = delivery.headers.get("plaid-verification", "")
        claims = _claims(token)
        check_age(claims.said_at, delivery.at, TOLERANCE)
        digest = sha256(delivery.body).hexdigest()
        if not hmac.compare_digest(digest.encode(), claims.digest.encode(errors="replace")):
            raise WebhookRefused("The body of the webhook is not the one that Plaid signed.")
        _verify(token, (yield from self._key(claims.kid, delivery.at)))
        row = json_object(delivery.body, VENDOR)
        kind, ends_at, reason = meaning_of(row)
        return WebhookEvent(
            # without an id of Plaid's: news of one item have the same bytes each time, and only the time tells them
            # apart. A delivery that Plaid repeats hours later is signed again and counts as further news
            event_id=f"{digest[:40]}-{int(claims.said_at.timestamp())}",
            kind=kind,
            type=f"{ident(row, 'webhook_type', VENDOR)}/{ident(row, 'webhook_code', VENDOR)}",
            login=maybe_ident(row, "item_id"),
            ends_at=ends_at,
            reason=reason,
        )

    def _key(self, kid: str, now: datetime) -> Flow[WebhookKey]:
        """Return a key, asked for at most once a day.

        Raises:
            WebhookRefused: Plaid has none of that id, or no longer signs with it.
            ProviderError: it cannot be asked now.
        """
        key, until = self._keys.get(kid, (None, now))
        if now >= until:
            key = yield from self._asked_for(kid, now)
            self._keys[kid] = key, now + (KEPT if key else UNKNOWN)
            self._keys.move_to_end(kid)
            while len(self._keys) > KEYS:
                self._keys.popitem(last=False)
        if key is None or key.expired_at is not None:
            raise WebhookRefused("The webhook names a key that Plaid does not sign with.", WebhookFault.UNKNOWN_KEY)
        return key

    def _asked_for(self, kid: str, now: datetime) -> Flow[WebhookKey | None]:
        self._asked = [at for at in self._asked if now - at < timedelta(minutes=1)]
        if len(self._asked) >= LOOKUPS:
            sentence = "Too many webhooks name keys that nobody has; this one is taken when Plaid sends it again."
            raise WebhookRefused(sentence, WebhookFault.UNKNOWN_KEY)
        self._asked.append(now)
        try:
            found: WebhookKey = yield Invoke(partial(self.client().webhook_key, kid))
        except NotFound:
            return None
        return found


def _claims(token: str) -> _Claims:
    """Return what a token says before its signature is checked: only to look up the key, and to refuse early."""
    jwt = _jwt()
    try:
        header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
        at = claims["iat"]
        said_at = datetime.fromtimestamp(at, UTC) if type(at) is int else None
    except (jwt.PyJWTError, KeyError, ValueError, OverflowError, OSError):
        raise WebhookRefused("A webhook of Plaid must have a signed token in Plaid-Verification.") from None
    if header.get("alg") != ALGORITHM:
        raise WebhookRefused(f"A webhook of Plaid must be signed with {ALGORITHM}.")
    kid, digest = header.get("kid"), claims.get("request_body_sha256")
    if not (isinstance(kid, str) and _KID(kid) and isinstance(digest, str) and said_at):
        raise WebhookRefused("The token of the webhook has no key id, no time or no digest.", WebhookFault.MALFORMED)
    return _Claims(kid, said_at, digest)


def _verify(token: str, signed_with: WebhookKey) -> None:
    jwt = _jwt()
    point = {"kty": "EC", "crv": signed_with.curve, "x": signed_with.x, "y": signed_with.y}
    checks = {"verify_iat": False, "require": ["iat"]}  # the age is checked on both sides already
    try:
        jwt.decode(token, jwt.PyJWK.from_dict(point, ALGORITHM), algorithms=[ALGORITHM], options=checks)
    except jwt.PyJWTError:
        raise WebhookRefused("The webhook is not signed with the key that it names.") from None


def _jwt() -> Any:
    try:
        import jwt  # comes with the extra `service`
    except ImportError:
        raise MissingExtra.of("Webhooks of Plaid need", "PyJWT", "service") from None
    return jwt
