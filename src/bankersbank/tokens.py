"""Access tokens of Finastra's login: one request however many calls wait, renewed before they end.
Floor 3: bankersbank. A token is kept in memory only, and shown nowhere."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

from bankersbank.calls import traces
from bankersbank.payloads import mapping
from fin_infra.errors import (
    AuthenticationFailed,
    ConfigurationError,
    DeadlineExceeded,
    MissingExtra,
    ProviderError,
    UnexpectedPayload,
)
from fin_infra.flow import Kept, Renewable, by_status, inbound_id
from fin_infra.transport import Auth, Flow, Reply, Request, bearer, url_path

LIFETIME_S = 300
"""Where the login does not say how long a token lasts: what the vendor's own sample clients assume.

https://github.com/fusionfabric/ffdc-sample-python"""
MARGIN_S = 30.0
"""A token is not used in its last seconds: it could end on its way. Of a short-lived token this is a tenth."""
# RFC 7523; claims as in helpers.py of https://github.com/fusionfabric/ffdc-sample-python
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME_S = 300
"""Our choice: an assertion is used at once; the sample client has 30 minutes."""
# RFC 6749, section 5.2; that the login keeps to it is unconfirmed.
OAUTH_CODES = (
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
)


class ClientCredentialsTokenProvider:
    """Signs requests with a bearer token of the client-credentials grant, fetched from `/login/v1/{realm}/oidc/token`.

    One instance serves any number of clients, threads and tasks of one application at one realm and base URL. The
    transport of the clients carries the token request: whoever shares an instance between hosts shows each the other's
    token.

    Give `client_secret`, or `private_key` (PEM, RSA) and `key_id` for the variant with a signed JWT; that one needs
    the extra `finastra`. `audience` is the `aud` of that JWT.

    Raises:
        ConfigurationError: neither is given.
    """

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str | None = None,
        private_key: str | None = None,
        key_id: str | None = None,
        realm: str = "sandbox",
        scope: str = "openid",
        audience: str = "https://api.fusionfabric.cloud/login/v1",
        timeout_s: float = 10.0,
        tenant: str | None = None,
    ) -> None:
        if tenant is not None:
            warnings.warn("`tenant` of the token provider is now `realm`", DeprecationWarning, stacklevel=2)
            realm = tenant
        if (private_key and not key_id) or not (client_secret or private_key):
            raise ConfigurationError("Finastra's login wants a client secret, or a private key with its key id.")
        if any("\ud800" <= char <= "\udfff" for char in f"{client_id}{client_secret}{scope}"):
            raise ConfigurationError("The client id, secret or scope has a character that cannot be encoded as UTF-8.")
        self._path = url_path("login", "v1", realm, "oidc", "token")
        self._client_id, self._secret = client_id, client_secret
        self._private_key, self._key_id, self._audience = private_key or None, key_id, audience
        self._scope = scope
        self._timeout_s = timeout_s
        self._signer = Renewable[Auth]()

    def signer(self, until: float, clock: Callable[[], float]) -> Flow[Auth]:
        """Return the signature of the current token; fetch one where there is none or it is about to end.

        Raises:
            AuthenticationFailed: the login does not accept the client.
            DeadlineExceeded: there was no token before `until`.
            ProviderError: the login failed or answered nonsense.
        """
        return self._signer.get(lambda: self._fetch(until, clock), until, clock)

    def refused(self, signer: Auth) -> None:
        """Forget the token behind `signer`, which the vendor no longer takes."""
        self._signer.drop(signer)

    def _fetch(self, until: float, clock: Callable[[], float]) -> Flow[Kept[Auth]]:
        asked = clock()
        try:
            reply: Reply = yield Request(
                "POST",
                self._path,
                headers=(
                    ("Content-Type", "application/x-www-form-urlencoded"),
                    ("Accept", "application/json"),
                    *inbound_id(),
                ),
                content=self._form(),
                timeout_s=self._timeout_s,
                until=until,
            )
        except DeadlineExceeded as exc:
            exc.outage = clock() - asked >= 0.99 * self._timeout_s  # as for every request: it had all its time
            raise
        error = _refusal(reply)
        if error is not None:
            raise error
        found = _token(reply)
        if isinstance(found, UnexpectedPayload):
            found.trace = traces(reply)
            raise found
        sign, lifetime_s = found
        return Kept(sign, asked + lifetime_s - min(MARGIN_S, lifetime_s / 10))

    def _form(self) -> bytes:
        scope = {"scope": self._scope} if self._scope else {}
        return urlencode({"grant_type": "client_credentials", **self._proof(), **scope}).encode()

    def _proof(self) -> dict[str, str]:
        if self._private_key is None:
            return {"client_id": self._client_id, "client_secret": self._secret or ""}
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self._assertion()}

    def _assertion(self) -> str:
        """Return a signed JWT that is good for one token request; RFC 7523 section 3, RS256 as the vendor wants it."""
        import time
        from uuid import uuid4

        try:
            import jwt
        except ImportError:
            raise MissingExtra.of("Signed JWTs need", "PyJWT", "finastra") from None
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": self._audience,
            "jti": str(uuid4()),
            "exp": int(time.time()) + ASSERTION_LIFETIME_S,
        }
        try:
            return jwt.encode(claims, self._private_key or "", algorithm="RS256", headers={"kid": self._key_id})
        except NotImplementedError:  # PyJWT alone knows no RSA
            raise MissingExtra.of("RSA needs", "cryptography", "finastra") from None
        except Exception:  # each kind of wrong key fails in a way of its own
            raise ConfigurationError(
                "The private key of FINASTRA_B2B_PRIVATE_KEY_PATH is not an RSA key in PEM without a password."
            ) from None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._path}>"


def _refusal(reply: Reply) -> ProviderError | None:
    """RFC 6749 section 5.2: errors are 400 or 401 with a code; all say that this client is not configured right.

    So does every other refusal, such as 404 for a realm that does not exist.
    """
    error = by_status(reply)
    if error is None:
        return None
    if 400 <= reply.status < 500 and reply.status not in (408, 429):
        error = _unwelcome(reply)
    error.trace = traces(reply)
    return error


def _unwelcome(reply: Reply) -> AuthenticationFailed:
    code = None
    with suppress(UnexpectedPayload):  # the status says enough
        code = mapping(reply.json()).get("error")
    return AuthenticationFailed(
        "the login does not accept this client; check FINASTRA_B2B_CLIENT_ID, its secret or key, FINASTRA_TENANT and "
        "FINASTRA_SCOPE",
        vendor_code=code if code in OAUTH_CODES else None,
        http_status=reply.status,
    )


def _token(reply: Reply) -> tuple[Auth, float] | UnexpectedPayload:
    """Return signature and lifetime, or the error: raised from here, its traceback would hold the token."""
    try:
        body = mapping(reply.json())
    except UnexpectedPayload as exc:
        return exc
    token, said = body.get("access_token"), body.get("expires_in")
    lifetime = str(LIFETIME_S if said is None else said)
    if type(token) is not str or not token.isascii() or not token.isprintable() or token.split() != [token]:
        return UnexpectedPayload("the login's field 'access_token' should be text that fits a header")
    if not lifetime.isascii() or not lifetime.isdigit() or not int(lifetime[:12]) > 0:
        return UnexpectedPayload("the login's field 'expires_in' should be a whole number of seconds above zero")
    return bearer(token), float(min(int(lifetime[:12]), 86_400))
