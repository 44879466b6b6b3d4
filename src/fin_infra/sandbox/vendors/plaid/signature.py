"""Sign webhooks as Plaid does: an ES256 JWT over the hash of the body, and the public key as a JWK.
Floor 8: made with `cryptography` alone, so that a verifier with a JWT library cannot share a mistake with it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from fin_infra.sandbox.world.holdings import uid
from fin_infra.sandbox.world.prices import stream

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256, FIPS 186-4 D.1.2.3
SIZE = 32


@dataclass(slots=True)
class SigningKey:
    """One key pair; `created_at` and `expired_at` are Unix seconds of the sandbox clock."""

    kid: str
    private: ec.EllipticCurvePrivateKey
    created_at: int
    expired_at: int | None = None

    def jwk(self) -> dict[str, object]:
        """Return the public key as `/webhook_verification_key/get` answers it."""
        point = self.private.public_key().public_numbers()
        return {
            "alg": "ES256",
            "created_at": self.created_at,
            "crv": "P-256",
            "expired_at": self.expired_at,
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": _text(point.x.to_bytes(SIZE)),
            "y": _text(point.y.to_bytes(SIZE)),
        }

    def next(self, seed: int, number: int, created_at: int) -> SigningKey:
        """Return the key that comes after this one."""
        return make_key(seed, number, created_at)

    def sign(self, body: bytes, issued_at: int) -> str:
        """Return the JWT of the `Plaid-Verification` header for these bytes."""
        header = {"alg": "ES256", "kid": self.kid, "typ": "JWT"}
        claims = {"iat": issued_at, "request_body_sha256": hashlib.sha256(body).hexdigest()}
        message = ".".join(_text(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        r, s = decode_dss_signature(self.private.sign(message.encode(), ec.ECDSA(SHA256())))
        return f"{message}.{_text(r.to_bytes(SIZE) + s.to_bytes(SIZE))}"


def make_key(seed: int, number: int, created_at: int) -> SigningKey:
    """Return the key pair of a seed: the same sandbox answers the same bytes, and nothing here is a secret."""
    secret = stream(seed, "webhook key", number).getrandbits(256) % (ORDER - 1) + 1
    return SigningKey(uid(seed, "kid", number), ec.derive_private_key(secret, ec.SECP256R1()), created_at)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
