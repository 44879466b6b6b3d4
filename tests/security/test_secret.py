"""A secret shows itself to nobody but its caller: whatever prints, logs, copies, pickles or writes JSON gets a mask."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import io
import json
import logging
import pickle
import pprint
import sys
import traceback

import msgspec
import pytest
from rich.console import Console
from rich.traceback import Traceback

from fin_infra.errors import ConfigurationError, FinInfraError, InvalidInput, MissingExtra, SealBroken
from fin_infra.security.secret import Secret
from fin_infra.security.vault import CallableKey, Keyring, Scope, Vault, demo_vault

PLAIN = "qqPLAINqq"
SCOPE = Scope(tenant="acme", user="ada", provider="banking:test", connection="c-1", purpose="access_token")


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    token: object


def _values():
    vault = demo_vault()
    key = vault.new_key(SCOPE)
    sealed = vault.seal(PLAIN, SCOPE, key)
    return [(Secret(PLAIN), PLAIN), (sealed, sealed.text), (key, key.text)]


VALUES = _values()
each = pytest.mark.parametrize(("value", "hidden"), VALUES, ids=["secret", "sealed", "key"])


def _logged(value: object) -> str:
    stream = io.StringIO()
    log = logging.Logger("test")
    log.addHandler(logging.StreamHandler(stream))
    log.error("value %s %r", value, value, extra={"value": value})
    return stream.getvalue()


@each
def test_value_when_shown_then_is_a_mask(value, hidden):
    shown = [
        repr(value),
        str(value),
        f"{value}",
        f"{value!r:>60}",
        f"{value:>60}",
        f"{value}",
        pprint.pformat([value]),
        repr(Row(value)),
        str([value]),
        _logged(value),
        json.dumps({"a": value}, default=str),
        repr(inspect.getmembers(value)) if not hasattr(value, "text") else "***",
    ]
    for text in shown:
        assert hidden not in text
        assert hidden[4:20] not in text
        assert "***" in text


@each
def test_value_when_written_copied_or_pickled_then_refuses(value, hidden):
    attempts = [
        lambda: json.dumps(value),
        lambda: msgspec.json.encode(value),
        lambda: msgspec.to_builtins(value),
        lambda: pickle.dumps(value),
        *(lambda p=protocol: pickle.dumps([value], p) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        lambda: copy.copy(value),
        lambda: copy.deepcopy({"a": value}),
        lambda: dataclasses.asdict(Row(value)),
        lambda: value.__getstate__(),
        lambda: vars(value),
        lambda: bytes(value),
        lambda: list(value),
        lambda: dict(value),
        lambda: {value},
        lambda: len(value),
        lambda: value + "",
    ]
    for attempt in attempts:
        with pytest.raises(TypeError) as caught:
            attempt()
        assert hidden not in str(caught.value)
    with pytest.raises(AttributeError):
        value.key_id = "x"


def test_secret_when_handed_to_fastapi_then_refuses():
    encoders = pytest.importorskip("fastapi.encoders")
    with pytest.raises(ValueError, match="not iterable") as caught:
        encoders.jsonable_encoder(Secret(PLAIN))
    assert PLAIN not in str(caught.value)


def test_secret_when_compared_then_by_content_and_kind():
    assert Secret("a") == Secret(b"a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_secret_when_bytes_are_not_text_then_says_which_method_gives_them():
    secret = Secret(b"\xff\xfe")
    assert secret.reveal_bytes() == b"\xff\xfe"
    with pytest.raises(InvalidInput, match="reveal_bytes") as caught:
        secret.reveal()
    assert caught.value.__context__ is None  # a UnicodeDecodeError carries the bytes


@pytest.mark.parametrize("value", ["", b"", None, 5, ["a"], "\ud800"])
def test_secret_when_made_of_something_else_then_refuses_without_its_value(value):
    with pytest.raises(InvalidInput) as caught:
        Secret(value)
    assert caught.value.__context__ is None


def _with_locals(exc: BaseException) -> str:
    """Return what tools show of an error that show the variables of every frame of ours, and of the chain of errors."""
    shown = "".join(traceback.TracebackException.from_exception(exc, capture_locals=True).format())
    console = Console(file=io.StringIO(), width=400)
    console.print(Traceback.from_exception(type(exc), exc, exc.__traceback__, show_locals=True, locals_max_string=None))
    frames = []
    seen: BaseException | None = exc
    while seen is not None:
        frames += [frame.f_locals for frame, _ in traceback.walk_tb(seen.__traceback__) if "tests" not in str(frame)]
        seen = seen.__context__
    return shown + console.file.getvalue() + repr(frames)


def _ours(exc: BaseException) -> BaseException:
    """Leave the frame of the test out: it holds the secret, as its caller's code may."""
    return exc.with_traceback(exc.__traceback__ and exc.__traceback__.tb_next)


def _refusing(*_: bytes) -> bytes:
    raise OSError("connection to kms refused: " + PLAIN)


def _kms() -> Vault:
    return Vault(Keyring([CallableKey("kms", _refusing, _refusing)]))


KEY_BYTES = bytes(range(1, 33))
KEY_TEXT = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
BROKEN_KEYS = f"one:{KEY_TEXT},two:{KEY_TEXT[:-3]}"


def _tampered():
    vault = demo_vault()
    key = vault.new_key(SCOPE)
    return vault.open(vault.seal(PLAIN, SCOPE, key), SCOPE.next(), key)


def _other_key():
    vault = demo_vault()
    return vault.seal(PLAIN, SCOPE, Vault(Keyring.from_text(f"demo:{KEY_TEXT}")).new_key(SCOPE))


def _worn():
    vault = Vault(Keyring.from_text(f"demo:{KEY_TEXT}"), messages=1)
    key = vault.new_key(SCOPE)
    vault.seal(PLAIN, SCOPE, key)
    return vault.seal(PLAIN, SCOPE, key)


@pytest.mark.parametrize(
    "act",
    [
        _tampered,
        _other_key,
        _worn,
        lambda: _kms().new_key(SCOPE),
        lambda: Keyring.from_text(BROKEN_KEYS),
        lambda: Keyring.from_env({"FIN_INFRA_VAULT_KEYS": BROKEN_KEYS}),
        lambda: Keyring.from_text(f"one:{KEY_TEXT},two:{KEY_TEXT}"),
        lambda: Secret(PLAIN + "\ud800"),
    ],
    ids=["scope", "wrong key", "worn", "kms", "text", "env", "same key", "surrogate"],
)
def test_error_when_shown_with_local_variables_then_shows_neither_secret_nor_key(act):
    with pytest.raises(FinInfraError) as caught:
        act()
    shown = _with_locals(_ours(caught.value))
    assert "Error" in shown or "VaultKey" in shown or "SealBroken" in shown or "InvalidInput" in shown
    for hidden in (PLAIN, KEY_TEXT[:20], repr(KEY_BYTES)[3:40]):
        assert hidden not in shown


def test_search_when_a_secret_is_in_a_local_variable_then_it_is_found():
    def leaks(token: str) -> None:
        raise SealBroken("no")

    with pytest.raises(SealBroken) as caught:
        leaks(PLAIN)
    assert PLAIN in _with_locals(_ours(caught.value))


def test_vault_when_cryptography_is_missing_then_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtra, match=r"fin-infra-kit\[vault\]"):
        Vault(Keyring.from_text(f"one:{KEY_TEXT}"))


def test_error_when_a_caller_of_a_service_reads_it_then_says_nothing_of_keys():
    with pytest.raises(ConfigurationError):
        Keyring.from_text("")
    assert "key" not in SealBroken("x").for_caller()
