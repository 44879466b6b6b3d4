"""fin-infra: one typed interface over banks, markets, crypto and exchange rates.

Start with a factory function: `from fin_infra.banking import easy_banking`. Importing this package loads three names.
"""

from fin_infra import _distribution, _moved
from fin_infra.errors import FinInfraError
from fin_infra.model import InstrumentKey, Money

__all__ = ["FinInfraError", "InstrumentKey", "Money", "__version__"]
__version__ = "0.1.0"
_distribution.refuse_other_distribution()
_moved.install()
