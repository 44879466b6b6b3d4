"""The elements of a CAMT file, one entry at a time.
Floor 4: no document type, no entity and no network; an entry that was read leaves the memory.

lxml is the engine: on 50,000 entries its `iterparse` with a filter on tags costs half of a walk over all elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from typing import Any, Literal, NamedTuple, TypeAlias

from fin_infra.errors import MissingExtra, StatementUnreadable
from fin_infra.imports.statements.text import decode

STATEMENTS = {"Stmt": "053", "Rpt": "052", "Ntfctn": "054"}
"""The element around one account's part, and the message it stands in."""
_ENTRY = "Ntry"
_TAGS = [f"{{*}}{name}" for name in (*STATEMENTS, _ENTRY)]
_UNREAD = frozenset(
    """
    PstlAdr OrgId PrvtId CtctDtls SplmtryData Tax Chrgs Intrst InitgPty MsgId PmtInfId InstrId MndtId ClrSysRef Purp
    LclInstrm CardTx
    """.split()  # noqa: SIM905 - a table of words reads better as words
)
"""Elements without a value of ours. Charges are in the entry's amount, or entries of their own."""
_MONEY = frozenset(("Amt", "TtlNetNtryAmt"))
_OTHER_MARKUP = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?:[^\s<>/:!?]{1,64}:)?Ntry(?=[\s/>])", re.S)
_ENDS_NAME = frozenset(b" \t\r\n/>")


Value: TypeAlias = "str | Branch | list[str | Branch]"


class Branch(dict[str, Value]):
    """An element: by name a leaf's text, a branch, or a list where the name came more than once.

    An amount's currency stands under `Amt@Ccy`.
    """

    __slots__ = ()

    def branch(self, *path: str) -> Branch | None:
        """Return the first element at the end of a path."""
        at: Branch = self
        for name in path:
            found = at.get(name)
            if type(found) is Branch:
                at = found
                continue
            if type(found) is not list:
                return None
            first = next((each for each in found if type(each) is Branch), None)
            if first is None:
                return None
            at = first
        return at

    def leaf(self, name: str) -> str | None:
        """Return the first text of that name; None for an empty one."""
        found = self.get(name)
        if found is None:
            return None
        if type(found) is list:
            found = next((each for each in found if type(each) is str), None)
        return (found.strip() or None) if type(found) is str else None

    def text(self, *path: str) -> str | None:
        """Return the text of the first leaf at the end of a path."""
        at = self.branch(*path[:-1])
        return at.leaf(path[-1]) if at is not None else None

    def each(self, name: str) -> list[Branch]:
        found = self.get(name)
        if type(found) is Branch:
            return [found]
        return [each for each in found if type(each) is Branch] if type(found) is list else []

    def all_texts(self, name: str) -> list[str]:
        found = self.get(name)
        if type(found) is str:
            return [found]
        return [each for each in found if type(each) is str] if type(found) is list else []


class _Names(dict[str, str]):
    """Names without their namespace, each worked out once; empty for what has no value of ours."""

    def __missing__(self, tag: str) -> str:
        name = tag.rpartition("}")[2]
        self[tag] = name = "" if name in _UNREAD else name
        return name


class Part(NamedTuple):
    """What the walk came to: a statement's head before its entries, an entry, or the end of a statement."""

    what: Literal["head", "entry", "end"]
    name: str
    branch: Branch
    offset: int


