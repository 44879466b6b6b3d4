"""Imitate Finastra's OIDC token endpoint: client credentials by secret or by signed assertion, short-lived tokens.
Floor 8: tokens age by the sandbox clock; an assertion's `exp` is held against the real one, which its maker has read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fin_infra.sandbox.vendors.finastra import SECRETS
from fin_infra.sandbox.world.prices import stream

LIVE_AUDIENCE = "https://api.fusionfabric.cloud/login/v1"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REALMS = ("sandbox", "finastra-dev", "bank-north", "bank-south")
SCOPES = ("openid", "accounts")
COLLATERALS = "total-lending/collaterals/b2b/v2"
ACCOUNTS = "corporate/channels/accounts/me/v1"
DEFAULT_TTL_S, MAX_TTL_S = 300, 86_400
MAX_ASSERTION_S = 3600
MIN_KEY_BITS = 2048


@dataclass(frozen=True, slots=True)
class Client:
    """An application registered with the vendor: its secret and the one product it may use."""

    secret: str
    product: str


CLIENTS = {
    "sandbox-b2b-client": Client(SECRETS["sandbox-b2b-client"], COLLATERALS),
    "sandbox-b2c-client": Client(SECRETS["sandbox-b2c-client"], ACCOUNTS),
}


@dataclass(frozen=True, slots=True)
class Token:
    """What one access token stands for."""

    realm: str
    client_id: str
    expires: datetime


class OAuthError(Exception):
    """The token endpoint says no, in the words of RFC 6749."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.status = 401 if code == "invalid_client" else 400
        self.body = {"error": code, "error_description": description}


class Login:
    """The tokens that are good, the public keys of the clients, and the assertions that were seen."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._tokens: dict[str, Token] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._seen: set[tuple[str, str]] = set()
        self.ttl_s = DEFAULT_TTL_S
        self.issued = 0

    def grant(self, realm: str, form: Mapping[str, str], audience: str, now: datetime) -> dict[str, object]:
        """Return the answer to a token request; `audience` is this sandbox's own name for assertions.

        Raises:
            OAuthError: the grant, the client or the scope is not good.
        """
        grant_type = form.get("grant_type")
        if not grant_type:
            raise OAuthError("invalid_request", "grant_type is missing.")
        if grant_type != "client_credentials":
            raise OAuthError("unsupported_grant_type", "Only client_credentials is supported.")
        client_id = self._client(form, audience)
        scope = " ".join(form.get("scope", "").split()) or SCOPES[0]
        if not set(scope.split()) <= set(SCOPES):
            raise OAuthError("invalid_scope", f"The allowed scopes are {', '.join(SCOPES)}.")
        return {
            "access_token": self._issue(realm, client_id, now),
            "expires_in": self.ttl_s,
            "token_type": "Bearer",  # nosec B105: the scheme, no secret
            "scope": scope,
        }

    def find(self, authorization: str, now: datetime) -> Token | None:
        """Return what the bearer stands for, None when it is missing, unknown, revoked or too old."""
        scheme, _, bearer = authorization.partition(" ")
        token = self._tokens.get(bearer.strip()) if scheme.lower() == "bearer" else None
        return token if token is not None and now < token.expires else None

    def revoke(self) -> None:
        """Make every token that was issued invalid."""
        self._tokens.clear()

    def register(self, client_id: object, kid: object, public_key: object) -> None:
        """Take a client's public key for its assertions; ValueError with one sentence when it cannot be used."""
        if not isinstance(client_id, str) or client_id not in CLIENTS:
            raise ValueError(f"`client_id` must be one of {', '.join(CLIENTS)}.")
        if not isinstance(kid, str) or not kid:
            raise ValueError("`kid` must be text: the key id that the header of the assertion names.")
        if not isinstance(public_key, str) or not _is_rsa(public_key):
            raise ValueError(f"`public_key` must be an RSA public key of {MIN_KEY_BITS} bits or more in PEM.")
        self._keys[client_id, kid] = public_key

    def keys(self) -> list[dict[str, str]]:
        """Return which keys are registered."""
        return [{"client_id": client_id, "kid": kid} for client_id, kid in self._keys]

    def _issue(self, realm: str, client_id: str, now: datetime) -> str:
        self.issued += 1
        secret = stream(self._seed, "finastra-token", realm, client_id, self.issued).getrandbits(128)
        token = f"sandbox.{self.issued:06d}.{secret:032x}"
        self._tokens[token] = Token(realm, client_id, now + timedelta(seconds=self.ttl_s))
        return token

    def _client(self, form: Mapping[str, str], audience: str) -> str:
        """Return the client that the request proves to be."""
        if "client_assertion" in form or "client_assertion_type" in form:
            if "client_secret" in form:
                raise OAuthError("invalid_request", "Send either client_secret or client_assertion.")
            if form.get("client_assertion_type") != ASSERTION_TYPE:
                raise OAuthError("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}.")
            return self._asserted(form.get("client_assertion", ""), form.get("client_id"), audience)
        client = CLIENTS.get(form.get("client_id", ""))
        if client is None or form.get("client_secret") != client.secret:
            raise OAuthError("invalid_client", "Unknown client or wrong client credentials.")
        return form["client_id"]

    def _asserted(self, assertion: str, client_id: str | None, audience: str) -> str:
        import jwt  # comes with the service extra; loaded by those who sign

        try:
            unverified = jwt.decode_complete(assertion, options={"verify_signature": False})
            issuer, kid = unverified["payload"].get("iss"), unverified["header"].get("kid")
            public_key = self._keys.get((issuer, kid)) if isinstance(issuer, str) else None
            if public_key is None:
                raise OAuthError("invalid_client", "No public key is registered for the iss and kid of the assertion.")
            claims = jwt.decode(
                assertion,
                public_key,
                algorithms=["RS256"],
                audience=[LIVE_AUDIENCE, audience],
                issuer=issuer,
                subject=issuer,
                options={"require": ["iss", "sub", "aud", "exp", "jti"]},
            )
        except jwt.InvalidTokenError as wrong:
            raise OAuthError("invalid_client", f"The client assertion is not valid: {type(wrong).__name__}.") from None
        if client_id not in (None, issuer):
            raise OAuthError("invalid_client", "client_id is not the issuer of the assertion.")
        self._use_up(str(issuer), claims)
        return str(issuer)

    def _use_up(self, issuer: str, claims: Mapping[str, Any]) -> None:
        expires = claims["exp"]
        if not isinstance(expires, int | float) or expires > time.time() + MAX_ASSERTION_S:
            raise OAuthError("invalid_client", "The exp of the assertion must be a number, at most 60 minutes ahead.")
        if (issuer, claims["jti"]) in self._seen:
            raise OAuthError("invalid_client", "The jti of the assertion was seen before.")
        self._seen.add((issuer, claims["jti"]))


def _is_rsa(pem: str) -> bool:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public_key = load_pem_public_key(pem.encode())
    except ValueError:
        return False
    return isinstance(public_key, RSAPublicKey) and public_key.key_size >= MIN_KEY_BITS
