"""Make and list the users of MX's client, their members, and the widget in which a person links a bank.
Floor 8: nobody types a password here; one button of the widget's page stands for the whole of it.
"""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fin_infra.sandbox.vendors.mx import replies
from fin_infra.sandbox.vendors.mx.access import Call, Refused
from fin_infra.sandbox.vendors.mx.members import Link, Member, User, guid, institutions, slug_of

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.mx.vendor import Mx

WIDGET_LIFE = timedelta(minutes=10)
_POLICY = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Users:
    """The operations on users and members."""

    def __init__(self, vendor: Mx) -> None:
        self._vendor = vendor

    def listing(self, call: Call) -> object:
        """Answer all users, or those of an `id` or `email`."""
        query = call.request.query_params
        rows = [
            replies.user(user)
            for user in self._vendor.state.users.values()
            if query.get("id") in (None, user.id) and query.get("email") in (None, user.email)
        ]
        return call.page("users", rows)

    def create(self, call: Call) -> object:
        given, state = call.given("user"), self._vendor.state
        texts = {name: given.get(name) for name in ("id", "email", "metadata")}
        if not given or any(value is not None and not isinstance(value, str) for value in texts.values()):
            raise Refused(400, "user cannot be empty, and id, email and metadata are text")
        if texts["id"] is not None and any(user.id == texts["id"] for user in state.users.values()):
            raise Refused(409, "id must be unique")
        made = User(state.next_guid("USR"), **texts, is_disabled=given.get("is_disabled") is True)
        state.users[made.guid] = made
        return {"user": replies.user(made)}

    def one(self, call: Call) -> object:
        return {"user": replies.user(self._vendor.state.user(call.path("user")))}

    def delete(self, call: Call) -> None:
        state = self._vendor.state
        user = state.user(call.path("user"))
        del state.users[user.guid]
        for member in state.of(user):
            del state.members[member.guid]

    def members(self, call: Call) -> object:
        state = self._vendor.state
        rows = state.of(state.user(call.path("user")))
        return call.page("members", [replies.member(row, self._vendor.clock.now) for row in rows])

    def member(self, call: Call) -> object:
        return {"member": replies.member(self._member(call), self._vendor.clock.now)}

    def status(self, call: Call) -> object:
        """Answer how the job of a member stands; asking lets it go on."""
        member = self._member(call)
        reply = {"member": replies.status(member, self._vendor.clock.now)}
        self._vendor.state.poll(member)
        return reply

    def aggregate(self, call: Call) -> object:
        """Begin to read the bank; a job that is under way is answered in the same way."""
        member = self._member(call)
        self._vendor.state.start_job(member)
        return self.member(call)

    def delete_member(self, call: Call) -> None:
        del self._vendor.state.members[self._member(call).guid]

    def institutions(self, call: Call) -> object:
        wanted = call.request.query_params.get("name", "").lower()
        rows = [replies.institution(*each) for each in institutions().items() if wanted in each[1].lower()]
        return call.page("institutions", rows)

    def institution(self, call: Call) -> object:
        code = call.path("institution")
        name = institutions().get(code)
        if name is None:
            raise Refused(404, "Institution not found")
        return {"institution": replies.institution(code, name)}

    def widget(self, call: Call) -> object:
        """Answer the address of a page in which a person links a bank; it works once, for ten minutes."""
        asked, state = call.given("widget_url"), self._vendor.state
        if asked.get("widget_type") != "connect_widget":
            raise Refused(422, "widget_type is not supported here")
        user = state.user(call.path("user"))
        named = asked.get("current_member_guid")
        member = None if named is None else state.member(user, str(named)).guid
        used = sum(link.used for link in state.links.values())
        token = guid("WGT", user.guid, member, used)  # one that nobody has opened is the same one, asked for again
        redirect = asked.get("client_redirect_url")
        until = self._vendor.clock.now + WIDGET_LIFE
        state.links[token] = Link(user.guid, until, member, redirect if isinstance(redirect, str) else None)
        at = call.request.url
        url = f"{at.scheme}://{at.netloc}{call.request.scope['root_path']}/widget/{token}"
        return {"widget_url": {"type": "connect_widget", "url": url, "user_id": user.id}}

    def _member(self, call: Call) -> Member:
        state = self._vendor.state
        return state.member(state.user(call.path("user")), call.path("member"))

    async def page(self, request: Request) -> Response:
        """Show the widget, or do what its button says."""
        token = str(request.path_params["token"])
        link = self._vendor.state.links.get(token)
        if link is None or link.used or link.until < self._vendor.clock.now:
            return _page("This link has been used or has expired; ask for a new one.", 410)
        if request.method == "GET":
            return _page(_form(link), 200)
        link.used = True
        form = (await request.body()).decode("latin-1").partition("institution=")[2].partition("&")[0]
        self.finish(link, form or next(iter(institutions())))
        return RedirectResponse(link.redirect, 303) if link.redirect else _page("Done. You may close this page.", 200)

    def finish(self, link: Link, code: str) -> Member:
        """Do what a person does in the widget: sign in at a bank for the first time, or again."""
        state = self._vendor.state
        if link.member is None:
            return state.link(state.users[link.user], slug_of(code), self._vendor.clock.now)
        member = state.members[link.member]
        member.status, member.seen_at = "CONNECTED", None
        state.start_job(member)
        return member


def _form(link: Link) -> str:
    banks = link.member is None
    choices = "".join(f'<option value="{escape(c)}">{escape(n)}</option>' for c, n in institutions().items())
    select = f'<label>Bank <select name="institution">{choices}</select></label> ' if banks else ""
    return f'<form method="post">{select}<button>Sign in at the bank</button></form>'


def _page(content: str, status: int) -> Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Connect your bank</title></head>'
        f"<body><main><h1>Connect your bank</h1>{content}</main></body></html>"
    )
    return Response(text, status, {"content-security-policy": _POLICY}, "text/html")
