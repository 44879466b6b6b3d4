"""Pass what happens to an account's orders on to the one stream connection that may listen to it.
Floor 8: what nobody listens to is gone, as at the vendor; a client that comes back must ask for its orders.
"""

from __future__ import annotations

from typing import Protocol

from fin_infra.sandbox.broker.account import Event

FRAMES = ("binary", "text")


class Connection(Protocol):
    """What a stream gives the feed to reach it."""

    def push(self, event: Event) -> None:
        """Send an event as it stands now."""
        ...

    def drop(self) -> None:
        """Close the connection."""
        ...


class Feed:
    """One slot per account; `frames` is how messages are sent."""

    def __init__(self) -> None:
        self.frames = "binary"
        self._slots: dict[str, Connection] = {}

    def take(self, api_key: str, connection: Connection) -> bool:
        """Give the account's slot to a connection; False when it is taken."""
        return self._slots.setdefault(api_key, connection) is connection

    def leave(self, api_key: str, connection: Connection) -> None:
        """Free the slot, if this connection has it."""
        if self._slots.get(api_key) is connection:
            del self._slots[api_key]

    def publish(self, api_key: str, event: Event) -> None:
        """Send an event to whoever listens to the account."""
        if connection := self._slots.get(api_key):
            connection.push(event)

    def connected(self) -> list[str]:
        """Return the accounts that are listened to."""
        return sorted(self._slots)

    def drop(self) -> int:
        """Close every connection and return how many there were."""
        dropped = list(self._slots.values())
        self._slots.clear()
        for connection in dropped:
            connection.drop()
        return len(dropped)
