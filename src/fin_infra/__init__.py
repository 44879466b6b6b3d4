"""fin-infra: one typed interface over banks, markets, crypto and exchange rates.

Start with a factory function, `from fin_infra import easy_banking`. Importing it loads three names, the others
load when they are used.
"""

from typing import TYPE_CHECKING

from fin_infra import _distribution, _moved
from fin_infra.errors import FinInfraError
from fin_infra.model import InstrumentKey, Money

if TYPE_CHECKING:
    from fin_infra.banking import easy_banking
    from fin_infra.brokerage import easy_brokerage, easy_brokerage_aggregator
    from fin_infra.crypto import easy_crypto
    from fin_infra.fx import easy_fx
    from fin_infra.identity import easy_identity
    from fin_infra.markets import easy_market
    from fin_infra.model.frames import to_frame
    from fin_infra.normalize import convert, crypto_id, instrument

__all__ = [
    "FinInfraError",
    "InstrumentKey",
    "Money",
    "__version__",
    "convert",
    "crypto_id",
    "easy_banking",
    "easy_brokerage",
    "easy_brokerage_aggregator",
    "easy_crypto",
    "easy_fx",
    "easy_identity",
    "easy_market",
    "instrument",
    "to_frame",
]
__version__ = "0.1.0"
_HOMES = {
    "convert": "normalize",
    "crypto_id": "normalize",
    "easy_banking": "banking",
    "easy_brokerage": "brokerage",
    "easy_brokerage_aggregator": "brokerage",
    "easy_crypto": "crypto",
    "easy_fx": "fx",
    "easy_identity": "identity",
    "easy_market": "markets",
    "instrument": "normalize",
    "to_frame": "model.frames",
}
_distribution.refuse_other_distribution()
_moved.install()


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
