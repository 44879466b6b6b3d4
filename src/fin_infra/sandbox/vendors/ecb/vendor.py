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
from fin_infra.sandbox.kernel.vendor import Vendor
from fin_infra.sandbox.vendors.ecb import MOUNT

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" '
    'xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">\n'
    "\t<gesmes:subject>Reference rates</gesmes:subject>\n"
    "\t<gesmes:Sender>\n\t\t<gesmes:name>European Central Bank</gesmes:name>\n\t</gesmes:Sender>\n\t<Cube>\n"
)
_TAIL = "\t</Cube>\n</gesmes:Envelope>"
NINETY_DAYS = 90


class Ecb(Vendor):
    mount = MOUNT
    media_type = "text/xml"

    def router(self) -> Router:
        """Return the three files."""
        root = "/stats/eurofxref"
        return Router(
            [
                Route(f"{root}/eurofxref-daily.xml", self._daily),
                Route(f"{root}/eurofxref-hist-90d.xml", self._ninety_days),
                Route(f"{root}/eurofxref-hist.xml", self._history),
            ],
            redirect_slashes=False,
            default=_not_found,
        )

    def malformed(self) -> str:
        return "<gesmes:Envelope><Cube></gesmes:Envelope>"

    async def _daily(self, _: Request) -> Response:
        return self._envelope(self.world.fx.days(self.clock.now, 0), "'")

    async def _ninety_days(self, _: Request) -> Response:
        return self._envelope(self.world.fx.days(self.clock.now, NINETY_DAYS), '"')

    async def _history(self, _: Request) -> Response:
        return self._envelope(self.world.fx.days(self.clock.now), '"')

    def _envelope(self, days: list[date], quote: str) -> Response:
        """Return the envelope; the live daily file quotes with apostrophes, the others with double quotes."""
        fx, lines = self.world.fx, list[str]()
        for day in days:
            lines.append(f"\t\t<Cube time={quote}{day.isoformat()}{quote}>\n")
            for code in fx.codes(day):
                rate = fx.reference(code, day)
                lines.append(f"\t\t\t<Cube currency={quote}{code}{quote} rate={quote}{rate}{quote}/>\n")
            lines.append("\t\t</Cube>\n")
        return Response(_HEAD + "".join(lines) + _TAIL, media_type="text/xml")


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    await html_reply("404 Not Found", 404)(scope, receive, send)
