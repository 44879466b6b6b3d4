"""CSV files: known banks by their tables, other files by what they show, and what was learned of them.
Floor 4: `format` reads, `layout` is the table of one bank, `banks` holds them, `guess` makes one for other files."""

from fin_infra.imports.statements.delimited.format import Delimited, guess_delimited, read_delimited
from fin_infra.imports.statements.delimited.guess import Guess
from fin_infra.imports.statements.delimited.layout import Layout
from fin_infra.imports.statements.delimited.learned import layouts_folder, learn, learned

__all__ = [
    "Delimited",
    "Guess",
    "Layout",
    "guess_delimited",
    "layouts_folder",
    "learn",
    "learned",
    "read_delimited",
]
