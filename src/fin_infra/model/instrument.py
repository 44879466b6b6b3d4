"""InstrumentKey: one spelling for every instrument.
Floor 0: a key is canonical or it is refused; what people and vendors type is read by `fin_infra.normalize`."""

from __future__ import annotations

# Arguments are checked although they are typed: callers without a type checker get a sentence, not a traceback.
# pyright: reportUnnecessaryIsInstance=false
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fin_infra.arguments import describe, shown
from fin_infra.errors import InvalidInstrument
from fin_infra.model.currency import CURRENCIES

_MIC = re.compile(r"[A-Z0-9]{4}")
_LISTED = re.compile(r"[A-Z0-9&]+(?:-[A-Z0-9&]{4,})*(?:\.[A-Z]{1,3})*")
_OPTION = re.compile(r"[A-Z][A-Z0-9]{0,5}(\d{6})[CP]\d{8}")
_COIN = re.compile(r"[a-z0-9_-][a-z0-9._-]*")
_NOT_MICS = {"NYSE": "XNYS", "ARCA": "ARCX", "AMEX": "XASE", "NSDQ": "XNAS", "TSXV": "XTSX"}
"""Everyday venue names that have the shape of a MIC and are none."""
US_MICS = frozenset({"XNYS", "XNAS", "XNGS", "XNMS", "XNCM", "XASE", "ARCX", "BATS", "IEXG", "OTCM", "PINX"})
"""Venues whose symbols are the same across the United States, so that vendors write them bare."""
_PREFERRED = re.compile(r"([A-Z0-9]+)\.PR?(?:\.([A-Z]))?")
"""A preferred share in another form than `BAC.PRL`, or `AXIA.PR` without a series."""


@dataclass(frozen=True, slots=True, order=True)
class InstrumentKey:
    """An instrument by `namespace` and `symbol`; the text form is `namespace:symbol`.

    Namespaces: an ISO 10383 MIC (`XNAS:AAPL`, `XNYS:BRK.B`, `XHKG:700`), `US` for any listing there (`US:AAPL`),
    `CRYPTO` with a CoinGecko id (`CRYPTO:bitcoin`), `FX` with two ISO 4217 codes (`FX:EURUSD`), `OCC` for listed US
    options in the OCC's form without blanks (`OCC:AAPL261218C00200000`: root, expiry, call or put, strike in
    thousandths), and the identifiers `ISIN`, `FIGI`, `CUSIP`, `SEDOL`. Share classes follow a dot, and Hong Kong
    symbols have no leading zeros. A preferred share in the United States is `XNYS:BAC.PRL`, whatever vendors write.

    Raises:
        InvalidInstrument: the key is not in this form, or a check digit is wrong. The text says what is right.

    >>> InstrumentKey.parse("FX:EURUSD").quote
    'USD'
    """

    namespace: str
    symbol: str

    def __post_init__(self) -> None:
        if not isinstance(self.namespace, str) or not isinstance(self.symbol, str):
            raise InvalidInstrument("An instrument key is made of two strings, such as XNAS and AAPL.")
        match self.namespace:
            case "CRYPTO":
                _check_coin(self.symbol)
            case "FX":
                _check_pair(self.symbol)
            case "OCC":
                _check_option(self.symbol)
            case "ISIN" | "FIGI" | "CUSIP" | "SEDOL":
                _check_identifier(self.namespace, self.symbol)
            case _:
                _check_listed(self.namespace, self.symbol)

    @classmethod
    def parse(cls, text: str) -> InstrumentKey:
        """Read `namespace:symbol` exactly as written; raise InvalidInstrument for anything else."""
        if not isinstance(text, str):
            raise InvalidInstrument(f"An instrument key is read from text such as 'XNAS:AAPL', not from {shown(text)}.")
        namespace, colon, symbol = text.partition(":")
        if not colon:
            raise InvalidInstrument(f"{text!r} has no namespace; write it like XNAS:AAPL, CRYPTO:bitcoin or FX:EURUSD.")
        return cls(namespace, symbol)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from fin_infra.model.schema import key_schema

        return key_schema(cls)

    @property
    def is_fx(self) -> bool:
        return self.namespace == "FX"

    @property
    def is_crypto(self) -> bool:
        return self.namespace == "CRYPTO"

    @property
    def is_option(self) -> bool:
        return self.namespace == "OCC"

    @property
    def base(self) -> str:
        """The currency an FX rate prices; raise InvalidInstrument for other keys."""
        return self._pair()[:3]

    @property
    def quote(self) -> str:
        """The currency an FX rate is counted in; raise InvalidInstrument for other keys."""
        return self._pair()[3:]

    def _pair(self) -> str:
        if self.namespace != "FX":
            raise InvalidInstrument(f"{self} is not a currency pair; only FX keys have a base and a quote.")
        return self.symbol

    def __str__(self) -> str:
        return f"{self.namespace}:{self.symbol}"


describe(
    InstrumentKey,
    "an InstrumentKey, such as fin_infra.normalize.instrument('AAPL') or InstrumentKey.parse('CRYPTO:bitcoin')",
    InvalidInstrument,
)


