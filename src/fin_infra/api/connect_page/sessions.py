"""Who is on the page: a link that an app gives to one of its users, and the cookie that it becomes.
Floor 7: both are signed tokens (RFC 7519, HS256) with different audiences, so that one is never taken for the other.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from fin_infra.api.users import User

CODE_LIVES, SESSION_LIVES = timedelta(minutes=2), timedelta(minutes=30)
_CODE, _SESSION = "connect-code", "connect-session"
_ALGORITHM = "HS256"
_SHORTEST = 32
"""Bytes of a secret, the size of the hash (RFC 7518, section 3.2)."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Sessions:
    """Makes links and sessions. Machines behind one name share a secret; a process alone makes its own."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(_SHORTEST), repr=False)
    clock: Callable[[], datetime] = utc_now
    _used: dict[str, datetime] = field(default_factory=dict[str, datetime], repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < _SHORTEST:
            raise ValueError(f"a page secret has at least {_SHORTEST} bytes")

    def code(self, user: User) -> tuple[str, datetime]:
        """Return what the link to the page carries, and until when it opens it."""
        return self._signed(user, _CODE, CODE_LIVES)

    def redeem(self, code: str) -> str | None:
        """Return the session that a code becomes; None for one that is old, not ours, or was used in this process."""
        claims = self._claims(code, _CODE)
        if claims is None:
            return None
        now = self.clock()
        self._used = {each: until for each, until in self._used.items() if until > now}
        if claims["jti"] in self._used:
            return None
        self._used[claims["jti"]] = now + CODE_LIVES
        session, _ = self._signed(User(claims["sub"], claims["tenant"]), _SESSION, SESSION_LIVES)
        return session

    def user(self, session: str | None) -> User | None:
        """Return whose session it is; None for one that is over or not ours."""
        claims = self._claims(session, _SESSION) if session else None
        return None if claims is None else User(claims["sub"], claims["tenant"])

    def _signed(self, user: User, audience: str, lives: timedelta) -> tuple[str, datetime]:
        until = self.clock() + lives
        claims = {"sub": user.name, "tenant": user.tenant, "aud": audience, "exp": until, "jti": secrets.token_hex(16)}
        return jwt.encode(claims, self.secret, algorithm=_ALGORITHM), until

    def _claims(self, token: str, audience: str) -> dict[str, Any] | None:
        require = ["sub", "tenant", "exp", "jti"]
        options: Any = {"require": require, "verify_exp": False}  # by our clock, below
        try:
            found: dict[str, Any] = jwt.decode(
                token, self.secret, algorithms=[_ALGORITHM], audience=audience, options=options
            )
        except jwt.InvalidTokenError:
            return None
        until: Any = found["exp"]
        return found if isinstance(until, int) and self.clock().timestamp() < until else None
