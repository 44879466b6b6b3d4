"""Only type-checked: what sync and async users of identity checks see, for mypy and pyright alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import assert_type

from fin_infra.identity import easy_identity
from fin_infra.model import IdentityReport, NewVerification, Verification
from fin_infra.providers.interfaces.identity import IdentityProvider
from fin_infra.transport import Async, Sync


def sync_user() -> None:
    identity = easy_identity()
    assert_type(identity, IdentityProvider[Sync])
    assert_type(identity.start(NewVerification(), idempotency_key="key"), Verification)
    assert_type(identity.report("id"), IdentityReport)
    assert_type(identity.verifications(reference="r"), Iterator[Verification])
    identity.start("key")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the key is keyword only


async def async_user() -> None:
    identity = easy_identity(mode="async")
    assert_type(identity, IdentityProvider[Async])
    assert_type(identity.redact("id"), Awaitable[Verification])
    assert_type(await identity.redact("id"), Verification)
    assert_type(identity.verifications(), AsyncIterator[Verification])
