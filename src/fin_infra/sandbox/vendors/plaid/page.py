"""Serve the page of a hosted link: plain HTML with one form, where a person picks a bank and finishes or exits.
Floor 8: no script and nothing from elsewhere; the policy allows one style and a form that comes back here.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fin_infra.sandbox.vendors.plaid.institutions import PLACES
from fin_infra.sandbox.vendors.plaid.links import USERS, Link
from fin_infra.sandbox.vendors.plaid.refusals import ERRORS, Refused
from fin_infra.sandbox.vendors.plaid.schema import words

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid

STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem auto;max-width:34rem;padding:0 1rem;color:#1a1a1a;"
    "background:#fff}fieldset{border:1px solid #767676;border-radius:.4rem;margin:0 0 1rem}label{display:block;"
    "padding:.25rem 0}button{font:inherit;padding:.6rem 1.2rem;border:1px solid #14532d;border-radius:.4rem;"
    "background:#14532d;color:#fff}button[value=exit]{background:#fff;color:#14532d}[role=alert]{color:#9f1239}"
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = "default-src 'none'; style-src 'sha256-{}'; form-action 'self'{}; base-uri 'none'; frame-ancestors 'none'"


class Page:
    """The hosted page of a link token."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    async def show(self, request: Request) -> Response:
        """Show the form; 404 for a page that never was, 410 for one that is over."""
        link = self._vendor.links.by_page(request.path_params["hosted"])
        return self._form(link, "") if link and self._is_open(link) else _over(link)

    async def act(self, request: Request) -> Response:
        """Finish, repair or exit, and lead back where the app asked for it."""
        link = self._vendor.links.by_page(request.path_params["hosted"])
        if link is None or not self._is_open(link):
            return _over(link)
        fields = {name: values[-1] for name, values in parse_qs((await request.body()).decode("latin-1")).items()}
        if fields.get("action") == "exit":
            self._vendor.links.leave(link)
            return _done(link, "You left without linking a bank.")
        try:
            self._vendor.links.finish(link, fields.get("institution", ""), fields.get("user", USERS[0]))
        except Refused as no:
            fact = ERRORS[no.code]
            return self._form(link, f"{no.code}: {fact.display or fact.message.replace('{}', '').strip()}", 400)
        what = "The connection is repaired." if link.item else "Your bank is linked."
        return _done(link, what)

    def _is_open(self, link: Link) -> bool:
        return not link.used and self._vendor.clock.now < link.expires

    def _form(self, link: Link, alert: str, status: int = 200) -> Response:
        self._vendor.links.session(link)
        app = escape(str(link.asked.get("client_name") or "The app"))
        note = f'<p role="alert">{escape(alert)}</p>' if alert else ""
        if link.item is not None:
            place = escape(link.item.place.name)
            intro = f"<p>{app} asks you to sign in at {place} again.</p>"
            picks, verb = "", "Repair"
        else:
            intro = f"<p>{app} would like to read: {escape(', '.join(words(link.asked, 'products')))}.</p>"
            picks, verb = self._picks(link), "Finish"
        users = "".join(_radio("user", user, user, user == USERS[0]) for user in USERS)
        return _html(
            link,
            "Link a bank" if link.item is None else "Repair a connection",
            f"{intro}{note}<form method='post'>{picks}<fieldset><legend>Test user</legend>{users}</fieldset>"
            f"<button name='action' value='finish'>{verb}</button> "
            "<button name='action' value='exit'>Exit</button></form>",
            status,
        )

    def _picks(self, link: Link) -> str:
        wanted = words(link.asked, "products")
        places = [place for place in PLACES.values() if all(product in place.products for product in wanted)]
        first = link.asked.get("institution_id") or (places[0].id if places else "")
        rows = "".join(_radio("institution", place.id, place.name, place.id == first) for place in places)
        return f"<fieldset><legend>Your bank</legend>{rows}</fieldset>"


def _radio(name: str, value: str, words: str, chosen: bool) -> str:
    checked = " checked" if chosen else ""
    return f"<label><input type='radio' name='{name}' value='{escape(value)}'{checked}> {escape(words)}</label>"


def _done(link: Link, words: str) -> Response:
    if link.redirect:
        return _guarded(RedirectResponse(link.redirect, 303), link)
    return _html(link, "Done", f"<p>{words} You can close this page.</p>", 200)


def _over(link: Link | None) -> Response:
    if link is None:
        return _html(None, "No such page", "<p>There is no link here; ask the app for a new one.</p>", 404)
    why = "has been used" if link.used else "has expired"
    return _html(link, "This link is over", f"<p>This link {why}; ask the app for a new one.</p>", 410)


def _html(link: Link | None, title: str, body: str, status: int) -> Response:
    page = (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title} - sandbox</title>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}"
        "<p>This is a sandbox: nobody here is real.</p></main></body></html>"
    )
    return _guarded(Response(page, status, media_type="text/html"), link)


def _guarded(reply: Response, link: Link | None) -> Response:
    """Set the policy; a form may also lead where the app's own address is, because browsers check redirects."""
    parts = urlsplit(link.redirect if link else "")
    web = parts.scheme in ("http", "https")
    extra = f" {parts.scheme}://{parts.netloc}" if web else f" {parts.scheme}:" if parts.scheme else ""
    reply.headers["content-security-policy"] = POLICY.format(_HASH, extra)
    reply.headers["x-content-type-options"] = "nosniff"
    reply.headers["referrer-policy"] = "no-referrer"
    reply.headers["cache-control"] = "no-store"
    return reply
