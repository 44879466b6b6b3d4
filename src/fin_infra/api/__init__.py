"""FastAPI routers for your own app: `add_banking(app, auth=[...])` and its siblings.
Floor 7: needs the extra `service`; our errors become problem documents on the way."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fin_infra.errors import MissingExtra

if find_spec("fastapi") is None:
    raise MissingExtra.of("fin_infra.api needs", "fastapi", "service")

from fin_infra.api.answers import PUBLIC, Auth, Cache
from fin_infra.api.banking import add_banking
from fin_infra.api.brokerage import add_brokerage
from fin_infra.api.crypto import add_crypto
from fin_infra.api.finastra import add_finastra
from fin_infra.api.fx import add_fx
from fin_infra.api.market import add_market_data
from fin_infra.api.networth import add_net_worth
from fin_infra.api.problems import add_problems
from fin_infra.api.providers import add_providers
from fin_infra.api.questions import add_questions
from fin_infra.api.symbols import add_symbols
from fin_infra.api.users import User
from fin_infra.api.webhooks import add_webhooks
from fin_infra.questions.asked import Asked
from fin_infra.questions.net_worth import Sources

if TYPE_CHECKING:
    from fin_infra.api.book import add_book
    from fin_infra.api.identity import add_identity

__all__ = [
    "PUBLIC",
    "Asked",
    "Auth",
    "Cache",
    "Sources",
    "User",
    "add_banking",
    "add_book",
    "add_brokerage",
    "add_crypto",
    "add_finastra",
    "add_fx",
    "add_identity",
    "add_market_data",
    "add_net_worth",
    "add_problems",
    "add_providers",
    "add_questions",
    "add_symbols",
    "add_webhooks",
]


def __getattr__(name: str) -> Any:
    """Load `add_book` and `add_identity` when they are used: the book needs an extra of its own."""
    if name == "add_book":
        from fin_infra.api.book import add_book

        return add_book
    if name == "add_identity":
        from fin_infra.api.identity import add_identity

        return add_identity
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
