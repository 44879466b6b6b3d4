"""Tests stand where their code stands: each module has a test of its name, or a line here says where it is tried."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.vendors import every_provider

ROOT = Path(__file__).resolve().parents[2]
SRC, TESTS = ROOT / "src", ROOT / "tests"
SHARED = ("conformance", "support")
"""Folders of the suites that every vendor passes by its own rows."""

ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    # doors: a few lines that resolve a provider
    "test_brokerage_doors.py": ("brokerage", "fanout", "holdings"),
    "test_moved.py": ("_moved",),
    "test_distribution.py": ("_distribution",),
    "testing/test_testing.py": ("testing/pytest_plugin",),
    "conformance/test_banking.py": ("banking", "model/banking", "providers/interfaces/banking"),
    "providers/banking/plaid/test_linking.py": ("model/linking", "providers/interfaces/linking"),
    "providers/banking/plaid/test_adapter.py": ("model/liabilities",),
    "conformance/test_market.py": ("markets", "providers/interfaces/market"),
    "conformance/test_crypto.py": ("crypto", "model/crypto", "providers/interfaces/crypto"),
    "conformance/test_fx.py": ("fx", "model/fx", "providers/interfaces/fx"),
    "conformance/test_brokerage.py": ("model/brokerage", "model/order", "providers/interfaces/brokerage_extras"),
    "conformance/test_aggregators.py": ("model/aggregator", "providers/interfaces/aggregator"),
    "conformance/test_identity.py": ("identity", "model/identity", "providers/interfaces/identity"),
    # words and tables, tried by what reads them
    "insights/categories/test_taxonomy.py": ("insights/categories/codes",),
    "insights/categories/test_cleaning.py": ("insights/categories/places",),
    "insights/categories/test_model.py": ("insights/categories/ngrams",),
    "insights/categories/test_merchants.py": ("insights/categories/extra",),
    "insights/categories/test_categorizer.py": ("insights/records",),
    "insights/transfers/test_recognition.py": ("insights/transfers/records",),
    "insights/spending/test_counting.py": ("insights/spending/records",),
    "insights/recurring/test_detect.py": (
        "insights/recurring/chains",
        "insights/recurring/halves",
        "insights/recurring/streams",
    ),
    "insights/alerts/test_find.py": ("insights/alerts/records",),
    "insights/test_forecast.py": ("insights/expected",),
    "cli/test_recurring.py": ("cli/foreseeing",),
    "model/test_currency.py": ("model/_iso4217",),
    "imports/statements/test_base.py": ("model/statement",),
    "imports/statements/delimited/test_banks.py": (
        "imports/statements/delimited/banks/america",
        "imports/statements/delimited/banks/europe",
        "imports/statements/delimited/banks/germany",
        "imports/statements/delimited/banks/kingdom",
        "imports/statements/delimited/format",
        "imports/statements/delimited/rows",
        "imports/statements/delimited/signs",
        "imports/statements/delimited/texts",
    ),
    "imports/statements/delimited/test_services.py": (
        "imports/statements/delimited/banks/services",
        "imports/statements/delimited/body",
        "imports/statements/delimited/reading",
    ),
    "imports/statements/delimited/test_guess.py": (
        "imports/statements/delimited/amounts",
        "imports/statements/delimited/days",
        "imports/statements/delimited/table",
        "imports/statements/delimited/vocabulary",
    ),
    "imports/statements/delimited/trades/test_broker.py": (
        "imports/statements/delimited/trades/layout",
        "imports/statements/delimited/trades/reading",
        "imports/statements/delimited/trades/tables",
    ),
    "book/exports/test_spreadsheet.py": ("imports/statements/delimited/ours",),
    "book/exports/test_writing.py": ("book/exports/marks", "book/exports/rows"),
    "imports/statements/delimited/test_layout.py": ("imports/statements/delimited/learned",),
    "imports/statements/delimited/test_property.py": (
        "imports/statements/delimited/build",
        "imports/statements/delimited/chain",
    ),
    "imports/statements/test_dedupe.py": (
        "imports/statements/answers",
        "imports/statements/conflict",
        "imports/statements/likeness",
    ),
    "asset_aggregator/test_statements.py": ("imports/statements/entry",),
    "analytics/test_holdings_merge.py": ("model/holdings", "analytics/holdings"),
    "analytics/test_networth.py": ("model/networth", "analytics/worth_ages"),
    "analytics/test_worth_statements.py": ("analytics/worth_views",),
    "questions/test_net_worth.py": ("questions/clock",),
    "cashflows/test_periodic.py": ("cashflows/checks", "cashflows/roots"),
    # the book: tried through what it remembers
    "book/test_book.py": (
        "book/accounts",
        "book/feed",
        "book/levels",
        "book/methods",
        "book/read",
        "book/reads",
        "book/records",
        "book/say",
        "book/says",
        "book/sources",
        "transport/local",
    ),
    "providers/interfaces/test_webhook_checks.py": ("providers/interfaces/webhooks",),
    "book/test_backup.py": ("book/copying",),
    "book/test_verifications.py": ("book/verified",),
    "book/test_erasure.py": ("book/keeps", "book/tombstones"),
    "book/test_histories.py": ("book/log", "book/pages", "book/write"),
    "book/test_imports.py": (
        "book/documents",
        "book/file_accounts",
        "book/file_lines",
        "book/import_records",
        "book/imported",
        "book/imported_rows",
        "book/join",
        "book/file_sealing",
        "book/undo",
        "book/words",
    ),
    "book/test_assets.py": ("book/by_hand",),
    "book/test_budgets.py": ("book/budget_steps", "book/month_sums"),
    "book/test_file_trades.py": (
        "book/deal_doubts",
        "book/deal_facts",
        "book/deal_kinds",
        "book/join_trades",
        "book/trade_match",
    ),
    "book/test_brokers.py": ("book/deals",),
    "book/test_links.py": ("book/endings", "book/link_pages", "book/syncs", "book/twins"),
    "book/test_history.py": ("book/fill", "book/prices"),
    "book/test_worth.py": (
        "book/packs",
        "book/readings",
        "book/timeline",
        "book/worth_fold",
        "book/worth_read",
    ),
    "book/test_schema.py": (
        "book/engine",
        "book/tables",
        "book/revisions/env",
        "book/revisions/versions/0001_book",
        "book/revisions/versions/0002_tried_at",
        "book/revisions/versions/0003_files_and_history",
        "book/revisions/versions/0004_kinds_of_holdings",
        "book/revisions/versions/0005_linking",
        "book/revisions/versions/0006_webhooks",
        "book/revisions/versions/0007_identity",
        "book/revisions/versions/0008_differences",
        "book/revisions/versions/0009_trades_of_files",
        "book/revisions/versions/0010_rules",
        "book/revisions/versions/0011_goals",
        "book/revisions/versions/0012_budgets",
        "book/revisions/versions/0013_search",
    ),
    "api/test_book.py": ("api/connections", "api/words"),
    "book/test_insights.py": ("book/entries", "book/rule_rows"),
    "book/test_separate.py": ("book/separate_rows",),
    "book/test_goals.py": ("book/goal_rows",),
    "cli/test_goals.py": ("cli/reaching",),
    "cli/test_budgeting.py": ("cli/budgets",),
    "cli/test_insights.py": ("cli/categorizing", "cli/ruling"),
    "cli/test_spending.py": ("cli/spent",),
    "api/connect_page/test_routes.py": ("api/links",),
    "asset_aggregator/test_syncs.py": ("asset_aggregator/infra/jobs",),
    "questions/test_asking.py": (
        "questions/accounts",
        "questions/asked",
        "questions/categories",
        "questions/driving",
        "questions/prices",
        "questions/providers",
        "questions/question",
        "questions/wealth",
        "model/symbols",
    ),
    "normalize/test_symbols.py": ("normalize/tables",),
    "calendars/test_sessions.py": ("calendars/names", "calendars/table"),
    "test_errors.py": ("settings",),
    "pii/test_masking.py": ("pii/draft", "pii/labels", "pii/numbers", "pii/shapes"),
    "pii/test_digits.py": ("pii/tables",),
    # one behavior in several modules
    "analytics/test_holdings_changes.py": ("analytics/holding_changes",),
    "analytics/test_holdings_sync.py": ("analytics/holding_sync",),
    "imports/statements/test_ofx.py": (
        "imports/statements/ofx/account",
        "imports/statements/ofx/format",
        "imports/statements/ofx/plans",
        "imports/statements/ofx/reading",
        "imports/statements/ofx/rows",
        "imports/statements/ofx/said",
        "imports/statements/ofx/trades",
        "imports/statements/ofx/tree",
        "imports/statements/text",
        "imports/statements/values",
    ),
    "imports/statements/test_pdf.py": (
        "imports/statements/pdf/amounts",
        "imports/statements/pdf/days",
        "imports/statements/pdf/format",
        "imports/statements/pdf/layouts",
        "imports/statements/pdf/packed",
        "imports/statements/pdf/pages",
        "imports/statements/pdf/proof",
        "imports/statements/pdf/table",
    ),
    "imports/statements/test_qif.py": (
        "imports/statements/qif/days",
        "imports/statements/qif/format",
        "imports/statements/qif/kinds",
        "imports/statements/qif/lines",
        "imports/statements/qif/reading",
        "imports/statements/qif/records",
        "imports/statements/qif/trades",
    ),
    "imports/statements/test_camt.py": (
        "imports/statements/camt/account",
        "imports/statements/camt/balance",
        "imports/statements/camt/entry",
        "imports/statements/camt/format",
        "imports/statements/camt/statement",
        "imports/statements/camt/tree",
        "imports/statements/parts",
    ),
    "imports/statements/test_mt940.py": (
        "imports/statements/mt940/block",
        "imports/statements/mt940/details",
        "imports/statements/mt940/fields",
        "imports/statements/mt940/format",
        "imports/statements/mt940/line",
        "imports/statements/mt940/statement",
    ),
    "imports/statements/test_bai2.py": (
        "imports/statements/bai2/account",
        "imports/statements/bai2/format",
        "imports/statements/bai2/item",
        "imports/statements/bai2/record",
    ),
    "flow/test_operation.py": ("flow/call", "flow/client", "flow/telemetry"),
    "transport/test_http.py": ("transport/base", "transport/config", "transport/effects", "transport/engine"),
    "flow/test_access.py": ("transport/auth",),
    "flow/test_bound.py": ("flow/signatures",),
    "trading/test_brokers.py": (
        "providers/interfaces/brokerage",
        "trading/change",
        "trading/close",
        "trading/desk",
        "trading/place",
        "trading/reconcile",
        "trading/submit",
    ),
    "trading/test_requests.py": ("trading/request",),
    "trading/test_small_broker.py": ("trading/cancel", "trading/gather"),
    "trading/test_checks.py": (
        "trading/context",
        "trading/history",
        "trading/limits",
        "trading/matrix",
        "trading/proposal",
    ),
    "providers/test_template.py": ("providers/_template",),
    "providers/banking/teller/test_adapter.py": ("providers/banking/teller_client",),
    "providers/test_registry.py": (
        "providers/installed",
        "providers/base",
        "providers/config",
        "providers/info",
    ),
    "bankersbank/test_paging.py": ("bankersbank/calls", "bankersbank/finastra"),
    "bankersbank/test_payloads.py": ("bankersbank/models",),
    "providers/banking/finastra/test_adapter.py": ("bankersbank/b2c",),
    # routers and commands: tried by what they answer
    "sandbox/test_vendors.py": ("sandbox/kernel/vendor",),
    "api/test_routes.py": (
        "api/answers",
        "api/banking",
        "api/crypto",
        "api/fx",
        "api/market",
        "api/networth",
        "api/problems",
        "api/providers",
        "api/symbols",
    ),
    "api/test_brokerage_routes.py": ("api/brokerage", "api/brokerage_orders"),
    "api/test_finastra_routes.py": ("api/finastra", "api/finastra_stub", "api/finastra_tenants"),
    "cli/test_cli.py": (
        "cli/__main__",
        "cli/demo",
        "cli/keys",
        "cli/main",
        "cli/output",
        "cli/providers",
        "cli/serving",
        "cli/statements",
    ),
    "cli/test_books.py": ("book/doctor", "cli/connecting", "cli/doubting", "cli/keeping", "cli/linking"),
    "cli/test_identity.py": ("cli/verifying",),
    "cli/test_questions.py": ("cli/asking", "cli/layouts", "cli/spreadsheets", "model/spreadsheets"),
    "cli/test_features_command.py": ("cli/features",),
    "cli/test_order_command.py": ("cli/order",),
    "asset_aggregator/test_service.py": ("asset_aggregator/api",),
    "asset_aggregator/test_orders_service.py": ("asset_aggregator/orders",),
    "asset_aggregator/infra/test_boundary.py": (
        "asset_aggregator/infra/app",
        "asset_aggregator/infra/cors",
        "asset_aggregator/infra/openapi",
    ),
    # the sandbox: tried by what it answers
    "sandbox/broker/test_matching.py": (
        "sandbox/broker/account",
        "sandbox/broker/assets",
        "sandbox/broker/broker",
        "sandbox/broker/engine",
        "sandbox/broker/groups",
        "sandbox/broker/orders",
        "sandbox/broker/refusals",
        "sandbox/broker/tape",
        "sandbox/broker/tickets",
    ),
    "sandbox/broker/test_property.py": ("sandbox/broker/margin", "sandbox/broker/money"),
    "sandbox/vendors/alpaca/test_official_data.py": ("sandbox/broker/history", "sandbox/broker/market"),
    "sandbox/vendors/alpaca/test_stream.py": ("sandbox/broker/feed",),
    "sandbox/kernel/test_gate.py": ("sandbox/kernel/protocol", "sandbox/kernel/reply"),
    "sandbox/kernel/test_control.py": ("sandbox/kernel/requestlog", "sandbox/kernel/state"),
    "sandbox/kernel/test_app.py": ("sandbox/world/catalog", "sandbox/world/prices", "sandbox/world/world"),
    "sandbox/vendors/teller/test_routes.py": ("sandbox/world/household", "sandbox/world/ledger"),
    "sandbox/vendors/snaptrade/test_world.py": ("sandbox/world/holdings", "sandbox/world/portfolio"),
}
"""Test file, and the modules without a test of their name that it tries."""


def _modules() -> Iterator[tuple[str, ...]]:
    """Yield the place of each module with code, without `fin_infra`."""
    for path in sorted(SRC.rglob("*.py")):
        if path.name != "__init__.py":
            parts = path.relative_to(SRC).with_suffix("").parts
            yield parts[1:] if parts[0] == "fin_infra" else parts


def _has_its_own(place: tuple[str, ...]) -> bool:
    """Return whether a module has tests of its name; rooms of a vendor are tried together, by what comes of them."""
    *folder, name = place
    if TESTS.joinpath(*folder, f"test_{name}.py").is_file():
        return True
    vendor = place[:3] if place[0] == "providers" or place[:2] == ("sandbox", "vendors") else None
    rooms = TESTS.joinpath(*(vendor or place))
    return rooms.is_dir() and any(rooms.glob("test_*.py"))


def test_modules_when_listed_then_each_has_a_test_of_its_name_or_a_line_here():
    listed = {place for places in ELSEWHERE.values() for place in places}
    bare = {"/".join(place) for place in _modules() if not _has_its_own(place)}
    assert bare - listed == set(), "write tests for these where they stand, or say in ELSEWHERE where they are tried"
    assert listed - bare == set(), "these are gone, or have tests of their name now: take them out of ELSEWHERE"


@pytest.mark.parametrize("test", ELSEWHERE)
def test_line_when_it_names_a_test_then_it_is_there(test):
    assert (TESTS / test).is_file()


def _vendor_names() -> re.Pattern[str]:
    keys = {cls.info.provider_key.partition(":")[2] for cls in every_provider()}
    mounts = {cls.info.sandbox_path.strip("/") for cls in every_provider()}
    assert len(keys) >= 7
    return re.compile(
        rf"(?i)(?<![a-z])(?:{'|'.join(re.sub('[-_]', '[-_ ]?', name) for name in sorted(keys | mounts))})"
    )


def test_shared_suites_when_searched_then_they_name_no_vendor():
    names = _vendor_names()
    for folder in SHARED:
        for path in sorted((TESTS / folder).rglob("*.py")):
            found = names.search(path.read_text("utf-8"))
            assert not found, f"{path.relative_to(ROOT)} names {found and found[0]}: put it into that vendor's folder"


@pytest.mark.parametrize("text", ["/alpaca", "AlphaVantage", "alpha-vantage", "def at_teller(", "the ECB's"])
def test_search_when_a_vendor_is_named_then_it_is_found(text):
    assert _vendor_names().search(text)
