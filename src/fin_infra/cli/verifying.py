"""`fin-infra identity`: start, look, go on, report, cancel, remove, and the policy for how long data is kept.
Floor 8: who a person is stays masked unless somebody asks to see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from fin_infra.book import Book, BookVerification, RedactionState, RetentionResult, VerificationLink, open_book
from fin_infra.book.backup import require
from fin_infra.book.engine import Database, default_url
from fin_infra.book.read import read
from fin_infra.book.verified import households
from fin_infra.cli.keeping import Declined
from fin_infra.cli.output import ask, print_json, say, tell
from fin_infra.cli.tables import print_table, say_wrapped
from fin_infra.model import NewVerification
from fin_infra.transport import Sync


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose verifications a command is about, and how it prints."""

    user: str
    tenant: str
    as_json: bool

    def book(self) -> Book[Sync]:
        """Return the book of the household, which has to be there."""
        require(Database(default_url()))
        return open_book(user=self.user, tenant=self.tenant)


def start(new: NewVerification, whose: Whose, *, provider: str, idempotency_key: str | None) -> None:
    book = open_book(user=whose.user, tenant=whose.tenant)
    _show_link(book.start_verification(new, provider=provider, idempotency_key=idempotency_key), whose)


def link(verification: str, whose: Whose) -> None:
    _show_link(whose.book().verification_link(verification), whose)


def _show_link(made: VerificationLink, whose: Whose) -> None:
    if whose.as_json:
        print_json({"verification": made.verification, "url": made.url, "client_secret": made.client_secret})
        return
    _show("Verification", [made.verification])
    say("Open this once, soon, and show it to nobody but the person:")
    say(str(made.url))


def ls(whose: Whose) -> None:
    found = whose.book().verifications()
    if whose.as_json:
        print_json(found)
    elif found:
        _show("Verifications", found)
    else:
        tell("No verifications yet; start one with `fin-infra identity start`.")


def status(verification: str, whose: Whose) -> None:
    _one("Verification", whose.book().verification(verification), whose)


def cancel(verification: str, whose: Whose) -> None:
    _one("Canceled", whose.book().cancel_verification(verification), whose)


def _one(title: str, found: BookVerification, whose: Whose) -> None:
    if whose.as_json:
        print_json(found)
    else:
        _show(title, [found])


def redact(verification: str, whose: Whose, *, yes: bool) -> bool:
    """Remove who the person is; return whether the vendor has taken the order.

    Raises:
        Declined: the person at the terminal said no; nothing was changed.
    """
    book = whose.book()
    if not yes and not ask(f"Remove who the person is from {verification}, here and at the vendor, for good?"):
        raise Declined("Nothing was changed; --yes removes without asking.")
    done = book.redact_verification(verification)
    _one("Removed", done, whose)
    return done.redaction not in (RedactionState.WAITING, RedactionState.REFUSED)


def retain(days: int | None, whose: Whose, *, everybody: bool) -> bool:
    """Apply the policy; return whether every vendor has taken its order."""
    book, keep = whose.book(), None if days is None else timedelta(days=days)
    books = [book.of(owner.user_id, owner.tenant) for owner in read(book.engine, households)] if everybody else [book]
    results = [each.redact_old_verifications(keep) for each in books]
    done = RetentionResult(
        redacted=tuple(ident for result in results for ident in result.redacted),
        waiting=tuple(ident for result in results for ident in result.waiting),
    )
    if whose.as_json:
        print_json(done)
    else:
        say(f"Removed personal data of {len(done.redacted):,} verifications.")
        if done.waiting:
            say_wrapped(f"Gone here, and waiting for the vendor: {', '.join(done.waiting)}.")
    return not done.waiting


def report(verification: str, whose: Whose, *, reveal: bool) -> None:
    found = whose.book().verification_report(verification)
    shown = found.to_dict(private=reveal, pii=reveal)
    if whose.as_json:
        print_json(shown)
        return
    checks = [(each.kind.value, "passed" if each.passed else "failed", each.reason or "") for each in found.checks]
    print_table("Checks", ("check", "outcome", "reason"), checks)
    facts = [*_facts("", shown["person"]), *_facts("document ", shown["document"] or {})]
    print_table("Found out", ("what", "value"), facts)
    if not reveal:
        say_wrapped("Names, addresses and numbers are masked; --reveal shows them.")


def _facts(prefix: str, values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what is there as rows, an address in one line."""
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, dict):
            inner = cast("dict[str, object]", value)
            parts = [str(part) for part in inner.values() if part is not None and not isinstance(part, bool)]
            rows.append((f"{prefix}{name}", ", ".join(parts)))
        elif value is not None:
            rows.append((f"{prefix}{name.replace('_', ' ')}", str(value)))
    return rows


def _show(title: str, found: Sequence[BookVerification]) -> None:
    rows = [
        (each.id, each.kind.value, each.state.value, each.reason.value if each.reason else "", each.redaction.value)
        for each in found
    ]
    print_table(title, ("id", "kind", "state", "reason", "removal"), rows, minor=("kind", "removal"))
    for each in found:
        if each.next_step:
            say_wrapped(f"{each.id}: {each.next_step}")
