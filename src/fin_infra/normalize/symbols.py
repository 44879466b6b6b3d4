"""Read the symbol a person typed.
Floor 1: the first rule that fits decides, as the page "Normalization" lists them; text with two meanings raises."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
import re
from collections.abc import Iterable
from contextlib import suppress

from fin_infra.errors import AmbiguousSymbol, InvalidInstrument
from fin_infra.model.currency import CURRENCIES
from fin_infra.model.instrument import US_MICS, InstrumentKey
from fin_infra.normalize.not_keys import FUTURE, refuse_what_has_no_key
from fin_infra.normalize.spelling import dotted, has_us_class
from fin_infra.normalize.tables import (
    BLOOMBERG_CODES,
    CLASHING_COINS,
    COIN_IDS,
    COINS,
    DOUBTFUL_BLOOMBERG,
    DOUBTFUL_SUFFIXES,
    SUFFIXES,
    TWO_LISTINGS,
    VENUE_NAMES,
)

_SLUG = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
_US_TICKER = re.compile(r"[A-Z]{1,6}")
_OPTION = re.compile(r"[A-Z][A-Z0-9]{0,5} *\d{6}[CP]\d{8}")
_TOKYO = re.compile(r"(?=.*[0-9])[0-9A-Z]{4}")
_PREFERRED = re.compile(r"([A-Z]{1,5})(?:[-/ .]PR[-/ .]?([A-Z])|[-/ .]P[-/ .]([A-Z])|[-/]P([A-Z]?)|\^([A-Z])|[ .]PR)")
_NYSE_PREFERRED = re.compile(r"([A-Z]{1,4})p([A-Z])")
_DOTTED_CLASS = re.compile(r"[A-Z]+(?:\.[A-Z]{1,3}|[-/ ]PR?)")
LONDON_LETTERS = 4
"""London's symbols have three or four characters, so what is longer may be a class L in the United States."""
CANADIAN_MICS = frozenset({"XTSE", "XTSX", "NEOE", "XCNQ"})
KNOWN_VENUES = frozenset({"US", *US_MICS, *SUFFIXES.values(), *VENUE_NAMES.values()})
"""Namespaces that cannot be a ticker with the venue after it, as in `AAPL:US`."""
_QUOTES = ("USDT", "USDC", "BTC", "ETH", "BNB", "DAI")
"""Coins that exchanges quote others in."""
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
    if _OPTION.fullmatch(upper):
        return InstrumentKey("OCC", upper.replace(" ", ""))
    refuse_what_has_no_key(given)
    return (
        _bloomberg(upper)
        or _pair(upper)
        or _identifier(upper)
        or _coin_or_stock(given)
        or _with_suffix(upper)
        or _joined_pair(upper)
        or _preferred(given)
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
    if namespace == "OCC":
        return InstrumentKey(namespace, symbol.upper().replace(" ", ""))
    if namespace not in KNOWN_VENUES and symbol.upper() in (*VENUE_NAMES, *BLOOMBERG_CODES, *KNOWN_VENUES):
        venue = VENUE_NAMES.get(symbol.upper(), BLOOMBERG_CODES.get(symbol.upper(), symbol.upper()))
        raise InvalidInstrument(f"{text!r} has the venue last; write {venue}:{namespace}.")
    if namespace == "TSE":
        raise _ambiguous(text, "is Tokyo or Toronto", [f"XTKS:{symbol.upper()}", f"XTSE:{symbol.upper()}"])
    return _listed(namespace, symbol.upper())


def _listed(mic: str, symbol: str) -> InstrumentKey:
    if (mic == "US" or mic in US_MICS) and (canonical := _preferred_symbol(symbol)):
        return InstrumentKey(mic, canonical)
    if mic in CANADIAN_MICS and (series := _series_in_canada(symbol)):
        return InstrumentKey(mic, series)
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
    base, separator, quote = re.sub("[-_]", "/", text).partition("/")
    if not separator or len(quote) < 3:
        return None
    if base in CURRENCIES and quote in CURRENCIES:
        return InstrumentKey("FX", base + quote)
    if quote in CURRENCIES or quote in COINS:
        return crypto_id(base)
    if ("/" in text or "_" in text) and not _PREFERRED.fullmatch(text):
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
    if found and FUTURE.fullmatch(text):
        raise _ambiguous(text, "may be a futures contract, which has no key", [str(key) for key in found])
    return found[0] if found else None


def _coin_or_stock(text: str) -> InstrumentKey | None:
    """Refuse tickers that may be a coin's or a stock's; accept names of coins that cannot be tickers."""
    ticker = text.upper()
    if ticker in TWO_LISTINGS:
        raise _ambiguous(text, "is a listed symbol on one venue and a common name on another", TWO_LISTINGS[ticker])
    if ticker in CLASHING_COINS:
        keys = [f"US:{ticker}", *(f"CRYPTO:{coin}" for coin in CLASHING_COINS[ticker])]
        raise _ambiguous(text, "may be a US ticker or one of several coins", keys)
    token, _, bridged = ticker.partition(".")
    if bridged == "E" and token in COINS:  # Avalanche's mark of a coin that came over its bridge, another asset
        raise _ambiguous(text, "looks like a bridged coin, which needs its CoinGecko id, or a share", [f"US:{ticker}"])
    coin = COINS.get(ticker) or (text.lower() if text.lower() in COIN_IDS else None)
    if coin is None:
        return None
    if ticker not in COINS and not _US_TICKER.fullmatch(ticker):
        return InstrumentKey("CRYPTO", coin)
    raise _ambiguous(text, "may be a US ticker or a coin", [f"US:{ticker}", f"CRYPTO:{coin}"])


def _with_suffix(text: str) -> InstrumentKey | None:
    """Read `BATS.L`; what may as well be a class or series of a share in the United States is ambiguous."""
    symbol, _, suffix = text.rpartition(".")
    if not symbol:
        return None
    if suffix == "US":
        return _us(symbol)
    if suffix in DOUBTFUL_SUFFIXES and "." not in symbol:
        keys = [form.format(root=symbol) for form in DOUBTFUL_SUFFIXES[suffix]]
        if len(keys) == 1:
            return _with_namespace(keys[0])
        raise _ambiguous(text, f"ends in .{suffix}, which has two meanings", keys)
    if suffix not in SUFFIXES:
        return None
    if len(suffix) == 1 and _DOTTED_CLASS.fullmatch(symbol):
        keys = [str(_us(text)), str(_listed(SUFFIXES[suffix], symbol))]
        raise _ambiguous(text, f"may end in a class or in the venue .{suffix}", keys)
    if suffix == "L" and len(symbol) > LONDON_LETTERS and symbol.isalpha():
        raise _ambiguous(text, "is longer than London's symbols are", [f"US:{text}", f"XLON:{symbol}"])
    if suffix == "T" and not _TOKYO.fullmatch(symbol):
        keys = [str(_us(text))]
        raise _ambiguous(text, "is not in Tokyo, whose codes are four characters with a digit", keys)
    return _listed(SUFFIXES[suffix], symbol)


def _bloomberg(text: str) -> InstrumentKey | None:
    """Read `VOD LN`, `BP/ LN` (a short ticker is filled with a slash) and `AAPL US Equity`."""
    symbol, blank, code = text.removesuffix(" EQUITY").rpartition(" ")
    symbol = symbol.rstrip("/ ")
    if not blank or not symbol:
        return None
    if code in DOUBTFUL_BLOOMBERG:
        keys = [form.format(root=symbol) for form in DOUBTFUL_BLOOMBERG[code]]
        raise _ambiguous(text, f"ends in {code}, which has two meanings", keys)
    if code not in BLOOMBERG_CODES:
        return None
    mic = BLOOMBERG_CODES[code]
    return _us(symbol) if mic == "US" else _listed(mic, symbol)


def _joined_pair(text: str) -> InstrumentKey | None:
    """Read `EURUSD`, `BTCUSD` and `BTCUSDT`: both ends known; with one end known, it may be a pair mistyped."""
    for quote in (*_QUOTES, text[-3:]):
        base = text.removesuffix(quote)
        if len(text) < 6 or base == text or not (quote in CURRENCIES or quote in _QUOTES):
            continue
        if base in CURRENCIES and quote in CURRENCIES:
            return InstrumentKey("FX", text)
        if base in COINS or base in CLASHING_COINS:
            return crypto_id(base)
    if len(text) == 6 and text.isalpha() and (text[:3] in CURRENCIES or text[-3:] in CURRENCIES):
        raise _ambiguous(text, "looks like a pair with one code that is not known", [f"US:{text}"])
    return None


def _preferred(text: str) -> InstrumentKey | None:
    """Read a preferred share as brokers, exchanges and vendors write it; its key is `US:BAC.PRL`."""
    if match := _NYSE_PREFERRED.fullmatch(text):
        return InstrumentKey("US", f"{match[1]}.PR{match[2]}")
    ticker, hyphen, tail = text.upper().partition("-")
    if hyphen and tail == "PR":
        raise _ambiguous(
            text,
            "is a preferred share without a series, or its series R",
            [f"US:{ticker}.{tail}{r}" for r in ("", "R")],
        )
    canonical = _preferred_symbol(text.upper())
    return InstrumentKey("US", canonical) if canonical else None


def _series_in_canada(text: str) -> str | None:
    """Return `BAM.PR.X`, as Toronto itself writes it; a lone P is a capital pool company's share there."""
    match = _PREFERRED.fullmatch(text)
    series = "".join(part or "" for part in match.groups()[1:]) if match else ""
    return f"{match[1]}.PR.{series}" if match and series else None


def _preferred_symbol(text: str) -> str | None:
    match = _PREFERRED.fullmatch(text)
    return f"{match[1]}.PR{''.join(part or '' for part in match.groups()[1:])}" if match else None


def _us(text: str) -> InstrumentKey:
    symbol = text.upper()
    if canonical := _preferred_symbol(symbol):
        return InstrumentKey("US", canonical)
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
        f"{text!r} is not a ticker; write one such as AAPL or BATS.L,{_coin_advice(text)} or search."
    )


def _coin_advice(text: str) -> str:
    """Advise only what `InstrumentKey` accepts."""
    return f" CRYPTO:{text.lower()} for a coin," if _SLUG.fullmatch(text.lower()) else ""


def _ambiguous(text: str, why: str, candidates: Iterable[str]) -> AmbiguousSymbol | InvalidInstrument:
    """Offer the candidates that can be keys, in their canonical form; without one the text has no meaning at all."""
    keys: list[str] = []
    for candidate in candidates:
        with suppress(InvalidInstrument):
            keys.append(str(_with_namespace(candidate)))
    if not keys:
        return InvalidInstrument(f"{text!r} is not a symbol; write one such as AAPL, BATS.L or XNYS:BRK.B.")
    return AmbiguousSymbol(f"{text!r} {why}; write {' or '.join(keys)}.", keys)
