"""CSV files: known banks by their tables, other files by what they show, and what was learned of them.
Floor 4: `format` reads, `layout` is the table of one bank, `banks` holds them, `guess` makes one for other files."""

from fin_infra.imports.statements.delimited.format import Delimited, read_delimited
from fin_infra.imports.statements.delimited.guess import Guess, guess_layout
from fin_infra.imports.statements.delimited.layout import Layout
from fin_infra.imports.statements.delimited.learned import layouts_folder, learn, learned

__all__ = [
    "Delimited",
    "Guess",
    "Layout",
    "guess_layout",
    "layouts_folder",
    "learn",
    "learned",
    "read_delimited",
]
