"""What can be asked: the one list that Python, the command line and the routes are made from.
Floor 6: facts only; a question added here is a command and a route, and a test asks it in all three ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from types import MappingProxyType

from fin_infra.arguments import shown
from fin_infra.errors import InvalidInput
from fin_infra.questions.question import Parameter, Question, Scope, Takes

_PRICES = "fin_infra.questions.prices"
_ACCOUNTS = "fin_infra.questions.accounts"
_WEALTH = "fin_infra.questions.wealth"

_SYMBOL = Parameter(name="symbol", help="An instrument as people write it: AAPL, BRK.B, TSCO.L, XNAS:AAPL", longest=64)
_CODE = Parameter(name="", help="", longest=8, values="currencies")
_BASE = replace(_CODE, name="base", help="ISO 4217 code of what one unit is taken of, such as EUR")
_QUOTE = replace(_CODE, name="quote", help="ISO 4217 code of what it is worth in, such as USD")
_ON = Parameter(name="on", help="Day; the last rate up to it, the newest one by default", takes=Takes.DAY, default=None)
_ACCOUNT = Parameter(name="account_id", help="`id` of an account, as `accounts` shows it")
_LIMIT = Parameter(name="limit", help="How many at most, newest first", takes=Takes.COUNT, default=100)

QUESTIONS = (
    Question(
        name="quote",
        help="The latest price of a listed instrument.",
        scope=Scope.PUBLIC,
        domain="market",
        result="fin_infra.model:Quote",
        answer=f"{_PRICES}:quote",
        parameters=(_SYMBOL,),
        docs="market-data.md",
        ttl_s=15,
    ),
    Question(
        name="candles",
        help="Prices of a listed instrument over time, oldest first.",
        scope=Scope.PUBLIC,
        domain="market",
        result="fin_infra.model:CandleSeries",
        answer=f"{_PRICES}:candles",
        parameters=(
            _SYMBOL,
            Parameter(name="interval", help="Length of a candle", takes=Takes.WORD, words="Interval", default="1d"),
            Parameter(
                name="adjustment",
                help="What is worked into the prices",
                takes=Takes.WORD,
                words="Adjustment",
                default="raw",
            ),
            Parameter(
                name="start", help="First trading day at the venue, or first instant", takes=Takes.MOMENT, default=None
            ),
            Parameter(name="end", help="Trading day or instant after the last one", takes=Takes.MOMENT, default=None),
            Parameter(
                name="extended_hours", help="With bars outside the regular session", takes=Takes.YES, default=False
            ),
        ),
        docs="market-data.md",
        ttl_s=300,
    ),
    Question(
        name="price",
        help="The spot price of a coin.",
        scope=Scope.PUBLIC,
        domain="crypto",
        result="fin_infra.model:CryptoPrice",
        answer=f"{_PRICES}:price",
        parameters=(
            Parameter(name="asset", help="A CoinGecko id such as bitcoin, or a ticker that only one coin has"),
            replace(_CODE, name="currency", help="What the price is in", default="USD", inline=True),
        ),
        docs="crypto-data.md",
        ttl_s=20,
    ),
    Question(
        name="rate",
        help="The exchange rate of two currencies.",
        scope=Scope.PUBLIC,
        domain="fx",
        result="fin_infra.model:FxRate",
        answer=f"{_PRICES}:rate",
        parameters=(_BASE, _QUOTE, _ON),
        docs="fx.md",
        ttl_s=600,
    ),
    Question(
        name="convert",
        help="An amount of money in another currency.",
        scope=Scope.PUBLIC,
        domain="fx",
        result="fin_infra.model:Conversion",
        answer=f"{_PRICES}:convert",
        parameters=(
            Parameter(name="amount", help="How much of `base`", takes=Takes.NUMBER),
            replace(_BASE, help="ISO 4217 code of the amount, such as EUR"),
            replace(_QUOTE, help="ISO 4217 code to convert it to, such as USD"),
            _ON,
        ),
        docs="fx.md",
        ttl_s=600,
    ),
    Question(
        name="search",
        help="Instruments and coins by part of their name or symbol.",
        scope=Scope.PUBLIC,
        domain="market",
        result="fin_infra.model:SymbolHits",
        answer=f"{_PRICES}:search",
        parameters=(Parameter(name="text", help="Part of a name or symbol", longest=64),),
        asks=("market", "crypto"),
        docs="market-data.md",
        ttl_s=3600,
    ),
    Question(
        name="accounts",
        help="Your bank accounts, with the ids that other questions take.",
        scope=Scope.PERSONAL,
        domain="banking",
        result="fin_infra.model:Account",
        many=True,
        answer=f"{_ACCOUNTS}:accounts",
        docs="banking.md",
    ),
    Question(
        name="balances",
        help="What is in your bank accounts; negative where you owe.",
        scope=Scope.PERSONAL,
        domain="banking",
        result="fin_infra.model:AccountBalance",
        many=True,
        answer=f"{_ACCOUNTS}:balances",
        parameters=(replace(_ACCOUNT, help="`id` of one account; all by default", default=None, inline=True),),
        docs="banking.md",
    ),
    Question(
        name="transactions",
        help="What came into an account and went out, newest first.",
        scope=Scope.PERSONAL,
        domain="banking",
        result="fin_infra.model:Transaction",
        many=True,
        answer=f"{_ACCOUNTS}:transactions",
        parameters=(
            _ACCOUNT,
            Parameter(name="start", help="First day", takes=Takes.DAY, default=None),
            Parameter(name="end", help="Day after the last one", takes=Takes.DAY, default=None),
            _LIMIT,
        ),
        docs="banking.md",
    ),
    Question(
        name="holdings",
        help="What you hold at all brokers, merged by instrument.",
        scope=Scope.TRADING,
        domain="brokerage",
        result="fin_infra.model:Portfolio",
        answer=f"{_WEALTH}:holdings",
        parameters=(replace(_CODE, name="currency", help="Currency of a total; none without it", default=None),),
        asks=(),
        docs="holdings.md",
    ),
    Question(
        name="net-worth",
        help="What you own less what you owe, line by line.",
        scope=Scope.PERSONAL,
        domain="banking",
        result="fin_infra.model:NetWorth",
        answer=f"{_WEALTH}:net_worth",
        parameters=(
            replace(_CODE, name="currency", help="Currency of the total", default="USD"),
            Parameter(
                name="holding",
                help="KEY=QUANTITY that counts besides, such as CRYPTO:bitcoin=0.25; may be repeated",
                takes=Takes.TEXTS,
                default=(),
            ),
        ),
        asks=(),
        docs="net-worth.md",
    ),
    Question(
        name="orders",
        help="Your orders at the broker, newest first.",
        scope=Scope.TRADING,
        domain="brokerage",
        result="fin_infra.model:Order",
        many=True,
        answer=f"{_WEALTH}:orders",
        parameters=(
            Parameter(
                name="status",
                help="Which orders",
                takes=Takes.WORD,
                words=("open", "closed", "all"),
                default="open",
            ),
            replace(_LIMIT, maximum=500),
        ),
        docs="brokerage.md",
    ),
    Question(
        name="calendar",
        help="When an exchange trades: its sessions, oldest first.",
        scope=Scope.PUBLIC,
        domain="market",
        result="fin_infra.calendars:Session",
        many=True,
        answer=f"{_PRICES}:sessions",
        parameters=(
            Parameter(
                name="venue",
                help="MIC of the exchange, or 24/7",
                default="XNYS",
                inline=True,
                longest=16,
                values="calendars",
            ),
            Parameter(name="start", help="First day; today at the exchange by default", takes=Takes.DAY, default=None),
            Parameter(
                name="end",
                help="Day after the last one; a week after `start` by default",
                takes=Takes.DAY,
                default=None,
            ),
        ),
        asks=(),
        docs="time-and-calendars.md",
    ),
    Question(
        name="categories",
        help="The categories that transactions and rules can have.",
        scope=Scope.PUBLIC,
        domain="banking",
        result="fin_infra.insights.categories:CategoryCode",
        many=True,
        answer="fin_infra.questions.categories:categories",
        parameters=(
            Parameter(
                name="text", help="Part of a code or of what it means; all by default", default=None, inline=True
            ),
        ),
        asks=(),
        docs="insights.md",
        ttl_s=3600,
    ),
    Question(
        name="providers",
        help="Who can be asked, where the calls go, and what keeps one from answering.",
        scope=Scope.PUBLIC,
        domain="providers",
        result="fin_infra.questions.providers:ProviderStatus",
        many=True,
        answer="fin_infra.questions.providers:listed",
        asks=(),
        docs="providers.md",
    ),
)
CATALOG: Mapping[str, Question] = MappingProxyType({question.name: question for question in QUESTIONS})
"""The questions by name, in the order of help texts."""


def question_of(name: str) -> Question:
    """Return the question of that name; `net_worth` is `net-worth`.

    Raises:
        InvalidInput: there is none. The text has the nearest names.
    """
    found = CATALOG.get(name.replace("_", "-")) if isinstance(name, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]  # people without a type checker
    if found is None:
        near = get_close_matches(str(name), CATALOG, n=3)
        hint = f"Did you mean {', '.join(near)}?" if near else f"There are {', '.join(CATALOG)}."
        raise InvalidInput(f"There is no question {shown(name)}. {hint}")
    return found
