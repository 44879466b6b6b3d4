"""Read the symbol a person typed.
Floor 1: the first rule that fits decides, in the order of docs/normalization.md; two meanings raise AmbiguousSymbol."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
import re

from fin_infra.errors import AmbiguousSymbol, InvalidInstrument
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.instrument import InstrumentKey
from fin_infra.normalize.spelling import dotted, has_us_class
from fin_infra.normalize.tables import CLASHING_COINS, COIN_IDS, COINS, SUFFIXES, TWO_LISTINGS, VENUE_NAMES

_SLUG = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
_US_TICKER = re.compile(r"[A-Z]{1,5}")
_IDENTIFIERS = (
    ("FIGI", re.compile(r"(?:BBG|KKG)[A-Z0-9]{8}[0-9]")),
    ("ISIN", re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")),
    ("CUSIP", re.compile(r"[A-Z0-9*@#]{8}[0-9]")),
    ("SEDOL", re.compile(r"[A-Z0-9]{6}[0-9]")),
)


def instrument(text: str) -> InstrumentKey:
    """Return the instrument that `text` means, in upper or lower case.

    `AAPL` is `US:AAPL`, `BRK-B` is `US:BRK.B`, `BATS.L` is `XLON:BATS`, `EUR/USD` is `FX:EURUSD`, `BTC/USD` is
    `CRYPTO:bitcoin`, and `namespace:symbol` is itself.

    Raises:
        AmbiguousSymbol: the text has two meanings, such as `BTC`; `candidates` are keys to choose from.
        InvalidInstrument: it has none, or a check digit is wrong. The text says what to write.
    """
    given = text.strip() if isinstance(text, str) else ""
    upper = given.upper()
    if not given or not given.isascii():
        raise InvalidInstrument(
            "A symbol in plain letters and digits is needed, such as AAPL, BATS.L, EUR/USD or CRYPTO:bitcoin."
        )
    if ":" in given:
        return _with_namespace(given)
    return (
        _pair(upper)
        or _identifier(upper)
        or _coin_or_stock(given)
        or _with_suffix(upper)
        or _joined_pair(upper)
        or _us(given)
    )


def crypto_id(text: str) -> InstrumentKey:
    """Return the crypto asset a ticker or CoinGecko id means; well-known tickers are read in upper and lower case.

    Lower-case text that is not such a ticker is taken for an id as it stands; only the provider can say whether it
    exists. An id that looks like a ticker needs its namespace: `CRYPTO:link`.

    Raises:
        AmbiguousSymbol: several coins have this ticker, such as UNI; `candidates` are keys to choose from.
        InvalidInstrument: a ticker that is not in the table.
    """
    given = text.strip() if isinstance(text, str) else ""
    if given.upper().startswith("CRYPTO:"):
        return _with_namespace(given)
    ticker = given.upper()
    if not given or not given.isascii():
        raise InvalidInstrument(
            "A ticker or CoinGecko id in plain letters and digits is needed, such as BTC or bitcoin."
        )
    if ticker in CLASHING_COINS:
        keys = [f"CRYPTO:{coin}" for coin in CLASHING_COINS[ticker]]
        raise _ambiguous(given, "is the ticker of several coins", keys)
    if ticker in COINS:
        return InstrumentKey("CRYPTO", COINS[ticker])
    if given.lower() in COIN_IDS or _SLUG.fullmatch(given):
        return InstrumentKey("CRYPTO", given.lower())
    raise InvalidInstrument(
        f"{given!r} is not a crypto ticker that is known to mean one coin; search for it and use the CoinGecko id,"
        f" such as CRYPTO:bitcoin."
    )


def _with_namespace(text: str) -> InstrumentKey:
    """Read `namespace:symbol`, forgiving case, venue names, class separators and Hong Kong's zeros."""
    namespace, _, symbol = (part.strip() for part in text.partition(":"))
    namespace = VENUE_NAMES.get(namespace.upper(), namespace.upper())
    if namespace == "CRYPTO":
        return InstrumentKey(namespace, symbol) if _SLUG.fullmatch(symbol) else crypto_id(symbol.replace(":", ""))
    if namespace == "FX":
        return InstrumentKey(namespace, re.sub("[/-]", "", symbol.upper()))
    if namespace in ("ISIN", "FIGI", "CUSIP", "SEDOL"):
        return InstrumentKey(namespace, symbol.upper())
    return _listed(namespace, symbol.upper())


