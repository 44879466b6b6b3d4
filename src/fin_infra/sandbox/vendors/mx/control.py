"""Serve /_sandbox/mx: the members, and what can be done to them in place of a person or a bank.
Floor 8: a state is one of the published ones; a member that is held at work stays so until it is let go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from fin_infra.sandbox.kernel.vendor import Json, only
from fin_infra.sandbox.vendors.mx import STATUSES, USER, replies
from fin_infra.sandbox.vendors.mx.members import WELL, Member, institutions, slug_of

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.mx.vendor import Mx


class MxControl:
    """What the control plane shows and changes of MX."""

    def __init__(self, vendor: Mx) -> None:
        self._vendor = vendor

    def describe(self, _: Json, __: Request) -> object:
        """Return the household's members, and what waits for a person in the widget."""
        state, now = self._vendor.state, self._vendor.clock.now
        return {
            "user_guid": USER,
            "members": [replies.member(each, now) for each in state.members.values() if each.user == USER],
            "widgets": [token for token, link in state.links.items() if not link.used],
        }

    def change(self, body: Json, request: Request) -> object:
        """Give a member a connection status, or hold it at work and let it go again."""
        only(body, "member", "status", "busy")
        member = self._member(body)
        status, busy = body.get("status"), body.get("busy")
        if status is not None and status not in STATUSES:
            raise ValueError(f"`status` is one of {', '.join(STATUSES)}.")
        if busy is not None and not isinstance(busy, bool):
            raise ValueError("`busy` must be true or false.")
        if status is not None:
            self._set_status(member, str(status))
        if busy is not None:
            member.held = busy
        return self.describe({}, request)

    def connect(self, body: Json, _: Request) -> object:
        """Link a bank of the household, as a person does in the widget; MX reads it at once."""
        only(body, "institution")
        code = body.get("institution", next(iter(institutions())))
        if code not in institutions():
            raise ValueError(f"`institution` must be one of {', '.join(institutions())}.")
        state = self._vendor.state
        made = state.link(state.user(USER), slug_of(str(code)), self._vendor.clock.now)
        return {"user_guid": USER, "member_guid": made.guid}

    def _set_status(self, member: Member, status: str) -> None:
        if status in WELL:
            member.seen_at = None
        elif member.seen_at is None:
            member.seen_at = self._vendor.clock.now
        member.status = status

    def _member(self, body: Json) -> Member:
        state = self._vendor.state
        try:
            return state.members[str(body.get("member"))]
        except KeyError:
            raise LookupError("No member of that guid.") from None
