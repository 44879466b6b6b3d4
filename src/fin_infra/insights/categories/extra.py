"""What the extra `insights` brings, imported when it is first needed.
Floor 5: without it the sentence says what to install; importing `fin_infra.insights` loads none of it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from fin_infra._distribution import install_command
from fin_infra.errors import MissingExtra


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
        command = install_command("insights")
        raise MissingExtra(f"{purpose} needs {package}, which is not installed; run: {command}") from None
