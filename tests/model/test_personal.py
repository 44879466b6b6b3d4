"""Personal fields: masked in every way out of a model unless somebody asks, and shown whole to the owner by the API."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from fin_infra.model import Account, AccountIdentity, Listing, Money, Transaction
from fin_infra.model.banking import (
    AccountStatus,
    AccountSubtype,
    AccountType,
    Address,
    Institution,
    Owner,
    PartyType,
    TransactionStatus,
)
from fin_infra.model.frames import columns_of, to_frame
from fin_infra.model.personal import Personal, kind_of
from fin_infra.model.statement import StatementAccount
from tests.support.models import models

AT = datetime(2026, 11, 20, 15, tzinfo=UTC)
OWNER = Owner(
    type=PartyType.PERSON,
    names=("Ada Lovelace", "A. King"),
    addresses=(Address(primary=True, street="12 St James's Square", city="London", postal_code="SW1Y", country="GB"),),
    phone_numbers=("+44 20 7946 0958",),
    emails=("ada@example.com",),
)
WORDS = ("Ada Lovelace", "A. King", "James", "London", "SW1Y", "7946 0958", "ada@example.com")
ROW = Transaction(
    source="banking:x",
    as_of=AT,
    id="txn_1",
    account_id="acc_1",
    date=date(2026, 11, 20),
    amount=Money.of("-12.30", "USD"),
    status=TransactionStatus.POSTED,
    description="Coffee to ada@example.com card 4111 1111 1111 1111",
    counterparty="Blue Bottle",
)
ACCOUNT = Account(
    source="banking:x",
    as_of=AT,
    id="acc_1",
    name="Ada's account 000123456789",
    type=AccountType.DEPOSITORY,
    subtype=AccountSubtype.CHECKING,
    subtype_text="checking",
    currency="USD",
    status=AccountStatus.OPEN,
    institution=Institution(id="x", name="X Bank"),
    last_four="6789",
)
IDENTITY = AccountIdentity(source="banking:x", as_of=AT, account=ACCOUNT, owners=(OWNER,))


def test_owner_when_written_then_masked_field_by_field_and_whole_on_request() -> None:
    assert OWNER.to_dict() == {
        "type": "person",
        "names": ["***", "***"],
        "addresses": [
            {"primary": True, "street": "***", "city": "***", "region": None, "postal_code": "***", "country": "GB"}
        ],
        "phone_numbers": ["***"],
        "emails": ["***"],
    }
    whole = OWNER.to_dict(pii=True)
    assert (whole["names"], whole["emails"]) == (["Ada Lovelace", "A. King"], ["ada@example.com"])
    assert whole["addresses"][0]["street"] == "12 St James's Square"


def test_ways_out_when_nobody_asks_then_none_shows_a_person() -> None:
    listing = Listing([IDENTITY])
    ways = (
        repr(IDENTITY),
        repr(OWNER),
        IDENTITY._repr_html_(),
        OWNER._repr_html_(),
        IDENTITY.to_json(),
        listing.to_json(),
        repr(listing.to_dicts()),
        *(str(to_frame(listing, kind=kind).to_dict()) for kind in ("pandas", "polars")),
        str(listing.to_frame("arrow").to_pydict()),
        IDENTITY.to_json(private=True, raw=True),
    )
    for text in ways:
        assert not [word for word in WORDS if word in text]
    for text in (
        IDENTITY.to_json(pii=True),
        listing.to_json(pii=True),
        str(listing.to_frame("arrow", pii=True).to_pydict()),
    ):
        assert "Ada Lovelace" in text


def test_free_text_when_written_then_only_what_is_recognized_is_masked() -> None:
    assert ROW.to_dict()["description"] == "Coffee to *** card ***1111"
    assert ROW.to_dict()["counterparty"] == "Blue Bottle"
    assert ROW.to_dict(pii=True)["description"] == ROW.description
    assert to_frame([ROW])["description"][0] == "Coffee to *** card ***1111"
    assert to_frame([ROW], pii=True)["description"][0] == ROW.description
    assert ACCOUNT.to_dict()["name"] == "Ada's account ***6789"
    assert ACCOUNT.to_dict()["last_four"] == "6789"


def test_routing_number_when_written_then_its_end_and_a_brokers_name_whole() -> None:
    account = StatementAccount(number="000123456789", bank_id="021000021", currency="USD")
    assert account.to_dict()["bank_id"] == "***0021"
    assert "021000021" not in repr(account)
    assert account.to_dict(pii=True)["bank_id"] == "021000021"
    assert "number" not in account.to_dict(pii=True)
    assert account.to_dict(private=True)["number"] == "000123456789"
    assert dataclasses.replace(account, bank_id="broker.example").to_dict()["bank_id"] == "broker.example"


def test_answer_of_an_api_when_written_then_the_owner_sees_the_data_as_it_is() -> None:
    found = json.loads(TypeAdapter(Transaction).dump_json(ROW))
    assert found["description"] == ROW.description
    assert found == ROW.to_dict(pii=True)


SOUNDS = {
    "name": {
        "Asset",
        "BookHolding",
        "CryptoAsset",
        "Institution",
        "Overview",
        "StatementPosition",
        "StatementTrade",
        "SymbolHit",
        "SymbolMatch",
    },
    "description": {"Overview"},
    "email": set[str](),
    "phone": set[str](),
    "street": set[str](),
    "number": {"B2CAccount", "NewVerification", "StatementLine", "VerifiedPerson"},
    "raw": set[str](),
}
"""Words of field names that sound personal, and the models in which they are not: names of shares and companies."""


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_mark_when_a_field_sounds_personal_then_it_has_one(model: type[Any]) -> None:
    for field in dataclasses.fields(model):
        words = set(field.name.split("_"))
        for word, allowed in SOUNDS.items():
            if words & {word, f"{word}s"} and model.__name__ not in allowed:
                assert kind_of(field) is not None or "broker" in words or "display" in words, field.name


def test_mark_when_private_then_it_says_of_which_kind() -> None:
    for model in models():
        for field in dataclasses.fields(model):
            if field.metadata.get("private"):
                assert isinstance(kind_of(field), Personal), (model, field.name)


def test_columns_when_asked_for_both_then_they_are_kept_apart() -> None:
    masked, whole = columns_of(Transaction), columns_of(Transaction, pii=True)
    assert [column.name for column in masked] == [column.name for column in whole]
    place = [column.name for column in masked].index("description")
    assert masked[place].read(ROW) != whole[place].read(ROW) == ROW.description
