"""fin-infra: one typed interface over banks, markets, crypto and exchange rates.

Start with a factory function: `from fin_infra.banking import easy_banking`. Importing this package loads three names;
`to_frame` loads when it is used.
"""

from typing import TYPE_CHECKING

from fin_infra import _distribution, _moved
from fin_infra.errors import FinInfraError
from fin_infra.model import InstrumentKey, Money

if TYPE_CHECKING:
    from fin_infra.model.frames import to_frame

__all__ = ["FinInfraError", "InstrumentKey", "Money", "__version__", "to_frame"]
__version__ = "0.1.0"
_distribution.refuse_other_distribution()
_moved.install()


def __getattr__(name: str) -> object:
    if name != "to_frame":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fin_infra.model.frames import to_frame

    return to_frame
