"""Tags of OFX 1 (SGML, leaf tags left open) and OFX 2 (XML) as one tree.
Floor 4: one pass, linear in time, no recursion; an aggregate left open is an error, because its rest is lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.text import Text

AGGREGATES = frozenset(
    """
    OFX SIGNONMSGSRSV1 SONRS STATUS FI BANKMSGSRSV1 CREDITCARDMSGSRSV1 INVSTMTMSGSRSV1 SECLISTMSGSRSV1 STMTTRNRS
    CCSTMTTRNRS INVSTMTTRNRS STMTRS CCSTMTRS INVSTMTRS BANKACCTFROM CCACCTFROM INVACCTFROM BANKTRANLIST
    BANKTRANLISTP STMTTRN STMTTRNP PAYEE LEDGERBAL AVAILBAL INVTRANLIST INVBANKTRAN INVPOSLIST INVPOS INVBAL SECID
    SECLIST SECINFO LOANSTMTRS LOANSTMTTRNRS LOANTRANLIST LOANSTMTTRN
    BUYDEBT BUYMF BUYOPT BUYOTHER BUYSTOCK CLOSUREOPT INCOME INVEXPENSE JRNLFUND JRNLSEC MARGININTEREST REINVEST
    RETOFCAP SELLDEBT SELLMF SELLOPT SELLOTHER SELLSTOCK SPLIT TRANSFER
    """.split()  # noqa: SIM905 - a table of words reads better as words
)
"""Elements that must be closed. Anything else without text may be an aggregate or an empty leaf left open."""

_TEXTS = frozenset("NAME EXTDNAME MEMO MESSAGE ORG SECNAME ADDR1 ADDR2 ADDR3 CITY PAYACCT ACCTNAME".split())  # noqa: SIM905 - a table of words
"""Leaves of free text, in which a tag that is not OFX's is text."""
_LEAVES = frozenset(
    """
    TRNTYPE DTPOSTED DTUSER DTAVAIL TRNAMT FITID CORRECTFITID CORRECTACTION SRVRTID CHECKNUM REFNUM SIC PAYEEID NAME
    EXTDNAME MEMO ADDR1 ADDR2 ADDR3 CITY STATE POSTALCODE COUNTRY PHONE CURRENCY ORIGCURRENCY CURRATE CURSYM CURDEF
    BANKACCTTO CCACCTTO IMAGEDATA IMAGETYPE IMAGEREF IMAGEREFTYPE IMAGEDELAY DTIMAGEAVAIL IMAGETTL CHECKSUP
    INV401KSOURCE BANKID BRANCHID ACCTID ACCTTYPE ACCTKEY BROKERID DTSTART DTEND DTASOF BALAMT BAL BALLIST DESC
    BALTYPE VALUE MKTGINFO CODE SEVERITY MESSAGE DTSERVER LANGUAGE DTPROFUP DTACCTUP SESSCOOKIE ACCESSKEY ORG FID
    TRNUID CLTCOOKIE USERKEY TSKEYEXPIRE UNIQUEID UNIQUEIDTYPE SECNAME TICKER RATING UNITPRICE UNITS MKTVAL
    DTPRICEASOF DTTRADE DTSETTLE POSTYPE HELDINACCT SUBACCTSEC SUBACCTFUND BUYTYPE SELLTYPE INCOMETYPE OPTACTION
    COMMISSION TAXES FEES LOAD TOTAL MARKUP MARKDOWN INVTRAN AVAILCASH MARGINBALANCE SHORTBALANCE BUYPOWER
    INVPOSLIST POSSTOCK POSMF POSDEBT POSOPT POSOTHER STOCKINFO MFINFO DEBTINFO OPTINFO OTHERINFO STOCKTYPE
    CASHADVBALAMT REWARDINFO INV401KBAL INVOOLIST AMRTSTMTRS PRINBAL LOANPRINBAL CREDITLIMIT PAYACCT ACCTNAME FIID
    REVERSALFITID DTTRAN DTEXPIRE LOANTRNTYPE LOANTRNAMT LOANACCTTO WITHHOLDING STATEWITHHOLDING PENALTY TFERACTION
    OLDUNITS NEWUNITS FRACCASH
    """.split()  # noqa: SIM905 - a table of words reads better as words
)
"""Elements that may follow text whose end tag is left out; with AGGREGATES and dotted extensions (INTU.BID)."""
_CLOSE_EACH_OTHER = {
    one: other
    for pair in (
        ("STMTRS", "CCSTMTRS"),
        ("STMTTRNRS", "CCSTMTTRNRS"),
        ("BANKACCTFROM", "CCACCTFROM"),
        ("BANKMSGSRSV1", "CREDITCARDMSGSRSV1"),
    )
    for one, other in (pair, pair[::-1])
}
"""Banks print a card's statement under a bank account's end tags (buckets/application#336)."""

_MAX_NOTES = 10
_MAX_OPEN = 10_000
"""Real files nest a dozen deep; empty leaves left open add some."""

