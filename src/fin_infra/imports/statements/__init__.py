"""Bank statement files: read them, and merge overlapping exports.
Floor 4: `read_statement` gives the whole file or an error, never a part of it."""

from fin_infra.imports.statements.base import StatementFormat, read_statement, statement_formats
from fin_infra.imports.statements.dedupe import MergeResult, merge
from fin_infra.model.statement import StatementFile

__all__ = ["MergeResult", "StatementFile", "StatementFormat", "merge", "read_statement", "statement_formats"]
