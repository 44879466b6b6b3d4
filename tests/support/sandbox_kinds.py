"""Which fault kinds each vendor of the sandbox knows, without starting a sandbox."""

from __future__ import annotations

from functools import cache

from fin_infra.sandbox.kernel.clock import Clock
from fin_infra.sandbox.kernel.state import Sandbox
from fin_infra.sandbox.vendors import all_vendors


@cache
def fault_kinds() -> dict[str, list[str]]:
    """The kinds by vendor, as GET /_sandbox/faults lists them."""
    return {mount: list(kinds) for mount, kinds in Sandbox(7, Clock(), all_vendors()).kinds.items()}


def kinds_of(vendor: str) -> list[str]:
    return fault_kinds()[vendor]
