"""Who asks, where it matters whose request it is: idempotency keys, and the tenants of Finastra.
Floor 7: an app tells it by a dependency; a bare name is a user of the default tenant."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

DEFAULT_TENANT = "default"
"""The tenant of an app that has one only."""


@dataclass(frozen=True, slots=True)
class User:
    """Who asks, by an id or a name; two tenants may each have a user of one name."""

    name: str
    tenant: str = DEFAULT_TENANT

    def scoped(self, idempotency_key: str) -> str:
        """Return the key as this user's: no other user can make the same text, whatever the names and keys.

        In the default tenant it is the text that it was before there were tenants, so that older keys are found.
        This is version 1, which begins with a digit; another one would begin with `v2:` and look for this text too.
        """
        tenant = "" if self.tenant == DEFAULT_TENANT else f"{len(self.tenant)}@{self.tenant}:"
        return f"{tenant}{len(self.name)}:{self.name}:{idempotency_key}"


Who: TypeAlias = Callable[..., User | str | Awaitable[User] | Awaitable[str]]
"""A dependency that gives who asks."""


def nobody() -> User:
    """Return the one user of an app that does not tell its callers apart."""
    return User("")


def user_of(who: User | str) -> User:
    """Return what a dependency gave as a user."""
    return who if isinstance(who, User) else User(who)
