"""Routes for links: a page of the vendor on which a person signs in, the way back, repair, and what is the matter.
Floor 7: a link's token is in bodies only; whoever has begun a link is the only one who can finish it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import Response

from fin_infra.api.answers import Answers, envelope
from fin_infra.api.bodies import openapi_body, read_body
from fin_infra.api.problems import problem_responses
from fin_infra.api.users import User, Who, user_of
from fin_infra.book import Connection, Diagnosis
from fin_infra.model import LinkStart, Listing
from fin_infra.model.personal import Personal, pii
from fin_infra.model.record import Model

if TYPE_CHECKING:
    from fin_infra.api.connections import BookOf, Syncs


ConnectionId = Annotated[str, Path(max_length=64, pattern=r"^[!-~]+$", description="`id` of a connection")]


class LinkBody(BaseModel):
    """Where a login is to be linked."""

    model_config = ConfigDict(extra="forbid", title="NewLink", hide_input_in_errors=True)

    provider: str = Field(min_length=1, max_length=64, description="Key of a provider, such as `banking:plaid`")
    redirect_uri: str | None = Field(
        None, min_length=1, max_length=512, pattern=r"^https?://", description="Where the vendor sends the person back"
    )
    webhook: str | None = Field(
        None, min_length=1, max_length=512, pattern=r"^https?://", description="Where the vendor sends its webhooks"
    )
    institution: str | None = Field(None, min_length=1, max_length=128, description="The vendor's id of the bank")


class RepairBody(BaseModel):
    """How a login is to be repaired."""

    model_config = ConfigDict(extra="forbid", title="Repair", hide_input_in_errors=True)

    redirect_uri: str | None = Field(
        None, min_length=1, max_length=512, pattern=r"^https?://", description="Where the vendor sends the person back"
    )


class FinishBody(BaseModel):
    """A link whose page the person has come to the end of."""

    model_config = ConfigDict(extra="forbid", title="FinishedLink", hide_input_in_errors=True)

    token: SecretStr = Field(min_length=1, max_length=4096, description="`token` of the link")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPage(Model):
    """A page of the vendor, for the person whose login it is. Keep `token` to finish the link; show it to nobody."""

    url: str | None = field(repr=False, metadata=pii(Personal.LOGIN_LINK))
    token: str = field(repr=False, metadata=pii(Personal.SECRET))
    expires_at: datetime | None

    @classmethod
    def of(cls, start: LinkStart) -> LinkPage:
        return cls(url=start.url, token=start.token, expires_at=start.expires_at)


def add_link_routes(reads: APIRouter, changes: APIRouter, book_of: BookOf, caller: Who, syncs: Syncs) -> None:
    """Add `/connections/links`, `/connections/links/finish`, and of one connection `repair` and `doctor`."""
    _add_start(changes, book_of, caller)
    _add_finish(changes, book_of, caller, syncs)
    _add_repair(changes, book_of, caller)
    _add_doctor(reads, book_of, caller)


def _add_start(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post(
        "/connections/links",
        status_code=201,
        response_model=envelope(LinkPage),
        responses=problem_responses(415),
        openapi_extra=openapi_body(LinkBody),
    )
    async def link(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Make a page of the vendor on which the person signs in; finish the link when they are back."""
        body = await read_body(request, LinkBody, "the link")
        start = await book_of(user_of(who)).start_link(
            body.provider, redirect_uri=body.redirect_uri, webhook=body.webhook, institution=body.institution
        )
        reply = answers.known(LinkPage.of(start))
        reply.status_code = 201
        return reply


def _add_finish(router: APIRouter, book_of: BookOf, caller: Who, syncs: Syncs) -> None:
    answers = Answers()

    @router.post(
        "/connections/links/finish",
        response_model=envelope(list[Connection]),
        responses=problem_responses(415),
        openapi_extra=openapi_body(FinishBody),
    )
    async def finish(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Store the logins that the person has linked, or go on with the one that was repaired, and sync them.

        The state is `linking` where the first sync takes longer than a request may; it goes on in the background.
        """
        body = await read_body(request, FinishBody, "the finished link")
        book = book_of(user_of(who))
        made = await book.finish_link(body.token.get_secret_value(), first_sync=False)
        for each in made:
            await syncs.waited(book.sync(each.id))
        ids = {each.id for each in made}
        return answers.known(Listing([each for each in await book.connections() if each.id in ids]))


def _add_repair(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.post(
        "/connections/{connection_id}/repair",
        response_model=envelope(LinkPage),
        responses=problem_responses(415),
        openapi_extra=openapi_body(RepairBody),
    )
    async def repair(connection_id: ConnectionId, request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Make a page on which the person signs in again; finish it as a link. The connection keeps its history."""
        body = await read_body(request, RepairBody, "the repair")
        start = await book_of(user_of(who)).repair(connection_id, redirect_uri=body.redirect_uri)
        return answers.known(LinkPage.of(start))


def _add_doctor(router: APIRouter, book_of: BookOf, caller: Who) -> None:
    answers = Answers()

    @router.get("/connections/{connection_id}/doctor", response_model=envelope(Diagnosis))
    async def doctor(connection_id: ConnectionId, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return what the vendor says of the login now, what was done last, and what to do. Nothing is changed."""
        return await answers.private(book_of(user_of(who)).doctor(connection_id))
