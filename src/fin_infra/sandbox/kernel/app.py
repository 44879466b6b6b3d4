"""Put the sandbox together: one ASGI application, a mount per vendor, and the control plane.
Floor 8: the same seed and the same clock give the same bytes from every vendor path.
"""

from __future__ import annotations

from datetime import datetime

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from fin_infra.sandbox.kernel import control
from fin_infra.sandbox.kernel.clock import Clock
from fin_infra.sandbox.kernel.gate import Gate
from fin_infra.sandbox.kernel.state import Sandbox
from fin_infra.sandbox.vendors import ecb, teller
from fin_infra.sandbox.vendors.alpaca import routes as alpaca
from fin_infra.sandbox.vendors.alpha_vantage import routes as alpha_vantage
from fin_infra.sandbox.vendors.coingecko import routes as coingecko
from fin_infra.sandbox.vendors.finastra import routes as finastra
from fin_infra.sandbox.vendors.snaptrade import routes as snaptrade


def create_app(*, seed: int = 7, start: datetime | None = None) -> Starlette:
    """Return the sandbox application.

    Args:
        seed: which world; equal seeds are equal to the cent.
        start: aware instant the clock stands at until it is moved, by default 2026-11-20T15:00:00Z.
    """
    sandbox = Sandbox(seed, Clock(start))
    mounts = [
        Mount("/_sandbox", control.router(sandbox)),
        Mount("/teller", teller.router(sandbox)),
        Mount("/alpaca", alpaca.router(sandbox)),
        Mount("/alpha-vantage", alpha_vantage.router(sandbox)),
        Mount("/coingecko", coingecko.router(sandbox)),
        Mount("/ecb", ecb.router(sandbox)),
        Mount("/snaptrade", snaptrade.router(sandbox)),
        Mount("/finastra", finastra.router(sandbox)),
    ]
    return Starlette(routes=mounts, middleware=[Middleware(Gate, sandbox=sandbox)])
