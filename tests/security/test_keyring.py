"""Main keys: from settings, from a private file, from a KMS; and every way they can be wrong has a sentence."""

from __future__ import annotations

import os
from base64 import b64decode

import pytest

from fin_infra.errors import ConfigurationError, SealBroken, VaultKeyMissing
from fin_infra.security.vault import (
    CallableKey,
    Keyring,
    LocalKey,
    Scope,
    Secret,
    Vault,
    WrappedKey,
    create_key_file,
    demo_vault,
)

SCOPE = Scope(tenant="acme", user="ada", provider="banking:test", connection="c-1", purpose="access_token")
OLD = "2025:ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A="
NEW = "2026:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2A="
VARIABLE, FILE = "FIN_INFRA_VAULT_KEYS", "FIN_INFRA_VAULT_KEYS_FILE"


@pytest.mark.parametrize("separator", [",", "\n", " ", ", ", "\r\n"])
def test_keys_when_listed_then_the_first_wraps_and_all_unwrap(separator):
    before = Vault(Keyring.from_env({VARIABLE: OLD}))
    key = before.new_key(SCOPE)
    both = Vault(Keyring.from_env({VARIABLE: NEW + separator + OLD}))
    assert both.keys.ids == ("2026", "2025")
    assert both.open(before.seal("token", SCOPE, key), SCOPE, key).reveal() == "token"
    assert (both.new_key(SCOPE).key_id, both.is_current(key), both.is_current(both.new_key(SCOPE))) == (
        "2026",
        False,
        True,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "openssl rand -base64 32"),
        (" , ", "no key"),
        ("justakey", "Item 1"),
        (f"{OLD},2026:", "Item 2"),
        (f"{OLD},2026:!!!!", "Item 2"),
        (f"{OLD},2026:{NEW[5:20]}!{NEW[20:]}", "Item 2"),
        ("2026:c2hvcnQ=", "'2026' is not 32 random bytes"),
        ("2026:" + "A" * 43 + "=", "'2026' is not 32 random bytes"),
        ("a b:" + OLD[5:], "Item 1"),
        (f"a/b:{OLD[5:]}", "letters, digits"),
        (f"{'x' * 33}:{OLD[5:]}", "letters, digits"),
        (f"{OLD},{OLD}", "same id"),
        (f"{OLD},2026:{OLD[5:]}", "the same key"),
    ],
)
def test_keys_when_wrong_then_says_which_and_shows_none(text, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        Keyring.from_env({VARIABLE: text} if text else {})
    assert OLD[5:15] not in str(caught.value)


def test_file_when_private_then_is_read(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"{NEW}\n{OLD}\n")
    path.chmod(0o600)
    assert Keyring.from_env({FILE: str(path)}).ids == ("2026", "2025")
    with pytest.raises(ConfigurationError, match="Both"):
        Keyring.from_env({FILE: str(path), VARIABLE: OLD})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o644])
def test_file_when_others_may_use_it_then_refuses(tmp_path, mode):
    path = tmp_path / "keys"
    path.write_text(OLD)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        Keyring.from_file(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")
def test_file_when_another_user_owns_it_then_refuses(tmp_path):
    path = tmp_path / "keys"
    path.write_text(OLD)
    path.chmod(0o600)
    os.chown(path, 12345, 12345)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        Keyring.from_file(path)


def test_file_when_missing_a_folder_or_not_text_then_says_so(tmp_path):
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff" * 40)
    binary.chmod(0o600)
    for path in (tmp_path / "none", tmp_path, binary):
        with pytest.raises(ConfigurationError, match=f"{FILE} names cannot be read") as caught:
            Keyring.from_file(path)
        assert caught.value.__context__ is None  # a UnicodeDecodeError holds what is in the file


def test_file_when_created_then_is_private_and_the_second_call_reads_it(tmp_path):
    path = tmp_path / "vault.keys"
    previous = os.umask(0)
    try:
        first = create_key_file(path, "mine")
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o600
    key = Vault(first).new_key(SCOPE)
    again = Vault(create_key_file(path, "other"))
    assert again.keys.ids == ("mine",)
    assert again.rewrap(key, SCOPE).data_key_id == key.data_key_id


class Kms:
    """A KMS with associated data, made of bytes kept aside."""

    def __init__(self) -> None:
        self.kept: dict[bytes, tuple[bytes, bytes]] = {}
        self.calls = 0
        self.down: Exception | None = None

    def wrap(self, data_key: bytes, context: bytes) -> bytes:
        handle = os.urandom(20)
        self.kept[handle] = (data_key, context)
        return handle

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        self.calls += 1
        if self.down is not None:
            raise self.down
        data_key, bound = self.kept.get(wrapped, (b"", b""))
        if bound != context:
            raise ValueError("context differs")
        return data_key


def test_kms_when_it_holds_the_main_key_then_wraps_and_unwraps():
    kms = Kms()
    vault = Vault(Keyring([CallableKey("kms-1", kms.wrap, kms.unwrap)]))
    key = WrappedKey.from_text(vault.new_key(SCOPE).text)
    sealed = vault.seal("token", SCOPE, key)
    for _ in range(5):
        assert vault.open(sealed, SCOPE, key).reveal() == "token"
    assert kms.calls == 1
    vault.forget(key)
    kms.down = PermissionError("arn:secret-name")
    with pytest.raises(VaultKeyMissing, match=r"'kms-1' cannot be used now \(PermissionError\)") as caught:
        vault.open(sealed, SCOPE, key)
    with pytest.raises(VaultKeyMissing, match=r"'kms-2' cannot be used now \(KeyError\)"):
        Vault(Keyring([CallableKey("kms-2", lambda *_: {}["down"], kms.unwrap)])).new_key(SCOPE)
    assert "arn" not in str(caught.value)
    assert caught.value.__context__ is None


def test_kms_when_it_refuses_the_context_then_the_seal_is_broken():
    kms = Kms()
    vault = Vault(Keyring([CallableKey("kms-1", kms.wrap, kms.unwrap)]))
    key = vault.new_key(SCOPE)
    other = Scope(tenant="acme", user="bob", provider="banking:test", connection="c-1", purpose="access_token")
    with pytest.raises(SealBroken):
        vault.seal("token", other, key)


def test_kms_when_nothing_is_remembered_then_every_call_asks_it():
    kms = Kms()
    vault = Vault(Keyring([CallableKey("kms-1", kms.wrap, kms.unwrap)]), remembered=0)
    key = vault.new_key(SCOPE)
    sealed = vault.seal("token", SCOPE, key)
    vault.open(sealed, SCOPE, key)
    vault.open(sealed, SCOPE, key)
    assert kms.calls == 3


def test_rotation_when_the_main_key_moves_to_a_kms_then_sealed_values_stay():
    kms = Kms()
    local = Vault(Keyring.from_text(OLD))
    key = local.new_key(SCOPE)
    sealed = local.seal("token", SCOPE, key)
    both = Vault(Keyring([CallableKey("kms-1", kms.wrap, kms.unwrap), LocalKey("2025", Secret(b64decode(OLD[5:])))]))
    moved = both.rewrap(key, SCOPE)
    only_kms = Vault(Keyring([CallableKey("kms-1", kms.wrap, kms.unwrap)]))
    assert only_kms.open(sealed, SCOPE, moved).reveal() == "token"


def test_demo_when_run_twice_then_has_another_key_each_time():
    vault = demo_vault()
    key = vault.new_key(SCOPE)
    with pytest.raises(SealBroken):
        demo_vault().rewrap(key, SCOPE)
