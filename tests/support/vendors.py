"""What vendors' folders give to the shared suites: `tests/providers/<domain>/<vendor>/{cases,conformance}.py`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fin_infra.features import MODULES
from fin_infra.providers.provider import Provider
from fin_infra.providers.registry import providers
from tests.support.cases import Case, Ids, Verdict
from tests.support.sandbox import Sandbox

PROVIDERS = Path(__file__).resolve().parents[1] / "providers"


def switch_all_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch on what is off unless somebody asks for it."""
    for switch in MODULES:
        if not switch.default:
            monkeypatch.setenv(switch.variable, "1")


def every_provider() -> list[type[Provider[Any]]]:
    """Return the class of every adapter, also of those that are off unless somebody asks for them."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        switch_all_on(monkeypatch)
        return list(providers())


def modules(name: str) -> dict[str, ModuleType]:
    """Return the modules of a name by provider key, such as `cases` or `conformance`."""
    found = sorted(PROVIDERS.glob(f"*/*/{name}.py"))
    places = [file.relative_to(PROVIDERS).parts[:2] for file in found]
    return {":".join(place): import_module(".".join(("tests.providers", *place, name))) for place in places}


class Vendor:
    """One vendor's `cases.py`, with the defaults of what it does not say."""

    def __init__(self, module: ModuleType) -> None:
        self.cases: list[Case] = module.CASES
        self.verdicts: Mapping[str, Verdict] = getattr(module, "VERDICTS", {})
        self.in_query: tuple[str, ...] = getattr(module, "IN_QUERY", ())
        self._module = module

    def prepare(self, sandbox: Sandbox) -> Ids:
        """Make what the cases need in a world that was just reset; the ids are the same each time."""
        found: Ids = getattr(self._module, "prepare", lambda sandbox: {})(sandbox)
        return found

    def private(self, sandbox: Sandbox) -> set[str]:
        """Return the numbers of people and companies in this vendor's world."""
        found: set[str] = getattr(self._module, "private", lambda sandbox: set())(sandbox)
        return found


VENDORS: Mapping[str, Vendor] = {key: Vendor(module) for key, module in modules("cases").items()}
"""By provider key."""
