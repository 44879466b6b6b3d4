"""Which fields are personal, as marks on them: what leaves the program masked, and what the data map is made of.
Floor 0: `field(metadata=pii(Personal.EMAIL))`; the mark stands beside the field and nowhere else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

_PII = "pii"


class Personal(StrEnum):
    """Kinds of personal data; the word is that of the data map."""

    ACCOUNT_NUMBER = "account number"
    ROUTING_NUMBER = "routing number"
    ENDING = "end of an account number"
    """The last four digits: personal together with a name, and shown, because people tell accounts apart by them."""
    NAME = "name of a person"
    ADDRESS = "address"
    EMAIL = "e-mail address"
    PHONE = "phone number"
    TAX_ID = "taxpayer number"
    BIRTH_DATE = "date of birth"
    DOCUMENT_NUMBER = "identity document"
    """Its number and dates."""
    FREE_TEXT = "free text"
    """Words of a person or a bank, which may hold any of these: only what is recognized in them is masked."""
    RAW = "vendor's own record"
    SECRET = "secret"  # noqa: S105  # the word for a kind of data
    LOGIN_LINK = "login link"


_MARKS: Mapping[Personal, Mapping[str, Any]] = {kind: MappingProxyType({_PII: kind}) for kind in Personal}
_PRIVATE: Mapping[Personal, Mapping[str, Any]] = {
    kind: MappingProxyType({_PII: kind, "private": True}) for kind in Personal
}


def pii(kind: Personal, *, private: bool = False) -> Mapping[str, Any]:
    """Return the metadata that marks a field: `emails: tuple[str, ...] = field(metadata=pii(Personal.EMAIL))`.

    Args:
        private: the value gives power over an account, as a full number or a secret does; it is not only masked but
            left out, until somebody asks for what is private.
    """
    return _PRIVATE[kind] if private else _MARKS[kind]


def kind_of(field: dataclasses.Field[Any]) -> Personal | None:
    """Return what kind of personal data a field holds, None where it holds none."""
    return cast("Personal | None", field.metadata.get(_PII))


def masking(kind: Personal | None) -> Callable[[Any], Any] | None:
    """Return what masks the values of a kind, where something does; None stays None, and a tuple its length."""
    shown = _SHOWN.get(kind) if kind is not None else None
    return None if shown is None else lambda value: _each(shown, value)


def _each(shown: Callable[[str], str], value: Any) -> Any:
    if isinstance(value, str):
        return shown(value)
    given: Any = value  # keeps its type where `isinstance` takes it from `value`
    return tuple(_each(shown, item) for item in given) if isinstance(value, tuple) else value


def _nothing(text: str) -> str:
    from fin_infra.pii import MASK

    return MASK if text else text


def _recognized(text: str) -> str:
    from fin_infra.pii import mask

    return mask(text)


def _routing(text: str) -> str:
    """Show the end of a routing number; the name of a bank or broker in its place is nobody's secret."""
    from fin_infra.pii import MASK

    return MASK + text[-4:] if text.isdigit() else text


_SHOWN: Mapping[Personal, Callable[[str], str]] = {
    Personal.ROUTING_NUMBER: _routing,
    Personal.NAME: _nothing,
    Personal.ADDRESS: _nothing,
    Personal.EMAIL: _nothing,
    Personal.PHONE: _nothing,
    Personal.TAX_ID: _nothing,
    Personal.FREE_TEXT: _recognized,
}
"""Other kinds are shown (an ending), or are left out until they are asked for by a name of their own."""
