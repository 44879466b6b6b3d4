"""What the state of an MX member means for a person: in order, at work, theirs to do, not theirs, or over.
Floor 3: a table of every published state; one that is not in it is told as unknown, and its data are read all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fin_infra.errors import PermissionDenied, ProviderError, ProviderUnavailable, ReauthRequired
from fin_infra.model import Institution, LoginState, LoginStatus
from fin_infra.providers import fields
from fin_infra.providers.banking.mx.words import KEY
from fin_infra.transport import Reply

ASK_AGAIN_S = 30.0
"""After how long it makes sense to look again at a member that is at work."""
_SIGN_IN = "The person signs in again in MX's widget; the same login goes on afterwards."
_WAIT = "Sync again later; what is here stays."
_MOMENT = "Sync again in a few minutes."
_NEW = "Link the bank in another way; what is here stays."


class Meaning(NamedTuple):
    status: LoginStatus
    reason: str | None
    next_step: str | None


def _busy(reason: str) -> Meaning:
    return Meaning(LoginStatus.BUSY, reason, _MOMENT)


def _person(reason: str, step: str = _SIGN_IN) -> Meaning:
    return Meaning(LoginStatus.PERSON_MUST_ACT, reason, step)


def _stale(reason: str, step: str = _WAIT) -> Meaning:
    return Meaning(LoginStatus.STALE, reason, step)


def _over(reason: str, step: str = _NEW) -> Meaning:
    return Meaning(LoginStatus.OVER, reason, step)


_WELL = Meaning(LoginStatus.HEALTHY, None, None)
# `connection_status` of a member in v20250224.yml; what each means is of the "Connection Status Help" of
# https://academy.mx.com, and the grouping is ours
STATES: Mapping[str, Meaning] = {
    "CONNECTED": _WELL,
    "RECONNECTED": _WELL,
    "UPDATED": _WELL,
    "CREATED": _busy("MX has the login and has not begun to read the bank."),
    "PENDING": _busy("MX is about to read the bank."),
    "DELAYED": _busy("MX is reading the bank, which takes longer than usual."),
    "RESUMED": _busy("MX goes on reading the bank after the person's answer."),
    "CHALLENGED": _person("The bank asks the person for a further proof of identity."),
    "DENIED": _person("The bank does not accept the person's user name and password."),
    "EXPIRED": _person("The bank's question was not answered in time."),
    "REJECTED": _person("The bank did not accept the answer to its question."),
    "IMPAIRED": _person("The bank wants credentials that are not there yet."),
    "PREVENTED": _person("The bank has refused the person's sign-in three times in a row."),
    "LOCKED": _person(
        "The bank has locked the person's sign-in.", "The person unlocks it at the bank, then signs in again at MX."
    ),
    "IMPORTED": _person("The login was brought over without its credentials."),
    "FAILED": _stale("MX could not read the bank."),
    "DEGRADED": _stale("MX has trouble reading this bank."),
    "DISCONNECTED": _stale("MX cannot reach this bank at present."),
    "IMPEDED": _stale(
        "The bank wants something of the person on its own site.", "The person signs in at the bank's own site once."
    ),
    "DISCONTINUED": _over("MX no longer reads this bank."),
    "CLOSED": _over("The login is closed at MX."),
    "DISABLED": _over("The login is switched off at MX.", "Have it switched on again at MX, or link the bank again."),
}
_AT_WORK = _busy("MX is reading the bank at this moment.")
_NEVER_READ = _busy("MX has not read the bank yet.")


def meaning(row: fields.Row) -> Meaning:
    """Return what a member's row says of it. A job that is at work comes first: what is read meanwhile is half new.

    The state is null before the first job, where MX has not read the bank either.
    """
    state = fields.maybe_text(row, "connection_status")
    found = STATES.get(state or "")
    if row.get("is_being_aggregated") is True and (found is None or found.status is LoginStatus.HEALTHY):
        return _AT_WORK
    if state is None:
        return _WELL if fields.maybe_text(row, "successfully_aggregated_at") else _NEVER_READ
    return found or Meaning(LoginStatus.UNKNOWN, "MX uses a word for the state that is not known here.", None)


def login_state(row: fields.Row, reply: Reply) -> LoginState:
    """Read a member, from the list of members or by itself; `/status` of one does not name its bank."""
    found = meaning(row)
    code, name = (fields.maybe_text(row, each) for each in ("institution_code", "name"))
    return LoginState(
        source=KEY,
        as_of=reply.received_at,
        raw=row,
        status=found.status,
        vendor_id=fields.ident(row, "guid"),
        institution=Institution(id=code, name=name or code) if code else None,
        reason=found.reason,
        next_step=found.next_step,
        vendor_code=fields.maybe_text(row, "connection_status"),
        updated_at=fields.maybe(fields.when, row, "successfully_aggregated_at"),
    )


def unreadable(state: LoginState) -> ProviderError | None:
    """Return why a login's data are not to be read now; None where they are.

    One that is at work, stale, over or waits for the person has old data at MX. They are here already, and to write
    them as if they were of today would hide that nothing new comes.
    """
    text = " ".join(filter(None, (state.reason, state.next_step)))[:-1]
    text, code = text[:1].lower() + text[1:] if not text.startswith("MX") else text, state.vendor_code
    if state.status is LoginStatus.PERSON_MUST_ACT:
        return ReauthRequired(text, vendor_code=code)
    if state.status is LoginStatus.OVER:
        return PermissionDenied(text, vendor_code=code)
    if state.status is LoginStatus.BUSY:
        return ProviderUnavailable(text, vendor_code=code, retry_after=ASK_AGAIN_S)
    return ProviderUnavailable(text, vendor_code=code) if state.status is LoginStatus.STALE else None
