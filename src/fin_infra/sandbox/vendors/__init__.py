"""The vendors the sandbox imitates: a vendor knows its paths, bodies and errors, and nothing of the other vendors.
Floor 8: one line of `VENDORS` each. A vendor's package holds facts that need no server, its `vendor` module the object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fin_infra.sandbox.kernel.vendor import Vendor

VENDORS = (
    "alpaca:Alpaca",
    "alpha_vantage:AlphaVantage",
    "coingecko:CoinGecko",
    "ecb:Ecb",
    "finastra:Finastra",
    "mx:Mx",
    "plaid:Plaid",
    "snaptrade:SnapTrade",
    "stripe:Stripe",
    "teller:Teller",
)
"""Folder of each vendor, and the class in its `vendor` module."""


def all_vendors() -> tuple[type[Vendor], ...]:
    """Return the class of every vendor; this loads starlette."""
    lines = (line.partition(":") for line in VENDORS)
    return tuple(getattr(import_module(f"{__name__}.{folder}.vendor"), name) for folder, _, name in lines)


def environments() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield each mount with the variables that point an adapter there; `{url}` stands for its address."""
    for line in VENDORS:
        facts = import_module(f"{__name__}.{line.partition(':')[0]}")
        yield facts.MOUNT, facts.ENVIRONMENT
