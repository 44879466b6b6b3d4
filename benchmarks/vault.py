"""What sealing and opening cost beside bare AES-GCM: `python benchmarks/vault.py`.

Target: 5 microseconds each on a quiet machine; between machines compare the ratio. Other lines are what comes once for
each row or connection.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fin_infra.security.vault import Scope, Sealed, Vault, WrappedKey, demo_vault

CALLS = 10_000
ROUNDS = 9
TOKEN = "access-sandbox-8ab976e6-64bc-4b38-98f7-731e7a349970"


def scope() -> Scope:
    return Scope(tenant="acme", user="ada", provider="banking:plaid", connection="c-1", purpose="access_token")


def per_call(once: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        once()
    return (time.perf_counter() - start) / calls * 1e6


def main() -> None:
    vault, whose = demo_vault(), scope()
    key = vault.new_key(whose)
    sealed = vault.seal(TOKEN, whose, key)
    cipher, nonce, context, plain = AESGCM(os.urandom(32)), os.urandom(12), whose.of_value, TOKEN.encode()
    text = cipher.encrypt(nonce, plain, context)
    cold = Vault(vault.keys, remembered=0)
    stored, stored_key = sealed.text, key.text
    cases: dict[str, tuple[Callable[[], object], int]] = {
        "bare encrypt, with its nonce": (lambda: cipher.encrypt(os.urandom(12), plain, context), CALLS),
        "bare decrypt": (lambda: cipher.decrypt(nonce, text, context), CALLS),
        "seal": (lambda: vault.seal(TOKEN, whose, key), CALLS),
        "open": (lambda: vault.open(sealed, whose, key), CALLS),
        "a scope": (scope, CALLS),
        "both texts of a row read": (lambda: (Sealed.from_text(stored), WrappedKey.from_text(stored_key)), CALLS),
        "open with a data key not unwrapped yet": (lambda: cold.open(sealed, whose, key), CALLS // 10),
        "new_key": (lambda: vault.new_key(whose), CALLS // 10),
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, (once, calls) in cases.items():
            found[name].append(per_call(once, calls))
    middle = {name: statistics.median(times) for name, times in found.items()}
    for name, microseconds in middle.items():
        print(f"{name:42} {microseconds:7.2f} us   best {min(found[name]):7.2f} us")
    for name, bare in (("seal", "bare encrypt, with its nonce"), ("open", "bare decrypt")):
        print(f"{name}: {middle[name] / middle[bare]:.1f} times bare, {middle[name] - middle[bare]:+.2f} us")


if __name__ == "__main__":
    main()
