"""fin-infra: one typed interface over banks, markets, crypto and exchange rates.

Start with a door: `from fin_infra.banking import easy_banking`. Importing this package loads nothing but the words.
"""

from fin_infra.errors import FinInfraError
from fin_infra.model import InstrumentKey, Money

__all__ = ["FinInfraError", "InstrumentKey", "Money", "__version__"]
__version__ = "0.1.0"
