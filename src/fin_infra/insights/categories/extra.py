"""What the extra `insights` brings, imported when it is first needed.
Floor 5: without it the sentence says what to install; importing `fin_infra.insights` loads none of it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from fin_infra._distribution import install_command
from fin_infra.errors import MissingExtra

LABELS = ("rapidfuzz", "numpy")
"""What labels of any transaction may need."""


def require_all(purpose: str) -> None:
    """Raise before anything is done where a package that labels may need is not installed; none is imported.

    Raises:
        MissingExtra: the text says what wants it and the command.
    """
    missing = [name for name in LABELS if find_spec(name) is None]
    if missing:
        raise _missing(purpose, missing[0])


def need(module: str, package: str, purpose: str) -> ModuleType:
    """Import a module of the extra.

    Raises:
        MissingExtra: it is not installed; the text says what wants it and the command.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
        raise _missing(purpose, package) from None


def _missing(purpose: str, package: str) -> MissingExtra:
    command = install_command("insights")
    return MissingExtra(f"{purpose} needs {package}, which is not installed; run: {command}")
