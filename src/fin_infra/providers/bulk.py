"""Make very many records quickly: for lists of hundred thousands, where each microsecond of a record is felt.
Floor 3: ordinary replies do not need this; a benchmark of the repository measures it."""

from __future__ import annotations

import gc
import os
import threading
from abc import ABCMeta
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

import msgspec

from fin_infra.transport import Reply

R = TypeVar("R")


def quick(cls: Callable[..., R]) -> Callable[..., R]:
    """Return a constructor of a frozen, slotted dataclass that takes a third of the time of its own.

    The own one writes each field through `object.__setattr__`, this one straight into the slot. It is for values the
    caller has checked: a `__post_init__` is not run. Values may come without names, which is quicker again: those of
    fields without a default first, then the others, each in the order of the class.

    Raises:
        TypeError: the class is not slotted, or has fields that a constructor does not simply store.
    """
    if not is_dataclass(cls) or any(not field.init or field.default_factory is not MISSING for field in fields(cls)):
        raise TypeError("quick takes dataclasses whose fields are all stored as given")
    names: dict[str, Any] = {"new": object.__new__, "cls": cls}
    for field in fields(cls):
        names[f"set_{field.name}"] = getattr(cls, field.name).__set__
        names[f"default_{field.name}"] = field.default
    given = ", ".join(
        [f.name for f in fields(cls) if f.default is MISSING]
        + [f"{f.name}=default_{f.name}" for f in fields(cls) if f.default is not MISSING]
    )
    body = "".join(f"    set_{field.name}(it, {field.name})\n" for field in fields(cls))
    exec(f"def make({given}):\n    it = new(cls)\n{body}    return it\n", names)  # noqa: S102  # nosec B102: field names only, as dataclasses itself does
    made: Callable[..., R] = names["make"]
    return made


class _Pauses:
    """How many threads have the collector paused, and whether it was on before the first did."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._lock, self._count, self._was_on = threading.Lock(), 0, False

    def begin(self) -> None:
        with self._lock:
            if not self._count:
                self._was_on = gc.isenabled()
                gc.disable()
            self._count += 1

    def end(self) -> None:
        with self._lock:
            self._count -= 1
            if not self._count and self._was_on:
                gc.enable()

    def after_fork(self) -> None:
        """Give a forked child its collector back: threads that paused it exist in the parent only."""
        if self._count and self._was_on:
            gc.enable()
        self.forget()


_pauses = _Pauses()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pauses.after_fork)


@contextmanager
def collector_paused() -> Generator[None]:
    """Keep the garbage collector from looking at records while they are made: none of them is garbage yet.

    It would walk all that exist again and again as they become more. Of several threads, or of one inside another, the
    last to end gives it back; a collector that was off stays off.
    """
    _pauses.begin()
    try:
        yield
    finally:
        _pauses.end()


class _AbstractStruct(msgspec.StructMeta, ABCMeta):
    """Lets a struct be a Mapping."""


class Verbatim(Mapping[str, Any], msgspec.Struct, metaclass=_AbstractStruct, gc=False, frozen=True):
    """A vendor's record as the bytes it came in, decoded whenever somebody looks.

    A struct that the garbage collector need not follow: a hundred thousand of any other object cost it 0.3 s.
    """

    body: bytes

    def _row(self) -> dict[str, Any]:
        row: dict[str, Any] = Reply(200, self.body).json()
        return row

    def __getitem__(self, name: str) -> Any:
        return self._row()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._row())

    def __len__(self) -> int:
        return len(self._row())

    def __repr__(self) -> str:
        return f"<Verbatim {len(self.body)} bytes>"
