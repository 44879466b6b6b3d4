"""Imitate the European Central Bank's euro reference rate files: daily, 90 days and history.
Floor 8: units of the currency for one euro, TARGET days only, newest day first, published at 16:00 Frankfurt time.
"""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from fin_infra.sandbox.kernel.reply import html_reply
from fin_infra.sandbox.kernel.state import Sandbox

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
    "\t<gesmes:subject>Reference rates</gesmes:subject>\n"
    "\t<gesmes:Sender>\n\t\t<gesmes:name>European Central Bank</gesmes:name>\n\t</gesmes:Sender>\n\t<Cube>\n"
)
_TAIL = "\t</Cube>\n</gesmes:Envelope>"
NINETY_DAYS = 90


def router(sandbox: Sandbox) -> Router:
    """Return the ECB mount."""
    root = "/stats/eurofxref"

    async def daily(_: Request) -> Response:
        return _envelope(sandbox, sandbox.world.fx.days(sandbox.clock.now, 0), "'")

    async def ninety_days(_: Request) -> Response:
        return _envelope(sandbox, sandbox.world.fx.days(sandbox.clock.now, NINETY_DAYS), '"')

    async def history(_: Request) -> Response:
        return _envelope(sandbox, sandbox.world.fx.days(sandbox.clock.now), '"')

    return Router(
        [
            Route(f"{root}/eurofxref-daily.xml", daily),
            Route(f"{root}/eurofxref-hist-90d.xml", ninety_days),
            Route(f"{root}/eurofxref-hist.xml", history),
        ],
        redirect_slashes=False,
        default=_not_found,
    )


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await html_reply("404 Not Found", 404)(scope, receive, send)


def _envelope(sandbox: Sandbox, days: list[date], quote: str) -> Response:
    """Return the envelope; the live daily file quotes with apostrophes, the others with double quotes."""
    fx, lines = sandbox.world.fx, list[str]()
    for day in days:
        lines.append(f"\t\t<Cube time={quote}{day.isoformat()}{quote}>\n")
        for code in fx.codes(day):
            lines.append(f"\t\t\t<Cube currency={quote}{code}{quote} rate={quote}{fx.reference(code, day)}{quote}/>\n")
        lines.append("\t\t</Cube>\n")
    return Response(_HEAD + "".join(lines) + _TAIL, media_type="text/xml")
