"""What is the matter with a connection: what its vendor says now, what the book did last, and what to do.
Floor 6: one question to the vendor and one to the book; nothing is written, and a vendor that is silent is an answer.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from fin_infra.book import logins
from fin_infra.book.links import Links
from fin_infra.book.methods import method
from fin_infra.book.records import Connection, ConnectionState
from fin_infra.errors import FinInfraError
from fin_infra.model import Listing, LoginState, LoginStatus
from fin_infra.model.record import Model
from fin_infra.providers.interfaces.banking import BankingProvider
from fin_infra.providers.interfaces.linking import LinkingProvider
from fin_infra.providers.provider import Provider
from fin_infra.security import mask
from fin_infra.transport import Flow, Invoke, M

_WAIT = "Nothing; the next sync goes on by itself."


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis(Model):
    """How a connection stands, from both sides."""

    connection: Connection
    """What we did last: `tried_at`, `synced_at`, and how that ended."""
    vendor: LoginState | None
    """What the vendor says of the login now; None where it has no word for it, or did not answer."""
    vendor_error: str | None
    """Why the vendor was not understood, in words for a person."""
    next_step: str
    """What to do, and who."""
    answered_at: dt.datetime
    """When the vendor was asked; aware UTC."""


class Doctor(Links[M]):
    @method
    def doctor(self, connection: str) -> Flow[Diagnosis]:
        """Ask the vendor how a login stands, beside what the book did last with it, and say what to do.

        Raises:
            NotRemembered: there is no such connection.
            BookUnavailable: the database cannot be used now.
        """
        row = yield from self.ask(logins.stored, connection)
        known = yield from self.connection_of(connection)
        state, error = None, None
        if row.state != ConnectionState.REVOKED or known.ending:
            try:
                state = yield from _asked(self.client_of(row))
            except FinInfraError as exc:
                error = exc
        return Diagnosis(
            connection=known,
            vendor=state,
            vendor_error=None if error is None else mask(error.for_caller()),
            next_step=_step(known, state, error),
            answered_at=self.clock(),
        )


def _asked(client: Provider[Any]) -> Flow[LoginState | None]:
    """Ask for the state of a login; of a bank without that question whether it still lists its accounts."""
    if isinstance(client, LinkingProvider) and "login_state" in client.can:
        found: LoginState = yield Invoke(client.login_state)
        return found
    if isinstance(client, BankingProvider):
        _: Listing[Any] = yield Invoke(client.accounts)
    return None


def _step(known: Connection, state: LoginState | None, error: FinInfraError | None) -> str:
    """Return what to do: the vendor's word of now comes before that of the last sync."""
    if known.state is ConnectionState.REVOKED:
        return known.next_step or "Connect again to go on."
    if state is not None and state.status is not LoginStatus.HEALTHY:
        return state.next_step or _WAIT
    if error is not None:
        return logins.standing(error)[2] or _WAIT
    if known.state is ConnectionState.PAUSED:
        return known.next_step or "Resume it to go on."
    if known.state is not ConnectionState.HEALTHY:
        return "The vendor answers now: sync it again."
    return _WAIT
