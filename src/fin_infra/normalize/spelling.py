"""How a vendor spells instruments, as data.
Floor 1: an adapter holds one `Spelling`; what `write` gives, `read` turns back into the same key."""

from __future__ import annotations

# Users without a type checker hear what is wrong, so arguments are checked although they are typed.
# pyright: reportUnnecessaryIsInstance=false
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from fin_infra.arguments import shown
from fin_infra.errors import InvalidInstrument
from fin_infra.model.instrument import US_MICS, InstrumentKey

KEPT = 4096
"""Spellings that one `Spelling` keeps: working one out and reading it back takes about 20 calls."""

_US_CLASS = re.compile(r"[A-Z0-9]+(?:\.(?:[A-Z]|WS|WI|WD|RT|UN|CL|PR[A-Z]?))+")
"""A symbol with share class, warrant, unit, right or preferred series, as United States venues have them."""


_PREFERRED = re.compile(r"([A-Z0-9]+)\.PR([A-Z]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A vendor's spelling: `Spelling(class_separator="-", suffixes={"XLON": ".LON"})` writes `BRK-B` and `TSCO.LON`.

    Two venues may share a suffix; reading gives the first one listed. Bare symbols read as `US`.
    """

    class_separator: str = "."
    """What stands before a share class: `BRK-B`, `BRK/B`."""
    preferred: str | None = None
    """What stands between ticker and series of a preferred share in the United States: `-P-` writes `BAC-P-L`, and
    `AXIA-P` without a series. None is the class separator and `PR`."""
    suffixes: Mapping[str, str] = field(default_factory=dict[str, str])
    """MIC to what follows the symbol: `.L`, ` LN`. Letters alone get a dot in front."""
    zero_pad: Mapping[str, int] = field(default_factory=dict[str, int])
    """MIC to the length that numeric symbols are filled up to: `{"XHKG": 4}` writes `0700.HK`."""
    us_mics: Collection[str] = US_MICS
    """Venues written bare like `US`."""
    fx: str | None = None
    """Pattern of a currency pair, such as `{base}{quote}=X`; None where the vendor has none."""
    _written: dict[InstrumentKey, str] = field(
        default_factory=dict[InstrumentKey, str], init=False, repr=False, compare=False
    )

    def write(self, key: InstrumentKey) -> str:
        """Spell the key; raise InvalidInstrument where this vendor has no spelling that reads back as the same one."""
        if not isinstance(key, InstrumentKey):
            raise InvalidInstrument(f"`key` must be an InstrumentKey, such as instrument('AAPL'), not {shown(key)}.")
        text = self._written.get(key)
        if text is None:
            text = self._checked(key)
            if len(self._written) >= KEPT:
                self._written.clear()
            self._written[key] = text
        return text

    def _checked(self, key: InstrumentKey) -> str:
        text = self._spell(key)
        if text is None:
            raise InvalidInstrument(f"This provider has no spelling for {key}; {self._offer()}.")
        back = self.read(text)
        if back.symbol != key.symbol or self._suffix(back.namespace) != self._suffix(key.namespace):
            raise InvalidInstrument(f"{key} cannot be asked here: its spelling {text!r} would be read as {back}.")
        return text

    def read(self, text: str) -> InstrumentKey:
        """Read the vendor's spelling; raise InvalidInstrument for one that is not a known venue or not a symbol."""
        if not isinstance(text, str):
            raise InvalidInstrument(f"`text` must be a str, not {shown(text)}.")
        if self.fx is not None and (pair := self._pair_pattern().fullmatch(text)):
            return InstrumentKey("FX", pair["base"] + pair["quote"])
        for mic in self.suffixes:
            suffix = self._suffix(mic)
            if suffix and text.endswith(suffix) and len(text) > len(suffix):
                return InstrumentKey(mic, self._unpad(mic, dotted(text[: -len(suffix)], self.class_separator)))
        symbol = self._read_preferred(text) or dotted(text, self.class_separator)
        if "." in symbol and not has_us_class(symbol):
            raise InvalidInstrument(
                f"{text!r}: {symbol[symbol.index('.') :]} is not a venue this provider is known to have."
            )
        return InstrumentKey("US", symbol)

    def _spell(self, key: InstrumentKey) -> str | None:
        if key.is_fx:
            return None if self.fx is None else self.fx.format(base=key.base, quote=key.quote)
        suffix = self._suffix(key.namespace)
        if suffix is None:
            return None
        symbol = key.symbol
        if symbol.isdigit():
            symbol = symbol.zfill(self.zero_pad.get(key.namespace, 0))
        if (key.namespace == "US" or key.namespace in US_MICS) and (match := _PREFERRED.fullmatch(symbol)):
            return self._write_preferred(match[1], match[2]) + suffix
        return symbol.replace(".", self.class_separator) + suffix

    def _write_preferred(self, ticker: str, series: str) -> str:
        sign = self._preferred_sign()
        return f"{ticker}{sign}{series}" if series else ticker + sign.rstrip("-/ .")

    def _read_preferred(self, text: str) -> str | None:
        """Return the canonical symbol of a preferred share; None for any other text."""
        sign = self._preferred_sign()
        bare = re.escape(sign.rstrip("-/ ."))
        match = re.fullmatch(rf"([A-Z0-9]+)(?:{re.escape(sign)}([A-Z])|{bare})", text)
        return f"{match[1]}.PR{match[2] or ''}" if match else None

    def _preferred_sign(self) -> str:
        return f"{self.class_separator}PR" if self.preferred is None else self.preferred

    def _suffix(self, namespace: str) -> str | None:
        """Return what follows a symbol of this namespace; None where the vendor does not cover it."""
        suffix = self.suffixes.get(namespace)
        if suffix is not None:
            return f".{suffix}" if suffix.isalnum() else suffix
        return "" if namespace == "US" or namespace in self.us_mics else None

    def _unpad(self, mic: str, symbol: str) -> str:
        if mic in self.zero_pad and symbol.isdigit():
            return symbol.lstrip("0") or symbol
        return symbol

    def _pair_pattern(self) -> re.Pattern[str]:
        escaped = re.escape(self.fx or "")
        return re.compile(
            escaped.replace(r"\{base\}", "(?P<base>[A-Z]{3})").replace(r"\{quote\}", "(?P<quote>[A-Z]{3})")
        )

    def _offer(self) -> str:
        venues = ", ".join(["US", *self.suffixes, *(["FX"] if self.fx else [])])
        return f"it knows {venues}"


def has_us_class(symbol: str) -> bool:
    """Say whether what follows the dot is a share class and not a venue."""
    return _US_CLASS.fullmatch(symbol) is not None


def dotted(symbol: str, separator: str) -> str:
    """Put the share class after a dot: `BRK-B` to `BRK.B`; a longer tail (`BAJAJ-AUTO`) belongs to the symbol."""
    if separator == ".":
        return symbol
    pattern = rf"(?<=[A-Z0-9&]){re.escape(separator)}(?=[A-Z]{{1,3}}(?:{re.escape(separator)}|$))"
    return re.sub(pattern, ".", symbol)
