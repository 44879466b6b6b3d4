"""The page of connections: list, link, repair, sync, end; each action is a form of its own.
Floor 7: nothing is loaded from elsewhere, a strict policy says so, and a form from another site carries no session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from starlette.responses import RedirectResponse, Response

from fin_infra.api.answers import Answers, Auth, envelope, include
from fin_infra.api.connect_page.sessions import SESSION_LIVES, Sessions
from fin_infra.api.connections import PROBLEMS, BookOf, Syncs, connection_of
from fin_infra.api.links import ConnectionId, LinkPage
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.book import Book, Connection, ConnectionState, SyncResult
from fin_infra.errors import FinInfraError
from fin_infra.model import LinkStart
from fin_infra.providers.interfaces.linking import LinkingProvider
from fin_infra.providers.registry import installed_keys, provider_class
from fin_infra.security import mask
from fin_infra.transport import Async

SESSION, LINK = "fin_connect", "fin_link"
"""Cookies: who is here, and the token of the page of a vendor that they are on."""
POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SAID = {
    "linked": "Your bank is linked. What it knows is being read.",
    "repaired": "The connection works again.",
    "ended": "The connection was ended. Its history stays.",
    "synced": "The connection was brought up to date.",
    "reading": "It takes a while to read everything; this page shows when it is done.",
}
Act = Callable[[Book[Async]], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectPage:
    """How the page is served."""

    book_of: BookOf
    sessions: Sessions
    syncs: Syncs
    prefix: str = "/connect"

    def here(self, request: Request) -> User | None:
        return self.sessions.user(request.cookies.get(SESSION))

    def show(self, name: str, status: int = 200, **values: Any) -> Response:
        """Render a template under the policy of the page."""
        text = _templates().get_template(name).render(prefix=self.prefix, **values)
        headers = {
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(text, status, headers, "text/html; charset=utf-8")

    def gone(self) -> Response:
        """Say that nobody is known here."""
        return self.show(
            "message.html",
            401,
            title="This page is not open",
            text="Open it from your app again: its link works once, and a visit lasts half an hour.",
        )

    def back(self, said: str) -> Response:
        return RedirectResponse(f"{self.prefix}?said={said}", 303, headers={"Cache-Control": "no-store"})

    async def of(self, request: Request, act: Act) -> Response:
        """Do something for whoever is here, and say in one sentence what went wrong."""
        user = self.here(request)
        if user is None:
            return self.gone()
        book = self.book_of(user)
        try:
            return await act(book)
        except FinInfraError as exc:
            return await self.overview(book, error=mask(exc.for_caller()), status=400)

    async def overview(
        self, book: Book[Async], *, error: str | None = None, said: str = "", began: bool = False, status: int = 200
    ) -> Response:
        try:
            found = list(await book.connections())
        except FinInfraError as exc:
            return self.show("message.html", 503, title="Not now", text=mask(exc.for_caller()))
        rows = [each for each in found if each.state is not ConnectionState.REVOKED or each.ending]
        return self.show(
            "connections.html",
            status,
            rows=[_row(each) for each in rows],
            providers=_linkable(),
            error=error,
            said=_SAID.get(said),
            began=began,
        )


def add_connect_page(
    app: FastAPI, *, auth: Auth, caller: Who, book_of: BookOf, sessions: Sessions | None = None, wait_s: float = 10.0
) -> None:
    """Add `POST /connections/page`, which gives the link of one user, and the page itself below `/connect`.

    Args:
        auth: dependencies that protect making a link; the page itself knows its visitor by the link.
        caller: a dependency that gives who asks.
        book_of: the book of a user, in the mode `async`.
        sessions: makes links and sessions; with a secret of their own for several machines.
        wait_s: how long a request waits for a sync, which goes on in the background then.
    """
    syncs = Syncs(pause=timedelta(), wait_s=wait_s)
    page = ConnectPage(book_of=book_of, sessions=sessions or Sessions(), syncs=syncs)
    include(app, _maker(page, auth, caller))
    shown = APIRouter(prefix=page.prefix, include_in_schema=False)
    _add_visit(shown, page)
    _add_link(shown, page)
    _add_actions(shown, page)
    include(app, shown)


def _maker(page: ConnectPage, auth: Auth, caller: Who) -> APIRouter:
    router = APIRouter(tags=["book"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    answers = Answers()

    @router.post("/connections/page", status_code=201, response_model=envelope(LinkPage))
    async def make_page(request: Request, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return a link to the page on which this user links and repairs logins: once, within two minutes."""
        code, until = page.sessions.code(user_of(who))
        base = str(request.base_url).rstrip("/")
        reply = answers.known(LinkPage(url=f"{base}{page.prefix}/open/{code}", token=code, expires_at=until))
        reply.status_code = 201
        return reply

    return router


def _add_visit(router: APIRouter, page: ConnectPage) -> None:
    @router.get("/open/{code}")
    async def open_page(request: Request, code: str) -> Response:
        session = page.sessions.redeem(code)
        if session is None:
            return page.gone()
        reply = RedirectResponse(page.prefix, 303, headers={"Cache-Control": "no-store"})
        _set(reply, request, page, SESSION, session)
        return reply

    @router.get("")
    async def overview(request: Request, said: str = "") -> Response:
        began = request.cookies.get(LINK) is not None
        return await page.of(request, lambda book: page.overview(book, said=said, began=began))

    @router.get("/style.css")
    async def style() -> Response:
        return Response(_style(), 200, {"Cache-Control": "max-age=3600"}, "text/css; charset=utf-8")


