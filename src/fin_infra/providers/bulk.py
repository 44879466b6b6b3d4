"""Make very many records quickly: for lists of hundred thousands, where each microsecond of a record is felt.
Floor 3: measured in benchmarks/teller_parse.py; ordinary replies do not need this."""

from __future__ import annotations

import gc
from abc import ABCMeta
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, ParamSpec, TypeVar

import msgspec

from fin_infra.transport import Reply

P = ParamSpec("P")
R = TypeVar("R")


def quick(cls: Callable[P, R]) -> Callable[P, R]:
    """Return a constructor of a frozen, slotted dataclass that takes a third of the time of its own.

    The own one writes each field through `object.__setattr__`, this one straight into the slot. It is for values the
    caller has checked: a `__post_init__` is not run.

    Raises:
        TypeError: the class is not slotted, or has fields that a constructor does not simply store.
    """
    if not is_dataclass(cls) or any(not field.init or field.default_factory is not MISSING for field in fields(cls)):
        raise TypeError("quick takes dataclasses whose fields are all stored as given")
    names: dict[str, Any] = {"new": object.__new__, "cls": cls}
    for field in fields(cls):
        names[f"set_{field.name}"] = getattr(cls, field.name).__set__
        names[f"default_{field.name}"] = field.default
    given = ", ".join(f.name + (f"=default_{f.name}" if f.default is not MISSING else "") for f in fields(cls))
    body = "".join(f"    set_{field.name}(it, {field.name})\n" for field in fields(cls))
    star = "*, " if fields(cls)[0].kw_only else ""
    exec(f"def make({star}{given}):\n    it = new(cls)\n{body}    return it\n", names)  # noqa: S102  # nosec B102: field names only, as dataclasses itself does
    made: Callable[P, R] = names["make"]
    return made


@contextmanager
def collector_paused() -> Generator[None]:
    """Keep the garbage collector from looking at records while they are made: none of them is garbage yet.

    It would walk all that exist again and again as they become more. Two threads that do this at once may have it
    back a little early; a collector that was off stays off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
