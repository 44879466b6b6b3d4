"""What is switched off: absent from an app where the environment says so, refused for callers whom the hook refuses.
Floor 7: a router asks `opened` for its provider and has `guarded` as its dependencies; `fin_infra.features` decides."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, TypeVar

from fastapi import Depends
from fastapi.params import Depends as Dependency

from fin_infra.api.answers import Auth
from fin_infra.api.users import User, Who, nobody, user_of
from fin_infra.errors import FeatureDisabled
from fin_infra.features import acting, for_everybody, refusal, require
from fin_infra.providers.provider import Provider
from fin_infra.providers.switches import hangs_on

log = logging.getLogger("fin_infra")
P = TypeVar("P", bound=Provider[Any])


def opened(domain: str, provider: P | None, easy: Callable[[], P]) -> P | None:
    """Return the provider of a router, by default what `easy` gives; None where the environment has switched it off.

    Raises:
        ConfigurationError: the provider cannot be built from its settings.
    """
    try:
        with for_everybody():
            require(domain)
            found = easy() if provider is None else provider
            _require_any(hangs_on(found))
    except FeatureDisabled as exc:
        if exc.switch is None:
            raise
        log.info("no routes: %s", exc)
        return None
    return found


def guarded(auth: Auth, caller: Who, *sources: str) -> list[Dependency]:
    """Return `auth`, and behind it what refuses a caller for whom none of `sources` is on; without any, nobody.

    The calls of the request are this caller's: each provider asks the hook again, for itself.
    """

    async def known(who: User | str = Depends(caller)) -> AsyncGenerator[None]:  # noqa: B008  # FastAPI's way
        user = user_of(who)
        with acting(user.tenant, user.name):
            _require_any(sources)
            yield

    async def alone() -> AsyncGenerator[None]:
        _require_any(sources)
        yield

    return [*auth, Depends(alone if caller is nobody else known)]


def _require_any(sources: Sequence[str]) -> None:
    refused = [refusal(source) for source in sources]
    if refused and None not in refused:
        raise refused[0] or AssertionError("unreachable: one of them is an error")
