"""What belongs together in an MT940 file: messages, and the pages and days within them.
Floor 4: `:86:` is of the transaction before it, but after a balance it is of the statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fin_infra.imports.statements.mt940.fields import Field, fields
from fin_infra.imports.statements.mt940.line import Row
from fin_infra.imports.statements.text import Text


@dataclass(slots=True)
class Block:
    """One message, or one page or day within it."""

    index: int
    account: Field | None = None
    number: Field | None = None
    opening: Field | None = None
    closing: Field | None = None
    rows: list[Row] = field(default_factory=list[Row])
    others: list[Field] = field(default_factory=list[Field])
    """Further balances and control sums."""
    interim: bool = False
    """An MT942, which has no balances."""

    @property
    def holds_anything(self) -> bool:
        return self.began or self.interim

    @property
    def began(self) -> bool:
        return bool(self.opening or self.closing or self.rows)


def blocks(source: Text) -> Iterator[Block]:
    """Yield the statements and pages: one begins with `:20:`, or with what the one at work has already."""
    block = Block(0)
    takes_text = False
    for item in fields(source):
        tag = item.tag[:2]
        if _begins(tag, block):
            yield block
            kept = None if tag == "20" else block.account
            block = Block(item.start, account=kept, number=block.number if tag == "60" else None)
        if tag == "86":
            if takes_text:
                block.rows[-1].more.append(item.text)
            continue
        if tag == "NS":
            if takes_text:
                block.rows[-1].others.append(item.text)
            continue
        takes_text = tag == "61"
        _put(item, tag, block)
    yield block


def _begins(tag: str, block: Block) -> bool:
    if tag == "20":
        return True
    if tag in ("25", "28"):
        return block.began
    if tag == "60":
        return block.opening is not None or block.closing is not None
    return tag == "61" and block.closing is not None


def _put(item: Field, tag: str, block: Block) -> None:
    if tag == "61":
        block.rows.append(Row(item.start, item.text, []))
    elif tag == "25":
        block.account = item
    elif tag == "28":
        block.number = item
    elif tag == "60":
        block.opening = item
    elif tag == "62" and block.closing is None:
        block.closing = item
    elif tag in ("62", "64", "65", "90", "34"):
        block.others.append(item)
    if tag in ("34", "90", "13"):
        block.interim = True


def pages(found: list[Block]) -> list[list[Block]]:
    """Put pages together: one ends with `:62M:`, and the next of that account begins with `:60M:`."""
    groups: list[list[Block]] = []
    for block in found:
        before = groups[-1][-1] if groups else None
        if before is not None and _follows(block, before):
            groups[-1].append(block)
        else:
            groups.append([block])
    return groups


def _follows(block: Block, before: Block) -> bool:
    return (
        before.closing is not None
        and before.closing.tag == "62M"
        and block.opening is not None
        and block.opening.tag == "60M"
        and (block.account.text.split() if block.account else None)
        == (before.account.text.split() if before.account else None)
    )
