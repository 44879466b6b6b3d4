"""Answer the Identity and Auth products: who owns the accounts, and their account and routing numbers.
Floor 8: everybody is made up, and so is every number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fin_infra.sandbox.vendors.plaid.accounts import BankSource
from fin_infra.sandbox.vendors.plaid.refusals import Json, Refused
from fin_infra.sandbox.world.household import Person

if TYPE_CHECKING:
    from fin_infra.sandbox.vendors.plaid.routes import Call
    from fin_infra.sandbox.vendors.plaid.vendor import Plaid


class Owners:
    """The operations on owners and numbers."""

    def __init__(self, vendor: Plaid) -> None:
        self._vendor = vendor

    def identity(self, call: Call) -> Json:
        """Answer each account with its owners."""
        item = self._vendor.items.healthy(call, "identity")
        chosen = self._vendor.items.chosen(item, call)
        bodies = self._vendor.items.bodies(item, chosen)
        rows = [
            {**body, "owners": [_owner(person) for person in source.owners]}
            for body, (_, source) in zip(bodies, chosen, strict=True)
        ]
        return {"accounts": rows, "item": self._vendor.items.body(item)}

    def auth(self, call: Call) -> Json:
        """Answer depository accounts with their numbers."""
        item = self._vendor.items.healthy(call, "auth")
        chosen = [
            (account_id, source)
            for account_id, source in self._vendor.items.chosen(item, call)
            if isinstance(source, BankSource) and source.subtype in ("checking", "savings")
        ]
        if not chosen:
            raise Refused("NO_AUTH_ACCOUNTS")
        numbers = [
            {
                "account": source.account.number,
                "account_id": account_id,
                "can_transfer_in": True,
                "can_transfer_out": True,
                "is_tokenized_account_number": False,
                "routing": source.account.routing,
                "wire_routing": source.account.routing,
            }
            for account_id, source in chosen
        ]
        return {
            "accounts": self._vendor.items.bodies(item, list(chosen)),
            "item": self._vendor.items.body(item),
            "numbers": {"ach": numbers, "bacs": [], "eft": [], "international": []},
        }


def _owner(person: Person) -> Json:
    address = {
        "city": person.city,
        "country": "US",
        "postal_code": person.postal_code,
        "region": person.region,
        "street": person.street,
    }
    return {
        "addresses": [{"data": address, "primary": True}],
        "emails": [{"data": person.email, "primary": True, "type": "primary"}],
        "names": [person.name],
        "phone_numbers": [{"data": person.phone, "primary": True, "type": "mobile"}],
    }
