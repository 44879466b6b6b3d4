"""Tables for people, as wide as the terminal: no word and no number is broken; what cannot fit is left out and named.
Floor 8: nothing here knows what the columns mean."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from io import StringIO
from textwrap import wrap

from fin_infra.cli.output import say

PIPE_WIDTH = 110
"""Where nobody says how wide it is: the output goes into a pipe, and COLUMNS is not set."""
_WHOLE = re.compile(r"[-+]?[\d.,]+%?( [A-Za-z]{2,8})?|\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? UTC")
"""A number, an amount with its currency, an instant: what stays on one line."""
_GAPS = (3, 2)
"""Blanks between two columns, the wider ones first."""
_EDGES = 2
_STICKY = "\u00a0"


def width() -> int:
    """Return how many columns there are: those of COLUMNS, or of the terminal."""
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    right: Sequence[str] = (),
    minor: Sequence[str] = (),
) -> None:
    """Print rows under a title; columns named in `right` are aligned to the right.

    Where the width does not suffice, columns of `minor` go, the last one first; then each row is written as lines of
    its own, with all columns.
    """
    cells = [[_held(cell) for cell in row] for row in rows]
    available = width()
    for dropped in (minor[len(minor) - count :] for count in range(len(minor) + 1)):
        kept = [at for at, name in enumerate(columns) if name not in dropped]
        shown = [[row[at] for at in kept] for row in cells]
        names = [columns[at] for at in kept]
        for gap in _GAPS:
            widths = _widths(names, shown, available - _EDGES - gap * (len(kept) - 1))
            if widths is not None:
                _draw(title, names, shown, widths, gap, right)
                if dropped:
                    say_wrapped(f"Not shown at this width: {', '.join(dropped)}.")
                return
    _print_stacked(title, columns, cells, available)


def say_wrapped(text: str) -> None:
    """Print a sentence in lines that fit; a word that is longer stands in one of its own."""
    say("\n".join(_wrapped(text, width())))


def _held(cell: str) -> str:
    return cell.replace(" ", _STICKY) if _WHOLE.fullmatch(cell) else cell


def _length(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _widths(names: Sequence[str], rows: Sequence[Sequence[str]], available: int) -> list[int] | None:
    """Return a width for each column in which no word breaks; None where there is no room for that."""
    columns = [[name, *(row[at] for row in rows)] for at, name in enumerate(names)]
    wanted = [max(_length(line) for cell in column for line in cell.split("\n")) for column in columns]
    widths = [max(1, *(_length(word) for cell in column for word in re.split(r"[ \n]", cell))) for column in columns]
    left = available - sum(widths)
    if left < 0:
        return None
    while left > 0:
        hungry = [at for at, size in enumerate(widths) if size < wanted[at]]
        if not hungry:
            break
        widths[min(hungry, key=lambda at: widths[at])] += 1
        left -= 1
    return widths


def _draw(
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    gap: int,
    right: Sequence[str],
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    padding = (0, 1) if gap == max(_GAPS) else (0, 1, 0, 0)
    table = Table(
        title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False, padding=padding
    )
    for name, size in zip(names, widths, strict=True):
        table.add_column(name, justify="right" if name in right else "left", overflow="fold", width=size)
    for row in rows:
        table.add_row(*map(Text, row))
    shown = _Drawing()
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    across = max(sum(widths) + gap * (len(widths) - 1) + _EDGES, _length(title))
    Console(file=shown, force_terminal=is_terminal, width=across).print(table)
    lines = shown.getvalue().replace(_STICKY, " ").split("\n")
    say("\n".join(line.rstrip() for line in lines).removesuffix("\n"))


class _Drawing(StringIO):
    """What rich draws on, with the lines that the encoding of stdout has; on stdout itself, it would end the process
    where the reader has gone."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.encoding = getattr(sys.stdout, "encoding", None) or "utf-8"


def _print_stacked(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], available: int) -> None:
    """Print a line for each cell, and an empty one between rows; cells without content are left out."""
    label = max(map(len, columns))
    lines = [title, ""] if title else []
    for row in rows:
        for name, cell in zip(columns, row, strict=True):
            if cell:
                lines += _stacked(name, cell.replace("\n", ", "), label, available)
        lines.append("")
    say("\n".join(lines).replace(_STICKY, " "))


def _stacked(name: str, cell: str, label: int, available: int) -> list[str]:
    beside = available - label - 3
    if all(_length(word) <= beside for word in cell.split(" ")):
        first, *more = _wrapped(cell, beside)
        return [f" {name:{label}}  {first}", *(f" {'':{label}}  {line}" for line in more)]
    if _length(cell) > available - 3:
        cell = cell.replace(_STICKY, " ")  # an amount that is longer than the line may leave its currency to the next
    return [f" {name}", *(f"   {line}" for line in _wrapped(cell, available - 3))]


def _wrapped(text: str, size: int) -> list[str]:
    lines = wrap(text, max(size, 1), break_long_words=False, break_on_hyphens=False) or [""]
    wide = any(_length(line) > len(line) for line in lines)
    return _by_cells(text, size) if wide else lines


def _by_cells(text: str, size: int) -> list[str]:
    """Wrap text of which some characters take two columns."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _length(longer) > size:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
