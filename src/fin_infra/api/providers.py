"""The route that says which providers there are and how they are.
Floor 7: the question itself is `fin_infra.questions.providers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from fin_infra.api.answers import Answer, Answers, Auth, envelope, include
from fin_infra.providers.provider import Provider
from fin_infra.questions.providers import ProviderStatus, statuses


def add_providers(app: FastAPI, *, auth: Auth, used: Sequence[Provider[Any]] = ()) -> None:
    """Add `/providers`.

    Args:
        auth: dependencies that protect the route; `PUBLIC` says you mean none.
        used: the instances the app works with.
    """
    router = APIRouter(tags=["providers"], dependencies=list(auth))
    answers = Answers()

    @router.get("/providers", response_model=envelope(list[ProviderStatus]), summary="Providers")
    async def all_providers() -> Response:
        """Return every installed provider with its environment and health."""
        return answers.known(Answer(statuses(used)))

    include(app, router)
