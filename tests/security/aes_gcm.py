"""AES-256-GCM and HKDF-SHA-256 written from the standards, to read and write the vault's format without its library.

AES is FIPS 197, GCM is NIST SP 800-38D, HKDF is RFC 5869. Slow, and not for use.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache


def _multiply(a: int, b: int) -> int:
    """Multiply in GF(2^8) with the polynomial of FIPS 197, section 4.2."""
    product = 0
    for _ in range(8):
        if b & 1:
            product ^= a
        b >>= 1
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
    return product


@cache
def _box() -> bytes:
    """Build the S-box of FIPS 197, section 5.1.1: the inverse in the field, then an affine map."""
    table = bytearray(256)
    for value in range(256):
        inverse = next((x for x in range(1, 256) if _multiply(value, x) == 1), 0)
        rotated = [((inverse << shift) | (inverse >> (8 - shift))) & 0xFF for shift in range(5)]
        table[value] = rotated[0] ^ rotated[1] ^ rotated[2] ^ rotated[3] ^ rotated[4] ^ 0x63
    return bytes(table)


@cache
def _round_keys(key: bytes) -> list[bytes]:
    words = [key[index : index + 4] for index in range(0, 32, 4)]
    constant = 1
    while len(words) < 60:
        word = words[-1]
        if len(words) % 8 == 0:
            word = bytes(_box()[byte] for byte in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _multiply(constant, 2)
        elif len(words) % 8 == 4:
            word = bytes(_box()[byte] for byte in word)
        words.append(_xor(words[-8], word))
    return [b"".join(words[index : index + 4]) for index in range(0, 60, 4)]


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=False))


def block(key: bytes, data: bytes) -> bytes:
    """Encrypt one block with AES-256."""
    keys = _round_keys(key)
    state = _xor(data, keys[0])
    for number in range(1, 15):
        state = bytes(_box()[state[(index + 4 * (index % 4)) % 16]] for index in range(16))
        if number < 14:
            mixed = bytearray()
            for column in range(0, 16, 4):
                a = state[column : column + 4]
                mixed += bytes(
                    _multiply(a[i], 2) ^ _multiply(a[(i + 1) % 4], 3) ^ a[(i + 2) % 4] ^ a[(i + 3) % 4]
                    for i in range(4)
                )
            state = bytes(mixed)
        state = _xor(state, keys[number])
    return state


def _ghash(subkey: int, data: bytes) -> int:
    total = 0
    for index in range(0, len(data), 16):
        x, v = total ^ int.from_bytes(data[index : index + 16]), subkey
        total = 0
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                total ^= v
            v = (v >> 1) ^ (0xE1 << 120 if v & 1 else 0)
    return total


def _stream(key: bytes, nonce: bytes, data: bytes) -> bytes:
    blocks = [block(key, nonce + number.to_bytes(4)) for number in range(2, 2 + -(-len(data) // 16))]
    return _xor(data, b"".join(blocks))


def _tag(key: bytes, nonce: bytes, text: bytes, context: bytes) -> bytes:
    padded = context + bytes(-len(context) % 16) + text + bytes(-len(text) % 16)
    lengths = (8 * len(context)).to_bytes(8) + (8 * len(text)).to_bytes(8)
    subkey = int.from_bytes(block(key, bytes(16)))
    return _xor(_ghash(subkey, padded + lengths).to_bytes(16), block(key, nonce + b"\0\0\0\1"))


def encrypt(key: bytes, nonce: bytes, data: bytes, context: bytes) -> bytes:
    """Return ciphertext and tag."""
    text = _stream(key, nonce, data)
    return text + _tag(key, nonce, text, context)


def decrypt(key: bytes, nonce: bytes, text: bytes, context: bytes) -> bytes:
    """Return the plaintext; a ValueError where the tag differs."""
    if _tag(key, nonce, text[:-16], context) != text[-16:]:
        raise ValueError("the tag differs")
    return _stream(key, nonce, text[:-16])


def hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    """Return 32 bytes: one round of RFC 5869 with SHA-256."""
    extracted = hmac.new(salt, key, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\1", hashlib.sha256).digest()
