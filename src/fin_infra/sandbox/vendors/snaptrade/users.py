"""Serve SnapTrade's users and their connections: register, log in, list, refresh, disable, delete.
Floor 8: what the vendor queues happens here at once; only the seeded user has connections.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fin_infra.sandbox.vendors.snaptrade import CLIENT_ID
from fin_infra.sandbox.vendors.snaptrade.access import Call, Refused, check_user, missing
from fin_infra.sandbox.vendors.snaptrade.accounts import Directory
from fin_infra.sandbox.world.holdings import uid
from fin_infra.sandbox.world.portfolio import CONNECTIONS, USER

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.snaptrade.vendor import SnapTrade

REFRESH_EVERY = timedelta(minutes=5)


class Users:
    """The operations on users and connections."""

    def __init__(self, vendor: SnapTrade) -> None:
        self._vendor, self._directory = vendor, Directory(vendor)

    @property
    def _now(self) -> datetime:
        return self._vendor.clock.now

    def register_user(self, call: Call) -> object:
        """Register a user without connections."""
        name, state = call.text("userId"), self._vendor.state
        if name in state.users:
            raise Refused(400, "1010", f"User with the following userId already exists: {name}")
        return self._new_secret(name)

    def _new_secret(self, name: str) -> dict[str, object]:
        state = self._vendor.state
        state.secrets_made += 1
        state.users[name] = uid(self._vendor.world.seed, "secret", state.secrets_made)
        return {"userId": name, "userSecret": state.users[name]}

    def list_users(self, _: Call) -> object:
        """Answer the ids of the users."""
        return list(self._vendor.state.users)

    def delete_user(self, call: Call) -> object:
        """Delete a user and the connections, at once where the vendor queues it."""
        name, state = call.query("userId"), self._vendor.state
        if state.users.pop(name, None) is None:
            raise missing()
        if name == USER:
            state.deleted.update(row.slug for row in CONNECTIONS)
        return {"status": "deleted", "detail": f"User queued for deletion: {name}", "userId": name}

    def reset_user_secret(self, call: Call) -> object:
        """Replace a user's secret."""
        name = check_user(self._vendor.state, call.text("userId"), call.text("userSecret"))
        return self._new_secret(name)

    def login(self, call: Call) -> object:
        """Answer a link to the connection portal; it leads nowhere."""
        self._vendor.state.secrets_made += 1
        session = uid(self._vendor.world.seed, "session", self._vendor.state.secrets_made)
        link = f"https://app.snaptrade.com/snapTrade/redeemToken?sessionId={session}&clientId={CLIENT_ID}"
        return {"redirectURI": link, "sessionId": session}

    def authorizations(self, call: Call) -> object:
        """Answer the connections, disabled ones included."""
        if call.user != USER:
            return []
        return [self._directory.authorization(row) for row in self._directory.connections()]

    def authorization(self, call: Call) -> object:
        """Answer one connection."""
        directory = self._directory.of_user(call.user)
        return directory.authorization(directory.connection(call.path("connection_id")))

    def delete_connection(self, call: Call) -> object:
        """Delete a connection, at once where the vendor queues it."""
        row = self._directory.of_user(call.user).connection(call.path("connection_id"))
        self._vendor.state.deleted.add(row.slug)
        detail = "Connection queued for deletion; please wait for webhook for confirmation."
        return {"detail": detail, "connection_id": call.path("connection_id")}

    def refresh(self, call: Call) -> object:
        """Queue a refresh, unless the connection is disabled, the feature is off or the last one is too recent."""
        directory, state = self._directory.of_user(call.user), self._vendor.state
        row = directory.connection(call.path("connection_id"))
        if not state.refresh_enabled:
            detail = "Feature is not enabled for this customer or this connection"
            raise Refused(403, "1141", detail, states_status=False)
        if directory.disabled_at(row) is not None:
            detail = "Unable to sync with brokerage account because the connection is disabled."
            raise Refused(402, "3003", detail, states_status=False)
        last = state.refreshed.get(row.slug)
        if last is not None and last <= self._now < last + REFRESH_EVERY:
            raise Refused(429, "throttled", "Connection refreshed too recently. Please try again later.")
        state.refreshed[row.slug] = self._now
        return {"detail": f"Connection {call.path('connection_id')} has been scheduled to refresh."}

    def disable(self, call: Call) -> object:
        """Disable a connection."""
        directory, ident = self._directory.of_user(call.user), call.path("connection_id")
        row = directory.connection(ident)
        if directory.disabled_at(row) is not None:
            raise Refused(402, "3011", "This connection is already disabled.", states_status=False)
        self._vendor.state.disabled[row.slug] = self._now
        return {"detail": f"Connection {ident} has been disabled"}
