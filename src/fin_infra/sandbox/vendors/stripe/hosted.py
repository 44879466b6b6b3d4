"""The page to which a session's `url` leads: a form without a script, where the person's part is chosen.
Floor 8: it loads nothing; whoever opens it says how the check ends.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fin_infra.sandbox.vendors.stripe.sessions import ERRORS

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.stripe.vendor import Stripe

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_CHOICES = ("verified", "processing", "canceled", *ERRORS)


def _page(title: str, body: str, status: int = 200) -> Response:
    text = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width"></head>\n'
        f"<body><main>\n<h1>{escape(title)}</h1>\n{body}</main></body>\n</html>\n"
    )
    return Response(text, status, _HEADERS, "text/html")


class Hosted:
    """Shows the form and takes the answer."""

    def __init__(self, vendor: Stripe) -> None:
        self._vendor = vendor

    async def endpoint(self, request: Request) -> Response:
        """Answer GET with the form, and POST with where the person goes next."""
        session = self._vendor.sessions.of_page(request.path_params["token"])
        if session is None:
            return _page("This link has expired", "<p>Ask for a new one.</p>\n", 410)
        if request.method == "GET":
            options = "".join(f'<option value="{name}">{name.replace("_", " ")}</option>\n' for name in _CHOICES)
            return _page(
                "Verify your identity (sandbox)",
                f'<form method="post">\n<p><label for="outcome">How does it end?</label>\n'
                f'<select id="outcome" name="outcome">\n{options}</select></p>\n'
                '<p><button type="submit">Finish</button></p>\n</form>\n',
            )
        outcome = dict(parse_qsl((await request.body()).decode("utf-8", "replace"))).get("outcome", "")
        if outcome not in _CHOICES:
            return _page("That is not on the list", "<p>Go back and choose an outcome.</p>\n", 422)
        self._vendor.sessions.finish(session, outcome)
        if session.return_url:
            return RedirectResponse(session.return_url, 303, _HEADERS)
        return _page("Done", "<p>You can close this page.</p>\n")