def _check_listed(namespace: str, symbol: str) -> None:
    if namespace in _NOT_MICS:
        raise InvalidInstrument(f"{namespace} is a name, not an ISO 10383 code; write {_NOT_MICS[namespace]}:{symbol}.")
    if namespace != "US" and not _MIC.fullmatch(namespace):
        raise InvalidInstrument(
            f"{namespace!r} is not a namespace; use a four-character MIC (XNAS), US, CRYPTO, FX, OCC, ISIN, FIGI, CUSIP"
            " or SEDOL."
        )
    if namespace == "US" or namespace in US_MICS:
        _check_united_states(namespace, symbol)
    if not _LISTED.fullmatch(symbol):
        dotted = re.sub(r"[-/ ]", ".", symbol.strip()).upper()
        advice = f"write {namespace}:{dotted}" if _LISTED.fullmatch(dotted) else "write it like XNAS:AAPL or XNYS:BRK.B"
        raise InvalidInstrument(f"{namespace}:{symbol} is not an instrument key; {advice}.")
    if namespace == "XHKG" and symbol.isdigit() and symbol.startswith("0"):
        raise InvalidInstrument(f"Hong Kong symbols have no leading zeros; write XHKG:{symbol.lstrip('0') or '700'}.")


def _check_united_states(namespace: str, symbol: str) -> None:
    if _OPTION.fullmatch(symbol):
        raise InvalidInstrument(f"{namespace}:{symbol} is an option, not a share; write OCC:{symbol}.")
    match = _PREFERRED.fullmatch(symbol)
    if match and symbol != (canonical := f"{match[1]}.PR{match[2] or ''}"):
        raise InvalidInstrument(f"{namespace}:{symbol} is a preferred share; write {namespace}:{canonical}.")


def _check_coin(symbol: str) -> None:
    if not _COIN.fullmatch(symbol):
        raise InvalidInstrument(
            f"CRYPTO:{symbol} is not an instrument key; write the CoinGecko id in lower case, such as CRYPTO:bitcoin."
        )


def _check_option(symbol: str) -> None:
    match = _OPTION.fullmatch(symbol)
    try:
        if match is None:
            raise ValueError(symbol)
        datetime.strptime(match[1], "%y%m%d")  # noqa: DTZ007  # a date has no zone
    except ValueError:
        raise InvalidInstrument(
            f"OCC:{symbol} is not an option; write root, expiry as yymmdd, C or P, and the strike in thousandths in "
            "eight digits, such as OCC:AAPL261218C00200000."
        ) from None


def _check_pair(symbol: str) -> None:
    if len(symbol) != 6:
        raise InvalidInstrument(f"FX:{symbol} is not a currency pair; write two ISO 4217 codes, such as FX:EURUSD.")
    for code in (symbol[:3], symbol[3:]):
        if code not in CURRENCIES:
            raise InvalidInstrument(f"FX:{symbol}: {code!r} is not an ISO 4217 code; write it like FX:EURUSD.")
    if symbol[:3] == symbol[3:]:
        raise InvalidInstrument(f"FX:{symbol} names one currency twice; a pair needs two.")


_SHAPES = {
    "ISIN": (re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]"), "two letters, nine letters or digits, a check digit"),
    "FIGI": (re.compile(r"[B-DF-HJ-NP-TV-Z]{2}G[0-9B-DF-HJ-NP-TV-Z]{8}[0-9]"), "such as BBG000B9XRY4, without vowels"),
    "CUSIP": (re.compile(r"[A-Z0-9*@#]{8}[0-9]"), "nine characters, the last a check digit"),
    "SEDOL": (re.compile(r"(?:[0-9]{6}|[B-DF-HJ-NP-TV-Z][0-9B-DF-HJ-NP-TV-Z]{5})[0-9]"), "seven characters, no vowels"),
}


def _check_identifier(namespace: str, symbol: str) -> None:
    shape, form = _SHAPES[namespace]
    if not shape.fullmatch(symbol):
        raise InvalidInstrument(f"{namespace}:{symbol} does not have the form of a {namespace} ({form}).")
    digit = _check_digit(namespace, symbol[:-1])
    if digit != symbol[-1]:
        raise InvalidInstrument(
            f"{namespace}:{symbol} is mistyped: the check digit should be {digit}, or another character is wrong."
        )
    if namespace in ("ISIN", "FIGI") and not _has_valid_prefix(namespace, symbol):
        raise InvalidInstrument(f"{namespace}:{symbol}: no {namespace} begins with {symbol[:2]}.")


def _check_digit(namespace: str, body: str) -> str:
    """Work out the last character; python-stdnum is imported here so that `import fin_infra` does not pay for it."""
    from stdnum import cusip, figi, isin
    from stdnum.gb import sedol

    schemes: dict[str, Callable[[str], str]] = {
        "ISIN": isin.calc_check_digit,
        "FIGI": figi.calc_check_digit,
        "CUSIP": cusip.calc_check_digit,
        "SEDOL": sedol.calc_check_digit,
    }
    return schemes[namespace](body)


def _has_valid_prefix(namespace: str, symbol: str) -> bool:
    from stdnum import figi, isin

    return isin.is_valid(symbol) if namespace == "ISIN" else figi.is_valid(symbol)
