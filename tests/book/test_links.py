"""Linking, repairing and ending logins of a household over the sandbox, with what goes wrong on the way."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from fin_infra.book import Book, Connection, ConnectionState, logins, syncs
from fin_infra.book.due import Cadence, due
from fin_infra.book.engine import reading
from fin_infra.book.methods import utc_now
from fin_infra.book.tables import connections, links
from fin_infra.errors import BookUnavailable, InvalidInput, InvalidRequest, NotRemembered
from fin_infra.model import LinkStart
from fin_infra.testing import Sandbox
from fin_infra.transport import Flow, Sync, blocking

PLAID, TELLER = "banking:plaid", "banking:teller"
ENDED = "You ended it."


def person(vendor: Sandbox, start: LinkStart, action: str = "finish", institution: str = "ins_900102") -> None:
    """Do what a person does on the vendor's page."""
    vendor.control("plaid/link", {"link_token": start.token, "institution": institution, "action": action})


def linked(book: Book[Sync], vendor: Sandbox, **more: Any) -> Connection:
    start = book.start_link(PLAID)
    person(vendor, start)
    [made] = book.finish_link(start.token, **more)
    return made


def public_token(vendor: Sandbox) -> str:
    """Return what Link gives to an app that has it inside its own page."""
    keys = {"client_id": "sandbox-plaid-client", "secret": "sandbox-plaid-secret"}
    asked = {**keys, "institution_id": "ins_900102", "initial_products": ["transactions"]}
    with httpx2.Client(base_url=vendor.url, trust_env=False) as http:
        token: str = http.post("/plaid/sandbox/public_token/create", json=asked).json()["public_token"]
        return token


def items(vendor: Sandbox) -> dict[str, bool]:
    """Return the logins that the vendor has, and whether each was ended."""
    return {each["id"]: each["removed"] for each in vendor.control("plaid")["items"]}


def sealed(book: Book[Sync], connection: str) -> Any:
    with reading(book.engine) as db:
        return db.scalar(sa.select(connections.c.sealed).where(book.owner.of(connections, id=connection)))


def test_link_when_the_person_is_at_the_end_then_connected_sealed_and_synced(book: Book[Sync], vendor: Sandbox) -> None:
    start = book.start_link(PLAID, redirect_uri="http://127.0.0.1/done")
    assert start.url
    with pytest.raises(InvalidInput, match="not at the end of the page yet"):
        book.finish_link(start.token)
    person(vendor, start)
    [made] = book.finish_link(start.token)
    assert (made.state, made.institution) == (ConnectionState.HEALTHY, "North Ridge Bank")
    assert made.vendor_id in items(vendor)
    assert sealed(book, made.id) is not None
    assert book.transactions(limit=1)
    with reading(book.engine) as db:
        assert start.token not in str(db.execute(sa.select(links)).all())


def test_link_token_when_it_is_used_twice_or_by_another_household_then_one_sentence(
    book: Book[Sync], vendor: Sandbox
) -> None:
    start = book.start_link(PLAID)
    person(vendor, start)
    with pytest.raises(InvalidInput, match="was not started in this book; start a link"):
        book.of("another").finish_link(start.token)
    book.finish_link(start.token, first_sync=False)
    with pytest.raises(InvalidInput, match="was used before; start a new link"):
        book.finish_link(start.token)
    assert len(book.connections()) == 1


def test_link_when_the_person_leaves_then_why_and_the_next_step(book: Book[Sync], vendor: Sandbox) -> None:
    start = book.start_link(PLAID)
    person(vendor, start, action="exit")
    with pytest.raises(InvalidInput, match=r"^Nothing was linked, because .*; start the link again\.$"):
        book.finish_link(start.token)
    with pytest.raises(InvalidInput, match="no page of its own for this; connect with the token"):
        book.start_link(TELLER)


def test_public_token_when_connected_then_exchanged_once(book: Book[Sync], vendor: Sandbox) -> None:
    token = public_token(vendor)
    assert book.connect(PLAID, token).state is ConnectionState.HEALTHY
    with pytest.raises(InvalidRequest, match="exchanged before, or is older than 30 minutes; start the link again"):
        book.connect(PLAID, token)
    assert len(book.connections()) == 1


