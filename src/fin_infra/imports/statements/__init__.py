"""Bank statement files: read them, and merge overlapping exports.
Floor 4: `read_statement` gives the whole file or an error, never a part of it."""

from fin_infra.imports.statements.base import ReadOptions, StatementFormat, read_statement, statement_formats
from fin_infra.imports.statements.conflict import Answer, Conflict, MergeResult, Question
from fin_infra.imports.statements.dedupe import merge
from fin_infra.imports.statements.entry import read_entry
from fin_infra.imports.statements.identity import AccountMatch, account_candidates, same_account
from fin_infra.model.statement import StatementFile

__all__ = [
    "AccountMatch",
    "Answer",
    "Conflict",
    "MergeResult",
    "Question",
    "ReadOptions",
    "StatementFile",
    "StatementFormat",
    "account_candidates",
    "merge",
    "read_entry",
    "read_statement",
    "same_account",
    "statement_formats",
]
