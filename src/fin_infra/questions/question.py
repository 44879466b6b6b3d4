"""What a question is: its parameters, who may ask it, what comes back.
Floor 6: plain data; types and functions are named, and load when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum, StrEnum
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from fin_infra.arguments import Kind, kind_of, shown
from fin_infra.errors import InvalidInput, NaiveTime

REQUIRED: Final = object()
"""The default of a parameter that has none."""


class Scope(StrEnum):
    """Whose data an answer is."""

    PUBLIC = "public"
    """Market data, the same for everybody."""
    PERSONAL = "personal"
    """Somebody's accounts and what is in them."""
    TRADING = "trading"
    """Somebody's account at a broker, read and never changed."""


class Takes(StrEnum):
    """What a parameter takes."""

    TEXT = "text"
    NUMBER = "number"
    """A Decimal."""
    COUNT = "count"
    """An int from `minimum` to `maximum`."""
    YES = "yes"
    """A bool."""
    DAY = "day"
    MOMENT = "moment"
    """A day, or an instant with a zone."""
    TEXTS = "texts"
    """Several texts."""
    WORD = "word"
    """A member of the enum, or one of the texts, that `words` names."""


_TYPES: Mapping[Takes, Any] = MappingProxyType(
    {
        Takes.TEXT: str,
        Takes.NUMBER: Decimal,
        Takes.COUNT: int,
        Takes.YES: bool,
        Takes.DAY: date,
        Takes.MOMENT: date | datetime,
        Takes.TEXTS: Sequence[str],
    }
)
_WRITTEN: Mapping[Takes, str] = MappingProxyType(
    {
        Takes.NUMBER: "a number such as 12.50",
        Takes.COUNT: "a whole number",
        Takes.YES: "true or false",
        Takes.DAY: "a day such as 2026-01-31",
        Takes.MOMENT: "a day such as 2026-01-31, or an instant such as 2026-01-31T09:30:00Z",
    }
)
"""What each asks for, in the words of somebody who types it."""
_YES = MappingProxyType({"true": True, "1": True, "false": False, "0": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    name: str
    help: str
    takes: Takes = Takes.TEXT
    default: Any = REQUIRED
    """As text where it is a word."""
    inline: bool = False
    """Whether a command takes it by its place although it may be left out."""
    words: str | tuple[str, ...] = ()
    """The name of an enum in `fin_infra.model`, or the texts."""
    minimum: int = 1
    maximum: int = 1000
    longest: int = 128
    """Most characters of text that arrives over HTTP."""
    values: str = ""
    """`currencies` or `calendars`: what a shell may complete it with."""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def type(self) -> Any:
        """The type that it takes in Python, without None."""
        if self.takes is not Takes.WORD:
            return _TYPES[self.takes]
        return getattr(import_module("fin_infra.model"), self.words) if isinstance(self.words, str) else str

    def choices(self) -> tuple[str, ...]:
        """Return the words it takes; none for anything else."""
        if not isinstance(self.words, str):
            return self.words
        return tuple(each.value for each in self.type)

    def take(self, value: Any) -> Any:
        """Return the value, or what it clearly means; raise InvalidInput with a sentence about the parameter."""
        if value is None and self.default is None:
            return None
        value = self._kind().take(self.name, value)
        self._check(self.name, value)
        return value

    def read(self, text: str, label: str) -> Any:
        """Return what somebody typed as a value of its type.

        Raises:
            InvalidInput: it cannot be read; the sentence calls the parameter `label`.
        """
        try:
            value = self._read(text)
        except NaiveTime:
            raise NaiveTime(f"`{label}` has no time zone; write it like {text}Z or with an offset.") from None
        except (ValueError, KeyError):
            raise InvalidInput(f"`{label}` must be {self._written()}, not {shown(text)}.") from None
        self._check(label, value)
        return value

    def _kind(self) -> Kind:
        return kind_of(self.type).aware()

    def _read(self, text: str) -> Any:
        match self.takes:
            case Takes.NUMBER:
                from fin_infra.model.money import decimal_from_text

                return decimal_from_text(text)
            case Takes.COUNT:
                return int(text)
            case Takes.YES:
                return _YES[text.lower()]
            case Takes.TEXTS:
                return [text]
            case Takes.DAY | Takes.MOMENT | Takes.WORD:
                read = self._kind().read
                return text if read is None else read(text)
            case _:
                return text

    def _written(self) -> str:
        return _WRITTEN.get(self.takes) or f"one of {', '.join(self.choices())}"

    def _check(self, label: str, value: Any) -> None:
        if self.takes is Takes.COUNT and not self.minimum <= value <= self.maximum:
            raise InvalidInput(f"`{label}` must be from {self.minimum} to {self.maximum}, not {shown(value)}.")
        if self.takes is Takes.WORD and not isinstance(value, Enum) and value not in self.choices():
            raise InvalidInput(f"`{label}` must be one of {', '.join(self.choices())}, not {shown(value)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    name: str
    help: str
    """One line."""
    scope: Scope
    domain: str
    """Whose provider answers, and what a token must be allowed to read: `market` goes with `market:read`."""
    result: str
    """`module:class` of the model that comes back; of each record where `many`."""
    answer: str
    """`module:function` that makes the flow."""
    parameters: tuple[Parameter, ...] = ()
    many: bool = False
    """Whether a `Listing` comes back."""
    asks: tuple[str, ...] | None = None
    """Domains of which one provider each is asked; the question's own where None."""
    docs: str
    """The page about what comes back."""
    ttl_s: float = 0.0
    """How long an answer may be kept; personal ones never."""

    @property
    def permission(self) -> str:
        return f"{self.domain}:read"

    @property
    def domains(self) -> tuple[str, ...]:
        return (self.domain,) if self.asks is None else self.asks

    @property
    def one_provider(self) -> bool:
        """Whether one provider answers, which may then be named."""
        return len(self.domains) == 1

    def model(self) -> Any:
        """Return the class of the result, or of its records."""
        return _named(self.result)

    def function(self) -> Any:
        """Return the function that makes the flow: `function(asked, **parameters)`."""
        return _named(self.answer)

    def bind(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters with the values they have, defaults included.

        Raises:
            InvalidInput: one is missing or unknown, or has a value that cannot be meant.
        """
        for name in given:
            self._known(name)
        return {parameter.name: self._value(parameter, given) for parameter in self.parameters}

    def _known(self, name: str) -> None:
        names = [parameter.name for parameter in self.parameters]
        if name in names:
            return
        near = get_close_matches(name, names, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        takes = f"it takes {', '.join(names)}" if names else "it takes none"
        raise InvalidInput(f"The question {self.name!r} has no parameter {shown(name)}; {takes}.{meant}")

    def _value(self, parameter: Parameter, given: Mapping[str, Any]) -> Any:
        if parameter.name in given:
            return parameter.take(given[parameter.name])
        if parameter.required:
            raise InvalidInput(f"The question {self.name!r} needs `{parameter.name}`: {parameter.help}.")
        default = parameter.default
        return parameter.take(default) if parameter.takes is Takes.WORD and default is not None else default


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