def _add_link(router: APIRouter, page: ConnectPage) -> None:
    @router.post("/link")
    async def link(request: Request, provider: Annotated[str, Form(max_length=64)]) -> Response:
        async def act(book: Book[Async]) -> Response:
            start = await book.start_link(provider, redirect_uri=_return(request, page))
            return _sent(page, request, start, "Link a login")

        return await page.of(request, act)

    @router.post("/{connection_id}/repair")
    async def repair(request: Request, connection_id: ConnectionId) -> Response:
        async def act(book: Book[Async]) -> Response:
            start = await book.repair(connection_id, redirect_uri=_return(request, page))
            return _sent(page, request, start, "Sign in again")

        return await page.of(request, act)

    @router.get("/return")
    @router.post("/return")
    async def finish(request: Request) -> Response:
        async def act(book: Book[Async]) -> Response:
            token = request.cookies.get(LINK)
            if token is None:
                return page.back("")
            made = await book.finish_link(token, first_sync=False)
            done = [await page.syncs.waited(book.sync(each.id)) for each in made]
            reply = page.back("reading" if None in done else _outcome([each for one in done for each in one], "linked"))
            reply.delete_cookie(LINK, path=page.prefix)
            return reply

        return await page.of(request, act)


def _add_actions(router: APIRouter, page: ConnectPage) -> None:
    @router.post("/{connection_id}/sync")
    async def sync(request: Request, connection_id: ConnectionId) -> Response:
        async def act(book: Book[Async]) -> Response:
            return page.back(_outcome(await page.syncs.waited(book.sync(connection_id)), "synced"))

        return await page.of(request, act)

    @router.get("/{connection_id}/end")
    async def ask(request: Request, connection_id: ConnectionId) -> Response:
        async def act(book: Book[Async]) -> Response:
            return page.show("end.html", row=_row(await connection_of(book, connection_id)))

        return await page.of(request, act)

    @router.post("/{connection_id}/end")
    async def end(request: Request, connection_id: ConnectionId) -> Response:
        async def act(book: Book[Async]) -> Response:
            await book.disconnect(connection_id)
            return page.back("ended")

        return await page.of(request, act)

    @router.get("/{connection_id}/doctor")
    async def doctor(request: Request, connection_id: ConnectionId) -> Response:
        async def act(book: Book[Async]) -> Response:
            found = await book.doctor(connection_id)
            return page.show("doctor.html", row=_row(found.connection), found=found)

        return await page.of(request, act)


def _outcome(results: Sequence[SyncResult] | None, well: str) -> str:
    """Return what to say of syncs; nothing of one that failed, whose connection says why."""
    if results is None:
        return "reading"
    return "" if any(each.error for each in results) else well


def _sent(page: ConnectPage, request: Request, start: LinkStart, title: str) -> Response:
    """Show the way to the vendor's page: a link, because a form may lead nowhere but here."""
    reply = page.show("leave.html", title=title, url=start.url)
    _set(reply, request, page, LINK, start.token)
    return reply


def _set(reply: Response, request: Request, page: ConnectPage, name: str, value: str) -> None:
    reply.set_cookie(
        name,
        value,
        max_age=int(SESSION_LIVES.total_seconds()),
        path=page.prefix,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",  # comes along when a vendor sends the person back, and with no form of another site
    )


def _return(request: Request, page: ConnectPage) -> str:
    return f"{str(request.base_url).rstrip('/')}{page.prefix}/return"


def _row(each: Connection) -> dict[str, Any]:
    cls = provider_class(each.provider)
    repairable = issubclass(cls, LinkingProvider) and "start_link" in cls.can
    return {
        "id": each.id,
        "name": each.institution or cls.info.title,
        "by": cls.info.title,
        "state": each.state.value,
        "words": _STATES[each.state],
        "reason": each.reason,
        "next_step": each.next_step,
        "synced": None if each.synced_at is None else f"{each.synced_at:%Y-%m-%d %H:%M} UTC",
        "repairable": repairable and each.state is ConnectionState.PERSON_MUST_ACT,
        "syncable": each.state is not ConnectionState.REVOKED,
        "funds": ", ".join(each.funds),
    }


_STATES = {
    ConnectionState.LINKING: "being read for the first time",
    ConnectionState.HEALTHY: "works",
    ConnectionState.STALE: "not up to date",
    ConnectionState.PERSON_MUST_ACT: "needs you",
    ConnectionState.PAUSED: "paused",
    ConnectionState.REVOKED: "ended",
}


def _linkable() -> list[tuple[str, str]]:
    """Return the providers that have a page for linking, with their titles."""
    found: list[tuple[str, str]] = []
    for key in installed_keys("banking"):
        try:
            cls = provider_class(key)
        except FinInfraError:
            continue
        if issubclass(cls, LinkingProvider) and "start_link" in cls.can:
            found.append((key, cls.info.title))
    return found


@cache
def _templates() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("fin_infra.api.connect_page")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _style() -> str:
    from importlib.resources import files

    return (files("fin_infra.api.connect_page") / "templates" / "style.css").read_text("utf-8")
