"""Layouts that a person has confirmed once, kept as JSON files in a folder of the user's.
Floor 4: one file is one layout; a file that is none is named and does not stop the others."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, cast

from fin_infra.errors import InvalidInput
from fin_infra.imports.statements.delimited.layout import Layout

_MAX_FILES = 500
_MAX_BYTES = 64 * 1024
_UNSAFE = re.compile(r"[^a-z0-9]+")


def layouts_folder() -> Path:
    """Return where a user's layouts are kept, whether or not the folder exists: `fin-infra/layouts` in the data folder.

    That is `XDG_DATA_HOME` or `~/.local/share`, on Windows `LOCALAPPDATA`.
    """
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME")
    return Path(named or Path.home() / ".local" / "share") / "fin-infra" / "layouts"


def learned(folder: str | os.PathLike[str] | None = None) -> tuple[tuple[Layout, ...], tuple[str, ...]]:
    """Return the layouts of a folder in the order of their file names, and one sentence for each file that is none."""
    where = Path(folder) if folder is not None else layouts_folder()
    try:
        paths = sorted(where.glob("*.json"))[:_MAX_FILES]
    except OSError:
        return (), ()
    found: list[Layout] = []
    notes: list[str] = []
    for path in paths:
        try:
            found.append(_read(path))
        except (OSError, ValueError, InvalidInput) as error:
            reason = str(error) if isinstance(error, InvalidInput) else type(error).__name__
            notes.append(f"the layout {path.name!r} is not used: {reason}")
    return tuple(found), tuple(notes)


def learn(layout: Layout, folder: str | os.PathLike[str] | None = None) -> Path:
    """Keep a layout, in place of one of the same name; return its file. Only the user may read it.

    Raises:
        InvalidInput: the layout contradicts itself, or the folder cannot be written to.
    """
    layout.checked()
    where = Path(folder) if folder is not None else layouts_folder()
    name = _UNSAFE.sub("-", layout.name.casefold()).strip("-")[:80] or "layout"
    path = where / f"{name}.json"
    text = json.dumps(layout.to_dict(), indent=2, ensure_ascii=False) + "\n"
    part = path.with_suffix(".part")
    try:
        where.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_text(text, encoding="utf-8")
        part.chmod(0o600)
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"The layout cannot be kept ({error.strerror or 'no access'}); check the folder.") from None
    return path


def _read(path: Path) -> Layout:
    if path.stat().st_size > _MAX_BYTES:
        raise InvalidInput(f"A layout is smaller than {_MAX_BYTES:,} bytes.")
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise InvalidInput("A layout is a JSON object.")
    return Layout.from_dict(cast("dict[str, Any]", data))
