"""Verifications in the book: once for a key, sealed, gone at once, removed by policy, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from fin_infra.book import Book, RedactionState, open_book, restore_backup, write_backup
from fin_infra.book.engine import Database, reading
from fin_infra.book.methods import utc_now
from fin_infra.book.tables import verifications
from fin_infra.errors import (
    ConfigurationError,
    FeatureDisabled,
    IdempotencyConflict,
    InvalidInput,
    InvalidRequest,
    NotFound,
    NotRemembered,
    ProviderUnavailable,
)
from fin_infra.model import NewVerification, VerificationKind, VerificationState
from fin_infra.providers import registry
from fin_infra.sandbox import running
from fin_infra.security.keyring import Keyring, new_key_text
from fin_infra.security.vault import Vault
from fin_infra.transport import Sync
from tests.book.small import stored_bytes
from tests.support.sandbox import Sandbox

PLANTED = ["Marlowe", "18 Lantern Row", "ada@example.com", "1988-04-17", "987654320", "MARLA-880417-77"]
"""What the sandbox's first person shows."""
ASKED = NewVerification(id_number=True, email="ada@example.com")
SESSIONS = "/stripe/v1/identity/verification_sessions"
HEADERS = {"authorization": "Bearer rk_test_fin_infra_sandbox_key"}


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with running() as url, httpx2.Client(base_url=url, trust_env=False) as http:
        yield Sandbox(http)


@pytest.fixture
def vendor(server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The vendor's side, fresh, with the switch on and retries that do not wait for long."""
    server.reset()
    for name, value in {
        "FEATURE_IDENTITY": "1",
        "FIN_INFRA_MODE": "sandbox",
        "FIN_INFRA_SANDBOX_URL": server.url,
        "STRIPE_READ_SENSITIVE": "1",
        "STRIPE_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    registry.reset()
    yield server
    registry.reset()


@pytest.fixture
def vault() -> Vault:
    return Vault(Keyring.from_text(new_key_text("one")))


@pytest.fixture
def book(vendor: Sandbox, url: str, vault: Vault) -> Iterator[Book[Sync]]:
    found = open_book(url, user="ada", vault=vault)
    yield found
    found.engine.dispose()


def finish(vendor: Sandbox, book: Book[Sync], ident: str, outcome: str) -> None:
    [row] = [row for row in vendor.control("GET", "/stripe")["sessions"] if row["reference"] == ident]
    vendor.control("POST", "/stripe", session=row["id"], outcome=outcome)


def sessions(vendor: Sandbox) -> list[Any]:
    return list(vendor.ask("GET", SESSIONS, headers=HEADERS)["data"])


def verified(vendor: Sandbox, book: Book[Sync]) -> str:
    """Return the id of a verification whose report is sealed."""
    ident = book.start_verification(ASKED).verification.id
    finish(vendor, book, ident, "verified")
    assert book.verification_report(ident).person.last_name == "Marlowe"
    return ident


def test_life_when_a_person_fails_and_passes_then_each_state_is_told_with_its_step(
    vendor: Sandbox, book: Book[Sync]
) -> None:
    made = book.start_verification(ASKED)
    first = made.verification
    assert (first.state, first.reason, first.next_step) == (
        VerificationState.NOT_STARTED,
        None,
        "The person goes on with a new link.",
    )
    assert made.url
    assert made.client_secret
    assert made.url not in repr(made) + json.dumps(made.to_dict(pii=True))
    with pytest.raises(NotFound, match="no report yet"):
        book.verification_report(first.id)
    finish(vendor, book, first.id, "document_expired")
    failed = book.verification(first.id)
    assert (failed.state.value, failed.reason and failed.reason.value) == ("failed", "document_expired")
    assert failed.since > first.since
    with pytest.raises(NotRemembered):
        book.verification("v-none")
    again = book.verification_link(first.id)
    assert again.url
    assert again.url != made.url, "one verification is gone on with, and no other is started"
    finish(vendor, book, first.id, "processing")
    assert book.verification(first.id).next_step == "Ask again in a minute."
    vendor.advance(hours=1)
    done = book.verification(first.id)
    assert (done.state, done.next_step, done.has_report) == (VerificationState.VERIFIED, None, False)
    report = book.verification_report(first.id)
    assert (report.person.first_name, report.person.id_number, report.document and report.document.number) == (
        "Ada", "987654320", "MARLA-880417-77",
    )  # fmt: skip
    asked = len(vendor.requests())
    assert book.verification_report(first.id) == report
    assert len(vendor.requests()) == asked, "the second answer is the sealed one"
    assert [each.has_report for each in book.verifications()] == [True]
    with pytest.raises(InvalidInput, match="is verified; nothing is left"):
        book.verification_link(first.id)
    assert len(sessions(vendor)) == 1


def test_start_when_its_key_comes_again_then_the_same_verification(vendor: Sandbox, book: Book[Sync]) -> None:
    first = book.start_verification(ASKED, idempotency_key="k")
    again = book.start_verification(ASKED, idempotency_key="k")
    assert (again.verification.id, again.url) == (first.verification.id, first.url)
    with pytest.raises(IdempotencyConflict):
        book.start_verification(NewVerification(kind=VerificationKind.ID_NUMBER), idempotency_key="k")
    other = book.of("bob").start_verification(ASKED, idempotency_key="k")
    assert other.verification.id != first.verification.id, "a key is one household's"
    assert len(sessions(vendor)) == 2


@pytest.mark.parametrize("days", [0, 2])
@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "status_504_after", "status_500", "malformed"])
def test_start_when_the_answer_is_lost_then_the_next_start_goes_on_and_nothing_is_started_twice(
    vendor: Sandbox, book: Book[Sync], kind: str, days: int
) -> None:
    vendor.fault("stripe", kind, method="POST", count=1)
    with pytest.raises(Exception, match="identity:stripe start"):
        book.start_verification(ASKED, idempotency_key="k")
    [lost] = book.verifications()
    assert (lost.is_started, lost.next_step and lost.next_step[:31]) == (False, "The vendor's answer was lost; a")
    vendor.advance(days=days)  # after a day the vendor may have forgotten the key
    made = book.start_verification(ASKED, idempotency_key="k")
    assert (made.verification.id, made.verification.is_started, bool(made.url)) == (lost.id, True, True)
    assert [row["client_reference_id"] for row in sessions(vendor)] == [lost.id]