def _listed(mic: str, symbol: str) -> InstrumentKey:
    for separator in "-/ ":
        symbol = dotted(symbol, separator)
    if mic == "XHKG" and symbol.isdigit():
        symbol = symbol.lstrip("0") or symbol
    return InstrumentKey(mic, symbol)


def _pair(text: str) -> InstrumentKey | None:
    """Read `EUR/USD`, `EUR-USD`, `BTC/USD`, Yahoo's `EURUSD=X` and `JPY=X` (dollars in yen)."""
    if text.endswith("=X"):
        codes = text.removesuffix("=X")
        return InstrumentKey("FX", codes if len(codes) == 6 else f"USD{codes}")
    base, separator, quote = text.replace("-", "/").partition("/")
    if not separator or len(quote) < 3:
        return None
    if base in CURRENCIES and quote in CURRENCIES:
        return InstrumentKey("FX", base + quote)
    if quote in CURRENCIES or quote in COINS:
        return crypto_id(base)
    if "/" in text:
        raise InvalidInstrument(
            f"{quote!r} in {text!r} is neither a currency nor a share class; write EUR/USD or BRK/B."
        )
    return None


def _identifier(text: str) -> InstrumentKey | None:
    """Recognize an identifier by its shape; a wrong check digit is an error, as nothing else has that shape."""
    found: list[InstrumentKey] = []
    problem: InvalidInstrument | None = None
    for namespace, shape in _IDENTIFIERS:
        if shape.fullmatch(text):
            try:
                found.append(InstrumentKey(namespace, text))
            except InvalidInstrument as error:
                problem = problem or error
    if len(found) > 1:
        raise _ambiguous(text, "is well formed in two schemes", [str(key) for key in found])
    if not found and problem is not None:
        raise problem
    return found[0] if found else None


def _coin_or_stock(text: str) -> InstrumentKey | None:
    """Refuse tickers that may be a coin's or a stock's; accept names of coins that cannot be tickers."""
    ticker = text.upper()
    if ticker in TWO_LISTINGS:
        raise _ambiguous(text, "is a listed symbol on one venue and a common name on another", TWO_LISTINGS[ticker])
    if ticker in CLASHING_COINS:
        keys = [f"US:{ticker}", *(f"CRYPTO:{coin}" for coin in CLASHING_COINS[ticker])]
        raise _ambiguous(text, "may be a US ticker or one of several coins", keys)
    coin = COINS.get(ticker) or (text.lower() if text.lower() in COIN_IDS else None)
    if coin is None:
        return None
    if ticker not in COINS and not _US_TICKER.fullmatch(ticker):
        return InstrumentKey("CRYPTO", coin)
    raise _ambiguous(text, "may be a US ticker or a coin", [f"US:{ticker}", f"CRYPTO:{coin}"])


def _with_suffix(text: str) -> InstrumentKey | None:
    symbol, _, suffix = text.rpartition(".")
    return _listed(SUFFIXES[suffix], symbol) if symbol and suffix in SUFFIXES else None


def _joined_pair(text: str) -> InstrumentKey | None:
    """Read `EURUSD` and `BTCUSD`: longer than any US ticker, and both ends known."""
    base, quote = text[:-3], text[-3:]
    if len(text) < 6 or quote not in CURRENCIES:
        return None
    if base in CURRENCIES:
        return InstrumentKey("FX", text)
    return InstrumentKey("CRYPTO", COINS[base]) if base in COINS else None


def _us(text: str) -> InstrumentKey:
    symbol = text.upper()
    for separator in "-/ ":
        symbol = dotted(symbol, separator)
    root, dot, tail = symbol.partition(".")
    if _US_TICKER.fullmatch(root) and (not dot or has_us_class(symbol)):
        return InstrumentKey("US", symbol)
    if dot:
        raise InvalidInstrument(
            f"{text!r}: .{tail} is neither a known venue suffix nor a share class; write the venue, such as XLON:BATS."
        )
    if any(character.isdigit() for character in symbol):
        raise InvalidInstrument(f"{text!r} is not a US ticker; add the venue, such as 0700.HK or XTKS:7203.")
    raise InvalidInstrument(
        f"{text!r} is not a ticker; write one such as AAPL or BATS.L, CRYPTO:{text.lower()} for a coin, or search."
    )


def _ambiguous(text: str, why: str, candidates: list[str] | tuple[str, ...]) -> AmbiguousSymbol:
    return AmbiguousSymbol(f"{text!r} {why}; write {' or '.join(candidates)}.", candidates)
