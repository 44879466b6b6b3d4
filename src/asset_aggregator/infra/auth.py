"""Who is calling: bearer tokens and API keys from the settings, with scopes.
Floor 8: asset_aggregator. Only hashes are kept; tokens are read from headers, never from a URL.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from fastapi import HTTPException, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from asset_aggregator.infra.environment import ServiceSettings
from fin_infra.api.users import DEFAULT_TENANT, User
from fin_infra.errors import ConfigurationError
from fin_infra.security import KNOWN

TOKEN_MIN_CHARS = 24
_TOKEN_MAX_CHARS = 512
_ENTRY = re.compile(
    r"(?:(?P<name>[A-Za-z][A-Za-z0-9_-]{0,31})(?:@(?P<tenant>[A-Za-z0-9_-]{1,64}))?"
    r"(?:\[(?P<scopes>[A-Za-z0-9:*_. -]*)\])?=)?"
    rf"(?P<token>[A-Za-z0-9._~+/-]{{{TOKEN_MIN_CHARS},}}=*)"
)

_bearer = HTTPBearer(auto_error=False, scheme_name="BearerToken", description="A token of this service.")
_api_key = APIKeyHeader(
    name="X-API-Key", auto_error=False, scheme_name="ApiKey", description="The same token in a header of its own."
)


@dataclass(frozen=True, slots=True)
class Principal:
    """A user that proved who it is. `scopes` such as `banking:read`; `*` covers everything."""

    name: str
    scopes: frozenset[str] = frozenset({"*"})
    tenant: str = DEFAULT_TENANT

    @property
    def user(self) -> User:
        """Who that is, whatever the token and its scopes."""
        return User(self.name, self.tenant)

    def covers(self, needed: str) -> bool:
        area = needed.partition(":")[0]
        return not self.scopes.isdisjoint({"*", needed, f"{area}:*"})


RequirePrincipal: TypeAlias = Callable[..., Awaitable[Principal]]


@dataclass(frozen=True, slots=True)
class _Credential:
    digest: bytes = field(repr=False)
    principal: Principal
    loopback_only: bool = False


def demo_token() -> str:
    """Return a new random token for one run on this machine."""
    return secrets.token_urlsafe(32)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _credentials(tokens: str) -> list[_Credential]:
    """Read `token`, `name=token`, `name@tenant=token` or `name[scope scope]=token`, separated by commas.

    A name is a user of a tenant, to whom idempotency keys belong; it may have several tokens, so that a new one can
    replace an old one. A token without a name is the user `token-1`, and only the first entry may be one: named by its
    place, another would have the keys of somebody else as soon as the list changes.
    """
    found: list[_Credential] = []
    for position, entry in enumerate((part.strip() for part in tokens.split(",")), start=1):
        if not entry:
            continue
        match = _ENTRY.fullmatch(entry)
        if match is None or len(match["token"]) > _TOKEN_MAX_CHARS:
            raise ConfigurationError(
                f"Entry {position} of FIN_INFRA_API_TOKENS cannot be used; write token, name=token, name@tenant=token "
                f"or name[banking:read market:read]=token, with a token of {TOKEN_MIN_CHARS} to {_TOKEN_MAX_CHARS} "
                'URL-safe characters, for example from `python -c "import secrets; print(secrets.token_urlsafe(32))"`.'
            )
        scopes = frozenset({"*"}) if match["scopes"] is None else frozenset(match["scopes"].split())
        if not match["name"] and position > 1:
            raise ConfigurationError(
                f"Entry {position} of FIN_INFRA_API_TOKENS has no name, and idempotency keys belong to a name; give "
                "every entry one. The name token-1 keeps the keys of the token that was first in the list until now, "
                "token-2 those of the second, and so on."
            )
        principal = Principal(match["name"] or "token-1", scopes, match["tenant"] or DEFAULT_TENANT)
        KNOWN.add(match["token"])
        found.append(_Credential(_digest(match["token"]), principal))
    if len({credential.digest for credential in found}) < len(found):
        raise ConfigurationError("FIN_INFRA_API_TOKENS has one token twice; give each entry its own.")
    return found


class Auth:
    """The callers this service knows.

    `demo` is the generated token when none is configured (loopback only, shown once by whoever starts the service);
    None when tokens are configured.
    """

    def __init__(self, tokens: str = "", *, demo: str | None = None) -> None:
        self._known = _credentials(tokens)
        self.demo = demo
        if demo is not None:
            KNOWN.add(demo)
            self._known.append(_Credential(_digest(demo), Principal("demo"), loopback_only=True))

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> Auth:
        """Use the configured tokens, or a new demo token where the settings allow one.

        Raises:
            ConfigurationError: a token cannot be used, or none is set where one is needed.
        """
        settings.check()
        return cls(settings.api_tokens, demo=None if settings.api_tokens.strip() else demo_token())

    def identify(self, request: Request) -> Principal | None:
        """Return the caller whose token the request carries; None without a valid one."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        presented = (bearer.strip() if scheme.lower() == "bearer" else "", request.headers.get("x-api-key", "").strip())
        found: Principal | None = None
        for token in presented:
            if not token or len(token) > _TOKEN_MAX_CHARS:
                continue
            digest = _digest(token)
            for known in self._known:  # all of them, so that the time taken says nothing
                if hmac.compare_digest(digest, known.digest) and (not known.loopback_only or _from_loopback(request)):
                    found = found or known.principal
        return found

    def require(self, *scopes: str) -> RequirePrincipal:
        """Return a FastAPI dependency that gives the `Principal`, or answers 401 or 403."""

        async def principal(
            request: Request,
            bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
            api_key: Annotated[str | None, Security(_api_key)],
        ) -> Principal:
            caller = self.identify(request)
            if caller is None:
                given = "authorization" in request.headers or "x-api-key" in request.headers
                error = ', error="invalid_token"' if given else ""
                detail = "This service does not know that token." if given else None
                raise HTTPException(401, detail, {"WWW-Authenticate": f'Bearer realm="fin-infra"{error}'})
            missing = [scope for scope in scopes if not caller.covers(scope)]
            if missing:
                challenge = f'Bearer realm="fin-infra", error="insufficient_scope", scope="{" ".join(scopes)}"'
                raise HTTPException(
                    403, f"The token lacks the scope {' '.join(missing)}.", {"WWW-Authenticate": challenge}
                )
            return caller

        return principal


def client_address(request: Request) -> str:
    """Return the peer's address, IPv6 cut to its /64, since one customer usually holds that many."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _from_loopback(request: Request) -> bool:
    try:
        return ipaddress.ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False
