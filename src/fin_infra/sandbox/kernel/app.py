"""Put the sandbox together: one ASGI application, a mount per vendor, and the control plane.
Floor 8: the same seed and the same clock give the same bytes from every vendor path.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from fin_infra.sandbox.kernel import control
from fin_infra.sandbox.kernel.clock import Clock
from fin_infra.sandbox.kernel.gate import Gate
from fin_infra.sandbox.kernel.state import Sandbox
from fin_infra.sandbox.kernel.vendor import Vendor
from fin_infra.sandbox.vendors import all_vendors


def create_app(
    *, seed: int = 7, start: datetime | None = None, vendors: Sequence[type[Vendor]] | None = None
) -> Starlette:
    """Return the sandbox application.

    Args:
        seed: which world; equal seeds are equal to the cent.
        start: aware instant the clock stands at until it is moved, by default 2026-11-20T15:00:00Z.
        vendors: whom to imitate, by default every vendor of `fin_infra.sandbox.vendors`.
    """
    sandbox = Sandbox(seed, Clock(start), all_vendors() if vendors is None else vendors)
    mounts = [Mount(f"/{mount}", vendor.router()) for mount, vendor in sandbox.vendors.items()]
    return Starlette(
        routes=[Mount("/_sandbox", control.router(sandbox)), *mounts], middleware=[Middleware(Gate, sandbox=sandbox)]
    )
