"""CAMT.052, 053 and 054: reports of a day, statements and notifications, versions 2 to 13.
Floor 4: a file is read whole or refused with the byte at fault; opening balance and entries make the closing one.

Message definitions: ISO 20022, camt.052.001.02 to .13 and its siblings, with any namespace or none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.base import ReadOptions, StatementFormat
from fin_infra.imports.statements.camt.account import number_of
from fin_infra.imports.statements.camt.entry import read_entry
from fin_infra.imports.statements.camt.statement import Draft, finished
from fin_infra.imports.statements.camt.tree import Part, Source, walk
from fin_infra.imports.statements.parts import Notes, with_gaps_named
from fin_infra.model.statement import StatementFile

_HEAD = re.compile(rb"<(?:[\w.-]{1,64}:)?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)|<[^<>]{1,400}camt\.05[234]\.")
_PLAIN = ReadOptions()


class Camt(StatementFormat):
    title = "CAMT.052, CAMT.053 or CAMT.054"

    def recognizes(self, head: bytes) -> bool:
        return _HEAD.search(head.replace(b"\0", b"")) is not None

    def read(self, data: bytes, options: ReadOptions = _PLAIN) -> StatementFile:
        return _Reader(Source(data), options).file()


@dataclass(slots=True)
class _Reader:
    source: Source
    options: ReadOptions
    drafts: list[Draft] = field(default_factory=list[Draft])

    def file(self) -> StatementFile:
        draft: Draft | None = None
        own: str | None = None
        for part in walk(self.source):
            draft = draft or Draft(Notes(self.options))
            if part.what == "head":
                own = number_of(part.branch)
            elif part.what == "entry":
                self._entry(part, own, draft)
            else:
                draft.ends(part, self.source)
                self.drafts.append(draft)
                draft, own = None, None
        if not self.drafts:
            raise self.source.fault(
                "The CAMT file holds no statement of an account; export the account's transactions",
                len(self.source.body),
            )
        statements = [
            statement for group in _pages(self.drafts) for statement in finished(group, self.source, self.options)
        ]
        return StatementFile(
            format="camt",
            encoding=self.source.encoding,
            statements=with_gaps_named(statements),
            left_out=tuple(self._left_out()),
            warnings=tuple(self._left_out()),
        )

    def _entry(self, part: Part, own: str | None, draft: Draft) -> None:
        try:
            entry = read_entry(part.branch, own or self.options.account, draft.notes, self.source.byte(part.offset))
        except InvalidInput as error:
            draft.notes.set_aside("transaction", self.source.fault(_sentence(str(error)), part.offset))
        else:
            draft.add(entry)

    def _left_out(self) -> list[str]:
        unnamed = sum(draft.unnamed for draft in self.drafts)
        if unnamed < 2:
            return []
        return [f"{unnamed} statements without an account number were given the same one, by account="]


def _sentence(text: str) -> str:
    return (text[:1].upper() + text[1:]).removesuffix(".")


def _pages(drafts: list[Draft]) -> list[list[Draft]]:
    """Put the pages of one statement together: same account, same statement, page numbers one after the other."""
    groups: list[list[Draft]] = []
    for draft in drafts:
        if groups and draft.continues(groups[-1][-1]):
            groups[-1].append(draft)
        else:
            groups.append([draft])
    return groups
