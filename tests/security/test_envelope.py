"""The stored bytes: read and written by an implementation of our own from the standards, so that the format stays."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fin_infra.errors import InvalidInput, SealBroken
from fin_infra.security.envelope import Scope, encoded
from fin_infra.security.vault import Keyring, Sealed, Vault, WrappedKey
from tests.security import aes_gcm

MAIN = bytes(range(32))
KEYS = "2026-11:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SCOPE = Scope(
    tenant="acme", user="ada", provider="banking:teller", connection="c-1", purpose="access_token", generation=3
)
KEY_TEXT = (
    "fk1.BzIwMjYtMTEAESIzRFVmd0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fZGVmZ2hpamtsbW5vj3GAmPamhOLD1sKNmUWTw8H"
    "-UUIxD2HzDiBCQRy7WkJZrFlmSDcg7IegKh_hZzhk"
)
SEALED_TEXT = "fv1.ABEiM0RVZncAAQIDBAUGBwgJCguC4sObavgs4aKNXdw1nHPWFuRUkq9dIfBFjs5_9g"
"""Written by `aes_gcm` with the main key 00 01 .. 1f; whatever version of this package comes, it has to open them."""


def parts(*texts: str) -> bytes:
    return b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts)


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text[4:] + "=" * (-len(text[4:]) % 4))


def test_witness_when_given_published_vectors_then_gives_their_answers():
    # Test case 16 of McGrew and Viega, The Galois/Counter Mode of Operation, appendix B
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce, context = bytes.fromhex("cafebabefacedbaddecaf888"), bytes.fromhex("feedfacedeadbeef" * 2 + "abaddad2")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de6"
        "57ba637b39"
    )
    found = aes_gcm.encrypt(key, nonce, plain, context)
    assert found.hex() == (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a"
        "0abcc9f662" + "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    assert aes_gcm.decrypt(key, nonce, found, context) == plain
    # RFC 5869, appendix A.1, its first 32 bytes
    made = aes_gcm.hkdf(bytes([11]) * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)))
    assert made.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"


def test_golden_values_when_opened_then_give_the_secret():
    vault = Vault(Keyring.from_text(KEYS))
    key = WrappedKey.from_text(KEY_TEXT)
    assert vault.open(Sealed.from_text(SEALED_TEXT), SCOPE, key).reveal() == "Zürich-token"
    assert (key.key_id, key.text) == ("2026-11", KEY_TEXT)
    assert Sealed.from_text(SEALED_TEXT).key_id == "0011223344556677"


def test_sealed_when_opened_by_the_witness_then_gives_the_secret():
    vault = Vault(Keyring.from_text(KEYS))
    key = vault.new_key(SCOPE)
    sealed = raw(vault.seal("Zürich-token", SCOPE, key).text)
    stored = raw(key.text)
    assert stored[:8] == b"\x072026-11"
    data_key_id, salt, nonce, wrapped = stored[8:16], stored[16:48], stored[48:60], stored[60:]
    context = parts("fin-infra vault 1", "key", "2026-11") + data_key_id + parts("acme", "ada", "banking:teller", "c-1")
    data_key = aes_gcm.decrypt(aes_gcm.hkdf(MAIN, salt, b"fin-infra vault wrap 1"), nonce, wrapped, context)
    assert sealed[:8] == data_key_id
    scope = parts("acme", "ada", "banking:teller", "c-1", "access_token", "3")
    context = parts("fin-infra vault 1", "value") + data_key_id + scope
    assert aes_gcm.decrypt(data_key, sealed[8:20], sealed[20:], context).decode() == "Zürich-token"


@given(st.lists(st.text(), max_size=5), st.lists(st.text(), max_size=5))
def test_parts_when_they_differ_then_their_bytes_differ(one, other):
    try:
        assert (encoded(*one) == encoded(*other)) == (one == other)
    except UnicodeEncodeError:
        assert any(not text.isprintable() for text in (*one, *other))


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": ""},
        {"tenant": "  "},
        {"connection": ""},
        {"purpose": None},
        {"provider": 5},
        {"user": None},
        {"user": "x" * 1025},
        {"user": "\ud83d"},
        {"generation": 0},
        {"generation": True},
        {"generation": "1"},
        {"generation": 2**63},
    ],
)
def test_scope_when_a_part_cannot_be_used_then_refuses(change):
    given = {"tenant": "a", "user": "", "provider": "banking:x", "connection": "c", "purpose": "p"}
    Scope(**given)
    with pytest.raises(InvalidInput, match="scope"):
        Scope(**given | change)


@pytest.mark.parametrize("kind", [Sealed, WrappedKey])
@pytest.mark.parametrize(
    "text", ["", "fv1.", "fk1.", "fv1.AAAA", "fk1.AAAA", "fv2." + SEALED_TEXT[4:], "fk1.ÿ", None, 5]
)
def test_text_when_it_is_something_else_then_refuses(kind, text):
    with pytest.raises(SealBroken):
        kind.from_text(text)


@pytest.mark.parametrize(("kind", "text"), [(Sealed, SEALED_TEXT), (WrappedKey, KEY_TEXT)])
def test_text_when_one_value_is_spelled_in_another_way_then_refuses(kind, text):
    for other in (f"{text}=", f"{text}\n", f" {text}", f"{text[:8]}\n{text[8:]}", f"{text}!"):
        with pytest.raises(SealBroken):
            kind.from_text(other)