def test_start_when_the_answer_is_lost_then_the_state_can_be_asked_for(vendor: Sandbox, book: Book[Sync]) -> None:
    vendor.fault("stripe", "drop_after", method="POST", count=1)
    with pytest.raises(ProviderUnavailable):
        book.start_verification(ASKED)
    [lost] = book.verifications()
    assert book.verification(lost.id).is_started


def test_start_when_it_is_refused_then_it_is_over_and_its_key_is_free(
    vendor: Sandbox, book: Book[Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidRequest):
        book.start_verification(NewVerification(return_url="nowhere"), idempotency_key="k")
    [row] = book.verifications()
    assert (row.state, row.redaction) == (VerificationState.CANCELED, RedactionState.DONE)
    assert book.start_verification(ASKED, idempotency_key="k").url
    for wrong in (NewVerification(reference="mine"), NewVerification(kind=VerificationKind.UNKNOWN)):
        with pytest.raises(InvalidInput):
            book.start_verification(wrong)
    with pytest.raises(InvalidInput, match="does not check identities"):
        book.start_verification(provider="banking:teller")
    monkeypatch.setenv("FEATURE_IDENTITY", "0")
    with pytest.raises(FeatureDisabled, match="FEATURE_IDENTITY=1"):
        book.start_verification()
    assert len(sessions(vendor)) == 1


def test_cancel_when_it_waits_then_over_and_twice_is_once(vendor: Sandbox, book: Book[Sync]) -> None:
    ident = book.start_verification().verification.id
    assert book.cancel_verification(ident).state is VerificationState.CANCELED
    assert book.cancel_verification(ident).ended_at
    done = verified(vendor, book)
    with pytest.raises(InvalidRequest):
        book.cancel_verification(done)


def test_redact_when_done_then_it_is_gone_here_at_once_whatever_the_vendor_does(
    vendor: Sandbox, book: Book[Sync], vault: Vault
) -> None:
    ident = verified(vendor, book)
    done = book.redact_verification(ident)
    assert (done.redaction, done.has_report) == (RedactionState.PROCESSING, False)
    with pytest.raises(NotRemembered, match="was removed"):
        book.verification_report(ident)
    with reading(book.engine) as db:
        [row] = db.execute(sa.select(verifications)).all()
    assert (row.sealed, row.data_key) == (None, None)
    assert len(vault._known) == 0, "no key of it is left in memory"  # pyright: ignore[reportPrivateUsage]
    vendor.advance(days=4)
    assert book.verification(ident).redaction is RedactionState.DONE
    assert book.redact_verification(ident).redaction is RedactionState.DONE
    assert [change.kind for change in book.changes()] == [
        "added",
        "verified",
        "sealed",
        "redacted",
        "verified",
        "verified",
    ]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status_503", "rate_limit", "expired_token"])
def test_redact_when_the_vendor_does_not_take_it_then_it_waits_and_the_next_one_goes_on(
    vendor: Sandbox, book: Book[Sync], kind: str
) -> None:
    ident = verified(vendor, book)
    vendor.fault("stripe", kind)
    waiting = book.redact_verification(ident)
    assert (waiting.redaction, waiting.has_report) == (RedactionState.WAITING, False)
    assert waiting.next_step
    assert "Remove it again" in waiting.next_step
    with pytest.raises(NotRemembered):
        book.verification_report(ident)
    vendor.control("DELETE", "/faults")
    assert book.redact_verification(ident).redaction is RedactionState.PROCESSING


def test_redact_when_identity_is_off_then_it_is_gone_here(
    vendor: Sandbox, book: Book[Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    ident = verified(vendor, book)
    monkeypatch.setenv("FEATURE_IDENTITY", "0")
    assert book.redact_verification(ident).redaction is RedactionState.WAITING
    assert [each.has_report for each in book.verifications()] == [False]


def test_redact_when_the_vendor_refuses_then_that_is_told(vendor: Sandbox, book: Book[Sync]) -> None:
    canceled, busy = (book.start_verification().verification.id for _ in range(2))
    book.cancel_verification(canceled)
    refused = book.redact_verification(canceled)
    assert (refused.redaction, refused.next_step and "support" in refused.next_step) == (RedactionState.REFUSED, True)
    finish(vendor, book, busy, "processing")
    assert book.redact_verification(busy).redaction is RedactionState.WAITING, "it can be removed a minute later"
    vendor.advance(hours=1)
    assert book.redact_verification(busy).redaction is RedactionState.PROCESSING


def test_report_when_it_is_removed_while_it_is_read_then_nothing_is_sealed(
    vendor: Sandbox, book: Book[Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    from fin_infra.providers.identity.stripe import payloads

    ident = book.start_verification(ASKED).verification.id
    finish(vendor, book, ident, "verified")
    real = payloads.report

    def meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(payloads, "report", real)
        open_book(book.engine.url.render_as_string(hide_password=False), user="ada").redact_verification(ident)
        return real(*args)

    monkeypatch.setattr(payloads, "report", meanwhile)
    with pytest.raises(NotRemembered, match="was removed"):
        book.verification_report(ident)
    assert [each.has_report for each in book.verifications()] == [False]


def test_removal_when_the_vendor_did_it_by_itself_then_it_is_gone_here_too(vendor: Sandbox, book: Book[Sync]) -> None:
    ident = verified(vendor, book)
    [row] = sessions(vendor)
    vendor.ask("POST", f"{SESSIONS}/{row['id']}/redact", headers=HEADERS)
    found = book.verification(ident)
    assert (found.redaction, found.has_report) == (RedactionState.PROCESSING, False)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_person_when_removed_then_no_trace_is_in_files_logs_exports_or_backups(
    vendor: Sandbox, book: Book[Sync], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Planted values: sealed before, and nowhere afterwards, also in the log beside the file and a restored backup."""
    caplog.set_level(logging.DEBUG)
    ident = verified(vendor, book)
    assert stored_bytes(book.database, PLANTED) == [], "sealed, never plain"
    book.export(tmp_path / "before")
    exported = (tmp_path / "before" / "identity-reports.json").read_text()
    assert [word for word in PLANTED if word not in exported] == [], "the person's own export has it"
    assert "sealed" not in (tmp_path / "before" / "verifications.json").read_text()
    with reading(book.engine) as db:
        [row] = db.execute(sa.select(verifications)).all()
    write_backup(tmp_path / "old.backup", str(book.engine.url))
    pieces = [text[at : at + 50] for text in (row.sealed, row.data_key) for at in range(0, len(text) - 50, 50)]
    assert len([word for word in pieces if word.encode() in (tmp_path / "old.backup").read_bytes()]) > 5, "it is there"
    assert len(stored_bytes(book.database, pieces)) > 5
    book.redact_verification(ident)
    assert stored_bytes(book.database, [*pieces, *PLANTED]) == []
    book.export(tmp_path / "after")
    assert "".join(file.read_text() for file in (tmp_path / "after").iterdir()).count("Marlowe") == 0
    assert json.loads((tmp_path / "after" / "identity-reports.json").read_text()) == []
    write_backup(tmp_path / "new.backup", str(book.engine.url))
    assert [word for word in pieces if word.encode() in (tmp_path / "new.backup").read_bytes()] == []
    restore_backup(tmp_path / "old.backup", str(book.engine.url), replace=True)
    assert stored_bytes(book.database, [*pieces, *PLANTED]) == []
    [restored] = book.verifications()
    assert (restored.id, restored.has_report, restored.redaction) == (ident, False, RedactionState.WAITING)
    lines = "\n".join(f"{record.getMessage()}{vars(record)}" for record in caplog.records)
    assert "identity:stripe" in lines
    assert [word for word in [*PLANTED, "verify/", "_secret_"] if word in lines] == []


def test_policy_when_applied_then_only_what_is_old_enough_goes_and_what_waits_is_asked_for_again(
    vendor: Sandbox, book: Book[Sync], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = utc_now()
    moved = {"by": timedelta()}
    monkeypatch.setattr(book, "clock", lambda: now + moved["by"])
    old = verified(vendor, book)
    moved["by"] = timedelta(seconds=1)
    left = book.start_verification().verification.id
    moved["by"] = timedelta(days=5)
    young = verified(vendor, book)
    moved["by"] = timedelta(days=6)
    busy = book.start_verification().verification.id
    finish(vendor, book, busy, "processing")
    book.verification(busy)
    moved["by"] = timedelta(days=31)
    for wrong in (None, timedelta(days=-1)):
        with pytest.raises((ConfigurationError, InvalidInput)):
            book.redact_old_verifications(wrong)
    monkeypatch.setenv("FIN_INFRA_IDENTITY_KEEP_DAYS", "30")
    vendor.fault("stripe", "status_503", path="*redact", count=1)
    first = book.redact_old_verifications()
    assert (first.redacted, first.waiting) == ((left,), (old,)), "one that nobody ended counts from its start"
    second = book.redact_old_verifications()
    assert set(second.redacted) == {old, left}
    assert [each.has_report for each in book.verifications()] == [False, False, True, False]
    assert book.verification_report(young).person.last_name == "Marlowe"
    vendor.advance(days=4)
    assert book.redact_old_verifications().waiting == ()
    assert book.redact_old_verifications().redacted == (), "what is done is not asked for again"
    assert busy in [row.id for row in book.verifications() if row.redaction is RedactionState.NONE]


def test_erase_when_done_then_verifications_and_their_keys_are_gone_and_the_other_has_all(
    vendor: Sandbox, book: Book[Sync], vault: Vault
) -> None:
    bob = book.of("bob")
    mine, theirs = verified(vendor, book), verified(vendor, bob)
    result = book.erase()
    assert (result.rows["verifications"], result.left) == (1, {})
    assert len(vault._known) == 1, "the other's key alone is left in memory"  # pyright: ignore[reportPrivateUsage]
    assert book.verifications() == []
    assert bob.verification_report(theirs).person.last_name == "Marlowe"
    assert mine not in [each.id for each in bob.verifications()]


def test_methods_when_the_id_is_somebody_elses_then_as_one_that_nobody_has(vendor: Sandbox, book: Book[Sync]) -> None:
    ident = verified(vendor, book)
    asked = len(vendor.requests())
    for other in (book.of("bob"), book.of("ada", "north")):
        for call in (
            other.verification,
            other.verification_link,
            other.verification_report,
            other.cancel_verification,
            other.redact_verification,
        ):
            said = []
            for each in (ident, "v-ffffffffffffffffffffffff"):
                with pytest.raises(NotRemembered) as told:
                    call(each)
                said.append(str(told.value))
            assert said[0] == said[1]
        assert (other.verifications(), other.redact_old_verifications(timedelta()).redacted) == ([], ())
    assert len(vendor.requests()) == asked, "no vendor is asked about it"
    assert [each.has_report for each in book.verifications()] == [True]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_seal_when_it_is_put_into_another_households_row_then_it_does_not_open(
    vendor: Sandbox, book: Book[Sync], url: str
) -> None:
    bob = book.of("bob")
    mine, theirs = verified(vendor, book), verified(vendor, bob)
    database = Database(url)
    with database.engine.begin() as db:
        [row] = db.execute(sa.select(verifications).where(verifications.c.id == mine)).all()
        copied = {"sealed": row.sealed, "data_key": row.data_key}
        db.execute(sa.update(verifications).where(verifications.c.id == theirs).values(**copied))
    database.engine.dispose()
    with pytest.raises(Exception, match=r"seal|opened|refused|changed"):
        bob.verification_report(theirs)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_book_when_async_then_the_same(vendor: Sandbox, url: str, vault: Vault) -> None:
    async def life() -> None:
        book = open_book(url, user="ada", mode="async", vault=vault)
        vendor.fault("stripe", "drop_after", method="POST", count=1)
        with pytest.raises(ProviderUnavailable):
            await book.start_verification(ASKED, idempotency_key="k")
        ident = (await book.start_verification(ASKED, idempotency_key="k")).verification.id
        [row] = vendor.control("GET", "/stripe")["sessions"]
        vendor.control("POST", "/stripe", session=row["id"], outcome="verified")
        assert (await book.verification_report(ident)).person.first_name == "Ada"
        assert (await book.redact_verification(ident)).redaction is RedactionState.PROCESSING
        book.engine.dispose()

    asyncio.run(life())
