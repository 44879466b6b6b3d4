"""The route that says which providers there are and how they are.
Floor 7: the question itself is `fin_infra.questions.providers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.api.switches import guarded
from fin_infra.api.users import Who, nobody
from fin_infra.providers.provider import Provider
from fin_infra.questions.providers import ProviderStatus, statuses


def add_providers(app: FastAPI, *, auth: Auth, used: Sequence[Provider[Any]] = (), caller: Who = nobody) -> None:
    """Add `/providers`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        used: the instances the app works with.
        caller: a dependency that gives who asks, where the switches of tenants and users differ.
    """
    router = APIRouter(tags=["providers"], dependencies=guarded(auth, caller))
    answers = Answers()

    @router.get("/providers", response_model=envelope(list[ProviderStatus]), summary="Providers")
    async def all_providers() -> Response:
        """Return every installed provider with its environment and health."""
        return answers.known(Answer(statuses(used)))

    include(app, router)
