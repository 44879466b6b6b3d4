"""Plaid's signature, made with joserfc and `cryptography`: another library than the one that checks it."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from fin_infra.errors import NotFound


@dataclass(frozen=True)
class PublicKey:
    """A key as the vendor's client gives it."""

    id: str
    x: str
    y: str
    algorithm: str = "ES256"
    curve: str = "P-256"
    expired_at: datetime | None = None


class Signer:
    """A vendor with a key."""

    def __init__(self, kid: str = "kid-1") -> None:
        self.kid = kid
        self.private = ECKey.generate_key("P-256")

    @property
    def public(self) -> PublicKey:
        point: Mapping[str, Any] = self.private.as_dict(private=False)
        return PublicKey(self.kid, str(point["x"]), str(point["y"]))

    def token(self, body: bytes, at: datetime, **header: Any) -> str:
        claims = {"iat": int(at.timestamp()), "request_body_sha256": sha256(body).hexdigest()}
        return self.signed(claims, **header)

    def signed(self, claims: Mapping[str, Any], **header: Any) -> str:
        return jwt.encode({"alg": "ES256", "kid": self.kid, "typ": "JWT", **header}, dict(claims), self.private)

    def by_hmac(self, body: bytes, at: datetime) -> str:
        """Sign with an HMAC whose secret is what everybody knows: the public key."""
        message = self.unsigned(body, at, "HS256").rpartition(".")[0]
        return f"{message}.{text(hmac.digest(self.private.as_pem(private=False), message.encode(), 'sha256'))}"

    def unsigned(self, body: bytes, at: datetime, algorithm: str = "none") -> str:
        claims = f'{{"iat":{int(at.timestamp())},"request_body_sha256":"{sha256(body).hexdigest()}"}}'
        header = f'{{"alg":"{algorithm}","kid":"{self.kid}"}}'
        return f"{text(header.encode())}.{text(claims.encode())}."


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Keys:
    """The vendor's client: gives keys by their ids, and remembers what it was asked for."""

    known: dict[str, PublicKey] = field(default_factory=dict[str, PublicKey])
    asked: list[str] = field(default_factory=list[str])
    down: Exception | None = None

    def webhook_key(self, key_id: str) -> PublicKey:
        self.asked.append(key_id)
        if self.down is not None:
            raise self.down
        if key_id not in self.known:
            raise NotFound("the vendor has no such key")
        return self.known[key_id]


NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
