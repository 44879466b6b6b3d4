"""The name that this package is installed under, and what to install beside it.
Floor 0: every sentence that says what to install takes the name from here; importing this module loads nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

NAME = "fin-infra-kit"
"""What `pyproject.toml` calls it; `fin-infra` on the index is another publisher's product."""
_OTHER = "fin_infra-"
_SCRIPT, _MAIN = "fin-infra", "fin_infra.cli.main:app"


@cache
def installed_name() -> str:
    """Return the name of the distribution that brought this package, by its console script; NAME without metadata."""
    from importlib.metadata import entry_points

    found = entry_points(group="console_scripts", name=_SCRIPT)
    names = [point.dist.name for point in found if point.value == _MAIN and point.dist]
    return NAME if NAME in names or not names else names[0]


def install_command(extra: str | None = None, name: str | None = None) -> str:
    """Return the command that installs a distribution, by default this one, with an extra where one is named."""
    name = name or installed_name()
    return f"pip install '{name}[{extra}]'" if extra else f"pip install {name}"


def refuse_other_distribution(folders: Iterable[str] = ()) -> None:
    """Stop where a distribution called `fin-infra` is installed too: both write into the one folder `fin_infra`.

    `folders` are looked into besides the folder that this package lies in and every `site-packages` on the path.

    Raises:
        ImportError: it is there; the text says how to be rid of it.
    """
    home = str(Path(__file__).parent.parent)
    installed = (path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    for folder in dict.fromkeys((home, *installed, *folders)):
        if any(name.startswith(_OTHER) and name.endswith((".dist-info", ".egg-info")) for name in _names(folder)):
            raise ImportError(
                f"Another publisher's distribution, fin-infra, is installed beside {NAME}, and both are imported as "
                f"fin_infra; run: pip uninstall -y fin-infra {NAME} && {install_command()}"
            )


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # a zip file, or a folder that is gone
        return []
