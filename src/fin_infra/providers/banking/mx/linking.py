"""How a person links a bank through MX's hosted widget, how the login stands, and how it ends.
Floor 3: MX tells nobody that a person has finished; a login that was not there before is how one knows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fin_infra.errors import InvalidInput, UnexpectedPayload
from fin_infra.flow import json_of
from fin_infra.model import LinkStart, LinkState, LinkStatus, Listing, Login, LoginState, LoginStatus
from fin_infra.providers import fields
from fin_infra.providers.banking.mx.words import KEY
from fin_infra.transport import Reply

WIDGET_LIFE = timedelta(minutes=10)
"""A widget's URL works once, for so long (description of POST /users/{guid}/widget_urls in v20250224.yml)."""
_DONE = frozenset({LoginStatus.HEALTHY, LoginStatus.BUSY})


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a link waits for: a login of the user besides those there were, or one of them in order again."""

    user_guid: str
    until: datetime
    known: tuple[str, ...]
    repaired: str | None

    @property
    def token(self) -> str:
        return "/".join((self.user_guid, self.until.isoformat(), self.repaired or "", ",".join(self.known)))

    @classmethod
    def of(cls, token: str) -> Waiting:
        """Raise InvalidInput for what `start_link` did not give."""
        user, _, rest = token.partition("/")
        until, _, rest = rest.partition("/")
        repaired, _, known = rest.partition("/")
        try:
            return cls(user, datetime.fromisoformat(until), tuple(filter(None, known.split(","))), repaired or None)
        except ValueError:
            raise InvalidInput("That is not the token of a link that MX was asked for.") from None

    def state(self, logins: Listing[LoginState], reply: Reply) -> LinkState:
        """Return how far the person is, by the logins that the user has now.

        Raises:
            UnexpectedPayload: one that may be the awaited one cannot be read.
        """
        if any(error.id is None or error.id not in self.known or error.id == self.repaired for error in logins.errors):
            raise UnexpectedPayload("a login that may be the new one cannot be read")
        made = [each for each in logins if each.vendor_id not in self.known and self.repaired is None]
        again = [each for each in logins if each.vendor_id == self.repaired and each.status in _DONE]
        status = LinkStatus.FINISHED if made or again else LinkStatus.OPEN
        if status is LinkStatus.OPEN and reply.received_at > self.until:
            status = LinkStatus.EXPIRED
        return LinkState(
            source=KEY,
            as_of=reply.received_at,
            raw=None,
            status=status,
            public_tokens=tuple(f"{self.user_guid}/{each.vendor_id}" for each in made),
            institutions=tuple(each.institution for each in (*made, *again) if each.institution is not None),
            reason="The link has expired; ask for a new one." if status is LinkStatus.EXPIRED else None,
        )


def widget(redirect_uri: str | None, institution: str | None, member_guid: str | None) -> bytes:
    """Return the body that asks for the connect widget."""
    asked: dict[str, Any] = {"widget_type": "connect_widget", "mode": "aggregation", "include_transactions": True}
    given = {
        "client_redirect_url": redirect_uri,
        "current_institution_code": institution,
        "current_member_guid": member_guid,
    }
    asked |= {name: value for name, value in given.items() if value is not None}
    return json.dumps({"widget_url": asked}).encode()


def started(reply: Reply, waiting: Waiting) -> LinkStart:
    row = fields.child(json_of(reply, dict), "widget_url")
    return LinkStart(
        source=KEY,
        as_of=reply.received_at,
        raw=None,
        url=fields.ident(row, "url"),
        token=waiting.token,
        expires_at=waiting.until,
    )


def halves(public_token: str) -> tuple[str, str]:
    """Return user and member of a token that `link_state` gave; raise InvalidInput."""
    user, _, member = public_token.partition("/")
    if not exchangeable(public_token):
        raise InvalidInput("That is not a token of a finished link at MX.")
    return user, member


def exchangeable(token: str) -> bool:
    user, _, member = token.partition("/")
    return user.startswith("USR-") and member.startswith("MBR-") and "/" not in member


def login(user_guid: str, state: LoginState) -> Login:
    return Login(
        source=KEY,
        as_of=state.as_of,
        raw=None,
        credentials={"user_guid": user_guid, "member_guid": state.vendor_id},
        vendor_id=state.vendor_id,
        institution=state.institution,
    )


def deleted(reply: Reply) -> None:
    """Accept the one answer that means done."""
    if reply.status != 204:
        raise UnexpectedPayload(
            "a delete is answered with 204; list the logins to see whether it is gone", http_status=reply.status
        )
