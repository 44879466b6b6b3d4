"""Routes for what comes again and again: streams, the forecast of balances, bills and their calendar.
Floor 7: `add_book` includes them; nothing here changes the book."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from fin_infra.api.answers import Answers, Auth, envelope
from fin_infra.api.connections import PROBLEMS, BookOf
from fin_infra.api.moments import Day
from fin_infra.api.switches import guarded
from fin_infra.api.users import User, Who, user_of
from fin_infra.insights import Stream
from fin_infra.insights.bills import Bill
from fin_infra.insights.forecast import Forecast

CALENDAR = "text/calendar; charset=utf-8"
Until = Annotated[Day, Query(description="Last day; 90 days ahead by default")]


def recurring_router(auth: Auth, book_of: BookOf, caller: Who) -> APIRouter:
    """Return the router of streams and what is expected of them."""
    router = APIRouter(tags=["insights"], dependencies=guarded(auth, caller), responses=PROBLEMS)
    answers = Answers()

    @router.get("/recurring", response_model=envelope(list[Stream]))
    async def recurring(
        transfers: Annotated[bool, Query(description="With those between own accounts")] = False,
        who: User | str = Depends(caller),  # noqa: B008  # FastAPI's way
    ) -> Response:
        """Return what comes again and again: what is due next first, what has ended last."""
        return await answers.private(book_of(user_of(who)).recurring(transfers=transfers))

    @router.get("/forecast", response_model=envelope(Forecast))
    async def forecast(until: Until = None, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return what streams will bring from today on, by day and month, and the lowest balances ahead."""
        return await answers.private(book_of(user_of(who)).forecast(until=until))

    @router.get("/bills", response_model=envelope(list[Bill]))
    async def bills(until: Until = None, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return the payments that are expected from today on, by date."""
        return await answers.private(book_of(user_of(who)).bills(until=until))

    @router.get("/bills.ics", response_class=Response, responses={200: {"content": {"text/calendar": {}}}})
    async def bills_calendar(until: Until = None, who: User | str = Depends(caller)) -> Response:  # noqa: B008  # FastAPI's way
        """Return the bills as an iCalendar file that a calendar program can import."""
        text = await book_of(user_of(who)).bills_calendar(until=until)
        headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="bills.ics"'}
        return Response(text, 200, headers, CALENDAR)

    return router
