"""Switches: which parts of fin-infra are on, and for whom. Every `FEATURE_...` variable is read here, at each call.
Floor 2: the environment says what there is; a hook of the application says for whom, and can only take away.

    with acting("acme", "ada"):                       # the routers do this for each request
        enabled("banking")                            # FEATURE_BANKING, then the hook
    install(lambda name, tenant, user: tenant != "acme" or name != "crypto")
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from fin_infra.arguments import checked
from fin_infra.errors import ConfigurationError, FeatureDisabled

__all__ = [
    "Hook",
    "Switch",
    "acting",
    "enabled",
    "for_everybody",
    "install",
    "is_on",
    "permitted",
    "refusal",
    "require",
]
PREFIX = "FEATURE_"
Hook: TypeAlias = Callable[[str, str, str], bool | None]
"""Takes the name of a switch (`banking`, `banking_teller`), a tenant and a user, which may be empty. None leaves it to
the environment, and so does True: what that has switched off stays off."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: `name` in lower case, without FEATURE_; `default` where the variable is unset."""

    name: str
    default: bool
    what: str

    @property
    def variable(self) -> str:
        return variable(self.name)


MODULES = (
    Switch("identity", False, "Identity checks of persons; sensitive, so it has to be asked for."),
    Switch("credit", False, "Credit reports and scores; sensitive, so it has to be asked for."),
    Switch("payments", False, "Moving money between accounts; sensitive, and no such module is there yet."),
    Switch(
        "trading_live",
        True,
        "Orders with real money; a further lock behind the limits of trading, which it opens for nobody.",
    ),
)
"""The sensitive ones, whose default is not `on because it is installed`."""
_DEFAULTS: Mapping[str, bool] = {switch.name: switch.default for switch in MODULES}
_WORDS: Mapping[str, bool] = {"1": True, "true": True, "yes": True, "on": True} | {
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
_acting: ContextVar[tuple[str, str] | None] = ContextVar("fin_infra_acting", default=None)
_everybody: ContextVar[bool] = ContextVar("fin_infra_everybody", default=False)
_hook: Hook | None = None


@checked
def install(hook: Hook | None) -> Hook | None:
    """Ask `hook` too, in the whole process, from the next call on; return the one before. None asks nobody.

    It is asked at every call, between the caller and the vendor: let it answer from memory, without waiting.
    """
    global _hook
    previous, _hook = _hook, hook
    return previous


@checked
@contextmanager
def acting(tenant: str, user: str = "") -> Generator[None]:
    """Say for whom the calls inside are, in this thread or task and those that it starts."""
    token = _acting.set((tenant, user))
    try:
        yield
    finally:
        _acting.reset(token)


def acting_user() -> tuple[str, str] | None:
    """Return the tenant and the user of `acting`; None where nobody said."""
    return _acting.get()


@contextmanager
def for_everybody() -> Generator[None]:
    """Leave the hook out inside: an app that is put together has no caller, and has a part if anybody may use it."""
    token = _everybody.set(True)
    try:
        yield
    finally:
        _everybody.reset(token)


@checked
def enabled(name: str, tenant: str | None = None, user: str | None = None, *, default: bool | None = None) -> bool:
    """Tell whether a switch is on now.

    Args:
        name: as in `FEATURE_<NAME>`, in lower case.
        tenant: by default the one of `acting`, else "default".
        user: by default the one of `acting`, else nobody.
        default: where the variable is unset; by default what the table of switches says, and on for all others.

    Raises:
        ConfigurationError: the variable says neither yes nor no, or the hook answers neither.
    """
    return in_environment(name, default) and permitted(name, tenant, user)


def in_environment(name: str, default: bool | None = None) -> bool:
    """Tell whether the environment leaves a switch on, for whomever.

    Raises:
        ConfigurationError: it says neither yes nor no.
    """
    text = os.environ.get(variable(name))
    if not text:
        return _DEFAULTS.get(name, True) if default is None else default
    return read(name, text, default)


def read(name: str, text: str, default: bool | None = None) -> bool:
    """Return what the text of a switch's variable says; blank text is its default.

    Raises:
        ConfigurationError: it says neither yes nor no.
    """
    word = text.strip().lower()
    if not word:
        return _DEFAULTS.get(name, True) if default is None else default
    if word not in _WORDS:
        raise ConfigurationError(
            f"{variable(name)} is neither 1 nor 0; set it to 0 to switch that off, to 1 to switch it on, or unset it."
        )
    return _WORDS[word]


@checked
def permitted(name: str, tenant: str | None = None, user: str | None = None) -> bool:
    """Tell whether the hook leaves a switch on; yes without a hook. For what is switched on by other means.

    Raises:
        ConfigurationError: the hook fails, or answers something else than True, False or None.
    """
    return _permitted(name, tenant, user)


def _permitted(name: str, tenant: str | None, user: str | None) -> bool:
    if _hook is None or _everybody.get():
        return True
    acts = _acting.get() or ("default", "")
    problem = "answers neither True, False nor None"
    answer: object
    try:
        answer = _hook(name, acts[0] if tenant is None else tenant, acts[1] if user is None else user)
    except Exception as exc:  # whatever it is, nobody knows whether the switch is on
        problem, answer = f"fails with {type(exc).__name__}", "failed"
    if answer is None or isinstance(answer, bool):
        return answer is not False
    raise ConfigurationError(f"The hook of features.install() {problem} for {name!r}, so the call is refused; fix it.")


@lru_cache(4096)
def variable(name: str) -> str:
    """Return the name of the environment variable behind a switch."""
    return PREFIX + name.upper()


@lru_cache(4096)
def names_of(source: str) -> tuple[str, ...]:
    """Return the switches that a provider hangs on: of `banking:teller` the domain, the vendor, and both together."""
    domain, _, vendor = source.replace("-", "_").lower().partition(":")
    return (domain, vendor, f"{domain}_{vendor}") if vendor else (domain,)


@checked
def refusal(source: str, tenant: str | None = None, user: str | None = None) -> FeatureDisabled | None:
    """Return the error of a domain or provider (`banking`, `banking:teller`) that is switched off; None where it is on.

    Raises:
        ConfigurationError: as of `enabled`.
    """
    return _refusal(source, tenant, user)


def _refusal(source: str, tenant: str | None = None, user: str | None = None) -> FeatureDisabled | None:
    for name in names_of(source):
        if not in_environment(name):
            return FeatureDisabled(f"{source} is switched off; {variable(name)}=1 switches it on.", switch=name)
    denied = next((name for name in names_of(source) if not _permitted(name, tenant, user)), None)
    if denied is None:
        return None
    sentence = f"{source} is switched off for this caller ({denied}); ask whoever runs this to switch it on."
    return FeatureDisabled(sentence, switch=denied)


@checked
def require(source: str, tenant: str | None = None, user: str | None = None) -> None:
    """Refuse what `refusal` says is off.

    Raises:
        FeatureDisabled: it is switched off; the text says how to switch it on.
        ConfigurationError: as of `enabled`.
    """
    off = refusal(source, tenant, user)
    if off is not None:
        raise off


def required_by_client(source: str, tenant: str) -> None:
    """Do the same for a client at each operation: its own tenant counts where nobody said who acts."""
    off = _refusal(source, None if _acting.get() else tenant)
    if off is not None:
        raise off


@checked
def is_on(source: str) -> bool:
    """Tell whether a domain or a provider is on, for whoever acts."""
    return refusal(source) is None
