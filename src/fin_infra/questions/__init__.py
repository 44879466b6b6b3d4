"""Questions, asked the same way in Python, over HTTP and on the command line.
Floor 6: no HTTP and no framework; `CATALOG` says what can be asked, `ask` asks it, and what they need loads then.

    from fin_infra.questions import ask

    quote = ask("quote", symbol="AAPL")
    quote = await ask("quote", mode="async", symbol="AAPL")
"""

from fin_infra.questions.asking import ask
from fin_infra.questions.catalog import CATALOG

__all__ = ["CATALOG", "ask"]
