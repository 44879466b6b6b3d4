"""Statement files whose balances and holdings count in the net worth.
Floor 8: files are read once, at start; one that cannot be read stops the start."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from fin_infra.imports.statements import StatementFile, read_entry

logger = logging.getLogger(__name__)


def load_statements(paths: str) -> list[StatementFile]:
    """Return the files of a PATH-like list, each entry as `read_entry` takes it.

    Raises:
        StatementUnreadable: a file cannot be read as a statement.
        InvalidInput: an entry gives an option that does not exist.
    """
    files: list[StatementFile] = []
    for number, path in enumerate(filter(None, paths.split(os.pathsep)), start=1):
        file = read_entry(path)
        for statement in file.statements:
            _log(number, statement.warnings)
        _log(number, file.warnings)
        files.append(file)
    return files


def _log(number: int, warnings: Sequence[str]) -> None:
    """Tell the operator what is doubtful in a file, once; values in it are blotted out already."""
    for warning in warnings:
        logger.warning("statement file %d: %s", number, warning)
