"""What a forked child must not share with its parent: sockets, database connections, locks that another thread held.
Floor 2: objects name themselves here once; in a child each of them starts again, before any other code runs."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """An object that holds what belongs to one process."""

    def after_fork(self) -> None:
        """Take new locks and let go of what the parent opened, without closing it: closing may write to it."""
        ...


_alive: WeakSet[Forked] = WeakSet()
_inherited: list[object] = []
"""What the parent opened, held so that no finalizer of the child writes to it, such as a checkpoint of SQLite."""


def starts_again(held: Forked) -> None:
    """Call `held.after_fork()` in every child that is forked while `held` is alive."""
    _alive.add(held)


def leave(*inherited: object) -> None:
    """Keep what belongs to the parent out of use and out of the garbage collector's reach."""
    _inherited.extend(inherited)


class Paused(Forked, Protocol):
    """An object that has to be at rest while its process is forked, in the parent too."""

    def before_fork(self) -> None: ...

    def go_on(self) -> None:
        """Go on in the parent."""
        ...


_resting: WeakSet[Paused] = WeakSet()
_paused: list[Paused] = []


def rests(held: Paused) -> None:
    """Call `before_fork` and `go_on` around each fork, and `after_fork` in the child, while `held` is alive."""
    _resting.add(held)
    _alive.add(held)


def _before_fork() -> None:
    for held in tuple(_resting):
        held.before_fork()
        _paused.append(held)


def _go_on() -> None:
    while _paused:
        _paused.pop().go_on()


def _after_fork() -> None:
    _paused.clear()
    for held in tuple(_alive):
        held.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_go_on, after_in_child=_after_fork)
