"""Connections: a login is connected once, and what was sealed under a key goes when the key does."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from fin_infra.book import endings, logins
from fin_infra.book.engine import Database, reading
from fin_infra.book.lease import LEASE, Owner
from fin_infra.book.read import Wanted, account_rows, read, transaction_rows
from fin_infra.book.tables import connections, pages, payloads
from fin_infra.errors import (
    CircuitOpen,
    FinInfraError,
    InvalidInput,
    LeaseLost,
    ReauthRequired,
    VaultKeyMissing,
)
from fin_infra.security.keyring import Keyring, new_key_text
from fin_infra.security.vault import Vault
from tests.book.small import TOKEN, Home, Told, again, page, told


def add(home: Home, token: str, owner: Owner | None = None) -> str:
    owner = owner or home.owner
    return logins.add(home.database.engine, owner, "banking:model", {"access_token": token}, home.vault, home.clock())


def count(home: Home, table: sa.Table) -> int:
    with reading(home.database.engine) as db:
        return int(db.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def state(home: Home) -> tuple[Any, Any]:
    with reading(home.database.engine) as db:
        rows = transaction_rows(db, home.owner, Wanted(limit=1_000))
        return [row.id for row in account_rows(db, home.owner)], [(row.id, row.vendor_id) for row in rows]


def test_login_when_it_is_connected_already_then_the_sentence_names_the_connection(database: Database) -> None:
    home = Home(database)
    with pytest.raises(InvalidInput, match=f"This login is connected already, as {home.connection}; sync") as caught:
        add(home, TOKEN)
    assert TOKEN not in str(caught.value)
    assert count(home, connections) == 1
    other = add(home, "another-token")
    with pytest.raises(InvalidInput, match="connected already"):
        logins.renew(database.engine, home.owner, other, {"access_token": TOKEN}, home.vault, home.clock())
    logins.renew(database.engine, home.owner, home.connection, {"access_token": TOKEN}, home.vault, home.clock())


def test_login_when_it_is_somebody_elses_or_was_ended_then_it_is_a_connection(database: Database) -> None:
    home = Home(database)
    add(home, TOKEN, Owner("default", "bob"))
    endings.end(database.engine, home.owner, home.connection, home.clock())
    add(home, TOKEN)
    assert count(home, connections) == 3


def test_login_when_it_was_ended_and_its_vendor_not_told_then_connecting_again_takes_its_token_over(
    database: Database,
) -> None:
    home = Home(database)
    endings.end(database.engine, home.owner, home.connection, home.clock())
    assert home.row().sealed is not None
    again_id = add(home, TOKEN)
    ended = home.row()
    assert (ended.state, ended.reason) == ("revoked", "You ended it. Its login was connected again since.")
    assert (ended.sealed, ended.data_key, ended.next_step) == (None, None, None), "or it would end the login later"
    with pytest.raises(InvalidInput, match=f"connected already, as {again_id}"):
        add(home, TOKEN)


def test_login_when_its_access_was_ended_at_the_vendor_then_the_person_is_led_back_there(database: Database) -> None:
    home = Home(database)
    endings.end(database.engine, home.owner, home.connection, home.clock(), reason=logins.ENDED_THERE)
    with pytest.raises(InvalidInput, match="was ended at the vendor; sign in there again") as caught:
        add(home, TOKEN)
    assert home.connection in str(caught.value)
    assert TOKEN not in str(caught.value)
    assert (count(home, connections), home.row().sealed is not None) == (1, True), "its vendor is still to be told"
    add(home, "the token of a new sign-in")
    assert count(home, connections) == 2


def test_reconnect_when_it_was_ended_then_only_after_its_vendor_was_told(database: Database) -> None:
    home = Home(database)
    renew = partial(logins.renew, database.engine, home.owner, home.connection, {"access_token": "new"}, home.vault)
    endings.end(database.engine, home.owner, home.connection, home.clock())
    with pytest.raises(InvalidInput, match="its vendor could not be told yet"):
        renew(home.clock())
    assert logins.opened(home.row(), home.owner, home.vault) == {"access_token": TOKEN}
    endings.destroy(database.engine, home.owner, home.connection)
    renew(home.clock())
    assert (home.row().state, home.row().reason) == ("linking", None)


def test_login_when_an_earlier_one_cannot_be_opened_then_it_is_not_in_the_way(database: Database) -> None:
    home = Home(database)
    home.vault = Vault(Keyring.from_text(new_key_text("two")))
    add(home, "another-token")
    assert count(home, connections) == 2


def test_disconnect_when_done_then_what_the_vendor_sent_is_thrown_away_and_the_history_stays(
    database: Database,
) -> None:
    home = Home(database)
    home.sync(page(told("t-1", "-3")))
    before = state(home)
    assert count(home, payloads) == 1
    endings.end(database.engine, home.owner, home.connection, home.clock())
    assert (count(home, payloads), count(home, pages)) == (0, 0)
    assert state(home) == before


def test_reconnect_when_the_vault_key_is_lost_then_there_is_a_new_data_key_and_the_history_stays(
    database: Database,
) -> None:
    home = Home(database)
    home.sync(page(told("t-1", "-3")))
    before, old = state(home), home.row()
    home.now += LEASE
    flow = home.flow(Told(page(told("t-2", "-4"), after="half", complete=False)))
    effect = next(flow)
    effect = flow.send(effect.fn())  # taken; what is asked for comes at once, and is to be kept
    effect = flow.send(effect.fn())
    assert count(home, pages) == 1
    lost = again(home, database)
    lost.vault = Vault(Keyring.from_text(new_key_text("two")))
    with pytest.raises(VaultKeyMissing):
        logins.opened(lost.row(), lost.owner, lost.vault)
    logins.renew(database.engine, home.owner, home.connection, {"access_token": "new"}, lost.vault, home.clock())
    assert (count(home, payloads), count(home, pages)) == (0, 0), "unreadable from now on"
    row = lost.row()
    assert logins.opened(row, lost.owner, lost.vault) == {"access_token": "new"}
    assert (row.data_key != old.data_key, row.sealed_times, row.generation) == (True, 1, old.generation + 1)
    with pytest.raises(LeaseLost):
        effect.fn()
    flow.close()
    lost.now += LEASE
    lost.sync(page(told("t-1", "-3"), told("t-2", "-4")))
    assert state(lost)[0] == before[0]
    assert {*before[1]} < {*state(lost)[1]}
    assert len(state(lost)[1]) == 2


def test_reconnect_when_the_key_is_there_then_it_seals_again_and_nothing_is_thrown_away(database: Database) -> None:
    home = Home(database)
    home.sync(page(told("t-1", "-3")))
    old = home.row()
    logins.renew(database.engine, home.owner, home.connection, {"access_token": "new"}, home.vault, home.clock())
    row = home.row()
    assert (row.data_key, row.sealed_times) == (old.data_key, old.sealed_times + 1)
    assert count(home, payloads) == 1
    assert read(database.engine, logins.stored, home.owner, home.connection).state == "linking"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ReauthRequired("the bank wants a code"), "The bank wants a code."),
        (CircuitOpen(provider="banking:mx", operation="accounts"), "Paused after repeated failures; come back later."),
        (InvalidInput("Account 7 is not a number."), "Account 7 is not a number."),
    ],
)
def test_standing_when_a_sync_failed_then_its_reason_is_a_sentence_without_names_of_code(
    error: FinInfraError, reason: str
) -> None:
    if isinstance(error, ReauthRequired):
        error.provider, error.operation = "banking:plaid", "transaction_changes"
    assert logins.standing(error)[1] == reason
