"""What the fault matrix and the search for secrets ask of this adapter: every operation at least once.

What changes something has a key of its own: sent once more, it is answered as the first time, and changes nothing.
"""

from __future__ import annotations

from fin_infra.errors import ProviderUnavailable
from fin_infra.model import NewVerification
from tests.support.cases import Case, Ids, Verdict, plain
from tests.support.sandbox import Sandbox

HEADERS = {"authorization": "Bearer rk_test_fin_infra_sandbox_key"}
PATH = "/stripe/v1/identity/verification_sessions"


def prepare(sandbox: Sandbox) -> Ids:
    """Return a session that waits, one that is verified, and two to end."""
    names = ("waiting", "verified", "canceled", "redacted")
    ids = {name: sandbox.ask("POST", PATH, headers=HEADERS, data={"type": "document"})["id"] for name in names}
    for name in ("verified", "redacted"):
        sandbox.control("POST", "/stripe", session=ids[name], outcome="verified")
    return ids


def private(sandbox: Sandbox) -> set[str]:
    """Return the numbers and dates of the documents that are shown."""
    papers = sandbox.world()["identity_documents"]
    return {row[name] for row in papers for name in ("birth_date", "id_number", "number")}


CASES = [
    plain("ping", "ping"),
    Case("status", "status", lambda ids: (ids["waiting"],)),
    Case("verify", "verify", lambda ids: (ids["waiting"],)),
    Case("report", "report", lambda ids: (ids["verified"],), settings={"read_sensitive": True}),
    Case("start", "start", lambda ids: (NewVerification(selfie=True),), kwargs={"idempotency_key": "matrix-start"}),
    Case("cancel", "cancel", lambda ids: (ids["canceled"],), kwargs={"idempotency_key": "matrix-cancel"}),
    Case("redact", "redact", lambda ids: (ids["redacted"],), kwargs={"idempotency_key": "matrix-redact"}),
    plain("verifications", "verifications", reference="nobody"),
]
VERDICTS = {"key_in_use": Verdict((ProviderUnavailable,), heals=True)}
