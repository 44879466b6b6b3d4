"""Run in an environment of its own by test_plaid_client.py: Plaid's Python client, unmodified, against a sandbox.

It knows nothing of fin_infra. It takes the sandbox's address and prints one JSON object of what the client made of
the answers; where the client cannot read one, it raises.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from datetime import date
from importlib import import_module
from typing import Any

import plaid  # type: ignore[import-not-found]  # installed beside this script only
from plaid.api import plaid_api  # type: ignore[import-not-found]  # the same

BASE = sys.argv[1]
CLIENT = plaid_api.PlaidApi(
    plaid.ApiClient(
        plaid.Configuration(
            host=f"{BASE}/plaid", api_key={"clientId": "sandbox-plaid-client", "secret": "sandbox-plaid-secret"}
        )
    )
)


def model(module: str, name: str, *args: Any, **fields: Any) -> Any:
    """Make one of the client's own models."""
    return getattr(import_module(f"plaid.model.{module}"), name)(*args, **fields)


def products(*names: str) -> list[Any]:
    return [model("products", "Products", name) for name in names]


def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Turn a knob of the sandbox."""
    request = urllib.request.Request(f"{BASE}/_sandbox/{path}", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request) as reply:
        found: dict[str, Any] = json.load(reply)
    return found


def press(url: str, **form: str) -> str:
    """Fill in the page of a hosted link, as a person does."""
    with urllib.request.urlopen(url) as page:
        assert page.status == 200
    with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as done:
        found: str = done.read().decode()
    return found


def refused(call: Any, request: Any) -> dict[str, Any]:
    """The error that the client raises."""
    try:
        call(request)
    except plaid.ApiException as no:
        found: dict[str, Any] = json.loads(no.body)
        return {"status": no.status, "type": found["error_type"], "code": found["error_code"]}
    raise SystemExit("the sandbox did not refuse")


def link(**more: Any) -> Any:
    """Ask for a hosted link."""
    request = model(
        "link_token_create_request",
        "LinkTokenCreateRequest",
        client_name="A witness",
        language="en",
        country_codes=[model("country_code", "CountryCode", "US")],
        user=model("link_token_create_request_user", "LinkTokenCreateRequestUser", client_user_id="u-1"),
        hosted_link=model("link_token_create_hosted_link", "LinkTokenCreateHostedLink"),
        **more,
    )
    return CLIENT.link_token_create(request)


def sessions(token: str) -> list[Any]:
    found = CLIENT.link_token_get(model("link_token_get_request", "LinkTokenGetRequest", link_token=token))
    return list(found.link_sessions)


def sync(token: str, cursor: str = "", count: int = 500) -> Any:
    more = {"cursor": cursor} if cursor else {}
    request = model("transactions_sync_request", "TransactionsSyncRequest", access_token=token, count=count, **more)
    return CLIENT.transactions_sync(request)


def walk(token: str, cursor: str = "", count: int = 500) -> tuple[int, int, int, str]:
    added = modified = removed = 0
    while True:
        page = sync(token, cursor, count)
        added, modified, removed = added + len(page.added), modified + len(page.modified), removed + len(page.removed)
        cursor = page.next_cursor
        if not page.has_more:
            return added, modified, removed, cursor


def linked(found: dict[str, Any]) -> str:
    """Link at the bank that has everything, by page and poll; return the access token."""
    everything = products("auth", "identity", "investments", "liabilities", "transactions")
    made = link(products=everything)
    assert sessions(made.link_token) == []
    press(made.hosted_link_url, institution="ins_109508", user="user_good", action="finish")
    (session,) = sessions(made.link_token)
    (result,) = session.results.item_add_results
    found["linked"] = [result.institution.name, len(result.accounts)]
    request = model(
        "item_public_token_exchange_request", "ItemPublicTokenExchangeRequest", public_token=result.public_token
    )
    token: str = CLIENT.item_public_token_exchange(request).access_token
    found["exchanged twice"] = refused(CLIENT.item_public_token_exchange, request)
    return token


def synced(found: dict[str, Any], token: str) -> None:
    """Sync through a mutation between two pages."""
    added, _, _, cursor = walk(token)
    post("clock", {"advance_s": 3 * 86400})
    first = sync(token, cursor, 2)
    post("plaid", {"mutate": token})
    request = model(
        "transactions_sync_request", "TransactionsSyncRequest", access_token=token, cursor=first.next_cursor, count=2
    )
    found["mutation"] = refused(CLIENT.transactions_sync, request)
    more, modified, removed, last = walk(token, cursor, 2)
    found["sync"] = {"added": added, "more": more, "modified": modified, "removed": removed}
    found["after"] = walk(token, last)[:3]
    window = {"start_date": date(2026, 10, 1), "end_date": date(2026, 10, 31)}
    rows = CLIENT.transactions_get(
        model("transactions_get_request", "TransactionsGetRequest", access_token=token, **window)
    )
    found["get"] = [
        len(rows.transactions),
        rows.total_transactions,
        str(rows.transactions[0].personal_finance_category.version),
    ]


def repaired(found: dict[str, Any], token: str) -> None:
    """Break the login and repair it in update mode, with the same access token."""
    CLIENT.sandbox_item_reset_login(
        model("sandbox_item_reset_login_request", "SandboxItemResetLoginRequest", access_token=token)
    )
    request = model("accounts_get_request", "AccountsGetRequest", access_token=token)
    found["broken"] = refused(CLIENT.accounts_get, request)
    item = CLIENT.item_get(model("item_get_request", "ItemGetRequest", access_token=token)).item
    found["item error"] = item.error.error_code
    made = link(access_token=token)
    press(made.hosted_link_url, user="user_good", action="finish")
    (session,) = sessions(made.link_token)
    found["update mode"] = [session.finished_at is not None, len(session.results.item_add_results)]
    found["accounts"] = sorted(f"{a.type}/{a.subtype}" for a in CLIENT.accounts_get(request).accounts)


def read(found: dict[str, Any], token: str) -> None:
    """Every product."""
    balance = CLIENT.accounts_balance_get(
        model("accounts_balance_get_request", "AccountsBalanceGetRequest", access_token=token)
    )
    found["balances"] = len(balance.accounts)
    held = CLIENT.investments_holdings_get(
        model("investments_holdings_get_request", "InvestmentsHoldingsGetRequest", access_token=token)
    )
    found["holdings"] = [len(held.holdings), sorted({str(security.type) for security in held.securities})]
    moves = CLIENT.investments_transactions_get(
        model("investments_transactions_get_request", "InvestmentsTransactionsGetRequest", access_token=token,
              start_date=date(2024, 12, 1), end_date=date(2026, 11, 20))
    )  # fmt: skip
    found["investment transactions"] = [len(moves.investment_transactions), moves.total_investment_transactions]
    owed = CLIENT.liabilities_get(model("liabilities_get_request", "LiabilitiesGetRequest", access_token=token))
    kinds = ("credit", "mortgage", "student")
    found["liabilities"] = {kind: len(owed.liabilities[kind]) for kind in kinds}
    streams = CLIENT.transactions_recurring_get(
        model("transactions_recurring_get_request", "TransactionsRecurringGetRequest", access_token=token)
    )
    found["streams"] = [len(streams.inflow_streams), len(streams.outflow_streams)]
    owners = CLIENT.identity_get(model("identity_get_request", "IdentityGetRequest", access_token=token))
    found["owners"] = sorted({name for a in owners.accounts for owner in a.owners for name in owner.names})
    numbers = CLIENT.auth_get(model("auth_get_request", "AuthGetRequest", access_token=token))
    found["numbers"] = len(numbers.numbers.ach)
    account = numbers.numbers.ach[0].account_id
    processor = CLIENT.processor_token_create(
        model("processor_token_create_request", "ProcessorTokenCreateRequest", access_token=token, account_id=account,
              processor="alpaca")
    )  # fmt: skip
    found["processor"] = processor.processor_token.startswith("processor-sandbox-")


def looked_up(found: dict[str, Any]) -> None:
    """Institutions, a user and the key of webhooks."""
    us = [model("country_code", "CountryCode", "US")]
    all_ = CLIENT.institutions_get(
        model("institutions_get_request", "InstitutionsGetRequest", count=50, offset=0, country_codes=us)
    )
    options = model("institutions_get_by_id_request_options", "InstitutionsGetByIdRequestOptions", include_status=True)
    one = CLIENT.institutions_get_by_id(
        model("institutions_get_by_id_request", "InstitutionsGetByIdRequest", institution_id="ins_109508",
              country_codes=us, options=options)
    )  # fmt: skip
    some = CLIENT.institutions_search(
        model("institutions_search_request", "InstitutionsSearchRequest", query="harbor", country_codes=us)
    )
    found["institutions"] = [all_.total, one.institution.name, [place.name for place in some.institutions]]
    user = CLIENT.user_create(model("user_create_request", "UserCreateRequest", client_user_id="u-1"))
    found["user"] = user.user_id.startswith("usr_")
    with urllib.request.urlopen(f"{BASE}/_sandbox/plaid") as reply:
        kid = json.load(reply)["key_id"]
    request = model("webhook_verification_key_get_request", "WebhookVerificationKeyGetRequest", key_id=kid)
    key = CLIENT.webhook_verification_key_get(request).key
    found["key"] = [key.alg, key.crv, key.kty, key.use, key.kid == kid]
    wrong = model("webhook_verification_key_get_request", "WebhookVerificationKeyGetRequest", key_id="none")
    found["no key"] = refused(CLIENT.webhook_verification_key_get, wrong)


def main() -> None:
    found: dict[str, Any] = {}
    token = linked(found)
    synced(found, token)
    repaired(found, token)
    read(found, token)
    looked_up(found)
    CLIENT.item_remove(model("item_remove_request", "ItemRemoveRequest", access_token=token))
    found["removed"] = refused(CLIENT.item_get, model("item_get_request", "ItemGetRequest", access_token=token))
    print(json.dumps(found))


main()
