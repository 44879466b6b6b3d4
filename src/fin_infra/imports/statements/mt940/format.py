"""MT940 and MT942: statements and interim reports, as one reads them of banks in Europe.
Floor 4: a file is read whole or refused with the byte at fault; each statement and page has to add up.

The tokenizer is ours and the library `mt-940` (5.1.1) a witness in the tests, for it keeps one set of balances for a
whole file (of several statements the last one's), tells no place in the file, takes RC for money in unless asked, gives
`:86:` after `:62F:` to the last transaction, cuts `:86:` at nine lines, and fails at the first line it cannot read.
"""

from __future__ import annotations

import re

from fin_infra.errors import StatementUnreadable
from fin_infra.imports.statements.base import ReadOptions, StatementFormat
from fin_infra.imports.statements.mt940.block import blocks, pages
from fin_infra.imports.statements.mt940.fields import decoded
from fin_infra.imports.statements.mt940.statement import finished
from fin_infra.imports.statements.parts import with_gaps_named
from fin_infra.model.statement import StatementFile

_HEADS = (
    re.compile(rb"(?:\A|[\r\n{:\x00-\x08 \xbf]):20:"),
    re.compile(rb"[\r\n][\x00-\x08 ]{0,4}:25P?:"),
    re.compile(rb"[\r\n][\x00-\x08 ]{0,4}:(?:28C?|60[FM]?|61|34F|62[FM]?):"),
)
_PLAIN = ReadOptions()


class Mt940(StatementFormat):
    title = "MT940 or MT942"

    def recognizes(self, head: bytes) -> bool:
        plain = head.replace(b"\0", b"")
        return all(pattern.search(plain) for pattern in _HEADS)

    def read(self, data: bytes, options: ReadOptions = _PLAIN) -> StatementFile:
        source = decoded(data)
        found = [block for block in blocks(source) if block.holds_anything]
        if not found:
            raise StatementUnreadable(
                "The MT940 file holds no statement of an account; export the account's transactions.",
                source.size,
                source.line(len(source.text)),
            )
        statements = [finished(group, source, options) for group in pages(found)]
        unnamed = sum(not (block.account and block.account.text.strip()) for block in found)
        left_out = (
            (f"{unnamed} statements without an account number were given the same one, by account=",)
            if unnamed > 1
            else ()
        )
        return StatementFile(
            format="mt940",
            encoding=source.encoding,
            statements=with_gaps_named(statements),
            left_out=left_out,
            warnings=left_out,
        )
