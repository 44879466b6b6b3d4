"""QIF files, as Quicken, Microsoft Money and many banks write them.
Floor 4: `format` reads the lists, `records` the letters, `days` decides between day and month over the whole file."""

from fin_infra.imports.statements.qif.format import Qif

__all__ = ["Qif"]