def test_public_token_when_the_book_cannot_keep_the_login_then_it_is_ended_at_the_vendor(
    book: Book[Sync], vendor: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> str:
        raise BookUnavailable("the disk is full")

    token = public_token(vendor)
    monkeypatch.setattr(logins, "add", full)
    with pytest.raises(BookUnavailable):
        book.connect(PLAID, token)
    assert list(items(vendor).values()).count(True) == 1, "nobody could ever end it, and it would be paid for"


def test_second_link_of_the_same_bank_when_noticed_then_nothing_is_read_until_the_person_says(
    book: Book[Sync], vendor: Sandbox
) -> None:
    first = linked(book, vendor)
    count = len(book.accounts())
    second = linked(book, vendor)
    assert second.state is ConnectionState.PAUSED
    assert second.reason is not None
    assert second.next_step is not None
    assert first.id in second.reason
    assert re.search(r"North Ridge Bank, the account ending in \d{4}", second.reason)
    assert second.id in second.next_step
    assert first.id in second.next_step
    assert len(book.accounts()) == count
    assert [result.connection for result in book.sync()] == [first.id]
    book.pause(second.id, paused=False)
    assert {result.state for result in book.sync()} == {ConnectionState.HEALTHY}, "both, by the person's word"
    assert len(book.accounts()) == count, "equal transactions prove that each is one account, told of twice"
    assert {len(each.sources) for each in book.accounts()} == {2}


def test_second_link_when_the_first_was_ended_then_it_is_no_second_one(book: Book[Sync], vendor: Sandbox) -> None:
    book.disconnect(linked(book, vendor).id)
    assert linked(book, vendor).state is ConnectionState.HEALTHY


def test_repair_when_the_person_has_signed_in_again_then_the_same_token_goes_on(
    book: Book[Sync], vendor: Sandbox
) -> None:
    made = linked(book, vendor)
    token = sealed(book, made.id)
    vendor.control("plaid", {"break": {"item": made.vendor_id, "code": "ITEM_LOGIN_REQUIRED"}})
    [result] = book.sync()
    assert result.state is ConnectionState.PERSON_MUST_ACT
    [broken] = book.connections()
    assert broken.next_step == "Repair the connection: the person signs in again on the vendor's page, and it goes on."
    start = book.repair(made.id)
    person(vendor, start)
    [repaired] = book.finish_link(start.token)
    assert (repaired.id, repaired.state) == (made.id, ConnectionState.HEALTHY)
    assert sealed(book, made.id) == token
    with pytest.raises(InvalidInput, match="used before"):
        book.finish_link(start.token)


def test_reconnect_when_it_was_repaired_elsewhere_then_no_new_token_is_needed(
    book: Book[Sync], vendor: Sandbox
) -> None:
    made = linked(book, vendor)
    vendor.control("plaid", {"break": {"item": made.vendor_id, "code": "ITEM_LOGIN_REQUIRED"}})
    book.sync()
    vendor.control("plaid", {"repair": made.vendor_id})
    assert book.reconnect(made.id).state is ConnectionState.HEALTHY
    teller = book.connect(TELLER, "test_token_sandbox", first_sync=False)
    with pytest.raises(InvalidInput, match="Give the new token"):
        book.reconnect(teller.id)


def test_disconnect_when_the_vendor_answers_then_told_and_destroyed(book: Book[Sync], vendor: Sandbox) -> None:
    made = linked(book, vendor)
    ended = book.disconnect(made.id)
    assert (ended.state, ended.reason, ended.ending) == (ConnectionState.REVOKED, ENDED, False)
    assert sealed(book, made.id) is None
    assert made.vendor_id is not None
    assert items(vendor)[made.vendor_id]
    assert book.transactions(limit=1), "its history stays"
    with pytest.raises(InvalidInput, match="was ended"):
        book.repair(made.id)


def test_disconnect_when_the_vendor_is_down_then_the_token_stays_sealed_and_each_sync_tries_again(
    book: Book[Sync], vendor: Sandbox
) -> None:
    made = linked(book, vendor)
    assert made.vendor_id is not None
    vendor.fault(vendor="plaid", kind="status_500", path="/item/remove", count=2)
    ended = book.disconnect(made.id)
    assert (ended.state, ended.ending) == (ConnectionState.REVOKED, True)
    assert ended.reason is not None
    assert ended.reason.startswith(f"{ENDED} The vendor could not be told yet, and may still charge for it: ")
    assert sealed(book, made.id) is not None
    assert not items(vendor)[made.vendor_id]
    [failed] = book.sync()
    assert (failed.code, failed.state) == ("fin.provider_unavailable", ConnectionState.REVOKED)
    [done] = book.sync(made.id)
    assert (done.error, done.state) == (None, ConnectionState.REVOKED)
    assert sealed(book, made.id) is None
    assert items(vendor)[made.vendor_id]
    assert book.sync() == []
    with pytest.raises(InvalidInput, match="was ended"):
        book.sync(made.id)


def test_reconnect_when_it_was_ended_then_its_vendor_is_told_before_and_it_goes_on_with_its_history(
    book: Book[Sync], vendor: Sandbox
) -> None:
    made = linked(book, vendor)
    assert made.vendor_id is not None
    vendor.fault(vendor="plaid", kind="status_500", path="/item/remove", count=2)
    book.disconnect(made.id)
    token, old = public_token(vendor), sealed(book, made.id)
    with pytest.raises(InvalidInput, match="its vendor could not be told yet"):
        book.reconnect(made.id, token)
    assert sealed(book, made.id) == old, "or nobody could ever end the old login"
    found = book.reconnect(made.id, token)
    assert (found.id, found.state, found.ending) == (made.id, ConnectionState.HEALTHY, False)
    assert items(vendor)[made.vendor_id], "the old login was ended"
    assert found.vendor_id != made.vendor_id
    assert book.transactions(limit=1)


def test_disconnect_when_it_stops_half_way_then_the_next_sync_finishes_it(
    book: Book[Sync], vendor: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fin_infra.book import endings

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    made = linked(book, vendor)
    with monkeypatch.context() as patch:
        patch.setattr(endings, "destroy", killed)
        with pytest.raises(KeyboardInterrupt):
            book.disconnect(made.id)
    assert book.connections()[0].ending
    [result] = book.sync()
    assert (result.error, sealed(book, made.id)) == (None, None), "a login that is gone at the vendor is ended"


def test_due_when_a_vendor_is_to_be_told_of_an_end_then_soon_and_not_at_once_again(
    book: Book[Sync], vendor: Sandbox
) -> None:
    made = linked(book, vendor)
    vendor.fault(vendor="plaid", kind="status_500", path="/item/remove", count=1)
    book.disconnect(made.id)
    now = utc_now()
    assert due(book.engine, now, Cadence()) == []
    [found] = due(book.engine, now + timedelta(minutes=31), Cadence())
    assert found.connection == made.id
    book.sync()
    assert due(book.engine, now + timedelta(days=30), Cadence()) == []


def test_processor_token_when_made_then_the_connection_names_what_ends_with_it(
    book: Book[Sync], vendor: Sandbox
) -> None:
    made = linked(book, vendor)
    found = book.processor_token(book.accounts()[0].id, "alpaca")
    assert found.token.startswith("processor-")
    assert book.connections()[0].funds == ("alpaca",)
    ended = book.disconnect(made.id)
    assert ended.reason == f"{ENDED} With it ended how alpaca moves money of its accounts."
    with pytest.raises(NotRemembered):
        book.processor_token(10_000, "alpaca")


def test_first_sync_when_the_bank_is_still_being_read_then_linking_and_no_progress(
    book: Book[Sync], vendor: Sandbox
) -> None:
    vendor.control("plaid", {"slow_history": True})
    made = linked(book, vendor)
    assert (made.state, made.next_step) == (ConnectionState.LINKING, "Sync again in a minute.")
    assert book.balances()
    assert book.transactions(limit=1) == []


def test_sync_when_the_vendor_answers_from_what_it_read_before_then_the_person_must_still_act(
    book: Book[Sync], vendor: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = linked(book, vendor)
    item = next(each for each, removed in items(vendor).items() if not removed)
    vendor.control("plaid", {"break": {"item": item, "code": "ITEM_LOGIN_REQUIRED"}})
    [broken] = book.sync(made.id)
    assert broken.state is ConnectionState.PERSON_MUST_ACT

    def cached(*_: Any) -> Flow[bool]:
        yield from blocking(lambda: None)
        return True

    with monkeypatch.context() as patch:
        patch.setattr(syncs, "sync", cached)
        [still] = book.sync(made.id)
        assert (still.state, still.code) == (ConnectionState.PERSON_MUST_ACT, broken.code)
    vendor.control("plaid", {"repair": item})
    [repaired] = book.sync(made.id)
    assert repaired.state is ConnectionState.HEALTHY