class Source:
    """The bytes of the file as UTF-8, whatever they were, and what place in the file each has."""

    def __init__(self, data: bytes) -> None:
        text = decode(data)
        self.encoding = text.encoding
        self._text = None if text.encoding == "utf-8" else text
        self.body = data if self._text is None else text.text.encode("utf-8")
        self._last = (0, 0)
        self._last_line = (0, 1)

    def byte(self, offset: int) -> int:
        """Return the byte of the file for one of `body`; cheap for one that comes later than the last."""
        if self._text is None:
            return offset
        at, char = self._last if self._last[0] <= offset else (0, 0)
        char += len(self.body[at:offset].decode("utf-8", "ignore"))
        self._last = (offset, char)
        return self._text.byte(char)

    def line(self, offset: int) -> int:
        at, line = self._last_line if self._last_line[0] <= offset else (0, 1)
        line += self.body.count(b"\n", at, offset)
        self._last_line = (offset, line)
        return line

    def fault(self, message: str, offset: int) -> StatementUnreadable:
        return StatementUnreadable(f"{message}.", self.byte(offset), self.line(offset))

    def line_start(self, line: int) -> int:
        """Return where a line begins, counted from 1; the end of the file where it has fewer."""
        at = 0
        for _ in range(line - 1):
            at = self.body.find(b"\n", at) + 1
            if not at:
                return len(self.body)
        return at

    def entries(self, prefix: str | None) -> Iterator[int]:
        """Yield where each entry's start tag stands."""
        if b"<!" in self.body or self.body.count(b"<?") > 1:
            yield from (match.start() for match in _OTHER_MARKUP.finditer(self.body) if match[0].endswith(b"Ntry"))
            return
        tag = f"<{prefix}:{_ENTRY}".encode() if prefix else f"<{_ENTRY}".encode()
        at = self.body.find(tag)
        while at >= 0:
            end = at + len(tag)
            if self.body[end] in _ENDS_NAME:
                yield at
            at = self.body.find(tag, end)


def walk(source: Source) -> Iterator[Part]:
    """Yield the parts of the file in its order.

    Raises:
        StatementUnreadable: not well-formed XML, with a document type, or an entry that stands in no statement.
        MissingExtra: lxml is not installed.
    """
    etree = _etree()
    declared = source.body.find(b"<!DOCTYPE")
    if declared >= 0:
        raise source.fault("The file declares a document type, which a CAMT file never has; it is not read", declared)
    events = etree.iterparse(
        BytesIO(source.body),
        events=("end",),
        tag=_TAGS,
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
    )
    try:
        yield from _parts(events, source)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        start = source.line_start(line or 1)
        end = source.body.find(b"\n", start)
        offset = min(start + max((column or 1) - 1, 0), len(source.body) if end < 0 else end)
        raise source.fault("The XML of the file is damaged or breaks off here; export it again", offset) from None


def _parts(events: Any, source: Source) -> Iterator[Part]:
    names = _Names()
    entries: Iterator[int] | None = None
    before: Any = None
    offset = 0
    for _, element in events:
        name = names[element.tag]
        if name == _ENTRY:
            entries = entries or source.entries(element.prefix)
            offset = next(entries, offset)
            above = next((names[each.tag] for each in element.iterancestors()), "")
            if above not in STATEMENTS:
                raise source.fault("An entry belongs to no statement; the file is damaged, export it again", offset)
            if before is None:
                yield Part("head", above, grow(element.getparent(), names), offset)
            else:
                before.getparent().remove(before)
            yield Part("entry", above, grow(element, names), offset)
            # lxml still holds on to the current element, so it is only emptied and goes when the next has come.
            element.clear()
            before = element
            continue
        begun = source.line_start(element.sourceline)
        if any(names[each.tag] in STATEMENTS for each in element.iterancestors()):
            raise source.fault(f"A {name} stands inside another statement; the file is damaged", begun)
        yield Part("end", name, grow(element, names), begun)
        element.clear()
        before = None


def grow(element: Any, names: dict[str, str]) -> Branch:
    """Take what is of use out of an element, with names that no namespace is part of."""
    branch = Branch()
    for child in element:
        name = names[child.tag]
        if not name:
            continue
        value: str | Branch | None = grow(child, names) if len(child) else child.text
        if value is None:
            continue
        if name in branch:
            before = branch[name]
            several: list[str | Branch] = before if isinstance(before, list) else [before]
            several.append(value)
            branch[name] = several
            continue
        branch[name] = value
        if name in _MONEY and (currency := child.get("Ccy")):
            branch[name + "@Ccy"] = currency.strip()
    return branch


def _etree() -> Any:
    """Load lxml, which ships no type information, with the first CAMT file."""
    try:
        return import_module("lxml.etree")
    except ImportError:
        raise MissingExtra.of("Reading CAMT files needs", "lxml", "statements") from None
