"""What reads the values of one statement, and remembers what about them has to be said.
Floor 4: a value that cannot be read is an error with its place; only on request is it set aside, and then named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from fin_infra.errors import InvalidInput, StatementUnreadable
from fin_infra.imports.statements import values
from fin_infra.imports.statements.base import ReadOptions
from fin_infra.imports.statements.ofx.tree import Node, clean
from fin_infra.imports.statements.text import Text
from fin_infra.model.currency import CURRENCIES

T = TypeVar("T")

_NO_CURRENCY = ("XXX", "XTS")
"""ISO 4217 has a code for "no currency" and one for tests."""


class OfxFile:
    """The whole file: its tags, what the caller says about it, and how its amounts are printed."""

    def __init__(self, source: Text, root: Node, options: ReadOptions) -> None:
        self.source = source
        self.root = root
        self.options = options

    @cached_property
    def usual_decimal_mark(self) -> str | None:
        """The decimal mark that the clear amounts of the file agree on."""
        leaves = (node.values.get(name) for node in self.root.walk() for name in ("TRNAMT", "BALAMT", "TOTAL"))
        return values.decimal_mark(clean(leaf[0]) for leaf in leaves if leaf)


@dataclass(slots=True)
class Reading:
    """One statement at work: `said` becomes its warnings, `left_out` what a total over it lacks."""

    file: OfxFile
    said: dict[str, None] = field(default_factory=dict[str, None])
    left_out: list[str] = field(default_factory=list[str])
    bad_dates: set[str] = field(default_factory=set[str])

    def fault(self, message: str, index: int) -> StatementUnreadable:
        return self.file.source.fault(message, index)

    def say(self, text: str) -> None:
        self.said[text] = None

    def each(
        self, what: str, nodes: Sequence[Node], reading: Callable[[Node], T], *, counted: bool = False
    ) -> tuple[T, ...]:
        """Read each of them; one that cannot be read ends the import, or is set aside and named where that is asked."""
        found: list[T] = []
        for node in nodes:
            try:
                found.append(reading(node))
            except StatementUnreadable as error:
                self.set_aside(what, error, counted=counted)
        return tuple(found)

    def announced(self, nodes: Sequence[Node], reading: Callable[[Node], T]) -> tuple[T, ...]:
        """Read what is not posted yet. It is in no sum, so one that cannot be read is named and ends no import."""
        found: list[T] = []
        for node in nodes:
            try:
                found.append(reading(node))
            except StatementUnreadable as error:
                self.say(f"a pending row is set aside: {error}")
        return tuple(found)

    def set_aside(self, what: str, error: StatementUnreadable, *, counted: bool = False) -> None:
        """Name what is left out for this error, where the caller asked for that; else raise it with the way past it."""
        if not self.file.options.skip_unreadable:
            known = "decimal_mark" in error.reason or "skip_unreadable" in error.reason
            hint = "" if known else f"; skip_unreadable=True sets that {what} aside"
            raise StatementUnreadable(f"{error.reason[:-1]}{hint}.", error.offset, error.line)
        text = f"{'an' if what[0] in 'aeiou' else 'a'} {what} is set aside: {error}"
        self.say(text)
        if counted:
            self.left_out.append(text)

    def once(self, node: Node, *names: str) -> None:
        """Refuse two different values under one name: one of them is somebody else's, and nothing tells which."""
        for name, data, index in node.repeated:
            if name in names and clean(data) != (node.text(name) or ""):
                raise self.fault(f"{name} stands twice with different values; export the file again", index)

    def only_child(self, node: Node, *names: str) -> Node | None:
        """Return the one child of these names; several are taken as one where all say the same."""
        found = [child for child in node.children if child.name in names]
        for other in found[1:]:
            if {name: clean(data) for name, (data, _) in other.values.items()} != {
                name: clean(data) for name, (data, _) in found[0].values.items()
            }:
                raise self.fault(
                    f"<{other.name}> stands twice with different values; export the file again", other.start
                )
        return found[0] if found else None

    def amount(self, text: str, currency: str, index: int, *, computed: bool = False) -> Decimal:
        return self._read(lambda mark: values.amount(text, currency, mark, computed=computed), index)

    def number(self, node: Node, name: str) -> Decimal | None:
        text = node.text(name)
        return None if text is None else self._read(lambda mark: values.number(text, mark), node.at(name))

    def _read(self, reading: Callable[[str | None], T], index: int) -> T:
        """Read a number, asking the file's other amounts where it can be read in two ways."""
        try:
            try:
                return reading(self.file.options.decimal_mark)
            except values.AmbiguousAmount:
                if self.file.usual_decimal_mark is None:
                    raise
                return reading(self.file.usual_decimal_mark)
        except InvalidInput as error:
            raise self.fault(str(error), index) from None

    def day(self, node: Node, name: str) -> date | None:
        text = node.text(name)
        try:
            return None if text is None else values.day(text)
        except InvalidInput as error:
            raise self.fault(f"{name}: {error}", node.at(name)) from None

    def optional_day(self, node: Node, name: str) -> date | None:
        try:
            return self.day(node, name)
        except StatementUnreadable as error:
            if name not in self.bad_dates:
                self.bad_dates.add(name)
                self.say(f"{error}; dates like it are left out")
            return None

    def currency(self, code: str, index: int) -> str:
        upper = code.upper()
        if upper in _NO_CURRENCY:
            raise self.fault(f"{upper!r} is the code for no currency", index)
        if upper not in CURRENCIES:
            raise self.fault(f"{values.shown(code)!r} is not an ISO 4217 currency code", index)
        return upper

    def currency_or_said(self, code: str, index: int) -> str:
        """Read the printed currency; where that is none, the caller's counts."""
        try:
            return self.currency(code, index)
        except StatementUnreadable as error:
            said = self.file.options.currency
            if said is None:
                raise StatementUnreadable(
                    f"{error.reason[:-1]}; say which it is, as in currency='EUR'.", error.offset, error.line
                ) from None
            self.say(f"{error.reason[:-1]} (at {self.file.source.place(index)}); taken as {said}")
            return said
