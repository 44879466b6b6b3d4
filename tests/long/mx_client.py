"""MX's own Python client, unmodified, against the sandbox's address in its first argument; prints what it has read.

It runs in an environment of its own: the client wants a pydantic from before 2. It speaks the older version.
"""

# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false

from __future__ import annotations

import json
import sys
import time

import mx_platform_python as mx

USER = "USR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000001"
MEMBER = "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000101"
BROKER = "MBR-6f1d5a90-3c1e-4c57-9a8e-2b7f00000104"


def main(host: str) -> dict[str, object]:
    keys = mx.Configuration(host=host, username="sandbox-mx-client", password="sandbox-mx-api-key")
    with mx.ApiClient(keys) as client:
        users, members, accounts = mx.UsersApi(client), mx.MembersApi(client), mx.AccountsApi(client)
        made = users.create_user(mx.UserCreateRequestBody(user=mx.UserCreateRequest(id="person-7", metadata="x")))
        asked = mx.WidgetRequest(widget_type="connect_widget", current_institution_code="north_ridge_bank")
        widget = mx.WidgetsApi(client).request_widget_url(made.user.guid, mx.WidgetRequestBody(widget_url=asked))
        members.aggregate_member(MEMBER, USER)
        polls = 0
        while members.read_member_status(MEMBER, USER).member.is_being_aggregated:
            polls += 1
            time.sleep(0.01)
        rows, page, transactions = [], 1, mx.TransactionsApi(client)
        listed = accounts.list_member_accounts(USER, MEMBER).accounts
        checking = next(row for row in listed if row.type == "CHECKING" and not row.is_closed)
        while True:
            found = transactions.list_transactions_by_account(
                checking.guid, USER, from_date="2026-09-01", to_date="2026-11-30", page=page, records_per_page=50
            )
            rows += found.transactions
            if page >= found.pagination.total_pages:
                break
            page += 1
        refused = {}
        for name, call in {
            "nobody": lambda: users.read_user("USR-nobody"),
            "twice": lambda: users.create_user(mx.UserCreateRequestBody(user=mx.UserCreateRequest(id="person-7"))),
        }.items():
            try:
                call()
            except mx.ApiException as exc:
                refused[name] = exc.status
        users.delete_user(accept="application/vnd.mx.api.v1+json", user_guid=made.user.guid)
        return {
            "users": [row.guid for row in users.list_users().users],
            "widget": widget.widget_url.url,
            "members": [row.connection_status for row in members.list_members(USER).members],
            "polls": polls,
            "accounts": [[row.name, row.type, row.balance, row.is_closed] for row in listed],
            "transactions": [[row.guid, row.amount, row.type, row.status, str(row.var_date)] for row in rows],
            "pages": page,
            "numbers": len(accounts.list_account_numbers_by_member(MEMBER, USER).account_numbers),
            "owners": [row.owner_name for row in accounts.list_account_owners_by_member(MEMBER, USER).account_owners],
            "holdings": len(mx.InvestmentHoldingsApi(client).list_holdings_by_member(BROKER, USER).investment_holdings),
            "banks": [row.code for row in mx.InstitutionsApi(client).list_institutions().institutions],
            "refused": refused,
        }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))
