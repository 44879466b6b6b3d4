"""The vault: what was sealed opens in its own place and nowhere else, and no byte of what is stored can differ."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fin_infra.errors import FinInfraError, SealBroken, VaultKeyExhausted, VaultKeyMissing
from fin_infra.security.vault import (
    DEMO_NOTICE,
    MESSAGES,
    Keyring,
    Scope,
    Sealed,
    Vault,
    WrappedKey,
    demo_vault,
    new_key_text,
)
from tests.security import rotating_process

SCOPE = Scope(
    tenant="acme", user="ada", provider="banking:test", connection="c-1", purpose="access_token", generation=4
)
TOKEN = "test_token_ky6igyqi3qxa4"
VAULT = demo_vault()
KEY = VAULT.new_key(SCOPE)
SEALED = VAULT.seal(TOKEN, SCOPE, KEY)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda t: not t.isspace())
scopes = st.builds(
    Scope,
    tenant=texts,
    user=texts | st.just(""),
    provider=texts,
    connection=texts,
    purpose=texts,
    generation=st.integers(1, 2**63 - 1),
)


def content(text: str) -> bytes:
    return urlsafe_b64decode(text[4:] + "=" * (-len(text[4:]) % 4))


def text(prefix: str, data: bytes) -> str:
    return prefix + urlsafe_b64encode(data).rstrip(b"=").decode()


@given(scope=scopes, secret=st.binary(min_size=1, max_size=300))
def test_secret_when_sealed_then_opens_in_its_scope_and_in_no_other(scope, secret):
    key = VAULT.new_key(scope)
    sealed = Sealed.from_text(VAULT.seal(secret, scope, key).text)
    assert VAULT.open(sealed, replace(scope), WrappedKey.from_text(key.text)).reveal_bytes() == secret


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(scope=scopes, other=scopes)
def test_secret_when_any_part_of_the_scope_differs_then_is_refused(scope, other):
    key = VAULT.new_key(scope)
    sealed = VAULT.seal(TOKEN, scope, key)
    for name in ("tenant", "user", "provider", "connection", "purpose", "generation"):
        assume(getattr(other, name) != getattr(scope, name))
        with pytest.raises(SealBroken):
            VAULT.open(sealed, replace(scope, **{name: getattr(other, name)}), key)


@pytest.mark.parametrize(
    "other",
    [
        {"tenant": "acmea", "user": "da"},
        {"tenant": "acme\x00ada", "user": ""},
        {"user": "adabanking:test", "provider": "c-1", "connection": "x"},
        {"purpose": "access_token4", "generation": 1},
        {"user": "Ada"},
        {"purpose": "access_token "},
    ],
)
def test_scope_when_its_parts_only_run_together_alike_then_is_refused(other):
    with pytest.raises(SealBroken):
        VAULT.open(SEALED, replace(SCOPE, **other), KEY)


def test_sealed_when_any_bit_of_it_differs_then_is_refused():
    data = content(SEALED.text)
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises(SealBroken):
                VAULT.open(Sealed.from_text(text("fv1.", bytes(changed))), SCOPE, KEY)


def test_sealed_when_any_character_of_its_text_differs_then_is_refused():
    for place in range(len(SEALED.text)):
        for other in "AZaz09-_.=~ ":
            changed = SEALED.text[:place] + other + SEALED.text[place + 1 :]
            if changed != SEALED.text:
                with pytest.raises(SealBroken):
                    VAULT.open(Sealed.from_text(changed), SCOPE, KEY)


def test_sealed_when_cut_or_longer_then_is_refused():
    data = content(SEALED.text)
    for size in range(len(data)):
        for kept in (data[:size], data[-size:] if size else b""):
            with pytest.raises(SealBroken):
                VAULT.open(Sealed.from_text(text("fv1.", kept)), SCOPE, KEY)
    for more in (data + b"\0", b"\0" + data, data + data):
        with pytest.raises(SealBroken):
            VAULT.open(Sealed.from_text(text("fv1.", more)), SCOPE, KEY)


def test_data_key_when_any_bit_of_it_differs_or_is_cut_then_is_refused():
    data = content(KEY.text)
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            with pytest.raises((SealBroken, VaultKeyMissing)):
                VAULT.open(SEALED, SCOPE, WrappedKey.from_text(text("fk1.", bytes(changed))))
    for size in range(len(data)):
        with pytest.raises((SealBroken, VaultKeyMissing)):
            VAULT.open(SEALED, SCOPE, WrappedKey.from_text(text("fk1.", data[:size])))


@given(st.binary(max_size=120) | st.text(max_size=120))
def test_text_when_it_is_anything_then_is_an_error_of_ours(found):
    for kind, prefix in ((Sealed, "fv1."), (WrappedKey, "fk1.")):
        stored = found if isinstance(found, str) else text(prefix, found)
        with pytest.raises(FinInfraError):
            VAULT.open(
                Sealed.from_text(stored) if kind is Sealed else SEALED,
                SCOPE,
                WrappedKey.from_text(stored) if kind is WrappedKey else KEY,
            )


def test_rows_when_swapped_between_owners_then_all_are_refused():
    owners = [
        replace(SCOPE, tenant=tenant, user=user, connection=connection, purpose=purpose)
        for tenant in ("acme", "other")
        for user in ("ada", "bob")
        for connection in ("c-1", "c-2")
        for purpose in ("access_token", "refresh_token")
    ]
    keys = {}
    for owner in owners:
        keys.setdefault((owner.tenant, owner.user, owner.connection), VAULT.new_key(owner))
    rows = [(owner, keys[owner.tenant, owner.user, owner.connection]) for owner in owners]
    sealed = [VAULT.seal(f"{number}", owner, key) for number, (owner, key) in enumerate(rows)]
    for number, (owner, key) in enumerate(rows):
        for other, value in enumerate(sealed):
            for given_key in {id(key): key, id(rows[other][1]): rows[other][1]}.values():
                if other == number and given_key is key:
                    assert VAULT.open(value, owner, given_key).reveal() == f"{number}"
                else:
                    with pytest.raises(SealBroken):
                        VAULT.open(value, owner, given_key)


def test_older_value_when_put_back_into_its_row_then_is_refused():
    first = VAULT.seal("old", SCOPE, KEY)
    second = VAULT.seal("new", SCOPE.next(), KEY)
    assert VAULT.open(second, SCOPE.next(), KEY).reveal() == "new"
    with pytest.raises(SealBroken, match="generation 5"):
        VAULT.open(first, SCOPE.next(), KEY)


def test_whole_row_when_put_back_then_opens_which_the_documentation_says():
    assert VAULT.open(VAULT.seal("old", SCOPE, KEY), SCOPE, KEY).reveal() == "old"
    page = Path(__file__).parents[2].joinpath("docs/security.md").read_text("utf-8")
    assert "the whole row" in page


def test_key_when_wrong_or_gone_then_it_is_an_error_and_never_no_token():
    text_ = new_key_text("one")
    vault = Vault(Keyring.from_text(text_))
    key = vault.new_key(SCOPE)
    sealed = vault.seal(TOKEN, SCOPE, key)
    with pytest.raises(SealBroken, match="that id has another key"):
        Vault(Keyring.from_text(new_key_text("one"))).open(sealed, SCOPE, key)
    with pytest.raises(VaultKeyMissing, match="no vault key 'one', only two"):
        Vault(Keyring.from_text(new_key_text("two"))).open(sealed, SCOPE, key)
    with pytest.raises(SealBroken, match="another data key"):
        vault.open(sealed, SCOPE, vault.new_key(SCOPE))


def test_secret_when_sealed_twice_then_nothing_of_the_two_is_equal():
    seen = {VAULT.seal(TOKEN, SCOPE, KEY).text for _ in range(500)}
    nonces = {content(each)[8:20] for each in seen}
    assert len(nonces) == 500
    keys = {content(VAULT.new_key(SCOPE).text)[6:] for _ in range(200)}
    assert len({each[:7] for each in keys}) == len({each[8:40] for each in keys}) == 200


def test_data_key_when_it_sealed_as_often_as_it_may_then_refuses_and_a_new_one_takes_over():
    vault = Vault(VAULT.keys, messages=10)
    key = vault.new_key(SCOPE)
    stored = [vault.seal(f"{number}", SCOPE, key, used=number) for number in range(10)]
    with pytest.raises(VaultKeyExhausted, match="sealed 10 messages"):
        vault.seal("11", SCOPE, key)
    new = vault.new_key(SCOPE)
    moved = [vault.reseal(sealed, SCOPE, key, new, used=used) for used, sealed in enumerate(stored)]
    assert [vault.open(sealed, SCOPE.next(), new).reveal() for sealed in moved] == [f"{n}" for n in range(10)]
    with pytest.raises(SealBroken):
        vault.open(stored[0], SCOPE.next(), new)


def test_data_key_when_others_have_sealed_with_it_then_their_count_counts():
    key = VAULT.new_key(SCOPE)
    vault = Vault(VAULT.keys, messages=10)
    vault.seal("1", SCOPE, key, used=7)
    vault.seal("1", SCOPE, key, used=3)
    vault.seal("1", SCOPE, key)
    with pytest.raises(VaultKeyExhausted):
        vault.seal("1", SCOPE, key)
    with pytest.raises(VaultKeyExhausted):
        Vault(VAULT.keys, messages=10).seal("1", SCOPE, key, used=10)
    alone = Vault(VAULT.keys, messages=10)
    alone.seal("1", SCOPE, key)
    with pytest.raises(VaultKeyExhausted):
        alone.seal("1", SCOPE, key, used=10)
    assert MESSAGES == 2**32  # NIST SP 800-38D, section 8.3
    with pytest.raises(VaultKeyExhausted):
        Vault(VAULT.keys, messages=2**40).seal("1", SCOPE, key, used=2**32)


def test_data_key_when_many_threads_seal_then_no_message_goes_uncounted():
    vault = Vault(VAULT.keys, messages=400)
    key = vault.new_key(SCOPE)

    def seal(_: int) -> bool:
        try:
            vault.seal("x", SCOPE, key)
        except VaultKeyExhausted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(seal, range(1000))) == 400


def test_connection_when_its_data_key_is_destroyed_then_nothing_opens_it():
    vault = demo_vault()
    key = vault.new_key(SCOPE)
    sealed = vault.seal(TOKEN, SCOPE, key)
    vault.forget(key)
    assert vault._known == {}
    for other in (vault.new_key(SCOPE), KEY):
        with pytest.raises((SealBroken, VaultKeyMissing)):
            vault.open(sealed, SCOPE, other)


def test_data_key_when_known_already_then_still_seals_for_its_own_connection_only():
    for other in ({"connection": "c-2"}, {"user": "bob"}, {"tenant": "other"}, {"provider": "banking:other"}):
        with pytest.raises(SealBroken):
            VAULT.seal(TOKEN, replace(SCOPE, **other), KEY)


def test_memory_when_many_connections_are_used_then_keeps_the_latest_keys_only():
    vault = Vault(VAULT.keys, remembered=10)
    for number in range(50):
        scope = replace(SCOPE, connection=f"c-{number}")
        key = vault.new_key(scope)
        assert vault.open(vault.seal(TOKEN, scope, key), scope, key).reveal() == TOKEN
    assert len(vault._known) == 10


def test_main_key_when_rotated_then_sealed_values_stay_and_the_old_key_can_go():
    old, new = new_key_text("old"), new_key_text("new")
    before = Vault(Keyring.from_text(old))
    key = before.new_key(SCOPE)
    sealed = before.seal(TOKEN, SCOPE, key)
    during = Vault(Keyring.from_text(f"{new},{old}"))
    assert not during.is_current(key)
    moved = during.rewrap(key, SCOPE)
    assert during.is_current(moved)
    assert Vault(Keyring.from_text(new)).open(sealed, SCOPE, moved).reveal() == TOKEN
    with pytest.raises(SealBroken):
        during.rewrap(key, replace(SCOPE, user="bob"))


def test_vault_when_shown_or_pickled_then_has_ids_only():
    vault = Vault(Keyring.from_text(new_key_text("2026-11")))
    assert repr(vault) == "<Vault 2026-11>"
    assert repr(vault.keys) == "<Keyring 2026-11>"
    assert repr(vault.keys.current) == "<LocalKey 2026-11>"
    with pytest.raises(TypeError):
        pickle.dumps(vault)
    assert "FIN_INFRA_VAULT_KEYS is not set" in DEMO_NOTICE


def _numbers(path: Path) -> list[int]:
    vault = Vault(Keyring.from_text(rotating_process.KEYS))
    with closing(rotating_process.opened(str(path))) as db:
        rotating_process.read(vault, db)
        return [number for (number,) in db.execute("SELECT number FROM secret ORDER BY row")]


def test_rotation_when_threads_read_and_write_then_loses_nothing(tmp_path):
    path = tmp_path / "book.sqlite"
    rotating_process.create(str(path))
    vault = Vault(Keyring.from_text(rotating_process.KEYS), remembered=2)

    def work(role: str) -> int:
        act = {"read": rotating_process.read, "write": rotating_process.write, "rotate": rotating_process.rotate}[role]
        with closing(rotating_process.opened(str(path))) as db:
            for _ in range(40):
                act(vault, db)
        return 40

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, ["read", "write", "rotate", "write", "read", "rotate"])) == 240
    assert sum(_numbers(path)) == 80


def test_rotation_when_processes_read_and_write_then_loses_nothing(tmp_path):
    path = tmp_path / "book.sqlite"
    rotating_process.create(str(path))
    roles = ["write", "write", "rotate", "read"]
    command = [sys.executable, "-m", "tests.security.rotating_process", str(path)]
    root = Path(__file__).parents[2]
    started = [
        subprocess.Popen(
            [*command, role, "2"],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        for role in roles
    ]
    outcomes = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 4, [error[-2000:] for _, error in outcomes]
    counts = [int(out) for out, _ in outcomes]
    assert sum(_numbers(path)) == counts[0] + counts[1]
    assert counts[2] >= 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_vault_when_forked_then_parent_and_child_use_no_nonce_twice(tmp_path):
    vault = demo_vault()
    key = vault.new_key(SCOPE)
    vault.seal("x", SCOPE, key)
    random.seed(1)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover  # in the child
        os.write(write, "\n".join(vault.seal("x", SCOPE, key).text for _ in range(50)).encode())
        os._exit(0)
    mine = {content(vault.seal("x", SCOPE, key).text)[8:20] for _ in range(50)}
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read) as pipe:
        theirs = {content(line)[8:20] for line in pipe.read().split("\n")}
    assert len(mine | theirs) == 100
