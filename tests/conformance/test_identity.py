"""Everybody who checks identities, against the running sandbox, in both modes: a life, failures, and a removal."""

from __future__ import annotations

import pytest

from fin_infra.errors import InvalidInput, InvalidRequest, NotFound
from fin_infra.identity import easy_identity
from fin_infra.model import NewVerification, Redaction, VerificationReason, VerificationState
from fin_infra.providers.interfaces.identity import IdentityProvider
from tests.support.adapters import Connect
from tests.support.rows import Identity, rows
from tests.support.sandbox import Sandbox
from tests.support.vendors import every_provider

ROWS: list[Identity] = rows(Identity)
EACH = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.provider_key)
REASONS = ("document_expired", "document_unverified", "selfie_mismatch", "consent_declined", "abandoned")


def test_rows_when_counted_then_every_provider_of_the_domain_has_one() -> None:
    there = {cls for cls in every_provider() if issubclass(cls, IdentityProvider)}
    assert {row.cls for row in ROWS} == there
    for row in ROWS:
        assert type(easy_identity(row.provider_key)) is row.cls


@EACH
def test_life_when_a_person_passes_then_link_states_report_and_removal(
    row: Identity, sandbox: Sandbox, connect: Connect
) -> None:
    ask = connect(row.cls)
    made = ask("start", NewVerification(reference="r-1"))
    assert (made.state, made.reason, made.reference) == (VerificationState.NOT_STARTED, None, "r-1")
    assert made.url or made.client_secret
    assert ask("status", made.id).url is None
    with pytest.raises(NotFound):
        ask("report", made.id)
    row.finish(sandbox, made.id, "processing")
    assert ask("status", made.id).state is VerificationState.PROCESSING
    with pytest.raises(InvalidInput, match="nothing is left"):
        ask("verify", made.id)
    row.finish(sandbox, made.id, "verified")
    assert ask("status", made.id).state is VerificationState.VERIFIED
    report = ask("report", made.id)
    truth = row.person(sandbox)
    assert (report.person.first_name, report.person.last_name) == (truth["first_name"], truth["last_name"])
    assert all(check.passed for check in report.checks)
    assert report.checks
    assert ask("redact", made.id).redaction is not Redaction.NONE
    row.removed(sandbox)
    assert ask("status", made.id).redaction is Redaction.DONE
    gone = ask("report", made.id)
    assert (gone.redacted, gone.person.first_name, gone.person.last_name) == (True, None, None)


@EACH
@pytest.mark.parametrize("reason", REASONS)
def test_failure_when_it_has_a_reason_then_the_state_says_which_and_the_person_goes_on(
    row: Identity, sandbox: Sandbox, connect: Connect, reason: str
) -> None:
    ask = connect(row.cls)
    made = ask("start", NewVerification(selfie=True))
    row.finish(sandbox, made.id, reason)
    found = ask("status", made.id)
    expected = {"consent_declined": VerificationState.DECLINED, "abandoned": VerificationState.ABANDONED}
    assert (found.state, found.reason) == (expected.get(reason, VerificationState.FAILED), VerificationReason(reason))
    again = ask("verify", made.id)
    assert again.url or again.client_secret
    assert (again.id, again.url == made.url) == (made.id, False)


@EACH
def test_start_when_its_key_comes_again_then_one_and_with_other_arguments_refused(
    row: Identity, sandbox: Sandbox, connect: Connect
) -> None:
    ask = connect(row.cls)
    first = ask("start", NewVerification(reference="r"), idempotency_key="k")
    assert ask("start", NewVerification(reference="r"), idempotency_key="k").id == first.id
    with pytest.raises(InvalidRequest):
        ask("start", NewVerification(reference="other"), idempotency_key="k")
    ask("start", NewVerification(reference="r"))
    assert len(ask("verifications", reference="r")) == 2
    assert len(ask("verifications", reference="other")) == 0


@EACH
def test_cancel_when_it_waits_then_over_and_otherwise_refused(
    row: Identity, sandbox: Sandbox, connect: Connect
) -> None:
    ask = connect(row.cls)
    waiting, done = ask("start").id, ask("start").id
    assert ask("cancel", waiting).state is VerificationState.CANCELED
    row.finish(sandbox, done, "verified")
    with pytest.raises(InvalidRequest):
        ask("cancel", done)
    for operation in ("status", "verify", "report", "cancel", "redact"):
        with pytest.raises(NotFound):
            ask(operation, "nobody")