_ATTRIBUTES = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*"""
_SPECIAL = r"(!--|!\[CDATA\[|!ENTITY)"
_TAG = re.compile(rf"<(?:{_SPECIAL}|(/?)([A-Z][A-Z0-9._:-]*){_ATTRIBUTES}\s*(/?)>(?:([^<]*+)</\3\s*>)?)")
"""A special, an end tag, a start tag, or a leaf with text and end tag at once."""
_TAG_ANY_CASE = re.compile(_TAG.pattern, re.I)
_ROOT = re.compile(rf"<OFX{_ATTRIBUTES}\s*>")
_ANY_ROOT = re.compile(r"</?OFX[\s>]", re.I)
_ENDS = {"!--": "-->", "![CDATA[": "]]>"}
_ENTITY = re.compile(r"&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));", re.A)
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_BREAK = re.compile(r"<br\s{0,9}/?>", re.I)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Node:
    """An aggregate: leaf values by name, child aggregates in order."""

    __slots__ = ("children", "name", "repeated", "start", "values")

    def __init__(self, name: str, start: int) -> None:
        self.name = name
        self.start = start
        self.values: dict[str, tuple[str, int]] = {}
        """First text of each leaf, uncleaned, and the index of its tag."""
        self.repeated: list[tuple[str, str, int]] = []
        """Further leaves of a name already in `values`."""
        self.children: list[Node] = []

    def text(self, name: str) -> str | None:
        """Return a leaf's text with entities resolved; None where it is missing or empty."""
        value = self.values.get(name)
        return clean(value[0]) or None if value else None

    def at(self, name: str) -> int:
        """Return where that leaf's tag is, or where this aggregate begins if it has none."""
        value = self.values.get(name)
        return value[1] if value else self.start

    def child(self, *names: str) -> Node | None:
        return next((node for node in self.children if node.name in names), None)

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it, in file order."""
        todo: list[Node] = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(node.children))


def clean(text: str) -> str:
    """Resolve the predefined entities, once, and turn control characters into spaces."""
    if "<" in text:
        text = _BREAK.sub(" ", text)
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    if not text.isprintable():
        text = _CONTROLS.sub(" ", text)
    return text.strip()


def parse(source: Text) -> tuple[Node, tuple[str, ...]]:
    """Build the tree; the result's children are the `<OFX>` elements of the file. Also say what was not as it should.

    Raises:
        StatementUnreadable: no `<OFX>`, an aggregate without its end tag or an end tag without its aggregate.
    """
    builder = _Builder(source)
    return builder.build(), tuple(builder.notes.values())


class _Builder:
    def __init__(self, source: Text) -> None:
        self.source = source
        self.root = Node("", 0)
        self.stack = [self.root]
        self.open: Counter[str] = Counter()
        self.notes: dict[str, str] = {}
        """What was understood although it is not OFX, one sentence for each kind."""

    def build(self) -> Node:
        text = self.source.text
        tag = _TAG if _ROOT.search(text) else _TAG_ANY_CASE
        without_root = _ANY_ROOT.search(text) is None
        if without_root:
            self._push("OFX", 0)
        skip = 0
        comments_end = text.rfind("-->")
        pending: str | None = None
        pending_start = pending_end = 0
        for match in tag.finditer(text):
            start = match.start()
            if start < skip:
                continue
            special, slash, name, empty, inside = match.groups()
            if special:
                if special != "!--" or start < comments_end:
                    skip = self._end_of(special.upper(), start)
                continue
            if tag is _TAG_ANY_CASE:
                name = name.upper()
            if pending in _TEXTS and self._is_text(name, text[pending_end:start], bool(slash)):
                continue
            if pending is not None:
                data = text[pending_end:start].strip()
                if "<!" in data:
                    data = _unwrap(data)
                closes_itself = bool(slash) and name == pending
                if pending in AGGREGATES or not (data or closes_itself):
                    self._push(pending, pending_start)
                else:
                    self._leaf(pending, data, pending_start)
                pending = None
            if slash:
                self._close(name, start)
            elif len(self.stack) == 1 and name != "OFX":
                if name == "STMTTRN":
                    raise self._fault("A transaction stands outside <OFX>; the file is damaged, export it again", start)
            elif empty or inside is not None:
                self._leaf(name, inside or "", start)
            else:
                pending, pending_start, pending_end = name, start, match.end()
        if pending is not None:
            self._push(pending, pending_start)
        if without_root:
            self._close_implied()
        return self._finish()

    def _close_implied(self) -> None:
        """End the `<OFX>` of a file that has none; what is left open in it stays open, and is a fault."""
        if self._innermost() == "OFX":
            self.notes["OFX"] = "the file has no <OFX> element; read as if it had"
            self._close("OFX", len(self.source.text))

    def _is_text(self, name: str, before: str, closes: bool) -> bool:
        """Tell whether a tag inside text belongs to it: it is not OFX's, and not an element on a line of its own."""
        if name in AGGREGATES or name in _LEAVES or "." in name or (closes and self.open[name]):
            return False
        return name == "BR" or closes or not before.endswith(("\n", "\r"))

    def _end_of(self, special: str, start: int) -> int:
        if special == "!ENTITY":
            raise self._fault("The file defines entities of its own, which is unsafe; export it as plain OFX", start)
        end = self.source.text.find(_ENDS[special], start)
        if end < 0:
            raise self._fault("A CDATA section is never closed: the file was cut off; export it again", start)
        if self.open["STMTTRN"] and self.source.text.find("</STMTTRN", start, end) >= 0:
            raise self._fault("A comment or CDATA section hides the end of a transaction; export the file again", start)
        return end + 3

    def _push(self, name: str, start: int) -> None:
        if len(self.stack) > _MAX_OPEN:
            raise self._fault(f"More than {_MAX_OPEN:,} elements are open at once; export the file again", start)
        if name == "STMTTRN" and self.open[name]:
            raise self._fault("A transaction begins inside another: two of them ran together; export it again", start)
        self.stack.append(Node(name, start))
        self.open[name] += 1

    def _leaf(self, name: str, data: str, start: int) -> None:
        if "<" in data and name in _LEAVES and name not in _TEXTS:
            # an id or number that swallowed the next element, whose tag is broken or in small letters among capitals
            raise self._fault(f"<{name}> holds another tag, which is not written as one; export the file again", start)
        node = self.stack[-1]
        if name in AGGREGATES:
            node.children.append(Node(name, start))
        elif name in node.values:
            self._doubt(node, name, data)
            node.repeated.append((name, data, start))
        else:
            self._doubt(node, name, data)
            node.values[name] = (data, start)

    def _doubt(self, node: Node, name: str, data: str) -> None:
        """Name a transaction's element that is not OFX's: its text is in none of the values that are read."""
        unknown = node.name == "STMTTRN" and bool(data) and "." not in name and name not in _LEAVES
        if unknown and len(self.notes) < _MAX_NOTES:
            self.notes.setdefault(f"<{name}>", f"<{name[:32]}> is not an OFX element; its text is not read")

    def _close(self, name: str, start: int) -> None:
        if not self.open[name]:
            twin = _CLOSE_EACH_OTHER.get(name)
            if twin and self._innermost() == twin:
                self.notes.setdefault(name, f"<{twin}> is closed by </{name}>; read as its end")
                name = twin
            elif name in AGGREGATES:
                raise self._fault(f"</{name}> closes nothing; the file is damaged, export it again", start)
            else:
                return
        self.open[name] -= 1
        node = self.stack.pop()
        if node.name != name:
            node = self._close_over(node, name, start)
        self.stack[-1].children.append(node)

    def _innermost(self) -> str | None:
        return next((node.name for node in reversed(self.stack) if node.name in AGGREGATES), None)

    def _close_over(self, node: Node, name: str, start: int) -> Node:
        """Give what empty leaves left open seemed to hold to the aggregate around them."""
        left_open: list[Node] = []
        while node.name != name:
            if node.name in AGGREGATES:
                raise self._fault(
                    f"</{name}> comes before the end of <{node.name}>, opened at {self.source.place(node.start)}; "
                    "the file is damaged, export it again",
                    start,
                )
            self.open[node.name] -= 1
            left_open.append(node)
            node = self.stack.pop()
        for empty in reversed(left_open):
            node.children += empty.children
            for leaf, (data, at) in empty.values.items():
                if leaf in node.values:
                    node.repeated.append((leaf, data, at))
                else:
                    node.values[leaf] = (data, at)
            node.repeated += empty.repeated
        return node

    def _finish(self) -> Node:
        unclosed = next((node for node in reversed(self.stack) if node.name in AGGREGATES), None)
        if unclosed is not None:
            raise StatementUnreadable(
                f"The file ends inside <{unclosed.name}>, opened at {self.source.place(unclosed.start)}: "
                "it was cut off; export it again.",
                self.source.size,
                self.source.line(len(self.source.text)),
            )
        if not self.root.children:
            raise StatementUnreadable("The file has an OFX header but no <OFX> element; export it again.")
        return self.root

    def _fault(self, message: str, index: int) -> StatementUnreadable:
        return self.source.fault(message, index)


def _unwrap(data: str) -> str:
    """Drop comments and take the text out of CDATA sections, shielding what is text there."""
    parts: list[str] = []
    at = 0
    while True:
        start = data.find("<!", at)
        opening = next((mark for mark in _ENDS if data.startswith(mark, start + 1)), None) if start >= 0 else None
        end = data.find(_ENDS[opening], start) if opening else -1
        if start < 0 or (opening and end < 0):
            return "".join([*parts, data[at:]]).strip()
        if opening is None:
            parts.append(data[at : start + 2])
            at = start + 2
            continue
        parts.append(data[at:start])
        if opening != "!--":
            parts.append(data[start + 1 + len(opening) : end].replace("&", "&amp;").replace("<", "&lt;"))
        at = end + 3


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _ENTITIES[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    return match[0] if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)
